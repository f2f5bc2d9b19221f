//! The hashes that a store may keep: doorward's own, and those of the systems that accounts came from (G10).
//!
//! A foreign hash is read strictly and its cost is bounded: checking one must not hold up the pool for others. What is
//! beyond these bounds, or damaged, is refused at the import and never signs anybody in.

use std::num::NonZeroU32;

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Params, Version};
use data_encoding::{BASE64, HEXLOWER};
use ring::pbkdf2;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::queue::Queue;
use crate::domain::secret::{Password, PasswordHash};

/// A hash, read.
pub struct KeptHash(Kind);

enum Kind {
    /// A PHC string of any of the three, or Django's `argon2$` before one.
    Argon2(Box<phc::PasswordHash>),
    /// Django's `pbkdf2_sha256$iterations$salt$hash`, and the same of SHA-1.
    Pbkdf2 { digest: pbkdf2::Algorithm, iterations: NonZeroU32, salt: Vec<u8>, hash: Vec<u8> },
    /// `$2b$cost$…`, or Django's `bcrypt$` before one. Of the password no more than 72 bytes count, as where it comes from.
    Bcrypt(String),
    /// Django's `bcrypt_sha256$` before a hash of the SHA-256 in hexadecimal digits: all of the password counts.
    BcryptSha256(String),
    /// Django's `scrypt$N$salt$r$p$hash`.
    Scrypt { params: scrypt::Params, salt: Vec<u8>, hash: Vec<u8> },
}

/// Why a text is no hash to check a password against. Says nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotVerifiable {
    /// Another algorithm, or none.
    #[error("the password hash is of a kind that is not known here")]
    Unknown,
    /// A known algorithm, and something is missing or wrong.
    #[error("the password hash is damaged")]
    Malformed,
    /// More work than a sign-in may take.
    #[error("the password hash costs more than is spent on one sign-in")]
    Costly,
}

/// What an operator may ask of doorward itself: `password_hash` of the configuration.
const MOST_ARGON2_KIB: u32 = 1024 * 1024;
const MOST_ARGON2_PASSES: u32 = 32;
const MOST_ARGON2_LANES: u32 = 16;
/// Memory times passes, in KiB, of a hash from elsewhere: five times Django's.
const MOST_FOREIGN_ARGON2_WORK: u64 = 1024 * 1024;
/// Twice and more the iterations of Django 6.
const MOST_PBKDF2_ITERATIONS: u32 = 3_000_000;
/// About a second; each further step doubles it.
const MOST_BCRYPT_COST: u32 = 14;
/// `N·r`: 256 MiB, twice OWASP's first choice.
const MOST_SCRYPT_MEMORY: u64 = 1 << 21;
/// `N·r·p`.
const MOST_SCRYPT_WORK: u64 = 1 << 22;
const MOST_SALT_BYTES: usize = 128;
/// The shortest scrypt hash; a hash of no bytes would be everybody's.
const LEAST_SCRYPT_HASH: usize = 32;
const MOST_SCRYPT_HASH: usize = 128;

impl KeptHash {
    /// Reads what somebody brings along. It may cost less than what an operator has doorward make.
    pub fn read_foreign(brought: &PasswordHash) -> Result<Self, NotVerifiable> {
        let read = Self::read(brought)?;
        match &read.0 {
            Kind::Argon2(hash) if argon2_work(hash) > MOST_FOREIGN_ARGON2_WORK => {
                Err(NotVerifiable::Costly)
            }
            _ => Ok(read),
        }
    }

    /// Reads what a store keeps.
    pub fn read(kept: &PasswordHash) -> Result<Self, NotVerifiable> {
        read(kept.as_phc()).map(Self)
    }

