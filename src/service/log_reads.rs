//! The log as anybody may read it: checkpoint, tiles, entry bundles, proofs by index, keys.
//!
//! Statements say nothing private, so all of this is public (`api-spec/log-v1.md` §1.5).

use super::Service;
use super::refusal::Refusal;
use crate::log::{LogProof, SignedNote, TILE_WIDTH, TileName, TilePath, pack_entries};
use crate::store;

impl Service {
    /// The newest checkpoint, a signed note.
    pub fn checkpoint(&self) -> Result<String, Refusal> {
        Ok(self.store.read(store::head::read)?.checkpoint)
    }

    /// A hash tile or an entry bundle by its path; not found when the tree does not reach so far.
    pub fn tile(&self, path: &str) -> Result<Vec<u8>, Refusal> {
        let missing = || Refusal::not_found("日志分块", "tile");
        let path = TilePath::parse(path).ok_or_else(missing)?;
        self.store.read(|conn| {
            let (index, width) = (path.index(), usize::from(path.width()));
            match path.name() {
                TileName::Hashes(level) => {
                    let hashes = store::tile::find(conn, level, index)?.ok_or_else(missing)?;
                    hashes.get(..width * 32).map(<[u8]>::to_vec).ok_or_else(missing)
                }
                TileName::Entries => {
                    let from = index * u64::from(TILE_WIDTH);
                    let entries = store::journal::range(conn, from, u32::from(path.width()))?;
                    if entries.len() < width {
                        return Err(missing());
                    }
                    let statements: Vec<&[u8]> = entries.iter().map(|e| e.statement.as_slice()).collect();
                    pack_entries(&statements).map_err(Refusal::internal)
                }
            }
        })
    }

    /// The statement note and tlog-proof of one entry in the newest checkpoint.
    pub fn log_proof(&self, index: u64) -> Result<(String, String), Refusal> {
        self.store.read(|conn| {
            let head = store::head::read(conn)?;
            let entry = store::journal::find(conn, index)?;
            let entry = entry.ok_or_else(|| Refusal::not_found("日志条目", "log entry"))?;
            let path = self.archive().inclusion(conn, head.size, index)?;
            let checkpoint = SignedNote::parse(head.checkpoint.as_bytes()).map_err(Refusal::internal)?;
            let proof = LogProof { index, path, checkpoint };
            let mut note = self.archive().note_of(&entry)?;
            if let Some(second) = store::journal::second_line(conn, index)? {
                // Whoever does not know its scheme passes over it; notes of evidence files have one line.
                note.push_str(&second);
                note.push('\n');
            }
            Ok((note, proof.to_string()))
        })
    }
}
