//! `keys`: what is public about the keys, the trust policy, and new tokens.

use std::process::ExitCode;

use clap::Subcommand;
use expert_draw::codec::to_hex;
use expert_draw::config::Config;
use expert_draw::ports::LogSigner;
use expert_draw::service::accounts::AccountDraft;
use expert_draw::service::actor::{Actor, Role};

use crate::setup::{self, Failure};

/// What to do with keys.
#[derive(Subcommand)]
pub enum Keys {
    /// 显示公钥 · show the public keys
    Show,
    /// 输出信任策略 · print the trust policy (C2SP tlog-policy)
    Policy,
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
            println!("log         {}", keys.log_key());
            println!("statements  {}", keys.statements_key());
            println!("draw_vrf    {}", to_hex(keys.draw_vrf.public().as_bytes()));
            println!("tag_vrf     {}", to_hex(keys.tag_vrf.public().as_bytes()));
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

/// Starts a rotation, or goes on with one that was interrupted, and carries it to its end.
fn rotate(config: &Config) -> Result<(), Failure> {
    let (service, _) = setup::service(config)?;
    let console = Actor::of_role("console", Role::Administrator);
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
