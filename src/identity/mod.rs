//! What the app behind is told of the one who asks, and how it can tell that doorward said so.
//!
//! - [`headers`]: the identity as header values, and the rule by which a client's copies of them are known.
//! - [`signature`]: the RFC 9421 signature that binds these headers to the one request that carries them.
//! - [`assertion`]: the JWT for apps that check a public key.
//! - [`access`]: the JWT that a program shows to doorward itself.
//! - [`ring`]: the keys of all three, and which of them signs when; [`key`]: one that signs assertions; [`live`]: the ring of
//!   a running process, which another may change.

pub mod access;
pub mod assertion;
pub mod headers;
pub mod key;
pub mod live;
pub mod ring;
pub mod signature;
