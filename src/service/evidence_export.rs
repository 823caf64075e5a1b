//! The public evidence files of all draws as a directory beside the exported log, for an audit without the
//! service (`api-spec/audit-v1.md` §2). Needs the keys: pools are sealed.
//!
//! *Invariant:* a file is there whole or not at all; a file of a draw that goes on is replaced when it has more
//! to say.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use super::archive::Archive;
use super::evidence_by_index::commitments;
use super::refusal::{Kind, Refusal};
use crate::keys::Keys;
use crate::ports::Entropy;
use crate::store::Reader;

/// Files written, files that were there with the same bytes, draws that have none yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExportedEvidence {
    /// Written.
    pub written: u64,
    /// There already.
    pub kept: u64,
    /// Draws without a file: they have not ended.
    pub without: u64,
}

/// Writes `OUT/draws/INDEX` for every draw, by the log index of its commitment. `progress` hears draws done, of how many.
pub fn export(
    reader: &Reader,
    keys: &Keys,
    entropy: &dyn Entropy,
    out: &Path,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<ExportedEvidence, Refusal> {
    let folder = out.join("draws");
    let disk = |error: std::io::Error| Refusal::internal(format!("{}: {error}", folder.display()));
    fs::create_dir_all(&folder).map_err(disk)?;
    let archive = Archive::new(keys, entropy);
    let all = reader.read(commitments)?;
    let mut done = ExportedEvidence::default();
    for (index, n) in all.iter().zip(1u64..) {
        match reader.read(|conn| archive.public_at(conn, *index)) {
            Ok(bytes) => {
                let path = folder.join(index.to_string());
                if fs::read(&path).is_ok_and(|before| before == bytes) {
                    done.kept += 1;
                } else {
                    let draft = folder.join(format!("{index}.new"));
                    let written = File::create(&draft).and_then(|mut file| {
                        file.write_all(&bytes)?;
                        file.sync_all()?;
                        fs::rename(&draft, &path)
                    });
                    written.map_err(disk)?;
                    done.written += 1;
                }
            }
            Err(refusal) if refusal.kind == Kind::Conflict => done.without += 1,
            Err(refusal) => return Err(refusal),
        }
        progress(n, all.len() as u64);
    }
    File::open(&folder).and_then(|folder| folder.sync_all()).map_err(disk)?;
    Ok(done)
}