    /// Whether the password is the one that was hashed.
    pub(super) fn is_of(&self, password: &Password, queue: &Queue) -> bool {
        let typed = password.expose().as_bytes();
        match &self.0 {
            Kind::Argon2(hash) => is_argon2_of(hash, typed, queue).unwrap_or(false),
            Kind::Pbkdf2 { digest, iterations, salt, hash } => {
                pbkdf2::verify(*digest, *iterations, salt, typed, hash).is_ok()
            }
            Kind::Bcrypt(hash) => bcrypt::verify(typed, hash).unwrap_or(false),
            Kind::BcryptSha256(hash) => {
                let digest = Zeroizing::new(HEXLOWER.encode(&Sha256::digest(typed)));
                bcrypt::verify(digest.as_bytes(), hash).unwrap_or(false)
            }
            Kind::Scrypt { params, salt, hash } => {
                let mut made = Zeroizing::new(vec![0; hash.len()]);
                let done = scrypt::scrypt(typed, salt, params, &mut made);
                done.is_ok() && bool::from(made.as_slice().ct_eq(hash))
            }
        }
    }

    /// Whether it is Argon2id as doorward would make it now.
    pub(super) fn is_of_cost(&self, wanted: &Params) -> bool {
        let Kind::Argon2(hash) = &self.0 else { return false };
        let cost = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
        hash.algorithm.as_str() == "argon2id"
            && hash.version == Some(argon2::Version::V0x13.into())
            && Params::try_from(&**hash).is_ok_and(|found| cost(&found) == cost(wanted))
    }
}

fn read(text: &str) -> Result<Kind, NotVerifiable> {
    match text.split_once('$').ok_or(NotVerifiable::Unknown)? {
        ("", rest) if rest.starts_with("argon2") => argon2(text),
        ("", rest) if rest.starts_with('2') => Ok(Kind::Bcrypt(bcrypt_hash(text)?)),
        ("argon2", rest) => argon2(&format!("${rest}")),
        ("pbkdf2_sha256", rest) => pbkdf2(pbkdf2::PBKDF2_HMAC_SHA256, 32, rest),
        ("pbkdf2_sha1", rest) => pbkdf2(pbkdf2::PBKDF2_HMAC_SHA1, 20, rest),
        ("bcrypt", rest) => Ok(Kind::Bcrypt(bcrypt_hash(rest)?)),
        ("bcrypt_sha256", rest) => Ok(Kind::BcryptSha256(bcrypt_hash(rest)?)),
        ("scrypt", rest) => scrypt(rest),
        _ => Err(NotVerifiable::Unknown),
    }
}

fn argon2(text: &str) -> Result<Kind, NotVerifiable> {
    let hash = phc::PasswordHash::new(text).map_err(|_| NotVerifiable::Malformed)?;
    if !["argon2id", "argon2i", "argon2d"].contains(&hash.algorithm.as_str()) {
        return Err(NotVerifiable::Unknown);
    }
    let params = Params::try_from(&hash).map_err(|_| NotVerifiable::Malformed)?;
    if hash.salt.is_none() || hash.hash.is_none_or(|hash| hash.len() < 16) {
        return Err(NotVerifiable::Malformed);
    }
    if params.m_cost() > MOST_ARGON2_KIB
        || params.t_cost() > MOST_ARGON2_PASSES
        || params.p_cost() > MOST_ARGON2_LANES
    {
        return Err(NotVerifiable::Costly);
    }
    Ok(Kind::Argon2(Box::new(hash)))
}

/// `None` if it cannot be made.
fn is_argon2_of(hash: &phc::PasswordHash, typed: &[u8], queue: &Queue) -> Option<bool> {
    let (salt, wanted) = (hash.salt.as_ref()?, hash.hash.as_ref()?);
    let algorithm = Algorithm::try_from(hash.algorithm.as_str()).ok()?;
    let version = hash.version.map(Version::try_from).transpose().ok()?.unwrap_or_default();
    let argon2 = Argon2::new(algorithm, version, Params::try_from(hash).ok()?);
    let mut made = Zeroizing::new(vec![0; wanted.len()]);
    queue.hash(&argon2, typed, salt, &mut made).ok()?;
    Some(made.ct_eq(wanted.as_bytes()).into())
}

fn argon2_work(hash: &phc::PasswordHash) -> u64 {
    let work = |params: Params| u64::from(params.m_cost()) * u64::from(params.t_cost());
    Params::try_from(hash).map_or(u64::MAX, work)
}

