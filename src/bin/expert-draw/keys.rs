//! `keys`: what is public about the keys, the trust policy, and new tokens.

use std::process::ExitCode;

use clap::Subcommand;
use expert_draw::codec::to_hex;
use expert_draw::config::Config;
use expert_draw::ports::LogSigner;
use expert_draw::service::accounts::AccountDraft;

use crate::setup::{self, Failure};

/// What to do with keys.
#[derive(Subcommand)]
pub enum Keys {
    /// 显示公钥 · show the public keys
    Show,
    /// 输出信任策略 · print the trust policy (C2SP tlog-policy)
    Policy,
    /// 新建账号并显示令牌（仅一次） · make an account and show its token once
    Token {
        /// bureau 财政局, agency 代理机构, purchaser 采购人, expert 专家, auditor 审计, supervisor 纪检,
        /// administrator 系统管理员
        #[arg(long)]
        role: String,
        /// 使用人或处室 · whose it is
        #[arg(long)]
        name: String,
        /// 单位统一社会信用代码（代理机构、采购人必填） · credit code of the unit
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
