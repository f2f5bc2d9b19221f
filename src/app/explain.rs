//! What becomes of a request by a configuration, told rule by rule: for `doorward check --url`, which asks the policy
//! that decides on requests.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use serde::Serialize;

use crate::config::settings::{Settings, Site};
use crate::domain::account::Identity;
use crate::domain::host::Origin;
use crate::domain::path::{BadPath, RequestPath};
use crate::domain::quota::format_duration;
use crate::domain::rule::{Effect, Preflight, Rule};
use crate::domain::session::{Method as SignInMethod, Methods};
use crate::domain::time::Timestamp;
use crate::policy::{Decision, Facts, Mismatch, SitePolicy, Step, Verdict, Visitor};
use crate::portal::Portal;

/// A request that might come.
#[derive(Clone, Debug)]
pub struct Imagined {
    /// The site's origin in its address.
    pub origin: Origin,
    /// Path and query in its address.
    pub target: String,
    /// Its method.
    pub method: Method,
    /// The client's address.
    pub client: IpAddr,
    /// Who is signed in, if somebody is.
    pub visitor: Option<ImaginedVisitor>,
}

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct ImaginedVisitor {
    /// Who it is.
    pub identity: Arc<Identity>,
    /// By what they signed in.
    pub methods: Vec<SignInMethod>,
    /// How long ago.
    pub ago: Duration,
    /// Whether their account asks for the code also where a password would be enough.
    pub second_step: bool,
}

/// Why nothing can be explained.
#[derive(Debug, thiserror::Error)]
pub enum NotExplained {
    /// No site has that host.
    #[error("no site has the host {host}; the sites are {known}")]
    NoSite {
        /// The host.
        host: String,
        /// Those of the configuration.
        known: String,
    },
    /// The site has another scheme.
    #[error("the site is at {0}")]
    OtherOrigin(Origin),
}

/// What becomes of it.
#[derive(Clone, Debug, Serialize)]
pub struct Explained {
    /// The site.
    pub site: String,
    /// What is decided: `forward`, `sign_in`, `unauthorized`, `forbidden`, `bad_request` or `portal`.
    pub decision: &'static str,
    /// The same in words.
    pub meaning: String,
    /// The rule that decides on the plain reading, counted from 1.
    pub rule: Option<usize>,
    /// Every way in which the path could be read, the plain one last; the strictest decides.
    pub readings: Vec<ExplainedReading>,
}

/// What the rules make of the path, read in one way.
#[derive(Clone, Debug, Serialize)]
pub struct ExplainedReading {
    /// The path as it is read.
    pub path: String,
    /// What is decided on it.
    pub decision: &'static str,
    /// Of each rule.
    pub rules: Vec<ExplainedRule>,
}

/// How one rule stands to the request.
#[derive(Clone, Debug, Serialize)]
pub struct ExplainedRule {
    /// Its place, counted from 1.
    pub rule: usize,
    /// The rule in a few words.
    pub says: String,
    /// `differs`, `decides`, `reports` or `not_reached`.
    pub verdict: &'static str,
    /// By what it differs: `path`, `method` or `network`.
    pub by: Option<&'static str>,
    /// What it decides, or would.
    pub decision: Option<&'static str>,
    /// The same in words.
    pub meaning: String,
}

/// Explains what becomes of `request` at `now`.
pub fn explain(
    settings: &Settings,
    request: &Imagined,
    now: Timestamp,
) -> Result<Explained, NotExplained> {
    let site = site_of(settings, &request.origin)?;
    let path = match RequestPath::parse(&request.target) {
        Ok(path) if Portal::owns(path.path()) => return Ok(aside(site, "portal", OUR_OWN.into())),
        Ok(path) => path,
        Err(bad) => return Ok(aside(site, "bad_request", refused_by(bad))),
    };
    let facts = Facts {
        method: &request.method,
        path: &path,
        client: request.client,
        loads_page: true,
        preflight: false,
    };
    let methods = request.visitor.as_ref().map(|who| Methods::new(who.methods.iter().copied()));
    let visitor = request.visitor.as_ref().zip(methods.as_ref()).map(|(who, methods)| Visitor {
        identity: &who.identity,
        methods,
        authenticated_at: now.before(who.ago),
        second_step: who.second_step,
    });
    let policy = SitePolicy::new(site.rules.clone());
    let explanation = policy.explain(&facts, visitor, now);
    let readings = explanation.readings.into_iter().map(|reading| ExplainedReading {
        path: reading.path,
        decision: reading.decision.as_str(),
        rules: site.rules.iter().zip(reading.verdicts).enumerate().map(explained).collect(),
    });
    Ok(Explained {
        site: site.origin.to_string(),
        decision: explanation.decision.as_str(),
        meaning: meaning(&explanation.decision),
        rule: policy.deciding_rule(&facts).map(|(place, _)| place + 1),
        readings: readings.collect(),
    })
}

