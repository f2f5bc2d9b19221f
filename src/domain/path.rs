//! The path of a request: parsed once, decided on and forwarded as the same thing (S48).

use std::fmt;

/// A request's path and query in origin form, free of everything that two parsers could read in two ways.
///
/// What is forwarded is the text as it came. What the policy matches are its readings: see
/// [`RequestPath::readings`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestPath {
    path: String,
    query: Option<String>,
    readings: Vec<String>,
}

/// Why a target is refused with 400.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPath {
    /// It does not begin with a slash: absolute form, authority form, `*`.
    #[error("the request target is not a path")]
    NotOriginForm,
    /// It holds a `.` or `..` segment, written out or encoded.
    #[error("the path has dot segments")]
    DotSegment,
    /// It holds an empty segment, `//`.
    #[error("the path has an empty segment")]
    EmptySegment,
    /// It holds a slash or backslash in disguise, a control character, a fragment, or a byte outside ASCII.
    #[error("the path has a character that servers read differently")]
    Ambiguous,
    /// A `%` is not followed by two hexadecimal digits.
    #[error("the path is not percent-encoded properly")]
    BadEncoding,
    /// It is longer than [`RequestPath::MAX_BYTES`].
    #[error("the path is too long")]
    TooLong,
}

impl RequestPath {
    /// The longest target that is looked at, in bytes.
    pub const MAX_BYTES: usize = 8192;

    /// Parses the target of a request line, or `:path`.
    pub fn parse(target: &str) -> Result<Self, BadPath> {
        if target.len() > Self::MAX_BYTES {
            return Err(BadPath::TooLong);
        }
        if !target.starts_with('/') {
            return Err(BadPath::NotOriginForm);
        }
        if target.bytes().any(|b| b <= b' ' || b >= 0x7f || b == b'#') {
            return Err(BadPath::Ambiguous);
        }
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (target, None),
        };
        let readings = readings_of(path)?;
        Ok(Self { path: path.to_owned(), query, readings })
    }

    /// The path, as it is forwarded.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The query without its `?`, as it is forwarded.
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// Every way in which a server might read the path: decoded; cut and trimmed as some servers do it; decoded
    /// once more. Usually that is one. The policy has to allow each of them. The last is the plain one.
    pub fn readings(&self) -> &[String] {
        &self.readings
    }
}

impl fmt::Display for RequestPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.query {
            Some(query) => write!(f, "{}?{query}", self.path),
            None => f.write_str(&self.path),
        }
    }
}

fn readings_of(path: &str) -> Result<Vec<String>, BadPath> {
    let mut reading = decode(path, Malformed::Refused)?;
    let mut readings = Vec::with_capacity(1);
    for _ in 0..MAX_DECODINGS {
        check_segments(&reading)?;
        if let Some(bare) = bare(&reading) {
            check_segments(&bare)?;
            readings.push(bare);
        }
        let next = decode(&reading, Malformed::Kept)?;
        let is_last = next == reading;
        readings.push(std::mem::replace(&mut reading, next));
        if is_last {
            return Ok(readings);
        }
    }
    Err(BadPath::Ambiguous)
}

/// The most layers of percent-encoding that are looked under: each costs a reading, and nobody means more.
const MAX_DECODINGS: usize = 4;

/// What becomes of a `%` without two hexadecimal digits: as it comes it is refused. What remains after a decoding
/// may be text, as in `/100%25`, and servers that decode again leave it as it is.
#[derive(Clone, Copy)]
enum Malformed {
    Refused,
    Kept,
}

/// What is left of the path for servers that cut it at `?` or `#` once it is decoded, take the `;parameters` off its
/// segments, or the dots and spaces off their ends (Windows); `None` where that changes nothing.
fn bare(path: &str) -> Option<String> {
    if !path.contains([';', '?', '#', ' ']) && !path.contains("./") && !path.ends_with('.') {
        return None;
    }
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let bare_segment = |segment: &str| match segment.split(';').next().unwrap_or_default() {
        dots @ ("." | "..") => dots.to_owned(),
        name => name.trim_end_matches(['.', ' ']).to_owned(),
    };
    let segments: Vec<String> = path.split('/').map(bare_segment).collect();
    Some(segments.join("/"))
}

