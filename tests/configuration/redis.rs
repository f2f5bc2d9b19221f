//! `state.redis`.

use doorward::config::changes::{changed_keys, needing_restart};
use doorward::config::effective_yaml;
use doorward::config::settings::{Redis, RedisServers, State};
use secrecy::ExposeSecret;

use crate::support::{Files, least_and, read_in, refused, sound};

fn state(section: &str) -> String {
    least_and(&format!("state: {{ redis: {section} }}"))
}

fn server(section: &str) -> Redis {
    match sound(&state(section)).state {
        State::Redis(server) => server,
        State::Embedded(path) => panic!("a file: {}", path.display()),
    }
}

#[test]
fn one_server_is_named_by_its_address_or_by_more() {
    for (section, host, port, tls, database) in [
        ("\"redis://cache\"", "cache", 6379, false, 0),
        ("\"rediss://cache.example.com:7000\"", "cache.example.com", 7000, true, 0),
        ("\"redis://[::1]:6380/3\"", "::1", 6380, false, 3),
        ("{ url: \"redis://cache\", database: 2 }", "cache", 6379, false, 2),
    ] {
        let server = server(section);
        let RedisServers::Single(address) = &server.servers else { panic!("{server:?}") };
        assert_eq!((address.host.as_str(), address.port), (host, port));
        assert_eq!((server.tls, server.database), (tls, database));
        assert_eq!((server.prefix.as_str(), server.username.as_deref()), ("doorward:", None));
    }
}

#[test]
fn sentinels_and_a_cluster_are_lists_of_servers() {
    let sentinels = server(
        "{ sentinel: { primary: mymaster, servers: [\"redis://a\", \"redis://b:26380\"] }, database: 4 }",
    );
    let RedisServers::Sentinel { sentinels: addresses, primary, .. } = &sentinels.servers else {
        panic!("{sentinels:?}")
    };
    let ports: Vec<u16> = addresses.iter().map(|address| address.port).collect();
    assert_eq!(
        (ports.as_slice(), primary.as_str(), sentinels.database),
        (&[26379, 26380][..], "mymaster", 4)
    );
    let cluster = server("{ cluster: [\"rediss://a\", \"rediss://b\"], prefix: \"wiki:\" }");
    let RedisServers::Cluster(addresses) = &cluster.servers else { panic!("{cluster:?}") };
    assert_eq!((addresses.len(), cluster.tls, cluster.prefix.as_str()), (2, true, "wiki:"));
}

#[test]
fn another_password_takes_a_restart_and_is_named_without_what_it_is() {
    for section in [
        "{ url: \"redis://cache\", username: door, password: \"hunter1\" }",
        "{ sentinel: { primary: p, servers: [\"redis://s\"], password: hunter1 } }",
    ] {
        let before = sound(&state(section));
        let after = sound(&state(&section.replace("hunter1", "hunter2")));
        let changed = changed_keys(&before, &after);
        assert_eq!(changed, ["state.redis.password"], "{section}");
        assert_eq!(needing_restart(&changed), changed);
        assert!(changed_keys(&before, &before).is_empty());
    }
}

#[test]
fn a_password_is_taken_from_where_it_stands_and_never_printed() {
    for section in [
        "\"redis://door:hunter2%2B%20+@cache\"",
        "{ url: \"redis://door@cache\", password: \"hunter2+ +\" }",
        "{ url: \"redis://cache\", username: door, password: \"hunter2+ +\" }",
        "{ cluster: [\"redis://cache\"], username: door, password: \"hunter2+ +\" }",
        "{ sentinel: { primary: p, servers: [\"redis://s\"], password: hunter2 }, username: door, password: \"hunter2+ +\" }",
    ] {
        let server = server(section);
        assert_eq!(server.password.as_ref().unwrap().expose_secret(), "hunter2+ +");
        assert_eq!(server.username.as_deref(), Some("door"));
        let printed = effective_yaml(&sound(&state(section)));
        for shown in [printed.clone(), format!("{server:?}")] {
            assert!(!shown.contains("hunter2"), "{shown}");
        }
        let again = sound(&printed.replace("'********'", "x"));
        assert_eq!(effective_yaml(&again), printed);
    }
    let files = Files::new();
    files.write("redis", "hunter2\n", 0o600);
    let text = state("{ url: \"redis://cache\", password_file: redis }");
    let State::Redis(server) = read_in(&text, files.folder()).unwrap().state else { panic!() };
    assert_eq!(server.password.unwrap().expose_secret(), "hunter2");
    files.write("redis", "hunter2\n", 0o644);
    assert!(files.fault(&text).message.contains("others may read"));
}

#[test]
fn what_could_mean_something_else_is_refused() {
    let address = |typed: &str, message: &str, help: &str| {
        refused(&state(&format!("\"{typed}\"")), 7, 17, message, help);
    };
    address("cache:6379", "is no address of Redis", "rediss://");
    address("http://cache", "is no address of Redis", "rediss://");
    address("redis://", "names no server", "rediss://");
    address("redis://cache/x", "no number of a database", "rediss://");
    address("redis://cache?protocol=resp3", "has `?`", "rediss://");
    let part = |section: &str, part: &str, message: &str, help: &str| {
        let column = 17 + section.rfind(part).unwrap();
        refused(&state(section), 7, column, message, help);
    };
    part("{ username: a }", "{", "is missing", "cluster in place of url");
    let both = "{ url: \"redis://a\", cluster: [\"redis://b\"] }";
    part(both, "{", "more than one of", "in place of url");
    let password = "{ url: \"redis://u:a@cache\", password: b }";
    part(password, "b }", "one in the address, too", "take one");
    let user = "{ url: \"redis://u@cache\", username: b }";
    part(user, "\"redis", "`username`, too", "take one");
    let numbered = "{ cluster: [\"redis://b\"], database: 1 }";
    part(numbered, "[", "database 0 alone", "take `database` out");
    let mixed = "{ cluster: [\"redis://b\", \"rediss://b\"] }";
    part(mixed, "\"rediss", "as the one before", "at all of them");
    let inside = "{ cluster: [\"redis://u:p@b\"] }";
    part(inside, "\"redis", "a user or a password", "beside the list");
    part("{ cluster: [] }", "[", "names no server", "at least one");
    part("{ sentinel: { primary: p } }", "{", "is missing", "name them");
    part("{ url: \"redis://a\", ca: ca.pem }", "ca.pem", "nothing without TLS", "rediss://");
    for prefix in ["\"\"", "\"a{b}:\"", "\"a b\"", "\"a*\""] {
        let section = format!("{{ url: \"redis://a\", prefix: {prefix} }}");
        part(&section, prefix, "no beginning of a key", "doorward:");
    }
    let two = least_and("state: { embedded: true, redis: \"redis://a\" }");
    refused(&two, 7, 20, "`redis`, too", "take one");
    let file = least_and("state: { database: \"sqlite:///a.db\", redis: \"redis://a\" }");
    refused(&file, 7, 20, "`redis`, too", "take it out");
    refused(&least_and("state: { embedded: false }"), 7, 20, "nothing in its place", "redis:");
}
