//! Stale records and reminders: what follows from the days in a record and the months and days of the
//! registry profile. Steps of `due`.
//!
//! Looks at every record in the drawing index, and opens only those for which something is to do.
//! A record that was never confirmed counts from its newest change: that is when somebody last said
//! that it is right.
//!
//! *Invariant:* for one person, topic and day there is one reminder, whatever is run how often.
//!
//! *Deliberately not here:* sending messages (a later issue); they follow the journal.

use super::Service;
use super::actor::Actor;
use super::carrying::journal_kind;
use super::cases::{NewCase, all_rows};
use super::due::Batch;
use super::refusal::Refusal;
use crate::registry::keeping::{REMINDER, ReminderBody, Topic, months_after, reminder_due};
use crate::registry::lifecycle::Party;
use crate::registry::{Event, EventKind, Expert, StaleReason, Standing};
use crate::store;
use crate::store::case::CaseFilter;
use crate::time::{Date, Timestamp};

/// Somebody for whom days matter: the number, and the log index of the newest change.
struct Found<T> {
    number: String,
    what: T,
}

impl Service {
    /// Marks records that nobody confirmed in time, and those whose person nears the age limit.
    pub(super) fn mark_stale(&self) -> Result<u64, Refusal> {
        let (itself, today) = (Actor::of_service(), Date::of(self.clock.now()));
        let months = -months(self.registry_profile().keeping.stale_months.value);
        let unchanged_since = self.first_entry_from(months_after(today, months).start())?;
        let mut found = Vec::new();
        for indexed in self.current_index()?.all() {
            if let Some(why) = self.why_stale(&indexed.expert, indexed.registry < unchanged_since, today) {
                found.push(Found { number: indexed.expert.number().as_str().to_owned(), what: why });
            }
        }
        let mut batch = Batch::new(self, "mark stale records");
        for one in found {
            let (record, key) = self.expert_record(&one.number)?;
            // The index may be behind: the record decides.
            let unchanged = record.entry.unsigned_abs() < unchanged_since;
            if self.why_stale(&record.expert, unchanged, today) != Some(one.what) {
                continue;
            }
            let stale = record.expert.decided(Event::MarkStale(one.what), today);
            let stale = stale.map_err(super::decisions::refused)?;
            let kind = journal_kind(EventKind::MarkStale);
            batch.expert(self.expert_change(&itself, &stale, record.version + 1, kind, Some(key))?)?;
        }
        batch.finish()
    }

    /// Opens reminders, and reminds again when the next of the profile's days is reached.
    pub(super) fn remind(&self) -> Result<u64, Refusal> {
        let today = Date::of(self.clock.now());
        let keeping = &self.registry_profile().keeping;
        let longest = keeping.reminder_days.iter().copied().max().unwrap_or(0);
        // Nobody whose newest change is younger can have a confirmation to be reminded of.
        let quiet = months_after(today, -months(keeping.confirmation_months.value));
        let quiet_since = self.first_entry_from(quiet.plus_days(i64::from(longest) + 1).start())?;
        let mut found = Vec::new();
        for indexed in self.current_index()?.all() {
            let quiet = (indexed.registry < quiet_since).then_some(indexed.registry);
            let mut days = self.days_that_matter(&indexed.expert);
            if !in_registry(&indexed.expert) {
                continue;
            }
            if indexed.expert.confirmed().is_none()
                && let Some(entry) = quiet
            {
                days.push((Topic::Confirmation, self.confirmation_after_entry(entry)?));
            }
            let due = days.into_iter().filter_map(|(topic, day)| {
                let days_before = reminder_due(day, today, &keeping.reminder_days)?;
                Some(ReminderBody { topic, day, days_before })
            });
            let due: Vec<ReminderBody> = due.collect();
            if !due.is_empty() {
                let region = indexed.expert.regions().first().map(|region| region.as_str().to_owned());
                found
                    .push(Found { number: indexed.expert.number().as_str().to_owned(), what: (due, region) });
            }
        }
        let mut batch = Batch::new(self, "remind");
        for Found { number, what: (due, region) } in found {
            self.remind_one(&mut batch, &number, region.as_deref(), due)?;
        }
        batch.finish()
    }

