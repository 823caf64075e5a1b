//! The whole log as a directory that any web server can serve: the paths of `log_files`, and `checkpoint`,
//! which is written last. From a database alone: no keys, no running service.
//!
//! *Invariants:* a file is there whole or not at all; tiles and bundles are never replaced, other bytes under
//! a path are an error; what `checkpoint` states can be read from the directory at every moment, also after a
//! crash; a second run writes only what is new. A directory that holds another history, or a longer one, is
//! refused.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::archive::root_of;
use super::log_files::{LogFile, all_heads, files_between, heads_path};
use super::refusal::{Kind, Refusal};
use super::witnesses;
use crate::codec::Hash;
use crate::log::{Checkpoint, SignedNote, TILE_WIDTH, TileName, merkle, unpack_entries};
use crate::store::{self, Conn, Reader};

const CHECKPOINT: &str = "checkpoint";

/// What an export did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// Size of the tree that the directory held before; 0 if none.
    pub before: u64,
    /// Size of the tree that it holds now.
    pub size: u64,
    /// Files that were written.
    pub written: u64,
    /// Files that were there already, with the same bytes.
    pub kept: u64,
}

/// Which head an export ends with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpTo {
    /// The newest.
    Newest,
    /// The newest that at least so many of these witnesses (vkeys) have cosigned.
    Witnessed(u32, Vec<String>),
}

/// Writes the log into a directory, which is made if it is missing. `progress` hears files done.
pub fn export(
    reader: &Reader,
    out: &Path,
    up_to: &UpTo,
    progress: &mut dyn FnMut(u64),
) -> Result<Exported, Refusal> {
    fs::create_dir_all(out).map_err(|error| disk(out, &error))?;
    let note = reader.read(|conn| match up_to {
        UpTo::Newest => witnesses::newest_checkpoint(conn),
        UpTo::Witnessed(least, vkeys) => {
            let head = witnesses::newest_witnessed(conn, vkeys, *least)?;
            let missing =
                || Refusal::not_found("达到该见证数的检查点", "checkpoint with so many cosignatures");
            head.map(|head| head.note).ok_or_else(missing)
        }
    })?;
    let head = read_checkpoint(note.as_bytes())?;
    let mut folder = Folder { out: out.to_owned(), touched: BTreeSet::new() };
    let before = folder.before(reader, &head)?;
    if reader.read(|conn| root_of(conn, head.size))? != head.root {
        return Err(Refusal::internal(format!(
            "the tiles are not the tree of the checkpoint of size {}",
            head.size
        )));
    }
    let mut done = Exported { before, size: head.size, ..Exported::default() };
    for file in files_between(before, head.size) {
        let bytes = reader.read(|conn| checked(conn, &file))?;
        if folder.add(&file.to_string(), &bytes)? {
            done.written += 1
        } else {
            done.kept += 1
        }
        progress(done.written + done.kept);
    }
    reader.read(|conn| {
        all_heads(conn, head.size, |index, text| {
            let path = heads_path(index).unwrap_or_default();
            done.written += u64::from(folder.replace(&path, text.as_bytes())?);
            Ok(())
        })
    })?;
    folder.settle()?;
    done.written += u64::from(folder.replace(CHECKPOINT, note.as_bytes())?);
    folder.settle()?;
    Ok(done)
}

/// A file's bytes; a bundle of entries only if its leaves are those of the tile beside it.
fn checked(conn: &mut Conn, file: &LogFile) -> Result<Vec<u8>, Refusal> {
    let broken = || Refusal::internal(format!("{file} is not what was signed"));
    let bytes = file.read(conn)?.ok_or_else(broken)?;
    let path = file.tile();
    if matches!(file, LogFile::Tile(_)) && path.name() == TileName::Entries {
        let hashes = store::tile::find(conn, 0, path.index())?.unwrap_or_default();
        let entries = unpack_entries(&bytes, path.width()).map_err(Refusal::internal)?;
        let leaves = entries.iter().map(|entry| merkle::leaf_hash(entry).0);
        if !leaves.eq(hashes.chunks_exact(32).take(entries.len()).filter_map(Hash::from_slice).map(|h| h.0)) {
            return Err(broken());
        }
    }
    Ok(bytes)
}

