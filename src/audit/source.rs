//! Where an audit reads from: the paths of `api-spec/log-files-v1.md`, and the public evidence files of draws
//! beside them. A directory here; a service or any web server in `outside`.

use std::fs;
use std::io::{self, Read};
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

/// The longest evidence file, in bytes.
const EVIDENCE_LIMIT: u64 = 512 << 20;
/// The longest of all other files: a bundle of 256 entries, each with its length of two bytes.
const FILE_LIMIT: u64 = 256 * (2 + (1 << 16));

/// How long a file may be: a source that gives more is not read further.
pub fn limit(path: &str) -> u64 {
    if path.starts_with("draws/") { EVIDENCE_LIMIT } else { FILE_LIMIT }
}

/// Reads a file of a path no further than it may be long. `size` is what it is said to have.
pub fn read_limited(path: &str, from: impl Read, size: u64) -> io::Result<Vec<u8>> {
    let limit = limit(path);
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(limit) + 1).unwrap_or_default());
    from.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::other(format!("longer than {limit} bytes")));
    }
    Ok(bytes)
}

/// A directory.
pub struct Folder(pub PathBuf);

impl Source for Folder {
    fn get(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        // Paths are made by this program; a query belongs to a service only.
        let path = path.split('?').next().unwrap_or_default();
        match fs::File::open(self.0.join(Path::new(path))) {
            Ok(file) => {
                let size = file.metadata()?.len();
                read_limited(path, file, size).map(Some)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}
