//! A whole log with one draw, made in memory from fixed keys: no database, no clock, no randomness.
//! The bytes are the same on every run, so they are vectors for other implementations too.

use std::collections::BTreeMap;

use ed25519_dalek::{Signer, SigningKey};
use expert_draw::codec::{Hash, Json, LabelledHash, Object};
use expert_draw::draw::commitment::{Commitment, Contributor, Group, Kept};
use expert_draw::draw::decide;
use expert_draw::draw::identity::DrawKey;
use expert_draw::draw::pool::{self, Candidate, Excluded, Pool};
use expert_draw::draw::request::{GroupRequest, Organisation, Request, names_digest};
use expert_draw::draw::seats::Seated;
use expert_draw::draw::seed::{self, Contribution};
use expert_draw::draw::statements::{Contributed, Drawn, Unsealed, Void, VoidReason};
use expert_draw::draw::tags::{Tags, tags};
use expert_draw::draw::vrf::VrfSecret;
use expert_draw::evidence::openings::{
    AuditorOpenings, CandidateOpening, ExcludedOpening, NamesOpening, PackageOpening, SeatedOpening,
};
use expert_draw::evidence::{Audience, Evidence, EvidenceEntry, Format, Openings};
use expert_draw::log::opened::LogOpened;
use expert_draw::log::{
    Algorithm, Checkpoint, KeyRegistered, KeyUse, Origin, Policy, Statement, VerifierKey, key_digest, merkle,
    sign_note, sign_statement,
};
use expert_draw::registry::{card_digest, expert_card, image_digest};

pub const PROFILE: &str = include_str!("../../src/rules/data/hunan-2023.json");
pub const START: i64 = 1_790_000_000;

/// Which life the draw of the fixture has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Life {
    Drawn,
    Unsealed,
    Voided,
    VoidedAfterDrawn,
}

pub struct Person {
    pub number: String,
    pub name: String,
    pub unit: Option<String>,
    pub further_units: Vec<String>,
    pub groups: u32,
    pub registry: u64,
    pub card_salt: [u8; 32],
    pub rest: Hash,
    pub image: Hash,
}

pub struct Log {
    pub origin: Origin,
    pub log_key: SigningKey,
    pub statements_key: SigningKey,
    pub draw_vrf: VrfSecret,
    pub tag_vrf: VrfSecret,
    pub statements: Vec<Statement>,
    pub notes: Vec<String>,
    /// Seconds that passed beside the minute per statement.
    pub waited: i64,
    /// Who contributes to the next draw beside the operator.
    pub others: Vec<Contributor>,
}

/// 32 bytes that follow from a name.
pub fn bytes(name: &str) -> [u8; 32] {
    LabelledHash::new("fixture").variable(name.as_bytes()).finish().0
}

impl Log {
    pub fn new() -> Self {
        let key = |name: &str| SigningKey::from_bytes(&bytes(name));
        Self {
            origin: Origin::new("draw.example/430600").unwrap(),
            log_key: key("log"),
            statements_key: key("statements"),
            draw_vrf: VrfSecret::from_seed(bytes("draw vrf")),
            tag_vrf: VrfSecret::from_seed(bytes("tag vrf")),
            statements: vec![],
            notes: vec![],
            waited: 0,
            others: vec![],
        }
    }

    pub fn verifier(&self, statements: bool) -> VerifierKey {
        let (name, key) = if statements {
            (self.origin.statements_key_name(), &self.statements_key)
        } else {
            (self.origin.log_key_name().clone(), &self.log_key)
        };
        VerifierKey::new(name, Algorithm::Ed25519, key.verifying_key().to_bytes()).unwrap()
    }

    pub fn policy_text(&self) -> String {
        format!("log {}\nquorum none\n", self.verifier(false))
    }

    pub fn policy(&self) -> Policy {
        Policy::parse(self.policy_text().as_bytes()).unwrap()
    }

    /// The time of the next statement.
    pub fn next_time(&self) -> i64 {
        START + 60 * self.statements.len() as i64 + self.waited
    }

