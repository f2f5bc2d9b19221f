//! The verifiers of `examples/verifiers`, each in its example app behind the running gateway.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::app::App;
use crate::support::browser::{Browser, Request};
use crate::support::http::exchange;
use crate::support::site::{ADA, Setup, Site};
use crate::support::tools::{apps_node_modules, apps_python, python, verifier};

/// What an example app is started with.
struct Given<'a> {
    folder: &'a Path,
    port: String,
    keyid: &'a str,
    key: &'a str,
}

fn examples(language: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/verifiers").join(language)
}

fn in_python(given: &Given<'_>) -> Command {
    let mut command = Command::new(python());
    command.arg("-B").arg(examples("python").join("example_app.py"));
    command.args([&given.port, given.keyid, given.key]);
    command
}

fn in_node(given: &Given<'_>) -> Command {
    for file in ["doorward.mjs", "example_app.mjs"] {
        std::fs::copy(examples("node").join(file), given.folder.join(file)).expect("a copy");
    }
    let modules = given.folder.join("node_modules");
    std::os::unix::fs::symlink(apps_node_modules(), modules).expect("its libraries");
    let mut command = Command::new("node");
    command.args(["example_app.mjs", &given.port, given.keyid, given.key]);
    command
}

fn in_php(given: &Given<'_>) -> Command {
    let mut command = Command::new("php");
    command
        .args(["-S", &format!("127.0.0.1:{}", given.port)])
        .arg(examples("php").join("example_app.php"))
        .env("DOORWARD_KEYID", given.keyid)
        .env("DOORWARD_KEY", given.key)
        .env("DOORWARD_NONCES", given.folder);
    command
}

fn in_go(given: &Given<'_>) -> Command {
    let mut command = Command::new(verifier("go").expect("built").join("app"));
    command.args([&given.port, given.keyid, given.key]);
    command
}

fn in_java(given: &Given<'_>) -> Command {
    let built = verifier("java").expect("built").display().to_string();
    let mut command = Command::new("java");
    command.args(["-cp", &format!("{built}/classes:{built}/test-classes:{built}/lib/*")]);
    command.args(["doorward.ExampleApp", &given.port, given.keyid, given.key]);
    command.env("JAVA_TOOL_OPTIONS", format!("-Djava.io.tmpdir={}", given.folder.display()));
    command
}

