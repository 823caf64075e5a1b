//! The newest checkpoint as a file outside the database: a database restored from a backup is
//! behind it, and is refused at the next start.
//!
//! A thread of its own writes it, the newest only, so that its flushes do not slow the writer: the
//! file may be some milliseconds behind after a crash, never ahead.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

use crate::log::{Checkpoint, SignedNote};

/// The thread; dropping it writes what is still waiting.
pub(super) struct Publisher {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    newest: Option<(u64, String)>,
    closed: bool,
}

impl Publisher {
    /// Starts the thread.
    pub(super) fn start(path: PathBuf) -> std::io::Result<Self> {
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() });
        let theirs = Arc::clone(&shared);
        let thread =
            std::thread::Builder::new().name("checkpoint".into()).spawn(move || theirs.serve(&path))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Hands over a checkpoint to be written; an older one still waiting is skipped.
    pub(super) fn offer(&self, size: u64, note: String) {
        let mut state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.newest = Some((size, note));
        self.shared.changed.notify_one();
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn serve(&self, path: &Path) {
        loop {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            while state.newest.is_none() && !state.closed {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            let Some((size, note)) = state.newest.take() else { return };
            drop(state);
            if let Err(error) = write(path, size, &note) {
                tracing::error!(%error, path = %path.display(), "cannot publish the checkpoint");
            }
        }
    }
}

/// The published note and its checkpoint; `None` if there is no file. The error says what is wrong.
pub(super) type Read = Result<Option<(SignedNote, Checkpoint)>, String>;

/// Reads the file.
pub(super) fn read(path: &Path) -> Read {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let note = SignedNote::parse(&bytes).map_err(|error| error.to_string())?;
    let checkpoint = Checkpoint::from_note(&note).map_err(|error| error.to_string())?;
    Ok(Some((note, checkpoint)))
}

/// Replaces the file as a whole, durably; a file that is further on already (another process
/// writes it too) is left alone.
pub(super) fn write(path: &Path, size: u64, note: &str) -> std::io::Result<()> {
    if matches!(read(path), Ok(Some((_, published))) if published.size > size) {
        return Ok(());
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let draft = path.with_file_name(name);
    let mut file = File::create(&draft)?;
    file.write_all(note.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&draft, path)?;
    // The rename itself must survive a power cut.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}
