//! Entry bundles (C2SP tlog-tiles): up to 256 entries, each after its u16 big-endian length.
//!
//! *Invariant:* a bundle has one spelling: what is packed unpacks to the same entries, and nothing
//! may follow the last one.

use super::tile_path::TILE_WIDTH;

/// Why entries cannot be a bundle, or bytes are not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntriesError {
    /// An entry is longer than 65,535 bytes.
    #[error("entry longer than 65,535 bytes")]
    TooLong,
    /// No entry, or more than 256, or another number than expected.
    #[error("wrong number of entries")]
    Count,
    /// The bytes end inside an entry or go on after the last.
    #[error("entry bundle cut short or too long")]
    Length,
}

/// Packs 1 to 256 entries. Errors: [`EntriesError::TooLong`], [`EntriesError::Count`].
pub fn pack_entries<E: AsRef<[u8]>>(entries: &[E]) -> Result<Vec<u8>, EntriesError> {
    if entries.is_empty() || entries.len() > usize::from(TILE_WIDTH) {
        return Err(EntriesError::Count);
    }
    let mut bundle = Vec::new();
    for entry in entries {
        let entry = entry.as_ref();
        let length = u16::try_from(entry.len()).map_err(|_| EntriesError::TooLong)?;
        bundle.extend(length.to_be_bytes());
        bundle.extend(entry);
    }
    Ok(bundle)
}

/// Unpacks a bundle that must hold exactly `width` entries, 1 to 256.
/// Errors: [`EntriesError::Count`], [`EntriesError::Length`].
pub fn unpack_entries(bundle: &[u8], width: u16) -> Result<Vec<&[u8]>, EntriesError> {
    if !(1..=TILE_WIDTH).contains(&width) {
        return Err(EntriesError::Count);
    }
    let mut rest = bundle;
    let mut entries = Vec::with_capacity(usize::from(width));
    for _ in 0..width {
        let (length, after) = rest.split_first_chunk::<2>().ok_or(EntriesError::Length)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, after) = after.split_at_checked(length).ok_or(EntriesError::Length)?;
        entries.push(entry);
        rest = after;
    }
    if rest.is_empty() { Ok(entries) } else { Err(EntriesError::Length) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_unpacks_to_the_entries_that_were_packed() {
        use proptest::prelude::*;
        proptest!(|(entries in prop::collection::vec(any::<Vec<u8>>(), 1..20))| {
            let bundle = pack_entries(&entries).unwrap();
            let width = entries.len() as u16;
            prop_assert_eq!(unpack_entries(&bundle, width).unwrap(), entries);
            prop_assert!(unpack_entries(&bundle, width + 1).is_err());
            prop_assert!(unpack_entries(&bundle, width - 1).is_err());
            prop_assert!(unpack_entries(&bundle[..bundle.len() - 1], width).is_err());
        });
    }

    #[test]
    fn the_limits_of_a_bundle_hold() {
        assert_eq!(pack_entries(&[b"ab".as_slice(), b""]).unwrap(), [0, 2, b'a', b'b', 0, 0]);
        assert!(pack_entries(&[vec![0; 65_535]]).is_ok());
        assert_eq!(pack_entries(&[vec![0; 65_536]]), Err(EntriesError::TooLong));
        assert_eq!(pack_entries::<Vec<u8>>(&[]), Err(EntriesError::Count));
        assert!(pack_entries(&vec![b""; 256]).is_ok());
        assert_eq!(pack_entries(&vec![b""; 257]), Err(EntriesError::Count));
        assert_eq!(unpack_entries(&[], 0), Err(EntriesError::Count));
        assert_eq!(unpack_entries(&[0; 514], 257), Err(EntriesError::Count));
        assert_eq!(unpack_entries(&[0, 2, 1], 1), Err(EntriesError::Length));
        assert_eq!(unpack_entries(&[0, 1, 1, 0], 1), Err(EntriesError::Length));
    }
}
