//! Sealed files beside the database: what is too large for a row. One file per name, in folders by
//! the name's first two characters.
//!
//! *Invariants:* a file that has its name is whole and on the disk: it is written under another name,
//! synced, renamed, and its folder synced. Names are 64 hexadecimal digits and nothing else, so no
//! name leaves the folder. What is in a file is sealed by the caller.
//!
//! Deliberately not here: which files should be there (the journal says so, `service::attachments`).

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The folder in which files are written before they have their names.
const UNFINISHED: &str = "unfinished";

/// A folder of sealed files.
#[derive(Clone, Debug)]
pub struct Files(PathBuf);

impl Files {
    /// The files in a folder, which is made with the first of them.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// Keeps a file under a name; one that is there already is replaced.
    pub fn put(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.path(name)?;
        let folder = path.parent().unwrap_or(&self.0).to_owned();
        let unfinished = self.0.join(UNFINISHED);
        for dir in [&unfinished, &folder] {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        }
        let thread = std::thread::current().id();
        let temporary = unfinished.join(format!("{name}.{}.{thread:?}", std::process::id()));
        let written = write_whole(&temporary, bytes).and_then(|()| fs::rename(&temporary, &path));
        if let Err(error) = written {
            // Nobody has heard of it; what cannot be removed is swept later.
            let _ = fs::remove_file(&temporary);
            return Err(error);
        }
        // The folder's own entry in its parent too: it may be new.
        fs::File::open(&folder)?.sync_all()?;
        fs::File::open(&self.0)?.sync_all()
    }

    /// A file's bytes; `None` if there is none.
    pub fn get(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.path(name)?) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes a file; one that is not there is removed already.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.path(name)?) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The names of all files, ascending, each with how long ago it was written.
    pub fn names(&self) -> io::Result<Vec<(String, Duration)>> {
        let mut found = Vec::new();
        for folder in entries(&self.0)? {
            if folder.file_name() == UNFINISHED || !folder.file_type()?.is_dir() {
                continue;
            }
            for file in entries(&folder.path())? {
                if let Some(name) = file.file_name().to_str().filter(|name| is_name(name)) {
                    found.push((name.to_owned(), age(&file)));
                }
            }
        }
        found.sort();
        Ok(found)
    }

    /// Removes what was begun and never got its name, if it is older than `age`.
    pub fn sweep_unfinished(&self, older: Duration) -> io::Result<usize> {
        let mut swept = 0;
        for file in entries(&self.0.join(UNFINISHED))? {
            if age(&file) >= older {
                fs::remove_file(file.path())?;
                swept += 1;
            }
        }
        Ok(swept)
    }

    fn path(&self, name: &str) -> io::Result<PathBuf> {
        match name.get(..2) {
            Some(first) if is_name(name) => Ok(self.0.join(first).join(name)),
            _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "not the name of a sealed file")),
        }
    }
}

fn is_name(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// The entries of a folder; none if there is no folder.
fn entries(folder: &Path) -> io::Result<Vec<fs::DirEntry>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// How long ago a file was written; nothing for one from the future.
fn age(file: &fs::DirEntry) -> Duration {
    let modified = file.metadata().and_then(|metadata| metadata.modified());
    modified.ok().and_then(|time| time.elapsed().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_whole_under_its_name_and_no_name_leaves_the_folder() {
        let folder = std::env::temp_dir().join(format!("expert_draw_files_{}", std::process::id()));
        let files = Files::at(&folder);
        let name = "ab".repeat(32);
        assert_eq!(files.names().unwrap(), []);
        files.put(&name, b"sealed").unwrap();
        files.put(&name, b"sealed again").unwrap();
        assert_eq!(files.get(&name).unwrap().as_deref(), Some(&b"sealed again"[..]));
        assert_eq!(files.names().unwrap().len(), 1);
        assert_eq!(fs::read_dir(folder.join(UNFINISHED)).unwrap().count(), 0);
        for bad in ["", "ab", "../../etc/passwd", &"AB".repeat(32), &format!("{}/", "ab".repeat(31))] {
            assert!(files.put(bad, b"x").is_err() && files.get(bad).is_err(), "{bad}");
        }
        fs::write(folder.join(UNFINISHED).join("left"), b"x").unwrap();
        assert_eq!(files.sweep_unfinished(Duration::from_secs(3600)).unwrap(), 0);
        assert_eq!(files.sweep_unfinished(Duration::ZERO).unwrap(), 1);
        files.remove(&name).unwrap();
        files.remove(&name).unwrap();
        assert_eq!(files.get(&name).unwrap(), None);
        fs::remove_dir_all(folder).unwrap();
    }
}
