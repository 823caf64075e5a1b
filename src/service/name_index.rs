//! Names in memory: names are sealed at rest, so looking for one needs an index that is built from
//! opened images at start and follows the journal with the drawing index.
//!
//! One bitmap for each character. Names of people are short, so those who have all characters of what
//! is looked for are few, and each is then compared as it stands ([`matches`]).
//!
//! Blanks, points between the parts of a name (买买提·吐尔逊 is written with several), width and case of
//! Latin letters do not count.
//!
//! *Deliberately not here:* who may search, and the record of it (`search`).

use std::collections::BTreeMap;

use roaring::RoaringBitmap;

/// How a name is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameMatch {
    /// The whole name.
    Exact,
    /// Its beginning.
    Prefix,
    /// Any part of it.
    Contains,
}

impl NameMatch {
    /// Reads `exact`, `prefix` or `contains`.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "exact" => Some(Self::Exact),
            "prefix" => Some(Self::Prefix),
            "contains" => Some(Self::Contains),
            _ => None,
        }
    }
}

/// Slots of the drawing index by the characters of names.
#[derive(Default)]
pub(super) struct NameIndex {
    characters: BTreeMap<char, RoaringBitmap>,
}

impl NameIndex {
    /// Enters a name, or takes it out.
    pub fn mark(&mut self, name: &str, slot: u32, set: bool) {
        for character in plain(name).chars() {
            let slots = self.characters.entry(character).or_default();
            if set {
                slots.insert(slot);
            } else {
                slots.remove(slot);
            }
        }
    }

    /// Slots of names that have every character of `text`; none for a text without any.
    pub fn candidates(&self, text: &str) -> RoaringBitmap {
        let none = RoaringBitmap::new();
        let text = plain(text);
        let mut slots = text.chars().map(|character| self.characters.get(&character).unwrap_or(&none));
        let Some(first) = slots.next() else { return RoaringBitmap::new() };
        slots.fold(first.clone(), |found, next| found & next)
    }
}

/// Whether a name is, begins with or has `text`, as [`plain`] has both.
pub(super) fn matches(name: &str, text: &str, how: NameMatch) -> bool {
    let (name, text) = (plain(name), plain(text));
    match how {
        NameMatch::Exact => name == text,
        NameMatch::Prefix => name.starts_with(&text),
        NameMatch::Contains => name.contains(&text),
    }
}

/// A name without what does not count.
pub(super) fn plain(name: &str) -> String {
    let one = |c: char| match u32::from(c) {
        code @ 0xff01..=0xff5e => char::from_u32(code - 0xfee0).unwrap_or(c),
        _ => c,
    };
    let counts = |c: &char| !c.is_whitespace() && !matches!(c, '·' | '•' | '.' | '・' | '‧' | '∙');
    name.chars().map(one).filter(counts).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_by_whole_beginning_and_part_and_points_do_not_count() {
        let names = ["王小明", "王明", "小王明", "买买提·吐尔逊", "Ａnna Li"];
        let mut index = NameIndex::default();
        for (slot, name) in (0u32..).zip(names) {
            index.mark(name, slot, true);
        }
        let found = |text: &str, how| -> Vec<u32> {
            let slots = index.candidates(text);
            slots.iter().filter(|slot| matches(names[*slot as usize], text, how)).collect()
        };
        assert_eq!(found("王明", NameMatch::Exact), [1]);
        assert_eq!(found("王", NameMatch::Prefix), [0, 1]);
        assert_eq!(found("王明", NameMatch::Contains), [1, 2]);
        assert_eq!(found("买买提.吐尔逊", NameMatch::Exact), [3]);
        assert_eq!(found("anna", NameMatch::Prefix), [4]);
        assert_eq!(found("", NameMatch::Contains), [] as [u32; 0]);
        index.mark("王明", 1, false);
        index.mark("王大明", 1, true);
        assert_eq!(index.candidates("大").iter().collect::<Vec<_>>(), [1]);
        assert!(!index.candidates("王明").contains(7));
    }
}