    fn remind_one(
        &self,
        batch: &mut Batch<'_>,
        number: &str,
        region: Option<&str>,
        due: Vec<ReminderBody>,
    ) -> Result<(), Refusal> {
        let itself = Actor::of_service();
        let filter = CaseFilter {
            kinds: vec![REMINDER.name.to_owned()],
            subject: Some(number.to_owned()),
            ..CaseFilter::default()
        };
        let cases = self.store.read(|conn| self.all_cases(conn, &filter))?;
        let mut known = Vec::with_capacity(cases.len());
        for case in cases {
            known.push((ReminderBody::from_json(&case.body).map_err(Refusal::internal)?, case));
        }
        for body in due {
            let same = known.iter().find(|(other, _)| (other.topic, other.day) == (body.topic, body.day));
            match same {
                None => {
                    let new = NewCase {
                        lifecycle: &REMINDER,
                        letter: 'M',
                        subject: Some(number),
                        region,
                        parent: None,
                        owner: None,
                        due: Some(body.day.plus_days(1).start().0),
                        body: body.to_json(),
                        sealed_for: Some(number),
                    };
                    let case = self.begin_case(&itself, &[Party::Clock], "remind", new)?;
                    batch.case(self.case_change(&case)?)?;
                }
                Some((before, case)) if case.state == "open" && before.days_before > body.days_before => {
                    let mut case = case.clone();
                    self.step_case(&itself, &[Party::Clock], &REMINDER, &mut case, "remind_again")?;
                    case.body = body.to_json();
                    batch.case(self.case_change(&case)?)?;
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// Closes reminders whose matter is settled, or whose day is past.
    pub(super) fn close_reminders(&self) -> Result<u64, Refusal> {
        let today = Date::of(self.clock.now());
        let filter = CaseFilter {
            kinds: vec![REMINDER.name.to_owned()],
            states: vec!["open".to_owned()],
            ..CaseFilter::default()
        };
        let rows = self.store.read(|conn| all_rows(conn, &filter))?;
        let mut batch = Batch::new(self, "close reminders");
        for row in rows {
            let case = self.store.read(|conn| self.open_case(conn, &row))?;
            let body = ReminderBody::from_json(&case.body).map_err(Refusal::internal)?;
            let number = row.subject.clone().unwrap_or_default();
            let expert = {
                let index = self.current_index()?;
                index.find(&number).map(|indexed| indexed.expert.clone())
            };
            let settled = expert.is_none_or(|expert| self.reminder_settled(&expert, &body));
            let event = if settled {
                "settle"
            } else if body.day < today {
                "lapse"
            } else {
                continue;
            };
            batch.step(&REMINDER, &row, event, |case| case.due = None)?;
        }
        batch.finish()
    }

    /// Whether what a reminder is about is no longer so.
    fn reminder_settled(&self, expert: &Expert, body: &ReminderBody) -> bool {
        match body.topic {
            Topic::Confirmation => expert.confirmed().is_some_and(|day| {
                months_after(day, months(self.registry_profile().keeping.confirmation_months.value))
                    > body.day
            }),
            topic => !self.days_that_matter(expert).contains(&(topic, body.day)),
        }
    }

    /// The days of a record on which something happens; the confirmation of one that was confirmed.
    fn days_that_matter(&self, expert: &Expert) -> Vec<(Topic, Date)> {
        let keeping = &self.registry_profile().keeping;
        let mut days = vec![(Topic::TermEnd, expert.term_to()), (Topic::AgeLimit, self.age_limit(expert))];
        let ends = expert.particulars().certificates.iter().filter_map(|certificate| certificate.valid_to);
        days.extend(ends.map(|day| (Topic::Certificate, day)));
        let months = months(keeping.confirmation_months.value);
        days.extend(expert.confirmed().map(|day| (Topic::Confirmation, months_after(day, months))));
        days
    }

    /// The first day on which the person is too old (198号 art 6(5), the profile's number).
    fn age_limit(&self, expert: &Expert) -> Date {
        let conditions = &self.registry_profile().conditions;
        let scarce = conditions.scarce.as_ref().filter(|_| expert.particulars().relaxation.is_some());
        let years = scarce.map_or(conditions.age_renewal.value, |scarce| scarce.age.value);
        expert.birth().plus_years(months(years))
    }

    /// Why a record is to be marked stale today; `None`: it is not. After a confirmation on or after
    /// the last day of reminding, the age limit marks it no more: somebody has looked at it.
    fn why_stale(&self, expert: &Expert, unchanged: bool, today: Date) -> Option<StaleReason> {
        if expert.standing().on(today) != Standing::Active {
            return None;
        }
        let keeping = &self.registry_profile().keeping;
        let months = months(keeping.stale_months.value);
        let unconfirmed = match expert.confirmed() {
            Some(day) => months_after(day, months) < today,
            None => unchanged,
        };
        if unconfirmed {
            return Some(StaleReason::Unconfirmed);
        }
        let last = keeping.reminder_days.iter().copied().min().unwrap_or(0);
        let near = self.age_limit(expert).plus_days(-i64::from(last));
        (near <= today && expert.confirmed().is_none_or(|day| day < near)).then_some(StaleReason::NearLimit)
    }

    /// When a record that was never confirmed is to be: so many months after its newest change.
    fn confirmation_after_entry(&self, entry: u64) -> Result<Date, Refusal> {
        let found = self.store.read(|conn| store::journal::find(conn, entry))?;
        let changed = found.ok_or_else(|| Refusal::internal(format!("no entry {entry}")))?.time;
        let months = months(self.registry_profile().keeping.confirmation_months.value);
        Ok(months_after(Date::of(Timestamp(changed)), months))
    }

    /// The first journal index whose time is not before this; the journal's times never fall.
    fn first_entry_from(&self, time: Timestamp) -> Result<u64, Refusal> {
        self.store.read(|conn| {
            let (mut low, mut high) = (0, store::head::read(conn)?.size);
            while low < high {
                let middle = low + (high - low) / 2;
                let found = store::journal::find(conn, middle)?;
                if found.is_some_and(|entry| entry.time < time.0) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            Ok(low)
        })
    }
}

fn in_registry(expert: &Expert) -> bool {
    super::leave::in_registry(expert).is_ok()
}

fn months(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
