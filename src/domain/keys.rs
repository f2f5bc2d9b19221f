//! Keys: one for each use, all derived from the server secret by HKDF (RFC 5869).

use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use super::challenge::Purpose;
use super::code::{BackupCode, RelayCode, TypedCode};
use super::draft::Seal;
use super::email::EmailAddress;
use super::entropy::{self, Entropy};
use super::host::HostName;
use super::id::AccountId;
use super::mail::{Mail, SealedMail};
use super::phone::PhoneNumber;
use super::refresh::RefreshSalt;
use super::secret::{CodeGuess, CodeMac, FlowSecret, LinkToken, RefreshToken, RefreshTokenHash};
use super::sms::{Parcel, Sms};

/// The server secret: at least 32 bytes, from `secret_file`.
#[derive(Clone)]
pub struct ServerSecret(Zeroizing<Vec<u8>>);

impl ServerSecret {
    /// The fewest bytes that a secret has.
    pub const MIN_BYTES: usize = 32;

    /// The secret, or `None` when it is too short to be one.
    pub fn new(bytes: Vec<u8>) -> Option<Self> {
        let bytes = Zeroizing::new(bytes);
        (bytes.len() >= Self::MIN_BYTES).then_some(Self(bytes))
    }

    fn derive(&self, usage: &str) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        // Thirty-two bytes are far below HKDF's limit of 255 blocks, so this cannot fail.
        let _ = Hkdf::<Sha256>::new(Some(b"doorward/1"), &self.0)
            .expand(usage.as_bytes(), key.as_mut_slice());
        key
    }
}

impl fmt::Debug for ServerSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerSecret(…)")
    }
}

/// An HMAC-SHA-256 key with a prepared state, so that a MAC costs no key schedule.
#[derive(Clone)]
pub struct MacKey(Hmac<Sha256>);

impl MacKey {
    /// A key from its 32 bytes.
    pub fn new(key: &[u8; 32]) -> Self {
        // HMAC pads a short key with zeros to its block (RFC 2104), so the padded block is the same key.
        let mut block = Zeroizing::new([0_u8; 64]);
        for (place, byte) in block.iter_mut().zip(key) {
            *place = *byte;
        }
        Self(<Hmac<Sha256> as hmac::KeyInit>::new((&*block).into()))
    }

    /// The MAC over `parts`, each preceded by its length, so that no two lists of parts have one MAC.
    pub fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// The MAC over exactly `message`, as other implementations make it.
    pub fn mac_of_message(&self, message: &[u8]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(message);
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey(…)")
    }
}

/// A key that signs, and perhaps one of before that still verifies.
#[derive(Clone, Debug)]
pub struct RotatingKey {
    current: MacKey,
    previous: Option<MacKey>,
}

impl RotatingKey {
    /// The MAC over `parts` with the present key.
    pub fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.current.mac(parts)
    }

    /// The MACs over `parts` with every key that verifies.
    pub fn candidates(&self, parts: &[&[u8]]) -> impl Iterator<Item = [u8; 32]> {
        [Some(self.current.mac(parts)), self.previous.as_ref().map(|key| key.mac(parts))]
            .into_iter()
            .flatten()
    }

    /// Whether `mac` begins one of the MACs over `parts`; at least 16 bytes are wanted.
    pub fn verifies(&self, parts: &[&[u8]], mac: &[u8]) -> bool {
        let begins = |key: &MacKey| {
            key.mac(parts)
                .get(..mac.len())
                .map_or(Choice::from(0), |beginning| beginning.ct_eq(mac))
        };
        let current = begins(&self.current);
        let found = self.previous.as_ref().map_or(current, |key| current | begins(key));
        mac.len() >= 16 && bool::from(found)
    }
}

/// Every key of a running doorward.
#[derive(Clone, Debug)]
pub struct KeyRing {
    secrets: Vec<ServerSecret>,
    /// Over session cookies.
    pub session_cookie: RotatingKey,
    /// Over flow cookies.
    pub flow_cookie: RotatingKey,
    /// Over form tokens.
    pub form_token: RotatingKey,
    /// Over device cookies.
    pub device_cookie: RotatingKey,
    /// Over the tokens of "not me" addresses.
    pub not_me: RotatingKey,
    /// Over tickets.
    pub ticket: RotatingKey,
    /// Over what other hosts ask of the portal.
    pub ticket_request: RotatingKey,
    /// Of cookies and addresses of forms that wait for a sign-in.
    pub draft: RotatingKey,
    /// Over the secrets of half-signed-in programs.
    pub program_flow: RotatingKey,
    /// Over refresh tokens.
    pub refresh_token: RotatingKey,
    next_refresh_token: RotatingKey,
    /// Over the tickets of sums, and of their answers.
    pub work: RotatingKey,
    draft_seal: RotatingKey,
    code: RotatingKey,
    relay: RotatingKey,
    decoy: RotatingKey,
    backup_code: RotatingKey,
}

