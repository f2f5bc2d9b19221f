//! The command line: arguments in, exit code out. 0 done, 1 refused or not found, 2 usage or configuration.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};

use crate::app::{Core, Inherited, NOTICED_WITHIN, StartError};
use crate::auth::password::Serves;
use crate::config::settings::Settings;
use crate::config::{self, ConfigErrors};
use crate::domain::time::{SharedClock, SystemClock};
use crate::telemetry::logs;

mod accounts;
mod audit;
pub mod check;
mod demo;
mod devices;
mod doctor;
mod explain;
mod health;
mod invitations;
mod keys;
mod prompt;
mod serve;
mod sessions;
mod signals;
mod templates;
mod transfer;

/// A proper login in front of any web app.
#[derive(Debug, Parser)]
#[command(name = "doorward", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the gateway.
    Serve(serve::ServeArgs),
    /// Try it: a sample app, an account and an inbox, all on this machine.
    Demo(demo::DemoArgs),
    /// Say what is wrong with a configuration, or what it means.
    Check(check::CheckArgs),
    /// Make, list and change accounts.
    #[command(subcommand)]
    Accounts(accounts::AccountsCommand),
    /// List and revoke sessions.
    #[command(subcommand)]
    Sessions(sessions::SessionsCommand),
    /// List and forget the browsers that accounts have signed in from.
    #[command(subcommand)]
    Devices(devices::DevicesCommand),
    /// Show what was attempted and what happened.
    Audit(audit::AuditArgs),
    /// Show and rotate the keys that apps check identity with.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Look at pages and mails, and begin to change them.
    #[command(subcommand)]
    Templates(templates::TemplatesCommand),
    /// Try whether an app believes identity headers that a visitor makes up.
    Doctor(doctor::DoctorArgs),
    /// Ask a running doorward whether it is ready.
    Health(health::HealthArgs),
}

/// The configuration of a command that works on the stores.
#[derive(Debug, clap::Args)]
struct ConfigArgs {
    /// The configuration file.
    #[arg(short, long, value_name = "FILE", env = "DOORWARD_CONFIG")]
    config: PathBuf,
    /// Say it as JSON.
    #[arg(long)]
    json: bool,
}

/// Why a command ended.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// The configuration is wrong.
    #[error("{0}")]
    Config(ConfigErrors),
    /// doorward could not start.
    #[error("{0}")]
    Start(#[from] StartError),
    /// What was asked for is refused, or not there.
    #[error("{0}")]
    Refused(String),
    /// What was asked for is not understood.
    #[error("{0}")]
    Usage(String),
    /// The terminal is gone.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl From<ConfigErrors> for Failure {
    fn from(errors: ConfigErrors) -> Self {
        Self::Config(errors)
    }
}

impl From<crate::store::StoreError> for Failure {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Refused(error.to_string())
    }
}

impl Failure {
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Refused(_) | Self::Io(_) => ExitCode::from(1),
            Self::Config(_) | Self::Start(_) | Self::Usage(_) => ExitCode::from(2),
        }
    }
}

/// Runs the command that the arguments name.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let (mut out, mut err) = (io::stdout(), io::stderr());
    let done = dispatch(cli.command, &mut out, &mut err);
    logs::flush();
    match done {
        Ok(code) => code,
        Err(Failure::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = match &failure {
                Failure::Config(errors) => write!(err, "{errors}"),
                other => writeln!(err, "doorward: {other}"),
            };
            failure.exit_code()
        }
    }
}

fn dispatch(
    command: Command,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<ExitCode, Failure> {
    // One TLS stack: every library finds this provider (rustls on ring).
    let _ = rustls::crypto::ring::default_provider().install_default();
    match command {
        Command::Check(check::CheckArgs { file: Some(file), json, about, .. })
            if about.url.is_some() =>
        {
            runtime()?.block_on(explain::run(&file, &about, json, out))
        }
        Command::Check(args) => Ok(check::run(&args, out, err)?.into()),
        Command::Serve(args) => {
            // It changes the environment: nothing else runs yet.
            let inherited = Inherited::take(config::raw::succeeds())?;
            runtime()?.block_on(serve::run(&args, inherited, out))
        }
        Command::Demo(args) => runtime()?.block_on(demo::run(&args, out)),
        Command::Accounts(command) => runtime()?.block_on(accounts::run(command, out)),
        Command::Sessions(command) => runtime()?.block_on(sessions::run(command, out)),
        Command::Devices(command) => runtime()?.block_on(devices::run(command, out)),
        Command::Audit(args) => runtime()?.block_on(audit::run(&args, out)),
        Command::Keys(command) => runtime()?.block_on(keys::run(&command, out)),
        Command::Templates(command) => templates::run(&command, out),
        Command::Doctor(args) => runtime()?.block_on(doctor::run(&args, out)),
        Command::Health(args) => runtime()?.block_on(health::run(&args, out)),
    }
}

/// What is not the way to an app is done here: pages, mails, upkeep. It has half of the processors, and one where there is no
/// other, so that a flood of forms leaves the rest to those who are signed in (S58).
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let mut building = tokio::runtime::Builder::new_multi_thread();
    building.worker_threads(config::raw::half_of_the_processors()).enable_all();
    building.build().map_err(Failure::Io)
}

/// The clock of this process.
fn clock() -> SharedClock {
    #[cfg(feature = "test-clock")]
    if let Some(offset_file) = config::raw::test_clock_file() {
        return Arc::new(crate::domain::time::TravellingClock::new(offset_file));
    }
    Arc::new(SystemClock)
}

/// The settings in the file that `args` name.
fn settings(args: &ConfigArgs) -> Result<Settings, Failure> {
    Ok(config::load(&args.config)?)
}

/// The stores and use cases that `args` name.
async fn core(args: &ConfigArgs) -> Result<Core, Failure> {
    Ok(Core::open(&settings(args)?, clock(), Serves::Nobody).await?)
}

/// Comes back once a doorward that runs on the same stores has noticed what was changed, so that what was revoked
/// is refused from the moment on at which the command ends.
async fn until_noticed() {
    tokio::time::sleep(NOTICED_WITHIN).await;
}

fn write_json(out: &mut dyn Write, value: &serde_json::Value) -> io::Result<()> {
    writeln!(out, "{}", serde_json::to_string_pretty(value).unwrap_or_default())
}
