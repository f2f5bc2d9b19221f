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

    /// Every way in which a server might read the path: decoded; without the `;parameters` of its segments;
    /// decoded once more. Usually that is one. The policy has to allow each of them.
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
    let mut reading = path.to_owned();
    let mut readings = Vec::with_capacity(1);
    loop {
        let decoded = decode(&reading)?;
        check_segments(&decoded)?;
        if decoded.contains(';') {
            let bare = without_parameters(&decoded);
            check_segments(&bare)?;
            readings.push(bare);
        }
        let more = decoded != reading && decoded.contains('%');
        readings.push(decoded.clone());
        // A second decoding is a reading only where there is something left to decode.
        if !more || decode(&decoded).is_err_and(|error| error == BadPath::BadEncoding) {
            return Ok(readings);
        }
        reading = decoded;
    }
}

/// Decodes `%XX` once. An encoded slash, backslash, control character or NUL is refused: servers differ on them.
fn decode(path: &str) -> Result<String, BadPath> {
    if !path.contains(['%', '\\']) {
        return Ok(path.to_owned());
    }
    let mut decoded = Vec::with_capacity(path.len());
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => return Err(BadPath::Ambiguous),
            b'%' => match hex(bytes.next()).zip(hex(bytes.next())) {
                Some((high, low)) => match high << 4 | low {
                    b'/' | b'\\' | 0..=0x1f | 0x7f => return Err(BadPath::Ambiguous),
                    byte => decoded.push(byte),
                },
                None => return Err(BadPath::BadEncoding),
            },
            byte => decoded.push(byte),
        }
    }
    // Names in other alphabets are UTF-8; a server that reads anything else would see another name.
    String::from_utf8(decoded).map_err(|_| BadPath::Ambiguous)
}

fn hex(digit: Option<u8>) -> Option<u8> {
    char::from(digit?).to_digit(16).and_then(|value| u8::try_from(value).ok())
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

fn without_parameters(path: &str) -> String {
    let bare: Vec<&str> =
        path.split('/').map(|segment| segment.split(';').next().unwrap_or_default()).collect();
    bare.join("/")
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
        assert_eq!(readings("/a%23b%3fc"), ["/a#b?c"]);
        assert_eq!(readings("/100%25"), ["/100%"]);
    }
}
