//! The configuration as it is in effect: every default written out, every secret masked.

use serde_yaml::{Mapping, Value};

use super::raw::{MASKED_SECRET, NO_HEADER, escape};
use super::settings::{
    Acme, Balance, Captcha, CertificateFiles, CertificateSource, Database, Health, HttpVersion,
    IdentityHeaders, Listen, ListenMode, LogFormat, MailSettings, MailTransport, Redis,
    RedisAddress, RedisServers, ResponseHeader, Settings, Site, Sms, SmsFrom, Smtp, SmtpTls, State,
    TlsVersion, Upstream, UpstreamTimeouts,
};
use crate::domain::bearer::Bearer;
use crate::domain::breach::OnFailure;
use crate::domain::captcha::{CaptchaKind, ProviderKind};
use crate::domain::connections::ConnectionLimits;
use crate::domain::phone::PrefixRule;
use crate::domain::quota::format_duration;
use crate::domain::registration::RegistrationRule;
use crate::domain::rule::{Effect, Preflight, Rule, Unauthenticated};

/// The settings as a configuration file that says the same: it reads back as they are, but for the secrets in it, each
/// of which is `"********"`.
pub fn effective_yaml(settings: &Settings) -> String {
    serde_yaml::to_string(&file(settings)).unwrap_or_default()
}

pub(super) fn file(settings: &Settings) -> Value {
    let proxies: Vec<Value> = settings.trusted_proxies.networks().iter().map(text).collect();
    let previous = settings.previous_secret_file.as_ref();
    map([
        ("listen", list(settings.listen.iter().map(listen))),
        ("acme", settings.acme.as_ref().map(acme)),
        ("admin", settings.admin.map(|address| map([("address", Some(text(address)))]))),
        ("portal", Some(portal(settings))),
        ("trusted_proxies", Some(Value::Sequence(proxies))),
        ("secret_file", Some(text(settings.secret_file.display()))),
        ("previous_secret_file", previous.map(|path| text(path.display()))),
        ("keys_file", Some(text(settings.keys_file.display()))),
        ("identity", Some(identity(settings))),
        ("accounts", Some(accounts(&settings.accounts))),
        ("state", Some(state(settings))),
        ("mail", Some(mail(&settings.mail))),
        ("registration", Some(registration(&settings.registration))),
        ("api", Some(api(settings))),
        ("sms", settings.sms.as_ref().map(sms)),
        ("captcha", Some(captcha(&settings.captcha))),
        ("connections", Some(connections(&settings.connections))),
        ("limits", Some(limits(settings))),
        ("otp", Some(otp(settings))),
        ("session", Some(session(settings))),
        ("devices", Some(map([("lifetime", Some(span(settings.devices.lifetime)))]))),
        (
            "geoip",
            settings.geoip.as_ref().map(|path| map([("database", Some(text(path.display())))])),
        ),
        ("passwords", Some(passwords(settings))),
        ("password_hash", Some(password_hash(settings))),
        ("shutdown", Some(shutdown(settings))),
        ("sites", list(settings.sites.iter().map(site))),
        ("log", Some(log(settings))),
    ])
}

fn listen(listener: &Listen) -> Value {
    let pair = |files: &CertificateFiles| {
        map([
            ("certificate", Some(text(files.certificate.display()))),
            ("key", Some(text(files.key.display()))),
        ])
    };
    let (tls, min_version) = match &listener.mode {
        ListenMode::Tls(tls) => {
            let min_version = match tls.min_version {
                TlsVersion::Tls12 => "1.2",
                TlsVersion::Tls13 => "1.3",
            };
            let certificates = match &tls.certificates {
                CertificateSource::Files(files) => list(files.iter().map(pair)),
                CertificateSource::Acme => Some(text("acme")),
            };
            (certificates, Some(text(min_version)))
        }
        ListenMode::Plain | ListenMode::RedirectToHttps => (None, None),
    };
    let redirect = matches!(listener.mode, ListenMode::RedirectToHttps);
    map([
        ("address", Some(text(listener.address))),
        ("tls", tls),
        ("min_tls_version", min_version),
        ("proxy_protocol", listener.proxy_protocol.then_some(true.into())),
        ("redirect_to_https", redirect.then_some(true.into())),
    ])
}

