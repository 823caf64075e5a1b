//! A log's public files in one ZIP archive (APPNOTE 6.3): what `export-log` and `export-evidence` wrote, packed by
//! any program, as a source of an audit. Nothing in it is believed; a file is read no further than its kind may
//! be long, whatever the archive says of its size.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use expert_draw::audit::source::{Source, read_limited};
use zip::ZipArchive;
use zip::result::ZipError;

/// An archive.
pub struct LogArchive {
    files: Mutex<ZipArchive<BufReader<File>>>,
    /// The folder within, with its slash, if everything lies in one.
    within: String,
}

impl LogArchive {
    /// Opens an archive. The file `checkpoint` lies at its top, or in the one folder that was packed.
    pub fn open(path: &Path) -> io::Result<Self> {
        let files = ZipArchive::new(BufReader::new(File::open(path)?)).map_err(io::Error::other)?;
        let names = files.file_names().filter_map(|name| name.ok().map(|name| name.into_owned()));
        let tops = names.filter(|name| name == "checkpoint" || name.ends_with("/checkpoint"));
        let within = tops.min_by_key(String::len).map(|name| name.trim_end_matches("checkpoint").to_owned());
        let within = within.ok_or_else(|| io::Error::other("no file `checkpoint` in the archive"))?;
        Ok(Self { files: Mutex::new(files), within })
    }
}

impl Source for LogArchive {
    fn get(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        // A query belongs to a service only.
        let path = path.split('?').next().unwrap_or_default();
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let file = match files.by_name(&format!("{}{path}", self.within)) {
            Ok(file) => file,
            Err(ZipError::FileNotFound) => return Ok(None),
            Err(error) => return Err(io::Error::other(error)),
        };
        // What the archive says of a size is nobody's word: it grows as it is read.
        read_limited(path, file, 0).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    #[test]
    fn files_are_read_from_the_folder_that_was_packed_and_no_further_than_they_may_be_long() {
        let path = std::env::temp_dir().join(format!("expert_draw_archive_{}.zip", std::process::id()));
        let mut packed = ZipWriter::new(File::create(&path).unwrap());
        for (name, bytes) in
            [("log/checkpoint", vec![b'c'; 9]), ("log/heads/000", vec![0; 18 << 20]), ("other", vec![1])]
        {
            packed.start_file(name, SimpleFileOptions::default()).unwrap();
            packed.write_all(&bytes).unwrap();
        }
        packed.finish().unwrap();
        let archive = LogArchive::open(&path).unwrap();
        assert_eq!(archive.get("checkpoint?witnessed=1").unwrap(), Some(vec![b'c'; 9]));
        assert_eq!(archive.get("other").unwrap(), None);
        assert!(archive.get("heads/000").unwrap_err().to_string().contains("longer than"));
        std::fs::write(&path, b"no archive").unwrap();
        assert!(LogArchive::open(&path).is_err());
        std::fs::remove_file(&path).unwrap();
    }
}
