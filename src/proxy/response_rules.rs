//! What the operator changes in the headers of an app's answers.

use http::{HeaderName, HeaderValue};
use pingora::http::ResponseHeader;

/// A change to the headers of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResponseRule {
    /// The header has this value alone.
    Set(HeaderName, HeaderValue),
    /// The header has this value besides others.
    Add(HeaderName, HeaderValue),
    /// The header is taken off.
    Remove(HeaderName),
}

/// Changes an answer, in the order of the rules. Interim answers are left alone.
pub(super) fn apply(rules: &[ResponseRule], response: &mut ResponseHeader) -> pingora::Result<()> {
    if response.status.is_informational() {
        return Ok(());
    }
    for rule in rules {
        match rule {
            ResponseRule::Set(name, value) => {
                response.insert_header(name.clone(), value.clone())?
            }
            ResponseRule::Add(name, value) => {
                response.append_header(name.clone(), value.clone())?;
            }
            ResponseRule::Remove(name) => drop(response.remove_header(name)),
        }
    }
    Ok(())
}
