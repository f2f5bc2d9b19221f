//! Asking services on the web.

use std::time::Duration;

/// A client that follows no redirect and waits for no longer than `timeout`.
pub(super) fn http_client(timeout: Duration) -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .timeout(timeout)
        .connect_timeout(timeout)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("doorward/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// The body of an answer, if it has no more than `most` bytes; else why not.
pub(super) async fn whole_body(
    response: &mut reqwest::Response,
    most: usize,
) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| why_not(&error).to_owned())? {
        if body.len() + chunk.len() > most {
            return Err("its answer has no end".to_owned());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Why there was no answer, without the address that was asked, which may hold what nobody else is to know.
pub(super) fn why_not(error: &reqwest::Error) -> &'static str {
    match (error.is_timeout(), error.is_connect()) {
        (true, _) => "it took too long",
        (false, true) => "it cannot be reached",
        (false, false) => "the conversation broke off",
    }
}
