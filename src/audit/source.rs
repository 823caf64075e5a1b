//! Where an audit reads from: the paths of `api-spec/log-files-v1.md`, and the public evidence files of draws
//! beside them. A directory here; a service or any web server in `outside`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Something that has files under fixed paths. Nothing that it gives is believed.
pub trait Source: Sync {
    /// The bytes of a file; `None` if there is none.
    fn get(&self, path: &str) -> io::Result<Option<Vec<u8>>>;
}

/// The path of the public evidence file of the draw that is committed at a log index.
pub fn evidence_path(index: u64) -> String {
    format!("draws/{index}")
}

/// A directory.
pub struct Folder(pub PathBuf);

impl Source for Folder {
    fn get(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        // Paths are made by this program; a query belongs to a service only.
        let path = path.split('?').next().unwrap_or_default();
        match fs::read(self.0.join(Path::new(path))) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}