    /// Adds a statement, one minute after the one before; answers its index.
    pub fn say(&mut self, kind: &str, fields: Object) -> u64 {
        let Json::Map(body) = Json::from(fields) else { unreachable!() };
        let body: BTreeMap<String, Json> = body;
        let index = self.statements.len() as u64;
        let time = self.next_time();
        let statement = Statement::new(kind, self.origin.clone(), time, body).unwrap();
        let key = self.verifier(true);
        let note = sign_statement(&statement, &key, |m| self.statements_key.sign(m).to_bytes()).unwrap();
        self.notes.push(note.to_string());
        self.statements.push(statement);
        index
    }

    /// Registers the next key of a use, which is in force from then on; answers the digest of the one before.
    pub fn rotate(&mut self, usage: KeyUse) -> Hash {
        let secret = SigningKey::from_bytes(&bytes(&format!("{} 2", usage.name())));
        let vrf = VrfSecret::from_seed(bytes(&format!("{} 2", usage.name())));
        let key = if usage.is_vrf() { *vrf.public().as_bytes() } else { secret.verifying_key().to_bytes() };
        let text = KeyRegistered::possession_text(self.origin.as_str(), usage, &key);
        let proof = if usage.is_vrf() {
            vrf.prove(text.as_bytes()).as_bytes().to_vec()
        } else {
            secret.sign(text.as_bytes()).to_bytes().to_vec()
        };
        let said = KeyRegistered { usage, key, proof: Some(proof), name: None, witness: None };
        self.say(KeyRegistered::TYPE, said.fields());
        let before = match usage {
            KeyUse::Log => std::mem::replace(&mut self.log_key, secret).verifying_key().to_bytes(),
            KeyUse::Statements => {
                std::mem::replace(&mut self.statements_key, secret).verifying_key().to_bytes()
            }
            KeyUse::DrawVrf => *std::mem::replace(&mut self.draw_vrf, vrf).public().as_bytes(),
            _ => *std::mem::replace(&mut self.tag_vrf, vrf).public().as_bytes(),
        };
        key_digest(&before)
    }

    /// Puts another body into a statement that stands already, signed anew; `None` if it is none.
    pub fn replace(&mut self, index: usize, body: BTreeMap<String, Json>) -> Option<()> {
        let before = &self.statements[index];
        let statement = Statement::new(before.kind(), self.origin.clone(), before.time(), body).ok()?;
        let key = self.verifier(true);
        let note = sign_statement(&statement, &key, |m| self.statements_key.sign(m).to_bytes()).ok()?;
        self.notes[index] = note.to_string();
        self.statements[index] = statement;
        Some(())
    }

    pub fn leaf_hashes(&self) -> Vec<Hash> {
        self.statements.iter().map(Statement::leaf_hash).collect()
    }

    pub fn checkpoint(&self) -> String {
        let leaves = self.leaf_hashes();
        let root = merkle::root(&leaves);
        let head = Checkpoint { origin: self.origin.clone(), size: leaves.len() as u64, root };
        let note = sign_note(&head.to_text(), &self.verifier(false), |m| self.log_key.sign(m).to_bytes());
        note.unwrap().to_string()
    }
}

/// A log with a draw of 40 candidates, 5 seats in 3 groups, and some people excluded.
pub struct Draw {
    pub log: Log,
    /// Those in the pool first.
    pub people: Vec<Person>,
    pub excluded: Vec<Excluded>,
    pub key: DrawKey,
    pub request: Request,
    pub tags: Tags,
    pub pool: Pool,
    pub commitment: Commitment,
    pub alpha: Hash,
    pub drawn: Option<Drawn>,
    /// Final members, once the draw has calls.
    pub members: Option<Vec<Seated>>,
    pub entries: Vec<u64>,
}

/// The attempt of a draw: which, after which, with whom kept, by expert number.
pub struct Attempt {
    pub number: u32,
    pub predecessor: Option<Hash>,
    /// Number, site, and group after sign-in.
    pub kept: Vec<(String, u32, Option<u32>)>,
    pub key: DrawKey,
}

