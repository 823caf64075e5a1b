//! Keys on the command line: all generations in a backup, and signing keys in a PKCS#11 token (SoftHSM, which
//! `tools/test` installs). Each test makes its own tokens, in a folder of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Kind, on_both};
use crate::{Bureau, text, verify};

on_both! {
    a_backup_carries_every_generation_and_the_second_signature
    a_draw_with_keys_in_a_token_verifies_and_the_keys_are_rotated_there
    keys_in_files_move_into_a_token_by_rotation
    what_a_token_lacks_is_said_in_two_languages
}

const TOKEN: &str = "抽取 1";
const PIN: &str = "246813";

fn listed(bureau: &Bureau, env: &[(&str, String)]) -> Vec<Vec<String>> {
    let said = bureau.ok_with(env, &["keys", "list"]);
    said.lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

fn a_backup_carries_every_generation_and_the_second_signature(kind: Kind) {
    let bureau = Bureau::new(kind);
    crate::demo(&bureau);
    for usage in ["log", "statements", "draw_vrf", "tag_vrf"] {
        assert!(bureau.ok(&["keys", "rotate", usage]).contains("back up"));
    }
    assert!(bureau.ok(&["keys", "add-sm2"]).contains("/statements/sm2+"));
    bureau.ok(&["keys", "rotate", "statements"]);
    assert!(bureau.ok(&["keys", "show"]).contains("/sm2+"));
    for entry in fs::read_dir(bureau.data.join("keys")).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
    }
    let target = bureau.fresh.folder.join("backup");
    if kind == Kind::Postgres && Command::new("pg_dump").arg("--version").output().is_err() {
        return;
    }
    bureau.ok(&["backup", target.to_str().unwrap()]);
    let other = Bureau::new(kind);
    other.ok(&["restore", target.to_str().unwrap()]);
    assert!(other.ok(&["fsck"]).contains('✓'));
    assert_eq!(listed(&other, &[]), listed(&bureau, &[]));
    assert_eq!(listed(&other, &[]).len(), 9);
    other.ok(&["keys", "rotate", "log"]);
    assert!(fs::read_to_string(other.data.join("checkpoint")).unwrap().contains("/sm2 "));
}

/// A SoftHSM of its own, with one token.
struct Hsm {
    folder: PathBuf,
    module: PathBuf,
}

