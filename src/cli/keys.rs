//! `doorward keys`.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use super::{ConfigArgs, Failure, clock, settings, write_json};
use crate::app::keys_file::{KeysError, KeysFile};
use crate::app::{KEYS_NOTICED_WITHIN, StartError, secret};
use crate::config::settings::Settings;
use crate::domain::entropy::OsEntropy;
use crate::domain::host::HostName;
use crate::domain::keys::{IdentityKey, KeyRing};
use crate::domain::quota::{format_duration, parse_duration};
use crate::domain::time::Timestamp;
use crate::identity::key::AssertionKey;
use crate::identity::ring::{ASSERTION_OVERLAP, KeyState, Ring, new_shared_key};

#[derive(Debug, clap::Subcommand)]
pub(super) enum KeysCommand {
    /// List the keys that sign who is asking: those of the assertion, and one for each site that its app shares.
    List(ListArgs),
    /// Make a new key that takes the place of the present one. Nothing in flight is refused, and a running doorward needs
    /// no restart.
    #[command(after_help = ROTATE_HELP)]
    Rotate(RotateArgs),
}

const ROTATE_HELP: &str = "\
A new assertion key stands in jwks.json at once, signs six minutes later, when no app keeps a list without it, and the old \
one stays in the list until the last assertion that it signed has expired.

A new hmac key is for you to give to the app: `doorward keys list --reveal` shows it. Until the app has both keys, by \
`keyid`, leave the old one signing: --in says for how long.

  doorward keys rotate --assertion -c doorward.yaml
  doorward keys rotate --hmac --site wiki.example.com --in 1d -c doorward.yaml
  doorward keys rotate --assertion --stolen -c doorward.yaml";

#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    /// Show the keys that apps share, for the configuration of the app behind. Private keys are never shown.
    #[arg(long)]
    reveal: bool,
    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("which").required(true))]
#[command(group = clap::ArgGroup::new("when"))]
pub(super) struct RotateArgs {
    /// The key that signs assertions, of the algorithm that the configuration names.
    #[arg(long, group = "which")]
    assertion: bool,
    /// The keys that sign requests and that apps share.
    #[arg(long, group = "which")]
    hmac: bool,
    /// Of this site alone.
    #[arg(long, value_name = "HOST", conflicts_with = "assertion")]
    site: Option<HostName>,
    /// When the new key signs, such as 6h. [default: 6m for assertions, 1h for hmac]
    #[arg(long = "in", value_name = "SPAN", group = "when", value_parser = parse_span)]
    after: Option<Duration>,
    /// The new key signs at once; so does one that waits already. Apps that keep public keys or share keys refuse until
    /// they know it.
    #[arg(long, group = "when")]
    now: bool,
    /// Somebody else has the assertion keys: a new one signs at once, and all others leave jwks.json at once. What they
    /// have signed is refused as soon as apps have fetched the list again, in five minutes at most.
    #[arg(long, group = "when", conflicts_with_all = ["hmac", "site"])]
    stolen: bool,
    #[command(flatten)]
    config: ConfigArgs,
}

fn parse_span(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "write a number and its unit: 30s, 10m, 12h, 1d".to_owned())
}

pub(super) async fn run(command: &KeysCommand, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    match command {
        KeysCommand::List(args) => list(args, out),
        KeysCommand::Rotate(args) => rotate(args, out).await,
    }
}

/// A key as it is listed.
struct Row {
    /// The site whose app shares it; none for keys of assertions.
    site: Option<HostName>,
    id: String,
    algorithm: &'static str,
    state: KeyState,
    created: Option<Timestamp>,
    signs_from: Option<Timestamp>,
    shared: Option<String>,
    public: Value,
}

