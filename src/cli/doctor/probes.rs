//! What is tried: the names under which apps are told who somebody is, and the ways to spell them past a gateway.

/// A request that claims to be somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Probe {
    /// The identity header that is meant.
    pub(super) header: String,
    /// How it is sent, for people.
    pub(super) how: &'static str,
    pub(super) form: Form,
    /// Header lines as they go out, [`MARKER`] where the name of the run stands.
    pub(super) lines: Vec<String>,
}

/// How a request is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// HTTP/1.1 with a path.
    Plain,
    /// HTTP/1.1 with a whole address in the place of the path (RFC 9112 section 3.2.2).
    Absolute,
    /// HTTP/2.
    Two,
}

/// Stands for the name that nobody has.
pub(super) const MARKER: &str = "{}";

/// The headers by which an identity is usually told.
const USUAL: [&str; 4] = ["Remote-User", "Remote-Email", "Remote-Name", "Remote-Groups"];

/// Those of other gateways and clouds, which an app may believe beside the ones that it is meant to.
const OTHERS: [&str; 18] = [
    "X-Remote-User",
    "X-Forwarded-User",
    "X-Forwarded-Email",
    "X-Forwarded-Preferred-Username",
    "X-Auth-Request-User",
    "X-Auth-Request-Email",
    "X-WEBAUTH-USER",
    "X-Authentik-Username",
    "X-Authenticated-User",
    "X-User",
    "X-SSO-User",
    "SM_USER",
    "Tailscale-User-Login",
    "Cf-Access-Authenticated-User-Email",
    "X-Goog-Authenticated-User-Email",
    "X-Amzn-Oidc-Identity",
    "X-MS-CLIENT-PRINCIPAL-NAME",
    "X-Doorward-Assertion",
];

/// Everything that is tried for the usual names and for `own`, those that the operator's app reads.
pub(super) fn all(own: &[String]) -> Vec<Probe> {
    let mut probes = Vec::new();
    let first = own.first().map_or(USUAL.first().copied().unwrap_or_default(), String::as_str);
    // Every spelling for one name, the two that CGI folds for the others: a gateway treats its names alike.
    probes.extend(every_spelling(first));
    let others = own.iter().map(String::as_str).chain(USUAL);
    for header in others.filter(|name| !name.eq_ignore_ascii_case(first)) {
        probes.extend(few_spellings(header));
    }
    let is_own = |name: &str| own.iter().any(|own| own.eq_ignore_ascii_case(name));
    for header in OTHERS.into_iter().filter(|name| !is_own(name)) {
        probes.push(plain(header, "as it is", header));
    }
    probes
}

fn plain(header: &str, how: &'static str, name: &str) -> Probe {
    lines(header, how, Form::Plain, [format!("{name}: {MARKER}")])
}

fn lines(
    header: &str,
    how: &'static str,
    form: Form,
    lines: impl IntoIterator<Item = String>,
) -> Probe {
    Probe { header: header.to_owned(), how, form, lines: lines.into_iter().collect() }
}

fn few_spellings(header: &str) -> Vec<Probe> {
    vec![
        plain(header, "as it is", header),
        plain(header, "with _", &header.replace('-', "_")),
        plain(header, "with .", &header.replace('-', ".")),
    ]
}

fn every_spelling(header: &str) -> Vec<Probe> {
    let (underscore, dot) = (header.replace('-', "_"), header.replace('-', "."));
    let mut probes = few_spellings(header);
    probes.extend([
        plain(header, "in capitals", &header.to_ascii_uppercase()),
        plain(header, "in small letters", &header.to_ascii_lowercase()),
        plain(header, "in mixed case with _", &mixed(&underscore)),
        plain(header, "with ~", &header.replace('-', "~")),
        plain(header, "with a space before the colon", &format!("{header} ")),
    ]);
    let claim = |name: &str| format!("{name}: {MARKER}");
    let nothing = |name: &str| format!("{name}:");
    let two = |how, first: String, second: String| lines(header, how, Form::Plain, [first, second]);
    probes.extend([
        two("twice", claim(header), claim(header)),
        two("twice, the first empty", nothing(header), claim(header)),
        two("twice, the second empty", claim(header), nothing(header)),
        two("twice, the second with _", nothing(header), claim(&underscore)),
        two("on a folded line", "X-Folded: a".to_owned(), format!(" \r\n{}", claim(header))),
        two("named in Connection", format!("Connection: close, {header}"), claim(header)),
        two(
            "named in Connection, with _",
            format!("Connection: close, {header}"),
            claim(&underscore),
        ),
        lines(header, "empty", Form::Plain, [nothing(header)]),
        lines(header, "empty, with _", Form::Plain, [nothing(&underscore)]),
        lines(
            header,
            "only named in Connection",
            Form::Plain,
            [format!("Connection: close, {header}")],
        ),
        lines(header, "with the whole address", Form::Absolute, [claim(header)]),
        lines(header, "with the whole address, with _", Form::Absolute, [claim(&underscore)]),
        lines(header, "over HTTP/2", Form::Two, [claim(header)]),
        lines(header, "over HTTP/2 with _", Form::Two, [claim(&underscore)]),
        lines(header, "over HTTP/2 with .", Form::Two, [claim(&dot)]),
        lines(header, "over HTTP/2 twice", Form::Two, [claim(header), claim(&underscore)]),
    ]);
    probes
}

fn mixed(name: &str) -> String {
    let letters = name.chars().enumerate();
    letters
        .map(|(place, letter)| match place % 2 {
            0 => letter.to_ascii_lowercase(),
            _ => letter.to_ascii_uppercase(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_tried_is_bounded_and_each_once() {
        let probes = all(&["X-Wiki-User".to_owned()]);
        assert!(probes.len() < 80, "{}", probes.len());
        for (place, probe) in probes.iter().enumerate() {
            assert!(!probes[..place].contains(probe), "{probe:?} is there twice");
        }
        assert!(probes.iter().any(|probe| probe.lines == ["x_wIkI_UsEr: {}"]));
        let names = |probes: &[Probe], name: &str| probes.iter().any(|probe| probe.header == name);
        assert!(names(&probes, "Remote-User"));
        let own = all(&["X-User".to_owned()]);
        let named = own.iter().filter(|probe| probe.header == "X-User" && probe.how == "as it is");
        assert_eq!(named.count(), 1);
    }
}