/// Decodes `%XX` once. An encoded slash, backslash, control character or NUL is refused: servers differ on them.
fn decode(path: &str, malformed: Malformed) -> Result<String, BadPath> {
    if !path.contains(['%', '\\']) {
        return Ok(path.to_owned());
    }
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'\\', _) => return Err(BadPath::Ambiguous),
            (b'%', [high, low, after @ ..]) if let Some(byte) = hex_pair(*high, *low) => {
                if matches!(byte, b'/' | b'\\' | 0..=0x1f | 0x7f) {
                    return Err(BadPath::Ambiguous);
                }
                decoded.push(byte);
                rest = after;
            }
            (b'%', _) if matches!(malformed, Malformed::Refused) => {
                return Err(BadPath::BadEncoding);
            }
            (byte, _) => decoded.push(byte),
        }
    }
    // Names in other alphabets are UTF-8; a server that reads anything else would see another name.
    String::from_utf8(decoded).map_err(|_| BadPath::Ambiguous)
}

fn hex_pair(high: u8, low: u8) -> Option<u8> {
    let hex = |digit: u8| char::from(digit).to_digit(16);
    u8::try_from(hex(high)? << 4 | hex(low)?).ok()
}

fn check_segments(path: &str) -> Result<(), BadPath> {
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        match segment {
            "" if segments.peek().is_some() => return Err(BadPath::EmptySegment),
            "." | ".." => return Err(BadPath::DotSegment),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s48_what_servers_read_differently_is_refused() {
        for (target, why) in [
            ("/a/../b", BadPath::DotSegment),
            ("/a/./b", BadPath::DotSegment),
            ("/a/%2e%2e/b", BadPath::DotSegment),
            ("/a/.%2E/b", BadPath::DotSegment),
            ("/a/..", BadPath::DotSegment),
            ("/a/..;x/b", BadPath::DotSegment),
            ("/a/..;/b", BadPath::DotSegment),
            ("//a", BadPath::EmptySegment),
            ("/a//b", BadPath::EmptySegment),
            ("/a/;x/b", BadPath::EmptySegment),
            ("/a%2fb", BadPath::Ambiguous),
            ("/a%2Fb", BadPath::Ambiguous),
            ("/a%252fb", BadPath::Ambiguous),
            ("/a/%252e%252e/b/%25", BadPath::DotSegment),
            ("/a/...;/b", BadPath::EmptySegment),
            ("/a/%252e%252e/b", BadPath::DotSegment),
            ("/a%5cb", BadPath::Ambiguous),
            ("/a\\b", BadPath::Ambiguous),
            ("/a%00", BadPath::Ambiguous),
            ("/a%0d%0a", BadPath::Ambiguous),
            ("/a#b", BadPath::Ambiguous),
            ("/a b", BadPath::Ambiguous),
            ("/a%ff", BadPath::Ambiguous),
            ("/a%", BadPath::BadEncoding),
            ("/a%zz", BadPath::BadEncoding),
            ("http://x/a", BadPath::NotOriginForm),
            ("*", BadPath::NotOriginForm),
            ("", BadPath::NotOriginForm),
        ] {
            assert_eq!(RequestPath::parse(target), Err(why), "{target}");
        }
    }

    #[test]
    fn what_is_forwarded_is_what_came() {
        for target in
            ["/", "/a/", "/a/b?x=/../y//z%2f", "/%41dmin", "/a;v=1/b", "/100%25", "/%E4%BD%A0"]
        {
            assert_eq!(RequestPath::parse(target).unwrap().to_string(), target);
        }
    }

    #[test]
    fn s48_every_reading_is_decided_on() {
        let readings = |target: &str| RequestPath::parse(target).unwrap().readings().to_vec();
        assert_eq!(readings("/%61dmin"), ["/admin"]);
        assert_eq!(readings("/%2561dmin"), ["/%61dmin", "/admin"]);
        assert_eq!(readings("/admin;x/y"), ["/admin/y", "/admin;x/y"]);
        assert_eq!(readings("/a%23b%3fc"), ["/a", "/a#b?c"]);
        assert_eq!(readings("/%2561dmin/%25x"), ["/%61dmin/%x", "/admin/%x"]);
        assert_eq!(readings("/admin%20/x."), ["/admin/x", "/admin /x."]);
        assert_eq!(readings("/100%25"), ["/100%"]);
    }

    #[test]
    fn s53_layers_of_encoding_are_not_followed_without_end() {
        let deep = format!("/%{}41", "25".repeat(4000));
        assert_eq!(RequestPath::parse(&deep), Err(BadPath::Ambiguous));
        assert!(RequestPath::parse("/%252525").is_ok());
    }
}
