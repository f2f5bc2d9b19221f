//! Asks the apps of a site now and then whether they are well, by the very ways that requests take.

use std::sync::{Arc, LazyLock};

use http::header;
use pingora::connectors::ConnectorOptions;
use pingora::connectors::http::Connector;
use pingora::http::RequestHeader;
use pingora::protocols::http::client::HttpSession;
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorType, Result};
use tokio::task::JoinSet;

use super::Check;
use super::endpoint::Endpoint;
use super::health::Change;
use super::pool::Pool;
use crate::domain::entropy::{OsEntropy, jittered};
use crate::telemetry::metrics::UpstreamFailure;

/// Checks every endpoint of `pool` for ever.
pub(super) async fn keep_checking(pool: Arc<Pool>, check: Check) {
    let check = Arc::new(check);
    loop {
        let mut asked = JoinSet::new();
        for endpoint in pool.endpoints().iter() {
            asked.spawn(judge(Arc::clone(&pool), Arc::clone(endpoint), Arc::clone(&check)));
        }
        while asked.join_next().await.is_some() {}
        tokio::time::sleep(jittered(check.interval, &OsEntropy)).await;
    }
}

async fn judge(pool: Arc<Pool>, endpoint: Arc<Endpoint>, check: Arc<Check>) {
    let asking = tokio::time::timeout(check.timeout, ask(&endpoint, &check)).await;
    let failed = match asking {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some("no answer in time".to_owned()),
    };
    let Some(why) = failed else {
        match endpoint.health.passed_check(check.passes) {
            Change::None => {}
            change => pool.tell(&endpoint, change, "its checks succeed"),
        }
        return;
    };
    tracing::debug!(upstream = endpoint.upstream.label, address = %endpoint.address, why, "a check failed");
    pool.note(&endpoint, endpoint.health.failed_check(check.failures), UpstreamFailure::Check);
}

/// Whether `endpoint` is well, on a connection of its own.
async fn ask(endpoint: &Endpoint, check: &Check) -> Result<()> {
    // Made at the first check: it reads the system's certificates.
    static CONNECTOR: LazyLock<Connector> =
        LazyLock::new(|| Connector::new(Some(ConnectorOptions::new(1))));
    let peer = endpoint.peer();
    let (mut session, _) = CONNECTOR.get_http_session(&*peer).await?;
    let Some(path) = &check.path else { return Ok(()) };
    let answer = exchange(&mut session, &peer, path, endpoint, check).await;
    session.shutdown().await;
    let status = answer?;
    if check.status.contains(&status) {
        return Ok(());
    }
    Error::e_explain(ErrorType::HTTPStatus(status), "which is not among those expected")
}

async fn exchange(
    session: &mut HttpSession,
    peer: &HttpPeer,
    path: &str,
    endpoint: &Endpoint,
    check: &Check,
) -> Result<u16> {
    let mut request = RequestHeader::build("GET", path.as_bytes(), Some(4))?;
    match &check.host {
        Some(host) => request.insert_header(header::HOST, host)?,
        None => request.insert_header(header::HOST, endpoint.host())?,
    }
    request.insert_header(header::USER_AGENT, "doorward-check")?;
    request.insert_header(header::ACCEPT, "*/*")?;
    if matches!(session, HttpSession::H1(_)) {
        request.insert_header(header::CONNECTION, "close")?;
    }
    session.set_read_timeout(peer.options.read_timeout);
    session.write_request_header(Box::new(request)).await?;
    session.finish_request_body().await?;
    // Interim answers are not the answer.
    loop {
        session.read_response_header().await?;
        match session.response_header().map(|head| head.status.as_u16()) {
            Some(100..=199) => {}
            Some(status) => return Ok(status),
            None => return Error::e_explain(ErrorType::H1Error, "no answer"),
        }
    }
}
