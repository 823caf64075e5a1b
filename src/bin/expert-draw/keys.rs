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
        /// bureau 财政局, agency 代理机构, auditor 审计
        #[arg(long)]
        role: String,
        /// 使用人或处室 · whose it is
        #[arg(long)]
        name: String,
        /// 单位统一社会信用代码（代理机构必填） · credit code of the unit
        #[arg(long)]
        unit: Option<String>,
        /// 有效天数 · days valid
        #[arg(long, default_value_t = 90)]
        days: u32,
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
        Keys::Token { role, name, unit, days } => {
            let (service, _) = setup::service(config)?;
            let draft =
                AccountDraft { role: role.clone(), name: name.clone(), unit: unit.clone(), days: *days };
            let made = service.found_account(&draft)?;
            eprintln!("账号 {} 已建立，令牌只显示这一次 (account made, token shown once)：", made.account.id);
            println!("{}", made.token.unwrap_or_default());
        }
    }
    Ok(ExitCode::SUCCESS)
}
