//! A list of stolen passwords that is asked by ranges (k-anonymity), as Have I Been Pwned and its mirrors serve them.

use std::time::Duration;

use async_trait::async_trait;
use data_encoding::HEXUPPER;
use sha1::{Digest as _, Sha1};
use url::Url;
use zeroize::Zeroizing;

use crate::domain::breach::{BreachedPasswords, NotAnswered};
use crate::domain::secret::Password;

/// The digits of the hash that go out; some hundred stolen passwords share them.
const PREFIX: usize = 5;
/// More than any range, padding included.
const MOST_BYTES: usize = 1024 * 1024;

/// The list.
pub(super) struct Ranges {
    client: reqwest::Client,
    url: Url,
}

impl Ranges {
    pub(super) fn new(url: Url, timeout: Duration) -> Result<Self, reqwest::Error> {
        Ok(Self { client: super::http_client(timeout)?, url })
    }

    /// The lines of the range, as they came.
    async fn range(&self, prefix: &str) -> Result<String, NotAnswered> {
        let url = self.url.join(prefix).map_err(|error| NotAnswered(error.to_string()))?;
        // With padding all answers are of about one length, so that nobody who sees it tells ranges apart.
        let asked = self.client.get(url).header("Add-Padding", "true").send().await;
        let mut response = asked.map_err(not_answered)?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(NotAnswered(format!("it said {}", response.status())));
        }
        let body = super::whole_body(&mut response, MOST_BYTES).await.map_err(NotAnswered)?;
        String::from_utf8(body).map_err(|_| NotAnswered("its answer is no text".to_owned()))
    }
}

/// Without the address that was asked, which has the digits in it.
fn not_answered(error: reqwest::Error) -> NotAnswered {
    NotAnswered(super::why_not(&error).to_owned())
}

#[async_trait]
impl BreachedPasswords for Ranges {
    async fn knows(&self, password: &Password) -> Result<bool, NotAnswered> {
        let hash: [u8; 20] = Sha1::digest(password.expose().as_bytes()).into();
        let hash = Zeroizing::new(HEXUPPER.encode(&hash));
        let (prefix, rest) = hash.split_at(PREFIX);
        let range = self.range(prefix).await?;
        Ok(has(&range, rest))
    }
}

/// Whether a line `REST:COUNT` is there with a count; padding has none.
fn has(range: &str, rest: &str) -> bool {
    range.lines().filter_map(|line| line.trim().split_once(':')).any(|(found, count)| {
        found.eq_ignore_ascii_case(rest) && count.trim().bytes().any(|digit| digit != b'0')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_range_counts_unless_it_is_padding() {
        let range =
            "0018A45C4D1DEF81644B54AB7F969B88D65:10\r\n00D4F6E8FA6EECAD2A3AA415EEC418D38EC:0\r\n";
        assert!(has(range, "0018A45C4D1DEF81644B54AB7F969B88D65"));
        assert!(has(&range.to_lowercase(), "0018A45C4D1DEF81644B54AB7F969B88D65"));
        assert!(!has(range, "00D4F6E8FA6EECAD2A3AA415EEC418D38EC"));
        assert!(!has(range, "11D4F6E8FA6EECAD2A3AA415EEC418D38EC"));
        assert!(!has("", "0018A45C4D1DEF81644B54AB7F969B88D65"));
    }
}