impl Hsm {
    fn new(bureau: &Bureau) -> Self {
        let folder = bureau.fresh.folder.join("hsm");
        fs::create_dir_all(folder.join("tokens")).unwrap();
        let places = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"];
        let module = places.into_iter().map(PathBuf::from).find(|place| place.exists());
        let module = module.expect("no SoftHSM: run `make test`, which installs softhsm2");
        let hsm = Self { folder, module };
        hsm.configure("");
        fs::write(hsm.pin(), format!("{PIN}\n")).unwrap();
        fs::set_permissions(hsm.pin(), fs::Permissions::from_mode(0o600)).unwrap();
        let mut init = Command::new("softhsm2-util");
        init.args(["--init-token", "--free", "--label", TOKEN, "--pin", PIN, "--so-pin", "13572468"]);
        let output = init.env("SOFTHSM2_CONF", hsm.conf()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        hsm
    }

    fn configure(&self, more: &str) {
        let tokens = self.folder.join("tokens");
        let conf = format!("directories.tokendir = {}\nobjectstore.backend = file\n{more}", tokens.display());
        fs::write(self.conf(), conf).unwrap();
    }

    fn conf(&self) -> PathBuf {
        self.folder.join("softhsm2.conf")
    }

    fn pin(&self) -> PathBuf {
        self.folder.join("pin")
    }

    fn env(&self) -> Vec<(&'static str, String)> {
        vec![
            ("SOFTHSM2_CONF", self.conf().display().to_string()),
            ("EXPERT_DRAW_PKCS11_MODULE", self.module.display().to_string()),
            ("EXPERT_DRAW_PKCS11_TOKEN", TOKEN.to_owned()),
            ("EXPERT_DRAW_PKCS11_PIN_FILE", self.pin().display().to_string()),
        ]
    }
}

/// The public evidence of the demo's draw, exported anew, against the policy of now.
fn verifies_now(bureau: &Bureau, env: &[(&str, String)]) {
    let file = fs::read_dir(bureau.data.join("evidence")).unwrap().next().unwrap().unwrap().path();
    let draw = file.file_stem().unwrap().to_str().unwrap().split('.').next().unwrap().replace("-auditor", "");
    let (out, policy) = (bureau.fresh.folder.join("now.json"), bureau.fresh.folder.join("now.policy"));
    let _ = fs::remove_file(&out);
    bureau.ok_with(env, &["evidence", &draw, "--out", out.to_str().unwrap()]);
    fs::write(&policy, bureau.ok_with(env, &["keys", "policy"])).unwrap();
    let (code, said) = verify(&[&out, Path::new("--policy"), &policy]);
    assert_eq!(code, Some(0), "{said}");
}

fn a_draw_with_keys_in_a_token_verifies_and_the_keys_are_rotated_there(kind: Kind) {
    let bureau = Bureau::new(kind);
    let hsm = Hsm::new(&bureau);
    let env = hsm.env();
    bureau.ok_with(&env, &["demo", "--experts", "800", "--no-serve"]);
    for name in ["log.pem", "statements.pem"] {
        assert!(!bureau.data.join("keys").join(name).exists(), "{name} is in the token");
    }
    assert!(bureau.data.join("keys/draw-vrf.key").exists() && bureau.data.join("keys/tag-vrf.key").exists());
    verifies_now(&bureau, &env);
    let before = listed(&bureau, &env);
    assert!(before.iter().filter(|line| line.iter().any(|word| word == "token")).count() == 2, "{before:?}");
    for usage in ["log", "statements"] {
        bureau.ok_with(&env, &["keys", "rotate", usage]);
        let first = before.iter().find(|line| line[0] == usage).unwrap()[1].clone();
        bureau.ok_with(&env, &["keys", "retire", &first, "--reason", "succeeded"]);
    }
    assert!(bureau.ok_with(&env, &["fsck"]).contains('✓'));
    verifies_now(&bureau, &env);
    // Without the token nothing is signed, and nothing begins.
    let refused = bureau.run(&["keys", "token", "--role", "auditor", "--name", "x"]);
    assert!(!refused.status.success());
    assert!(text(&refused.stderr).contains("log.pem"), "{}", text(&refused.stderr));
}

fn keys_in_files_move_into_a_token_by_rotation(kind: Kind) {
    let bureau = Bureau::new(kind);
    crate::demo(&bureau);
    let env = Hsm::new(&bureau).env();
    for usage in ["log", "statements"] {
        bureau.ok_with(&env, &["keys", "rotate", usage]);
    }
    let now = listed(&bureau, &env);
    let place = |digest: &str| now.iter().find(|line| line[1] == digest).unwrap().last().unwrap().clone();
    for usage in ["log", "statements"] {
        let of_use: Vec<_> = now.iter().filter(|line| line[0] == usage).map(|line| line[1].clone()).collect();
        assert_eq!((place(&of_use[0]), place(&of_use[1])), ("file".to_owned(), "token".to_owned()));
    }
    verifies_now(&bureau, &env);
    assert!(bureau.ok_with(&env, &["fsck"]).contains('✓'));
    // A backup says what it does not hold.
    if kind == Kind::Sqlite {
        let target = bureau.fresh.folder.join("backup");
        assert!(bureau.ok_with(&env, &["backup", target.to_str().unwrap()]).contains("PKCS#11"));
    }
    // Whoever forgets the token's settings is told which key is missing.
    let refused = bureau.run(&["keys", "token", "--role", "auditor", "--name", "x"]);
    assert!(text(&refused.stderr).contains("现行密钥不在"), "{}", text(&refused.stderr));
}

fn what_a_token_lacks_is_said_in_two_languages(kind: Kind) {
    let bureau = Bureau::new(kind);
    let hsm = Hsm::new(&bureau);
    let refused = |env: &[(&str, String)], zh: &str, en: &str| {
        let output = bureau.run_with(env, &["keys", "token", "--role", "auditor", "--name", "x"]);
        let said = text(&output.stderr);
        assert!(!output.status.success() && said.contains(zh) && said.contains(en), "{en}: {said}");
    };
    let with = |name: &'static str, value: &str| {
        let mut env = hsm.env();
        env.retain(|(known, _)| *known != name);
        env.push((name, value.to_owned()));
        env
    };
    refused(&with("EXPERT_DRAW_PKCS11_MODULE", "/no/such.so"), "无法加载", "cannot be loaded");
    refused(&with("EXPERT_DRAW_PKCS11_TOKEN", "别的"), "没有标签为 别的", "no token with this label");
    fs::write(hsm.pin(), "000000\n").unwrap();
    refused(&hsm.env(), "口令不正确", "the PIN is wrong");
    fs::write(hsm.pin(), format!("{PIN}\n")).unwrap();
    fs::set_permissions(hsm.pin(), fs::Permissions::from_mode(0o640)).unwrap();
    refused(&hsm.env(), "权限过宽", "mode too open");
    fs::set_permissions(hsm.pin(), fs::Permissions::from_mode(0o600)).unwrap();
    hsm.configure("slots.mechanisms = CKM_RSA_PKCS,CKM_SHA256\n");
    refused(&hsm.env(), "不支持 CKM_EDDSA", "lacks CKM_EDDSA");
    hsm.configure("");
    bureau.ok_with(&hsm.env(), &["keys", "token", "--role", "auditor", "--name", "x"]);
}
