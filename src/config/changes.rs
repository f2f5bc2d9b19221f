//! What is different between two configurations, by the names of keys.

use std::collections::BTreeSet;

use secrecy::ExposeSecret;
use serde_yaml::{Mapping, Value};

use super::print;
use super::settings::{Database, MailTransport, RedisServers, Settings, State};

/// The keys that say something else in `after` than in `before`, in order and without what they say:
/// `limits.sign_in`, `sites[wiki.example.com].rules`. A site that came or went is `sites[its host]`; other certificates of a
/// listener that goes on as it is are `listen[its address].tls`.
pub fn changed_keys(before: &Settings, after: &Settings) -> Vec<String> {
    let mut changed = BTreeSet::new();
    compare("", &print::file(before), &print::file(after), &mut changed);
    // Secrets are masked where settings are printed.
    if mail_password(before) != mail_password(after) {
        changed.insert("mail.smtp.password".to_owned());
    }
    if sms_token(before) != sms_token(after) {
        changed.insert("sms.twilio.auth_token".to_owned());
    }
    if accounts_password(before) != accounts_password(after) {
        changed.insert(ACCOUNTS_PASSWORD.to_owned());
    }
    if state_passwords(before) != state_passwords(after) {
        changed.insert("state.redis.password".to_owned());
    }
    if acme_key(before) != acme_key(after) {
        changed.insert("acme.external_account.hmac_key_file".to_owned());
    }
    if captcha_secret(before) != captcha_secret(after) {
        changed.insert("captcha.provider.secret".to_owned());
    }
    changed.into_iter().collect()
}

