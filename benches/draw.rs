//! The draw by phases, beside the time to hash as many leaves.
//!
//! `cargo bench --no-default-features --bench draw`. Phases, for pools of 1,000 to 1,000,000:
//! *commitments* (salts, tags and identity commitments), and from ready commitments *sort*, *root*,
//! *lots* (tickets and drawn order) and *seats* (7 seats in 3 groups, at most one of a unit). The
//! references: SHA-256 of as many leaves of 53 bytes (*leaf hashes*), and the RFC 6962 root over them
//! on one thread (*tree*). After criterion's report a summary says how root + sort + lots + seats
//! compare with both; the goal is at most 1.5 times the tree. From 16,385 leaves on the draw hashes on
//! several threads, so the ratio of large pools depends on idle processors. With a filter that fits
//! nothing (`-- summary`) only the summary is made.
//!
//! Deliberately not here: the registry's rules, the log and the database.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BatchSize, BenchmarkId, Criterion, SamplingMode};
use expert_draw::codec::{Hash, sha256};
use expert_draw::draw::identity::DrawKey;
use expert_draw::draw::lots::{self, Seed};
use expert_draw::draw::pool::{self, Candidate, Leaf, Pool};
use expert_draw::draw::seats::{self, Panel, Plan};
use expert_draw::log::merkle;

const SIZES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// The goal: root + sort + lots + seats, as a multiple of the tree.
const GOAL: f64 = 1.5;
const MOST_LOTS: u8 = 3;

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800))
        .sample_size(10)
        .without_plots()
        .configure_from_args();
    let mut summary = Vec::new();
    for size in SIZES {
        let input = Input::new(size);
        criterion_phases(&mut criterion, &input);
        summary.push(Medians::of(&input));
    }
    criterion.final_summary();
    print_summary(&summary);
}

/// All that the phases start from.
struct Input {
    key: DrawKey,
    people: Vec<Candidate>,
    /// In the order of `people`.
    unsorted: Vec<Leaf>,
    pool: Pool,
    /// The leaves of the reference, of 53 bytes each.
    bare: Vec<[u8; 53]>,
    order: Vec<u32>,
}

impl Input {
    fn new(size: usize) -> Self {
        let key = DrawKey([7; 32]);
        let people: Vec<Candidate> = (0..size).map(|n| person(n, size)).collect();
        let unsorted = pool::leaves(&key, &people, &[]).expect("no more than 4,000,000 candidates");
        let pool = pool::sorted(unsorted.clone());
        let bare = pool.leaves.iter().map(|leaf| *leaf.to_bytes().first_chunk().expect("53 bytes")).collect();
        let order = drawn_order(&pool.leaves);
        Self { key, people, unsorted, pool, bare, order }
    }
}

/// Somebody of a pool of `size`: two thirds in one group, one third in two; 12 to a unit; three tiers
/// of lots; one in a thousand with a further employer.
fn person(n: usize, size: usize) -> Candidate {
    let number = format!("E{n:08}");
    let image = sha256(&[number.as_bytes()]);
    let dice = image.as_bytes();
    let units = size.div_ceil(12);
    let unit = |from: usize| {
        let bytes = dice[from..].first_chunk::<4>().expect("32 bytes");
        format!("U{:06}", u32::from_be_bytes(*bytes) as usize % units)
    };
    let (first, second) = (dice[0] % 3, if dice[1] < 85 { dice[2] % 3 } else { dice[0] % 3 });
    Candidate {
        image,
        registry: n as u64 + 1,
        groups: 1 << first | 1 << second,
        lots: [1, 1, 1, 2, 2, 3][usize::from(dice[3] % 6)],
        unit: Some(unit(4)),
        further_units: if n % 1000 == 500 { vec![unit(8)] } else { vec![] },
        number,
    }
}

fn drawn_order(leaves: &[Leaf]) -> Vec<u32> {
    let own: Vec<u8> = leaves.iter().map(|leaf| leaf.lots).collect();
    lots::order(&lots::tickets(&Seed([9; 32]), &own, MOST_LOTS).expect("1 to 3 lots"))
}

fn seat(leaves: &[Leaf], order: &[u32]) -> Panel {
    let plan = Plan { seats: vec![3, 2, 2], unit_cap: 1 };
    let candidate = |leaf: &Leaf| seats::Candidate {
        groups: leaf.groups,
        unit: leaf.unit,
        relations: leaf.relations.clone(),
    };
    let people: Vec<seats::Candidate> = leaves.iter().map(candidate).collect();
    seats::panel(&plan, &people, order).expect("a pool of a thousand fills seven seats")
}