fn pbkdf2(digest: pbkdf2::Algorithm, length: usize, rest: &str) -> Result<Kind, NotVerifiable> {
    let [iterations, salt, hash] = fields(rest)?;
    let iterations: NonZeroU32 = number(iterations)?;
    if iterations.get() > MOST_PBKDF2_ITERATIONS {
        return Err(NotVerifiable::Costly);
    }
    // The whole hash and nothing else: part of one is a weaker one, and none matches everything.
    let hash = base64(hash, length..=length)?;
    Ok(Kind::Pbkdf2 { digest, iterations, salt: self::salt(salt)?, hash })
}

fn scrypt(rest: &str) -> Result<Kind, NotVerifiable> {
    let [n, salt, r, p, hash] = fields(rest)?;
    let (n, r, p): (u32, u32, u32) = (number(n)?, number(r)?, number(p)?);
    if !n.is_power_of_two() || n < 2 || r == 0 || p == 0 {
        return Err(NotVerifiable::Malformed);
    }
    let memory = u64::from(n).saturating_mul(r.into());
    if memory > MOST_SCRYPT_MEMORY || memory.saturating_mul(p.into()) > MOST_SCRYPT_WORK {
        return Err(NotVerifiable::Costly);
    }
    let log_n = u8::try_from(n.ilog2()).map_err(|_| NotVerifiable::Malformed)?;
    let params = scrypt::Params::new(log_n, r, p).map_err(|_| NotVerifiable::Malformed)?;
    let hash = base64(hash, LEAST_SCRYPT_HASH..=MOST_SCRYPT_HASH)?;
    Ok(Kind::Scrypt { params, salt: self::salt(salt)?, hash })
}

/// A bcrypt hash that is whole. `$2x$` marks those of a broken maker and is not taken.
fn bcrypt_hash(text: &str) -> Result<String, NotVerifiable> {
    if !["$2a$", "$2b$", "$2y$"].iter().any(|version| text.starts_with(version)) {
        return Err(NotVerifiable::Unknown);
    }
    let parts: bcrypt::HashParts = text.parse().map_err(|_| NotVerifiable::Malformed)?;
    match parts.get_cost() {
        0..4 => Err(NotVerifiable::Malformed),
        4..=MOST_BCRYPT_COST => Ok(text.to_owned()),
        _ => Err(NotVerifiable::Costly),
    }
}

fn fields<const N: usize>(rest: &str) -> Result<[&str; N], NotVerifiable> {
    let fields: Vec<&str> = rest.split('$').collect();
    fields.try_into().map_err(|_| NotVerifiable::Malformed)
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, NotVerifiable> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NotVerifiable::Malformed);
    }
    text.parse().map_err(|_| NotVerifiable::Malformed)
}

/// Django's salts are texts, and used as they stand.
fn salt(text: &str) -> Result<Vec<u8>, NotVerifiable> {
    if (1..=MOST_SALT_BYTES).contains(&text.len()) {
        Ok(text.as_bytes().to_vec())
    } else {
        Err(NotVerifiable::Malformed)
    }
}

