//! The two binaries as an operator and an auditor use them, on both databases.
#![cfg(feature = "server")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

#[path = "cli/keys.rs"]
mod keys;
#[path = "cli/leaks.rs"]
mod leaks;
#[path = "cli/shared.rs"]
mod shared;
#[path = "store/support.rs"]
#[allow(dead_code)]
mod support;

use support::{Fresh, Kind, on_both};

on_both! {
    a_demo_leaves_evidence_that_verifies_and_a_changed_copy_does_not
    a_backup_restores_database_and_keys_together
    a_bureau_writes_a_rule_profile_of_its_own_and_serves_under_it
    an_import_reports_bad_rows_and_takes_nothing_or_the_rest
    an_account_is_made_with_rights_region_and_login
    a_file_in_gb18030_or_xlsx_is_tried_mapped_reported_and_imported
}

struct Bureau {
    fresh: Fresh,
    data: PathBuf,
}

impl Bureau {
    fn new(kind: Kind) -> Self {
        let fresh = Fresh::new(kind);
        let data = fresh.folder.join("data");
        Self { fresh, data }
    }

    fn database(&self) -> String {
        use expert_draw::store::Database;
        match &self.fresh.database {
            Database::Sqlite(_) => format!("sqlite://{}", self.data.join("expert-draw.sqlite").display()),
            Database::Postgres(url) => url.clone(),
        }
    }

    fn run(&self, args: &[&str]) -> Output {
        self.run_with(&[], args)
    }

    fn run_with(&self, env: &[(&str, String)], args: &[&str]) -> Output {
        let data = self.data.to_str().unwrap();
        let database = self.database();
        let mut command = Command::new(env!("CARGO_BIN_EXE_expert-draw"));
        command.envs(env.iter().map(|(name, value)| (name, value)));
        command.args(args).args(["--data", data, "--database", &database]).output().unwrap()
    }

    fn ok(&self, args: &[&str]) -> String {
        self.ok_with(&[], args)
    }

