//! What a workbook declares about itself, read before a byte of it is inflated.
//!
//! An XLSX file is a ZIP archive (APPNOTE 6.3): the end of central directory record, and one header
//! for each entry with its packed and its unpacked size. An archive that declares more than
//! [`UNPACKED_MAX`], packs better than [`RATIO_MAX`] to one, has more than [`ENTRIES_MAX`] entries, is
//! encrypted or packed by a method that spreadsheets do not use is refused here, by name.
//!
//! *Deliberately not here:* the inflating itself; ZIP64, which no file below 4 GiB needs.

/// The most entries; a workbook of one sheet has about a dozen.
pub const ENTRIES_MAX: u64 = 2_000;
/// The most unpacked bytes of all entries together: 768 MiB.
pub const UNPACKED_MAX: u64 = 768 << 20;
/// How much better than one to one an entry above [`SMALL`] may be packed. Sheets reach about 40.
pub const RATIO_MAX: u64 = 200;
/// Entries of which the ratio does not matter.
const SMALL: u64 = 1 << 20;

/// Why an archive is not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoArchive {
    /// Not the shape of a ZIP archive.
    Shape,
    /// More entries or unpacked bytes than allowed, or packed too well.
    TooLarge,
    /// Encrypted or packed by a method that is not deflate.
    Method,
}

/// Checks the central directory; answers the unpacked bytes that it declares.
pub(super) fn check(file: &[u8]) -> Result<u64, NoArchive> {
    let end = end_record(file).ok_or(NoArchive::Shape)?;
    let entries = u64::from(u16_at(end, 10).ok_or(NoArchive::Shape)?);
    let start = u64::from(u32_at(end, 16).ok_or(NoArchive::Shape)?);
    if entries > ENTRIES_MAX {
        return Err(NoArchive::TooLarge);
    }
    let mut at = usize::try_from(start).map_err(|_| NoArchive::Shape)?;
    let mut total = 0u64;
    for _ in 0..entries {
        let header = file.get(at..).filter(|rest| rest.starts_with(b"PK\x01\x02")).ok_or(NoArchive::Shape)?;
        let short = |place| u16_at(header, place).ok_or(NoArchive::Shape);
        let long = |place| u32_at(header, place).map(u64::from).ok_or(NoArchive::Shape);
        let (flags, method, packed, unpacked) = (short(8)?, short(10)?, long(20)?, long(24)?);
        if flags & 1 != 0 || !matches!(method, 0 | 8) {
            return Err(NoArchive::Method);
        }
        if unpacked == u64::from(u32::MAX) || packed == u64::from(u32::MAX) {
            return Err(NoArchive::TooLarge);
        }
        total += unpacked;
        if total > UNPACKED_MAX || (unpacked > SMALL && unpacked / packed.max(1) > RATIO_MAX) {
            return Err(NoArchive::TooLarge);
        }
        at += 46 + usize::from(short(28)?) + usize::from(short(30)?) + usize::from(short(32)?);
    }
    Ok(total)
}

/// The end of central directory record: 22 bytes and a comment at the end of the file.
fn end_record(file: &[u8]) -> Option<&[u8]> {
    let earliest = file.len().saturating_sub(22 + 65_535);
    let last = file.len().checked_sub(22)?;
    (earliest..=last).rev().filter_map(|at| file.get(at..)).find(|rest| rest.starts_with(b"PK\x05\x06"))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::super::super::tables::Table;
    use super::*;

    /// Changes four bytes of the first central header.
    fn forged(mut file: Vec<u8>, place: usize, value: u32) -> Vec<u8> {
        let at = file.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
        file[at + place..at + place + 4].copy_from_slice(&value.to_le_bytes());
        file
    }

    #[test]
    fn a_workbook_passes_and_a_bomb_a_cipher_and_a_torn_file_do_not() {
        let mut table = Table::new("t", ["a"]);
        table.push(vec!["甲".into()]);
        let sound = table.to_xlsx().unwrap();
        assert!(check(&sound).unwrap() > 1_000);
        assert_eq!(check(&forged(sound.clone(), 24, 700 << 20)), Err(NoArchive::TooLarge), "ratio");
        assert_eq!(check(&forged(sound.clone(), 24, u32::MAX)), Err(NoArchive::TooLarge), "ZIP64");
        assert_eq!(check(&forged(sound.clone(), 8, 0x0008_0001)), Err(NoArchive::Method), "encrypted");
        assert_eq!(check(&forged(sound.clone(), 8, 0x000c_0000)), Err(NoArchive::Method), "bzip2");
        assert_eq!(check(&sound[..sound.len() - 30]), Err(NoArchive::Shape));
        assert_eq!(check(b""), Err(NoArchive::Shape));
        let mut many = sound;
        let end = many.len() - 22;
        many[end + 10..end + 12].copy_from_slice(&5_000u16.to_le_bytes());
        assert_eq!(check(&many), Err(NoArchive::TooLarge));
    }
}
