//! The real programs that tests run beside doorward, and waiting.

use std::path::PathBuf;
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
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let mut ticks = tokio::time::interval(Duration::from_millis(15));
    let asking = async {
        loop {
            ticks.tick().await;
            if let Some(answer) = ask().await {
                return answer;
            }
        }
    };
    match tokio::time::timeout(PATIENCE, asking).await {
        Ok(answer) => answer,
        Err(_) => panic!("waited {PATIENCE:?} in vain: {what}"),
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}
