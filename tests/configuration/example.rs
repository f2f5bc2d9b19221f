use doorward::config::effective_yaml;

use crate::support::{Files, read_in, sound};

const EXAMPLE: &str = include_str!("../../config/doorward.yaml");

/// The example with its files in a folder of their own.
fn example_in(files: &Files) -> String {
    files.certificate(0o600);
    files.write("smtp", "hunter2\n", 0o600);
    let folder = files.folder().display();
    EXAMPLE
        .replace("/etc/doorward", &folder.to_string())
        .replace("/run/secrets", &folder.to_string())
}

#[test]
fn the_annotated_example_is_sound() {
    let files = Files::new();
    let settings = read_in(&example_in(&files), files.folder());
    let settings = settings.unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(settings.listen.len(), 2);
    assert_eq!(settings.sites[0].rules.len(), 8);
}

#[test]
fn every_default_in_the_annotated_example_is_the_default() {
    let files = Files::new();
    let example = read_in(&example_in(&files), files.folder()).unwrap();
    let short = format!(
        r#"
listen:
  - {{ address: "0.0.0.0:443", tls: {{ certificate: tls.crt, key: tls.key }} }}
  - {{ address: "0.0.0.0:80", redirect_to_https: true }}
admin: {{ address: "127.0.0.1:9180" }}
portal: {{ origin: "https://wiki.example.com", name: Example Wiki }}
mail:
  from: "Example Wiki <no-reply@example.com>"
  smtp: {{ host: smtp.example.com, username: doorward, password_file: smtp }}
sites:
  - host: wiki.example.com
    upstreams: ["http://127.0.0.1:8080"]
    rules:{}
"#,
        EXAMPLE.split_once("    rules:").unwrap().1.split_once("    # The headers").unwrap().0
    );
    let short = read_in(&short, files.folder()).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(effective_yaml(&short), effective_yaml(&example));
}

#[test]
fn the_annotated_example_names_every_key_of_the_schema() {
    let schema: serde_json::Value =
        serde_json::from_str(&doorward::config::schema::schema()).unwrap();
    let mut keys = Vec::new();
    collect_keys(&schema, &mut keys);
    assert!(keys.len() > 60, "{keys:?}");
    for key in keys {
        assert!(
            EXAMPLE.contains(&format!("{key}:")),
            "config/doorward.yaml says nothing of `{key}`"
        );
    }
}

fn collect_keys(schema: &serde_json::Value, keys: &mut Vec<String>) {
    match schema {
        serde_json::Value::Object(object) => {
            if let Some(serde_json::Value::Object(properties)) = object.get("properties") {
                keys.extend(properties.keys().cloned());
            }
            object.values().for_each(|value| collect_keys(value, keys));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect_keys(item, keys)),
        _ => {}
    }
}

#[test]
fn what_is_in_effect_reads_back_as_it_is() {
    let files = Files::new();
    let settings = read_in(&example_in(&files), files.folder()).unwrap();
    let printed = effective_yaml(&settings);
    assert!(!printed.contains("hunter2"), "{printed}");
    assert!(printed.contains("password: '********'"), "{printed}");
    let unmasked = printed.replace("'********'", "x");
    let again =
        read_in(&unmasked, files.folder()).unwrap_or_else(|errors| panic!("{errors}\n{printed}"));
    assert_eq!(effective_yaml(&again), printed);

    let odd = sound(
        r##"
listen: [{ address: "[::1]:8000" }]
portal: { origin: "http://localhost:8000", name: "$${HOME}: \"a\" # b", accent: "#aaBB00" }
trusted_proxies: [10.0.0.1, "2001:db8::/32"]
mail: { from: "A, B <a@b.example>", smtp: { host: "::1", tls: none } }
sites:
  - { host: wiki.localhost, upstreams: ["https://app:8443", "http://[::1]"], preserve_host: false }
log: { format: human, filter: "warn,doorward=debug" }
"##,
    );
    let printed = effective_yaml(&odd);
    assert_eq!(odd.portal.name, "${HOME}: \"a\" # b");
    assert_eq!(effective_yaml(&sound(&printed)), printed);
}
