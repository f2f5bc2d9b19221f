//! schemathesis tries the API against its own document, with all of its checks.

use std::process::{Command, Stdio};

use crate::support::browser::{Browser, Request};
use crate::support::program::{API, Program, with_api};
use crate::support::question::GRAPHQL;
use crate::support::site::{ADA, Setup, Site};
use crate::support::tools::api_python;

/// Where the document of the JSON API is.
const OPENAPI: &str = "/_doorward/api/v1/openapi.json";

/// Runs schemathesis against the running site with the token of `program`; gives its report.
async fn run(site: &Site, program: &Program, document: &str, more: &[&str]) -> serde_json::Value {
    let report = site.path("schemathesis.json");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api");
    let mut command = Command::new(api_python());
    command
        .args(["-m", "schemathesis.cli", "--config-file"])
        .arg(format!("{folder}/schemathesis.toml"))
        .arg("run")
        .arg(format!("http://{}{document}", site.address))
        .args([
            "--checks",
            "all",
            "--continue-on-failure",
            "--seed",
            "1843",
            "--request-timeout",
            "10",
            "--max-examples",
            "25",
        ])
        .args(["--header", &format!("Host: {}", site.host)])
        .args(["--header", &format!("Authorization: Bearer {}", program.kept().access.unwrap())])
        .args(["--report", "json", "--report-json-path"])
        .arg(&report)
        .args(more)
        .current_dir(site.path(""))
        .env("HYPOTHESIS_STORAGE_DIRECTORY", site.path("hypothesis"))
        .env("NO_COLOR", "1")
        .stdin(Stdio::null());
    let running = tokio::task::spawn_blocking(move || command.output());
    let output = running.await.expect("it ran").expect("schemathesis runs");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}\n{errors}");
    eprintln!("{told}");
    serde_json::from_slice(&std::fs::read(report).expect("a report")).expect("JSON")
}

#[tokio::test]
async fn r31_schemathesis_finds_nothing_with_all_checks_on() {
    let site = Site::with(Setup { log: "warn".to_owned(), ..with_api() }).await;
    let program = Program::new(&site);
    program.sign_in(&site, &ADA).await;
    // What ends the session comes last, so that what needs it is tried with one.
    run(
        &site,
        &program,
        OPENAPI,
        &[
            "--max-time",
            "40",
            "--exclude-operation-id",
            "signOut",
            "--exclude-operation-id",
            "endSession",
        ],
    )
    .await;
    run(
        &site,
        &program,
        OPENAPI,
        &[
            "--max-time",
            "8",
            "--include-operation-id",
            "signOut",
            "--include-operation-id",
            "endSession",
        ],
    )
    .await;
    let panics = site.log().lines().filter(|line| line.contains("panicked")).count();
    assert_eq!(panics, 0, "{}", site.log());
}

#[tokio::test]
async fn r34_schemathesis_finds_nothing_by_graphql() {
    let api = "api: { enabled: true, graphql: true, introspection: true }".to_owned();
    let top = with_api().top.into_iter().filter(|line| !line.starts_with("api:")).chain([api]);
    let setup = Setup { log: "warn".to_owned(), top: top.collect(), ..with_api() };
    let site = Site::with(setup).await;
    let program = Program::new(&site);
    program.sign_in(&site, &ADA).await;
    let before = site.metrics().await.sum("doorward_http_requests_total", &[]);
    // What ends the session comes last, so that what needs it is tried with one.
    let ends = ["Mutation.signOut", "Mutation.endSession"];
    let but = ends.iter().flat_map(|name| ["--exclude-name", name]);
    let but: Vec<&str> = ["--max-time", "30"].into_iter().chain(but).collect();
    run(&site, &program, GRAPHQL, &but).await;
    assert!(program.is_signed_in().await);
    let only = ends.iter().flat_map(|name| ["--include-name", name]);
    let only: Vec<&str> = ["--max-time", "8"].into_iter().chain(only).collect();
    run(&site, &program, GRAPHQL, &only).await;
    let after = site.metrics().await.sum("doorward_http_requests_total", &[]);
    assert!(after - before > 100.0, "{} questions were asked", after - before);
    eprintln!("{} questions were asked", after - before);
    let panics = site.log().lines().filter(|line| line.contains("panicked")).count();
    assert_eq!(panics, 0, "{}", site.log());
}

#[tokio::test]
async fn r31_the_document_and_its_page_need_nothing_from_elsewhere() {
    let site = Site::with(with_api()).await;
    let document = site.send(Request::get(&format!("{API}/openapi.json"))).await.expect(200);
    assert_eq!(document.header("content-type"), Some("application/json"));
    let document = document.json();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["servers"][0]["url"], API);
    let page = Browser::new(&site).get(&format!("{API}/docs")).await.expect(200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let html = page.text();
    for methods in document["paths"].as_object().unwrap().values() {
        for operation in methods.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(html.contains(&format!("<section id=\"{id}\">")), "{id}");
        }
    }
    assert!(!html.contains("<script") && !html.contains("style=") && !html.contains("https://"));
    for part in html.split("href=\"").skip(1) {
        let target = part.split('"').next().unwrap();
        match target.strip_prefix('#') {
            Some(anchor) => assert!(html.contains(&format!("id=\"{anchor}\"")), "{anchor}"),
            None if target.starts_with('/') => {
                drop(site.send(Request::get(target)).await.expect(200))
            }
            None => assert_eq!(target, "openapi.json"),
        }
    }
}

#[tokio::test]
async fn r28_the_page_of_the_api_is_sound_for_everybody_who_reads_it() {
    let site = Site::with(with_api()).await;
    let options = crate::browser::options(&site, true);
    crate::browser::tell("reference.mjs", options, async |_| None).await;
}
