//! `doorward accounts`.

use std::io::Write;
use std::process::ExitCode;

use serde_json::json;
use zeroize::Zeroizing;

use super::invitations::{self, InvitationsCommand, InviteArgs};
use super::transfer::{self, ExportArgs, ImportArgs};
use super::{ConfigArgs, Failure, core, prompt, until_noticed, write_json};
use crate::app::Core;
use crate::auth::account::{AccountDraft, AccountError, Added};
use crate::auth::invite::InvitationDraft;
use crate::domain::account::{
    Account, AccountStatus, FullName, Group, GroupChange, LoginName, Username,
};
use crate::domain::email::EmailAddress;
use crate::domain::password_rules::{NewPassword, Owner};
use crate::domain::registration::Registration;

#[derive(Debug, clap::Subcommand)]
pub(super) enum AccountsCommand {
    /// Make an account.
    Add(AddArgs),
    /// Invite somebody by mail to make an account.
    Invite(InviteArgs),
    /// List and take back invitations.
    #[command(subcommand)]
    Invitations(InvitationsCommand),
    /// List all accounts in the order of their names.
    List(ConfigArgs),
    /// Show an account.
    Show(NamedArgs),
    /// Disable an account and end its sessions now.
    Disable(NamedArgs),
    /// Let a disabled account sign in again.
    Enable(NamedArgs),
    /// Have an account asked for the code also where a password would be enough, or not, and end its sessions.
    SecondStep(SecondStepArgs),
    /// Have an account belong to other groups. Losing one ends its sessions; what is given counts within seconds.
    Groups(GroupsArgs),
    /// Take the telephone number of an account away, so that its codes come by mail again, and end its sessions.
    ForgetPhone(NamedArgs),
    /// Set a new password and end the account's sessions.
    SetPassword(SetPasswordArgs),
    /// Import accounts, with the password hashes that they have elsewhere.
    Import(ImportArgs),
    /// Export all accounts.
    Export(ExportArgs),
}

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("how").required(true))]
pub(super) struct AddArgs {
    /// The name to sign in with.
    name: Username,
    /// Where its codes go.
    #[arg(long)]
    email: EmailAddress,
    /// The name that apps show.
    #[arg(long = "name", value_name = "FULL NAME")]
    full_name: Option<FullName>,
    /// A group that it belongs to; may be given several times.
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<Group>,
    /// Read the password from standard input.
    #[arg(long, group = "how")]
    password_stdin: bool,
    /// Mail an invitation to choose the password, with which the account is made.
    #[arg(long, group = "how")]
    invite: bool,
    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct NamedArgs {
    /// The username or e-mail address.
    #[arg(value_name = "NAME", value_parser = parse_login)]
    login: LoginName,
    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("change").required(true).multiple(true))]