fn read_checkpoint(note: &[u8]) -> Result<Checkpoint, Refusal> {
    let note = SignedNote::parse(note).map_err(Refusal::internal)?;
    Checkpoint::from_note(&note).map_err(Refusal::internal)
}

fn disk(path: &Path, error: &io::Error) -> Refusal {
    let (zh, en) =
        (format!("无法写入 {}：{error}", path.display()), format!("cannot write {}", path.display()));
    Refusal::new(Kind::Internal, "directory", zh, en)
}

fn other(zh: String, en: &str) -> Refusal {
    Refusal::new(Kind::Conflict, "other_history", zh, en)
}

/// The directory, and which folders in it were written to since they were last flushed.
struct Folder {
    out: PathBuf,
    touched: BTreeSet<PathBuf>,
}

impl Folder {
    /// Size of the tree that the directory holds; 0 if it has no checkpoint. Refused if that is not the
    /// beginning of the tree to be written.
    fn before(&self, reader: &Reader, head: &Checkpoint) -> Result<u64, Refusal> {
        let path = self.out.join(CHECKPOINT);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(disk(&path, &error)),
        };
        let place = path.display();
        let en = "the directory holds the checkpoint of another history; export into another one";
        let Ok(known) = read_checkpoint(&bytes) else {
            return Err(other(format!("{place} 不是检查点，请导出到其他目录"), en));
        };
        if known.origin != head.origin || known.size > head.size {
            return Err(other(format!("{place} 属于其他日志，或比要导出的更新，请核查"), en));
        }
        if reader.read(|conn| root_of(conn, known.size))? != known.root {
            return Err(other(format!("{place} 与本日志不一致：两者至少有一个被改写，请核查"), en));
        }
        Ok(known.size)
    }

    /// Adds a file that never changes; whether it was not there yet.
    fn add(&mut self, path: &str, bytes: &[u8]) -> Result<bool, Refusal> {
        debug_assert!(bytes.len() <= usize::from(TILE_WIDTH) * (usize::from(u16::MAX) + 2));
        let place = self.out.join(path);
        match fs::read(&place) {
            Ok(known) if known == bytes => return Ok(false),
            Ok(_) => {
                let en = "a file of the directory has other bytes than the log; export into another one";
                return Err(other(format!("{} 的内容与日志不符，请核查", place.display()), en));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(disk(&place, &error)),
        }
        self.write(&place, bytes)?;
        Ok(true)
    }

    /// Writes a file that changes; whether it did.
    fn replace(&mut self, path: &str, bytes: &[u8]) -> Result<bool, Refusal> {
        let place = self.out.join(path);
        if fs::read(&place).is_ok_and(|known| known == bytes) {
            return Ok(false);
        }
        self.write(&place, bytes)?;
        Ok(true)
    }

    /// Whole or not at all: another name, flushed, then renamed.
    fn write(&mut self, place: &Path, bytes: &[u8]) -> Result<(), Refusal> {
        let folder = place.parent().unwrap_or(&self.out);
        let written = (|| {
            fs::create_dir_all(folder)?;
            let mut name = place.file_name().unwrap_or_default().to_owned();
            name.push(format!(".{}.tmp", std::process::id()));
            let draft = place.with_file_name(name);
            let mut file = File::create(&draft)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&draft, place)
        })();
        written.map_err(|error| disk(place, &error))?;
        // The folders above may be new as well.
        for folder in place.ancestors().skip(1).take_while(|folder| folder.starts_with(&self.out)) {
            self.touched.insert(folder.to_owned());
        }
        Ok(())
    }

    /// Makes the names that were written survive a power cut.
    fn settle(&mut self) -> Result<(), Refusal> {
        for folder in std::mem::take(&mut self.touched) {
            File::open(&folder).and_then(|open| open.sync_all()).map_err(|error| disk(&folder, &error))?;
        }
        Ok(())
    }
}
