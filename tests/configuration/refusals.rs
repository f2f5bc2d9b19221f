use std::path::Path;

use crate::support::{LEAST, faults, least_and, least_with, read, refused, sound};

fn rules(rules: &str) -> String {
    format!("{LEAST}    rules:\n{rules}")
}

#[test]
fn s54_unknown_keys_of_several_places_are_told_at_once_with_what_was_meant() {
    let text = least_and("webauthn: { lifetime: 30d }\nldap: {}\notp: { lifetme: 5m }")
        .replace("upstreams:", "upstream:");
    let found = faults(&text);
    let told: Vec<_> = found.iter().map(|f| (f.line, f.column, f.message.as_str())).collect();
    assert_eq!(
        told,
        [
            (5, 5, "is missing"),
            (6, 5, "unknown key `upstream`"),
            (7, 1, "unknown key `webauthn`"),
            (8, 1, "unknown key `ldap`"),
            (9, 8, "unknown key `lifetme`"),
        ]
    );
    assert_eq!(found[1].help, "did you mean `upstreams`?");
    assert!(
        found[2].help.starts_with("known here: listen, acme, admin, portal"),
        "{}",
        found[2].help
    );
    assert_eq!(found[4].help, "did you mean `lifetime`?");
}

#[test]
fn what_is_said_does_not_steer_the_terminal() {
    let found = faults(&least_and("\"\\e[31mx\": 1"));
    assert_eq!(found[0].message, "unknown key `[31mx`");
}

#[test]
fn s54_a_key_that_stands_twice_is_refused() {
    refused(&least_and("otp: {}\notp: {}"), 8, 1, "`otp` stands here a second time", "leave one");
    refused(&least_and("otp: { sends: 2, sends: 2 }"), 7, 18, "`sends` stands", "leave one");
}

#[test]
fn what_is_no_yaml_is_refused_with_its_place() {
    for (text, line) in [
        (least_and("otp: { sends: 2"), 8),
        (least_and("otp: lifetime: 2"), 7),
        (least_and("a: *b"), 7),
        (least_and("\tb: 1"), 7),
        (least_and("---\nb: 1"), 7),
    ] {
        let found = faults(&text);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].line.abs_diff(line) <= 1, "{found:?}");
        assert!(!found[0].help.is_empty());
    }
}

#[test]
fn an_empty_file_is_told_what_it_needs() {
    for text in ["", "# nothing\n", "{}", "~"] {
        let told: Vec<_> = faults(text).into_iter().map(|fault| fault.key).collect();
        assert_eq!(told, ["listen", "portal", "mail", "sites"], "{text:?}");
    }
    assert_eq!(faults("[1, 2]")[0].message, "must be a group of keys");
}

#[test]
fn a_fault_for_people_shows_the_line_and_the_remedy() {
    let errors = read(&least_and("otp: { lifetime: 2h, attempts: 50 }")).unwrap_err();
    let expected = "\
/etc/doorward/doorward.yaml:7:18: otp.lifetime: must be from 10s to 1h
  7 | otp: { lifetime: 2h, attempts: 50 }
    |                  ^
  help: a shorter-lived code ends before its mail is read, a longer-lived one waits for a thief; left out, it is 10m

/etc/doorward/doorward.yaml:7:32: otp.attempts: must be from 1 to 10
  7 | otp: { lifetime: 2h, attempts: 50 }
    |                                ^
  help: a six-digit code falls to guessing: each further guess is one more in a million for a stranger; left out, it is 5
";
    assert_eq!(errors.to_string(), expected);
    let json = errors.to_json();
    assert_eq!(json["file"], "/etc/doorward/doorward.yaml");
    assert_eq!(json["faults"][1]["key"], "otp.attempts");
    assert_eq!(json["faults"][1]["column"], 32);
}

