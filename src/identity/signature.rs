//! The signature by which an app knows that the identity headers of this very request come from doorward:
//! HTTP Message Signatures (RFC 9421), hmac-sha256, label `doorward`.
//!
//! Covered are `@method`, `@authority`, `@path`, `@query` and every identity header that is sent. The parameters are
//! `created`, `expires` (a minute later), `nonce`, `alg` and `keyid`, in this order, which is also the order in which
//! libraries that parse and rewrite them do so.
//!
//! A signature base is ASCII (section 2.5). A full name may not be: such a value is covered in its binary-wrapped form
//! (`"remote-name";bs`, section 2.1.3), which is over the header's bytes, so that it is the same for an app that
//! reads headers as Latin-1, as UTF-8 or as bytes.

use std::fmt::Write as _;

use data_encoding::{BASE64, BASE64URL_NOPAD};
use http::{HeaderValue, Method};
use subtle::ConstantTimeEq;

use super::headers::IdentityHeader;
use crate::domain::keys::IdentityKey;
use crate::domain::time::Timestamp;

/// What a signature is over: the request as the app gets it.
#[derive(Clone, Copy, Debug)]
pub struct SignedParts<'a> {
    /// The method.
    pub method: &'a Method,
    /// The `Host` that the app gets, without the scheme's own port (section 2.2.3).
    pub authority: &'a str,
    /// The path, percent-encoded as it is sent (section 2.2.6).
    pub path: &'a str,
    /// The query as it is sent, without its `?` (section 2.2.7).
    pub query: Option<&'a str>,
    /// The identity headers, each once.
    pub headers: &'a [IdentityHeader<'a>],
}

/// The two headers that carry a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureHeaders {
    /// `Signature-Input`: what is covered, and the parameters.
    pub input: HeaderValue,
    /// `Signature`.
    pub signature: HeaderValue,
}

/// A part holds a character that cannot be in a request line, so there is nothing to sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the {0} of the request has a character that cannot be signed")]
pub struct CannotSign(&'static str);

/// Why a signature is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// `Signature-Input` is not what doorward sends for such a request: another form, algorithm, or list of what is
    /// covered.
    #[error("the signature is not of the form that doorward makes for this request")]
    NotOurs,
    /// It names another key.
    #[error("the signature is made with another key")]
    OtherKey,
    /// It is of a time to come.
    #[error("the signature is of a time to come")]
    TooEarly,
    /// Its minute is over.
    #[error("the signature has expired")]
    Expired,
    /// The request was changed, or the key is not the one.
    #[error("the signature does not fit the request")]
    Wrong,
}

/// Signs the requests to one site.
#[derive(Clone, Debug)]
pub struct Signer {
    key: IdentityKey,
    /// The parameters that are always the same: the end of each `Signature-Input`.
    constant_params: String,
}

impl Signer {
    /// A signer with the key that the site's app shares.
    pub fn new(key: IdentityKey) -> Self {
        let mut constant_params = String::from("\";alg=\"hmac-sha256\";keyid=");
        push_sf_string(&mut constant_params, key.id());
        Self { key, constant_params }
    }

    /// The key.
    pub const fn key(&self) -> &IdentityKey {
        &self.key
    }

    /// Signs `request` for the minute after `now`. `nonce` is random, so that an app can refuse a repetition.
    pub fn sign(
        &self,
        request: &SignedParts<'_>,
        now: Timestamp,
        nonce: [u8; NONCE_BYTES],
    ) -> Result<SignatureHeaders, CannotSign> {
        let input = self.input(request.headers, now.as_secs(), &nonce);
        let mac = self.mac(request, &input)?;
        let mut signature = String::with_capacity(SIGNATURE_BEGINS.len() + 45);
        signature.push_str(SIGNATURE_BEGINS);
        BASE64.encode_append(&mac, &mut signature);
        signature.push(':');
        let header = |text: String| HeaderValue::try_from(text).map_err(|_| CannotSign("key id"));
        Ok(SignatureHeaders { input: header(input)?, signature: header(signature)? })
    }

    /// Checks what `request` carries as signature. Nothing but what [`Signer::sign`] makes for this request, inside
    /// its minute, is taken: it is made again and compared.
    pub fn verify(
        &self,
        request: &SignedParts<'_>,
        headers: &SignatureHeaders,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let input = headers.input.to_str().map_err(|_| Refusal::NotOurs)?;
        let (created, nonce) = created_and_nonce(input).ok_or(Refusal::NotOurs)?;
        if !input.ends_with(&self.constant_params) {
            return Err(Refusal::OtherKey);
        }
        if input != self.input(request.headers, created, &nonce) {
            return Err(Refusal::NotOurs);
        }
        if created > now.as_secs().saturating_add(SKEW_SECS) {
            return Err(Refusal::TooEarly);
        }
        if now.as_secs() >= created.saturating_add(LIFETIME_SECS) {
            return Err(Refusal::Expired);
        }
        let carried = mac_of(&headers.signature).ok_or(Refusal::NotOurs)?;
        let wanted = self.mac(request, input).map_err(|_| Refusal::NotOurs)?;
        if bool::from(wanted.as_slice().ct_eq(&carried)) { Ok(()) } else { Err(Refusal::Wrong) }
    }

