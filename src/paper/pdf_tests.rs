//! The bytes of a sheet read back: its text, its pages, its code.

use super::{Cell, Part, Sheet, pdf};

/// Every text shown on a page, decoded from the content streams, which are not compressed.
pub fn text_of(file: &[u8]) -> Vec<String> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(start) = position(file, at, b"BT\n") {
        let end = position(file, start, b"ET").unwrap();
        let (block, mut line, mut from) = (&file[start..end], String::new(), 0);
        while let Some(font) = position(block, from, b"/F") {
            let shown = position(block, font, b" Tf").unwrap() + 4;
            line += &operand(&block[shown..], block[font + 2] == b'2');
            from = position(block, shown, b" Tj").unwrap();
        }
        found.push(line);
        at = end;
    }
    found
}

fn position(bytes: &[u8], from: usize, wanted: &[u8]) -> Option<usize> {
    bytes[from..].windows(wanted.len()).position(|window| window == wanted).map(|at| at + from)
}

/// A PDF string, literal or hexadecimal, in Latin letters or in UTF-16.
fn operand(bytes: &[u8], latin: bool) -> String {
    let mut raw = Vec::new();
    if bytes[0] == b'<' {
        let end = position(bytes, 0, b">").unwrap();
        let digits = std::str::from_utf8(&bytes[1..end]).unwrap();
        raw.extend((0..digits.len() / 2).map(|n| u8::from_str_radix(&digits[2 * n..2 * n + 2], 16).unwrap()));
    } else {
        assert_eq!(bytes[0], b'(');
        let mut at = 1;
        let mut depth = 1;
        while depth > 0 {
            match bytes[at] {
                b'\\' => {
                    at += 1;
                    match bytes[at] {
                        b'n' => raw.push(b'\n'),
                        b'r' => raw.push(b'\r'),
                        b't' => raw.push(b'\t'),
                        b'b' => raw.push(8),
                        b'f' => raw.push(12),
                        b'0'..=b'7' => {
                            let digits = std::str::from_utf8(&bytes[at..at + 3]).unwrap();
                            raw.push(u8::from_str_radix(digits, 8).unwrap());
                            at += 2;
                        }
                        other => raw.push(other),
                    }
                }
                b'(' => {
                    depth += 1;
                    raw.push(b'(');
                }
                b')' => {
                    depth -= 1;
                    if depth > 0 {
                        raw.push(b')');
                    }
                }
                other => raw.push(other),
            }
            at += 1;
        }
    }
    if latin {
        return String::from_utf8(raw).unwrap();
    }
    let units: Vec<u16> = raw.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
    String::from_utf16(&units).unwrap()
}

fn sheet(rows: usize) -> Sheet {
    let row = |n: usize| vec![Cell::of(n.to_string()), Cell::of(format!("专家{n}（甲）")), Cell::of("1")];
    let mut all = vec![vec![Cell::head("顺位"), Cell::head("姓名"), Cell::head("组")]];
    all.extend((0..rows).map(row));
    Sheet {
        title: "政府采购评审专家抽取记录".into(),
        code: Some("draw.example/430600#1024:aabb".into()),
        beside_code: vec!["扫码核对日志条目".into()],
        parts: vec![
            Part::Text("保证等级：operator。".into()),
            Part::Table { columns: vec![1, 3, 1], rows: all },
            Part::Table {
                columns: vec![1, 1, 1], rows: vec![vec![Cell::head("种子"), Cell::over("00", 2)]]
            },
        ],
    }
}

#[test]
fn the_text_of_a_sheet_reads_back_from_its_file() {
    let file = pdf(&sheet(5)).unwrap();
    assert!(file.starts_with(b"%PDF-1.7") && file.ends_with(b"%%EOF"));
    let text = text_of(&file);
    for wanted in
        ["政府采购评审专家抽取记录", "保证等级：operator。", "专家4（甲）", "扫码核对日志条目", "种子"]
    {
        assert!(text.iter().any(|line| line == wanted), "{wanted}: {text:?}");
    }
    let whole = String::from_utf8_lossy(&file);
    assert!(whole.contains("/UniGB-UTF16-H") && whole.contains("/Ordering (GB1)"));
    assert!(whole.contains("/Count 1"));
}

#[test]
fn the_same_sheet_gives_the_same_bytes_and_another_one_others() {
    assert_eq!(pdf(&sheet(5)), pdf(&sheet(5)));
    assert_ne!(pdf(&sheet(5)), pdf(&sheet(6)));
    let file = pdf(&sheet(5)).unwrap();
    assert!(!String::from_utf8_lossy(&file).contains("CreationDate"));
}

#[test]
fn a_long_sheet_is_set_smaller_and_then_goes_on_over_pages_without_loss() {
    let one = pdf(&sheet(45)).unwrap();
    assert!(String::from_utf8_lossy(&one).contains("/Count 1"), "45 rows fit on one page in a smaller size");
    let many = pdf(&sheet(200)).unwrap();
    assert!(!String::from_utf8_lossy(&many).contains("/Count 1\n"));
    let text = text_of(&many);
    assert!((0..200).all(|n| text.contains(&format!("专家{n}（甲）"))));
}

#[test]
fn a_code_that_cannot_hold_its_text_is_refused() {
    let long = Sheet { code: Some("x".repeat(4_000)), ..Sheet::default() };
    assert!(pdf(&long).is_err());
    assert!(pdf(&Sheet::default()).is_ok(), "a sheet may be empty");
}