#[test]
fn s54_zero_and_absurd_times_and_limits_are_refused() {
    for (value, column, message) in [
        ("otp: { lifetime: 0s }", 18, "must be from 10s to 1h"),
        ("otp: { lifetime: 61m }", 18, "must be from 10s to 1h"),
        ("otp: { lifetime: 10 }", 18, "is not a span of time"),
        ("otp: { attempts: 0 }", 18, "must be from 1 to 10"),
        ("otp: { attempts: -1 }", 18, "must be a whole number"),
        ("otp: { attempts: five }", 18, "must be a whole number"),
        ("otp: { sends: 0 }", 15, "must be from 1 to 10"),
        ("otp: { cool_down: 0s }", 19, "must be from 1s to 1h"),
        ("otp: { cool_down: 10m }", 19, "as long as the first one lives"),
        ("otp: { lifetime: 30s }", 18, "as long as the first one lives"),
        ("session: { lifetime: 0s }", 22, "must be from 1m to 365d"),
        ("session: { lifetime: 1h, idle: 2h }", 32, "would outlive its lifetime"),
        ("session: { idle: 0s }", 18, "must be from 1m to 365d"),
        ("session: { remember: 1h }", 22, "would end before"),
        ("session: { remember: 10000d }", 22, "must be from 1m to 365d"),
        ("limits: { sign_in: 0/5m }", 20, "not a rate"),
        ("shutdown: { grace: 0s }", 20, "must be from 1s to 1h"),
        ("shutdown: { delay: 6m }", 20, "must be from 0s to 5m"),
        ("limits: { sign_in: 5/0s }", 20, "not a rate"),
        ("limits: { verify: unlimited }", 19, "not a rate"),
        ("limits: { resend: 5000/1s }", 19, "limits nothing"),
        ("limits: { code_request: 5/90d }", 25, "more than 30d"),
        ("limits: { registration: 0/1h }", 25, "not a rate"),
        ("limits: { reset: unlimited }", 18, "not a rate"),
        ("password_hash: { memory_kib: 64 }", 30, "must be from 7168"),
        ("password_hash: { iterations: 1 }", 16, "too little work"),
        ("password_hash: { queue: 0 }", 25, "must be from 1"),
        ("password_hash: { threads: 0 }", 27, "must be from 1"),
    ] {
        refused(&least_and(value), 7, column, message, "");
    }
    let fresh = rules("      - { policy: two_factor, fresh: 0s }\n");
    refused(&fresh, 8, 38, "must be from 10s to 30d", "less leaves no time");
    let timeouts = format!("{LEAST}    timeouts: {{ connect: 0s }}\n");
    refused(&timeouts, 7, 26, "must be from 100ms to 5m", "less gives up");
}

#[test]
fn s54_plain_http_is_for_this_machine_alone() {
    let text = least_with("https://wiki.example.com", "http://wiki.example.com");
    refused(&text, 2, 19, "in the clear", "write https://wiki.example.com");
    let text = least_with("host: wiki.example.com", "origin: http://wiki.example.com");
    refused(&text, 5, 13, "in the clear", "write https://wiki.example.com");
    let text = least_with("https://wiki.example.com", "http://localhost:8000");
    refused(&text, 5, 11, "over plain http, as the portal", "https origin");
    sound(&text.replace("host: wiki.example.com", "host: wiki.localhost"));
}

#[test]
fn s22_mail_in_the_clear_is_for_this_machine_alone() {
    let server = |more: &str| least_with("files: mails", &format!("smtp: {{ {more} }}"));
    let text = server("host: mail.example.com, tls: none");
    refused(&text, 3, 74, "in the clear", "starttls");
    for host in ["localhost", "127.0.0.1", "\"::1\""] {
        sound(&server(&format!("host: {host}, tls: none")));
    }
}

