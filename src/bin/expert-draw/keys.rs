//! `keys`: what is public about the keys, the trust policy, and new tokens.

use std::process::ExitCode;

use clap::Subcommand;
use expert_draw::codec::{Hash, to_hex};
use expert_draw::config::Config;
use expert_draw::keys::sm2::Sm2Signer;
use expert_draw::log::{KEY_USES, KeyUse, Origin, RetiredBecause};
use expert_draw::ports::{LogSigner, SystemEntropy};
use expert_draw::service::accounts::AccountDraft;
use expert_draw::service::actor::{Actor, Role};
use expert_draw::service::keys::NewKey;

use crate::setup::{self, Failure, failed};

/// What to do with keys.
#[derive(Subcommand)]
pub enum Keys {
    /// 显示公钥 · show the public keys
    Show,
    /// 输出信任策略 · print the trust policy (C2SP tlog-policy)
    Policy,
    /// 列出各代密钥：日志已登记的，和密钥目录中尚未登记的 · list the keys of all generations
    List,
    /// 更换密钥：生成下一代并登记到日志；中断后再次运行即继续 · make the next key of a use and register it; run again to go on
    Rotate {
        /// log 检查点, statements 声明, draw_vrf 抽取, tag_vrf 包标签
        usage: String,
        /// 只生成新密钥，供复制到各台机器，尚不登记 · only make the key, to be copied to every machine
        #[arg(long)]
        prepare: bool,
    },
    /// 停用密钥，登记到日志；现行密钥须先更换 · retire a key; one in force is rotated first
    Retire {
        /// 密钥摘要，见 keys list · digest of the key
        digest: String,
        /// succeeded 已更换, retired 停止参与, compromised 泄露
        #[arg(long)]
        reason: String,
        /// 从哪一日志条目起，其签名存疑（仅泄露） · log index from which on what it signed is doubtful
        #[arg(long)]
        doubtful_from: Option<u64>,
    },
    /// 登记他人的公钥 · register the public key of a witness or a supervisor
    Register {
        /// witness 见证人签名, witness_vrf 见证人随机数, supervisor 监督人
        usage: String,
        /// 公钥，64位十六进制 · public key in hex
        key: String,
        /// 持有人 · who holds it
        #[arg(long)]
        name: String,
        /// 见证人签名公钥的摘要（witness_vrf 必填） · digest of the witness's signing key
        #[arg(long)]
        witness: Option<String>,
    },
    /// 新建国密 SM2 密钥，自下次启动起每份签名增加一行 SM2 签名 · make an SM2 key: every note gets a second line from the next start on
    AddSm2,
    /// 更换封存密钥，全部数据密钥改由新密钥封装；中断后再次运行即继续 · rotate the sealing key; run again to go on
    RotateSealing {
        /// 只生成新密钥文件，供复制到各台机器，尚不使用 · only make the new key file, to be copied to every machine
        #[arg(long)]
        prepare: bool,
    },
    /// 删除已不再使用的旧封存密钥文件 · remove files of earlier sealing keys that nothing is under
    RetireSealing,
    /// 新建账号并显示令牌（仅一次） · make an account and show its token once
    Token {
        /// bureau 财政局, agency 代理机构, purchaser 采购人, expert 专家, auditor 审计, supervisor 纪检,
        /// administrator 系统管理员, venue 评审场所
        #[arg(long)]
        role: String,
        /// 使用人或处室 · whose it is
        #[arg(long)]
        name: String,
        /// 单位统一社会信用代码（代理机构、采购人必填）；场所账号为场所编号 · credit code of the unit, id of
        /// the venue
        #[arg(long)]
        unit: Option<String>,
        /// 有效天数 · days valid
        #[arg(long, default_value_t = 90)]
        days: u32,
        /// 财政局账号的权限，逗号分隔；缺省为全部 · rights of a bureau's account: registrar, reviewer,
        /// approver, draws, accounts
        #[arg(long, value_delimiter = ',')]
        rights: Option<Vec<String>>,
        /// 限定的行政区划 · region code to which the account is narrowed
        #[arg(long)]
        region: Option<String>,
        /// 专家编号（专家账号；缺省为申请人） · number of the expert
        #[arg(long)]
        expert: Option<String>,
        /// 登录名：以口令登录，显示一次性口令而非令牌 · login: a one-time password is shown, no token
        #[arg(long)]
        login: Option<String>,
    },
}