fn acme(acme: &Acme) -> Value {
    map([
        ("agree_to_terms", Some(true.into())),
        ("directory", Some(text(&acme.directory))),
        ("email", acme.email.as_ref().map(text)),
        ("folder", Some(text(acme.folder.display()))),
        ("ca", acme.ca.as_ref().map(|path| text(path.display()))),
        (
            "external_account",
            acme.external_account.as_ref().map(|account| {
                map([
                    ("key_id", Some(text(&account.key_id))),
                    ("hmac_key_file", Some(text(account.key_file.display()))),
                ])
            }),
        ),
    ])
}

fn portal(settings: &Settings) -> Value {
    let portal = &settings.portal;
    map([
        ("origin", Some(text(&portal.origin))),
        ("name", Some(text(&portal.name))),
        ("logo", portal.logo.as_ref().map(|path| text(path.display()))),
        ("accent", portal.accent.as_ref().map(text)),
        ("templates", portal.templates.as_ref().map(|path| text(path.display()))),
        ("single_sign_on", Some(portal.single_sign_on.into())),
    ])
}

fn identity(settings: &Settings) -> Value {
    let assertion = settings.assertion;
    let assertion = map([
        ("algorithm", Some(text(assertion.algorithm))),
        ("lifetime", Some(span(assertion.lifetime))),
    ]);
    map([("assertion", Some(assertion))])
}

fn accounts(database: &Database) -> Value {
    match database {
        Database::Sqlite(path) => {
            map([("database", Some(text(format!("sqlite://{}", path.display()))))])
        }
        Database::Postgres(server) => map([
            ("database", Some(text(&server.url))),
            ("password", server.password.as_ref().map(|_| text(MASKED_SECRET))),
            ("connections", Some(server.connections.into())),
        ]),
    }
}

fn state(settings: &Settings) -> Value {
    let own = !matches!(settings.accounts, Database::Sqlite(_));
    let (embedded, database, server) = match &settings.state {
        State::Embedded(path) => {
            (Some(true.into()), own.then(|| text(format!("sqlite://{}", path.display()))), None)
        }
        State::Redis(server) => (None, None, Some(redis(server))),
    };
    map([
        ("embedded", embedded),
        ("database", database),
        ("redis", server),
        ("outage_grace", Some(span(settings.outage_grace))),
    ])
}

fn redis(server: &Redis) -> Value {
    let scheme = if server.tls { "rediss" } else { "redis" };
    let address = |address: &RedisAddress| {
        let RedisAddress { host, port } = address;
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        text(format!("{scheme}://{host}:{port}"))
    };
    let masked = |password: &Option<_>| password.as_ref().map(|_| text(MASKED_SECRET));
    let (url, sentinel, cluster) = match &server.servers {
        RedisServers::Single(only) => (Some(address(only)), None, None),
        RedisServers::Sentinel { sentinels, primary, username, password } => {
            let sentinel = map([
                ("primary", Some(text(primary))),
                ("servers", list(sentinels.iter().map(address))),
                ("username", username.as_ref().map(text)),
                ("password", masked(password)),
            ]);
            (None, Some(sentinel), None)
        }
        RedisServers::Cluster(addresses) => (None, None, list(addresses.iter().map(address))),
    };
    map([
        ("url", url),
        ("sentinel", sentinel),
        ("cluster", cluster),
        ("username", server.username.as_ref().map(text)),
        ("password", masked(&server.password)),
        ("ca", server.ca.as_ref().map(|path| text(path.display()))),
        ("prefix", Some(text(&server.prefix))),
        ("database", (server.database != 0).then(|| server.database.into())),
    ])
}

fn mail(mail: &MailSettings) -> Value {
    let from = match &mail.from_name {
        Some(name) => format!("{name} <{}>", mail.from),
        None => mail.from.to_string(),
    };
    let (key, way) = match &mail.transport {
        MailTransport::Smtp(server) => ("smtp", smtp(server)),
        MailTransport::Files(folder) => ("files", text(folder.display())),
        // Only `doorward demo` has it: no file can ask for it.
        MailTransport::Inbox => ("inbox", true.into()),
    };
    map([("from", Some(text(from))), (key, Some(way))])
}

fn smtp(server: &Smtp) -> Value {
    let tls = match server.tls {
        SmtpTls::StartTls => "starttls",
        SmtpTls::Tls => "tls",
        SmtpTls::None => "none",
    };
    let credentials = server.credentials.as_ref();
    map([
        ("host", Some(text(&server.host))),
        ("port", Some(server.port.into())),
        ("tls", Some(text(tls))),
        ("username", credentials.map(|credentials| text(&credentials.username))),
        ("password", credentials.map(|_| text(MASKED_SECRET))),
        ("ca", server.ca.as_ref().map(|path| text(path.display()))),
        ("timeout", Some(span(server.timeout))),
    ])
}

