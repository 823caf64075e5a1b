//! `demo`: one remote cross-region draw through the HTTP API, from an empty directory to a verdict
//! of the auditor's binary, each step said in plain words.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;

use expert_draw::codes::Region;
use expert_draw::config::Config;
use expert_draw::http::server::{self, Serving};
use expert_draw::keys::Keys;
use expert_draw::pool_sample;
use expert_draw::service::Service;
use expert_draw::service::accounts::AccountDraft;
use expert_draw::service::imports::ImportOptions;
use serde_json::{Value, json};

use crate::Lang;
use crate::demo_client::Client;
use crate::setup::{self, Failure, failed};
use crate::words::{rule, say};

/// Seed of the sample pool: the same people every time.
const SAMPLE_SEED: u64 = 2024;
/// Software and information engineering (信息工程), and law (法律).
const SPECIALITIES: (&str, &str) = ("ndrc316:A0832", "ndrc316:C06");
/// The profile of the demo: one draw at once, without the plan and its approval that real profiles ask for.
const PROFILE: &str = "hunan-2023";
/// How far ahead the review of the demo begins.
const REVIEW_AHEAD_SECONDS: i64 = 3 * 86_400;

/// An employer of the sample with how many experts it has in the specialities of the demo.
struct Employer {
    code: String,
    name: String,
    experts: u32,
}

pub fn demo(config: &Config, experts: u32, then_serve: bool, lang: Lang) -> Result<ExitCode, Failure> {
    if Keys::exist(&config.keys_dir()) {
        let (zh, en) =
            ("已有数据，演示需要新目录：换一个 --data", "has data already; the demo needs a new --data");
        return Err(failed(format!("{}: {}", config.data.display(), say(lang, zh, en))));
    }
    let mut steps = Steps { lang, n: 0 };
    let config = &Config { profile: PROFILE.to_owned(), ..config.clone() };
    let (service, _) = setup::service(config)?;
    let policy = config.data.join("trust.policy");
    fs::write(&policy, service.keys().trust_policy())?;
    steps.say(
        format!("在 {} 新建 SQLite 数据库、密钥和信任策略 trust.policy", config.data.display()),
        format!("made a database, keys and trust.policy in {}", config.data.display()),
    );
    let listen = if then_serve { config.listen } else { ([127, 0, 0, 1], 0).into() };
    let running = server::spawn(service.clone(), Serving::on(listen)).map_err(failed)?;
    let address = running.address;
    let (csv, employers) = sample(experts)?;
    let clients = Clients::new(&service, address, &employers)?;
    // As existing records move in: at the console, by whoever holds the keys.
    let imported = service.import_experts_at_console(&csv, &ImportOptions::default(), &mut |_| ())?.imported;
    steps.say(
        format!("导入合成样例专家 {imported} 人（湖南 14 个市州）"),
        format!("imported {imported} synthetic experts (14 cities of Hunan)"),
    );
    let package = record_package(&clients, &employers)?;
    steps.say(
        format!("代理机构登记采购包 {}：采购人、代理机构和 3 家供应商都有在库专家任职", text(&package, "id")),
        format!(
            "the agency recorded package {}: purchaser, agency and 3 suppliers employ some of the experts",
            text(&package, "id")
        ),
    );
    let draw = request_draw(&clients, config, &package)?;
    let id = text(&draw, "id");
    report(&mut steps, &clients, &draw)?;
    let files = write_evidence(config, &clients, &id)?;
    steps.say(
        format!("证据文件：{}（公开，公告前不含姓名）、{}（审计）", files.0.display(), files.1.display()),
        format!("evidence: {} (public, no names yet), {} (auditor)", files.0.display(), files.1.display()),
    );
    let verified = [(&files.0, "public"), (&files.1, "auditor")]
        .into_iter()
        .map(|(file, audience)| verify(&mut steps, file, &policy, audience))
        .collect::<Result<Vec<bool>, Failure>>()?;
    if verified.contains(&false) {
        return Err(failed(say(
            lang,
            "审计程序未能核验证据",
            "the auditor's binary did not verify the evidence",
        )));
    }
    what_next(lang, &files.0, &policy, &id);
    running.stop().map_err(failed)?;
    if !then_serve {
        return Ok(ExitCode::SUCCESS);
    }
    println!("{}", clients.tokens(lang));
    server::serve(service, Serving::on(config.listen), |address| {
        let (zh, en) = ("服务地址", "serving at");
        println!("{} http://{address}/api/v1  (Ctrl-C)", say(lang, zh, en));
    })
    .map_err(failed)?;
    Ok(ExitCode::SUCCESS)
}

/// Numbered steps in one language.
struct Steps {
    lang: Lang,
    n: u32,
}

impl Steps {
    fn say(&mut self, zh: impl Into<String>, en: impl Into<String>) {
        self.n += 1;
        println!("{:>2}. {}", self.n, say(self.lang, zh, en));
    }
}

