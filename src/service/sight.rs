//! Who sees what of an expert, and when (domain: 谁在何时可见什么): one table, applied in one place.
//!
//! A **field** is a group of facts, a **viewer** is an account as far as this table tells them apart,
//! a **stage** is where a look happens: the registry, outside any draw; or through a draw, by how far
//! it is. What a cell says is the most that the use-cases show: `purpose` and `masked` only after the
//! look is recorded with its purpose (`looks`), `yes` without. The permission table (`actor`) says who
//! may ask at all; an account of a narrowed region asks only about people there.
//!
//! *Invariants:* what has no cell is not shown; an account with several rights sees the most that one of
//! them shows; nobody sees who reported a clue but those who handle it.
//!
//! Through a draw the stage is a person's own: whoever stands at a venue's desk is named to that venue at
//! that moment (`at_the_desk`), who has signed in to the agency too (`during_review`); of everybody else
//! on the panel the draw is still `drawn_sealed`.

use super::actor::{Actor, Right, Role};

/// What a viewer sees of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum View {
    /// Nothing.
    No,
    /// All but the last characters hidden; after a recorded look.
    Masked,
    /// Everything, after a recorded look.
    Purpose,
    /// Everything.
    Yes,
}

/// A group of facts about an expert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// Expert number, version, entry.
    Number,
    /// Standing, specialities, regions, term, level: what lists show.
    Codes,
    /// 姓名.
    Name,
    /// Identity document, birth, sex.
    Identity,
    /// Phones, mail, address.
    Contacts,
    /// Present, former and pending employers.
    Employers,
    /// Education, titles, certificates, training, claims with their evidence.
    Qualifications,
    /// Relatives as declared.
    Relatives,
    /// Units to avoid as declared.
    DeclaredUnits,
    /// Leave and availability.
    Leaves,
    /// Photo and documents.
    Attachments,
    /// Conduct records and points.
    Conduct,
    /// Who reported a clue about the expert.
    Reporter,
    /// Who looked at the record.
    Looks,
}

/// Where a look happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The registry, outside any draw.
    Registry,
    /// A draw that is not committed.
    BeforeDraw,
    /// A draw with a result, before the review.
    DrawnSealed,
    /// Somebody who stands at the desk of a venue to sign in there.
    AtTheDesk,
    /// Somebody who has signed in, until the announcement.
    DuringReview,
    /// A draw that was unsealed after the announcement.
    AfterAnnouncement,
}

/// Who looks, as far as the table tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Viewer {
    /// Bureau with a right to keep, review or approve records.
    Keeper,
    /// Bureau with the right over draws.
    DrawDesk,
    /// Bureau with the right over accounts only.
    AccountDesk,
    /// Agency or purchaser, of an own package.
    Buyer,
    /// The expert concerned.
    Oneself,
    /// Another expert.
    OtherExpert,
    /// Auditor.
    Auditor,
    /// Discipline inspection.
    Supervisor,
    /// System administrator.
    Administrator,
    /// Staff of the venue at which the person reviews.
    Venue,
    /// Anybody, without an account.
    Public,
}

impl Viewer {
    /// In the order of the table's columns.
    pub const ALL: [Self; 11] = [
        Self::Keeper,
        Self::DrawDesk,
        Self::AccountDesk,
        Self::Buyer,
        Self::Oneself,
        Self::OtherExpert,
        Self::Auditor,
        Self::Supervisor,
        Self::Administrator,
        Self::Venue,
        Self::Public,
    ];

    /// The word in the document.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keeper => "keeper",
            Self::DrawDesk => "draw_desk",
            Self::AccountDesk => "account_desk",
            Self::Buyer => "buyer",
            Self::Oneself => "oneself",
            Self::OtherExpert => "other_expert",
            Self::Auditor => "auditor",
            Self::Supervisor => "supervisor",
            Self::Administrator => "administrator",
            Self::Venue => "venue",
            Self::Public => "public",
        }
    }

    /// As what an account looks at an expert; several for a bureau's account with several rights.
    pub fn of(actor: &Actor, expert: &str) -> Vec<Self> {
        match actor.role {
            Role::Bureau => {
                let of = |right: &Right| match right {
                    Right::Registrar | Right::Reviewer | Right::Approver => Self::Keeper,
                    Right::Draws => Self::DrawDesk,
                    Right::Accounts => Self::AccountDesk,
                };
                actor.rights.iter().map(of).collect()
            }
            Role::Agency | Role::Purchaser => vec![Self::Buyer],
            Role::Expert if actor.expert.as_deref() == Some(expert) => vec![Self::Oneself],
            Role::Expert => vec![Self::OtherExpert],
            Role::Auditor => vec![Self::Auditor],
            Role::Supervisor => vec![Self::Supervisor],
            Role::Administrator => vec![Self::Administrator],
            Role::Venue => vec![Self::Venue],
        }
    }
}