    fn input(
        &self,
        headers: &[IdentityHeader<'_>],
        created: i64,
        nonce: &[u8; NONCE_BYTES],
    ) -> String {
        let names: usize = headers.iter().flatten().map(|(name, _)| name.as_str().len() + 6).sum();
        let mut input = String::with_capacity(128 + names + self.constant_params.len());
        input.push_str(INPUT_BEGINS);
        input.push_str("(\"@method\" \"@authority\" \"@path\" \"@query\"");
        for (name, value) in headers.iter().flatten() {
            input.push(' ');
            push_field_id(&mut input, name.as_str(), value);
        }
        let expires = created.saturating_add(LIFETIME_SECS);
        let _ = write!(input, ");created={created};expires={expires};nonce=\"");
        BASE64URL_NOPAD.encode_append(nonce, &mut input);
        input.push_str(&self.constant_params);
        input
    }

    fn mac(&self, request: &SignedParts<'_>, input: &str) -> Result<[u8; 32], CannotSign> {
        let params = input.strip_prefix(INPUT_BEGINS).unwrap_or_default();
        let base = signature_base(request, params)?;
        Ok(self.key.mac().mac_of_message(base.as_bytes()))
    }
}

/// The text that is signed (section 2.5).
fn signature_base(request: &SignedParts<'_>, params: &str) -> Result<String, CannotSign> {
    let headers = request.headers.iter().flatten();
    let fields: usize = headers.map(|(name, v)| name.as_str().len() + v.len() * 4 / 3 + 16).sum();
    let target = request.path.len() + request.query.unwrap_or_default().len();
    let mut base =
        String::with_capacity(128 + request.authority.len() + target + fields + params.len());
    let path = if request.path.is_empty() { "/" } else { request.path };
    push_derived(&mut base, "\"@method\": ", request.method.as_str())?;
    let authority = base.len();
    push_derived(&mut base, "\"@authority\": ", request.authority)?;
    if let Some(line) = base.get_mut(authority..) {
        line.make_ascii_lowercase();
    }
    push_derived(&mut base, "\"@path\": ", path)?;
    push_derived(&mut base, "\"@query\": ?", request.query.unwrap_or_default())?;
    for (name, value) in request.headers.iter().flatten() {
        push_field(&mut base, name.as_str(), value);
    }
    push_params(&mut base, params);
    Ok(base)
}

/// The line of a derived component. `begins` is the line up to the value.
fn push_derived(base: &mut String, begins: &'static str, value: &str) -> Result<(), CannotSign> {
    // A line feed would begin a line of the client's own. Folding without a way out lets this run over many bytes
    // at once.
    if !value.bytes().fold(true, |visible, byte| visible & byte.is_ascii_graphic()) {
        return Err(CannotSign(begins.trim_matches(|c: char| !c.is_ascii_alphabetic())));
    }
    base.push_str(begins);
    base.push_str(value);
    base.push('\n');
    Ok(())
}

/// The line of a header (section 2.1), binary-wrapped when it is not plain ASCII.
fn push_field(base: &mut String, name: &str, value: &HeaderValue) {
    push_field_id(base, name, value);
    base.push_str(": ");
    let value = value.as_bytes().trim_ascii();
    match plain(value) {
        Some(text) => base.push_str(text),
        None => {
            base.push(':');
            BASE64.encode_append(value, base);
            base.push(':');
        }
    }
    base.push('\n');
}

fn push_params(base: &mut String, params: &str) {
    base.push_str("\"@signature-params\": ");
    base.push_str(params);
}

fn push_field_id(to: &mut String, name: &str, value: &HeaderValue) {
    push_sf_string(to, name);
    if plain(value.as_bytes()).is_none() {
        to.push_str(";bs");
    }
}

/// The value as text, if it is nothing but visible ASCII, spaces and tabs.
fn plain(value: &[u8]) -> Option<&str> {
    let is_plain = |byte: u8| matches!(byte, b'\t' | b' '..=b'~');
    value
        .iter()
        .fold(true, |all, byte| all & is_plain(*byte))
        .then(|| std::str::from_utf8(value).ok())?
}

/// A string of structured fields (RFC 8941 section 4.1.6). Names and key ids are ASCII.
fn push_sf_string(to: &mut String, text: &str) {
    to.push('"');
    if text.contains(['"', '\\']) {
        for sign in text.chars() {
            if matches!(sign, '"' | '\\') {
                to.push('\\');
            }
            to.push(sign);
        }
    } else {
        to.push_str(text);
    }
    to.push('"');
}

fn created_and_nonce(input: &str) -> Option<(i64, [u8; NONCE_BYTES])> {
    let (_, after) = input.split_once(");created=")?;
    let (created, after) = after.split_once(";expires=")?;
    let (_, after) = after.split_once(";nonce=\"")?;
    let (nonce, _) = after.split_once('"')?;
    let nonce = BASE64URL_NOPAD.decode(nonce.as_bytes()).ok()?;
    Some((created.parse().ok()?, nonce.try_into().ok()?))
}

fn mac_of(signature: &HeaderValue) -> Option<Vec<u8>> {
    let text = signature.to_str().ok()?.strip_prefix(SIGNATURE_BEGINS)?.strip_suffix(':')?;
    BASE64.decode(text.as_bytes()).ok()
}

/// The bytes of a nonce.
pub const NONCE_BYTES: usize = 16;

const INPUT_BEGINS: &str = "doorward=";
const SIGNATURE_BEGINS: &str = "doorward=:";
/// How long a signature holds.
const LIFETIME_SECS: i64 = 60;
/// How far the clock of who signed may be ahead.
const SKEW_SECS: i64 = 5;

#[cfg(test)]
mod tests;
