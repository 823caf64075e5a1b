//! The archive package of a draw (档案包): everything that its file must hold, in one ZIP archive, for the 15
//! years of 政府采购法 art 42 from the end of the procurement on.
//!
//! | file | holds |
//! |---|---|
//! | `contents` | what goes in, by audience |
//! | `pack` | the archive itself: stored, in order, without times |
//!
//! *Invariants:* the fetch is a recorded look; a buyer's package holds nothing of people who are not on the
//! panel, and no name of anybody before the announcement; what every package of a draw has in common has
//! one digest, which stands in the journal when the day is over.
//!
//! *Deliberately not here:* deleting anything: when the time is over a person decides.

mod contents;
mod pack;

use super::Service;
use super::actor::{Action, Actor, Role};
use super::refusal::{Kind, Refusal};
use crate::codec::{Hash, Json, Object, sha256};
use crate::evidence::Audience;
use crate::time::Date;

/// Years that procurement documents are kept (政府采购法 art 42), where the profile says nothing.
const YEARS: u32 = 15;
/// Format of the manifest.
const FORMAT: &str = "expert-draw/dossier-v1";

/// A file of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Its path in the package.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Whether every package of the draw has it with the same bytes.
    pub stable: bool,
}

/// A package ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dossier {
    /// The ZIP archive.
    pub bytes: Vec<u8>,
    /// SHA-256 of the manifest in it.
    pub manifest: Hash,
}

impl Service {
    /// The archive package of a draw that has ended. The fetch is recorded first.
    pub fn dossier(&self, actor: &Actor, draw: &str, purpose: &str) -> Result<Dossier, Refusal> {
        actor.check(Action::FetchDossier)?;
        let row = self.own_draw(actor, draw)?;
        if row.ended_entry.is_none() {
            let en = "the draw has not ended; there is no package yet";
            return Err(Refusal::new(Kind::Conflict, "not_ended", "抽取尚未结束，暂无档案包", en));
        }
        self.record_look(actor, "dossier", draw, purpose)?;
        let audience = match actor.role {
            Role::Auditor => Audience::Auditor,
            _ => Audience::Public,
        };
        let pieces = self.dossier_pieces(draw, audience)?;
        let until = self.kept_until(&row)?;
        let manifest = Object::new()
            .with("v", 1u32)
            .with("format", FORMAT)
            .with("draw", draw)
            .with("audience", audience.name())
            .with("made", self.clock.now().0)
            .with("keep_until", until.to_string())
            .with("common", common(&pieces))
            .with("files", pieces.iter().map(listed).collect::<Json>());
        let manifest = Json::from(manifest).canonical();
        let digest = sha256(&[&manifest]);
        let first = Piece { path: "manifest.json".to_owned(), bytes: manifest, stable: false };
        let all: Vec<Piece> = std::iter::once(first).chain(pieces).collect();
        Ok(Dossier { bytes: pack::zip(&all).map_err(Refusal::internal)?, manifest: digest })
    }

    /// What the day keeps of the package: the digest that all packages of the draw share, and until when it
    /// is kept.
    pub(super) fn dossier_digest(&self, draw: &str) -> Result<Object, Refusal> {
        let row = self.store.read(|conn| crate::store::draw::find(conn, draw))?;
        let row = row.ok_or_else(|| Refusal::internal("a day without its draw"))?;
        let pieces = self.dossier_pieces(draw, Audience::Public)?;
        Ok(Object::new()
            .with("common", common(&pieces))
            .with("keep_until", self.kept_until(&row)?.to_string())
            .with("at", self.clock.now().0))
    }

    /// The last day on which the package has to be there: so many years after the draw ended.
    fn kept_until(&self, row: &crate::store::draw::Draw) -> Result<Date, Refusal> {
        let entry = row.ended_entry.unwrap_or_default().unsigned_abs();
        let ended = self.store.read(|conn| crate::store::journal::find(conn, entry))?;
        let ended = ended.ok_or_else(|| Refusal::internal("an ended draw without its end"))?;
        let years = self.profile.terms().map_or(YEARS, |terms| terms.retention_years.value.max(YEARS));
        let years = i32::try_from(years).map_err(Refusal::internal)?;
        Ok(Date::of(crate::time::Timestamp(ended.time)).plus_years(years))
    }
}

/// SHA-256 over the list of files that every package of the draw has.
fn common(pieces: &[Piece]) -> Hash {
    let list: Json = pieces.iter().filter(|piece| piece.stable).map(listed).collect();
    sha256(&[&list.canonical()])
}

fn listed(piece: &Piece) -> Json {
    Object::new()
        .with("path", piece.path.as_str())
        .with("bytes", piece.bytes.len() as u64)
        .with("sha256", sha256(&[&piece.bytes]))
        .into()
}