pub fn keys(config: &Config, what: &Keys) -> Result<ExitCode, Failure> {
    match what {
        Keys::Show => {
            let keys = setup::keys(config)?;
            println!("origin      {}", keys.origin());
            println!("log         {}", keys.vkey_in_force(KeyUse::Log));
            println!("statements  {}", keys.vkey_in_force(KeyUse::Statements));
            println!("draw_vrf    {}", to_hex(&keys.in_force(KeyUse::DrawVrf)));
            println!("tag_vrf     {}", to_hex(&keys.in_force(KeyUse::TagVrf)));
            for vkey in keys.sm2().map(Sm2Signer::vkeys).into_iter().flatten() {
                println!("sm2         {vkey}");
            }
        }
        Keys::List => list(config)?,
        Keys::Rotate { usage, prepare: true } => {
            let (service, _) = setup::service(config)?;
            let digest = service.prepare_key(&console(), usage_of(usage)?)?;
            println!("{usage}  {digest}");
            println!(
                "新密钥已生成，尚未登记。请复制到每台机器的 keys 目录并备份，再运行 keys rotate {usage}。"
            );
            println!(
                "made, not registered: copy it to the keys directory of every machine, then run keys rotate {usage}"
            );
        }
        Keys::Rotate { usage, prepare: false } => rotate_key(config, usage_of(usage)?)?,
        Keys::Retire { digest, reason, doubtful_from } => {
            let said = expert_draw::service::keys::retirement(digest, reason, *doubtful_from)?;
            let (service, _) = setup::service(config)?;
            let key = service.retire_key(&console(), said)?;
            let index = key.retired.map(|(index, _)| index).unwrap_or_default();
            println!("密钥 {} {} 已停用，日志条目 {index} (retired)", key.usage.name(), key.digest);
        }
        Keys::Register { usage, key, name, witness } => {
            let wrong = |what: &str| failed(format!("{what} 须为64位十六进制 (64 hex digits)"));
            let key = Hash::from_hex(key).ok_or_else(|| wrong("公钥 KEY"))?.0;
            let witness = match witness {
                Some(digest) => Some(Hash::from_hex(digest).ok_or_else(|| wrong("--witness"))?),
                None => None,
            };
            let new = NewKey { usage: usage_of(usage)?, key, name: name.clone(), witness };
            let (service, _) = setup::service(config)?;
            let key = service.register_key(&console(), new)?;
            println!("{}  {}  {}", key.usage.name(), key.digest, key.index);
        }
        Keys::AddSm2 => {
            let keys = setup::keys(config)?;
            let origin = Origin::new(keys.origin()).map_err(failed)?;
            let made = Sm2Signer::create(&config.keys_dir(), &origin, &SystemEntropy).map_err(failed)?;
            made.vkeys().iter().for_each(|vkey| println!("{vkey}"));
            println!("请重新启动服务，并备份 keys/sm2.key (restart the service; back up keys/sm2.key)");
        }
        Keys::Policy => print!("{}", setup::keys(config)?.trust_policy()),
        Keys::RotateSealing { prepare: true } => {
            let (service, _) = setup::service(config)?;
            let (generation, fingerprint) = service.prepare_sealing()?;
            println!("sealing-{generation}.key  {fingerprint}");
            println!("请将该文件复制到每台机器的 keys 目录并备份，再运行 keys rotate-sealing。");
            println!(
                "copy this file to the keys directory of every machine and back it up, then run keys rotate-sealing"
            );
        }
        Keys::RotateSealing { prepare: false } => rotate(config)?,
        Keys::RetireSealing => {
            let (service, _) = setup::service(config)?;
            let removed = service.retire_sealing()?;
            println!("已删除旧封存密钥 {} 个 (earlier sealing keys removed: {removed:?})", removed.len());
            println!("旧备份仍需旧密钥：旧备份目录内含其密钥。(older backups hold the keys they need)");
        }
        Keys::Token { role, name, unit, days, rights, region, expert, login } => {
            let (service, _) = setup::service(config)?;
            let draft = AccountDraft {
                rights: rights.clone(),
                region: region.clone(),
                expert: expert.clone(),
                login: login.clone(),
                ..AccountDraft::new(role, name, unit.clone(), *days)
            };
            let made = service.found_account(&draft)?;
            let what = if made.token.is_some() { "令牌" } else { "一次性口令" };
            eprintln!("账号 {} 已建立，{what}只显示这一次 (account made, shown once)：", made.account.id);
            println!("{}", made.token.or(made.password).unwrap_or_default());
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn console() -> Actor {
    Actor::of_role("console", Role::Administrator)
}

fn usage_of(name: &str) -> Result<KeyUse, Failure> {
    KeyUse::parse(name).ok_or_else(|| {
        let all: Vec<&str> = KEY_USES.iter().map(|(_, name)| *name).collect();
        failed(format!("用途 {name} 不存在，可用 (uses): {}", all.join(", ")))
    })
}

fn rotate_key(config: &Config, usage: KeyUse) -> Result<(), Failure> {
    let (service, _) = setup::service(config)?;
    let done = service.rotate_key(&console(), usage)?;
    let name = usage.name();
    if done.lay_ready {
        println!("使用已备好的密钥 (took the key that lay ready)");
    }
    println!("密钥 {name} 已更换为 {}，日志条目 {} (registered)", done.key.digest, done.key.index);
    println!("原密钥 {}：已承诺的抽取仍用原密钥完成，请保留 (the earlier key is still needed)", done.before);
    if usage == KeyUse::TagVrf {
        println!("包标签已改登 {} 个 (packages whose tags moved)", done.packages);
    }
    if usage == KeyUse::Log {
        println!("检查点由新旧两把密钥共同签名，直至停用旧密钥；请公布新的信任策略 keys policy");
        println!(
            "checkpoints are signed by both keys until the earlier is retired; publish the new `keys policy`"
        );
    }
    println!("请立即备份 (back up now)");
    Ok(())
}

fn list(config: &Config) -> Result<(), Failure> {
    let keys = setup::keys(config)?;
    let held = keys.held();
    let Some(book) = keys.book() else {
        return Err(failed("日志尚未建立 (the log was not opened yet)"));
    };
    for key in book.all() {
        let here = held.iter().find(|held| held.digest == key.digest);
        let place = match here {
            Some(held) if held.is_in_token() => "密码设备 token",
            Some(_) => "文件 file",
            None if key.usage.is_operators() => "不在此处 not here",
            None => key.name.as_deref().unwrap_or_default(),
        };
        let in_force = key.usage.is_operators()
            && book.in_force(key.usage, u64::MAX).is_some_and(|now| now.digest == key.digest);
        let state = match key.retired {
            Some((at, RetiredBecause::Compromised { doubtful_from })) => {
                format!("泄露停用 compromised @{at}，自 {doubtful_from} 起存疑 (doubtful from)")
            }
            Some((at, because)) => format!("已停用 {} @{at}", because.name()),
            None if in_force => "现行 in force".to_owned(),
            None if key.usage.is_operators() => "前代 earlier".to_owned(),
            None => "已登记 registered".to_owned(),
        };
        println!("{:<12} {}  @{:<6} {state}  {place}", key.usage.name(), key.digest, key.index);
    }
    for held in held.iter().filter(|held| book.find(&held.digest).is_none()) {
        println!("{:<12} {}  未登记 not registered", held.usage.name(), held.digest);
    }
    Ok(())
}

/// Starts a rotation, or goes on with one that was interrupted, and carries it to its end.
fn rotate(config: &Config) -> Result<(), Failure> {
    let (service, _) = setup::service(config)?;
    let console = console();
    let mut state = service.sealing_state(&console)?;
    if state.state == "done" {
        state = service.rotate_sealing(&console, None)?;
    }
    let all = state.behind;
    service.reseal(&mut |done| eprintln!("已改封 {done}/{all} (re-wrapped)"))?;
    let state = service.sealing_state(&console)?;
    println!(
        "封存密钥第 {} 代，数据密钥 {} 个，尚余 {} 个 (generation, data keys, behind)",
        state.generation, state.keys, state.behind
    );
    println!("请立即备份（新密钥与数据库一并） (back up now: the new key and the database together)");
    Ok(())
}
