//! The arrows of the architecture, held against the code: which layer may use which, and where a library may be named.
//! Tests inside the files are left out; they may use what they like.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says so by panicking"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Each layer, and the layers that it may use.
const ARROWS: &[(&str, &[&str])] = &[
    ("cli", &["app", "auth", "config", "domain", "identity", "store", "telemetry"]),
    (
        "app",
        &[
            "auth",
            "config",
            "domain",
            "identity",
            "notify",
            "policy",
            "portal",
            "proxy",
            "store",
            "telemetry",
            "templates",
        ],
    ),
    ("proxy", &["auth", "domain", "identity", "policy", "portal", "telemetry"]),
    ("portal", &["auth", "domain", "identity", "policy", "telemetry", "templates"]),
    ("auth", &["domain", "policy", "store", "telemetry"]),
    ("notify", &["domain", "store", "telemetry", "templates"]),
    ("identity", &["domain", "telemetry"]),
    ("policy", &["domain", "telemetry"]),
    ("store", &["domain", "telemetry"]),
    ("config", &["domain"]),
    ("telemetry", &["domain"]),
    ("templates", &["domain"]),
    ("domain", &[]),
];

/// Backends of the stores: named by the composition root and by themselves, by nobody else.
const BACKENDS: &[&str] = &["sqlite", "memory", "postgres", "redis"];

/// A library, and the only places that may name it.
const HOMES: &[(&str, &[&str])] = &[
    ("pingora", &["proxy/", "app.rs", "app/"]),
    ("pingora_core", &["proxy/", "app.rs", "app/"]),
    ("pingora_proxy", &["proxy/", "app.rs", "app/"]),
    ("pingora_http", &["proxy/", "app.rs", "app/"]),
    ("axum", &["portal/"]),
    ("async_graphql", &["portal/api/graphql.rs", "portal/api/graphql/"]),
    ("sqlx", &["store/sqlite/", "store/postgres/"]),
    ("redis", &["store/redis/"]),
    ("lettre", &["notify/"]),
    ("instant_acme", &["app/acme.rs", "app/acme/"]),
    ("x509_parser", &["proxy/tls/"]),
    ("serde_saphyr", &["config/"]),
    ("prometheus", &["telemetry/"]),
    ("fluent_bundle", &["templates/", "templates.rs"]),
    ("clap", &["cli/", "main.rs"]),
    ("reqwest", &["app.rs", "app/", "notify/"]),
    ("zxcvbn", &["domain/password_rules.rs"]),
];

