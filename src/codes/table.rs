//! The form of the embedded tables: comment lines begin with `#`, then `code,name`, then one row
//! per code, ascending, so that a difference between two editions reads well.

/// The rows of a table. What is no row is left out; the tests of each table show with
/// [`assert_sound`] that nothing is.
pub(super) fn rows(text: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    text.lines().filter(|line| !line.starts_with('#')).skip(1).filter_map(|line| line.split_once(','))
}

/// A table names its source, each line is a row, codes ascend strictly (sorted and unique), each
/// name is there and is plain text.
#[cfg(test)]
pub(super) fn assert_sound(text: &'static str) {
    let mut lines = text.lines();
    assert!(lines.next().unwrap().starts_with("# source: "));
    assert_eq!(lines.next(), Some("code,name"));
    assert_eq!(lines.count(), rows(text).count());
    let mut before = "";
    for (code, name) in rows(text) {
        assert!(before < code, "{before} {code}");
        assert!(!name.is_empty() && name.trim() == name && !name.contains([',', '"', ' ']), "{code} {name}");
        before = code;
    }
}