#[test]
fn mail_goes_one_way() {
    let way = |more: &str| least_with("files: mails", more);
    refused(&way("smtp: {}"), 3, 43, "is missing", "smtp.example.com");
    let text = way("smtp: { host: a }, files: x");
    refused(&text, 3, 63, "there is `smtp`, too", "take one");
    refused(&least_with(", files: mails", ""), 3, 7, "no way for mails to go", "smtp: {");
    refused(
        &least_with("from: no-reply@example.com, ", ""),
        3,
        7,
        "is missing",
        "sender's address",
    );
    let text = least_with("no-reply@example.com", "\"a@b.example, c@d.example\"");
    refused(&text, 3, 15, "not an e-mail address", "no-reply@example.com");
    refused(
        &way("smtp: { host: a, tls: start }"),
        3,
        59,
        "must be one of: starttls, tls, none",
        "",
    );
    refused(
        &way("smtp: { host: a, tls: startls }"),
        3,
        59,
        "must be one of",
        "did you mean `starttls`?",
    );
    refused(&way("smtp: { host: \"a:25\" }"), 3, 51, "name or address of a host", "port has a key");
    refused(
        &way("smtp: { host: a, port: 0 }"),
        3,
        60,
        "must be from 1 to 65535",
        "left out, it is 587",
    );
    refused(&way("smtp: { host: a, port: 70000 }"), 3, 60, "must be from 1 to 65535", "");
}

#[test]
fn sites_have_hosts_of_their_own() {
    let two =
        format!("{LEAST}  - host: Wiki.Example.com.\n    upstreams: [\"http://127.0.0.1:8081\"]\n");
    refused(&two, 7, 11, "wiki.example.com is a site already, on line 5", "under one site");
    for (host, help) in [
        ("\"*.example.com\"", "name each host"),
        ("\"wiki.example.com:8443\"", "without its port"),
        ("\"https://wiki.example.com\"", "write the host alone"),
        ("\"a b\"", "letters, digits"),
    ] {
        let text = least_with("host: wiki.example.com", &format!("host: {host}"));
        refused(&text, 5, 11, "not a host name", help);
    }
    let text = least_with("host: wiki.example.com", "{ }");
    assert!(!faults(&text).is_empty());
    let both = least_with(
        "host: wiki.example.com",
        "host: wiki.example.com\n    origin: https://x.example.com",
    );
    refused(&both, 6, 13, "there is `host`, too", "take one");
    let text = least_with("host: wiki.example.com", "origin: https://wiki.example.com:8443");
    refused(&text, 5, 13, "the portal has this host as https://wiki.example.com", "use `host`");
    refused(
        &least_with(
            "  - host: wiki.example.com\n    upstreams: [\"http://127.0.0.1:8080\"]\n",
            "  []\n",
        ),
        5,
        3,
        "names no site",
        "sites: [",
    );
}

#[test]
fn upstreams_are_scheme_host_and_port() {
    for (upstream, message) in [
        ("127.0.0.1:8080", "form http://host:port"),
        ("ftp://127.0.0.1", "form http://host:port"),
        ("http://127.0.0.1:8080/", "path or query"),
        ("http://127.0.0.1:8080/app", "path or query"),
        ("http://127.0.0.1:8080?x=1", "path or query"),
        ("http://127.0.0.1:0", "port 0"),
        ("http://127.0.0.1:99999", "form http://host:port"),
        ("http://", "form http://host:port"),
        ("http://127.0.0.1:8000", "is doorward itself"),
        ("http://localhost:8000", "is doorward itself"),
    ] {
        let text = least_with("http://127.0.0.1:8080", upstream);
        refused(&text, 6, 17, message, "");
    }
    let twice = least_with("\"http://127.0.0.1:8080\"", "\"http://a\", \"http://A:80\"");
    refused(&twice, 6, 29, "named above already", "take one");
    refused(&least_with("[\"http://127.0.0.1:8080\"]", "[]"), 6, 16, "names no app", "say where");
    refused(
        &least_with("[\"http://127.0.0.1:8080\"]", "http://127.0.0.1:8080"),
        6,
        16,
        "must be a list",
        "[",
    );
}

#[test]
fn s45_forward_auth_is_for_a_proxy_that_is_trusted() {
    let asked = |proxy: &str| {
        let line = format!("forward_auth: {proxy}");
        least_with("upstreams: [\"http://127.0.0.1:8080\"]", &line)
    };
    refused(&asked("nginx"), 6, 19, "trusted_proxies names none", "trusted_proxies: [127.0.0.1]");
    refused(&asked("apache"), 6, 19, "must be one of: nginx, traefik, caddy, haproxy, envoy", "");
    sound(&format!("trusted_proxies: [127.0.0.1]\n{}", asked("nginx")));
    let nothing = least_with("    upstreams: [\"http://127.0.0.1:8080\"]\n", "");
    refused(&nothing, 5, 5, "is missing", "say where the app is");
}

