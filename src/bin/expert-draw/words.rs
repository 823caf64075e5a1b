//! Speaking two languages: every line that the demo prints is given in both.

use crate::Lang;

/// The text in the language asked for.
pub fn say(lang: Lang, zh: impl Into<String>, en: impl Into<String>) -> String {
    match lang {
        Lang::Zh => zh.into(),
        Lang::En => en.into(),
    }
}

/// A rule's title in Chinese, its name in English.
pub fn rule(lang: Lang, name: &str) -> String {
    let known = expert_draw::rules::Rule::parse(name);
    let title = |f: fn(expert_draw::rules::Rule) -> &'static str| known.map_or(name, f).to_owned();
    match lang {
        Lang::Zh => title(|rule| rule.title_zh()),
        Lang::En => title(|rule| rule.title_en()),
    }
}