/// Those of `changed` that a running doorward cannot take over: it has opened, bound or begun what they name.
pub fn needing_restart(changed: &[String]) -> Vec<String> {
    let is_fixed = |key: &&String| {
        *key != ACCOUNTS_PASSWORD
            && FIXED.iter().any(|fixed| {
                key.strip_prefix(fixed).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
    };
    changed.iter().filter(is_fixed).cloned().collect()
}

/// The key of the password with which doorward signs in to the database: connections to come take another.
pub const ACCOUNTS_PASSWORD: &str = "accounts.password";

const FIXED: &[&str] = &[
    "listen",
    "admin",
    "secret_file",
    "previous_secret_file",
    "keys_file",
    "identity.assertion.algorithm",
    "accounts",
    "state",
    "log",
    "shutdown",
];

fn mail_password(settings: &Settings) -> Option<&str> {
    match &settings.mail.transport {
        MailTransport::Smtp(smtp) => {
            smtp.credentials.as_ref().map(|credentials| credentials.password.expose_secret())
        }
        MailTransport::Files(_) | MailTransport::Inbox => None,
    }
}

fn sms_token(settings: &Settings) -> Option<&str> {
    settings.sms.as_ref().map(|sms| sms.twilio.token.expose_secret())
}

fn accounts_password(settings: &Settings) -> Option<&str> {
    match &settings.accounts {
        Database::Postgres(server) => server.password.as_ref().map(ExposeSecret::expose_secret),
        Database::Sqlite(_) => None,
    }
}

fn state_passwords(settings: &Settings) -> [Option<&str>; 2] {
    let State::Redis(redis) = &settings.state else { return [None, None] };
    let sentinels = match &redis.servers {
        RedisServers::Sentinel { password, .. } => password.as_ref(),
        RedisServers::Single(_) | RedisServers::Cluster(_) => None,
    };
    [redis.password.as_ref(), sentinels].map(|password| password.map(ExposeSecret::expose_secret))
}

fn acme_key(settings: &Settings) -> Option<&[u8]> {
    let account = settings.acme.as_ref()?.external_account.as_ref()?;
    Some(account.key.expose_secret())
}

fn captcha_secret(settings: &Settings) -> Option<&str> {
    settings.captcha.provider.as_ref().map(|provider| provider.secret.expose_secret())
}

fn compare(key: &str, before: &Value, after: &Value, changed: &mut BTreeSet<String>) {
    match (before, after) {
        (Value::Mapping(before), Value::Mapping(after)) => {
            for name in names(before, after) {
                let inside = match name.as_str() {
                    Some(name) if key.is_empty() => name.to_owned(),
                    Some(name) => format!("{key}.{name}"),
                    None => key.to_owned(),
                };
                let side = |mapping: &Mapping| mapping.get(name).cloned().unwrap_or(Value::Null);
                compare(&inside, &side(before), &side(after), changed);
            }
        }
        (Value::Sequence(before), Value::Sequence(after))
            if key == "listen" && before.len() == after.len() =>
        {
            for (before, after) in before.iter().zip(after) {
                changed.extend(listener_change(before, after));
            }
        }
        (Value::Sequence(before), Value::Sequence(after)) if key == "sites" => {
            let hosts: BTreeSet<&str> = before.iter().chain(after).filter_map(host).collect();
            for host_name in hosts {
                let side = |sites: &[Value]| {
                    let found = sites.iter().find(|site| host(site) == Some(host_name));
                    found.cloned().unwrap_or(Value::Null)
                };
                compare(&format!("sites[{host_name}]"), &side(before), &side(after), changed);
            }
        }
        (before, after) if before == after => {}
        _ => {
            changed.insert(key.to_owned());
        }
    }
}

/// The key of what is different at a listener: its certificates alone, or `listen`, of which nothing else can be taken over.
fn listener_change(before: &Value, after: &Value) -> Option<String> {
    if before == after {
        return None;
    }
    let without_files = |listener: &Value| {
        let mut rest = listener.as_mapping()?.clone();
        rest.remove("tls").filter(Value::is_sequence).map(|_| rest)
    };
    let (rest, other_rest) = (without_files(before), without_files(after));
    let address = before.get("address")?.as_str()?;
    let is_tls_alone = rest.is_some() && rest == other_rest;
    Some(if is_tls_alone { format!("listen[{address}].tls") } else { "listen".to_owned() })
}

fn names<'a>(before: &'a Mapping, after: &'a Mapping) -> Vec<&'a Value> {
    let new = after.keys().filter(|name| !before.contains_key(*name));
    before.keys().chain(new).collect()
}

/// The host of a site as it is printed, which is in its origin.
fn host(site: &Value) -> Option<&str> {
    let origin = site.get("origin")?.as_str()?;
    Some(origin.split_once("://").map_or(origin, |(_, authority)| authority))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::parse;

    const BEFORE: &str = "\
listen: [{ address: \"127.0.0.1:8000\" }]
portal: { origin: \"http://localhost:8000\" }
mail: { from: no-reply@example.com, smtp: { host: localhost, port: 25, tls: none, username: a, password: first } }
sites:
  - { host: wiki.localhost, upstreams: [\"http://127.0.0.1:8080\"] }
  - { host: feed.localhost, upstreams: [\"http://127.0.0.1:8081\"] }
";

    fn changed(edits: &[(&str, &str)]) -> Vec<String> {
        let read = |text: &str| parse(text, Path::new("/etc/doorward.yaml")).unwrap();
        let mut after = BEFORE.to_owned();
        for (old, new) in edits {
            assert!(after.contains(old), "{old}");
            after = after.replace(old, new);
        }
        changed_keys(&read(BEFORE), &read(&after))
    }

    #[test]
    fn the_keys_that_say_something_else_are_named_without_what_they_say() {
        assert!(changed(&[]).is_empty());
        assert_eq!(
            changed(&[
                ("origin: \"http://localhost:8000\"", "origin: \"http://localhost:8000\", name: W"),
                ("8081\"]", "8081\"], rules: [{ policy: deny }]"),
                ("password: first", "password: second"),
            ]),
            ["mail.smtp.password", "portal.name", "sites[feed.localhost:8000].rules"]
        );
        assert_eq!(
            changed(&[("host: wiki.localhost", "host: new.localhost")]),
            ["sites[new.localhost:8000]", "sites[wiki.localhost:8000]"]
        );
        assert_eq!(
            changed(&[("portal:", "devices: { lifetime: 3d }\nportal:")]),
            ["devices.lifetime"]
        );
    }

    #[test]
    fn certificates_of_a_listener_can_be_taken_over_and_nothing_else_of_it() {
        let listen = |more: &str| -> Value {
            serde_yaml::from_str(&format!("{{ address: a:1, {more} }}")).unwrap()
        };
        let one = listen("tls: [{ certificate: x }]");
        for (other, key) in [
            ("tls: [{ certificate: x }]", None),
            ("tls: [{ certificate: y }]", Some("listen[a:1].tls")),
            ("tls: [{ certificate: y }], min_tls_version: \"1.3\"", Some("listen")),
            ("tls: acme", Some("listen")),
            ("redirect_to_https: true", Some("listen")),
        ] {
            assert_eq!(listener_change(&one, &listen(other)).as_deref(), key, "{other}");
        }
        assert!(needing_restart(&["listen[a:1].tls".to_owned()]).is_empty());
    }

    #[test]
    fn what_was_bound_opened_or_begun_takes_a_restart() {
        let keys = changed(&[
            ("address: \"127.0.0.1:8000\"", "address: \"127.0.0.1:8001\""),
            (
                "portal:",
                "accounts: { database: \"sqlite:///tmp/other.db\" }\nadmin: { address: \"127.0.0.1:1\" }\n\
                 identity: { assertion: { algorithm: ES256, lifetime: 150s } }\nlog: { format: human, filter: warn }\n\
                 portal:",
            ),
        ]);
        assert_eq!(
            needing_restart(&keys),
            [
                "accounts.database",
                "admin",
                "identity.assertion.algorithm",
                "listen",
                "log.filter",
                "log.format"
            ],
            "{keys:?}"
        );
    }
}