impl Field {
    /// Every field, in the order of the table's rows.
    pub const ALL: [Self; 14] = [
        Self::Number,
        Self::Codes,
        Self::Name,
        Self::Identity,
        Self::Contacts,
        Self::Employers,
        Self::Qualifications,
        Self::Relatives,
        Self::DeclaredUnits,
        Self::Leaves,
        Self::Attachments,
        Self::Conduct,
        Self::Reporter,
        Self::Looks,
    ];

    /// The word in the document.
    pub fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Codes => "codes",
            Self::Name => "name",
            Self::Identity => "identity",
            Self::Contacts => "contacts",
            Self::Employers => "employers",
            Self::Qualifications => "qualifications",
            Self::Relatives => "relatives",
            Self::DeclaredUnits => "declared_units",
            Self::Leaves => "leaves",
            Self::Attachments => "attachments",
            Self::Conduct => "conduct",
            Self::Reporter => "reporter",
            Self::Looks => "looks",
        }
    }
}

impl Stage {
    /// Every stage.
    pub const ALL: [Self; 6] = [
        Self::Registry,
        Self::BeforeDraw,
        Self::DrawnSealed,
        Self::AtTheDesk,
        Self::DuringReview,
        Self::AfterAnnouncement,
    ];

    /// The word in the document.
    pub fn name(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::BeforeDraw => "before_draw",
            Self::DrawnSealed => "drawn_sealed",
            Self::AtTheDesk => "at_the_desk",
            Self::DuringReview => "during_review",
            Self::AfterAnnouncement => "after_announcement",
        }
    }
}

impl View {
    /// The word in the document.
    pub fn name(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Masked => "masked",
            Self::Purpose => "purpose",
            Self::Yes => "yes",
        }
    }
}

use View::{Masked as M, No as N, Purpose as P, Yes as Y};

/// The rows that show anything to anybody; columns as [`Viewer::ALL`]. What has no row is `no`.
#[rustfmt::skip]
const TABLE: [(Stage, Field, [View; 11]); 26] = [
    // keeper, draw desk, account desk, buyer, oneself, other expert, auditor, supervisor, administrator, venue, public
    (Stage::Registry, Field::Number,         [Y, N, N, N, Y, N, Y, Y, N, N, N]),
    (Stage::Registry, Field::Codes,          [Y, N, N, N, Y, N, Y, Y, N, N, N]),
    (Stage::Registry, Field::Name,           [P, N, N, N, Y, N, P, P, N, N, N]),
    (Stage::Registry, Field::Identity,       [P, N, N, N, Y, N, P, M, N, N, N]),
    (Stage::Registry, Field::Contacts,       [P, N, N, N, Y, N, P, M, N, N, N]),
    (Stage::Registry, Field::Employers,      [P, N, N, N, Y, N, P, P, N, N, N]),
    (Stage::Registry, Field::Qualifications, [P, N, N, N, Y, N, P, P, N, N, N]),
    (Stage::Registry, Field::Relatives,      [P, N, N, N, Y, N, P, P, N, N, N]),
    (Stage::Registry, Field::DeclaredUnits,  [P, N, N, N, Y, N, P, P, N, N, N]),
    (Stage::Registry, Field::Leaves,         [P, N, N, N, Y, N, P, P, N, N, N]),
    (Stage::Registry, Field::Attachments,    [P, N, N, N, Y, N, P, P, N, N, N]),
    (Stage::Registry, Field::Conduct,        [P, N, N, N, Y, N, P, P, N, N, N]),
    (Stage::Registry, Field::Reporter,       [P, N, N, N, N, N, P, P, N, N, N]),
    (Stage::Registry, Field::Looks,          [N, N, N, N, Y, N, Y, Y, N, N, N]),
    (Stage::DrawnSealed, Field::Number,      [N, P, N, N, N, N, P, N, N, N, N]),
    (Stage::DrawnSealed, Field::Name,        [N, P, N, N, N, N, P, N, N, N, N]),
    (Stage::DrawnSealed, Field::Contacts,    [N, P, N, N, N, N, P, N, N, N, N]),
    (Stage::AtTheDesk, Field::Number,        [N, P, N, N, N, N, P, N, N, N, N]),
    (Stage::AtTheDesk, Field::Name,          [N, P, N, N, N, N, P, N, N, P, N]),
    (Stage::AtTheDesk, Field::Contacts,      [N, P, N, N, N, N, P, N, N, N, N]),
    (Stage::DuringReview, Field::Number,     [N, P, N, N, N, N, P, N, N, N, N]),
    (Stage::DuringReview, Field::Name,       [N, P, N, P, N, N, P, N, N, P, N]),
    (Stage::DuringReview, Field::Contacts,   [N, P, N, N, N, N, P, N, N, N, N]),
    (Stage::AfterAnnouncement, Field::Number,   [Y, Y, Y, Y, Y, Y, Y, Y, Y, Y, Y]),
    (Stage::AfterAnnouncement, Field::Name,     [Y, Y, Y, Y, Y, Y, Y, Y, Y, Y, Y]),
    (Stage::AfterAnnouncement, Field::Contacts, [N, P, N, N, N, N, P, N, N, N, N]),
];

