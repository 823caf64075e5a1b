//! What goes into the package of a draw: every statement with its signature, the evidence, the record on
//! paper, the versions of the plan, the day, the fees; for an auditor the sealed notes of calls too.

use super::Piece;
use crate::codec::{Json, Object};
use crate::evidence::Audience;
use crate::ports::LogSigner;
use crate::service::Service;
use crate::service::actor::{Actor, Role};
use crate::service::cases::{Case, all_rows};
use crate::service::draws::state;
use crate::service::record_paper;
use crate::service::refusal::{Kind, Refusal};
use crate::store::case::{CaseFilter, CaseRow};
use crate::store::journal::Entry;
use crate::store::{self, Conn};

/// Lines of a subject's history read at once.
const AT_ONCE: u32 = 500;

const README: &str = "政府采购评审专家抽取档案包\n\n\
manifest.json    清单：每个文件的 SHA-256；common 为同一抽取各份档案包共有文件的摘要\n\
evidence.json    证据文件：expert-draw-verify evidence.json --policy trust.policy\n\
statements/      日志中关于本次抽取的全部声明，各带签名（文件名为日志序号）\n\
record.pdf       抽取记录表\n\
plan.json        采购方案各版本及其办理记录\n\
day.json         评审当日：签到、核验、纪律、回避声明、空缺、故障、组长、报告\n\
fees.json        劳务报酬与差旅\n\
calls.json       （仅审计）邀请、答复、终止的内部记录\n\n\
Archive package of one draw: every statement with its signature, the evidence, the versions of the plan, the\n\
day, the fees. Keep it until keep_until of the manifest at least (政府采购法 art 42: 15 years).\n";

impl Service {
    /// Every file of the package but the manifest, in order.
    pub(super) fn dossier_pieces(&self, draw: &str, audience: Audience) -> Result<Vec<Piece>, Refusal> {
        let row = self.store.read(|conn| store::draw::find(conn, draw))?;
        let row = row.ok_or_else(|| Refusal::not_found("抽取", "draw"))?;
        let mut pieces = vec![piece("README.txt", README.as_bytes().to_vec(), true)];
        // As of the draw's end, so that the digest of the package does not move with the keys.
        let ended = row.ended_entry.unwrap_or_default().unsigned_abs();
        let (then, now) = (self.keys.trust_policy_at(ended.saturating_add(1)), self.keys.trust_policy());
        if then != now {
            pieces.push(piece("trust.policy.now", now.into_bytes(), false));
        }
        pieces.push(piece("trust.policy", then.into_bytes(), true));
        if row.alpha.is_some() {
            let evidence = match audience {
                Audience::Public => self.public_evidence(draw)?,
                Audience::Auditor => self.full_evidence(draw)?,
            };
            // The checkpoint of the day on which it is made stands in it.
            pieces.push(piece("evidence.json", evidence, false));
        }
        let entries = self.store.read(|conn| history_of(conn, draw))?;
        for entry in entries.iter().filter(|entry| entry.kind.starts_with("draw.")) {
            let note = self.archive().note_of(entry)?;
            pieces.push(piece(&format!("statements/{}.txt", entry.index()), note.into_bytes(), true));
        }
        let mut plans = self.histories("plan", &row.package)?;
        plans.extend(self.histories("sites_draw", &row.package)?);
        pieces.push(json("plan.json", plans, true));
        // What is written after the package got its digest is no part of it.
        pieces.push(json("day.json", self.histories(crate::registry::day::DAY.name, draw)?, false));
        if row.state == state::UNSEALED {
            pieces.push(json("fees.json", self.histories(crate::registry::fee::FEE.name, draw)?, false));
        }
        let paper = self.paper_of(&row)?;
        pieces.push(piece("record.pdf", paper, true));
        if audience == Audience::Auditor {
            pieces.push(json("calls.json", self.sealed_notes(draw, &entries)?, true));
        }
        Ok(pieces)
    }

    /// The record of a draw as a PDF file, with names once they are public.
    fn paper_of(&self, row: &store::draw::Draw) -> Result<Vec<u8>, Refusal> {
        // As anybody sees it: counts and names before their time are nobody's here.
        let reader = Actor { rights: Vec::new(), ..Actor::of_role("", Role::Administrator) };
        let view = self.view_of(&reader, row)?;
        self.paper(&view)
    }