/// A sealed mail could not be opened: the secret has changed, or somebody has changed the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed mail cannot be opened with any key of the server secret")]
pub struct CannotOpen;

impl KeyRing {
    /// The keys of `current`; those of `previous` verify and open, and never sign or seal.
    pub fn derive(current: ServerSecret, previous: Option<ServerSecret>) -> Self {
        let rotating = |usage: &str| RotatingKey {
            current: MacKey::new(&current.derive(usage)),
            previous: previous.as_ref().map(|secret| MacKey::new(&secret.derive(usage))),
        };
        Self {
            session_cookie: rotating("session cookie"),
            flow_cookie: rotating("flow cookie"),
            form_token: rotating("form token"),
            device_cookie: rotating("device cookie"),
            not_me: rotating("not me"),
            ticket: rotating("ticket"),
            ticket_request: rotating("ticket request"),
            draft: rotating("draft"),
            program_flow: rotating("program flow"),
            refresh_token: rotating("refresh token"),
            next_refresh_token: rotating("next refresh token"),
            work: rotating("proof of work"),
            draft_seal: rotating("draft seal"),
            code: rotating("code"),
            relay: rotating("relay code"),
            decoy: rotating("decoy"),
            backup_code: rotating("backup code"),
            secrets: [Some(current), previous].into_iter().flatten().collect(),
        }
    }

    /// The MAC by which a store knows `code`: keyed by the server, and by the secret of the browser that asked,
    /// and bound to purpose and host (S6, S7).
    pub fn code_mac(
        &self,
        flow: &FlowSecret,
        purpose: Purpose,
        host: &HostName,
        code: &TypedCode,
    ) -> CodeMac {
        CodeMac::from_bytes(self.code.mac(&code_parts(flow, purpose, host, code)))
    }

    /// What `code` would have as MAC under every key that verifies.
    pub fn code_guess(
        &self,
        flow: &FlowSecret,
        purpose: Purpose,
        host: &HostName,
        code: &TypedCode,
    ) -> CodeGuess {
        let parts = code_parts(flow, purpose, host, code);
        CodeGuess::new(self.code.candidates(&parts).map(CodeMac::from_bytes).collect())
    }

    /// The code that the link of `token` shows to a browser that did not ask: always the same, so that showing it
    /// changes nothing (S16, S17).
    pub fn relay_code(&self, token: &LinkToken) -> RelayCode {
        RelayCode::from_seed(&self.relay.mac(&[token.expose()]))
    }

    /// The MAC by which a store knows a backup code of `account`. It lives as long as the server secret, or the one before.
    pub fn backup_code_mac(&self, account: AccountId, code: &BackupCode) -> CodeMac {
        CodeMac::from_bytes(self.backup_code.mac(&backup_code_parts(&account, code)))
    }

    /// What `code` would have as MAC under every key that verifies.
    pub fn backup_code_guess(&self, account: AccountId, code: &BackupCode) -> CodeGuess {
        let parts = backup_code_parts(&account, code);
        CodeGuess::new(self.backup_code.candidates(&parts).map(CodeMac::from_bytes).collect())
    }