async fn app(site: &Site, address: SocketAddr, command: fn(&Given<'_>) -> Command) -> App {
    let (keyid, key) = site.signing_key().await;
    let key = data_encoding::HEXLOWER.encode(&key);
    App::start(address, |folder| {
        command(&Given { folder, port: address.port().to_string(), keyid: &keyid, key: &key })
    })
    .await
}

/// The request with the identity that a liar would like to have.
fn forged(request: Request) -> Request {
    ["Remote-User", "remote_user", "REMOTE-USER", "Remote.User", "X-Doorward-Assertion"]
        .iter()
        .fold(request, |request, name| request.header(name, "root"))
}

const NOBODY: &str = "user= header=\n";
const SHE: &str = "user=ada header=ada\n";

/// Through doorward the user is seen; beside it nobody is anybody.
async fn believes_doorward_and_nobody_else(command: fn(&Given<'_>) -> Command) {
    let address = App::free_address();
    let site = Site::with(Setup { upstream: Some(address), people: vec![ADA], ..Setup::default() });
    let site = site.await;
    let app = app(&site, address, command).await;

    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    for target in ["/private", "/private?a=1&b=%2f", "/a%20b/c?", "/private"] {
        let told = ada.send(forged(Request::get(target))).await.expect(200);
        assert_eq!(told.text(), SHE, "{target}");
    }
    let form = ada.submit("/private", &[("a", "b")]).await.expect(200);
    assert_eq!(form.text(), SHE);

    // Signed by doorward, too: that nobody is signed in.
    let stranger = site.send(forged(Request::get("/public/a"))).await.expect(200);
    assert_eq!(stranger.text(), NOBODY);
    let direct = exchange(app.address, &forged(Request::get("/private")).bytes(&site.host)).await;
    assert_eq!(direct.expect(200).text(), NOBODY);
}

/// Somebody sees a request on its way from doorward to the app, and sends it there again.
async fn takes_a_signed_request_once(command: fn(&Given<'_>) -> Command) {
    let site = Site::with(Setup { people: vec![ADA], ..Setup::default() }).await;
    let app = app(&site, App::free_address(), command).await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    ada.send(Request::get("/private?a=1").header("Connection", "close")).await.expect(200);
    let seen = format!("{}\r\n\r\n", site.upstream.last().head.trim_end());

    for (old, new) in [(": ada", ": root"), ("a=1", "a=2"), ("GET", "POST"), ("staff", "stuff")] {
        let changed = seen.replacen(old, new, 1);
        assert_ne!(changed, seen, "{old}");
        let told = exchange(app.address, changed.as_bytes()).await.expect(200);
        assert_eq!(told.text(), NOBODY, "{old} became {new}");
    }
    let added = seen.replacen("\r\n\r\n", "\r\nremote_user: root\r\n\r\n", 1);
    assert_eq!(exchange(app.address, added.as_bytes()).await.expect(200).text(), NOBODY);
    for wanted in [SHE, NOBODY] {
        assert_eq!(exchange(app.address, seen.as_bytes()).await.expect(200).text(), wanted);
    }
}

/// Who the verifier in Python, with PyJWT, takes to be asking on the site of this origin.
fn asserted(assertion: &str, keys: &str, issuer: &str, site: &str) -> String {
    let program = "import sys\n\
        from doorward import AssertionVerifier, KeySet, Refused\n\
        assertion, keys, issuer, site = sys.argv[1:]\n\
        key_set = KeySet('https://login.example.com/', fetch=lambda _: keys.encode())\n\
        try:\n    who = AssertionVerifier(issuer, site, key_set).verify(assertion)\n\
        except Refused as refused:\n    print('refused:', refused)\n\
        else:\n    print(who.user, who.email, ','.join(who.groups))";
    let mut command = Command::new(apps_python());
    command.args(["-B", "-c", program, assertion, keys, issuer, site]);
    let output = command.env("PYTHONPATH", examples("python")).output().expect("Python runs");
    String::from_utf8(output.stdout).expect("text")
}

#[tokio::test]
async fn an_assertion_of_the_running_gateway_is_taken_by_its_own_keys() {
    let site = Site::with(Setup { people: vec![ADA], ..Setup::default() }).await;
    let ada = Browser::new(&site);
    ada.sign_in(&site, &ADA).await;
    ada.get("/private").await.expect(200);
    let request = site.upstream.last();
    let assertion = request.header("x-doorward-assertion").expect("an assertion");
    let keys = site.send(Request::get("/_doorward/jwks.json")).await.expect(200).text();
    let origin = ada.origin();
    let told = asserted(assertion, &keys, &origin, &origin);
    assert_eq!(told, "ada ada@example.org admins,staff\n");
    for (issuer, site) in
        [("http://evil.localhost", origin.as_str()), (&origin, "http://a.localhost")]
    {
        let told = asserted(assertion, &keys, issuer, site);
        assert!(told.starts_with("refused:"), "{told}");
    }
}

#[tokio::test]
async fn an_app_in_python_believes_doorward_and_nobody_else() {
    believes_doorward_and_nobody_else(in_python).await;
    takes_a_signed_request_once(in_python).await;
}

#[tokio::test]
async fn an_app_in_node_believes_doorward_and_nobody_else() {
    believes_doorward_and_nobody_else(in_node).await;
    takes_a_signed_request_once(in_node).await;
}

#[tokio::test]
async fn an_app_in_php_believes_doorward_and_nobody_else() {
    believes_doorward_and_nobody_else(in_php).await;
    takes_a_signed_request_once(in_php).await;
}

#[tokio::test]
async fn an_app_in_go_believes_doorward_and_nobody_else() {
    if verifier("go").is_some() {
        believes_doorward_and_nobody_else(in_go).await;
        takes_a_signed_request_once(in_go).await;
    }
}

#[tokio::test]
async fn an_app_in_java_believes_doorward_and_nobody_else() {
    if verifier("java").is_some() {
        believes_doorward_and_nobody_else(in_java).await;
        takes_a_signed_request_once(in_java).await;
    }
}
