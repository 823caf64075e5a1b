//! The log as anybody may read it: checkpoint, tiles, entry bundles, signatures, heads, proofs by index.
//!
//! Statements say nothing private, so all of this is public (`api-spec/log-v1.md` §1.5).

use super::Service;
use super::log_files::{self, LogFile};
use super::refusal::Refusal;
use super::witnesses;
use crate::log::{LogProof, SignedNote};
use crate::store;

impl Service {
    /// The newest checkpoint, a signed note, with the cosignatures that it has so far.
    pub fn checkpoint(&self) -> Result<String, Refusal> {
        self.store.read(witnesses::newest_checkpoint)
    }

    /// A hash tile, a bundle of entries or of signatures by its path; not found when the tree does not
    /// reach so far.
    pub fn log_file(&self, path: &str) -> Result<Vec<u8>, Refusal> {
        let missing = || Refusal::not_found("日志分块", "tile");
        let file = LogFile::parse(path).ok_or_else(missing)?;
        self.store.read(|conn| file.read(conn))?.ok_or_else(missing)
    }

    /// The notes of the cosigned heads beside a bundle of entries, by the path of the file; not found when
    /// there is none.
    pub fn heads_file(&self, path: &str) -> Result<String, Refusal> {
        let missing = || Refusal::not_found("见证检查点文件", "file of cosigned heads");
        let index = log_files::heads_index(path).ok_or_else(missing)?;
        self.store.read(|conn| log_files::heads_file(conn, index))?.ok_or_else(missing)
    }

    /// The statement note and tlog-proof of one entry in the newest checkpoint.
    pub fn log_proof(&self, index: u64) -> Result<(String, String), Refusal> {
        self.store.read(|conn| {
            let head = store::head::read(conn)?;
            let entry = store::journal::find(conn, index)?;
            let entry = entry.ok_or_else(|| Refusal::not_found("日志条目", "log entry"))?;
            let path = self.archive().inclusion(conn, head.size, index)?;
            let checkpoint = witnesses::newest_checkpoint(conn)?;
            let checkpoint = SignedNote::parse(checkpoint.as_bytes()).map_err(Refusal::internal)?;
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