    /// An account identifier for a name that has no account: the same each time, so that budgets are kept for it as
    /// for any other (S26).
    pub fn decoy_account(&self, name: &str) -> AccountId {
        let mac = self.decoy.mac(&[name.as_bytes()]);
        let bytes = mac.first_chunk::<16>().copied().unwrap_or_default();
        AccountId::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// An identifier for a mailbox, whoever claims it, so that guesses at the codes sent there are counted together.
    pub fn mailbox(&self, address: &EmailAddress) -> AccountId {
        let mac = self.decoy.mac(&[b"mailbox", address.key().as_bytes()]);
        let bytes = mac.first_chunk::<16>().copied().unwrap_or_default();
        AccountId::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// The same for a telephone number.
    pub fn telephone(&self, number: &PhoneNumber) -> AccountId {
        let mac = self.decoy.mac(&[b"telephone", number.as_str().as_bytes()]);
        let bytes = mac.first_chunk::<16>().copied().unwrap_or_default();
        AccountId::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// The keys by which the identity of requests to `host` is signed, the present one first, and the name of each.
    pub fn identity_keys(&self, host: &HostName) -> Vec<IdentityKey> {
        self.secrets.iter().map(|secret| IdentityKey::derive(secret, host)).collect()
    }

    /// The refresh token that follows `shown`. Who has the one, even with what a store keeps, has not the other.
    pub fn next_refresh_token(&self, shown: &RefreshToken, salt: &RefreshSalt) -> RefreshToken {
        RefreshToken::from_bytes(self.next_refresh_token.mac(&[shown.expose(), salt]))
    }

    /// The same where it was made before, perhaps with the secret of before: the one that hashes to `present`.
    pub fn given_refresh_token(
        &self,
        shown: &RefreshToken,
        salt: &RefreshSalt,
        present: &RefreshTokenHash,
    ) -> Option<RefreshToken> {
        self.next_refresh_token
            .candidates(&[shown.expose(), salt])
            .map(RefreshToken::from_bytes)
            .find(|token| token.hash() == *present)
    }

    /// The key that a draft is sealed with.
    pub(super) fn draft_key(&self, seal: &Seal<'_>) -> [u8; 32] {
        self.draft_seal.mac(&draft_parts(seal))
    }

    /// Each key that a draft may have been sealed with.
    pub(super) fn draft_keys(&self, seal: &Seal<'_>) -> Vec<[u8; 32]> {
        self.draft_seal.candidates(&draft_parts(seal)).collect()
    }

    /// Seals `mail` for the outbox. `frame` has everything of the row but the sealed bytes.
    pub fn seal(&self, mail: &Mail, entropy: &dyn Entropy, frame: MailFrame) -> SealedMail {
        let plain = Zeroizing::new(serde_json::to_vec(mail).unwrap_or_default());
        self.seal_as(mail.message.kind(), &plain, entropy, frame)
    }

    /// The same for a text message.
    pub fn seal_sms(&self, sms: &Sms, entropy: &dyn Entropy, frame: MailFrame) -> SealedMail {
        let plain = Zeroizing::new(serde_json::to_vec(sms).unwrap_or_default());
        self.seal_as(sms.kind(), &plain, entropy, frame)
    }

    fn seal_as(
        &self,
        kind: &'static str,
        plain: &[u8],
        entropy: &dyn Entropy,
        frame: MailFrame,
    ) -> SealedMail {
        let nonce: [u8; 24] = entropy::bytes(entropy);
        let sealed = self.secrets.first().and_then(|secret| {
            let payload = Payload { msg: plain, aad: frame.id.as_uuid().as_bytes() };
            mail_cipher(secret).encrypt(&XNonce::from(nonce), payload).ok()
        });
        SealedMail {
            id: frame.id,
            flow: frame.flow,
            kind,
            sealed: [nonce.as_slice(), &sealed.unwrap_or_default()].concat(),
            created_at: frame.created_at,
            not_after: frame.not_after,
        }
    }

    /// Opens what [`KeyRing::seal`] made, with whichever secret it was.
    pub fn open(&self, id: crate::domain::id::MailId, sealed: &[u8]) -> Result<Mail, CannotOpen> {
        match self.open_parcel(id, sealed)? {
            Parcel::Mail(mail) => Ok(*mail),
            Parcel::Sms(_) => Err(CannotOpen),
        }
    }

    /// Opens a mail or a text message.
    pub fn open_parcel(
        &self,
        id: crate::domain::id::MailId,
        sealed: &[u8],
    ) -> Result<Parcel, CannotOpen> {
        let (nonce, sealed) = sealed.split_first_chunk::<24>().ok_or(CannotOpen)?;
        self.secrets
            .iter()
            .find_map(|secret| {
                let payload = Payload { msg: sealed, aad: id.as_uuid().as_bytes() };
                let plain = mail_cipher(secret).decrypt(&XNonce::from(*nonce), payload).ok()?;
                serde_json::from_slice(&Zeroizing::new(plain)).ok()
            })
            .ok_or(CannotOpen)
    }
}

fn draft_parts<'a>(seal: &Seal<'a>) -> [&'a [u8]; 3] {
    [seal.secret.expose(), seal.token.expose(), seal.host.as_str().as_bytes()]
}

/// What the row of a sealed mail says in the open.
#[derive(Clone, Copy, Debug)]
pub struct MailFrame {
    /// Its identifier, to which the seal is bound.
    pub id: crate::domain::id::MailId,
    /// The challenge whose code it carries.
    pub flow: Option<crate::domain::secret::FlowHash>,
    /// When it was written.
    pub created_at: crate::domain::time::Timestamp,
    /// When it is of no more use.
    pub not_after: crate::domain::time::Timestamp,
}

/// The key that a site's app shares with doorward, to check who is asking (RFC 9421, hmac-sha256).
#[derive(Clone)]
pub struct IdentityKey {
    id: String,
    key: Zeroizing<[u8; 32]>,
    mac: MacKey,
}

impl IdentityKey {
    fn derive(secret: &ServerSecret, host: &HostName) -> Self {
        let key = secret.derive(&format!("identity {host}"));
        let name = secret.derive(&format!("identity key id {host}"));
        Self::new(super::secret::base64url(name.get(..9).unwrap_or_default()), key)
    }

    /// The key with this name and these bytes.
    pub fn new(id: String, key: Zeroizing<[u8; 32]>) -> Self {
        Self { id, mac: MacKey::new(&key), key }
    }

    /// Its name, as `keyid` carries it. Tells nothing of the key.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The key, to sign with.
    pub const fn mac(&self) -> &MacKey {
        &self.mac
    }

    /// The 32 bytes, for the operator who sets up the app.
    pub fn expose(&self) -> &[u8; 32] {
        &self.key
    }
}

impl fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdentityKey({})", self.id)
    }
}

