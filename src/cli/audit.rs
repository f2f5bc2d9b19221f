//! `doorward audit`.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use super::accounts::{named, parse_login};
use super::{ConfigArgs, Failure, core};
use crate::app::Core;
use crate::domain::account::LoginName;
use crate::domain::audit::NumberedEntry;
use crate::domain::id::AccountId;

#[derive(Debug, clap::Args)]
pub(super) struct AuditArgs {
    /// Only what concerns this account.
    #[arg(long, value_name = "NAME", value_parser = parse_login)]
    account: Option<LoginName>,
    /// How many of the latest entries to begin with.
    #[arg(long, default_value_t = 50)]
    last: u32,
    /// Go on with each further entry, until you stop it.
    #[arg(short, long)]
    follow: bool,
    #[command(flatten)]
    config: ConfigArgs,
}

const LOOK_EVERY: Duration = Duration::from_millis(500);
const PAGE: u32 = 500;

pub(super) async fn run(args: &AuditArgs, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    let core = core(&args.config).await?;
    let account = match &args.account {
        Some(login) => Some(named(&core, login).await?.id),
        None => None,
    };
    let mut names = Names::default();
    let mut entries = core.auth.latest_audit(account, args.last).await?;
    let mut last = 0;
    loop {
        for entry in &entries {
            last = last.max(entry.number);
            if args.config.json {
                writeln!(out, "{}", as_json(entry))?;
            } else {
                let name = names.of(&core, entry.entry.account).await?;
                writeln!(out, "{}", as_line(entry, &name))?;
            }
        }
        out.flush()?;
        if !args.follow {
            return Ok(ExitCode::SUCCESS);
        }
        tokio::time::sleep(LOOK_EVERY).await;
        entries = core.auth.audit_after(last, account, PAGE).await?;
    }
}

/// The usernames of the accounts that were met so far.
#[derive(Default)]
struct Names(std::collections::HashMap<AccountId, String>);

impl Names {
    async fn of(&mut self, core: &Core, account: Option<AccountId>) -> Result<String, Failure> {
        let Some(id) = account else { return Ok("-".into()) };
        if let Some(name) = self.0.get(&id) {
            return Ok(name.clone());
        }
        let found = core.accounts.find_account(id).await?;
        let name = found.map_or_else(|| id.to_string(), |account| account.username.to_string());
        self.0.insert(id, name.clone());
        Ok(name)
    }
}

fn as_line(numbered: &NumberedEntry, name: &str) -> String {
    let entry = &numbered.entry;
    let from = entry.address.map_or_else(|| "-".to_owned(), |address| address.to_string());
    let (event, result) = (entry.event.as_str(), entry.result.as_str());
    let browser = entry.user_agent.for_people();
    format!("{}  {event:<18} {result:<13} {name:<20} {from:<20} {browser}", entry.at)
}

fn as_json(numbered: &NumberedEntry) -> serde_json::Value {
    let entry = &numbered.entry;
    serde_json::json!({
        "number": numbered.number,
        "at": entry.at.rfc3339(),
        "event": entry.event.as_str(),
        "result": entry.result.as_str(),
        "account": entry.account,
        "address": entry.address,
        "user_agent": entry.user_agent,
        "device": entry.device,
    })
}