impl Draw {
    pub fn new(life: Life) -> Self {
        let mut draw = Self::committed(44, 40);
        draw.live(life);
        draw
    }

    /// A log with `people`, and the commitment of a draw with the first `inside` of them.
    pub fn committed(people: usize, inside: usize) -> Self {
        let mut log = Log::new();
        let opened = LogOpened {
            jurisdiction: "430600".into(),
            log: log.log_key.verifying_key().to_bytes(),
            statements: log.statements_key.verifying_key().to_bytes(),
            draw_vrf: *log.draw_vrf.public().as_bytes(),
            tag_vrf: *log.tag_vrf.public().as_bytes(),
        };
        log.say(LogOpened::TYPE, opened.fields());
        let profile = LabelledHash::new("profile").variable(PROFILE.as_bytes()).finish();
        log.say("profile.loaded", Object::new().with("profile", profile));
        let people: Vec<Person> = (0..people).map(|n| person(&mut log, n)).collect();
        log.say("package.recorded", Object::new().with("image", Hash(bytes("package"))));
        let excluded = people[inside..].iter().map(|person| exclusion(person, &EXCLUDING)).collect();
        let key = DrawKey(bytes("draw key"));
        let first = Attempt { number: 1, predecessor: None, kept: vec![], key };
        Self::commit(log, people, inside, excluded, first)
    }

    /// Commits to a draw with the first `inside` of `people`.
    pub fn commit(
        mut log: Log,
        people: Vec<Person>,
        inside: usize,
        mut excluded: Vec<Excluded>,
        attempt: Attempt,
    ) -> Self {
        let request = request();
        let key = attempt.key;
        let candidates: Vec<Candidate> = people[..inside].iter().map(candidate).collect();
        excluded.sort_by(|a, b| a.number.cmp(&b.number));
        let pool = pool::build(&key, &candidates, &related()).unwrap();
        let tags = tags(&log.tag_vrf, &request.plan, &request.package).unwrap();
        let kept = pool.origin.iter().zip(0u32..).filter_map(|(origin, position)| {
            let number = &people[*origin].number;
            let (_, site, group) = attempt.kept.iter().find(|(kept, ..)| kept == number)?;
            Some(match group {
                Some(group) => Kept::Group { position, group: *group },
                None => Kept::Site { position, site: *site },
            })
        });
        let mut commitment = Commitment {
            attempt: attempt.number,
            predecessor: attempt.predecessor,
            package_tag: tags.package,
            plan_tag: tags.plan,
            tag_key: key_digest(log.tag_vrf.public().as_bytes()),
            request: request.digest(&key.request_salt()),
            names: names_digest(&key.names_salt(), &request.groups),
            profile: LabelledHash::new("profile").variable(PROFILE.as_bytes()).finish(),
            registry: people.iter().map(|person| person.registry).max().unwrap(),
            groups: request.groups.iter().map(|g| Group { seats: g.seats, site: g.site }).collect(),
            unit_cap: 1,
            lots: 1,
            margin: 2,
            window_minutes: 60,
            pool_size: pool.leaves.len() as u32,
            pool_root: pool::root(&pool.leaves),
            excluded: pool::excluded_digest(&key, &excluded),
            kept: kept.collect(),
            forced_accepted_by: None,
            contributions: vec![Contributor::Operator { key: key_digest(log.draw_vrf.public().as_bytes()) }],
            deadline: START + log.waited + 86_400,
        };
        commitment.contributions.append(&mut log.others);
        commitment.contributions.sort_by_key(Contributor::kind);
        let index = log.say(Commitment::TYPE, commitment.fields());
        let alpha = seed::alpha(index, &log.leaf_hashes()[index as usize]);
        Self {
            log,
            people,
            excluded,
            key,
            request,
            tags,
            pool,
            commitment,
            alpha,
            drawn: None,
            members: None,
            entries: vec![0, 1, index],
        }
    }