#[test]
fn every_layer_uses_only_the_layers_below_it() {
    let mut wrong = String::new();
    for file in sources() {
        let layer = file.layer();
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == layer) else {
            if !matches!(layer.as_str(), "lib" | "main") {
                writeln!(wrong, "{}: the layer {layer} is not on the map", file.name).unwrap();
            }
            continue;
        };
        for used in file.uses() {
            if used[0] != layer && !allowed.contains(&used[0].as_str()) {
                writeln!(wrong, "{}: {layer} must not use {}", file.name, used[0]).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn a_backend_of_the_stores_is_chosen_in_one_place() {
    let mut wrong = String::new();
    for file in sources() {
        if matches!(file.layer().as_str(), "app" | "store") {
            continue;
        }
        for used in file.uses() {
            if used[0] == "store"
                && used.get(1).is_some_and(|name| BACKENDS.contains(&name.as_str()))
            {
                writeln!(wrong, "{}: names the backend {}", file.name, used[1]).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// A newer doorward may add a column while this one runs, whose prepared statements would give something else then.
#[test]
fn statements_name_their_columns() {
    let mut wrong = String::new();
    for file in sources() {
        for word in ["SELECT *", "RETURNING *", ".* FROM"] {
            if file.code.contains(word) {
                writeln!(wrong, "{}: {word}", file.name).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn main_knows_the_command_line_alone() {
    for file in sources().iter().filter(|file| file.name == "main.rs") {
        let known: BTreeSet<String> =
            paths_after("doorward", &file.code).into_iter().map(first).collect();
        assert!(known.iter().all(|name| name == "cli"), "main.rs uses {known:?}");
    }
}

/// The image is built from what `.dockerignore` lets through.
#[test]
fn what_the_image_copies_is_let_through() {
    let dockerfile = std::fs::read_to_string("Dockerfile").unwrap();
    let let_through = std::fs::read_to_string(".dockerignore").unwrap();
    let mut copied = 0;
    for line in
        dockerfile.lines().filter(|line| line.starts_with("COPY ") && !line.contains("--from="))
    {
        let words: Vec<_> = line.split_whitespace().skip(1).collect();
        for source in &words[..words.len() - 1] {
            let wanted = format!("!{source}");
            assert!(let_through.lines().any(|line| line == wanted), "{source} is not let through");
            copied += 1;
        }
    }
    assert!(copied >= 6, "the scanner saw {copied}");
}

/// What the linker's script is made of (`build.rs`): a line that means more than it says would change the whole layout.
#[test]
fn the_layout_names_beginnings_of_functions() {
    let layout = std::fs::read_to_string("src/layout.txt").unwrap();
    let names: Vec<_> = layout.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(
        names.len() > 1000
            && names.is_sorted()
            && names.iter().any(|name| name.contains("doorward"))
    );
    for name in names {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.$*".contains(&byte);
        assert!(name.bytes().all(is_plain) && !name.starts_with('*'), "{name}");
    }
}

#[test]
fn each_library_is_named_at_home_only() {
    let mut wrong = String::new();
    for file in sources() {
        for (library, homes) in HOMES {
            let at_home = homes.iter().any(|home| file.name.starts_with(home));
            if !at_home && names(&file.code, library) {
                writeln!(wrong, "{}: {library} belongs in {homes:?}", file.name).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn only_the_clock_reads_the_clock() {
    for file in sources().iter().filter(|file| file.name != "domain/time.rs") {
        for reading in ["SystemTime::now", "OffsetDateTime::now_utc", "Utc::now"] {
            assert!(!file.code.contains(reading), "{} reads {reading}", file.name);
        }
    }
}

#[test]
fn every_test_that_the_capabilities_name_is_there() {
    let named = named_tests("docs/capabilities.md", |line| {
        line.starts_with("| R") || line.starts_with("| G")
    });
    assert!(named > 50, "{named}");
}

#[test]
fn every_failure_mode_is_shown_by_a_test_that_is_there() {
    let named = named_tests("docs/operations/failure-modes.md", |line| {
        line.starts_with("| ") && !line.starts_with("| what is away")
    });
    assert!(named > 10, "{named}");
}

/// Sees that each row of a table names tests, and that they are there. Gives how many those are.
#[track_caller]
fn named_tests(document: &str, is_row: impl Fn(&str) -> bool) -> usize {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = std::fs::read_to_string(root.join(document)).unwrap();
    let mut wrong = String::new();
    let mut named = 0;
    for row in table.lines().filter(|line| is_row(line)) {
        let tests = row.split('`').filter_map(|piece| piece.split_once(".rs::"));
        let before = named;
        for (file, name) in tests {
            named += 1;
            let code = std::fs::read_to_string(root.join(format!("{file}.rs")));
            if !code.unwrap_or_default().contains(&format!("fn {name}(")) {
                writeln!(wrong, "{file}.rs has no test {name}").unwrap();
            }
        }
        if named == before {
            writeln!(wrong, "no test shows this row: {row}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    named
}

#[test]
fn the_scanner_sees_what_it_should() {
    let file = Source {
        name: "portal/pages/login.rs".to_owned(),
        code: without_tests_and_comments(
            "use crate::{auth::sign_in, domain::{a, b}};\nuse super::super::super::store::sqlite;\n\
             // crate::proxy in a comment\nfn f() -> crate::policy::Decision { axum::x() }\n\
             #[cfg(test)]\nmod tests {\n    use crate::app::App;\n}\n",
        ),
    };
    let used: BTreeSet<String> = file.uses().into_iter().map(|path| path.join("::")).collect();
    let seen: Vec<&str> = used.iter().map(String::as_str).collect();
    assert_eq!(seen, ["auth::sign_in", "domain", "policy::Decision", "store::sqlite"]);
    assert!(
        names(&file.code, "axum")
            && !names("let taxum::x", "axum")
            && !names("axum_like::x", "axum")
    );
}

struct Source {
    /// The path under `src/`.
    name: String,
    /// The code without comments and tests.
    code: String,
}

impl Source {
    fn layer(&self) -> String {
        let top = self.name.split('/').next().unwrap();
        top.trim_end_matches(".rs").to_owned()
    }

    /// How many modules lie above the code of this file, the crate's root included.
    fn depth(&self) -> usize {
        let segments: Vec<&str> = self.name.split('/').collect();
        segments.len() - usize::from(segments.last() == Some(&"mod.rs"))
    }

    /// Every path into the crate that the file names: its first segments.
    fn uses(&self) -> Vec<Vec<String>> {
        let to_root = vec!["super"; self.depth()].join("::");
        let mut paths = paths_after("crate", &self.code);
        paths.extend(paths_after(&to_root, &self.code));
        paths.retain(|path| {
            path.first()
                .is_some_and(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        });
        paths
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    assert!(files.len() > 20, "the sources are not where they were");
    let read = |path: &PathBuf| Source {
        name: path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned(),
        code: without_tests_and_comments(&std::fs::read_to_string(path).unwrap()),
    };
    files.iter().map(read).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.extension() {
            _ if path.is_dir() => collect(&path, files),
            Some(extension) if extension == "rs" && path.file_stem().unwrap() != "tests" => {
                files.push(path)
            }
            _ => {}
        }
    }
}

/// The code without line comments, and without what stands under a `#[cfg(test)]` at the start of a line: by the
/// house's order the last thing in a file.
fn without_tests_and_comments(code: &str) -> String {
    let code = code.split("\n#[cfg(test)]\nmod ").next().unwrap();
    code.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

/// Whether the code names the crate: `library::…` or `use library;`, as a word of its own.
fn names(code: &str, library: &str) -> bool {
    code.match_indices(library).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = &code[at + library.len()..];
        let is_word =
            before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != ':' && c != '.');
        is_word && (after.starts_with("::") || code[..at].ends_with("use "))
    })
}

/// The paths that begin with `root::`, without it, groups opened one level: up to two segments of each.
fn paths_after(root: &str, code: &str) -> Vec<Vec<String>> {
    let prefix = format!("{root}::");
    let mut paths = Vec::new();
    for (at, _) in code.match_indices(&prefix) {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &code[at + prefix.len()..];
        match rest.strip_prefix('{') {
            None => paths.push(two_segments(rest)),
            Some(group) => paths.extend(members(group).iter().map(|member| two_segments(member))),
        }
    }
    paths
}

/// The members of a group of imports, up to its closing brace.
fn members(group: &str) -> Vec<String> {
    let (mut depth, mut found) = (0, vec![String::new()]);
    for character in group.chars() {
        match character {
            '}' if depth == 0 => break,
            ',' if depth == 0 => found.push(String::new()),
            _ => {
                depth += i32::from(character == '{') - i32::from(character == '}');
                found.last_mut().unwrap().push(character);
            }
        }
    }
    found
        .into_iter()
        .map(|member| member.trim().to_owned())
        .filter(|member| !member.is_empty())
        .collect()
}

fn two_segments(path: &str) -> Vec<String> {
    let end =
        path.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').unwrap_or(path.len());
    path[..end]
        .split("::")
        .filter(|segment| !segment.is_empty())
        .take(2)
        .map(str::to_owned)
        .collect()
}

fn first(path: Vec<String>) -> String {
    path.into_iter().next().unwrap_or_default()
}
