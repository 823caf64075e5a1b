//! A ZIP archive (APPNOTE 6.3) of files that are stored as they are: no compression, no times, one order, so
//! that the same files give the same bytes.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::Piece;

/// The archive of these files, in their order.
pub fn zip(pieces: &[Piece]) -> Result<Vec<u8>, zip::result::ZipError> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    for piece in pieces {
        writer.start_file(piece.path.as_str(), options)?;
        writer.write_all(&piece.bytes)?;
    }
    Ok(writer.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_files_give_the_same_archive_and_read_back() {
        let piece = |path: &str, bytes: &[u8]| Piece { path: path.into(), bytes: bytes.into(), stable: true };
        let pieces = [piece("说明.txt", "甲".as_bytes()), piece("statements/1.txt", b"note")];
        let bytes = zip(&pieces).unwrap();
        assert_eq!(bytes, zip(&pieces).unwrap());
        let mut read = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        assert_eq!(read.len(), 2);
        let mut text = String::new();
        std::io::Read::read_to_string(&mut read.by_name("说明.txt").unwrap(), &mut text).unwrap();
        assert_eq!(text, "甲");
    }
}