    fn ok_with(&self, env: &[(&str, String)], args: &[&str]) -> String {
        let output = self.run_with(env, args);
        assert!(output.status.success(), "{args:?}: {}{}", text(&output.stdout), text(&output.stderr));
        text(&output.stdout)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn verify(args: &[&Path]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_expert-draw-verify"));
    for arg in args {
        command.arg(arg);
    }
    let output = command.output().unwrap();
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

fn demo(bureau: &Bureau) -> (String, PathBuf, PathBuf) {
    let said = bureau.ok(&["demo", "--experts", "800", "--no-serve"]);
    let evidence = fs::read_dir(bureau.data.join("evidence")).unwrap().map(|entry| entry.unwrap().path());
    let file = evidence.into_iter().find(|path| !path.to_str().unwrap().contains("auditor")).unwrap();
    (said, file, bureau.data.join("trust.policy"))
}

fn a_demo_leaves_evidence_that_verifies_and_a_changed_copy_does_not(kind: Kind) {
    let bureau = Bureau::new(kind);
    let (said, file, policy) = demo(&bureau);
    assert_eq!(said.matches("结论：核验通过").count(), 2, "{said}");
    assert!(said.contains("保证等级 operator"), "{said}");
    let flag = Path::new("--policy");
    assert_eq!(verify(&[&file, flag, &policy]).0, Some(0));
    let json = verify(&[&file, flag, &policy, Path::new("--json")]).1;
    assert!(json.contains(r#""verdict":"verified""#), "{json}");
    let changed = bureau.fresh.folder.join("changed.json");
    fs::write(&changed, fs::read_to_string(&file).unwrap().replacen("\"pool\":[\"", "\"pool\":[\"0", 1))
        .unwrap();
    let (code, said) = verify(&[&changed, flag, &policy]);
    assert!(code == Some(1) && said.contains("✗ file"), "{said}");
    fs::write(&changed, "not evidence").unwrap();
    assert_eq!(verify(&[&changed, flag, &policy]).0, Some(2));
    assert_eq!(verify(&[&file, flag, &file]).0, Some(2));
    assert_eq!(verify(&[&file]).0, Some(2));
    assert!(bureau.ok(&["fsck"]).contains('✓'));
    // A second demo does not touch what is there.
    assert!(!bureau.run(&["demo", "--experts", "10", "--no-serve"]).status.success());
    let draw = file.file_stem().unwrap().to_str().unwrap();
    let out = bureau.fresh.folder.join("again.json");
    bureau.ok(&["evidence", draw, "--out", out.to_str().unwrap()]);
    assert_eq!(verify(&[&out, flag, &policy]).0, Some(0));
    assert!(!bureau.run(&["evidence", draw, "--audience", "auditor"]).status.success(), "no purpose given");
    bureau.ok(&[
        "evidence",
        draw,
        "--audience",
        "auditor",
        "--purpose",
        "复核",
        "--out",
        out.to_str().unwrap(),
    ]);
    assert_eq!(verify(&[&out, flag, &policy, Path::new("--expect"), Path::new("auditor")]).0, Some(0));
    assert_eq!(bureau.ok(&["keys", "policy"]), fs::read_to_string(&policy).unwrap());
}

fn a_backup_restores_database_and_keys_together(kind: Kind) {
    let bureau = Bureau::new(kind);
    let (_, file, policy) = demo(&bureau);
    let target = bureau.fresh.folder.join("backup");
    if kind == Kind::Postgres && Command::new("pg_dump").arg("--version").output().is_err() {
        let refused = bureau.run(&["backup", target.to_str().unwrap()]);
        assert!(text(&refused.stderr).contains("pg_dump"), "an operator is told which tool is missing");
        return;
    }
    bureau.ok(&["backup", target.to_str().unwrap()]);
    assert!(!bureau.run(&["backup", target.to_str().unwrap()]).status.success(), "never overwritten");
    let other = Bureau::new(kind);
    other.ok(&["restore", target.to_str().unwrap()]);
    assert!(other.ok(&["fsck"]).contains('✓'));
    let draw = file.file_stem().unwrap().to_str().unwrap();
    let out = other.fresh.folder.join("restored.json");
    other.ok(&["evidence", draw, "--out", out.to_str().unwrap()]);
    assert_eq!(verify(&[&out, Path::new("--policy"), &policy]).0, Some(0));
    assert!(
        !other.run(&["restore", target.to_str().unwrap()]).status.success(),
        "only into an empty directory"
    );
    // The original goes on; an older backup is then behind what was published, and refused.
    bureau.ok(&["keys", "token", "--role", "auditor", "--name", "后来"]);
    let published = fs::read(bureau.data.join("checkpoint")).unwrap();
    fs::write(other.data.join("checkpoint"), published).unwrap();
    let refused = other.run(&["keys", "token", "--role", "auditor", "--name", "x"]);
    assert!(
        !refused.status.success() && text(&refused.stderr).contains("restored"),
        "{}",
        text(&refused.stderr)
    );
}

fn an_import_reports_bad_rows_and_takes_nothing_or_the_rest(kind: Kind) {
    let bureau = Bureau::new(kind);
    let sample = bureau.ok(&["pool-sample", "--experts", "20", "--seed", "5", "--today", "2026-11-24"]);
    let mut lines: Vec<String> = sample.lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 21);
    // Spoil the check character of one id number.
    let id = lines[3].split(',').nth(2).unwrap().to_owned();
    let last = if id.ends_with('0') { '1' } else { '0' };
    lines[3] = lines[3].replacen(&id, &format!("{}{last}", &id[..17]), 1);
    let file = bureau.fresh.folder.join("experts.csv");
    fs::write(&file, lines.join("\n") + "\n").unwrap();
    let file = file.to_str().unwrap();
    let refused = bureau.run(&["import", "experts", file]);
    let said = text(&refused.stdout);
    assert!(!refused.status.success(), "{said}");
    assert!(said.contains("第4行 id_number") && said.contains("check_character"), "{said}");
    assert!(!said.contains(&id[..17]), "the value itself is never printed");
    let rejects = bureau.fresh.folder.join("rejects.csv");
    let said = bureau.ok(&["import", "experts", file, "--skip-bad", rejects.to_str().unwrap()]);
    assert!(said.contains("导入 19 人"), "{said}");
    assert_eq!(fs::read_to_string(&rejects).unwrap().lines().count(), 2);
    assert!(bureau.ok(&["fsck"]).contains('✓'));
    // Nobody has an account yet, so the first `serve` shows a token although it did not make the keys.
    let mut serving = Command::new(env!("CARGO_BIN_EXE_expert-draw"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data", bureau.data.to_str().unwrap(), "--database"])
        .arg(bureau.database())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let said = std::io::BufRead::lines(std::io::BufReader::new(serving.stdout.take().unwrap()));
    let token = said
        .map_while(Result::ok)
        .take_while(|line| !line.contains("http://"))
        .any(|line| line.contains("edt_"));
    serving.kill().unwrap();
    serving.wait().unwrap();
    assert!(token, "no first token was shown");
}

fn an_account_is_made_with_rights_region_and_login(kind: Kind) {
    let bureau = Bureau::new(kind);
    let narrow = ["keys", "token", "--role", "bureau", "--name", "市局", "--region", "430600"];
    let token = bureau.ok(&[&narrow[..], &["--rights", "registrar,reviewer"]].concat());
    assert!(token.starts_with("edt_") && token.trim().len() == 47, "{token}");
    let person = ["keys", "token", "--role", "administrator", "--name", "管理员", "--login", "guan.li"];
    let password = bureau.ok(&person);
    assert_eq!(password.trim().len(), 19, "four groups of four characters");
    for (wrong, field) in [
        (["--role", "king", "--name", "x"], "role"),
        (["--role", "purchaser", "--name", "x"], "unit"),
        (["--role", "expert", "--expert", "E0"], "expert"),
        (["--role", "bureau", "--rights", "king"], "rights"),
    ] {
        let rest = if wrong.contains(&"--name") { &[][..] } else { &["--name", "x"][..] };
        let refused = bureau.run(&[&["keys", "token"], &wrong[..], rest].concat());
        assert!(!refused.status.success() && text(&refused.stderr).contains(field), "{wrong:?}");
    }
    assert!(bureau.ok(&["fsck"]).contains('✓'));
}

fn a_file_in_gb18030_or_xlsx_is_tried_mapped_reported_and_imported(kind: Kind) {
    let bureau = Bureau::new(kind);
    let sample = bureau.ok(&["pool-sample", "--experts", "6", "--seed", "5", "--today", "2026-11-24"]);
    let mut rows: Vec<Vec<String>> = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(sample.as_bytes())
        .records()
        .map(|record| record.unwrap().iter().map(str::to_owned).collect())
        .collect();
    rows[0][0] = "称呼".into();
    rows[3][3] = "1380000000o".into();
    let text = {
        let mut out = csv::Writer::from_writer(Vec::new());
        rows.iter().for_each(|row| out.write_record(row).unwrap());
        String::from_utf8(out.into_inner().unwrap()).unwrap()
    };
    let file = bureau.fresh.folder.join("experts.csv");
    fs::write(&file, encoding_rs::GB18030.encode(&text).0).unwrap();
    let file = file.to_str().unwrap();
    let unknown = bureau.run(&["import", "experts", file]);
    assert!(
        !unknown.status.success() && text_of(&unknown).contains("unknown_column"),
        "{}",
        text_of(&unknown)
    );
    let report = bureau.fresh.folder.join("report.csv");
    let (report_path, map) = (report.to_str().unwrap(), "称呼=name");
    let tried = bureau.run(&["import", "experts", file, "--map", map, "--dry-run", "--report", report_path]);
    let said = text_of(&tried);
    assert!(!tried.status.success() && said.contains("csv gb18030"), "{said}");
    assert!(said.contains("试运行：合格 5 行") && said.contains("导入 0 人"), "{said}");
    let report = fs::read_to_string(&report).unwrap();
    assert_eq!(report.lines().count(), 2, "{report}");
    assert!(
        report.contains("4,D,phone,phone,phone,11 个字符") && !report.contains("1380000000o"),
        "{report}"
    );
    // The same people as a workbook: what is good there is imported, what is bad comes back to be mended.
    let mut table = expert_draw::service::tables::Table::new("名单", rows[0].iter().map(String::as_str));
    for row in &rows[1..] {
        table.push(row.iter().map(|cell| cell.as_str().into()).collect());
    }
    let book = bureau.fresh.folder.join("experts.xlsx");
    fs::write(&book, table.to_xlsx().unwrap()).unwrap();
    let book = book.to_str().unwrap();
    let said = bureau.ok(&["import", "experts", book, "--map", map, "--sheet", "名单", "--skip-bad"]);
    assert!(said.contains("xlsx") && said.contains("导入 5 人，错误 1 行"), "{said}");
    let rejects = fs::read_to_string(bureau.fresh.folder.join("experts.rejects.csv")).unwrap();
    let mended = bureau.fresh.folder.join("mended.csv");
    fs::write(&mended, rejects.replace("1380000000o", "13800000000")).unwrap();
    let said = bureau.ok(&["import", "experts", mended.to_str().unwrap(), "--map", map]);
    assert!(said.contains("导入 1 人"), "{said}");
    assert!(bureau.ok(&["fsck"]).contains('✓'));
}

fn text_of(output: &Output) -> String {
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

fn a_bureau_writes_a_rule_profile_of_its_own_and_serves_under_it(kind: Kind) {
    let bureau = Bureau::new(kind);
    let said = bureau.ok(&["rules", "check", "hunan"]);
    for text in ["规则档案 hunan-2026-11", "【与上级档案不同之处】", "【仅凭一般知识、未见原文的】"]
    {
        assert!(said.contains(text), "{said}");
    }
    let listed = bureau.ok(&["rules", "list"]);
    for text in ["conflict_kinship", "draw_not_too_early", "guangdong", "hunan-2023"] {
        assert!(listed.contains(text), "{listed}");
    }
    let own = bureau.fresh.folder.join("yueyang.toml");
    let write = |days: u32| {
        let text = format!(
            "name = \"yueyang\"\nedition = \"1\"\nparent = \"hunan\"\ntitle = \"岳阳\"\njurisdiction = \"430600\"\nvalid_from = \"2026-01-01\"\n[rules.cooldown]\napplies = \"yes\"\nparameters = {{ days = {days} }}\nsource = \"岳财采〔2026〕1号\"\nstatus = \"text\"\n"
        );
        fs::write(&own, text).unwrap();
    };
    write(60);
    let path = own.to_str().unwrap();
    let said = bureau.ok(&["rules", "check", path]);
    assert!(said.contains("上级：间隔不少于30日；此处：间隔不少于60日"), "{said}");
    assert_eq!(said.matches("来自：").count(), 3);
    // What a city inherits it need not repeat; loading is an entry, and editing is refused.
    bureau.ok(&["due", "--profile", path]);
    bureau.ok(&["due", "--profile", path]);
    write(90);
    let refused = bureau.run(&["due", "--profile", path]);
    assert!(!refused.status.success() && text(&refused.stderr).contains("yueyang-1"), "{refused:?}");
    let broken = bureau.fresh.folder.join("broken.toml");
    fs::write(&broken, "name = \"x\"\ncolour = \"red\"\n").unwrap();
    let refused = bureau.run(&["rules", "check", broken.to_str().unwrap()]);
    assert!(!refused.status.success() && text(&refused.stderr).contains("colour"), "{refused:?}");
    assert!(bureau.ok(&["fsck"]).contains("候选池重建：0 次抽取"));
}
