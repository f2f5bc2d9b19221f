//! `doorward keys`.

use std::io::Write;
use std::process::ExitCode;

use data_encoding::HEXLOWER;
use serde_json::json;

use super::{ConfigArgs, Failure, settings, write_json};
use crate::app::{StartError, secret};
use crate::domain::keys::KeyRing;

#[derive(Debug, clap::Subcommand)]
pub(super) enum KeysCommand {
    /// List the keys that sign the identity of requests, one for each site.
    List(ListArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    /// Show the keys themselves, for the configuration of the app behind.
    #[arg(long)]
    reveal: bool,
    #[command(flatten)]
    config: ConfigArgs,
}

pub(super) fn run(command: &KeysCommand, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    let KeysCommand::List(args) = command;
    let settings = settings(&args.config)?;
    let current = secret::read(&settings.secret_file).map_err(StartError::from)?;
    let ring = KeyRing::derive(current, None);
    let mut rows = Vec::new();
    for site in &settings.sites {
        for key in ring.identity_keys(site.host()) {
            let shown = args.reveal.then(|| HEXLOWER.encode(key.expose()));
            rows.push((site.host().to_string(), key.id().to_owned(), shown));
        }
    }
    if args.config.json {
        let rows: Vec<_> = rows
            .iter()
            .map(|(site, id, key)| json!({ "site": site, "keyid": id, "alg": "hmac-sha256", "key": key }))
            .collect();
        write_json(out, &rows.into())?;
    } else {
        for (site, id, key) in &rows {
            let key = key.as_deref().unwrap_or("(hidden; --reveal shows it)");
            writeln!(out, "{site}  keyid={id}  alg=hmac-sha256  key={key}")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