#[test]
fn rules_that_can_never_match_are_refused() {
    let text = rules(
        "      - { path: /a, policy: bypass }\n      - { policy: two_factor }\n      - { path: /b, policy: deny }\n",
    );
    refused(&text, 10, 9, "unreachable rule: rule 2", "put it above");
    let text = rules(
        "      - { path: /a/**, policy: bypass }\n      - { path: /a/b, methods: [POST], policy: deny }\n      - { policy: two_factor }\n",
    );
    refused(&text, 9, 9, "unreachable rule: rule 1", "put it above");
    sound(&rules(
        "      - { path: /a/**, methods: [GET], policy: bypass }
      - { path: /a/**, networks: [10.0.0.0/8], policy: bypass }
      - { path: /a/**, policy: deny }
      - { policy: two_factor }
",
    ));
}

#[test]
fn rules_say_what_they_mean() {
    for (rule, column, message, help) in [
        ("{ path: /a }", 9, "is missing", "two_factor"),
        ("{ policy: two_factors }", 19, "must be one of", "did you mean `two_factor`?"),
        (
            "{ policy: password }",
            19,
            "must be one of: bypass, one_factor, otp_only, two_factor, deny",
            "known",
        ),
        ("{ path: a, policy: deny }", 17, "path pattern begins with /", "/admin/**"),
        ("{ path: /a**, policy: deny }", 17, "path pattern", "/admin/**"),
        ("{ policy: deny, methods: [] }", 34, "is an empty list", "name at least one"),
        ("{ policy: deny, methods: [PSOT] }", 35, "not a method", "did you mean `POST`?"),
        ("{ policy: deny, methods: [get] }", 35, "not a method", "did you mean `GET`?"),
        (
            "{ policy: deny, networks: [10.0.0.0/40] }",
            36,
            "not an IP address or network",
            "10.0.0.0/8",
        ),
        ("{ policy: one_factor, groups: [\"a b\"] }", 40, "a group is 1 to 64", "accounts add"),
        ("{ policy: bypass, groups: [a] }", 35, "does nothing with policy: bypass", "take it out"),
        (
            "{ policy: deny, unauthenticated: 401 }",
            42,
            "does nothing with policy: deny",
            "take it out",
        ),
        (
            "{ policy: one_factor, unauthenticated: 403 }",
            48,
            "must be one of: by_request, 401, redirect",
            "",
        ),
        ("{ policy: one_factor, preflight: always }", 42, "must be one of: refuse, app", ""),
        (
            "{ policy: bypass, preflight: app }",
            38,
            "does nothing with policy: bypass",
            "take it out",
        ),
        (
            "{ policy: one_factor, methods: [POST], preflight: app }",
            59,
            "not for OPTIONS",
            "add OPTIONS",
        ),
        ("{ policy: one_factor, activity: sometimes }", 41, "true or false", ""),
        (
            "{ policy: bypass, trusted_device: false }",
            43,
            "does nothing with policy: bypass",
            "take it out",
        ),
    ] {
        refused(&rules(&format!("      - {rule}\n")), 8, column, message, help);
    }
    refused(&rules("      []\n"), 8, 7, "has no rule", "take `rules` out");
    let only_reports = rules("      - { policy: two_factor, report_only: true }\n");
    refused(&only_reports, 8, 7, "none but rules that report", "- { policy: two_factor }");
    sound(&rules("      - { policy: deny, report_only: true }\n      - { policy: two_factor }\n"));
}

#[test]
fn s46_identity_headers_cannot_be_taken_for_one_another_or_for_anything_else() {
    let headers = |names: &str| format!("{LEAST}    headers: {{ {names} }}\n");
    for name in [
        "Host",
        "cookie",
        "Authorization",
        "connection",
        "Content-Length",
        "X-Doorward-Assertion",
        "Signature",
        "signature_input",
        "X-Forwarded-For",
        "Transfer-Encoding",
        "Sec-Fetch-Site",
        "content_type",
    ] {
        refused(
            &headers(&format!("user: {name}")),
            7,
            22,
            "means something else already",
            "Remote-User",
        );
    }
    refused(&headers("user: \"a b\""), 7, 22, "is no name of a header", "Remote-User");
    for names in ["user: X-User, email: x_user", "user: X-User, email: X.User"] {
        refused(&headers(names), 7, 37, "another identity header", "a name of its own");
    }
    refused(&headers("name: Remote-User"), 7, 22, "another identity header", "a name of its own");
    let both = "preset: grafana, user: X-WEBAUTH-EMAIL";
    refused(&headers(both), 7, 14, "another identity header", "a name of its own");
    refused(&headers("preset: grafanna"), 7, 24, "must be one of", "did you mean `grafana`?");
}

#[test]
fn s54_an_authority_is_asked_only_by_an_operator_who_agrees_and_over_https() {
    const ORDERS: &str = "{ address: \"127.0.0.1:1\", tls: acme }";
    const ANSWERS: &str = "{ address: \"127.0.0.1:2\", redirect_to_https: true }";
    let with =
        |listen: &str, acme: &str| least_with("{ address: \"127.0.0.1:8000\" }", listen) + acme;
    let both = format!("{ORDERS}, {ANSWERS}");
    let acme = |acme: &str| with(&both, acme);
    let settings = sound(&acme("acme: { agree_to_terms: true }\n")).acme.unwrap();
    assert_eq!(settings.directory.as_str(), "https://acme-v02.api.letsencrypt.org/directory");
    assert_eq!(settings.folder, Path::new("/var/lib/doorward/acme"));
    refused(&acme(""), 1, 1, "is missing", "agree_to_terms: true");
    refused(&acme("acme: { }\n"), 7, 7, "is missing", "agree_to_terms: true");
    refused(&acme("acme: { agree_to_terms: false }\n"), 7, 25, "must be true", "read the terms");
    let plain = "acme: { agree_to_terms: true, directory: \"http://ca.example/dir\" }\n";
    refused(&acme(plain), 7, 42, "must begin with https://", "letsencrypt");
    let nobody = "acme: { agree_to_terms: true, email: nobody }\n";
    refused(&acme(nobody), 7, 38, "not an e-mail address", "ops@example.com");
    let agreed = "acme: { agree_to_terms: true }\n";
    refused(&with(ORDERS, agreed), 7, 7, "redirect_to_https", "port 80");
    refused(&with(ANSWERS, agreed), 7, 7, "no listener", "tls: acme");
    // A certificate for all names below another takes a challenge that is not there.
    let wildcard = acme(agreed).replace("host: wiki.example.com", "host: \"*.example.com\"");
    refused(&wildcard, 5, 11, "not a host name", "dns-01");
}

#[test]
fn listeners_are_addresses() {
    for (listener, column, message, help) in [
        ("{ address: \":8000\" }", 21, "not an IP address with a port", "127.0.0.1:8000"),
        ("{ address: \"localhost:8000\" }", 21, "not an IP address with a port", "127.0.0.1:8000"),
        ("{ address: 8000 }", 21, "not an IP address with a port", "127.0.0.1:8000"),
        ("{ }", 10, "is missing", "127.0.0.1:8000"),
        ("\"127.0.0.1:8000\"", 10, "must be a group of keys", "known here: address, tls"),
        (
            "{ address: \"127.0.0.1:1\", tls: { certificate: /x }, redirect_to_https: true }",
            41,
            "nothing to redirect",
            "address of its own",
        ),
        ("{ address: \"127.0.0.1:1\", tls: acne }", 41, "must be the word acme", "certificate:"),
        ("{ address: \"127.0.0.1:1\", tls: [acme, acme] }", 41, "beside other", "tls: acme"),
        ("{ address: \"127.0.0.1:1\", tls: [] }", 41, "names no certificate", "certificate:"),
        (
            "{ address: \"127.0.0.1:1\", min_tls_version: \"1.3\" }",
            53,
            "no TLS here",
            "certificate",
        ),
        ("{ address: \"127.0.0.1:1\", redirect_to_https: yes }", 55, "must be true or false", ""),
        (
            "{ address: \"127.0.0.1:1\" }, { address: \"127.0.0.1:1\" }",
            38,
            "listened on above",
            "take one",
        ),
    ] {
        refused(&least_with("{ address: \"127.0.0.1:8000\" }", listener), 1, column, message, help);
    }
    refused(
        &least_with("[{ address: \"127.0.0.1:8000\" }]", "[]"),
        1,
        9,
        "names no address",
        "listen: [",
    );
    sound(&least_with(
        "{ address: \"127.0.0.1:8000\" }",
        "{ address: \"127.0.0.1:0\" }, { address: \"127.0.0.1:0\" }",
    ));
}

#[test]
fn s55_the_admin_listener_is_not_the_public_one() {
    refused(
        &least_and("admin: { address: \"127.0.0.1:8000\" }"),
        7,
        8,
        "is an address of `listen`",
        "9180",
    );
    refused(&least_and("admin: {}"), 7, 8, "is missing", "127.0.0.1");
}

#[test]
fn the_portal_is_well_dressed() {
    let portal = |more: &str| {
        least_with(
            "\"https://wiki.example.com\" }",
            &format!("\"https://wiki.example.com\", {more} }}"),
        )
    };
    refused(&portal("accent: blue"), 2, 55, "not a colour", "\"#3b6cb4\"");
    refused(&portal("accent: \"#fff\""), 2, 55, "not a colour", "rrggbb");
    refused(&portal("name: \"\""), 2, 53, "1 to 64 characters", "");
    refused(&portal("logo: nowhere.svg"), 2, 53, "cannot be read", "");
    refused(&portal("logo: logo.gif"), 2, 53, ".svg, .png or .webp", "");
    refused(&portal("templates: nowhere"), 2, 58, "is no folder", "make the folder");
    let slash = least_with("https://wiki.example.com", "https://wiki.example.com/");
    refused(&slash, 2, 19, "not an origin", "slash at its end");
    refused(
        &least_with("https://wiki.example.com", "wiki.example.com"),
        2,
        19,
        "not an origin",
        "https://",
    );
}

#[test]
fn registration_is_for_somebody() {
    for (value, column, message, help) in [
        ("registration: { enabled: true, domains: [] }", 41, "names nobody", "take the key out"),
        (
            "registration: { enabled: true, domains: [\"@x.example\"] }",
            42,
            "not the domain",
            "behind",
        ),
        (
            "registration: { enabled: true, domains: [\"*.example\"] }",
            42,
            "not the domain",
            "itself",
        ),
        ("registration: { domains: [x.example] }", 15, "is missing beside", "enabled: true"),
    ] {
        refused(&least_and(value), 7, column, message, help);
    }
}

#[test]
fn s45_nobody_trusts_everybody() {
    refused(
        &least_and("trusted_proxies: [0.0.0.0/0]"),
        7,
        19,
        "believes the whole Internet",
        "your own",
    );
    refused(
        &least_and("trusted_proxies: [\"::/0\"]"),
        7,
        19,
        "believes the whole Internet",
        "your own",
    );
    refused(
        &least_and("trusted_proxies: [10.0.0.1, nginx]"),
        7,
        29,
        "not an IP address or network",
        "10.0.0.5",
    );
}

#[test]
fn what_a_later_version_brings_is_not_passed_over() {
    let database = |url: &str| least_and(&format!("accounts: {{ database: \"{url}\" }}"));
    refused(&database("mysql://db/x"), 7, 23, "form sqlite:///path", "sqlite:///");
    refused(&database("sqlite://"), 7, 23, "names no file", "sqlite:///");
    refused(&database("sqlite:///a?mode=ro"), 7, 23, "options of SQLite", "sqlite:///");
}

#[test]
fn variables_that_are_not_set_are_told() {
    let text = least_and("log: { filter: \"${DOORWARD_TEST_NONE}\" }\nsecret_file: \"${DOORWARD\"");
    let found = faults(&text);
    assert_eq!((found[0].line, found[0].column), (7, 16));
    assert!(found[0].message.contains("`DOORWARD_TEST_NONE` is not set"), "{found:?}");
    assert_eq!((found[1].line, found[1].column), (8, 14));
}

#[test]
fn logs_are_not_silenced_by_a_slip() {
    refused(&least_and("log: { filter: inof }"), 7, 16, "not a level", "did you mean `info`?");
    refused(
        &least_and("log: { format: jsno }"),
        7,
        16,
        "must be one of: json, human",
        "did you mean `json`?",
    );
}

#[test]
fn no_text_however_broken_stops_the_reader() {
    let whole = include_str!("../../config/doorward.yaml");
    let lines: Vec<&str> =
        whole.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
    for left_out in 0..lines.len() {
        let rest: Vec<&str> = lines
            .iter()
            .enumerate()
            .filter(|(n, _)| *n != left_out)
            .map(|(_, line)| *line)
            .collect();
        assert!(!faults(&rest.join("\n")).is_empty(), "the files it names are not there");
    }
    let text = least_and("otp: { sends: \"${A:-1}\", lifetime: !x 'ß' }\nb: &a [*a, ? x]\n");
    for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
        for junk in ["", ":", "\t", "{", "\"", "- ", "\u{feff}", "\0", "&x *x", "<<: 1"] {
            let (before, after) = text.split_at(end);
            for broken in [format!("{before}{junk}{after}"), format!("{before}{junk}")] {
                let told = read(&broken).err().map(|errors| errors.to_string());
                assert_ne!(told.as_deref(), Some(""), "{broken:?}");
            }
        }
    }
}

#[test]
fn new_passwords_are_never_asked_for_fewer_than_eight_characters() {
    refused(
        &least_and("passwords: { min_length: 7 }"),
        7,
        26,
        "must be from 8 to 64",
        "fewer characters fall to guessing",
    );
    assert_eq!(sound(&least_and("passwords: { min_length: 8 }")).passwords.min_length, 8);
    assert_eq!(sound(&least_and("")).passwords.min_length, 12);
}

#[test]
fn a_list_of_stolen_passwords_is_asked_over_https_or_on_this_machine() {
    let with = |url: &str| least_and(&format!("passwords: {{ breached: {{ url: \"{url}\" }} }}"));
    for good in [
        "https://api.pwnedpasswords.com/range/",
        "http://127.0.0.1:8081/range/",
        "http://[::1]/",
        "http://localhost:8081/range/",
    ] {
        let breached = sound(&with(good)).passwords.breached.expect("it is asked");
        assert_eq!(breached.url.as_str(), good);
        assert_eq!(breached.timeout, std::time::Duration::from_secs(2));
    }
    for (bad, told) in [
        ("http://api.example.com/range/", "would travel in the clear"),
        ("http://localhost.example.com/range/", "would travel in the clear"),
        ("ftp://api.example.com/range/", "is not an address on the web"),
        ("api.example.com", "is not an address on the web"),
        ("https://api.example.com/range", "does not end in a slash"),
        ("https://api.example.com/range/?key=1", "does not end in a slash"),
        ("https://ada:secret@api.example.com/range/", "has a secret in it"),
    ] {
        let found = faults(&with(bad));
        assert!(found.len() == 1 && found[0].message.contains(told), "{bad}: {found:?}");
    }
    let found = faults(&least_and("passwords: { breached: { timeout: 1s } }"));
    assert!(found[0].key == "passwords.breached.url" && found[0].message == "is missing");
    refused(
        &least_and("passwords: { breached: { url: \"https://x/\", on_failure: ignore } }"),
        7,
        57,
        "must be one of: allow, refuse",
        "",
    );
}

#[test]
fn s29_a_shared_cookie_is_for_a_domain_of_ones_own_that_all_sites_are_under() {
    let domain = |domain: &str| least_and(&format!("session: {{ domain: {domain} }}"));
    assert!(sound(&domain("example.com")).session.domain.is_some());
    assert!(sound(&domain("wiki.example.com")).session.domain.is_some());
    for suffix in ["com", "co.uk", "github.io", "localhost"] {
        refused(&domain(suffix), 7, 20, "is a public suffix", "example.com");
    }
    refused(&domain("127.0.0.1"), 7, 20, "is an address", "example.com");
    refused(&domain(".example.com"), 7, 20, "not a host name", "without a dot");
    refused(&domain("example.org"), 7, 20, "wiki.example.com is not under example.org", "take");
    refused(&domain("ple.com"), 7, 20, "is not under ple.com", "take");
    let other = "  - { host: other.example.net, upstreams: [\"http://127.0.0.1:8081\"] }\n";
    let text = format!("{LEAST}{other}session: {{ domain: example.com }}\n");
    refused(&text, 8, 20, "other.example.net is not under example.com", "each with a cookie");
    let other = "  - { origin: \"http://a.localhost\", upstreams: [\"http://127.0.0.1:8081\"] }\n";
    let text = format!("{LEAST}{other}session: {{ domain: example.com }}\n");
    refused(&text, 8, 20, "cookies of different names", "scheme of the portal");
}

#[test]
fn several_sites_share_a_sign_in_unless_that_is_not_wanted() {
    let several = "  - { host: other.example.net, upstreams: [\"http://127.0.0.1:8081\"] }\n";
    let wanted = |portal: &str, more: &str| {
        let text = format!("{LEAST}{more}");
        let origin = "origin: \"https://wiki.example.com\"";
        sound(&text.replace(origin, &format!("{origin}{portal}"))).portal.single_sign_on
    };
    assert!(wanted("", several) && !wanted("", ""));
    assert!(!wanted(", single_sign_on: false", several) && wanted(", single_sign_on: true", ""));
}

#[test]
fn s53_connections_have_limits_that_leave_room_for_honest_clients() {
    let taken = |more: &str| sound(&least_and(&format!("connections: {{ {more} }}"))).connections;
    let usual = taken("");
    assert_eq!((usual.total, usual.per_address, usual.requests), (20_000, 1000, 10_000));
    assert_eq!(taken("total: 500").per_address, 500);
    assert_eq!(taken("head_size: 512 KiB").head.size.bytes(), 512 << 10);
    for (typed, column, message, help) in [
        ("total: 0", 23, "must be from 16", "two file descriptors"),
        ("per_address: 7", 29, "must be from 8", "a browser opens six"),
        ("total: 100, per_address: 101", 41, "more connections than all", "per_address smaller"),
        ("requests: 0", 26, "must be from 1", "never ends"),
        ("keep_alive: 0s", 28, "must be from 1s to 1h", "slow lines"),
        ("head_timeout: 3m", 30, "must be from 1s to 2m", "slow lines"),
        ("head_size: 1KiB", 27, "must be from 4KiB to 512KiB", "honest cookies"),
        ("head_size: 65536", 27, "not a size of the form 64KiB", "left out, it is 64KiB"),
        ("head_fields: 300", 29, "must be from 20 to 250", "browsers send"),
        ("body_timeout: 0s", 30, "must be from 1s to 10m", "slow lines"),
        ("send_timeout: 2h", 30, "must be from 1s to 1h", "slow lines"),
        ("least_rate: 0", 28, "must be from 1 to 100000", "phones"),
    ] {
        refused(&least_and(&format!("connections: {{ {typed} }}")), 7, column, message, help);
    }
    let site = |max_body: &str| format!("{LEAST}    max_body: {max_body}\n");
    assert_eq!(sound(&site("100MiB")).sites[0].max_body.map(|it| it.bytes()), Some(100 << 20));
    refused(&site("0KiB"), 7, 15, "takes no body", "the app alone");
    refused(&site("10m"), 7, 15, "not a size", "512KiB, 100MiB or 4GiB");
}

#[test]
fn s45_the_proxy_protocol_is_for_proxies_that_are_trusted() {
    let text = least_with("8000\" }]", "8000\", proxy_protocol: true }]");
    refused(&text, 1, 55, "nobody would be believed", "trusted_proxies: [10.0.0.5]");
    let trusting = format!("{text}trusted_proxies: [10.0.0.5]\n");
    assert!(sound(&trusting).listen[0].proxy_protocol);
}