/// One cell of the table.
pub fn cell(viewer: Viewer, field: Field, stage: Stage) -> View {
    let row = TABLE.iter().find(|(s, f, _)| (*s, *f) == (stage, field));
    let column = Viewer::ALL.iter().position(|known| *known == viewer);
    row.zip(column).and_then(|((_, _, views), column)| views.get(column)).copied().unwrap_or(N)
}

/// What one account sees of one expert at one stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    viewers: Vec<Viewer>,
    stage: Stage,
}

impl Sight {
    /// Of an account on an expert.
    pub fn of(actor: &Actor, expert: &str, stage: Stage) -> Self {
        Self { viewers: Viewer::of(actor, expert), stage }
    }

    /// What is seen of a field: the most that one of the account's rights shows.
    pub fn sees(&self, field: Field) -> View {
        self.viewers.iter().map(|viewer| cell(*viewer, field, self.stage)).max().unwrap_or(N)
    }

    /// A text as it is seen: whole, masked, or not at all.
    pub fn text(&self, field: Field, text: &str) -> Option<String> {
        match self.sees(field) {
            View::No => None,
            View::Masked => Some(masked(text)),
            View::Purpose | View::Yes => Some(text.to_owned()),
        }
    }
}

/// A text with all but its last four characters hidden; a short one wholly.
pub fn masked(text: &str) -> String {
    let count = text.chars().count();
    let shown = if count > 8 { 4 } else { 0 };
    let hidden = count - shown;
    text.chars().enumerate().map(|(at, c)| if at < hidden { '*' } else { c }).collect()
}

