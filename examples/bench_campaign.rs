//! A special check of a whole registry: how long and how large.
//!
//! `bench_campaign URL EXPERTS`: opens a fresh service on the database, imports synthetic experts, plans a
//! campaign for all of them and runs it in chunks, as a client would; then writes both tables.

use std::sync::Arc;
use std::time::Instant;

use expert_draw::keys::Keys;
use expert_draw::pool_sample;
use expert_draw::ports::{Clock, SystemClock, SystemEntropy};
use expert_draw::rules::{embedded, embedded_registry};
use expert_draw::service::actor::{Actor, Role};
use expert_draw::service::campaigns::{CampaignDraft, Population};
use expert_draw::service::imports::ImportOptions;
use expert_draw::service::{Service, ServiceConfig};
use expert_draw::store::Database;
use expert_draw::time::Date;

fn main() {
    let mut args = std::env::args().skip(1);
    let (url, experts) =
        (args.next().expect("URL"), args.next().expect("EXPERTS").parse().expect("a number"));
    let dir = std::env::temp_dir().join(format!("expert-draw-campaign-{}", std::process::id()));
    let keys = Keys::create(&dir.join("keys"), "bench.example/430600", "430600", &SystemEntropy).unwrap();
    let service = Service::open(ServiceConfig {
        checkpoint_path: Some(dir.join("checkpoint")),
        ..ServiceConfig::new(
            Database::parse(&url).unwrap(),
            keys,
            Arc::new(SystemClock),
            Arc::new(SystemEntropy),
            embedded("hunan-2023").unwrap(),
            embedded_registry("registry-hunan-2023").unwrap(),
        )
    })
    .unwrap();
    let today = Date::of(SystemClock.now());
    let mut sample = Vec::new();
    pool_sample::write_sample(&mut sample, experts, 1, today).unwrap();
    service.import_experts_at_console(&sample, &ImportOptions::default(), &mut |_| {}).unwrap();
    drop(sample);

    let actor = Actor::of_role("ABENCH", Role::Bureau);
    for checks in [vec!["age", "title", "clean_record", "same_phone", "term_ended"], Vec::new()] {
        let draft = CampaignDraft {
            title: "核查".into(),
            basis: "通知".into(),
            due: today.plus_days(30).to_string(),
            population: Population::default(),
            checks: checks.into_iter().map(str::to_owned).collect(),
        };
        let campaign = service.plan_campaign(&actor, &draft, None).unwrap();
        let begun = Instant::now();
        let mut requests = 0;
        while service.run_campaign(&actor, &campaign.id, 20_000).unwrap().state != "open" {
            requests += 1;
        }
        let ran = begun.elapsed();
        let progress = service.campaign(&actor, &campaign.id).unwrap();
        let count = |key: &str| progress.file.body.as_map().unwrap()[key].as_int().unwrap();
        let begun = Instant::now();
        let summary = service.campaign_summary(&actor, &campaign.id).unwrap().table.to_xlsx().unwrap();
        let problems =
            service.campaign_problems(&actor, &campaign.id, "测量").unwrap().table.to_xlsx().unwrap();
        println!(
            "{} examined, {} with findings in {:.1} s ({} requests); tables of {} and {} kB in {:.1} s",
            count("examined"),
            count("found"),
            ran.as_secs_f64(),
            requests + 1,
            summary.len() / 1024,
            problems.len() / 1024,
            begun.elapsed().as_secs_f64()
        );
    }
    std::fs::remove_dir_all(dir).ok();
}