fn code_parts<'a>(
    flow: &'a FlowSecret,
    purpose: Purpose,
    host: &'a HostName,
    code: &'a TypedCode,
) -> [&'a [u8]; 4] {
    [flow.expose(), purpose.as_str().as_bytes(), host.as_str().as_bytes(), code.expose().as_bytes()]
}

fn backup_code_parts<'a>(account: &'a AccountId, code: &'a BackupCode) -> [&'a [u8]; 2] {
    [account.as_uuid().as_bytes(), code.expose().as_bytes()]
}

fn mail_cipher(secret: &ServerSecret) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new((&*secret.derive("outbox")).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::client::Client;
    use crate::domain::entropy::OsEntropy;
    use crate::domain::id::MailId;
    use crate::domain::language::Language;
    use crate::domain::mail::{Asked, Message};
    use crate::domain::time::Timestamp;

    fn secret(byte: u8) -> ServerSecret {
        ServerSecret::new(vec![byte; 32]).unwrap()
    }

    #[test]
    fn s6_a_code_is_bound_to_browser_purpose_and_host() {
        let ring = KeyRing::derive(secret(1), None);
        let (mine, other) = (FlowSecret::generate(&OsEntropy), FlowSecret::generate(&OsEntropy));
        let (host, elsewhere) = ("a.example".parse().unwrap(), "b.example".parse().unwrap());
        let code: TypedCode = "123456".parse().unwrap();
        let kept = ring.code_mac(&mine, Purpose::SignIn, &host, &code);
        assert!(ring.code_guess(&mine, Purpose::SignIn, &host, &code).matches(&kept));
        assert!(!ring.code_guess(&other, Purpose::SignIn, &host, &code).matches(&kept));
        assert!(!ring.code_guess(&mine, Purpose::SignIn, &elsewhere, &code).matches(&kept));
    }

    #[test]
    fn a_secret_of_before_verifies_and_no_longer_signs() {
        let before = KeyRing::derive(secret(1), None);
        let after = KeyRing::derive(secret(2), Some(secret(1)));
        let old = before.session_cookie.mac(&[b"x"]);
        assert!(after.session_cookie.verifies(&[b"x"], &old));
        assert!(!before.session_cookie.verifies(&[b"x"], &after.session_cookie.mac(&[b"x"])));
        assert!(!after.session_cookie.verifies(&[b"x"], &[]));
        assert!(!after.session_cookie.verifies(&[b"x"], &old[..15]));
        assert!(!after.session_cookie.verifies(&[b"x"], &[&old[..], b"more"].concat()));
    }

    #[test]
    fn s12_a_sealed_mail_shows_nothing_and_opens_under_its_own_id_alone() {
        let ring = KeyRing::derive(secret(1), None);
        let now = Timestamp::from_millis(1);
        let mail = Mail {
            to: "ada@example.org".parse().unwrap(),
            language: Language::English,
            message: Message::SignInCode {
                code: "123456".parse().unwrap(),
                link: "https://a.example/link".to_owned().into(),
                passwordless: false,
                site: "https://a.example".into(),
                expires_at: now,
                asked_by: Asked {
                    at: now,
                    client: Client {
                        address: "192.0.2.1".parse().unwrap(),
                        user_agent: "x".into(),
                    },
                },
            },
        };
        let id = MailId::generate(&OsEntropy, now);
        let frame = MailFrame { id, flow: None, created_at: now, not_after: now };
        let sealed = ring.seal(&mail, &OsEntropy, frame).sealed;
        assert!(!sealed.windows(6).any(|window| window == b"123456"));
        assert!(!sealed.windows(3).any(|window| window == b"ada"));
        assert_eq!(ring.open(id, &sealed).unwrap().to, mail.to);
        let other = MailId::generate(&OsEntropy, now);
        assert_eq!(ring.open(other, &sealed).unwrap_err(), CannotOpen);
        let rotated = KeyRing::derive(secret(2), Some(secret(1)));
        assert!(rotated.open(id, &sealed).is_ok());
    }
}
