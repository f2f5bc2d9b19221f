//! `doorward serve`.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use super::{ConfigArgs, Failure, clock, signals};
use crate::app::open_files;
use crate::app::{Addresses, Inherited, Orders, Server, Source};
use crate::config::raw;
use crate::config::settings::{Log, LogFormat, Settings};
use crate::telemetry::logs::{self, Colour, Format, LogSettings};

/// Runs the gateway until it is told to stop (SIGTERM, SIGINT; a second time: at once). SIGHUP has it read its
/// configuration again, SIGQUIT has another process of the program at its path take its place without losing a request.
#[derive(Debug, clap::Args)]
pub(super) struct ServeArgs {
    #[command(flatten)]
    config: ConfigArgs,
}

pub(super) async fn run(
    args: &ServeArgs,
    mut inherited: Inherited,
    out: &mut dyn Write,
) -> Result<ExitCode, Failure> {
    let prepared = prepare(args, &mut inherited).await;
    let (source, server, orders) =
        prepared.inspect_err(|failure| inherited.give_up(&failure.to_string()))?;
    if !inherited.takes_the_place() {
        return Err(Failure::Refused("the process to succeed was stopped".to_owned()));
    }
    ready(out, source.settings(), &server.addresses(), args.config.json)?;
    server.following(source).run(orders).await;
    Ok(ExitCode::SUCCESS)
}

async fn prepare(
    args: &ServeArgs,
    inherited: &mut Inherited,
) -> Result<(Source, Server, Orders), Failure> {
    let source = Source::read(&args.config.config)?;
    start_logs(&source.settings().log)?;
    open_files::raise(source.settings().connections.total);
    let orders = signals::orders()?;
    let server = Server::prepare(source.settings(), clock(), inherited).await?;
    Ok((source, server, orders))
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