pub(super) struct GroupsArgs {
    /// The username or e-mail address.
    #[arg(value_name = "NAME", value_parser = parse_login)]
    login: LoginName,
    /// A group that it belongs to from now on; may be given several times.
    #[arg(long = "add", value_name = "GROUP", group = "change")]
    given: Vec<Group>,
    /// A group that it does not belong to any more; may be given several times.
    #[arg(long = "remove", value_name = "GROUP", group = "change")]
    taken: Vec<Group>,
    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct SecondStepArgs {
    /// The username or e-mail address.
    #[arg(value_name = "NAME", value_parser = parse_login)]
    login: LoginName,
    /// Whether the code is asked for.
    #[arg(value_enum)]
    turn: Turn,
    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Turn {
    On,
    Off,
}

#[derive(Debug, clap::Args)]
pub(super) struct SetPasswordArgs {
    #[command(flatten)]
    named: NamedArgs,
    /// Read the password from standard input.
    #[arg(long, required = true)]
    password_stdin: bool,
}

pub(super) fn parse_login(text: &str) -> Result<LoginName, String> {
    text.parse().map_err(|error: crate::domain::account::NotALoginName| error.to_string())
}

pub(super) async fn run(
    command: AccountsCommand,
    out: &mut dyn Write,
) -> Result<ExitCode, Failure> {
    match command {
        AccountsCommand::Add(args) => add(args, out).await,
        AccountsCommand::Invite(args) => invitations::invite(args, out).await,
        AccountsCommand::Invitations(command) => invitations::run(command, out).await,
        AccountsCommand::List(args) => list(&args, out).await,
        AccountsCommand::Show(args) => show(&args, out).await,
        AccountsCommand::SecondStep(args) => {
            let core = core(&args.config).await?;
            let account = named(&core, &args.login).await?;
            let (on, now) = (args.turn == Turn::On, core.clock.now());
            let account = core.auth.set_second_step_by_operator(&account, on, now).await?;
            until_noticed().await;
            let what = match args.turn {
                Turn::On => "is asked for a code everywhere; its sessions are ended",
                Turn::Off => "is asked for a code where the rules say so; its sessions are ended",
            };
            tell(out, &args.config, &still_there(account)?, Some(what))
        }
        AccountsCommand::Groups(args) => change_groups(args, out).await,
        AccountsCommand::ForgetPhone(args) => {
            let core = core(&args.config).await?;
            let account = named(&core, &args.login).await?;
            let now = core.clock.now();
            let Some(account) = core.auth.forget_phone_by_operator(&account, now).await? else {
                return Err(Failure::Refused(format!(
                    "{} has no telephone number",
                    account.username
                )));
            };
            until_noticed().await;
            let what = "has no telephone number any more; its sessions are ended";
            tell(out, &args.config, &account, Some(what))
        }
        AccountsCommand::Disable(args) => {
            let core = core(&args.config).await?;
            let account = named(&core, &args.login).await?;
            let account = core.auth.disable_account(account.id, core.clock.now()).await?;
            until_noticed().await;
            tell(
                out,
                &args.config,
                &still_there(account)?,
                Some("disabled; its sessions are ended"),
            )
        }
        AccountsCommand::Enable(args) => {
            let core = core(&args.config).await?;
            let account = named(&core, &args.login).await?;
            let account = core.auth.enable_account(account.id, core.clock.now()).await?;
            until_noticed().await;
            tell(out, &args.config, &still_there(account)?, Some("enabled"))
        }
        AccountsCommand::Import(args) => transfer::import(&args, out).await,
        AccountsCommand::Export(args) => transfer::export(&args, out).await,
        AccountsCommand::SetPassword(args) => {
            let config = &args.named.config;
            let typed = prompt::new_password()?;
            let core = core(config).await?;
            let account = named(&core, &args.named.login).await?;
            let password = accepted(&core, typed, Owner::from(&account)).await?;
            let account = core
                .auth
                .set_password(account.id, password, core.clock.now())
                .await
                .map_err(|error| Failure::Refused(error.to_string()))?;
            until_noticed().await;
            let what = "has a new password; its sessions are ended";
            tell(out, config, &still_there(account)?, Some(what))
        }
    }
}

async fn change_groups(args: GroupsArgs, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    let GroupsArgs { login, given, taken, config } = args;
    if let Some(both) = given.iter().find(|group| taken.contains(group)) {
        return Err(Failure::Refused(format!(
            "{} cannot be both added and removed: say one of the two",
            both.as_str()
        )));
    }
    let core = core(&config).await?;
    let account = named(&core, &login).await?;
    let change = GroupChange { given, taken };
    let changed = core.auth.change_groups(account.id, &change, core.clock.now()).await?;
    let (before, after) = changed.unzip();
    let (before, after) = (still_there(before)?, still_there(after)?);
    let belongs = match groups(&after) {
        none if none.is_empty() => "belongs to no group".to_owned(),
        some => format!("belongs to {some}"),
    };
    let what = if before.groups == after.groups {
        format!("{belongs}, as before")
    } else if before.epoch == after.epoch {
        belongs
    } else {
        until_noticed().await;
        format!("{belongs}; its sessions are ended")
    };
    tell(out, &config, &after, Some(&what))
}

async fn add(args: AddArgs, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    if args.invite {
        let AddArgs { name, email, full_name, groups, config, .. } = args;
        let draft = InvitationDraft { email, username: Some(name), full_name, groups };
        return invitations::send(draft, &config, out).await;
    }
    let typed = prompt::new_password()?;
    let core = core(&args.config).await?;
    let owner = Owner {
        username: Some(args.name.clone()),
        email: Some(args.email.clone()),
        full_name: args.full_name.clone(),
    };
    let password = Some(accepted(&core, typed, owner).await?);
    let (name, email) = (args.name.clone(), args.email.clone());
    let draft = AccountDraft {
        username: args.name,
        email: args.email,
        full_name: args.full_name,
        groups: args.groups,
        password,
    };
    let added = core.auth.add_account(draft, core.clock.now()).await;
    match added.map_err(|error| Failure::Refused(error.to_string()))? {
        Added::Created(_) => {}
        Added::UsernameTaken => {
            return Err(Failure::Refused(format!("there is an account named {name} already")));
        }
        Added::EmailTaken => {
            return Err(Failure::Refused(format!("another account has the address {email}")));
        }
    }
    let account = named(&core, &LoginName::Username(name)).await?;
    tell(out, &args.config, &account, Some("added"))
}

/// What was typed as a new password, or the reason why it is not taken (R20).
async fn accepted(
    core: &Core,
    typed: Zeroizing<String>,
    owner: Owner,
) -> Result<NewPassword, Failure> {
    let judged = core.auth.new_password(typed, owner).await;
    let judged = judged.map_err(|busy| Failure::Refused(AccountError::from(busy).to_string()))?;
    judged.map_err(|fault| Failure::Refused(fault.to_string()))
}

async fn show(args: &NamedArgs, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    let core = core(&args.config).await?;
    let account = named(&core, &args.login).await?;
    let codes = core.auth.backup_codes_of(account.id).await?;
    if args.config.json {
        let mut shown = as_json(&account);
        if let Some(fields) = shown.as_object_mut() {
            fields.insert("backup_codes".to_owned(), codes.left.into());
        }
        write_json(out, &shown)?;
        return Ok(ExitCode::SUCCESS);
    }
    tell(out, &args.config, &account, None)?;
    writeln!(out, "backup codes {}", codes.left)?;
    Ok(ExitCode::SUCCESS)
}

async fn list(args: &ConfigArgs, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    const PAGE: u32 = 500;
    /// Strangers can register any number of times: the latest of them tell enough.
    const PENDING: u32 = 200;
    let core = core(args).await?;
    let mut all = Vec::new();
    loop {
        let after = all.last().map(|account: &Account| account.username.key());
        let page = core.auth.list_accounts(after.as_deref(), PAGE).await?;
        let last = page.len() < PAGE as usize;
        all.extend(page);
        if last {
            break;
        }
    }
    let pending = core.auth.registrations(PENDING, core.clock.now()).await?;
    if args.json {
        let registered = pending.iter().map(pending_as_json);
        write_json(out, &all.iter().map(as_json).chain(registered).collect())?;
    } else if all.is_empty() && pending.is_empty() {
        writeln!(
            out,
            "no accounts; make one: doorward accounts add NAME --email ADDRESS --password-stdin"
        )?;
    } else {
        writeln!(out, "{:<24} {:<36} {:<10} GROUPS", "NAME", "E-MAIL", "STATUS")?;
        for account in &all {
            let (name, email) = (account.username.as_str(), account.email.as_str());
            writeln!(out, "{name:<24} {email:<36} {:<10} {}", status(account), groups(account))?;
        }
        for registration in &pending {
            let (name, email) = (registration.username.as_str(), registration.email.as_str());
            writeln!(out, "{name:<24} {email:<36} pending")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The account of that name, or a refusal that says that there is none.
pub(super) async fn named(core: &Core, login: &LoginName) -> Result<Account, Failure> {
    let found = core.auth.find_account(login).await?;
    found.ok_or_else(|| Failure::Refused(format!("there is no account {}", login.key())))
}

fn still_there(account: Option<Account>) -> Result<Account, Failure> {
    account.ok_or_else(|| Failure::Refused("the account has just been removed".into()))
}

fn tell(
    out: &mut dyn Write,
    config: &ConfigArgs,
    account: &Account,
    done: Option<&str>,
) -> Result<ExitCode, Failure> {
    match done {
        _ if config.json => write_json(out, &as_json(account))?,
        Some(done) => writeln!(out, "{} {done}", account.username)?,
        None => {
            writeln!(out, "name      {}", account.username)?;
            writeln!(out, "e-mail    {}", account.email)?;
            if let Some(name) = &account.full_name {
                writeln!(out, "full name {}", name.as_str())?;
            }
            writeln!(out, "groups    {}", groups(account))?;
            writeln!(out, "status    {}", status(account))?;
            writeln!(out, "made      {}", account.created_at)?;
            let second_step = if account.second_step { "on" } else { "off" };
            writeln!(out, "second step {second_step}")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn as_json(account: &Account) -> serde_json::Value {
    json!({
        "id": account.id,
        "username": account.username,
        "email": account.email,
        "name": account.full_name,
        "groups": account.groups,
        "status": status(account),
        "second_step": account.second_step,
        "language": account.language,
        "disabled_at": match account.status {
            AccountStatus::Active => None,
            AccountStatus::Disabled { at } => Some(at.rfc3339()),
        },
        "created_at": account.created_at.rfc3339(),
    })
}

/// A registration that its owner has not confirmed yet: it is gone after a day.
fn pending_as_json(registration: &Registration) -> serde_json::Value {
    json!({
        "id": registration.id,
        "username": registration.username,
        "email": registration.email,
        "name": registration.full_name,
        "groups": [],
        "status": "pending",
        "disabled_at": null,
        "created_at": registration.created_at.rfc3339(),
    })
}

const fn status(account: &Account) -> &'static str {
    match account.status {
        AccountStatus::Active => "active",
        AccountStatus::Disabled { .. } => "disabled",
    }
}

fn groups(account: &Account) -> String {
    account.groups.iter().map(Group::as_str).collect::<Vec<_>>().join(",")
}