fn registration(rule: &RegistrationRule) -> Value {
    map([
        ("enabled", Some(rule.is_on().into())),
        ("domains", list(rule.domains().iter().map(text))),
    ])
}

fn sms(sms: &Sms) -> Value {
    let twilio = &sms.twilio;
    let (from, service) = match &twilio.from {
        SmsFrom::Sender(sender) => (Some(text(sender)), None),
        SmsFrom::Service(service) => (None, Some(text(service))),
    };
    let prefix = |rule: &PrefixRule| {
        map([("prefix", Some(text(rule.prefix()))), ("cap", Some(text(rule.cap)))])
    };
    let twilio = map([
        ("url", Some(text(&twilio.url))),
        ("account_sid", Some(text(&twilio.account))),
        ("auth_token", Some(text(MASKED_SECRET))),
        ("from", from),
        ("messaging_service_sid", service),
        ("timeout", Some(span(twilio.timeout))),
    ]);
    map([
        ("twilio", Some(twilio)),
        ("prefixes", list(sms.rule.prefixes.iter().map(prefix))),
        ("lifetime", Some(span(sms.rule.lifetime))),
        ("second_step", Some(sms.rule.second_step.into())),
        ("number_alone", Some(sms.rule.number_alone.into())),
    ])
}

fn captcha(captcha: &Captcha) -> Value {
    let rules = captcha.rules;
    let kind = |kind| match kind {
        CaptchaKind::Off => Some(text("none")),
        CaptchaKind::ProofOfWork => Some(text("proof_of_work")),
        CaptchaKind::Provider => Some(text("provider")),
    };
    let work = map([
        ("hashes", Some(rules.work.hashes.get().into())),
        ("wait", Some(span(rules.work.wait))),
        ("waits_address", Some(text(rules.work.waits_address))),
        ("waits_total", Some(text(rules.work.waits_total))),
    ]);
    let provider = captcha.provider.as_ref().map(|provider| {
        let widget = &provider.widget;
        let scores = widget.kind == ProviderKind::RecaptchaV3;
        map([
            ("kind", Some(text(widget.kind.as_str()))),
            ("site_key", Some(text(&widget.site_key))),
            ("secret", Some(text(MASKED_SECRET))),
            ("script", Some(text(&widget.script))),
            ("verify", Some(text(&provider.verify))),
            ("timeout", Some(span(provider.timeout))),
            ("least_score", scores.then(|| provider.least_score.into())),
        ])
    });
    map([
        ("registration", kind(rules.registration)),
        ("reset", kind(rules.reset)),
        ("sign_in", kind(rules.sign_in)),
        ("sign_in_after", Some(rules.sign_in_after.get().into())),
        ("proof_of_work", Some(work)),
        ("provider", provider),
    ])
}

fn connections(limits: &ConnectionLimits) -> Value {
    let count = |number: usize| Some(Value::from(u64::try_from(number).unwrap_or(u64::MAX)));
    map([
        ("total", count(limits.total)),
        ("per_address", count(limits.per_address)),
        ("requests", Some(limits.requests.into())),
        ("keep_alive", Some(span(limits.keep_alive))),
        ("head_timeout", Some(span(limits.head.timeout))),
        ("head_size", Some(text(limits.head.size))),
        ("head_fields", count(limits.head.fields)),
        ("body_timeout", Some(span(limits.body_timeout))),
        ("send_timeout", Some(span(limits.send_timeout))),
        ("least_rate", Some(limits.least_rate.into())),
    ])
}

fn limits(settings: &Settings) -> Value {
    let limits = &settings.limits;
    map([
        ("sign_in", Some(text(limits.sign_in))),
        ("registration", Some(text(limits.registration))),
        ("reset", Some(text(limits.reset))),
        ("verify", Some(text(limits.verify))),
        ("resend", Some(text(limits.resend))),
        ("code_request", Some(text(limits.code_request))),
        ("mails_account", Some(text(limits.mails_account))),
        ("mails_address", Some(text(limits.mails_address))),
        ("mails_total", Some(text(limits.mails_total))),
        ("sms_number", Some(text(limits.sms_number))),
        ("sms_address", Some(text(limits.sms_address))),
        ("sms_total", Some(text(limits.sms_total))),
    ])
}

