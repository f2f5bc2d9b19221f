//! What an app gets and what it may answer: plain functions over headers, called by the gateway's phases.

use std::net::IpAddr;

use http::{HeaderName, HeaderValue, header};
use pingora::http::{RequestHeader, ResponseHeader};

use crate::domain::id::RequestId;
use crate::domain::time::Timestamp;
use crate::identity::headers::{AliasFilter, IdentityHeaderNames, IdentityValues};
use crate::identity::signature::{SignedParts, Signer};
use crate::policy::Admitted;
use crate::portal::cookies;

use super::facts::{RequestFacts, RequestKind};

/// How the identity of requests to one site is written.
#[derive(Debug)]
pub(super) struct IdentityWriter {
    pub(super) names: IdentityHeaderNames,
    pub(super) aliases: AliasFilter,
    pub(super) signer: Signer,
}

/// What proxies say of the request before us: ours replace them, so that no client's copy survives (S45).
const FORWARDING: [&str; 9] = [
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-forwarded-server",
    "x-forwarded-scheme",
    "x-real-ip",
    "x-request-id",
];

/// Whether a name is one of [`FORWARDING`], spelled as CGI would fold it.
fn is_forwarding(name: &str) -> bool {
    let first = name.as_bytes().first().map(u8::to_ascii_lowercase);
    matches!(first, Some(b'f' | b'x'))
        && FORWARDING.iter().any(|known| {
            known.len() == name.len()
                && known.bytes().zip(name.bytes()).all(|(known, found)| match found {
                    b'_' | b'.' => known == b'-',
                    found => known == found.to_ascii_lowercase(),
                })
        })
}

/// Takes off everything that an app could take for doorward's own words: identity headers by every alias, what
/// proxies say, our cookies (S30, S46). Runs after Pingora's hop-by-hop stripping, so that no `Connection` header
/// can take ours away again (S47). Says whether an identity header was among it.
pub(super) fn strip(request: &mut RequestHeader, aliases: &AliasFilter) -> bool {
    let mut seen_alias = false;
    let mut unwanted: Vec<HeaderName> = Vec::new();
    for name in request.headers.keys() {
        let alias = aliases.is_alias(name.as_str());
        seen_alias |= alias;
        if alias || is_forwarding(name.as_str()) {
            unwanted.push(name.clone());
        }
    }
    for name in &unwanted {
        request.remove_header(name);
    }
    strip_cookies(request);
    seen_alias
}

fn strip_cookies(request: &mut RequestHeader) {
    let lines = request.headers.get_all(header::COOKIE);
    let any_ours = lines.iter().any(|line| {
        line.as_bytes().windows(8).any(|window| window.eq_ignore_ascii_case(b"doorward"))
    });
    if !any_ours && lines.iter().nth(1).is_none() {
        return;
    }
    let mut kept: Vec<u8> = Vec::new();
    for pair in lines.iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b';')) {
        let pair = pair.trim_ascii();
        let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default();
        if pair.is_empty() || cookies::is_ours(&String::from_utf8_lossy(name)) {
            continue;
        }
        if !kept.is_empty() {
            kept.extend_from_slice(b"; ");
        }
        kept.extend_from_slice(pair);
    }
    request.remove_header(&header::COOKIE);
    if let Ok(value) = HeaderValue::from_bytes(&kept)
        && !kept.is_empty()
    {
        let _ = request.insert_header(header::COOKIE, value);
    }
}

/// Tells the app how the request reached us.
pub(super) fn forward(
    request: &mut RequestHeader,
    facts: &RequestFacts,
    scheme: &'static str,
    id: RequestId,
) -> pingora::Result<()> {
    let client: IpAddr = facts.client.address;
    let chain = if client == facts.peer.to_canonical() {
        client.to_string()
    } else {
        format!("{client}, {}", facts.peer.to_canonical())
    };
    request.insert_header("X-Forwarded-For", chain)?;
    request.insert_header("X-Forwarded-Proto", scheme)?;
    request.insert_header("X-Forwarded-Host", facts.authority.to_string())?;
    request.insert_header("X-Request-Id", id.to_string())?;
    // Any other protocol would leave the conversation that the policy decided on.
    if facts.kind != RequestKind::WebSocket && request.headers.contains_key(header::UPGRADE) {
        request.remove_header(&header::UPGRADE);
        request.remove_header("http2-settings");
        request.remove_header(&header::CONNECTION);
    }
    Ok(())
}

/// Writes who is asking, and signs it with the request. Only an [`Admitted`] request has somebody to write.
pub(super) fn identify(
    request: &mut RequestHeader,
    facts: &RequestFacts,
    admitted: &Admitted,
    writer: &IdentityWriter,
    now: Timestamp,
    nonce: [u8; 16],
) -> pingora::Result<()> {
    let values = admitted.identity().map(|identity| IdentityValues::new(identity));
    let named = values.as_ref().map(|values| values.named(&writer.names)).unwrap_or_default();
    for (name, value) in named.into_iter().flatten() {
        request.insert_header(name, value)?;
    }
    let host = request.headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let host = host.unwrap_or_default().to_owned();
    let parts = SignedParts {
        method: &facts.method,
        authority: &host,
        path: facts.path.path(),
        query: facts.path.query(),
        headers: &named,
    };
    match writer.signer.sign(&parts, now, nonce) {
        Ok(signed) => {
            request.insert_header("Signature-Input", signed.input)?;
            request.insert_header("Signature", signed.signature)?;
        }
        Err(error) => {
            tracing::error!(%error, "a request could not be signed and was not forwarded");
            return pingora::Error::e_explain(
                pingora::ErrorType::HTTPStatus(400),
                error.to_string(),
            );
        }
    }
    Ok(())
}

/// Keeps an app from setting doorward's cookies (S30).
pub(super) fn clean_response(response: &mut ResponseHeader) -> pingora::Result<()> {
    let is_ours = |value: &HeaderValue| {
        let name = value.as_bytes().split(|byte| *byte == b'=').next().unwrap_or_default();
        cookies::is_ours(&String::from_utf8_lossy(name))
    };
    let cookies: Vec<HeaderValue> =
        response.headers.get_all(header::SET_COOKIE).iter().cloned().collect();
    if cookies.iter().any(is_ours) {
        response.remove_header(&header::SET_COOKIE);
        for cookie in cookies.into_iter().filter(|cookie| !is_ours(cookie)) {
            response.append_header(header::SET_COOKIE, cookie)?;
        }
    }
    Ok(())
}
