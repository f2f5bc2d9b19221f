//! `doorward doctor`: claims to be somebody, in every spelling, through the gateway and past it, and says what the app
//! believed. It asks only the addresses that it is given, a bounded number of times, one request after the other.

use std::io::{BufRead as _, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use data_encoding::HEXLOWER;
use url::Url;

use self::probes::{Form, MARKER, Probe};
use self::report::{Report, Route, Row};
use self::verdict::{Baseline, shows};
use self::wire::Target;
use super::Failure;
use crate::domain::entropy::{self, OsEntropy};

mod probes;
mod report;
mod verdict;
mod wire;

/// Tries whether your app believes identity headers that a visitor makes up: through the gateway and, with --direct,
/// past it. Name a page on which the app says who is signed in.
///
/// The requests are harmless page loads, but an app that believes one may make an account for the name in it, which
/// begins with "dw".
#[derive(Debug, clap::Args)]
pub(super) struct DoctorArgs {
    /// A page of the site, as browsers load it through the gateway.
    #[arg(value_name = "URL", value_parser = parse_url)]
    url: Url,
    /// Where the app itself listens, to see whom it answers there.
    #[arg(long, value_name = "UPSTREAM_URL", value_parser = parse_url)]
    direct: Option<Url>,
    /// A header by which your app is told who somebody is, where it is not Remote-User and the like; may be repeated.
    #[arg(long, value_name = "NAME", value_parser = parse_header)]
    header: Vec<String>,
    /// Read a line from standard input and send it to the gateway as the Cookie of a signed-in browser.
    #[arg(long)]
    cookie_stdin: bool,
    /// A file of certificates (PEM) to trust beside the system's.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Say it as JSON.
    #[arg(long)]
    json: bool,
}

fn parse_url(text: &str) -> Result<Url, String> {
    let url: Url = text.parse().map_err(|error| format!("{error}"))?;
    match url.scheme() {
        "http" | "https" if url.username().is_empty() && url.password().is_none() => Ok(url),
        "http" | "https" => Err("has a user name, which is not sent".to_owned()),
        _ => Err("is not an address that begins with http:// or https://".to_owned()),
    }
}

fn parse_header(text: &str) -> Result<String, String> {
    text.parse::<http::HeaderName>()
        .map(|_| text.to_owned())
        .map_err(|_| "is not the name of a header".to_owned())
}

/// How often nobody's page is loaded, to learn what changes by itself.
const LOOKS: usize = 3;

pub(super) async fn run(args: &DoctorArgs, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    let roots = wire::trust(args.ca.as_deref()).map_err(Failure::Usage)?;
    let cookie = if args.cookie_stdin { Some(read_cookie()?) } else { None };
    let name = format!("dw{}", HEXLOWER.encode(&entropy::bytes::<8>(&OsEntropy)));
    let probes = probes::all(&args.header);
    let mut report = Report::new(args.url.clone(), args.direct.clone());

    let gateway = Target::new(args.url.clone(), None, &roots);
    let always: Vec<String> = cookie.into_iter().collect();
    let nobody = baseline(&gateway, &always, &name).await;
    let nobody = nobody.map_err(|why| Failure::Usage(format!("{}: {why}", args.url)))?;
    report.nobody(Route::Gateway, &nobody);
    try_all(&gateway, &nobody, &probes, (&name, &always), Route::Gateway, &mut report).await;

    if let Some(direct) = &args.direct {
        let target = Target::new(page_at(direct, &args.url), Some(host_of(&args.url)), &roots);
        match baseline(&target, &[], &name).await {
            Err(why) => report.out_of_reach(why),
            Ok(there) => {
                report.nobody(Route::Direct, &there);
                report
                    .is_open(nobody.asks_to_sign_in() && (200..300).contains(&there.answer.status));
                try_all(&target, &there, &probes, (&name, &[]), Route::Direct, &mut report).await;
            }
        }
    }
    if args.json {
        report.write_json(out)?
    } else {
        report.write_table(out)?
    }
    Ok(ExitCode::from(u8::from(report.got_through())))
}

fn read_cookie() -> Result<String, Failure> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let line = line.trim();
    let value = line.strip_prefix("Cookie:").unwrap_or(line).trim();
    if value.is_empty() || !value.contains('=') || value.chars().any(char::is_control) {
        let why = "standard input has no cookie of the form name=value";
        return Err(Failure::Usage(why.to_owned()));
    }
    Ok(format!("Cookie: {value}"))
}

/// The same page at the app itself, unless another is named there.
fn page_at(direct: &Url, page: &Url) -> Url {
    let mut url = direct.clone();
    if direct.path() == "/" && direct.query().is_none() {
        url.set_path(page.path());
        url.set_query(page.query());
    }
    url
}

fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// What is said to nobody, several times; or why nothing is.
async fn baseline(target: &Target, always: &[String], name: &str) -> Result<Baseline, String> {
    let mut answers = Vec::with_capacity(LOOKS);
    for _ in 0..LOOKS {
        answers.push(target.ask(Form::Plain, always).await.map_err(|error| error.to_string())?);
    }
    if answers.iter().any(|answer| shows(answer, name)) {
        return Err("the page shows a name that nobody has".to_owned());
    }
    Baseline::of(answers).ok_or_else(|| "no answer".to_owned())
}

async fn try_all(
    target: &Target,
    nobody: &Baseline,
    probes: &[Probe],
    (name, always): (&str, &[String]),
    route: Route,
    report: &mut Report,
) {
    for probe in probes {
        let own = probe.lines.iter().map(|line| line.replace(MARKER, name));
        let lines: Vec<String> = always.iter().cloned().chain(own).collect();
        let verdict = nobody.judge(&target.ask(probe.form, &lines).await, name);
        report.add(route, Row { probe: probe.clone(), verdict });
    }
    // What the app keeps of one request would be taken for an effect of the next.
    if let Ok(answer) = target.ask(Form::Plain, always).await
        && nobody.judge(&Ok(answer), name).got_through()
    {
        report.keeps(route);
    }
}
