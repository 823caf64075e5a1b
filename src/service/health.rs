//! Whether the service reaches its database.

use super::Service;
use super::refusal::Refusal;
use crate::store;

impl Service {
    /// The log's name and size, read from the database just now.
    pub fn health(&self) -> Result<(String, u64), Refusal> {
        let head = self.store.read(store::head::read)?;
        Ok((head.origin, head.size))
    }
}
