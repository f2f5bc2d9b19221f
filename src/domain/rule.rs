//! Rules as values: what a site's configuration says of a path.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;

use super::account::Group;

/// A pattern for paths: `*` stands for one segment, `**` at the end for any number of them, none included;
/// everything else stands for itself, letter case included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    segments: Vec<Segment>,
    open_end: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Any,
}

/// Why a text is not a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a path pattern begins with / and has * for one whole segment, ** only as the last: /public/**, /files/*/view"
)]
pub struct NotAPattern;

impl PathPattern {
    /// Whether `path`, decoded and beginning with a slash, is one that the pattern stands for. A trailing slash is
    /// a segment of its own, so `/a` is not `/a/`; `/a/**` stands for both.
    pub fn matches(&self, path: &str) -> bool {
        let mut rest = path.strip_prefix('/').unwrap_or(path).split('/');
        let begins = self.segments.iter().all(|segment| {
            rest.next().is_some_and(|found| match segment {
                Segment::Literal(literal) => literal == found,
                Segment::Any => !found.is_empty(),
            })
        });
        begins && (self.open_end || rest.next().is_none())
    }

    /// The same pattern for paths in ASCII lower case.
    #[must_use]
    pub fn folded(&self) -> Self {
        let fold = |segment: &Segment| match segment {
            Segment::Literal(literal) => Segment::Literal(literal.to_ascii_lowercase()),
            Segment::Any => Segment::Any,
        };
        Self { segments: self.segments.iter().map(fold).collect(), open_end: self.open_end }
    }
}

impl FromStr for PathPattern {
    type Err = NotAPattern;

    fn from_str(text: &str) -> Result<Self, NotAPattern> {
        let inside = text.strip_prefix('/').ok_or(NotAPattern)?;
        let (inside, open_end) = match inside.strip_suffix("**") {
            Some("") => return Ok(Self { segments: Vec::new(), open_end: true }),
            Some(before) => (before.strip_suffix('/').ok_or(NotAPattern)?, true),
            None => (inside, false),
        };
        let segments: Vec<&str> = inside.split('/').collect();
        let empty_inside = segments.iter().rev().skip(1).any(|segment| segment.is_empty());
        let empty_end = open_end && segments.last().is_some_and(|segment| segment.is_empty());
        let dots = segments.iter().any(|segment| matches!(*segment, "." | ".."));
        let strange =
            inside.contains(['?', '#', '\\', '%']) || inside.chars().any(char::is_control);
        if empty_inside || empty_end || dots || strange {
            return Err(NotAPattern);
        }
        let segments = segments.into_iter().map(|segment| match segment {
            "*" => Ok(Segment::Any),
            literal if literal.contains('*') => Err(NotAPattern),
            literal => Ok(Segment::Literal(literal.to_owned())),
        });
        Ok(Self { segments: segments.collect::<Result<_, _>>()?, open_end })
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for segment in &self.segments {
            match segment {
                Segment::Literal(literal) => write!(f, "/{literal}")?,
                Segment::Any => f.write_str("/*")?,
            }
        }
        if self.open_end { f.write_str("/**") } else { Ok(()) }
    }
}

/// What it takes to get through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Requirement {
    /// Nothing. Who is signed in is still told to the app.
    Bypass,
    /// A password.
    OneFactor,
    /// A code by mail, without a password (R4).
    OtpOnly,
    /// A password and a code.
    TwoFactor,
    /// Nobody gets through.
    Deny,
}

impl Requirement {
    /// Every requirement, in the order of the documentation.
    pub const ALL: [Self; 5] =
        [Self::Bypass, Self::OneFactor, Self::OtpOnly, Self::TwoFactor, Self::Deny];

    /// The name in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bypass => "bypass",
            Self::OneFactor => "one_factor",
            Self::OtpOnly => "otp_only",
            Self::TwoFactor => "two_factor",
            Self::Deny => "deny",
        }
    }
}

/// How somebody who is not signed in is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unauthenticated {
    /// Page loads go to sign-in, everything else gets 401.
    #[default]
    ByRequest,
    /// Always 401.
    Always401,
    /// Always to sign-in, for clients that follow redirects without saying what they are.
    Redirect,
}

/// What becomes of a CORS preflight, which a browser sends without any cookie before a script's request to another
/// origin (Fetch standard, section 3.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preflight {
    /// It is a request as any other, and nobody's: 401.
    #[default]
    Refuse,
    /// The app answers it. The request that follows needs its session all the same.
    App,
}

/// One rule of a site. What is left out matches everything.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The paths that it is for.
    pub path: Option<PathPattern>,
    /// The methods that it is for, in upper case.
    pub methods: Vec<String>,
    /// The networks that it is for.
    pub networks: Vec<IpNet>,
    /// What it takes to get through.
    pub requirement: Requirement,
    /// Of these groups, the account must be in one. Empty: no group is asked for.
    pub groups: Vec<Group>,
    /// How others are answered.
    pub unauthenticated: Unauthenticated,
    /// How recent the sign-in must be, if it matters.
    pub fresh: Option<Duration>,
    /// Whether a trusted device may stand in for the code.
    pub trusted_device: bool,
    /// What becomes of a CORS preflight.
    pub preflight: Preflight,
    /// Whether a request is a use of its session, and keeps it from going idle.
    pub activity: bool,
    /// Whether it decides, or only tells what it would decide.
    pub effect: Effect,
}

/// What becomes of a rule's word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Effect {
    /// It is what happens.
    #[default]
    Decides,
    /// It is logged and counted; the next rule that matches decides.
    Reports,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> PathPattern {
        text.parse().unwrap()
    }

    #[test]
    fn patterns_match_whole_segments() {
        for (text, yes, no) in [
            ("/public/**", ["/public/", "/public/a/b"], ["/publicity", "/x/public/"]),
            (
                "/files/*/view",
                ["/files/1/view", "/files/a.b/view"],
                ["/files//view", "/files/1/2/view"],
            ),
            ("/**", ["/", "/a/b"], ["", ""]),
            ("/", ["/", "/"], ["/a", "//"]),
            ("/a", ["/a", "/a"], ["/a/", "/A"]),
        ] {
            assert_eq!(pattern(text).to_string(), text);
            for path in yes {
                assert!(pattern(text).matches(path), "{text} should match {path}");
            }
            for path in no.iter().filter(|path| !path.is_empty()) {
                assert!(!pattern(text).matches(path), "{text} should not match {path}");
            }
        }
        assert!(pattern("/public/**").matches("/public"), "the folder itself belongs to it");
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for bad in ["", "a", "/a**", "/**/b", "/a*", "/a//b", "/../b", "/a?x", "/a%20b", "//**"] {
            assert_eq!(bad.parse::<PathPattern>(), Err(NotAPattern), "{bad}");
        }
    }
}
