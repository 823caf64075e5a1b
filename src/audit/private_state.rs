//! What a replay of private records remembers, so that the next one goes on where it ended: up to which
//! entry every pool was rebuilt and nothing broke a rule.
//!
//! *Invariant:* draws are skipped only if the export's root at that size is the one of before.

use crate::codec::{Hash, Json, Object, object};
use crate::log::GrownTree;

/// The longest state file, in bytes.
const LIMIT: usize = 1 << 16;

/// The state: size and root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrivateState {
    /// Draws committed below this entry were rebuilt.
    pub size: u64,
    /// Root of the first `size` entries.
    pub root: Hash,
}

impl PrivateState {
    /// The canonical file.
    pub fn write(&self) -> Vec<u8> {
        let state = Object::new().with("v", 1u32).with("size", self.size).with("root", self.root);
        Json::from(state).canonical()
    }

    /// Reads a file; `None`: it is none, and nothing is skipped then.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let json = Json::parse_canonical(bytes, LIMIT).ok()?;
        object(&json, "", |f| {
            f.int("v", 1..=1)?;
            Ok(Self { size: f.u64("size")?, root: f.hash("root")? })
        })
        .ok()
    }

    /// The entry below which draws need not be rebuilt again; 0 if this is another history.
    pub fn done(&self, tree: &GrownTree) -> u64 {
        if tree.root(self.size) == Some(self.root) { self.size } else { 0 }
    }

    /// The state after a replay up to an entry.
    pub fn at(size: u64, tree: &GrownTree) -> Option<Self> {
        tree.root(size).map(|root| Self { size, root })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_believed_of_its_own_history_only() {
        let mut tree = GrownTree::default();
        (0..5u8).for_each(|n| tree.push(Hash([n; 32])));
        let state = PrivateState::at(4, &tree).unwrap();
        assert_eq!(PrivateState::read(&state.write()), Some(state));
        assert_eq!(PrivateState::read(b"{}"), None);
        assert_eq!(state.done(&tree), 4);
        assert_eq!(PrivateState { root: Hash([9; 32]), ..state }.done(&tree), 0);
        assert_eq!(PrivateState { size: 6, ..state }.done(&tree), 0);
        assert_eq!(PrivateState::at(6, &tree), None);
    }
}
