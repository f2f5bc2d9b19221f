//! `doorward devices`.

use std::io::Write;
use std::process::ExitCode;

use serde_json::json;

use super::accounts::{named, parse_login};
use super::{ConfigArgs, Failure, core, write_json};
use crate::domain::account::LoginName;
use crate::domain::device::Device;
use crate::domain::id::DeviceId;
use crate::domain::time::Timestamp;

#[derive(Debug, clap::Subcommand)]
pub(super) enum DevicesCommand {
    /// List the browsers that an account has signed in from, the latest used first.
    List(ListArgs),
    /// Forget a browser, or all of an account. Its next sign-in is asked for the code.
    Revoke(RevokeArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    /// The account's username or e-mail address.
    #[arg(long, value_name = "NAME", value_parser = parse_login)]
    account: LoginName,
    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("which").required(true))]
pub(super) struct RevokeArgs {
    /// The device's ID, as `devices list` shows it.
    #[arg(group = "which")]
    id: Option<DeviceId>,
    /// All devices of this account.
    #[arg(long, value_name = "NAME", group = "which", value_parser = parse_login)]
    account: Option<LoginName>,
    #[command(flatten)]
    config: ConfigArgs,
}

pub(super) async fn run(command: DevicesCommand, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    match command {
        DevicesCommand::List(args) => list(&args, out).await,
        DevicesCommand::Revoke(args) => revoke(&args, out).await,
    }
}

async fn list(args: &ListArgs, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    let core = core(&args.config).await?;
    let account = named(&core, &args.account).await?;
    let devices = core.auth.devices_of(&account).await?;
    let now = core.clock.now();
    if args.config.json {
        write_json(out, &devices.iter().map(|device| as_json(device, now)).collect())?;
    } else {
        writeln!(out, "{:<36}  {:<20}  {:<20}  BROWSER", "ID", "LAST USED", "TRUSTED UNTIL")?;
        for device in &devices {
            let until = device.trusted_until.filter(|_| device.is_trusted(now));
            let until = until.map_or("-".into(), Timestamp::rfc3339);
            writeln!(out, "{}  {}  {until:<20}  {}", device.id, device.used_at, device.client)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn revoke(args: &RevokeArgs, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    let core = core(&args.config).await?;
    let gone = match (&args.id, &args.account) {
        (Some(id), _) => u64::from(core.auth.revoke_device(*id, core.clock.now()).await?),
        (None, Some(login)) => {
            let account = named(&core, login).await?;
            core.auth.revoke_devices_of(account.id, core.clock.now()).await?
        }
        (None, None) => return Err(Failure::Usage("name a device or an account".into())),
    };
    if gone == 0 && args.id.is_some() {
        return Err(Failure::Refused("there is no such device".into()));
    }
    if args.config.json {
        write_json(out, &json!({ "revoked": gone }))?;
    } else {
        writeln!(out, "{gone} {} forgotten", if gone == 1 { "device" } else { "devices" })?;
    }
    Ok(ExitCode::SUCCESS)
}

fn as_json(device: &Device, now: Timestamp) -> serde_json::Value {
    json!({
        "id": device.id,
        "browser": device.name(),
        "site": device.host,
        "created_at": device.created_at.rfc3339(),
        "last_used_at": device.used_at.rfc3339(),
        "address": device.client.address,
        "trusted": device.is_trusted(now),
        "trusted_until": device.trusted_until.map(Timestamp::rfc3339),
    })
}
