//! What a certificate authority asks for over plain HTTP to see that a name is ours (RFC 8555 section 8.3).

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The challenges that wait to be asked for, by their tokens. What answers them is no secret.
#[derive(Debug, Default)]
pub struct Challenges(Mutex<HashMap<String, String>>);

const BELOW: &str = "/.well-known/acme-challenge/";

impl Challenges {
    /// Answers `token` by this from now on.
    pub fn set(&self, token: &str, answer: &str) {
        self.all().insert(token.to_owned(), answer.to_owned());
    }

    /// Answers none any more.
    pub fn clear(&self) {
        self.all().clear();
    }

    /// The answer at this path, if it is a challenge of ours.
    pub fn answer(&self, path: &str) -> Option<String> {
        let token = path.strip_prefix(BELOW)?;
        self.all().get(token).cloned()
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
