//! `doorward check FILE --url URL`: what becomes of a request, told rule by rule.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use super::accounts::{named, parse_login};
use super::{Failure, clock, write_json};
use crate::app::Core;
use crate::app::explain::{Explained, Imagined, ImaginedVisitor, explain};
use crate::auth::password::Serves;
use crate::config;
use crate::config::settings::{self, Settings};
use crate::domain::account::{Identity, LoginName};
use crate::domain::host::Origin;
use crate::domain::quota::{format_duration, parse_duration};
use crate::domain::session::Method as SignInMethod;

/// A request that might come.
#[derive(Debug, Default, clap::Args)]
pub struct ExplainArgs {
    /// Explain what becomes of a request for this address, rule by rule.
    #[arg(long, conflicts_with_all = ["print", "schema"])]
    pub url: Option<String>,
    /// Its method: GET if left out.
    #[arg(long, requires = "url")]
    pub method: Option<http::Method>,
    /// Who is signed in: the username or e-mail address of an account. Left out: nobody.
    #[arg(long = "as", value_name = "NAME", requires = "url", value_parser = parse_login)]
    pub account: Option<LoginName>,
    /// By what they signed in: password and code if left out.
    #[arg(long, requires = "account", value_enum)]
    pub signed_in: Option<SignedInBy>,
    /// How long ago they did, such as 20m: just now if left out.
    #[arg(long, requires = "account", value_parser = parse_ago)]
    pub ago: Option<Duration>,
    /// The address that it comes from: 127.0.0.1 if left out.
    #[arg(long, value_name = "ADDRESS", requires = "url")]
    pub from: Option<IpAddr>,
}

/// By what somebody signed in.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum SignedInBy {
    /// The password and the code.
    PasswordAndCode,
    /// The password, on a trusted device.
    TrustedDevice,
    /// The password alone.
    Password,
    /// The code alone.
    Code,
}

impl SignedInBy {
    fn methods(self) -> Vec<SignInMethod> {
        match self {
            Self::PasswordAndCode => vec![SignInMethod::Password, SignInMethod::MailCode],
            Self::TrustedDevice => vec![SignInMethod::Password, SignInMethod::TrustedDevice],
            Self::Password => vec![SignInMethod::Password],
            Self::Code => vec![SignInMethod::MailCode],
        }
    }

    const fn in_words(self) -> &'static str {
        match self {
            Self::PasswordAndCode => "by password and code",
            Self::TrustedDevice => "by password on a trusted device",
            Self::Password => "by password alone",
            Self::Code => "by a code alone",
        }
    }
}

fn parse_ago(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "not a span of time such as 30s, 20m or 12h".to_owned())
}

/// Explains as `args` say, by the configuration in `file`.
pub(super) async fn run(
    file: &Path,
    args: &ExplainArgs,
    json: bool,
    out: &mut dyn Write,
) -> Result<ExitCode, Failure> {
    let settings = config::load(file)?;
    let url = args.url.as_deref().unwrap_or_default();
    let (origin, target) = split(url)?;
    let visitor = match &args.account {
        Some(login) => Some(visitor(&settings, login, args).await?),
        None => None,
    };
    let request = Imagined {
        origin,
        target,
        method: args.method.clone().unwrap_or_default(),
        client: args.from.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        visitor,
    };
    let explained = explain(&settings, &request, clock().now());
    let explained = explained.map_err(|error| Failure::Refused(error.to_string()))?;
    if json {
        let mut told = serde_json::to_value(&explained).unwrap_or_default();
        if let Some(told) = told.as_object_mut() {
            told.insert("url".into(), url.into());
            told.insert("method".into(), request.method.as_str().into());
            told.insert("from".into(), request.client.to_string().into());
            let who = request.visitor.as_ref().map(|who| who.identity.username().to_owned());
            told.insert("as".into(), who.into());
        }
        write_json(out, &told)?;
    } else {
        tell(out, url, &request, args.signed_in, &explained)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The address as origin and target. The target stays as it was typed: what it means is what is asked.
fn split(url: &str) -> Result<(Origin, String), Failure> {
    let not_an_address =
        || Failure::Usage(format!("{url:?} is not an address such as https://wiki.example.com/a"));
    let (scheme, rest) = url.split_once("://").ok_or_else(not_an_address)?;
    let (authority, target) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, "/"),
    };
    let origin = format!("{scheme}://{authority}").parse().map_err(|_| not_an_address())?;
    Ok((origin, target.to_owned()))
}

async fn visitor(
    settings: &Settings,
    login: &LoginName,
    args: &ExplainArgs,
) -> Result<ImaginedVisitor, Failure> {
    // Looking must not make what is not there yet.
    if let settings::Database::Sqlite(path) = &settings.accounts
        && !path.exists()
    {
        return Err(Failure::Refused(format!("there are no accounts yet in {}", path.display())));
    }
    let core = Core::open(settings, clock(), Serves::Nobody).await?;
    let account = named(&core, login).await?;
    if !account.is_active() {
        let why = format!("{} is disabled, and signed in nowhere", account.username);
        return Err(Failure::Refused(why));
    }
    Ok(ImaginedVisitor {
        identity: Arc::new(Identity::from(&account)),
        methods: args.signed_in.unwrap_or(SignedInBy::PasswordAndCode).methods(),
        ago: args.ago.unwrap_or_default(),
        second_step: account.second_step,
    })
}

fn tell(
    out: &mut dyn Write,
    url: &str,
    request: &Imagined,
    signed_in: Option<SignedInBy>,
    explained: &Explained,
) -> Result<(), Failure> {
    writeln!(out, "{} {url}", request.method)?;
    writeln!(out, "  site  {}", explained.site)?;
    writeln!(out, "  from  {}", request.client)?;
    match &request.visitor {
        None => writeln!(out, "  as    nobody")?,
        Some(who) => {
            let groups: Vec<&str> = who.identity.groups().collect();
            let groups = if groups.is_empty() { "none".to_owned() } else { groups.join(", ") };
            let how = signed_in.unwrap_or(SignedInBy::PasswordAndCode).in_words();
            let when = match who.ago {
                Duration::ZERO => "just now".to_owned(),
                ago => format!("{} ago", format_duration(ago)),
            };
            let name = who.identity.username();
            writeln!(out, "  as    {name} (groups: {groups}), signed in {how} {when}")?;
        }
    }
    let several = explained.readings.len() > 1;
    for reading in &explained.readings {
        writeln!(out)?;
        if several {
            writeln!(out, "read as {}", reading.path)?;
        }
        for rule in &reading.rules {
            writeln!(out, "  rule {}  {}", rule.rule, rule.says)?;
            writeln!(out, "          {}", rule.meaning)?;
        }
        if !reading.rules.iter().any(|rule| rule.verdict == "decides") {
            writeln!(out, "  no rule is for it: 403")?;
        }
    }
    if several {
        writeln!(out, "\nThe path can be read in several ways; the strictest decides.")?;
    }
    writeln!(out, "\n{}: {}", explained.decision, explained.meaning)?;
    Ok(())
}
