//! The README keeps its word: what it tells people to write works.

use std::process::{Command, Stdio};

use crate::support::browser::Browser;
use crate::support::site::{ADA, Setup, Site};
use crate::support::tools::python;
use crate::support::upstream::Received;

/// The first block of the README in this language.
fn block(language: &str) -> String {
    let readme =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let (_, after) = readme.split_once(&format!("```{language}\n")).expect("a block");
    after.split("```").next().unwrap().to_owned()
}

/// Who the README's app knows to be asking.
async fn vouched_for(request: &Received, keyid: &str, key: &[u8]) -> String {
    let headers: serde_json::Map<_, _> = request
        .headers()
        .into_iter()
        .map(|(name, value)| {
            (format!("HTTP_{}", name.replace('-', "_").to_uppercase()), value.into())
        })
        .collect();
    let facts = serde_json::json!([request.method(), request.target(), headers]);
    let protected = block("python")
        .replace("KEYID", keyid)
        .replace("KEY", &data_encoding::HEXLOWER.encode(key));
    let program = format!(
        "app = lambda environ, _: print(environ.get('REMOTE_USER'))\n{protected}\nimport json, sys\n\
         method, target, headers = json.loads(sys.argv[1])\n\
         app({{'REQUEST_METHOD': method, 'REQUEST_URI': target, **headers}}, None)"
    );
    let mut command = Command::new(python());
    let verifiers = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/verifiers/python");
    command.args(["-B", "-c", &program, &facts.to_string()]).env("PYTHONPATH", verifiers);
    let output = command.stderr(Stdio::inherit()).output().expect("Python runs");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn the_readmes_verifier_believes_doorward_and_nobody_else() {
    let site = Site::with(Setup { people: vec![ADA], ..Setup::default() }).await;
    let (keyid, key) = site.signing_key().await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    for target in ["/private?a=1", "/private"] {
        ada.get(target).await.expect(200);
        assert_eq!(vouched_for(&site.upstream.last(), &keyid, &key).await, "ada", "{target}");
    }
    let request = site.upstream.last();
    assert_eq!(vouched_for(&request, &keyid, &[0; 32]).await, "None", "another key");
    for (old, new) in [
        (": ada", ": root"),
        ("GET /private", "GET /other"),
        ("GET", "POST"),
        ("\"remote-user\" ", ""),
        ("admins", "adminz"),
        ("hmac-sha256", "none"),
    ] {
        let tampered = Received { head: request.head.replacen(old, new, 1), body: Vec::new() };
        assert_ne!(tampered.head, request.head, "{old}");
        assert_eq!(vouched_for(&tampered, &keyid, &key).await, "None", "{old} became {new}");
    }
    let added =
        Received { head: request.head.clone() + "\r\nX-Doorward-Role: x", body: Vec::new() };
    assert_eq!(
        vouched_for(&added, &keyid, &key).await,
        "None",
        "an identity header that is not signed"
    );
    site.travel(std::time::Duration::from_secs(1200));
    ada.get("/public/a").await.expect(200);
    assert_ne!(
        vouched_for(&site.upstream.last(), &keyid, &key).await,
        "ada",
        "a proof of another time"
    );
}

#[tokio::test]
async fn the_readmes_configuration_is_a_good_one() {
    let site = Site::prepared(&Setup::default()).await;
    let mut yaml = block("yaml");
    assert_eq!(yaml.lines().count(), 5, "five lines, as promised");
    // The files that it names are the reader's own.
    let certified =
        rcgen::generate_simple_self_signed(vec!["wiki.example.com".to_owned()]).unwrap();
    for (name, content) in [
        ("tls.crt", certified.cert.pem()),
        ("tls.key", certified.signing_key.serialize_pem()),
        ("smtp-password", "secret\n".to_owned()),
    ] {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::write(site.path(name), content).unwrap();
        std::fs::set_permissions(site.path(name), std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    std::fs::write(site.config(), &yaml).unwrap();
    let output = site.run(&["check", &site.config().display().to_string()], "").await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // The rules, too.
    let readme =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let (_, rules) = readme.split_once("```yaml\n    rules:\n").expect("the rules");
    let rules = rules.split("```").next().unwrap();
    let site_line = yaml.lines().last().unwrap().to_owned();
    yaml = yaml.replace(&site_line, "sites:\n  - host: wiki.example.com\n    upstreams: [\"http://127.0.0.1:8080\"]\n    rules:\n");
    std::fs::write(site.config(), yaml.trim_end().to_owned() + "\n" + rules).unwrap();
    let output = site.run(&["check", &site.config().display().to_string()], "").await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