/// The table as the document shows it: one table a stage, without the rows that are `no` throughout.
pub fn markdown() -> String {
    let mut text = String::new();
    for stage in Stage::ALL {
        text.push_str(&format!("**`{}`**\n\n", stage.name()));
        let rows: Vec<Field> = Field::ALL
            .into_iter()
            .filter(|field| Viewer::ALL.into_iter().any(|viewer| cell(viewer, *field, stage) > N))
            .collect();
        if rows.is_empty() {
            text.push_str("Nobody sees anything of anybody.\n\n");
            continue;
        }
        let names: Vec<&str> = Viewer::ALL.into_iter().map(Viewer::name).collect();
        text.push_str(&format!("| field | {} |\n|---|{}\n", names.join(" | "), "---|".repeat(names.len())));
        for field in rows {
            let cells: Vec<&str> =
                Viewer::ALL.into_iter().map(|viewer| cell(viewer, field, stage).name()).collect();
            text.push_str(&format!("| `{}` | {} |\n", field.name(), cells.join(" | ")));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::actor::Action;
    use super::*;

    #[test]
    fn the_document_shows_the_table_cell_by_cell() {
        let document = std::fs::read_to_string("api-spec/registry-v1.md").unwrap();
        assert!(document.contains(&markdown()), "api-spec/registry-v1.md §H must hold:\n\n{}", markdown());
    }

    #[test]
    fn what_must_never_be_seen_is_seen_in_no_cell() {
        for stage in Stage::ALL {
            for field in Field::ALL {
                let sees = |viewer| cell(viewer, field, stage);
                // Until the announcement names the panel, these see nothing of anybody.
                let named = stage == Stage::AfterAnnouncement;
                for viewer in [
                    Viewer::Administrator,
                    Viewer::AccountDesk,
                    Viewer::Buyer,
                    Viewer::OtherExpert,
                    Viewer::Public,
                ] {
                    // Who has signed in is named to the agency that receives them.
                    let here = stage == Stage::DuringReview && viewer == Viewer::Buyer && sees(viewer) == P;
                    assert!(sees(viewer) == N || named || here, "{viewer:?} {field:?} {stage:?}");
                    assert!(sees(viewer) == N || matches!(field, Field::Name | Field::Number));
                }
                // Those who manage the registry learn nothing of panels, those who use it nothing of it.
                if stage == Stage::Registry {
                    assert_eq!(sees(Viewer::DrawDesk), N);
                } else if !named {
                    assert_eq!(
                        (sees(Viewer::Keeper), sees(Viewer::Supervisor)),
                        (N, N),
                        "{field:?} {stage:?}"
                    );
                }
                // A venue learns names of those who stand at its desk, and nothing else.
                let at_the_desk = matches!(stage, Stage::AtTheDesk | Stage::DuringReview);
                let name = at_the_desk && field == Field::Name;
                assert!(sees(Viewer::Venue) == N || named || name, "{field:?} {stage:?}");
                assert_eq!(cell(Viewer::Oneself, Field::Reporter, stage), N);
                assert_eq!(cell(Viewer::Auditor, field, Stage::BeforeDraw), N);
            }
        }
        assert_eq!(cell(Viewer::Supervisor, Field::Identity, Stage::Registry), M);
    }

    #[test]
    fn an_account_that_sees_something_in_the_registry_is_one_that_may_ask() {
        for role in Role::ALL {
            for right in Right::ALL {
                let mut actor = Actor::of_role("A", role);
                if role == Role::Bureau {
                    actor.rights = vec![right];
                }
                actor.expert = Some("E".into());
                let sight = Sight::of(&actor, "E", Stage::Registry);
                let may = actor.may(Action::ReadRegistry) || actor.may(Action::OwnRecord);
                assert_eq!(sight.sees(Field::Name) > N, may, "{role:?} {right:?}");
                let here = Sight::of(&actor, "", Stage::DuringReview).sees(Field::Name) > N;
                assert_eq!(here, actor.may(Action::SeePresent), "{role:?} {right:?}");
                let panel = Sight::of(&actor, "E", Stage::DrawnSealed);
                assert_eq!(panel.sees(Field::Name) > N, actor.may(Action::OpenPanel), "{role:?} {right:?}");
            }
        }
        let mut both = Actor::of_role("A", Role::Bureau);
        both.rights = vec![Right::Accounts, Right::Registrar];
        assert_eq!(Sight::of(&both, "E", Stage::Registry).sees(Field::Name), P);
        both.rights.clear();
        assert_eq!(Sight::of(&both, "E", Stage::Registry).sees(Field::Number), N);
    }

    #[test]
    fn a_mask_hides_all_but_the_last_four_characters() {
        assert_eq!(masked("430602197001010012"), "**************0012");
        assert_eq!(masked("13800000000"), "*******0000");
        assert_eq!(masked("1970"), "****");
        assert_eq!(masked("王小明"), "***");
        let supervisor = Sight::of(&Actor::of_role("S", Role::Supervisor), "E", Stage::Registry);
        assert_eq!(supervisor.text(Field::Identity, "430602197001010012").unwrap(), "**************0012");
        assert_eq!(supervisor.text(Field::Name, "王小明").unwrap(), "王小明");
        let administrator = Sight::of(&Actor::of_role("K", Role::Administrator), "E", Stage::Registry);
        assert_eq!(administrator.text(Field::Name, "王小明"), None);
    }
}
