//! The clients in `examples/clients` walk the whole way against the running binary.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::json;

use crate::support::program::with_api;
use crate::support::site::{ADA, Setup, Site};
use crate::support::tools::{api_node_modules, api_python};

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/clients");
const DRIVERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api");

/// Runs a driver, giving it the code once it has come; gives what it tells.
async fn drive(site: &Site, mut command: Command) -> serde_json::Value {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the driver starts");
    let code = site.mailbox.next_code_to(ADA.email).await.code();
    let mut stdin = child.stdin.take().expect("its input");
    writeln!(stdin, "{code}").expect("it reads");
    drop(stdin);
    let running = tokio::task::spawn_blocking(move || child.wait_with_output());
    let Output { status, stdout, stderr } = running.await.expect("it ran").expect("it ended");
    let told = String::from_utf8_lossy(&stdout).into_owned();
    assert!(status.success(), "{told}\n{}", String::from_utf8_lossy(&stderr));
    serde_json::from_str(&told).unwrap_or_else(|error| panic!("{error}: {told}"))
}

async fn site() -> Site {
    Site::with(Setup { people: vec![ADA], ..with_api() }).await
}

#[tokio::test]
async fn r32_the_client_in_python_walks_the_whole_way() {
    let site = site().await;
    let mut command = Command::new(api_python());
    command
        .arg(format!("{DRIVERS}/drive.py"))
        .arg(format!("{EXAMPLES}/python"))
        .args([format!("http://{}", site.host), format!("http://{}", site.address)])
        .args([ADA.username, ADA.password])
        .arg(site.path("client.json"))
        .env("PYTHONDONTWRITEBYTECODE", "1");
    let told = drive(&site, command).await;
    let expected = json!({
        "wrong_password": "INVALID_CREDENTIALS",
        "signed_in": "code_sent",
        "too_soon": ["RATE_LIMIT", true],
        "verified": "signed_in",
        "account": "ada",
        "app": true,
        "after_refresh": "ada",
        "rotated": true,
        "sessions": 1,
        "after_sign_out": "INVALID_TOKEN",
        "again": "signed_in",
        "private": "0o600",
    });
    assert_eq!(told, expected);
}

#[tokio::test]
async fn r32_the_client_in_typescript_is_sound_and_walks_the_whole_way() {
    let site = site().await;
    let compiled = site.path("compiled");
    let tsc = api_node_modules().join("typescript/bin/tsc");
    let checked = Command::new("node")
        .arg(tsc)
        .args(["--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes"])
        .args(["--target", "es2022", "--module", "esnext", "--lib", "es2022,dom,dom.iterable"])
        .args(["--erasableSyntaxOnly", "--outDir"])
        .arg(&compiled)
        .arg(format!("{EXAMPLES}/typescript/doorward.ts"))
        .current_dir(site.path(""))
        .output()
        .expect("the compiler runs");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    let module = compiled.join("doorward.mjs");
    std::fs::rename(compiled.join("doorward.js"), &module).expect("it was written");
    let mut command = Command::new("node");
    command
        .arg(Path::new(DRIVERS).join("drive.mjs"))
        .arg(module)
        .args([format!("http://{}", site.host), format!("http://{}", site.address)])
        .args([ADA.username, ADA.password]);
    let told = drive(&site, command).await;
    let expected = json!({
        "wrong_password": "INVALID_CREDENTIALS",
        "signed_in": "code_sent",
        "too_soon": ["RATE_LIMIT", true],
        "verified": "signed_in",
        "account": "ada",
        "app": true,
        "after_refresh": "ada",
        "rotated": true,
        "after_sign_out": "INVALID_TOKEN",
        "again": "signed_in",
    });
    assert_eq!(told, expected);
}
