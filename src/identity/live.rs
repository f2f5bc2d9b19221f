//! The key ring of a running process, which changes when the key file does.

use std::sync::{Arc, PoisonError, RwLock};

use super::ring::Ring;

/// The ring as it is now. Everybody who signs or publishes asks it, once a request.
#[derive(Debug, Default)]
pub struct LiveRing(RwLock<Arc<Ring>>);

impl LiveRing {
    /// A ring that may change.
    pub fn new(ring: Ring) -> Self {
        Self(RwLock::new(Arc::new(ring)))
    }

    /// The ring, which stays as it is for whoever holds it.
    pub fn get(&self) -> Arc<Ring> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes another in its place.
    pub fn set(&self, ring: Ring) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
    }
}
