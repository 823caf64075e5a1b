//! The registry profile of the configuration becomes the one in force, with its whole text in the
//! journal: a case of the kind `registry_profile`, body {name, digest, text}.
//!
//! *Invariants:* starting again with the same profile writes nothing; another text under a name that
//! was loaded before is refused, because a profile is never edited; the profile that was in force is
//! retired in the same write.
//!
//! *Deliberately not here:* choosing a profile by day. A deployment runs under the one it is
//! configured with.

use super::ITSELF;
use super::Service;
use super::actor::{Actor, Role};
use super::cases::{Case, NewCase};
use super::changes::Changes;
use super::refusal::{Kind, Refusal};
use crate::codec::Object;
use crate::registry::lifecycle::Party;
use crate::registry::rules_in_force::{IN_FORCE, REGISTRY_PROFILE};
use crate::rules::RegistryProfile;
use crate::store::case::CaseFilter;

/// First letter of the ids.
const LETTER: char = 'R';
const BY: [Party; 1] = [Party::Administrator];

impl Service {
    /// Puts the configured registry profile in force, if it is not.
    pub(super) fn load_registry_profile(&self) -> Result<(), Refusal> {
        let profile = &self.registry_profile;
        let known = self.loaded_registry_profiles()?;
        let said = |case: &Case, key: &str| {
            let body = case.body.as_map();
            body.and_then(|body| body.get(key)).and_then(|value| value.as_str()).map(str::to_owned)
        };
        let digest = profile.digest().to_hex();
        let same = known.iter().find(|case| said(case, "name").as_deref() == Some(profile.name()));
        if let Some(case) = same {
            if said(case, "digest").as_deref() != Some(digest.as_str()) {
                return Err(edited(profile.name()));
            }
            if case.state == IN_FORCE {
                return Ok(());
            }
        }
        let actor = Actor::of_role(ITSELF, Role::Administrator);
        let mut changes = Changes::default();
        for case in known.iter().filter(|case| case.state == IN_FORCE) {
            let mut retired = case.clone();
            self.step_case(&actor, &BY, &REGISTRY_PROFILE, &mut retired, "retire")?;
            changes = changes.case(self.case_change(&retired)?);
        }
        let loaded = match same {
            Some(case) => {
                let mut loaded = case.clone();
                self.step_case(&actor, &BY, &REGISTRY_PROFILE, &mut loaded, "load")?;
                loaded
            }
            None => self.begin_case(&actor, &BY, "load", new_case(profile, &digest)?)?,
        };
        let changes = changes.case(self.case_change(&loaded)?);
        self.write_changes("load registry profile", changes)
    }

    fn loaded_registry_profiles(&self) -> Result<Vec<Case>, Refusal> {
        let filter = CaseFilter { kinds: vec![REGISTRY_PROFILE.name.to_owned()], ..CaseFilter::default() };
        self.store.read(|conn| self.all_cases(conn, &filter))
    }
}

fn new_case(profile: &RegistryProfile, digest: &str) -> Result<NewCase<'static>, Refusal> {
    let text = std::str::from_utf8(profile.bytes()).map_err(Refusal::internal)?;
    let body = Object::new().with("name", profile.name()).with("digest", digest).with("text", text);
    Ok(NewCase {
        lifecycle: &REGISTRY_PROFILE,
        letter: LETTER,
        subject: None,
        region: None,
        parent: None,
        owner: None,
        due: None,
        body: body.into(),
        sealed_for: None,
    })
}

/// Another text under a name that was loaded before, of either kind of profile.
pub(super) fn edited(name: &str) -> Refusal {
    let zh = format!("规则档案 {name} 曾以另一文本启用；规则档案不得修改，请另起名称");
    let en = format!("profile {name} was loaded with another text before: give a changed one a new name");
    Refusal::new(Kind::Conflict, "profile_edited", zh, en)
}
