//! Randomness, drawn in one place.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

/// A source of unpredictable bytes.
pub trait Entropy: Send + Sync {
    /// Fills `bytes` from the source.
    fn fill(&self, bytes: &mut [u8]);

    /// The same for what is told to others anyway, such as an id or a nonce: nobody could foretell it, but it may have
    /// been drawn a while before.
    fn fill_public(&self, bytes: &mut [u8]) {
        self.fill(bytes);
    }
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

    /// From a stock of the thread, so that not each request asks the system twice.
    fn fill_public(&self, bytes: &mut [u8]) {
        STOCK.with_borrow_mut(|stock| stock.give(bytes, self));
    }
}

/// How many bytes are drawn at once.
const STOCKED: usize = 1024;

thread_local! {
    static STOCK: RefCell<Stock> =
        const { RefCell::new(Stock { bytes: [0; STOCKED], given: STOCKED }) };
}

/// Random bytes, each of which is given once.
struct Stock {
    bytes: [u8; STOCKED],
    given: usize,
}

impl Stock {
    fn give(&mut self, wanted: &mut [u8], source: &dyn Entropy) {
        if STOCKED - self.given < wanted.len() {
            source.fill(&mut self.bytes);
            self.given = 0;
        }
        let Some(next) = self.bytes.get_mut(self.given..self.given + wanted.len()) else {
            return source.fill(wanted);
        };
        wanted.copy_from_slice(next);
        next.fill(0);
        self.given += wanted.len();
    }
}

/// `N` bytes from `source` for what is no secret.
pub fn public_bytes<const N: usize>(source: &dyn Entropy) -> [u8; N] {
    let mut bytes = [0; N];
    source.fill_public(&mut bytes);
    bytes
}

/// `N` bytes from `source`.
pub fn bytes<const N: usize>(source: &dyn Entropy) -> [u8; N] {
    let mut bytes = [0; N];
    source.fill(&mut bytes);
    bytes
}

/// About this long, a tenth more or less, so that many who began together do not go on together.
pub fn jittered(span: Duration, source: &dyn Entropy) -> Duration {
    let [byte] = public_bytes(source);
    span.mul_f64(0.9 + 0.2 * f64::from(byte) / 255.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_given_twice() {
        let mut seen = std::collections::HashSet::new();
        for _ in 0..1000 {
            assert!(seen.insert(public_bytes::<10>(&OsEntropy)));
            assert!(seen.insert({
                let mut ten = [0; 10];
                ten.copy_from_slice(&public_bytes::<16>(&OsEntropy)[6..]);
                ten
            }));
        }
        let mut large = [0; 2 * STOCKED];
        OsEntropy.fill_public(&mut large);
        assert!(large.chunks(16).all(|bytes| bytes != [0; 16]));
    }
}
