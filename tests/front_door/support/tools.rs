//! The real programs that tests run beside doorward, and waiting.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::http::PATIENCE;

/// The Python that has the mail server and the app.
pub fn python() -> PathBuf {
    tool("DOORWARD_TEST_PYTHON")
}

/// The folder with the browser's driver.
pub fn node_modules() -> PathBuf {
    tool("DOORWARD_TEST_NODE_MODULES")
}

/// The Python that has the apps of `tests/apps`.
pub fn apps_python() -> PathBuf {
    tool("DOORWARD_TEST_APPS_PYTHON")
}

/// The Python that has JupyterLab and Streamlit.
pub fn notebooks_python() -> PathBuf {
    tool("DOORWARD_TEST_NOTEBOOKS_PYTHON")
}

/// The Python that has pgAdmin, and pgAdmin's own folder.
pub fn pgadmin() -> (PathBuf, PathBuf) {
    let python = tool("DOORWARD_TEST_PGADMIN_PYTHON");
    let folder = site_packages(&python).map(|packages| packages.join("pgadmin4"));
    (python, folder.expect("pgAdmin is installed"))
}

/// Where the packages of a Python are.
pub fn site_packages(python: &Path) -> Option<PathBuf> {
    let libraries = python.parent()?.parent()?.join("lib");
    let versions = std::fs::read_dir(libraries).ok()?.filter_map(Result::ok);
    versions.map(|it| it.path().join("site-packages")).find(|folder| folder.is_dir())
}

/// The Python that speaks gRPC.
pub fn grpc_python() -> PathBuf {
    tool("DOORWARD_TEST_GRPC_PYTHON")
}

/// The Python that has schemathesis.
pub fn api_python() -> PathBuf {
    tool("DOORWARD_TEST_API_PYTHON")
}

/// The folder with the TypeScript compiler.
pub fn api_node_modules() -> PathBuf {
    tool("DOORWARD_TEST_API_NODE_MODULES")
}

/// The folder with the apps of `tests/apps` in Node.
pub fn apps_node_modules() -> PathBuf {
    tool("DOORWARD_TEST_APPS_NODE_MODULES")
}

/// The folder with the example app of the verifier in this language; `None`, having said so, where it could not be
/// built. In CI it has to be.
pub fn verifier(language: &str) -> Option<PathBuf> {
    let folder = tool("DOORWARD_TEST_VERIFIERS").join(language);
    let is_built = folder.join("made-of").is_file();
    assert!(is_built || std::env::var_os("CI").is_none(), "scripts/test builds the {language} app");
    if !is_built {
        eprintln!("SKIPPED: what builds the app in {language} is not installed here");
    }
    is_built.then_some(folder)
}

/// The browser.
pub fn chromium() -> PathBuf {
    tool("DOORWARD_TEST_CHROMIUM")
}

fn tool(variable: &str) -> PathBuf {
    let path = std::env::var_os(variable).map(PathBuf::from);
    path.unwrap_or_else(|| {
        panic!(
            "{variable} is not set: run the tests by scripts/test, which prepares what they need"
        )
    })
}

/// Asks again and again until there is an answer; no answer in time is a failed test that says `what` was missing.
pub async fn eventually<T>(what: &str, ask: impl AsyncFnMut() -> Option<T>) -> T {
    within(PATIENCE, what, ask).await
}

/// The same with a patience of its own.
pub async fn within<T>(
    patience: Duration,
    what: &str,
    mut ask: impl AsyncFnMut() -> Option<T>,
) -> T {
    let mut ticks = tokio::time::interval(Duration::from_millis(15));
    let asking = async {
        loop {
            ticks.tick().await;
            if let Some(answer) = ask().await {
                return answer;
            }
        }
    };
    match tokio::time::timeout(patience, asking).await {
        Ok(answer) => answer,
        Err(_) => panic!("waited {patience:?} in vain: {what}"),
    }
}

/// A port that is free, and stays so: below those that the system gives to outgoing connections, and each test
/// process begins at another place.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    const FIRST: u32 = 10_240;
    const COUNT: u32 = 22_000;
    let own = std::process::id().wrapping_mul(16);
    (0..COUNT)
        .map(|_| FIRST + own.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT)
        .filter_map(|port| u16::try_from(port).ok())
        .find(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port")
}

/// Runs a program to its end; an `Err` where there is none of that name. It has to bound its own time.
pub async fn run(mut command: Command) -> std::io::Result<Output> {
    command.stdin(Stdio::null());
    tokio::task::spawn_blocking(move || command.output()).await.expect("it ran")
}
