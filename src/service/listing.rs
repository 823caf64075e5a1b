//! Pages of lists: a cursor is the key of the last item, so that new rows never shift a page.

use crate::store::{Page, StoreError};

/// Which page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paging {
    /// Items wanted, 1 to 200.
    pub limit: u32,
    /// The key of the last item already seen.
    pub after: Option<String>,
}

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    /// The items, ascending by key.
    pub items: Vec<T>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<String>,
}

impl Paging {
    /// Reads one row more than wanted, to know whether there is another page.
    pub(super) fn read<R, T>(
        &self,
        rows: impl FnOnce(&Page) -> Result<Vec<R>, StoreError>,
        key: impl Fn(&R) -> &str,
        view: impl FnMut(R) -> T,
    ) -> Result<Listed<T>, StoreError> {
        let limit = self.limit.clamp(1, Page::MAX - 1);
        let mut rows = rows(&Page { after: self.after.clone(), limit: limit + 1 })?;
        let wanted = limit as usize;
        let next =
            if rows.len() > wanted { rows.get(wanted - 1).map(|row| key(row).to_owned()) } else { None };
        rows.truncate(wanted);
        Ok(Listed { items: rows.into_iter().map(view).collect(), next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_is_the_last_item_shown_and_absent_on_the_last_page() {
        let rows = |page: &Page| Ok(["a", "b", "c"].into_iter().take(page.limit as usize).collect());
        let page = |limit| Paging { limit, after: None }.read(rows, |row| row, |row| row).unwrap();
        assert_eq!(page(2), Listed { items: vec!["a", "b"], next: Some("b".into()) });
        assert_eq!(page(3), Listed { items: vec!["a", "b", "c"], next: None });
    }
}
