//! `doorward sessions`.

use std::io::Write;
use std::process::ExitCode;

use serde_json::json;

use super::accounts::{named, parse_login};
use super::{ConfigArgs, Failure, core, until_noticed, write_json};
use crate::domain::account::LoginName;
use crate::domain::id::SessionId;
use crate::domain::session::Session;

#[derive(Debug, clap::Subcommand)]
pub(super) enum SessionsCommand {
    /// List the sessions of an account, the latest used first.
    List(ListArgs),
    /// End a session, or all of an account. Its next request is signed out.
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
    /// The session's ID, as `sessions list` shows it.
    #[arg(group = "which")]
    id: Option<SessionId>,
    /// All sessions of this account.
    #[arg(long, value_name = "NAME", group = "which", value_parser = parse_login)]
    account: Option<LoginName>,
    #[command(flatten)]
    config: ConfigArgs,
}

pub(super) async fn run(
    command: SessionsCommand,
    out: &mut dyn Write,
) -> Result<ExitCode, Failure> {
    match command {
        SessionsCommand::List(args) => list(&args, out).await,
        SessionsCommand::Revoke(args) => revoke(&args, out).await,
    }
}

async fn list(args: &ListArgs, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    let core = core(&args.config).await?;
    let account = named(&core, &args.account).await?;
    let sessions = core.auth.sessions_of(account.id, core.clock.now()).await?;
    if args.config.json {
        write_json(out, &sessions.iter().map(as_json).collect())?;
    } else {
        writeln!(out, "{:<36}  {:<20}  {:<24}  FROM", "ID", "LAST USED", "SITE")?;
        for session in &sessions {
            let host = session.host.as_str();
            writeln!(out, "{}  {}  {host:<24}  {}", session.id, session.seen_at, session.client)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn revoke(args: &RevokeArgs, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    let core = core(&args.config).await?;
    let ended = match (&args.id, &args.account) {
        (Some(id), _) => u64::from(core.auth.end_session_by_operator(*id, core.clock.now()).await?),
        (None, Some(login)) => {
            let account = named(&core, login).await?;
            core.auth.end_sessions_by_operator(account.id, core.clock.now()).await?
        }
        (None, None) => return Err(Failure::Usage("name a session or an account".into())),
    };
    if ended == 0 && args.id.is_some() {
        return Err(Failure::Refused("there is no such session".into()));
    }
    until_noticed().await;
    if args.config.json {
        write_json(out, &json!({ "revoked": ended }))?;
    } else {
        writeln!(out, "{ended} {} ended", if ended == 1 { "session" } else { "sessions" })?;
    }
    Ok(ExitCode::SUCCESS)
}

fn as_json(session: &Session) -> serde_json::Value {
    json!({
        "id": session.id,
        "site": session.host,
        "methods": session.methods,
        "created_at": session.created_at.rfc3339(),
        "last_used_at": session.seen_at.rfc3339(),
        "expires_at": session.expires_at.rfc3339(),
        "remembered": session.remembered,
        "address": session.client.address,
        "browser": session.client.user_agent.for_people(),
    })
}
