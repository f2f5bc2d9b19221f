//! Answers made smaller where the app did not: text whose length is known, for clients that say what they take.
//!
//! An answer without a length may be a stream whose reader waits for each piece, and is left alone. Pingora's own filter
//! knows neither weights nor `no-transform` nor ranges (as of 0.9); its encoders are used here.

use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, ACCEPT_RANGES, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE,
    ETAG, TRANSFER_ENCODING, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::protocols::http::compression::{Algorithm, Encode};

/// A body that is made smaller as it goes by.
pub(super) struct Compressing {
    encoder: Box<dyn Encode + Send + Sync>,
    /// How much of the app's body is still to come.
    left: u64,
}

/// Answers below this fit into one packet anyway.
const LEAST: u64 = 1024;

/// What is made smaller, besides `text/…`, `…+json` and `…+xml`.
const KINDS: [&str; 8] = [
    "application/javascript",
    "application/json",
    "application/manifest+json",
    "application/wasm",
    "application/xml",
    "application/x-javascript",
    "image/svg+xml",
    "image/bmp",
];

impl Compressing {
    /// Begins with an answer, whose head is changed to say so; `None` where it stays as it is.
    pub(super) fn begin(
        request: &RequestHeader,
        response: &mut ResponseHeader,
    ) -> pingora::Result<Option<Self>> {
        let Some(length) = length_worth_it(response) else { return Ok(None) };
        // Whoever keeps the answer has to know that others get another, also where this one is left as it is.
        response.append_header(VARY, "Accept-Encoding")?;
        let takes_chunks = request.version >= Version::HTTP_11;
        if request.method == Method::HEAD || !takes_chunks {
            return Ok(None);
        }
        let Some((algorithm, level)) = best_of(&request.headers) else { return Ok(None) };
        let Some(encoder) = algorithm.compressor(level) else { return Ok(None) };
        response.insert_header(CONTENT_ENCODING, algorithm.as_str())?;
        response.remove_header(&CONTENT_LENGTH);
        response.remove_header(&ACCEPT_RANGES);
        response.insert_header(TRANSFER_ENCODING, "chunked")?;
        weaken(response)?;
        Ok(Some(Self { encoder, left: length }))
    }

