//! `accounts.database`, where it is PostgreSQL's.

use doorward::config::effective_yaml;
use doorward::config::settings::{Database, PostgresDatabase, State};
use secrecy::ExposeSecret;

use crate::support::{Files, least_and, read_in, refused, sound};

fn accounts(section: &str) -> String {
    least_and(&format!("accounts: {{ {section} }}"))
}

fn server(section: &str) -> PostgresDatabase {
    match sound(&accounts(section)).accounts {
        Database::Postgres(server) => server,
        Database::Sqlite(path) => panic!("a file: {}", path.display()),
    }
}

#[test]
fn tls_is_checked_unless_the_way_is_short_or_the_address_says_otherwise() {
    for (typed, meant) in [
        ("postgres://u@db/x", "postgres://u@db/x?sslmode=verify-full"),
        ("postgresql://u@db:5433/x", "postgresql://u@db:5433/x?sslmode=verify-full"),
        ("postgres://u@192.0.2.7/x", "postgres://u@192.0.2.7/x?sslmode=verify-full"),
        (
            "postgres://u@localhost.example.com/x",
            "postgres://u@localhost.example.com/x?sslmode=verify-full",
        ),
        ("postgres://u@localhost/x", "postgres://u@localhost/x"),
        ("postgres://u@127.0.0.1/x", "postgres://u@127.0.0.1/x"),
        ("postgres://u@[::1]/x", "postgres://u@[::1]/x"),
        ("postgres://u@db/x?host=/run/postgresql", "postgres://u@db/x?host=/run/postgresql"),
        ("postgres://u@db/x?sslmode=disable", "postgres://u@db/x?sslmode=disable"),
        ("postgres://u@db/x?sslmode=require", "postgres://u@db/x?sslmode=require"),
    ] {
        let server = server(&format!("database: \"{typed}\""));
        assert_eq!(server.url.as_str(), meant);
        assert_eq!(server.connections, 10);
        assert!(server.password.is_none());
    }
}

#[test]
fn a_password_is_taken_from_where_it_stands_and_never_printed() {
    for section in [
        "database: \"postgres://u:hunter2%2B%20+@db/x\"",
        "database: \"postgres://u@db/x\", password: \"hunter2+ +\"",
    ] {
        let server = server(section);
        assert_eq!(server.password.as_ref().unwrap().expose_secret(), "hunter2+ +");
        let printed = effective_yaml(&sound(&accounts(section)));
        for shown in [printed.clone(), format!("{server:?}"), server.url.to_string()] {
            assert!(!shown.contains("hunter2"), "{shown}");
        }
        assert!(printed.contains("password: '********'"), "{printed}");
        let again = sound(&printed.replace("'********'", "x"));
        assert_eq!(effective_yaml(&again), printed);
    }
    let files = Files::new();
    files.write("postgres", "hunter2\n", 0o600);
    let text = accounts("database: \"postgres://u@db/x\", password_file: postgres, connections: 3");
    let settings = read_in(&text, files.folder()).unwrap();
    let Database::Postgres(server) = settings.accounts else { panic!("a file") };
    assert_eq!(server.password.unwrap().expose_secret(), "hunter2");
    assert_eq!(server.connections, 3);
    files.write("postgres", "hunter2\n", 0o644);
    assert!(files.fault(&text).message.contains("others may read"));
}

#[test]
fn what_passes_is_in_the_file_of_the_accounts_or_in_one_beside_the_secret() {
    let file = |text: &str| {
        let State::Embedded(path) = sound(text).state else { panic!("no file") };
        path.display().to_string()
    };
    assert_eq!(file(&least_and("")), "/var/lib/doorward/doorward.db");
    assert_eq!(file(&accounts("database: \"sqlite:///a/b.db\"")), "/a/b.db");
    let shared = "accounts: { database: \"postgres://u@db/x\" }\nsecret_file: /a/secret\n";
    assert_eq!(file(&least_and(shared)), "/a/state.db");
    let named = format!("{shared}state: {{ database: \"sqlite:///c/d.db\" }}\n");
    assert_eq!(file(&least_and(&named)), "/c/d.db");
    let printed = effective_yaml(&sound(&least_and(&named)));
    assert!(printed.contains("database: sqlite:///c/d.db"), "{printed}");
    let section = "state: { database: \"sqlite:///c/d.db\" }";
    refused(&least_and(section), 7, 20, "is for accounts in PostgreSQL", "take it out");
}

#[test]
fn an_address_that_could_mean_something_else_is_refused() {
    let address = |typed: &str, message: &str, help: &str| {
        refused(&accounts(&format!("database: \"{typed}\"")), 7, 23, message, help);
    };
    address("postgres://u@db", "no database", "password_file");
    address("postgres://u@/x", "is no address", "password_file");
    address("postgres://db/x", "names no user", "postgres://doorward@");
    address("postgres://u@[db/x", "is no address", "postgres://doorward@");
    for lax in ["prefer", "allow", "Disable", "off"] {
        address(&format!("postgres://u@db/x?sslmode={lax}"), "without TLS", "verify-full");
    }
    address("postgres://u@db/x?options=-c%20x", "the option options", "sslrootcert");
    address(
        "postgres://u@localhost/x?host=db.example.com",
        "no folder of a socket",
        "before the database",
    );
    address("postgres://u@db/x?sslrootcert=ca.pem", "no whole path", "from the root");
    address("postgres://u@db/x?sslrootcert=/none/ca.pem", "cannot be read", "may read");
    let both = "database: \"postgres://u:a@db/x\", password: b";
    refused(&accounts(both), 7, 56, "one in the address, too", "take one");
    let few = "database: \"postgres://u@db/x\", connections: 1";
    refused(&accounts(few), 7, 57, "from 2 to 200", "left out, it is 10");
    for alone in ["connections: 5", "password: x", "password_file: x"] {
        let at = 14 + alone.find(' ').unwrap();
        refused(&accounts(alone), 7, at, "is for accounts in PostgreSQL", "postgres://");
    }
}
