//! `serve`: open the service and answer until Ctrl-C.

use std::process::ExitCode;

use expert_draw::config::Config;
use expert_draw::http::server::{self, Serving};
use expert_draw::service::Service;
use expert_draw::service::accounts::AccountDraft;
use expert_draw::service::contributions::drive::gather;
use expert_draw::service::witnesses::drive::push_to_witnesses;

use crate::courier::{self, Courier};
use crate::due::Minder;
use crate::setup::{self, Failure, failed};

/// Days for which the first token is valid.
const FIRST_TOKEN_DAYS: u32 = 30;

/// Serves; `without_due` leaves what a date brings to another process on the same database.
pub fn serve(config: &Config, without_due: bool) -> Result<ExitCode, Failure> {
    let (service, _) = setup::service(config)?;
    // Not only after the very first command: experts may have been imported before anybody served.
    if !service.has_accounts()? {
        welcome(config, &service)?;
    }
    let minder = || Minder::start(service.clone()).map_err(|e| failed(format!("due: {e}")));
    let _minder = if without_due { None } else { Some(minder()?) };
    let courier =
        |channels| Courier::start(service.clone(), channels).map_err(|e| failed(format!("courier: {e}")));
    let _courier = courier::channels(config)?.map(courier).transpose()?;
    let _witnesses = push_to_witnesses(&service).map_err(|e| failed(format!("witnesses: {e}")))?;
    let _gathering = gather(&service).map_err(|e| failed(format!("contributions: {e}")))?;
    server::serve(service, Serving::on(config.listen), |address| {
        println!("服务已启动 (listening): http://{address}/api/v1  （Ctrl-C 结束）");
    })
    .map_err(|e| failed(format!("{}: {e}", config.listen)))?;
    Ok(ExitCode::SUCCESS)
}

/// What an operator has to know once: the first token, and that keys must be backed up.
fn welcome(config: &Config, service: &Service) -> Result<(), Failure> {
    let draft = AccountDraft::new("bureau", "首任管理员", None, FIRST_TOKEN_DAYS);
    let made = service.found_account(&draft)?;
    println!("首次启动：已在 {} 建立数据库和密钥。", config.data.display());
    println!("财政局账号 {} 的令牌（只显示这一次，{FIRST_TOKEN_DAYS} 天有效）：", made.account.id);
    println!("  {}", made.token.unwrap_or_default());
    println!(
        "其他账号：expert-draw keys token --role 角色 --name 名称 [--unit 信用代码] [--rights …] [--region …] [--login …]"
    );
    println!("导入专家：expert-draw import experts 文件.csv");
    println!("请立即备份（数据库与密钥一并）：expert-draw backup 目录");
    println!(
        "First start: database and keys made; the token above is shown once. Back up database and keys together."
    );
    Ok(())
}