    fn live(&mut self, life: Life) {
        let alpha = self.alpha;
        let void = |approver: Option<&str>| Void {
            alpha,
            reason: VoidReason::RequestWrong,
            actor: "A-agency".into(),
            approver: approver.map(str::to_owned),
        };
        if life != Life::Voided {
            self.draw_now();
        }
        if matches!(life, Life::Voided | Life::VoidedAfterDrawn) {
            let proposed = self.log.say(Void::PROPOSED, void(None).fields());
            let voided = self.log.say(Void::CONFIRMED, void(Some("A-bureau")).fields());
            self.entries.extend([proposed, voided]);
        }
        if life == Life::Unsealed {
            let unsealed = Unsealed { alpha, announcement: "岳采公告2026-17".into() };
            let index = self.log.say(Unsealed::TYPE, unsealed.fields());
            self.entries.push(index);
        }
        self.look();
    }

    /// Something later, so that no proof is the trivial one.
    pub fn look(&mut self) {
        self.log.say("access.recorded", Object::new().with("image", Hash(bytes("look"))));
    }

    pub fn draw_now(&mut self) {
        let proof = self.log.draw_vrf.prove(self.alpha.as_bytes());
        let beta = self.log.draw_vrf.public().verify(self.alpha.as_bytes(), &proof).unwrap();
        let key = key_digest(self.log.draw_vrf.public().as_bytes());
        let contributed = Contributed { alpha: self.alpha, key, proof };
        let contribution = self.log.say(Contributed::TYPE, contributed.fields());
        let seed = seed::seed(&self.alpha, &[Contribution::Operator(beta.0)]).unwrap();
        let decision = decide::panel(&self.commitment, &self.pool.leaves, &seed).unwrap();
        let drawn = Drawn {
            alpha: self.alpha,
            contributions: vec![contribution],
            seed,
            seats: decision.seats,
            branches: decision.branches,
        };
        let index = self.log.say(Drawn::TYPE, drawn.fields());
        self.entries.extend([contribution, index]);
        self.drawn = Some(drawn);
    }

    /// The evidence for an audience; openings where the audience has them.
    pub fn evidence(&self, audience: Audience, open: bool) -> Evidence {
        let openings = open.then(|| self.openings(audience));
        let mut entries = self.entries.clone();
        entries.extend(openings.iter().flat_map(|o| o.seated.iter().map(|member| member.registry)));
        entries.sort_unstable();
        let leaves = self.log.leaf_hashes();
        let entry = |index: u64| EvidenceEntry {
            index,
            note: self.log.notes[index as usize].clone(),
            proof: merkle::inclusion_proof(&leaves, index).unwrap(),
        };
        Evidence {
            format: if self.members.is_some() { Format::V2 } else { Format::V1 },
            shared: None,
            audience,
            checkpoint: self.log.checkpoint(),
            entries: entries.into_iter().map(entry).collect(),
            alpha: self.alpha,
            life: self.entries[2..].to_vec(),
            profile: PROFILE.into(),
            pool: self.pool.leaves.iter().map(|leaf| leaf.to_bytes()).collect(),
            openings,
        }
    }

    fn openings(&self, audience: Audience) -> Openings {
        let drawn = self.drawn.as_ref().map(|drawn| &drawn.seats);
        let seats = self.members.as_ref().or(drawn);
        let seated = seats.into_iter().flatten().map(|seat| {
            let person = &self.people[self.pool.origin[seat.position as usize]];
            SeatedOpening {
                draw_salt: Hash(self.key.candidate_salt(&person.number)),
                number: person.number.clone(),
                name: person.name.clone(),
                card_salt: Hash(person.card_salt),
                rest: person.rest,
                registry: person.registry,
            }
        });
        Openings {
            package: PackageOpening {
                plan: self.request.plan.clone(),
                package: self.request.package.clone(),
                plan_proof: self.tags.plan_proof,
                package_proof: self.tags.package_proof,
            },
            names: NamesOpening { salt: Hash(self.key.names_salt()), groups: self.request.groups.clone() },
            seated: seated.collect(),
            auditor: (audience == Audience::Auditor).then(|| self.auditor_part()),
        }
    }