fn otp(settings: &Settings) -> Value {
    let otp = &settings.otp;
    map([
        ("lifetime", Some(span(otp.lifetime))),
        ("attempts", Some(otp.attempts.get().into())),
        ("sends", Some(otp.sends.get().into())),
        ("cool_down", Some(span(otp.cool_down))),
    ])
}

fn session(settings: &Settings) -> Value {
    let session = &settings.session;
    map([
        ("lifetime", Some(span(session.lifetime))),
        ("idle", Some(span(session.idle))),
        ("remember", Some(span(session.remember))),
        ("domain", session.domain.as_ref().map(text)),
    ])
}

fn passwords(settings: &Settings) -> Value {
    let breached = settings.passwords.breached.as_ref().map(|breached| {
        let on_failure = match breached.on_failure {
            OnFailure::Allow => "allow",
            OnFailure::Refuse => "refuse",
        };
        map([
            ("url", Some(text(&breached.url))),
            ("timeout", Some(span(breached.timeout))),
            ("on_failure", Some(text(on_failure))),
        ])
    });
    let least = u64::try_from(settings.passwords.min_length).unwrap_or(u64::MAX);
    map([("min_length", Some(least.into())), ("breached", breached)])
}

fn api(settings: &Settings) -> Value {
    let api = &settings.api;
    map([
        ("enabled", Some(api.enabled.into())),
        ("origins", Some(Value::Sequence(api.origins.iter().map(text).collect()))),
        ("graphql", Some(api.graphql.into())),
        ("introspection", Some(api.introspection.into())),
        ("access_token", Some(span(api.access_token))),
        ("refresh_token", Some(span(api.refresh_token))),
    ])
}

fn password_hash(settings: &Settings) -> Value {
    let hashing = &settings.password_hash;
    let count = |number: usize| Some(Value::from(u64::try_from(number).unwrap_or(u64::MAX)));
    map([
        ("memory_kib", Some(hashing.memory_kib.into())),
        ("iterations", Some(hashing.iterations.into())),
        ("parallelism", Some(hashing.parallelism.into())),
        ("threads", count(hashing.threads.get())),
        ("queue", count(hashing.queue)),
    ])
}

fn shutdown(settings: &Settings) -> Value {
    let shutdown = settings.shutdown;
    map([("grace", Some(span(shutdown.grace))), ("delay", Some(span(shutdown.delay)))])
}

fn site(site: &Site) -> Value {
    map([
        ("origin", Some(text(&site.origin))),
        ("upstreams", list(site.upstreams.iter().map(upstream))),
        ("rules", list(site.rules.iter().map(rule))),
        ("headers", Some(headers(&site.headers))),
        ("preserve_host", Some(site.preserve_host.into())),
        ("forward_auth", site.forward_auth.map(text)),
        ("bearer", Some(site.bearer.is_taken().into())),
        ("pass_bearer", (site.bearer == Bearer::Passed).then_some(true.into())),
        ("max_body", site.max_body.map(text)),
        ("timeouts", Some(timeouts(&site.timeouts))),
        ("balance", Some(text(balance(site.balance)))),
        ("health", Some(health(&site.health))),
        ("upstream_tls", site.upstreams.iter().any(|one| one.tls).then(|| upstream_tls(site))),
        ("http", Some(text(http(site.http)))),
        ("max_h2_streams", Some(site.max_h2_streams.into())),
        ("hsts", Some(span(site.hsts))),
        ("strip_prefix", site.rewriting.strip_prefix.as_ref().map(text)),
        ("add_prefix", site.rewriting.add_prefix.as_ref().map(text)),
        ("response_headers", list(site.rewriting.response_headers.iter().map(response_header))),
        ("compress", Some(site.rewriting.compress.into())),
    ])
}

fn upstream(upstream: &Upstream) -> Value {
    let scheme = if upstream.tls { "https" } else { "http" };
    let url = text(format!("{scheme}://{}:{}", upstream.host, upstream.port));
    match upstream.weight.get() {
        1 => url,
        weight => map([("url", Some(url)), ("weight", Some(weight.into()))]),
    }
}

fn timeouts(timeouts: &UpstreamTimeouts) -> Value {
    map([
        ("connect", Some(span(timeouts.connect))),
        ("handshake", Some(span(timeouts.handshake))),
        ("read", Some(span(timeouts.read))),
        ("write", Some(span(timeouts.write))),
        ("idle", Some(span(timeouts.idle))),
    ])
}