/// The accounts of the demo.
struct Clients {
    bureau: Client,
    agency: Client,
    auditor: Client,
    shown: Vec<(&'static str, String)>,
}

impl Clients {
    fn new(
        service: &Arc<Service>,
        address: std::net::SocketAddr,
        employers: &[Employer],
    ) -> Result<Self, Failure> {
        let mut shown = Vec::new();
        let mut client = |role: &'static str, name: &str, unit: Option<String>| -> Result<Client, Failure> {
            let draft = AccountDraft::new(role, name, unit, 7);
            let token = service.found_account(&draft)?.token.unwrap_or_default();
            shown.push((role, token.clone()));
            Ok(Client::new(address, &token))
        };
        let bureau = client("bureau", "演示财政局", None)?;
        let agency = client("agency", "演示代理机构", Some(employers[1].code.clone()))?;
        let auditor = client("auditor", "演示审计", None)?;
        Ok(Self { bureau, agency, auditor, shown })
    }

    fn tokens(&self, lang: Lang) -> String {
        let head = say(lang, "演示令牌（7 天有效）：", "tokens of the demo, valid 7 days:");
        self.shown.iter().fold(head, |text, (role, token)| format!("{text}\n  {role:<8} {token}"))
    }
}

/// The sample pool as CSV, and its employers by how many experts of the demo's specialities work
/// there, most first.
fn sample(experts: u32) -> Result<(Vec<u8>, Vec<Employer>), Failure> {
    let mut bytes = Vec::new();
    pool_sample::write_sample(&mut bytes, experts, SAMPLE_SEED, setup::today())?;
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let column = |name: &str| pool_sample::COLUMNS.iter().position(|c| *c == name).unwrap_or_default();
    let (code, name, claims) = (column("employer_code"), column("employer_name"), column("specialities"));
    let mut counts: BTreeMap<String, (String, u32)> = BTreeMap::new();
    for row in reader.records() {
        let row = row.map_err(failed)?;
        let cell = |i: usize| row.get(i).unwrap_or_default();
        if cell(claims).contains(SPECIALITIES.0) || cell(claims).contains(SPECIALITIES.1) {
            let entry = counts.entry(cell(code).to_owned()).or_insert((cell(name).to_owned(), 0));
            entry.1 += 1;
        }
    }
    let employer = |(code, (name, experts)): (String, (String, u32))| Employer { code, name, experts };
    let mut employers: Vec<Employer> =
        counts.into_iter().map(employer).filter(|e| e.code.len() == 18).collect();
    employers.sort_by(|a, b| b.experts.cmp(&a.experts).then_with(|| a.code.cmp(&b.code)));
    // The largest employers stay as they are: five of the next ones become parties of the package.
    let parties: Vec<Employer> = employers.into_iter().skip(3).take(5).collect();
    if parties.len() < 5 {
        return Err(failed("--experts 太少：样例中用人单位不足 (too few experts for the demo)"));
    }
    Ok((bytes, parties))
}

fn record_package(clients: &Clients, employers: &[Employer]) -> Result<Value, Failure> {
    let party = |employer: &Employer| json!({"code": employer.code, "name": employer.name});
    clients.agency.post(
        "/packages",
        &json!({
            "plan_no": "430600-2026-DEMO",
            "package_no": "1",
            "title": "演示：市级政务信息系统建设",
            "purchaser": party(&employers[0]),
            "agency": party(&employers[1]),
            "suppliers": employers[2..5].iter().map(party).collect::<Vec<_>>(),
        }),
    )
}

/// Five seats in three groups: two specialities, host city and other cities of the province.
fn request_draw(clients: &Clients, config: &Config, package: &Value) -> Result<Value, Failure> {
    let host = Region::parse(&config.jurisdiction).map_err(|e| failed(e.message_zh()))?;
    let province = host.ancestors().last().unwrap_or(host);
    let now = expert_draw::ports::Clock::now(&expert_draw::ports::SystemClock);
    let start = expert_draw::time::Timestamp(now.0 + REVIEW_AHEAD_SECONDS);
    let elsewhere = |speciality: &str, seats: u32| json!({"speciality": speciality, "within": [province.as_str()], "except": [host.as_str()], "seats": seats, "site": 2});
    clients.agency.post(
        "/draws",
        &json!({
            "package": text(package, "id"),
            "review_start": start.to_string(),
            "groups": [
                {"speciality": SPECIALITIES.0, "within": [host.as_str()], "except": [], "seats": 2, "site": 1},
                elsewhere(SPECIALITIES.0, 2),
                elsewhere(SPECIALITIES.1, 1),
            ],
        }),
    )
}

