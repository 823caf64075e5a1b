//! The two fonts of a sheet: for Chinese STSong-Light over Adobe-GB1, UniGB-UTF16-H; for ASCII Helvetica, one of
//! the standard fonts of every reader (ISO 32000-1 §9.6.2.2), whose widths are known, so that digits and digests
//! stand well whatever typeface a reader takes for the Chinese.
//!
//! Chinese text is UTF-16, most significant byte first; a Chinese character and everything else that is not
//! ASCII is a whole em wide.

/// The name of the font.
pub const NAME: &[u8] = b"STSong-Light";
/// The name with its CMap, as a composite font wants it.
pub const COMPOSITE: &[u8] = b"STSong-Light-UniGB-UTF16-H";
/// The predefined CMap.
pub const CMAP: &[u8] = b"UniGB-UTF16-H";
/// Width of an em in units of the font.
pub const EM: u32 = 1_000;

/// The font of ASCII.
pub const LATIN: &[u8] = b"Helvetica";

/// Widths of U+0020 to U+007E in Helvetica (Adobe Font Metrics, WinAnsiEncoding).
const ASCII: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556,
    556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278,
    500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469,
    556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500,
    278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];

/// A run of characters in one font, as its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Whether it is ASCII, in [`LATIN`].
    pub latin: bool,
    /// The bytes in the font's encoding.
    pub bytes: Vec<u8>,
}

/// A text as runs of the two fonts. Control characters are left out.
pub fn runs(text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for c in text.chars().filter(|c| !c.is_control()) {
        let latin = c.is_ascii();
        if runs.last().is_none_or(|run| run.latin != latin) {
            runs.push(Run { latin, bytes: Vec::new() });
        }
        if let Some(run) = runs.last_mut() {
            let mut units = [0u16; 2];
            match u8::try_from(c) {
                Ok(byte) if latin => run.bytes.push(byte),
                _ => run.bytes.extend(c.encode_utf16(&mut units).iter().flat_map(|unit| unit.to_be_bytes())),
            }
        }
    }
    runs
}

/// How wide a character is, in units of the font.
pub fn width(c: char) -> u32 {
    let code = u32::from(c);
    let ascii = code.checked_sub(0x20).and_then(|at| ASCII.get(at as usize));
    ascii.map_or(EM, |width| u32::from(*width))
}

/// How wide a text is, in units of the font.
pub fn width_of(text: &str) -> u32 {
    text.chars().filter(|c| !c.is_control()).map(width).sum()
}

/// Lines no wider than `most`; broken at blanks where there are some, else between any two characters,
/// but never before a mark that ends something.
pub fn lines(text: &str, most: u32) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let (mut line, mut wide) = (String::new(), 0u32);
        for c in paragraph.chars() {
            let next = width(c);
            if wide + next > most && !line.is_empty() && !"，。；：、）」』】！？”’,.;:)]!?".contains(c)
            {
                let rest = take_word(&mut line, c);
                lines.push(std::mem::replace(&mut line, rest));
                wide = width_of(&line);
                if c == ' ' && line.is_empty() {
                    continue;
                }
            }
            line.push(c);
            wide += next;
        }
        lines.push(line);
    }
    lines
}

/// What of a full line belongs to the word that goes on with `next`: short ASCII words are not broken.
fn take_word(line: &mut String, next: char) -> String {
    if !next.is_ascii_alphanumeric() {
        return String::new();
    }
    let start = line
        .rfind(|c: char| !c.is_ascii_alphanumeric())
        .map(|at| at + line.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8));
    match start {
        // A digest is longer than any word: it breaks where the line ends.
        Some(start) if line.len() - start <= 20 && start > 0 => line.split_off(start),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_never_wider_than_asked_and_nothing_is_lost() {
        let text = "抽取编号 D0123 的承诺位于日志第 1024 条，摘要 aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899 为其哈希。";
        for most in [3_000, 7_000, 20_000] {
            let broken = lines(text, most);
            // One mark that ends something may stand beyond the edge.
            assert!(broken.iter().all(|line| width_of(line) <= most + 2 * EM), "{broken:?}");
            let joined: String = broken.concat().chars().filter(|c| *c != ' ').collect();
            assert_eq!(joined, text.chars().filter(|c| *c != ' ').collect::<String>());
            assert!(!broken.iter().any(|line| line.starts_with('，') || line.starts_with('。')));
        }
        assert_eq!(lines("一\n二", 9_000), ["一", "二"]);
        assert_eq!(lines("", 9_000), [""]);
    }

    #[test]
    fn text_is_utf16_and_characters_beyond_the_plane_are_pairs() {
        let of = |text: &str| runs(text).into_iter().map(|run| (run.latin, run.bytes)).collect::<Vec<_>>();
        assert_eq!(of("A王b"), [(true, vec![0x41]), (false, vec![0x73, 0x8b]), (true, vec![0x62])]);
        assert_eq!(of("𠮷"), [(false, vec![0xd8, 0x42, 0xdf, 0xb7])]);
        assert_eq!(of("a\u{7}b"), [(true, b"ab".to_vec())]);
        assert_eq!((width('王'), width(' '), width('~'), width('0')), (EM, 278, 584, 556));
    }
}
