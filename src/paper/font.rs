//! The font of a sheet: STSong-Light over Adobe-GB1, UniGB-UTF16-H.
//!
//! Text is UTF-16, most significant byte first. Chinese characters and everything else that is not ASCII
//! are a whole em wide; of ASCII, CIDs 1–95 of the collection, the widths are those that Adobe published
//! with the font (as every PDF library that knows this font has them).

/// The name of the font.
pub const NAME: &[u8] = b"STSong-Light";
/// The name with its CMap, as a composite font wants it.
pub const COMPOSITE: &[u8] = b"STSong-Light-UniGB-UTF16-H";
/// The predefined CMap.
pub const CMAP: &[u8] = b"UniGB-UTF16-H";
/// Width of an em in units of the font.
pub const EM: u32 = 1_000;

/// Widths of U+0020 to U+007E, which are CIDs 1 to 95.
pub const ASCII: [u16; 95] = [
    207, 270, 342, 467, 462, 797, 710, 239, 374, 374, 423, 605, 238, 375, 238, 334, 462, 462, 462, 462, 462,
    462, 462, 462, 462, 462, 238, 238, 605, 605, 605, 344, 748, 684, 560, 695, 739, 563, 511, 729, 793, 318,
    312, 666, 526, 896, 758, 772, 544, 772, 628, 465, 607, 753, 711, 972, 647, 620, 607, 374, 333, 374, 606,
    500, 239, 417, 503, 427, 529, 415, 264, 444, 518, 241, 230, 495, 228, 793, 527, 524, 524, 504, 338, 336,
    277, 517, 450, 652, 466, 452, 407, 370, 258, 370, 605,
];

/// The bytes of a text in the font's encoding. What no font can show is left out.
pub fn encode(text: &str) -> Vec<u8> {
    let shown: String = text.chars().filter(|c| !c.is_control()).collect();
    shown.encode_utf16().flat_map(u16::to_be_bytes).collect()
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
        assert_eq!(encode("A王"), [0, 0x41, 0x73, 0x8b]);
        assert_eq!(encode("𠮷"), [0xd8, 0x42, 0xdf, 0xb7]);
        assert_eq!(encode("a\u{7}b").len(), 4);
        assert_eq!((width('王'), width(' '), width('~')), (EM, 207, 605));
    }
}