    /// The record of a draw on paper, as the account may see it.
    pub fn draw_paper(&self, actor: &Actor, draw: &str) -> Result<Vec<u8>, Refusal> {
        self.paper(&self.draw(actor, draw)?)
    }

    /// The record of a draw on paper, as a view of it shows.
    fn paper(&self, view: &crate::service::draws::DrawView) -> Result<Vec<u8>, Refusal> {
        let codes = view.groups.iter().map(|group| group.request.speciality.as_str());
        let names = self.speciality_names(codes)?;
        let marked = self.newest_mark(view)?;
        record_paper::pdf(view, &names, marked.as_deref()).map_err(Refusal::internal)
    }

    /// Origin, index and leaf hash of the newest public statement of a draw, for the QR code.
    fn newest_mark(&self, view: &crate::service::draws::DrawView) -> Result<Option<String>, Refusal> {
        let entries = self.store.read(|conn| history_of(conn, &view.id))?;
        let newest = entries.iter().rev().find(|entry| entry.kind.starts_with("draw."));
        let Some(entry) = newest else { return Ok(None) };
        let leaf = crate::log::merkle::leaf_hash(&entry.statement);
        Ok(Some(format!("{}#{} {}", self.keys.origin(), entry.index(), leaf.to_hex())))
    }

    /// Every version of every case of a kind under a parent, oldest first.
    fn histories(&self, kind: &str, parent: &str) -> Result<Vec<Json>, Refusal> {
        let filter = CaseFilter {
            kinds: vec![kind.to_owned()],
            parent: Some(parent.to_owned()),
            ..CaseFilter::default()
        };
        self.store.read(|conn| {
            let mut all = Vec::new();
            for row in all_rows(conn, &filter)? {
                all.extend(self.history(conn, &row)?);
            }
            Ok(all)
        })
    }

    /// The records of one case, oldest first; nothing of somebody who was erased.
    fn history(&self, conn: &mut Conn, row: &CaseRow) -> Result<Vec<Json>, Refusal> {
        let Some(newest) = self.open_unless_erased(conn, row)? else { return Ok(Vec::new()) };
        let mut records = Vec::new();
        for entry in history_of(conn, &newest.sealed_for)? {
            if !entry.kind.starts_with("case.") {
                continue;
            }
            let record = match self.archive().opaque(conn, &entry) {
                Ok(record) => record,
                Err(refusal) if refusal.kind == Kind::Gone => continue,
                Err(refusal) => return Err(refusal),
            };
            let case = Case::read(&record, &entry.subject).map_err(Refusal::internal)?;
            if case.id == row.id {
                let kept = Object::new().with("entry", entry.index()).with("record", record);
                records.push(kept.into());
            }
        }
        Ok(records)
    }

    /// What was sealed with the statements of a draw after its commitment, and beside them.
    fn sealed_notes(&self, draw: &str, entries: &[Entry]) -> Result<Vec<Json>, Refusal> {
        let key = self.store.read(|conn| self.sealer().stored_key(conn, draw))?;
        let mut notes = Vec::new();
        for entry in entries.iter().filter(|entry| entry.kind != crate::draw::commitment::Commitment::TYPE) {
            let Some(sealed) = &entry.image else { continue };
            let Ok(opened) = key.open(&entry.kind, sealed) else { continue };
            let Ok(note) = Json::parse(&opened, 1 << 20) else { continue };
            notes.push(
                Object::new()
                    .with("entry", entry.index())
                    .with("kind", entry.kind.as_str())
                    .with("note", note)
                    .into(),
            );
        }
        Ok(notes)
    }
}

/// All entries of a subject, looks left out.
fn history_of(conn: &mut Conn, subject: &str) -> Result<Vec<Entry>, store::StoreError> {
    let (mut all, mut next) = (Vec::new(), 0);
    loop {
        let batch = store::journal::of_subject(conn, subject, next, AT_ONCE)?;
        let Some(last) = batch.last() else { return Ok(all) };
        next = last.index() + 1;
        all.extend(batch.into_iter().filter(|entry| !entry.kind.starts_with("access.")));
    }
}

fn piece(path: &str, bytes: Vec<u8>, stable: bool) -> Piece {
    Piece { path: path.to_owned(), bytes, stable }
}

fn json(path: &str, items: Vec<Json>, stable: bool) -> Piece {
    piece(path, Json::from(items).canonical(), stable)
}