fn list(args: &ListArgs, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    let settings = settings(&args.config)?;
    let ring = KeysFile::new(&settings.keys_file).read_if_there().map_err(StartError::from)?;
    let now = clock().now();
    let mut rows = shared_rows(&settings, &ring, now, args.reveal)?;
    rows.extend(ring.assertion_keys(now).map(|(dated, state)| Row {
        site: None,
        id: dated.key.kid().to_owned(),
        algorithm: dated.key.algorithm().as_str(),
        state,
        created: Some(dated.created),
        signs_from: Some(dated.signs_from),
        shared: None,
        public: dated.key.jwk(),
    }));
    rows.retain(|row| row.state != KeyState::Retired);
    if args.config.json {
        write_json(out, &rows.iter().map(Row::as_json).collect())?;
    } else {
        for row in &rows {
            writeln!(out, "{row}")?;
        }
        if !args.reveal {
            writeln!(out, "(--reveal shows the hmac keys, for the configuration of the apps)")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The keys that apps share, of each site the one that signs first.
fn shared_rows(
    settings: &Settings,
    ring: &Ring,
    now: Timestamp,
    reveal: bool,
) -> Result<Vec<Row>, Failure> {
    let current = secret::read(&settings.secret_file).map_err(StartError::from)?;
    let secrets = KeyRing::derive(current, None);
    let mut rows = Vec::new();
    for site in &settings.sites {
        let row = |key: &IdentityKey, state, dates: Option<(Timestamp, Timestamp)>| Row {
            site: Some(site.host().clone()),
            id: key.id().to_owned(),
            algorithm: "hmac-sha256",
            state,
            created: dates.map(|(created, _)| created),
            signs_from: dates.map(|(_, signs_from)| signs_from),
            shared: reveal.then(|| HEXLOWER.encode(key.expose())),
            public: Value::Null,
        };
        let mut of_site: Vec<Row> = Vec::new();
        for key in secrets.identity_keys(site.host()) {
            of_site.push(row(&key, ring.derived_state(site.host(), now), None));
        }
        for (dated, state) in ring.shared_keys(site.host(), now) {
            of_site.push(row(dated.key.key(), state, Some((dated.created, dated.signs_from))));
        }
        of_site.sort_by_key(|row| row.state != KeyState::Signing);
        rows.append(&mut of_site);
    }
    Ok(rows)
}

impl Row {
    fn as_json(&self) -> Value {
        json!({
            "use": if self.site.is_some() { "hmac" } else { "assertion" },
            "site": self.site,
            "keyid": self.id,
            "alg": self.algorithm,
            "state": self.state.as_str(),
            "created_at": self.created.map(Timestamp::rfc3339),
            "signs_from": self.signs_from.map(Timestamp::rfc3339),
            "key": self.shared,
            "jwk": self.public,
        })
    }
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let whose = self.site.as_ref().map_or("assertion", HostName::as_str);
        let Self { id, algorithm, state, .. } = self;
        write!(f, "{whose}  keyid={id}  alg={algorithm}  state={}", state.as_str())?;
        if let (KeyState::Next, Some(at)) = (state, self.signs_from) {
            write!(f, " (signs from {at})")?;
        }
        self.shared.as_ref().map_or(Ok(()), |key| write!(f, "  key={key}"))
    }
}

/// A key that was made, or that signs earlier than it would have.
struct Rotated {
    site: Option<HostName>,
    id: String,
    algorithm: &'static str,
    signs_from: Timestamp,
}

async fn rotate(args: &RotateArgs, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    let settings = settings(&args.config)?;
    let now = clock().now();
    let file = KeysFile::new(&settings.keys_file);
    let rotated = if args.assertion {
        vec![rotate_assertion(args, &settings, &file, now)?]
    } else {
        rotate_shared(args, &settings, &file, now)?
    };
    // A running doorward has the new list by then.
    tokio::time::sleep(KEYS_NOTICED_WITHIN).await;
    if args.config.json {
        write_json(out, &rotated.iter().map(Rotated::as_json).collect())?;
        return Ok(ExitCode::SUCCESS);
    }
    for key in &rotated {
        let whose = key.site.as_ref().map_or("assertions", HostName::as_str);
        let when = match now.until(key.signs_from) {
            Duration::ZERO => "from now on".to_owned(),
            wait => format!("from {} on, in {}", key.signs_from, format_duration(wait)),
        };
        writeln!(out, "key {} signs {whose} {when}", key.id)?;
    }
    if args.stolen && KeysFile::new(&settings.keys_file).read().is_ok_and(|r| r.has_shared_keys()) {
        writeln!(out, "the file holds hmac keys, too: doorward keys rotate --hmac --now")?;
    }
    if args.hmac {
        writeln!(out, "give it to the app beside the present one: doorward keys list --reveal")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn rotate_assertion(
    args: &RotateArgs,
    settings: &Settings,
    file: &KeysFile,
    now: Timestamp,
) -> Result<Rotated, Failure> {
    let algorithm = settings.assertion.algorithm;
    let overlap = args.after.unwrap_or(ASSERTION_OVERLAP);
    if overlap < ASSERTION_OVERLAP {
        return Err(Failure::Usage(format!(
            "--in must be {} at least, for apps keep the public keys as long; --now if it cannot wait",
            format_duration(ASSERTION_OVERLAP)
        )));
    }
    let changed = file.change(|ring| {
        let hurried = args.now.then(|| ring.hurry_assertion_key(algorithm, now).map(str::to_owned));
        if let Some(id) = hurried.flatten() {
            return Ok((id, now));
        }
        if args.stolen {
            ring.revoke_assertion_keys();
        }
        let key = AssertionKey::generate(algorithm, &OsEntropy)?;
        let id = key.kid().to_owned();
        let first = ring.signing_key(algorithm, now).is_none();
        let signs_from = if args.now || args.stolen || first { now } else { now + overlap };
        ring.add_assertion_key(key, now, signs_from)?;
        Ok((id, signs_from))
    });
    let (id, signs_from) = changed.map_err(refused)?;
    Ok(Rotated { site: None, id, algorithm: algorithm.as_str(), signs_from })
}

fn rotate_shared(
    args: &RotateArgs,
    settings: &Settings,
    file: &KeysFile,
    now: Timestamp,
) -> Result<Vec<Rotated>, Failure> {
    let wanted = |host: &&HostName| args.site.as_ref().is_none_or(|site| site == *host);
    let hosts: Vec<&HostName> =
        settings.sites.iter().map(|site| site.host()).filter(wanted).collect();
    if let (Some(site), true) = (&args.site, hosts.is_empty()) {
        return Err(Failure::Refused(format!("{site} is no site of this configuration")));
    }
    let overlap = if args.now { Duration::ZERO } else { args.after.unwrap_or(SHARED_OVERLAP) };
    let changed = file.change(|ring| {
        let mut rotated = Vec::with_capacity(hosts.len());
        for host in hosts {
            let (id, signs_from) = one_shared(ring, host, args.now, now, overlap)?;
            let site = Some(host.clone());
            rotated.push(Rotated { site, id, algorithm: "hmac-sha256", signs_from });
        }
        Ok(rotated)
    });
    changed.map_err(refused)
}

fn one_shared(
    ring: &mut Ring,
    host: &HostName,
    at_once: bool,
    now: Timestamp,
    overlap: Duration,
) -> Result<(String, Timestamp), KeysError> {
    let hurried = at_once.then(|| ring.hurry_shared_key(host, now).map(str::to_owned)).flatten();
    if let Some(id) = hurried {
        return Ok((id, now));
    }
    let key = new_shared_key(&OsEntropy);
    let id = key.id().to_owned();
    ring.add_shared_key(host, key, now, now + overlap)?;
    Ok((id, now + overlap))
}

/// A rotation that is under way already is a refusal; a file of no use is the machine's.
fn refused(error: KeysError) -> Failure {
    match error {
        KeysError::Waiting(_) => Failure::Refused(error.to_string()),
        other => StartError::from(other).into(),
    }
}

impl Rotated {
    fn as_json(&self) -> Value {
        json!({
            "use": if self.site.is_some() { "hmac" } else { "assertion" },
            "site": self.site,
            "keyid": self.id,
            "alg": self.algorithm,
            "signs_from": self.signs_from.rfc3339(),
        })
    }
}

/// How long a new key that an app shares waits, unless somebody says otherwise: for a person to configure the app.
const SHARED_OVERLAP: Duration = Duration::from_secs(3600);
