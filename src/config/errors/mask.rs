//! Lines of the file as they may be shown: without the secrets in them (S12).
//!
//! This works on the text and not on what was read from it, for the line that is quoted may be the very one that
//! cannot be read. It would rather hide too much.

use crate::config::raw::near;

const MASK: &str = "********";
const SECRETS: [&str; 8] =
    ["password", "passwd", "passphrase", "pass", "pwd", "secret", "token", "api_key"];

/// Line `number` of `lines`, counted from 1, fit to be shown. Empty when there is no such line.
pub(super) fn line(lines: &[&str], number: usize) -> String {
    let Some(index) = number.checked_sub(1) else { return String::new() };
    let Some(line) = lines.get(index) else { return String::new() };
    let shown = if continues_a_secret(lines, index) {
        let indent: String = line.chars().take_while(|c| *c == ' ').collect();
        format!("{indent}{MASK}")
    } else {
        without_credentials(&without_secret_values(line))
    };
    shown.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The line up to the first key of a secret, and the mask in place of all that follows.
fn without_secret_values(line: &str) -> String {
    match secret_key(line) {
        Some((key, value)) if !value.trim().is_empty() => format!("{key} {MASK}"),
        _ => line.to_owned(),
    }
}

/// The line cut behind the colon of the first key that names a secret.
fn secret_key(line: &str) -> Option<(&str, &str)> {
    line.match_indices(':').find_map(|(colon, _)| {
        let (key, value) = line.split_at_checked(colon + 1)?;
        names_a_secret(key).then_some((key, value))
    })
}

/// Whether `text`, which ends in a colon, ends in a key that names a secret, even by a slip of the fingers.
fn names_a_secret(text: &str) -> bool {
    let text = text.trim_end_matches(':').trim_end().trim_end_matches(['"', '\'']);
    let begin =
        text.rfind(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').map_or(0, |at| {
            at + text.get(at..).and_then(|t| t.chars().next()).map_or(1, char::len_utf8)
        });
    let key = text.get(begin..).unwrap_or_default().to_ascii_lowercase();
    // Sections about secrets, which hold none.
    let is_section = ["passwords", "password_hash"].contains(&key.as_str());
    let close = || near::nearest(&key, &SECRETS).is_some();
    !is_section
        && !key.ends_with("_file")
        && (SECRETS.iter().any(|word| key.contains(word)) || close())
}

/// The line without what stands between `://` and `@`.
fn without_credentials(line: &str) -> String {
    let Some((scheme, rest)) = line.split_once("://") else { return line.to_owned() };
    let end =
        rest.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'')).unwrap_or(rest.len());
    let (address, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let address = match address.rsplit_once('@') {
        Some((_, host)) => format!("{MASK}@{host}"),
        None => address.to_owned(),
    };
    format!("{scheme}://{address}{}", without_credentials(after))
}

/// Whether the line belongs to a secret that began on a line above: a block, or a text whose quote is still open.
fn continues_a_secret(lines: &[&str], index: usize) -> bool {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let (above, from_here) = lines.split_at_checked(index).unwrap_or_default();
    let here = from_here.first().map_or(0, |line| indent(line));
    above.iter().enumerate().rev().take(50).any(|(start, line)| {
        let Some((_, value)) = secret_key(line) else { return false };
        let value = value.trim();
        let between = lines.get(start + 1..index).unwrap_or_default();
        match value.chars().next() {
            None | Some('|' | '>' | '#') => {
                here > indent(line)
                    && between.iter().all(|l| l.trim().is_empty() || indent(l) > indent(line))
            }
            Some(quote @ ('"' | '\'')) => {
                let opened = value.matches(quote).count() % 2 == 1;
                opened && !between.iter().any(|l| l.contains(quote))
            }
            Some(_) => here > indent(line) && between.iter().all(|l| indent(l) > indent(line)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s12_a_quoted_line_hides_its_secrets() {
        for (text, shown) in [
            ("  password: hunter2", "  password: ********"),
            ("smtp: { \"password\" : 'hunter2', port: x }", "smtp: { \"password\" : ********"),
            ("  client_secret: hunter2 # x", "  client_secret: ********"),
            ("{ host: a, pasword: hunter2 }", "{ host: a, pasword: ********"),
            ("  password_file: /run/x", "  password_file: /run/x"),
            ("secret_file: /var/lib/x", "secret_file: /var/lib/x"),
            (
                "database: \"postgres://me:hunter2@db/x\" # a@b",
                "database: \"postgres://********@db/x\" # a@b",
            ),
            (
                "upstreams: [http://a:b@c, http://d:e@f]",
                "upstreams: [http://********@c, http://********@f]",
            ),
            ("\u{1b}[31mx", " [31mx"),
        ] {
            assert_eq!(line(&[text], 1), shown);
        }
    }

    #[test]
    fn s12_a_secret_of_several_lines_is_hidden_whole() {
        let lines: Vec<&str> =
            "smtp:\n  password: |\n    hunter2\n    more\n  port: x".lines().collect();
        assert_eq!(line(&lines, 3), "    ********");
        assert_eq!(line(&lines, 4), "    ********");
        assert_eq!(line(&lines, 5), "  port: x");
        let lines: Vec<&str> = "password: \"hunter\n2\n3\"\nport: x".lines().collect();
        assert_eq!(line(&lines, 3), "********");
        assert_eq!(line(&lines, 4), "port: x");
        let lines: Vec<&str> = "password:\n  hunter2\nport: x".lines().collect();
        assert_eq!(line(&lines, 2), "  ********");
        assert_eq!(line(&lines, 3), "port: x");
        assert_eq!(line(&lines, 9), "");
    }
}
