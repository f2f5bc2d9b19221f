//! `doorward serve`.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::{ConfigArgs, Failure, clock, settings};
use crate::app::{Addresses, Server};
use crate::config::raw;
use crate::config::settings::{Log, LogFormat, Settings};
use crate::telemetry::logs::{self, Colour, Format, LogSettings};

/// Runs the gateway until it is told to stop (SIGTERM, SIGINT).
#[derive(Debug, clap::Args)]
pub(super) struct ServeArgs {
    #[command(flatten)]
    config: ConfigArgs,
}

pub(super) async fn run(args: &ServeArgs, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    let settings = settings(&args.config)?;
    start_logs(&settings.log)?;
    let stop = stop_signal()?;
    let server = Server::prepare(&settings, clock()).await?;
    ready(out, &settings, &server.addresses(), args.config.json)?;
    server.run(stop).await;
    Ok(ExitCode::SUCCESS)
}

/// One line, when connections are accepted.
fn ready(
    out: &mut dyn Write,
    settings: &Settings,
    addresses: &Addresses,
    json: bool,
) -> std::io::Result<()> {
    let sites: Vec<String> = addresses.sites.iter().map(ToString::to_string).collect();
    let admin = addresses.admin.map(|address| address.to_string());
    if json {
        let line = serde_json::json!({ "ready": true, "listen": sites, "admin": admin });
        writeln!(out, "{line}")?;
    } else {
        let hosts: Vec<&str> = settings.sites.iter().map(|site| site.host().as_str()).collect();
        let admin = admin.map(|admin| format!("; admin on {admin}")).unwrap_or_default();
        writeln!(out, "doorward is ready on {} for {}{admin}", sites.join(", "), hosts.join(", "))?;
    }
    out.flush()
}

pub(super) fn start_logs(log: &Log) -> Result<(), Failure> {
    let plain = !std::io::stderr().is_terminal() || raw::no_colour();
    let format = match log.format {
        LogFormat::Json => Format::Json,
        LogFormat::Human => Format::Human(if plain { Colour::Plain } else { Colour::Coloured }),
    };
    logs::init(&LogSettings { format, filter: log.filter.clone() })
        .map_err(|error| Failure::Usage(error.to_string()))
}

/// Says true once the process is told to stop.
pub(super) fn stop_signal() -> Result<watch::Receiver<bool>, Failure> {
    let (say, stop) = watch::channel(false);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: no more connections are taken, requests in flight may finish");
        let _ = say.send(true);
        // Kept until the process ends, so that nobody mistakes a dropped sender for a word.
        say.closed().await;
    });
    Ok(stop)
}
