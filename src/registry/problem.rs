//! One problem of an input: which field, which rule, in Chinese and English.
//!
//! *Invariant:* a problem never carries the value it is about, only its class ("18 characters,
//! digits and letters"): problems are printed, mailed and logged, and the value may be a person's.

use std::fmt;

/// A rule that an input breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The place: field names joined by dots, list positions in brackets (`past[0].unit`).
    pub field: String,
    /// The rule's name, `[a-z_]+`: `required`, `length`, `check_character`, `duplicate`, …
    pub rule: &'static str,
    /// What kind of value stood there.
    pub class: ValueClass,
    /// What is asked for, in Chinese.
    pub message_zh: String,
    /// What is asked for, in English.
    pub message_en: String,
}

impl Problem {
    /// A problem with `value`, of which only the class is kept.
    pub fn new(
        field: impl Into<String>,
        value: &str,
        rule: &'static str,
        message_zh: impl Into<String>,
        message_en: impl Into<String>,
    ) -> Problem {
        Problem {
            field: field.into(),
            rule,
            class: ValueClass::of(value),
            message_zh: message_zh.into(),
            message_en: message_en.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({}; {})", self.field, self.message_en, self.rule, self.class.en())
    }
}

/// What may be said about a value without saying it: how long it is and of what characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueClass {
    /// Number of characters.
    pub characters: usize,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Nothing,
    Digits,
    Alphanumeric,
    Ascii,
    Text,
    Control,
}

impl ValueClass {
    /// The class of a value.
    pub fn of(value: &str) -> ValueClass {
        let all = |test: fn(char) -> bool| value.chars().all(test);
        let kind = if value.is_empty() {
            Kind::Nothing
        } else if value.chars().any(char::is_control) {
            Kind::Control
        } else if all(|c| c.is_ascii_digit()) {
            Kind::Digits
        } else if all(|c| c.is_ascii_alphanumeric()) {
            Kind::Alphanumeric
        } else if value.is_ascii() {
            Kind::Ascii
        } else {
            Kind::Text
        };
        ValueClass { characters: value.chars().count(), kind }
    }

    /// In Chinese: 18 个字符（数字和字母）.
    pub fn zh(&self) -> String {
        let kind = match self.kind {
            Kind::Nothing => return "空".to_owned(),
            Kind::Digits => "数字",
            Kind::Alphanumeric => "数字和字母",
            Kind::Ascii => "含半角符号",
            Kind::Text => "含汉字或其他文字",
            Kind::Control => "含控制字符",
        };
        format!("{} 个字符（{kind}）", self.characters)
    }

    /// In English: 18 characters, digits and letters.
    pub fn en(&self) -> String {
        let kind = match self.kind {
            Kind::Nothing => return "empty".to_owned(),
            Kind::Digits => "digits",
            Kind::Alphanumeric => "digits and letters",
            Kind::Ascii => "with ASCII punctuation",
            Kind::Text => "with Chinese or other text",
            Kind::Control => "with control characters",
        };
        let plural = if self.characters == 1 { "" } else { "s" };
        format!("{} character{plural}, {kind}", self.characters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_shows_the_class_of_a_value_and_never_the_value() {
        let problem =
            Problem::new("id_number", "110105194912310021", "check_character", "校验码不符", "wrong");
        assert_eq!(problem.to_string(), "id_number: wrong (check_character; 18 characters, digits)");
        assert_eq!(problem.class.zh(), "18 个字符（数字）");
        assert!(!format!("{problem:?}").contains("1949"));
    }

    #[test]
    fn values_are_classed_by_length_and_characters() {
        for (value, class) in [
            ("", "empty"),
            ("7", "1 character, digits"),
            ("12X", "3 characters, digits and letters"),
            ("a b-c", "5 characters, with ASCII punctuation"),
            ("王小明", "3 characters, with Chinese or other text"),
            ("王\n", "2 characters, with control characters"),
        ] {
            assert_eq!(ValueClass::of(value).en(), class);
        }
    }
}