/// What the bureau may see of the draw: counts by rule, commitment, seed, positions, level.
fn report(steps: &mut Steps, clients: &Clients, draw: &Value) -> Result<(), Failure> {
    let lang = steps.lang;
    let seen = clients.bureau.get(&format!("/draws/{}", text(draw, "id")))?;
    let (commitment, result) = (&seen["commitment"], &seen["result"]);
    if result.is_null() {
        return Err(failed(say(
            lang,
            "此样例中有专家出现在每个可行组合里，需要财政局确认；请用更多 --experts",
            "somebody sits in every full panel of this sample; use more --experts",
        )));
    }
    let excluded = seen["excluded"].as_object().cloned().unwrap_or_default();
    let counts: Vec<String> =
        excluded.iter().map(|(name, count)| format!("{} {count}", rule(lang, name))).collect();
    steps.say(
        format!(
            "候选池 {} 人；按规则排除（人数，一人可有多条）：{}",
            commitment["pool_size"],
            counts.join("；")
        ),
        format!("{} candidates; excluded by rule: {}", commitment["pool_size"], counts.join("; ")),
    );
    steps.say(
        format!(
            "承诺写入日志第 {} 条，此后再无选择余地：alpha {}",
            commitment["index"],
            text(commitment, "alpha")
        ),
        format!(
            "committed at log index {}, nothing can be chosen any more: alpha {}",
            commitment["index"],
            text(commitment, "alpha")
        ),
    );
    steps.say(format!("种子 {}", text(result, "seed")), format!("seed {}", text(result, "seed")));
    let seats: Vec<String> = result["seats"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|seat| match lang {
            Lang::Zh => format!("第{}组←位置{}", seat["group"], seat["position"]),
            Lang::En => format!("group {} <- position {}", seat["group"], seat["position"]),
        })
        .collect();
    steps.say(
        format!("入选（候选池位置，姓名保密）：{}", seats.join("，")),
        format!("drawn (pool positions, names sealed): {}", seats.join(", ")),
    );
    steps.say(
        "保证等级 operator：结果由承诺唯一确定、事后不可更改；但只有运营方贡献随机，运营方在承诺时可能已知结果",
        "level operator: the result follows from the commitment and cannot be changed afterwards, but the operator alone contributed and could have known it",
    );
    Ok(())
}

fn write_evidence(config: &Config, clients: &Clients, id: &str) -> Result<(PathBuf, PathBuf), Failure> {
    let dir = config.data.join("evidence");
    fs::create_dir_all(&dir)?;
    let files = (dir.join(format!("{id}.json")), dir.join(format!("{id}.auditor.json")));
    fs::write(&files.0, clients.agency.bytes(&format!("/draws/{id}/evidence"))?)?;
    let purpose = "%E6%BC%94%E7%A4%BA%E6%A0%B8%E9%AA%8C"; // 演示核验
    let auditor =
        clients.auditor.bytes(&format!("/draws/{id}/evidence?audience=auditor&purpose={purpose}"))?;
    fs::write(&files.1, auditor)?;
    Ok(files)
}

/// Runs the auditor's binary that lies beside this one.
fn verify(steps: &mut Steps, file: &Path, policy: &Path, audience: &str) -> Result<bool, Failure> {
    let binary = std::env::current_exe()?.with_file_name("expert-draw-verify");
    let lang = if steps.lang == Lang::En { "en" } else { "zh" };
    steps.say(
        format!("审计程序核验 {}：", file.display()),
        format!("the auditor's binary on {}:", file.display()),
    );
    let mut command = Command::new(&binary);
    command.arg(file).arg("--policy").arg(policy).args(["--expect", audience, "--lang", lang]);
    let status = command.status().map_err(|e| failed(format!("{}: {e}", binary.display())))?;
    Ok(status.success())
}

fn what_next(lang: Lang, file: &Path, policy: &Path, id: &str) {
    let (file, policy) = (file.display(), policy.display());
    println!(
        "{}",
        say(
            lang,
            format!(
                "接下来可以试：\n  \
                 改动 {file} 中任何一个字符，再核验：expert-draw-verify {file} --policy {policy}\n  \
                 打印抽取记录：GET /api/v1/draws/{id}/record（带令牌）\n  \
                 结果公告后公开姓名：POST /api/v1/draws/{id}/unseal，再下载公开证据\n  \
                 演示用规则档案 {PROFILE}，直接抽取；serve 默认用 hunan，须先有经同意的抽取方案：expert-draw rules check hunan"
            ),
            format!(
                "what to try next:\n  \
                 change any character of {file} and verify again: expert-draw-verify {file} --policy {policy}\n  \
                 print the record: GET /api/v1/draws/{id}/record (with a token)\n  \
                 after the announcement: POST /api/v1/draws/{id}/unseal, then download the public evidence\n  \
                 the demo draws at once, under the profile {PROFILE}; `serve` uses hunan, where an approved plan comes first: expert-draw rules check hunan"
            )
        )
    );
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}
