//! `fsck`, the sealed files: each attachment that is kept has its file, which opens and is the content
//! that was signed; and no file lies there that no entry speaks of.

use std::collections::BTreeSet;

use super::archive::Archive;
use super::attachments::digest_of;
use super::cases::{Case, all_rows};
use super::erased::Erased;
use super::refusal::Refusal;
use crate::registry::privacy::ATTACHMENT;
use crate::store::case::CaseFilter;
use crate::store::files::Files;
use crate::store::{self, Conn, Finding};

/// Holds every attachment against its file and every file against its attachment.
pub(super) fn check(
    conn: &mut Conn,
    archive: &Archive<'_>,
    files: &Files,
    erased: &Erased,
    found: &mut Vec<Finding>,
) -> Result<(), Refusal> {
    let filter = CaseFilter {
        kinds: vec![ATTACHMENT.name.into()],
        states: vec!["kept".into()],
        ..CaseFilter::default()
    };
    let mut known = BTreeSet::new();
    for row in all_rows(conn, &filter)? {
        let index = row.entry.unsigned_abs();
        let wrong = |what: &str| Finding::at("attachment", index, format!("attachment {}: {what}", row.id));
        // Both are findings of the cases' own check.
        let Some(entry) = store::journal::find(conn, index)? else { continue };
        if erased.covers(&entry.subject, index) {
            continue;
        }
        let Ok(record) = archive.opaque(conn, &entry) else { continue };
        let case = Case::read(&record, &entry.subject).map_err(Refusal::internal)?;
        known.insert(digest_of(&case).map_err(Refusal::internal)?.to_hex());
        if archive.content(conn, &case, files).is_err() {
            found.push(wrong("its sealed file is missing or is not the one that was signed"));
        }
    }
    let names = files.names().map_err(Refusal::internal)?;
    let orphans = names.iter().filter(|(name, _)| !known.contains(name)).count();
    if orphans > 0 {
        let what = format!("{orphans} sealed files belong to no attachment; the next start removes them");
        found.push(Finding::of("attachments", what));
    }
    Ok(())
}
