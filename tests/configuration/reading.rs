use std::path::{Path, PathBuf};
use std::time::Duration;

use doorward::config::settings::{Database, ListenMode, MailTransport, SmtpTls};
use doorward::domain::rule::{Preflight, Requirement, Unauthenticated};

use crate::support::{LEAST, least_and, least_with, sound};

fn smtp(server: &str) -> doorward::config::settings::Smtp {
    let text = least_with("files: mails", &format!("smtp: {server}"));
    match sound(&text).mail.transport {
        MailTransport::Smtp(server) => server,
        other => panic!("{other:?}"),
    }
}

#[test]
fn six_lines_are_enough() {
    let settings = sound(LEAST);
    assert!(matches!(settings.listen[0].mode, ListenMode::Plain));
    assert_eq!(settings.admin, None);
    assert_eq!(settings.portal.name, "wiki.example.com");
    assert_eq!(settings.secret_file, Path::new("/var/lib/doorward/secret"));
    let Database::Sqlite(path) = &settings.accounts else { panic!("a server") };
    assert_eq!(path, Path::new("/var/lib/doorward/doorward.db"));
    assert_eq!(settings.otp.lifetime, Duration::from_secs(600));
    assert_eq!(settings.session.remember, Duration::from_secs(30 * 86_400));
    assert_eq!(settings.limits.sign_in.to_string(), "5/5m");
    let site = &settings.sites[0];
    assert_eq!(site.origin.to_string(), "https://wiki.example.com");
    assert_eq!(site.rules.len(), 1);
    assert_eq!(site.rules[0].requirement, Requirement::TwoFactor);
    assert!(site.preserve_host);
    assert_eq!(site.headers.user, "remote-user");
}

#[test]
fn relative_paths_begin_at_the_folder_of_the_file() {
    let settings =
        sound(&least_and("secret_file: keys/secret\naccounts: { database: \"sqlite://a.db\" }"));
    assert_eq!(settings.secret_file, Path::new("/etc/doorward/keys/secret"));
    let Database::Sqlite(path) = &settings.accounts else { panic!("a server") };
    assert_eq!(path, Path::new("/etc/doorward/a.db"));
    let MailTransport::Files(folder) = settings.mail.transport else { panic!() };
    assert_eq!(folder, PathBuf::from("/etc/doorward/mails"));
}

#[test]
fn a_site_takes_scheme_and_port_from_the_portal() {
    let text = LEAST.replace("https://wiki.example.com", "https://sso.example.com:8443");
    assert_eq!(sound(&text).sites[0].origin.to_string(), "https://wiki.example.com:8443");
    let text = text.replace("host: wiki.example.com", "origin: https://wiki.example.com");
    assert_eq!(sound(&text).sites[0].origin.to_string(), "https://wiki.example.com");
}

