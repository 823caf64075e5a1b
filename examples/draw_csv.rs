//! A draw from a CSV file, for comparison with other samplers on the same pool and task.
//!
//! `TASK=task.json draw_csv POOL.csv`. The task: `seed`, `panel`, `home_province`,
//! `max_per_employer`, `exclude_conflict`, `lines` (each `speciality`, `where` home or remote,
//! `seats`). The pool: a header, then `expert_id,region,employer_id,specialities,tier_weight,conflict`
//! with specialities separated by `;` and without quotes. The last line on standard output is
//! `{"panel": [expert_id, …], "phases": {"read": s, "pool": s, "order": s, "seats": s}}`: the panel in
//! drawn order, the phases in seconds.
//!
//! How a row becomes a candidate of `api-spec/draw-v1.md`: groups are the task's lines in their order,
//! lots are `tier_weight` with L = 3, the unit is the employer; the image digest is SHA-256 of the
//! row's bytes without its newline, the registry index is the row's line number (1 after the header).
//! The draw key is SHA-256 of the task's seed, the seed SHA-256 of the same with `|seed` after it.
//!
//! Deliberately not here: a log, contributions and a registry; this measures the draw alone.

use std::error::Error;
use std::time::Instant;
use std::{env, fs};

use expert_draw::codec::{Hash, sha256};
use expert_draw::draw::identity::DrawKey;
use expert_draw::draw::lots::{self, Seed};
use expert_draw::draw::pool::{self, Candidate};
use expert_draw::draw::seats::{self, Plan};
use serde_json::{Value, json};

/// L: the most lots of one candidate.
const MOST_LOTS: u8 = 3;

fn main() -> Result<(), Box<dyn Error>> {
    let task = Task::read(&env::var("TASK").map_err(|_| "TASK names no file")?)?;
    let path = env::args().next_back().filter(|_| env::args().len() > 1).ok_or("usage: draw_csv POOL.csv")?;

    let mut clock = Instant::now();
    let mut lap = || std::mem::replace(&mut clock, Instant::now()).elapsed().as_secs_f64();
    let text = fs::read_to_string(path)?;
    let candidates = candidates(&task, &text)?;
    let read = lap();

    let key = DrawKey(*sha256(&[task.seed.as_bytes()]).as_bytes());
    let pool = pool::build(&key, &candidates, &[])?;
    let root = pool::root(&pool.leaves);
    let built = lap();

    let seed = sha256(&[task.seed.as_bytes(), b"|seed"]);
    let own: Vec<u8> = pool.leaves.iter().map(|leaf| leaf.lots).collect();
    let order = lots::order(&lots::tickets(&Seed(*seed.as_bytes()), &own, MOST_LOTS)?);
    let ordered = lap();

    let people: Vec<seats::Candidate> = pool
        .leaves
        .iter()
        .map(|leaf| seats::Candidate {
            groups: leaf.groups,
            unit: leaf.unit,
            relations: leaf.relations.clone(),
        })
        .collect();
    let panel = seats::panel(&task.plan, &people, &order)?;
    let seated = lap();

    let number = |position: u32| &candidates[pool.origin[position as usize]].number;
    let members: Vec<&String> = panel.seated.iter().map(|seat| number(seat.position)).collect();
    println!("{} candidates, pool root {root}", candidates.len());
    println!(
        "{}",
        json!({
            "panel": members,
            "phases": { "read": read, "pool": built, "order": ordered, "seats": seated },
        })
    );
    Ok(())
}

/// What is to be drawn.
struct Task {
    seed: String,
    home: String,
    exclude_conflict: bool,
    /// Of each group: the speciality, and whether from home.
    lines: Vec<(String, bool)>,
    plan: Plan,
}

impl Task {
    fn read(path: &str) -> Result<Self, Box<dyn Error>> {
        let task: Value = serde_json::from_slice(&fs::read(path)?)?;
        let text = |value: &Value| value.as_str().map(str::to_owned).ok_or("the task lacks a text");
        let count = |value: &Value| value.as_u64().and_then(|n| u32::try_from(n).ok()).ok_or("no count");
        let (mut lines, mut seats) = (Vec::new(), Vec::new());
        for line in task["lines"].as_array().ok_or("the task has no lines")? {
            let is_home = match text(&line["where"])?.as_str() {
                "home" => true,
                "remote" => false,
                other => return Err(format!("where is home or remote, not {other}").into()),
            };
            lines.push((text(&line["speciality"])?, is_home));
            seats.push(count(&line["seats"])?);
        }
        if seats.iter().sum::<u32>() != count(&task["panel"])? {
            return Err("the seats of the lines are not the panel's".into());
        }
        Ok(Self {
            seed: text(&task["seed"])?,
            home: text(&task["home_province"])?,
            exclude_conflict: task["exclude_conflict"].as_bool().unwrap_or(false),
            lines,
            plan: Plan { seats, unit_cap: count(&task["max_per_employer"])? },
        })
    }

    /// Bit g−1 for each group g that somebody can fill.
    fn groups(&self, region: &str, specialities: &str) -> u32 {
        let is_home = region.starts_with(&self.home);
        let fits = |line: &(String, bool)| line.1 == is_home && specialities.split(';').any(|s| s == line.0);
        (0u32..).zip(&self.lines).filter(|(_, line)| fits(line)).fold(0, |mask, (g, _)| mask | 1 << g)
    }
}

/// The rows that can fill a group and are not excluded.
fn candidates(task: &Task, text: &str) -> Result<Vec<Candidate>, Box<dyn Error>> {
    let mut candidates = Vec::new();
    for (number, row) in (1u64..).zip(text.lines().skip(1)) {
        let broken = || format!("row {number} is not expert,region,employer,specialities,lots,conflict");
        let mut fields = row.split(',');
        let mut field = || fields.next().ok_or_else(broken);
        let (expert, region, employer) = (field()?, field()?, field()?);
        let (specialities, weight, conflict) = (field()?, field()?, field()?);
        let groups = task.groups(region, specialities);
        if groups == 0 || (task.exclude_conflict && conflict == "1") {
            continue;
        }
        let image: Hash = sha256(&[row.as_bytes()]);
        candidates.push(Candidate {
            number: expert.to_owned(),
            image,
            registry: number,
            groups,
            lots: weight.parse().map_err(|_| broken())?,
            unit: Some(employer.to_owned()),
            further_units: Vec::new(),
        });
    }
    Ok(candidates)
}