fn base64(text: &str, length: std::ops::RangeInclusive<usize>) -> Result<Vec<u8>, NotVerifiable> {
    let bytes = BASE64.decode(text.as_bytes()).map_err(|_| NotVerifiable::Malformed)?;
    if length.contains(&bytes.len()) { Ok(bytes) } else { Err(NotVerifiable::Malformed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> Option<NotVerifiable> {
        KeptHash::read_foreign(&PasswordHash::from_phc(text)).err()
    }

    const SHA256: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    const BCRYPT: &str = "R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW";

    /// What the library makes of every parameter is what is checked here, with memory of our own.
    #[test]
    fn argon2_of_any_parameters_is_of_its_password_alone() {
        use argon2::{CustomizedPasswordHasher as _, ParamsBuilder};
        let queue = Queue::new(1, 8, 64);
        let is_of = |kept: &str, typed: &str| {
            let kept = KeptHash::read(&PasswordHash::from_phc(kept)).unwrap();
            kept.is_of(&Password::new(typed.to_owned()).unwrap(), &queue)
        };
        for algorithm in ["argon2id", "argon2i", "argon2d"] {
            for version in [None, Some(16), Some(19)] {
                for (kib, lanes, bytes) in [(64, 1, 32), (64, 2, 16), (128, 3, 64)] {
                    let mut params = ParamsBuilder::new();
                    params.m_cost(kib).t_cost(2).p_cost(lanes).output_len(bytes);
                    params.data(argon2::AssociatedData::new(b"data").unwrap());
                    let hash: phc::PasswordHash = Argon2::default()
                        .hash_password_customized(
                            b"correct horse",
                            b"salt and more",
                            Some(algorithm),
                            version,
                            params.build().unwrap(),
                        )
                        .unwrap();
                    let kept = hash.to_string();
                    assert!(is_of(&kept, "correct horse"), "{kept}");
                    assert!(!is_of(&kept, "correct horsf"), "{kept}");
                }
            }
        }
    }

    #[test]
    fn hashes_of_every_known_kind_are_read() {
        for known in [
            "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
            "argon2$argon2id$v=19$m=102400,t=2,p=8$c29tZXNhbHQ$47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
            "$argon2i$v=19$m=512,t=2,p=2$c29tZXNhbHQ$47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
            &format!("pbkdf2_sha256$1200000$salt${SHA256}"),
            "pbkdf2_sha1$600000$salt$2jmj7l5rSw0yVb/vlWAYkK/YBwk=",
            &format!("$2b$12${BCRYPT}"),
            &format!("$2a$12${BCRYPT}"),
            &format!("$2y$12${BCRYPT}"),
            &format!("bcrypt$$2b$12${BCRYPT}"),
            &format!("bcrypt_sha256$$2b$12${BCRYPT}"),
            &format!("scrypt$16384$salt$8$5${SHA256}"),
        ] {
            assert_eq!(refusal(known), None, "{known}");
        }
    }

    #[test]
    fn s58_what_would_stall_the_pool_is_refused() {
        for costly in [
            "$argon2id$v=19$m=2097152,t=1,p=1$c29tZXNhbHQ$47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
            "$argon2id$v=19$m=102400,t=12,p=1$c29tZXNhbHQ$47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
            &format!("pbkdf2_sha256$4000000000$salt${SHA256}"),
            &format!("$2b$15${BCRYPT}"),
            &format!("bcrypt_sha256$$2b$31${BCRYPT}"),
            &format!("scrypt$1048576$salt$8$1${SHA256}"),
            &format!("scrypt$16384$salt$8$500${SHA256}"),
        ] {
            assert_eq!(refusal(costly), Some(NotVerifiable::Costly), "{costly}");
        }
    }

    #[test]
    fn what_is_damaged_or_would_match_everything_is_refused() {
        for damaged in [
            "pbkdf2_sha256$1000$salt$",
            "pbkdf2_sha256$1000$$47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
            "pbkdf2_sha256$0$salt$47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
            "pbkdf2_sha256$1000$salt$2jmj7l5rSw0yVb/vlWAYkK/YBwk=",
            "pbkdf2_sha256$+1000$salt$47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
            "scrypt$16384$salt$8$1$",
            "scrypt$16383$salt$8$1$47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
            "scrypt$0$salt$8$1$47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
            "$2b$12$R9h/cIPz0gi.URNNX3kh2O",
            "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ",
            "argon2$argon2id",
        ] {
            assert_eq!(refusal(damaged), Some(NotVerifiable::Malformed), "{damaged}");
        }
        for unknown in
            ["", "hunter2", "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99", "$1$salt$x", "!"]
        {
            assert_eq!(refusal(unknown), Some(NotVerifiable::Unknown), "{unknown}");
        }
        assert_eq!(refusal(&format!("$2x$12${BCRYPT}")), Some(NotVerifiable::Unknown));
    }
}
