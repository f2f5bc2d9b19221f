//! What the app behind is told of the one who asks, and how it can tell that doorward said so.
//!
//! - [`headers`]: the identity as header values, and the rule by which a client's copies of them are known.
//! - [`signature`]: the RFC 9421 signature that binds these headers to the one request that carries them.
//!
//! The assertion for apps that check a public key (`X-Doorward-Assertion`, a JWT) and its key set (JWKS) belong
//! here too, as `assertion` and `jwks` beside `signature`: they take the same [`Identity`], and their header takes
//! one more place in the list that the signature covers.
//!
//! [`Identity`]: crate::domain::account::Identity

pub mod headers;
pub mod signature;
