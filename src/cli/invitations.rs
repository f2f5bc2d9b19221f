//! `doorward accounts invite` and `doorward accounts invitations`.

use std::io::Write;
use std::process::ExitCode;

use serde_json::json;

use super::{ConfigArgs, Failure, clock, core, settings, write_json};
use crate::app::Core;
use crate::auth::invite::{InvitationDraft, InviteOutcome};
use crate::auth::password::Serves;
use crate::domain::account::{FullName, Group, Username};
use crate::domain::email::EmailAddress;
use crate::domain::id::InvitationId;
use crate::domain::registration::Invitation;

#[derive(Debug, clap::Args)]
pub(super) struct InviteArgs {
    /// Where the invitation goes; the account will have this address.
    email: EmailAddress,
    /// The name to sign in with. Left out, whoever is invited chooses it.
    #[arg(long)]
    username: Option<Username>,
    /// The name that apps show. Left out, whoever is invited can give it.
    #[arg(long = "name", value_name = "FULL NAME")]
    full_name: Option<FullName>,
    /// A group that it will belong to; may be given several times.
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<Group>,
    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Debug, clap::Subcommand)]
pub(super) enum InvitationsCommand {
    /// List the invitations that can still be accepted, the latest first.
    List(ConfigArgs),
    /// Take an invitation back: its link makes no account any more.
    Revoke(RevokeArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct RevokeArgs {
    /// The invitation's ID, as `accounts invitations list` shows it.
    id: InvitationId,
    #[command(flatten)]
    config: ConfigArgs,
}

pub(super) async fn invite(args: InviteArgs, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    let draft = InvitationDraft {
        email: args.email,
        username: args.username,
        full_name: args.full_name,
        groups: args.groups,
    };
    send(draft, &args.config, out).await
}

/// Mails the invitation, by the worker of the doorward that runs.
pub(super) async fn send(
    draft: InvitationDraft,
    config: &ConfigArgs,
    out: &mut dyn Write,
) -> Result<ExitCode, Failure> {
    let settings = settings(config)?;
    let core = Core::open(&settings, clock(), Serves::Nobody).await?;
    let (email, username) = (draft.email.clone(), draft.username.clone());
    let origin = settings.portal.origin.to_string();
    let invitation = match core.auth.invite(draft, &origin, core.clock.now()).await? {
        InviteOutcome::Invited(invitation) => invitation,
        InviteOutcome::EmailTaken => {
            return Err(Failure::Refused(format!("another account has the address {email}")));
        }
        InviteOutcome::UsernameTaken => {
            let name = username.map(|name| name.to_string()).unwrap_or_default();
            return Err(Failure::Refused(format!("there is an account named {name} already")));
        }
    };
    if config.json {
        write_json(out, &as_json(&invitation))?;
    } else {
        let until = invitation.expires_at;
        writeln!(out, "{} is invited, until {until}; the mail is on its way", invitation.email)?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn run(
    command: InvitationsCommand,
    out: &mut dyn Write,
) -> Result<ExitCode, Failure> {
    match command {
        InvitationsCommand::List(args) => list(&args, out).await,
        InvitationsCommand::Revoke(args) => revoke(&args, out).await,
    }
}

async fn list(args: &ConfigArgs, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    let core = core(args).await?;
    let invitations = core.auth.invitations(core.clock.now()).await?;
    if args.json {
        write_json(out, &invitations.iter().map(as_json).collect())?;
    } else if invitations.is_empty() {
        writeln!(out, "nobody is invited")?;
    } else {
        writeln!(out, "{:<36}  {:<36} {:<24} UNTIL", "ID", "E-MAIL", "NAME")?;
        for invitation in &invitations {
            let Invitation { id, email, username, expires_at, .. } = invitation;
            let name = username.as_ref().map_or("", Username::as_str);
            writeln!(out, "{id}  {:<36} {name:<24} {expires_at}", email.as_str())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn revoke(args: &RevokeArgs, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    let core = core(&args.config).await?;
    let Some(invitation) = core.auth.revoke_invitation(args.id, core.clock.now()).await? else {
        return Err(Failure::Refused("there is no such invitation".into()));
    };
    if args.config.json {
        write_json(out, &as_json(&invitation))?;
    } else {
        writeln!(out, "{} is not invited any more", invitation.email)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn as_json(invitation: &Invitation) -> serde_json::Value {
    json!({
        "id": invitation.id,
        "email": invitation.email,
        "username": invitation.username,
        "name": invitation.full_name,
        "groups": invitation.groups,
        "created_at": invitation.created_at.rfc3339(),
        "expires_at": invitation.expires_at.rfc3339(),
    })
}
