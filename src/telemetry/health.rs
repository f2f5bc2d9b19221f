//! Whether this process can do its work, part by part.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use serde::Serialize;

/// A part that doorward cannot do without, or would rather not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The store of accounts answers.
    Accounts,
    /// The store of what passes answers: sessions, codes, waiting mails.
    Flow,
    /// The keys are loaded.
    Keys,
    /// The listening addresses are bound.
    Listeners,
    /// The mail server takes mail. When it does not, nobody new signs in, but whoever is signed in goes on:
    /// so it is told, and does not make the process unready.
    Mail,
}

impl Part {
    /// Whether requests should go elsewhere while it is down.
    pub const fn is_vital(self) -> bool {
        match self {
            Self::Accounts | Self::Flow | Self::Keys | Self::Listeners => true,
            Self::Mail => false,
        }
    }
}

/// How a part stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// It works.
    Up,
    /// It does not, and neither does it for any other node; what does not need it goes on for a while.
    Away {
        /// Why, for operators. Holds no secret.
        reason: String,
    },
    /// It does not.
    Down {
        /// Why, for operators. Holds no secret.
        reason: String,
    },
}

/// How every part stands. Shared by those who find out and the admin listener.
#[derive(Debug)]
pub struct Health {
    parts: RwLock<BTreeMap<Part, State>>,
}

/// What `/readyz` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Readiness {
    /// Whether requests should come here.
    pub ready: bool,
    /// Every part, as it stands.
    pub parts: BTreeMap<Part, State>,
}

impl Health {
    /// Watches `parts`; each is down until it is said to be up.
    pub fn new(parts: impl IntoIterator<Item = Part>) -> Self {
        let starting = || State::Down { reason: "not started yet".into() };
        Self { parts: RwLock::new(parts.into_iter().map(|part| (part, starting())).collect()) }
    }

    /// The part works.
    pub fn up(&self, part: Part) {
        self.set(part, State::Up);
    }

    /// The part does not work, which is no reason yet to send requests elsewhere.
    pub fn away(&self, part: Part, reason: impl Into<String>) {
        self.set(part, State::Away { reason: reason.into() });
    }

    /// The part does not work. `reason` is shown to whoever reaches the admin listener, so it holds no secret.
    pub fn down(&self, part: Part, reason: impl Into<String>) {
        self.set(part, State::Down { reason: reason.into() });
    }

    /// How everything stands now: ready, when no vital part is down.
    pub fn readiness(&self) -> Readiness {
        let parts = self.parts.read().unwrap_or_else(PoisonError::into_inner).clone();
        let keeps_away =
            |part: &Part, state: &State| part.is_vital() && matches!(state, State::Down { .. });
        let ready = !parts.iter().any(|(part, state)| keeps_away(part, state));
        Readiness { ready, parts }
    }

    fn set(&self, part: Part, state: State) {
        self.parts.write().unwrap_or_else(PoisonError::into_inner).insert(part, state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_is_when_every_vital_part_is_up() {
        let health = Health::new([Part::Accounts, Part::Keys, Part::Mail]);
        assert!(!health.readiness().ready, "nothing has started yet");
        health.up(Part::Accounts);
        assert!(!health.readiness().ready);
        health.up(Part::Keys);
        assert!(health.readiness().ready, "mail alone does not keep requests away");
        health.away(Part::Accounts, "the server is away");
        assert!(health.readiness().ready, "who is signed in goes on");
        health.down(Part::Accounts, "the file is gone");
        let readiness = health.readiness();
        assert!(!readiness.ready);
        assert_eq!(
            readiness.parts.get(&Part::Accounts),
            Some(&State::Down { reason: "the file is gone".into() })
        );
    }
}
