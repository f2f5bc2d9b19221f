//! Randomness, drawn in one place.

use std::sync::Arc;

/// A source of unpredictable bytes.
pub trait Entropy: Send + Sync {
    /// Fills `bytes` from the source.
    fn fill(&self, bytes: &mut [u8]);
}

/// A source that can be shared.
pub type SharedEntropy = Arc<dyn Entropy>;

/// The operating system's CSPRNG.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that draws randomness")]
    #[expect(
        clippy::panic,
        reason = "without a CSPRNG no secret can be made: stopping is failing closed"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(error) = getrandom::fill(bytes) {
            panic!("the operating system gave no random bytes: {error}");
        }
    }
}

/// `N` bytes from `source`.
pub fn bytes<const N: usize>(source: &dyn Entropy) -> [u8; N] {
    let mut bytes = [0; N];
    source.fill(&mut bytes);
    bytes
}