fn leaf_hashes(bare: &[[u8; 53]]) -> Vec<Hash> {
    bare.iter().map(|leaf| merkle::leaf_hash(leaf)).collect()
}

fn criterion_phases(criterion: &mut Criterion, input: &Input) {
    let size = input.people.len();
    let mut group = criterion.benchmark_group("draw");
    group.sampling_mode(SamplingMode::Flat);
    group.bench_function(BenchmarkId::new("commitments", size), |b| {
        b.iter_with_large_drop(|| pool::leaves(&input.key, &input.people, &[]));
    });
    group.bench_function(BenchmarkId::new("sort", size), |b| {
        b.iter_batched(|| input.unsorted.clone(), pool::sorted, BatchSize::PerIteration);
    });
    group.bench_function(BenchmarkId::new("root", size), |b| b.iter(|| pool::root(&input.pool.leaves)));
    group.bench_function(BenchmarkId::new("lots", size), |b| b.iter(|| drawn_order(&input.pool.leaves)));
    group.bench_function(BenchmarkId::new("seats", size), |b| {
        b.iter(|| seat(&input.pool.leaves, &input.order));
    });
    group.bench_function(BenchmarkId::new("reference leaf hashes", size), |b| {
        b.iter(|| leaf_hashes(&input.bare));
    });
    group.bench_function(BenchmarkId::new("reference tree", size), |b| {
        b.iter(|| merkle::root_of_leaves(&input.bare));
    });
    group.finish();
}

/// Medians in seconds, of runs in turn so that a busy machine troubles all alike.
struct Medians {
    size: usize,
    phases: [f64; 5],
    leaf_hashes: f64,
    tree: f64,
}

impl Medians {
    fn of(input: &Input) -> Self {
        let mut times: [Vec<f64>; 7] = Default::default();
        let rounds = if input.people.len() >= 1_000_000 { 7 } else { 15 };
        for _ in 0..rounds {
            let unsorted = input.unsorted.clone();
            let round = [
                seconds(|| pool::leaves(&input.key, &input.people, &[])),
                seconds(|| pool::sorted(unsorted)),
                seconds(|| pool::root(&input.pool.leaves)),
                seconds(|| drawn_order(&input.pool.leaves)),
                seconds(|| seat(&input.pool.leaves, &input.order)),
                seconds(|| leaf_hashes(&input.bare)),
                seconds(|| merkle::root_of_leaves(&input.bare)),
            ];
            times.iter_mut().zip(round).for_each(|(times, time)| times.push(time));
        }
        let [commitments, sort, root, lots, seats, leaf_hashes, tree] = times.map(median);
        let phases = [commitments, sort, root, lots, seats];
        Self { size: input.people.len(), phases, leaf_hashes, tree }
    }
}

/// The time of one run, without dropping what it made.
fn seconds<T>(run: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    let made = black_box(run());
    let time = start.elapsed().as_secs_f64();
    drop(made);
    time
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_unstable_by(f64::total_cmp);
    times[times.len() / 2]
}

fn print_summary(rows: &[Medians]) {
    let processors = std::thread::available_parallelism().map_or(1, |n| n.get());
    println!(
        "\n{processors} processors; medians in milliseconds; draw = sort + root + lots + seats; goal: draw / tree <= {GOAL}"
    );
    println!(
        "{:>9} {:>11} | {:>8} {:>8} {:>8} {:>8} {:>8} | {:>8} {:>8} | {:>9} {:>9}",
        "pool",
        "commitments",
        "sort",
        "root",
        "lots",
        "seats",
        "draw",
        "leaves",
        "tree",
        "/ leaves",
        "/ tree"
    );
    for row in rows {
        let [commitments, sort, root, lots, seats] = row.phases;
        let draw = sort + root + lots + seats;
        let ms = |time: f64| format!("{:.3}", time * 1000.0);
        println!(
            "{:>9} {:>11} | {:>8} {:>8} {:>8} {:>8} {:>8} | {:>8} {:>8} | {:>9.2} {:>9.2}{}",
            row.size,
            ms(commitments),
            ms(sort),
            ms(root),
            ms(lots),
            ms(seats),
            ms(draw),
            ms(row.leaf_hashes),
            ms(row.tree),
            draw / row.leaf_hashes,
            draw / row.tree,
            if draw / row.tree <= GOAL { "" } else { "  above the goal" }
        );
    }
}