#[test]
fn rules_are_read_in_their_order() {
    let settings = sound(&format!(
        "{LEAST}    rules:
      - {{ path: /public/**, methods: [GET, MKCALENDAR], networks: [10.0.0.0/8, \"::1\"], policy: bypass }}
      - {{ path: /api/**, policy: one_factor, unauthenticated: 401, groups: [a, b], preflight: app }}
      - {{ policy: two_factor, fresh: 10m, unauthenticated: redirect, activity: false }}
"
    ));
    let rules = &settings.sites[0].rules;
    assert_eq!(rules[0].methods, ["GET", "MKCALENDAR"]);
    assert_eq!(rules[0].networks.len(), 2);
    assert_eq!(rules[1].unauthenticated, Unauthenticated::Always401);
    assert_eq!(rules[1].groups.len(), 2);
    assert_eq!((rules[1].preflight, rules[1].activity), (Preflight::App, true));
    assert_eq!((rules[2].preflight, rules[2].activity), (Preflight::Refuse, false));
    assert_eq!(rules[2].unauthenticated, Unauthenticated::Redirect);
    assert_eq!(rules[2].fresh, Some(Duration::from_secs(600)));
}

#[test]
fn variables_of_the_environment_are_put_into_any_value() {
    let text = LEAST.replace("wiki.example.com", "${DOORWARD_TEST_HOST}");
    assert_eq!(sound(&text).sites[0].host().as_str(), "wiki.example.com");
    let server = smtp(
        "{ host: localhost, port: \"${DOORWARD_TEST_PORT}\", tls: \"${DOORWARD_TEST_NONE:-none}\", \
         username: me, password: \"${DOORWARD_TEST_PASSWORD}\" }",
    );
    assert_eq!(server.port, 2525);
    assert_eq!(server.tls, SmtpTls::None);
    use secrecy::ExposeSecret;
    assert_eq!(server.credentials.unwrap().password.expose_secret(), "hunter2");
}

#[test]
fn the_port_follows_the_protection() {
    for (server, port) in [
        ("{ host: mail.example.com }", 587),
        ("{ host: mail.example.com, tls: tls }", 465),
        ("{ host: localhost, tls: none }", 25),
        ("{ host: mail.example.com, port: 2525 }", 2525),
    ] {
        assert_eq!(smtp(server).port, port, "{server}");
    }
}

#[test]
fn known_providers_need_a_name_and_a_password_alone() {
    for (preset, host, username) in [
        ("preset: gmail, username: me@gmail.com", "smtp.gmail.com", "me@gmail.com"),
        ("preset: sendgrid", "smtp.sendgrid.net", "apikey"),
        (
            "preset: mailgun, username: a@mg.example.com, host: smtp.eu.mailgun.org",
            "smtp.eu.mailgun.org",
            "a@mg.example.com",
        ),
    ] {
        let server = smtp(&format!("{{ {preset}, password: x }}"));
        assert_eq!((server.host.as_str(), server.port), (host, 587));
        assert_eq!(server.credentials.unwrap().username, username);
    }
}

#[test]
fn known_apps_get_the_identity_under_the_names_that_they_want() {
    for (typed, names) in [
        ("preset: django", ["remote-user", "remote-email", "remote-name", "remote-groups"]),
        ("preset: jupyter", ["remote-user", "remote-email", "remote-name", "remote-groups"]),
        ("preset: pgadmin", ["remote-user", "remote-email", "remote-name", "remote-groups"]),
        ("preset: radicale", ["x-remote-user", "remote-email", "remote-name", "remote-groups"]),
        (
            "preset: tiddlywiki",
            ["x-authenticated-user", "remote-email", "remote-name", "remote-groups"],
        ),
        (
            "preset: grafana",
            ["x-webauth-user", "x-webauth-email", "x-webauth-name", "x-webauth-groups"],
        ),
        (
            "preset: gitea",
            ["x-webauth-user", "x-webauth-email", "x-webauth-fullname", "remote-groups"],
        ),
        (
            "preset: forgejo",
            ["x-webauth-user", "x-webauth-email", "x-webauth-fullname", "remote-groups"],
        ),
        (
            "preset: otterwiki",
            ["x-otterwiki-name", "x-otterwiki-email", "remote-name", "x-otterwiki-permissions"],
        ),
        (
            "preset: grafana, user: X-Grafana-User",
            ["x-grafana-user", "x-webauth-email", "x-webauth-name", "x-webauth-groups"],
        ),
    ] {
        let settings = sound(&format!("{LEAST}    headers: {{ {typed} }}\n"));
        let found = &settings.sites[0].headers;
        let found = [&found.user, &found.email, &found.name, &found.groups];
        assert_eq!(found.map(http::HeaderName::as_str), names, "{typed}");
    }
}

#[test]
fn the_sender_may_have_a_name() {
    for (typed, name) in [
        ("no-reply@example.com", None),
        ("\"Example Wiki <no-reply@example.com>\"", Some("Example Wiki")),
        ("'\"Wiki, Inc.\" <no-reply@example.com>'", Some("Wiki, Inc.")),
        ("<no-reply@example.com>", None),
    ] {
        let settings = sound(&LEAST.replacen("no-reply@example.com", typed, 1));
        assert_eq!(settings.mail.from.as_str(), "no-reply@example.com");
        assert_eq!(settings.mail.from_name.as_deref(), name);
    }
}

#[test]
fn a_short_session_shortens_what_is_left_out() {
    let session = sound(&least_and("session: { lifetime: 30m }")).session;
    assert_eq!(session.idle, Duration::from_secs(1800));
    let session = sound(&least_and("session: { lifetime: 90d }")).session;
    assert_eq!(session.remember, Duration::from_secs(90 * 86_400));
}
