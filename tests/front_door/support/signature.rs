//! RFC 9421 as an app's author would write it from the RFC: nothing of doorward's own is used.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::upstream::Received;

/// A signature that holds: what it covers, and its parameters.
#[derive(Debug)]
pub struct Verified {
    pub covered: Vec<String>,
    pub parameters: BTreeMap<String, String>,
}

/// Checks the signature labelled `doorward` over the request as it was received.
pub fn verify(request: &Received, key: &[u8]) -> Result<Verified, String> {
    let input = request.header("signature-input").ok_or("no Signature-Input")?;
    let parameters = input.strip_prefix("doorward=").ok_or("no label doorward")?;
    let signature = request.header("signature").ok_or("no Signature")?;
    let signature = signature.strip_prefix("doorward=:").and_then(|rest| rest.strip_suffix(':'));
    let signature = BASE64
        .decode(signature.ok_or("not a byte sequence")?.as_bytes())
        .map_err(|_| "not base64")?;

    let (list, after) =
        parameters.strip_prefix('(').and_then(|rest| rest.split_once(')')).ok_or("no list")?;
    let covered: Vec<String> =
        list.split(' ').map(|item| item.trim_matches('"').to_owned()).collect();
    let mut base = String::new();
    for component in &covered {
        base.push_str(&format!("\"{component}\": {}\n", value(request, component)?));
    }
    base.push_str(&format!("\"@signature-params\": {parameters}"));
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| "no key")?;
    mac.update(base.as_bytes());
    mac.verify_slice(&signature)
        .map_err(|_| format!("the signature does not hold over:\n{base}"))?;

    let pairs = after.split(';').filter_map(|pair| pair.split_once('='));
    let parameters =
        pairs.map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned()));
    Ok(Verified { covered, parameters: parameters.collect() })
}

fn value(request: &Received, component: &str) -> Result<String, String> {
    let (path, query) = match request.target().split_once('?') {
        Some((path, query)) => (path, format!("?{query}")),
        None => (request.target(), "?".to_owned()),
    };
    Ok(match component {
        "@method" => request.method().to_owned(),
        "@authority" => request.header("host").ok_or("no Host")?.to_ascii_lowercase(),
        "@path" => path.to_owned(),
        "@query" => query,
        field => {
            let lines = request.all(field);
            if lines.is_empty() {
                return Err(format!("{field} is covered and not there"));
            }
            lines.join(", ")
        }
    })
}