const OUR_OWN: &str = "doorward's own pages, for everybody";

fn site_of<'a>(settings: &'a Settings, origin: &Origin) -> Result<&'a Site, NotExplained> {
    let found = settings.sites.iter().find(|site| *site.host() == origin.host);
    let site = found.ok_or_else(|| {
        let known: Vec<&str> = settings.sites.iter().map(|site| site.host().as_str()).collect();
        NotExplained::NoSite { host: origin.host.to_string(), known: known.join(", ") }
    })?;
    if site.origin.scheme == origin.scheme {
        Ok(site)
    } else {
        Err(NotExplained::OtherOrigin(site.origin.clone()))
    }
}

fn aside(site: &Site, decision: &'static str, meaning: String) -> Explained {
    let site = site.origin.to_string();
    Explained { site, decision, meaning, rule: None, readings: Vec::new() }
}

fn refused_by(bad: BadPath) -> String {
    format!("400 before any rule: {bad}")
}

fn explained((place, (rule, verdict)): (usize, (&Rule, Verdict))) -> ExplainedRule {
    let (verdict, by, decision, meaning) = match verdict {
        Verdict::Differs(mismatch) => {
            let by = match mismatch {
                Mismatch::Path => "path",
                Mismatch::Method => "method",
                Mismatch::Network => "network",
            };
            ("differs", Some(by), None, format!("is for another {by}"))
        }
        Verdict::Decides(decision) => {
            let meaning = format!("decides: {}", meaning(&decision));
            ("decides", None, Some(decision.as_str()), meaning)
        }
        Verdict::Reports(decision) => {
            let meaning = format!("only reports: {}", meaning(&decision));
            ("reports", None, Some(decision.as_str()), meaning)
        }
        Verdict::NotReached => ("not_reached", None, None, "is not reached".to_owned()),
    };
    ExplainedRule { rule: place + 1, says: says(rule), verdict, by, decision, meaning }
}

/// What a decision means for whoever asks.
fn meaning(decision: &Decision) -> String {
    let step = |step: &Step| match step {
        Step::Password => "name and password",
        Step::MailCode => "name and a code by mail",
        Step::SecondFactor => "a code by mail",
        Step::Again => "everything once more, as the sign-in is too long ago",
    };
    match decision {
        Decision::Forward(admitted) => match admitted.identity() {
            Some(identity) => format!("goes on to the app, as {}", identity.username()),
            None => "goes on to the app, as nobody".to_owned(),
        },
        Decision::SignIn(wanted) => {
            format!("a page load goes to sign-in ({}), anything else gets 401", step(wanted))
        }
        Decision::Unauthorized(wanted) => format!("gets 401 (missing: {})", step(wanted)),
        Decision::Forbidden => "gets 403".to_owned(),
    }
}

/// A rule in a few words, as its line in the configuration has it.
fn says(rule: &Rule) -> String {
    let list = |name: &str, items: Vec<String>| {
        (!items.is_empty()).then(|| format!("{name} {}", items.join(", ")))
    };
    let networks = rule.networks.iter().map(ToString::to_string).collect();
    let groups = rule.groups.iter().map(|group| group.as_str().to_owned()).collect();
    let parts = [
        Some(rule.path.as_ref().map_or("all paths".to_owned(), ToString::to_string)),
        list("methods", rule.methods.clone()),
        list("networks", networks),
        Some(rule.requirement.as_str().to_owned()),
        list("groups", groups),
        rule.fresh.map(|fresh| format!("fresh {}", format_duration(fresh))),
        (!rule.trusted_device).then(|| "no trusted device".to_owned()),
        (rule.preflight == Preflight::App).then(|| "preflights to the app".to_owned()),
        (!rule.activity).then(|| "no activity".to_owned()),
        (rule.effect == Effect::Reports).then(|| "report only".to_owned()),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}