    /// A piece of the body, made smaller; the last one comes with the rest.
    pub(super) fn next(&mut self, body: &mut Option<Bytes>) -> pingora::Result<()> {
        let Some(piece) = body.take().filter(|piece| !piece.is_empty()) else { return Ok(()) };
        self.left = self.left.saturating_sub(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        let smaller = self.encoder.encode(&piece, self.left == 0)?;
        *body = Some(smaller).filter(|smaller| !smaller.is_empty());
        Ok(())
    }
}

/// The length of an answer that may be made smaller.
fn length_worth_it(response: &ResponseHeader) -> Option<u64> {
    let headers = &response.headers;
    let is_whole = response.status.is_success() || response.status.is_client_error();
    let is_other = matches!(response.status, StatusCode::PARTIAL_CONTENT | StatusCode::NO_CONTENT);
    let is_final = [CONTENT_ENCODING.as_str(), "content-digest", "digest", "content-md5"]
        .iter()
        .any(|name| headers.contains_key(*name));
    let no_transform = headers.get_all(CACHE_CONTROL).iter().any(|line| {
        let mut words = line.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
        words.any(|word| word.eq_ignore_ascii_case(b"no-transform"))
    });
    let kind = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    if !is_whole || is_other || is_final || no_transform || !is_text(kind) {
        return None;
    }
    let length: u64 = headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()?;
    (length >= LEAST).then_some(length)
}

fn is_text(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    (kind.starts_with("text/") && kind != "text/event-stream")
        || kind.ends_with("+json")
        || kind.ends_with("+xml")
        || KINDS.contains(&kind.as_str())
}

/// The coding that the client likes most, and among equals the one that we do; with the effort that it is worth.
fn best_of(headers: &HeaderMap) -> Option<(Algorithm, u32)> {
    let ours =
        [("br", Algorithm::Brotli, 4), ("zstd", Algorithm::Zstd, 3), ("gzip", Algorithm::Gzip, 5)];
    let mut best: Option<(u16, Algorithm, u32)> = None;
    for (name, algorithm, level) in ours {
        let weight = weight_of(name, headers);
        if weight > best.as_ref().map_or(0, |(weight, ..)| *weight) {
            best = Some((weight, algorithm, level));
        }
    }
    best.map(|(_, algorithm, level)| (algorithm, level))
}

/// How much a client likes a coding, in thousandths (RFC 9110 section 12.5.3); 0 for one that it does not name.
fn weight_of(coding: &str, headers: &HeaderMap) -> u16 {
    let lines = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    for item in lines.flat_map(|line| line.split(',')) {
        let mut parts = item.split(';').map(str::trim);
        if !parts.next().unwrap_or_default().eq_ignore_ascii_case(coding) {
            continue;
        }
        let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
        let weight: f32 = weight.map_or(Ok(1.0), str::parse).unwrap_or(0.0);
        return (weight.clamp(0.0, 1.0) * 1000.0) as u16;
    }
    0
}

/// Another body of the same thing has no strong validator in common with it (RFC 9110 section 8.8.1).
fn weaken(response: &mut ResponseHeader) -> pingora::Result<()> {
    let Some(tag) = response.headers.get(ETAG) else { return Ok(()) };
    if tag.as_bytes().starts_with(b"W/") {
        return Ok(());
    }
    match HeaderValue::from_bytes(&[b"W/", tag.as_bytes()].concat()) {
        Ok(weak) if tag.as_bytes().starts_with(b"\"") => response.insert_header(ETAG, weak),
        _ => {
            response.remove_header(&ETAG);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepting(text: &'static str) -> Option<&'static str> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(text));
        best_of(&headers).map(|(algorithm, _)| algorithm.as_str())
    }

    #[test]
    fn the_client_chooses_the_coding_and_may_refuse_each() {
        assert_eq!(accepting("gzip, deflate, br, zstd"), Some("br"));
        assert_eq!(accepting("gzip;q=1.0, br;q=0.5"), Some("gzip"));
        assert_eq!(accepting("br;q=0, gzip"), Some("gzip"));
        assert_eq!(accepting("GZIP"), Some("gzip"));
        assert_eq!(accepting("zstd;q=0.3"), Some("zstd"));
        for nothing in ["", "identity", "*", "gzip;q=0", "deflate", "gzip;q=junk"] {
            assert_eq!(accepting(nothing), None, "{nothing}");
        }
    }

    fn answer(headers: &[(&'static str, &'static str)]) -> ResponseHeader {
        let mut response = ResponseHeader::build(200, None).unwrap();
        response.insert_header(CONTENT_TYPE, "text/html; charset=utf-8").unwrap();
        response.insert_header(CONTENT_LENGTH, "5000").unwrap();
        for (name, value) in headers {
            response.insert_header(*name, *value).unwrap();
        }
        response
    }

    #[test]
    fn only_whole_texts_of_known_length_are_made_smaller() {
        assert_eq!(length_worth_it(&answer(&[])), Some(5000));
        assert_eq!(
            length_worth_it(&answer(&[("content-type", "application/problem+json")])),
            Some(5000)
        );
        for but in [
            ("content-encoding", "gzip"),
            ("content-type", "image/png"),
            ("content-type", "text/event-stream"),
            ("content-type", "application/grpc"),
            ("content-length", "900"),
            ("cache-control", "public, No-Transform"),
            ("content-digest", "sha-256=:AAAA:"),
        ] {
            assert_eq!(length_worth_it(&answer(&[but])), None, "{but:?}");
        }
        let mut part = answer(&[]);
        part.set_status(206).unwrap();
        assert_eq!(length_worth_it(&part), None);
        let mut stream = answer(&[]);
        stream.remove_header(&CONTENT_LENGTH);
        assert_eq!(length_worth_it(&stream), None);
    }

    #[test]
    fn a_smaller_answer_says_what_it_is() {
        let mut request = RequestHeader::build("GET", b"/", None).unwrap();
        request.insert_header(ACCEPT_ENCODING, "gzip").unwrap();
        let mut response = answer(&[("etag", "\"a\""), ("accept-ranges", "bytes")]);
        let mut compressing = Compressing::begin(&request, &mut response).unwrap().unwrap();
        let told = |name: &str| response.headers.get(name).map(|value| value.to_str().unwrap());
        assert_eq!(told("content-encoding"), Some("gzip"));
        assert_eq!(told("etag"), Some("W/\"a\""));
        assert_eq!(told("vary"), Some("Accept-Encoding"));
        assert_eq!((told("content-length"), told("accept-ranges")), (None, None));
        let (mut first, mut last) = (Some(vec![b'a'; 4000].into()), Some(vec![b'a'; 1000].into()));
        compressing.next(&mut first).unwrap();
        compressing.next(&mut last).unwrap();
        let bytes = first.map_or(0, |bytes: Bytes| bytes.len()) + last.unwrap().len();
        assert!(bytes < 200, "{bytes}");

        request.remove_header(&ACCEPT_ENCODING);
        let mut response = answer(&[]);
        assert!(Compressing::begin(&request, &mut response).unwrap().is_none());
        assert!(
            response.headers.contains_key(CONTENT_LENGTH) && response.headers.contains_key(VARY)
        );
    }
}