    fn auditor_part(&self) -> AuditorOpenings {
        let opened = |origin: &usize| {
            let person = &self.people[*origin];
            let mut relations: Vec<String> = related()
                .into_iter()
                .filter_map(|(one, other)| match () {
                    () if one == person.number => Some(other),
                    () if other == person.number => Some(one),
                    () => None,
                })
                .collect();
            relations.retain(|other| self.pool.origin.iter().any(|p| self.people[*p].number == *other));
            relations.sort();
            CandidateOpening {
                number: person.number.clone(),
                image: person.image,
                registry: person.registry,
                unit: person.unit.clone(),
                further_units: person.further_units.clone(),
                relations,
            }
        };
        let excluded = |person: &Excluded| ExcludedOpening {
            number: person.number.clone(),
            image: person.image,
            registry: person.registry,
            rules: person.rules.clone(),
        };
        AuditorOpenings {
            request: self.request.clone(),
            draw_key: Hash(self.key.0),
            candidates: self.pool.origin.iter().map(opened).collect(),
            excluded: self.excluded.iter().map(excluded).collect(),
        }
    }
}

fn number(n: usize) -> String {
    format!("E{:016}", n * 7919 % 1000)
}

/// Two people who know each other, so that relation tags are in the vectors.
fn related() -> Vec<(String, String)> {
    vec![(number(3), number(5))]
}

pub fn person(log: &mut Log, n: usize) -> Person {
    let number = number(n);
    let name = format!("专家{n}");
    let card_salt = bytes(&format!("card {n}"));
    let rest = Hash(bytes(&format!("rest {n}")));
    let image = image_digest(card_digest(&card_salt, &expert_card(&number, &name)), rest);
    let registry = log.say("registry.expert", Object::new().with("image", image));
    Person {
        name,
        unit: (!n.is_multiple_of(9)).then(|| format!("91{:016}", n / 3)),
        further_units: if n % 10 == 1 { vec![format!("91{:016}", 8)] } else { vec![] },
        groups: [0b001, 0b010, 0b100, 0b011][n % 4],
        registry,
        card_salt,
        rest,
        image,
        number,
    }
}

fn candidate(person: &Person) -> Candidate {
    Candidate {
        number: person.number.clone(),
        image: person.image,
        registry: person.registry,
        groups: person.groups,
        lots: 1,
        unit: person.unit.clone(),
        further_units: person.further_units.clone(),
    }
}

/// The rules against those who are excluded from a first attempt.
pub const EXCLUDING: [&str; 2] = ["age_limit", "conflict_employment_3y"];

pub fn exclusion(person: &Person, rules: &[&str]) -> Excluded {
    Excluded {
        number: person.number.clone(),
        image: person.image,
        registry: person.registry,
        rules: rules.iter().map(|rule| (*rule).to_owned()).collect(),
    }
}

pub fn request() -> Request {
    let organisation = |n: usize| Organisation { code: format!("92{n:016}"), name: format!("单位{n}") };
    let group = |speciality: &str, within: &str, except: &[&str], seats, site| GroupRequest {
        speciality: speciality.into(),
        within: vec![within.into()],
        except: except.iter().map(|code| (*code).to_owned()).collect(),
        seats,
        site,
    };
    Request {
        plan: "430600-2026-17".into(),
        package: "2".into(),
        purchaser: organisation(1),
        agency: organisation(2),
        suppliers: (3..6).map(organisation).collect(),
        review_start: START + 200_000,
        groups: vec![
            group("ndrc316:A0832", "430600", &[], 2, 1),
            group("ndrc316:A0832", "430000", &["430600"], 2, 2),
            group("ndrc316:C0602", "430000", &["430600"], 1, 2),
        ],
    }
}