const fn balance(balance: Balance) -> &'static str {
    match balance {
        Balance::RoundRobin => "round_robin",
        Balance::LeastConnections => "least_connections",
        Balance::ByAccount => "by_account",
    }
}

const fn http(version: HttpVersion) -> &'static str {
    match version {
        HttpVersion::One => "1.1",
        HttpVersion::Two => "2",
        HttpVersion::Auto => "auto",
    }
}

fn upstream_tls(site: &Site) -> Value {
    let tls = &site.upstream_tls;
    let client = tls.client.as_ref();
    map([
        ("server_name", tls.server_name.as_ref().map(text)),
        ("ca", tls.ca.as_ref().map(|ca| text(ca.path.display()))),
        ("certificate", client.map(|client| text(client.chain.path.display()))),
        ("key", client.map(|client| text(client.key_file.display()))),
        ("danger_accept_any_certificate", Some(tls.accept_any.into())),
    ])
}

fn response_header(rule: &ResponseHeader) -> Value {
    let shown = |value: &http::HeaderValue| text(String::from_utf8_lossy(value.as_bytes()));
    match rule {
        ResponseHeader::Set(name, value) => {
            map([("set", Some(text(name))), ("value", Some(shown(value)))])
        }
        ResponseHeader::Add(name, value) => {
            map([("add", Some(text(name))), ("value", Some(shown(value)))])
        }
        ResponseHeader::Remove(name) => map([("remove", Some(text(name))), ("value", None)]),
    }
}

fn health(health: &Health) -> Value {
    let check = health.check.as_ref().map(|check| {
        let (first, last) = (check.status.start(), check.status.end());
        map([
            ("path", check.path.as_ref().map(text)),
            ("status", Some(text(format!("{first}-{last}")))),
            ("interval", Some(span(check.interval))),
            ("timeout", Some(span(check.timeout))),
            ("passes", Some(check.passes.into())),
            ("failures", Some(check.failures.into())),
        ])
    });
    map([
        ("failures", Some(health.failures.into())),
        ("out_for", Some(span(health.out_for))),
        ("out_at_most", Some(span(health.out_at_most))),
        ("check", check),
    ])
}

fn rule(rule: &Rule) -> Value {
    let unauthenticated = match rule.unauthenticated {
        Unauthenticated::ByRequest => None,
        Unauthenticated::Always401 => Some("401"),
        Unauthenticated::Redirect => Some("redirect"),
    };
    map([
        ("path", rule.path.as_ref().map(text)),
        ("methods", list(rule.methods.iter().map(text))),
        ("networks", list(rule.networks.iter().map(text))),
        ("policy", Some(text(rule.requirement.as_str()))),
        ("groups", list(rule.groups.iter().map(|group| text(group.as_str())))),
        ("unauthenticated", unauthenticated.map(text)),
        ("fresh", rule.fresh.map(span)),
        ("trusted_device", (!rule.trusted_device).then(|| false.into())),
        ("preflight", (rule.preflight == Preflight::App).then(|| text("app"))),
        ("activity", (!rule.activity).then(|| false.into())),
        ("report_only", (rule.effect == Effect::Reports).then(|| true.into())),
    ])
}

fn headers(names: &IdentityHeaders) -> Value {
    map([
        ("user", Some(text(&names.user))),
        ("email", Some(text(&names.email))),
        ("name", Some(text(&names.name))),
        ("groups", Some(text(&names.groups))),
        ("assertion", Some(names.assertion.as_ref().map_or_else(|| text(NO_HEADER), text))),
    ])
}

fn log(settings: &Settings) -> Value {
    let format = match settings.log.format {
        LogFormat::Json => "json",
        LogFormat::Human => "human",
    };
    map([("format", Some(text(format))), ("filter", Some(text(&settings.log.filter)))])
}

/// A text that reads back as it is.
fn text(value: impl std::fmt::Display) -> Value {
    Value::String(escape(&value.to_string()))
}

fn span(span: std::time::Duration) -> Value {
    Value::String(format_duration(span))
}

/// A list; nothing when it is empty, which a file cannot say.
fn list(items: impl Iterator<Item = Value>) -> Option<Value> {
    let items: Vec<Value> = items.collect();
    (!items.is_empty()).then_some(Value::Sequence(items))
}

fn map<const N: usize>(entries: [(&str, Option<Value>); N]) -> Value {
    let there = entries.into_iter().filter_map(|(key, value)| Some((key.into(), value?)));
    Value::Mapping(there.collect::<Mapping>())
}
