//! Browser secrets as cookies carry them: 32 random bytes and a MAC over them and the host.
//!
//! A forgery dies on the MAC without touching a store, and a cookie of one host is nothing on another.

use crate::domain::host::HostName;
use crate::domain::id::DeviceId;
use crate::domain::keys::{KeyRing, RotatingKey};
use crate::domain::refresh::InstallId;
use crate::domain::secret::{
    DeviceToken, DraftSecret, DraftToken, FlowSecret, InvitationToken, LinkToken, RefreshToken,
    SessionToken, SessionTokenHash, TicketToken, base64url, from_base64url,
};

const SECRET_BYTES: usize = 32;
const MAC_BYTES: usize = 16;
/// The characters of a token: 48 bytes in base64url.
pub const TOKEN_CHARS: usize = (SECRET_BYTES + MAC_BYTES) / 3 * 4;
/// The characters of a device cookie: 64 bytes in base64url.
pub const DEVICE_CHARS: usize = ((16 + SECRET_BYTES + MAC_BYTES) * 4).div_ceil(3);
/// The characters of a refresh token: 80 bytes in base64url.
pub const REFRESH_CHARS: usize = ((2 * SECRET_BYTES + MAC_BYTES) * 4).div_ceil(3);

/// The session cookie's value.
pub fn encode_session(keys: &KeyRing, token: &SessionToken, host: &HostName) -> String {
    encode(&keys.session_cookie, token.expose(), host)
}

/// The session token in a cookie's value; `None` when it was not made by this server for this host.
pub fn decode_session(keys: &KeyRing, value: &str, host: &HostName) -> Option<SessionToken> {
    decode(&keys.session_cookie, value, host).map(SessionToken::from_bytes)
}

/// The flow cookie's value.
pub fn encode_flow(keys: &KeyRing, secret: &FlowSecret, host: &HostName) -> String {
    encode(&keys.flow_cookie, secret.expose(), host)
}

/// The flow secret in a cookie's value; `None` when it was not made by this server for this host.
pub fn decode_flow(keys: &KeyRing, value: &str, host: &HostName) -> Option<FlowSecret> {
    decode(&keys.flow_cookie, value, host).map(FlowSecret::from_bytes)
}

/// What a device cookie holds: the device's series, and its token of the moment.
#[derive(Clone, Debug)]
pub struct DeviceCookie {
    /// The device.
    pub id: DeviceId,
    /// Its token.
    pub token: DeviceToken,
}

/// The device cookie's value.
pub fn encode_device(keys: &KeyRing, cookie: &DeviceCookie, host: &HostName) -> String {
    let id = cookie.id.as_uuid().as_bytes();
    let mac = keys.device_cookie.mac(&[id, cookie.token.expose(), host.as_str().as_bytes()]);
    let mut bytes = id.to_vec();
    bytes.extend_from_slice(cookie.token.expose());
    bytes.extend(mac.iter().take(MAC_BYTES));
    base64url(&bytes)
}

/// The device in a cookie's value; `None` when it was not made by this server for this host (S31).
pub fn decode_device(keys: &KeyRing, value: &str, host: &HostName) -> Option<DeviceCookie> {
    if value.len() > 2 * TOKEN_CHARS {
        return None;
    }
    let bytes = from_base64url(value)?;
    let (id, rest) = bytes.split_first_chunk::<16>()?;
    let (token, mac) = rest.split_first_chunk::<SECRET_BYTES>()?;
    let parts: [&[u8]; 3] = [id, token, host.as_str().as_bytes()];
    (mac.len() == MAC_BYTES && keys.device_cookie.verifies(&parts, mac)).then(|| DeviceCookie {
        id: DeviceId::from_uuid(uuid::Uuid::from_bytes(*id)),
        token: DeviceToken::from_bytes(*token),
    })
}

/// The flow secret of a program, as it carries it. No browser's cookie is one, nor the other way round.
pub fn encode_program_flow(keys: &KeyRing, secret: &FlowSecret, host: &HostName) -> String {
    encode(&keys.program_flow, secret.expose(), host)
}

/// The flow secret that a program shows; `None` when it was not made by this server for this host.
pub fn decode_program_flow(keys: &KeyRing, text: &str, host: &HostName) -> Option<FlowSecret> {
    decode(&keys.program_flow, text, host).map(FlowSecret::from_bytes)
}

/// What a refresh token holds: by what its session is found, and the secret of the moment.
#[derive(Clone, Debug)]
pub struct ShownRefresh {
    /// What the session is found by.
    pub session: SessionTokenHash,
    /// Its token.
    pub token: RefreshToken,
}

/// A refresh token as a program carries it, for this host and this installation.
pub fn encode_refresh(
    keys: &KeyRing,
    refresh: &ShownRefresh,
    host: &HostName,
    install: &InstallId,
) -> String {
    let mac = keys.refresh_token.mac(&refresh_parts(refresh, host, install));
    let mut bytes = refresh.session.as_bytes().to_vec();
    bytes.extend_from_slice(refresh.token.expose());
    bytes.extend(mac.iter().take(MAC_BYTES));
    base64url(&bytes)
}

/// What a refresh token holds; `None` when it was not made by this server for this host and this installation.
pub fn decode_refresh(
    keys: &KeyRing,
    text: &str,
    host: &HostName,
    install: &InstallId,
) -> Option<ShownRefresh> {
    let bytes = (text.len() == REFRESH_CHARS).then(|| from_base64url(text)).flatten()?;
    let (session, rest) = bytes.split_first_chunk::<SECRET_BYTES>()?;
    let (token, mac) = rest.split_first_chunk::<SECRET_BYTES>()?;
    let refresh = ShownRefresh {
        session: SessionTokenHash::from_bytes(*session),
        token: RefreshToken::from_bytes(*token),
    };
    let known = keys.refresh_token.verifies(&refresh_parts(&refresh, host, install), mac);
    (mac.len() == MAC_BYTES && known).then_some(refresh)
}

fn refresh_parts<'a>(
    refresh: &'a ShownRefresh,
    host: &'a HostName,
    install: &'a InstallId,
) -> [&'a [u8]; 4] {
    let ShownRefresh { session, token } = refresh;
    [session.as_bytes(), token.expose(), host.as_str().as_bytes(), install.as_str().as_bytes()]
}

/// The characters of a link's token: 32 bytes in base64url.
pub const LINK_CHARS: usize = (SECRET_BYTES * 4).div_ceil(3);

/// The token of a verification link, as its address and the link cookie carry it.
pub fn encode_link(token: &LinkToken) -> String {
    base64url(token.expose())
}

/// The token in the address of a verification link, if it can be one.
pub fn decode_link(text: &str) -> Option<LinkToken> {
    let bytes = (text.len() == 43).then(|| from_base64url(text)).flatten()?;
    bytes.try_into().ok().map(LinkToken::from_bytes)
}

/// The token of an invitation, as its address and cookie carry it.
pub fn encode_invitation(token: &InvitationToken) -> String {
    base64url(token.expose())
}

/// The token in the address of an invitation, if it can be one.
pub fn decode_invitation(text: &str) -> Option<InvitationToken> {
    let bytes = (text.len() == 43).then(|| from_base64url(text)).flatten()?;
    bytes.try_into().ok().map(InvitationToken::from_bytes)
}

/// A ticket as its address carries it.
pub fn encode_ticket(keys: &KeyRing, ticket: &TicketToken, host: &HostName) -> String {
    encode(&keys.ticket, ticket.expose(), host)
}

/// The ticket in an address; `None` when it was not made by this server for this host.
pub fn decode_ticket(keys: &KeyRing, text: &str, host: &HostName) -> Option<TicketToken> {
    decode(&keys.ticket, text, host).map(TicketToken::from_bytes)
}

/// The secret of a browser that has kept a form, as its cookie carries it.
pub fn encode_draft_secret(keys: &KeyRing, secret: &DraftSecret, host: &HostName) -> String {
    encode(&keys.draft, secret.expose(), host)
}

/// The secret in that cookie; `None` when it was not made by this server for this host.
pub fn decode_draft_secret(keys: &KeyRing, text: &str, host: &HostName) -> Option<DraftSecret> {
    decode(&keys.draft, text, host).map(DraftSecret::from_bytes)
}

/// The name of a kept form, as its address carries it.
pub fn encode_draft(keys: &KeyRing, token: &DraftToken, host: &HostName) -> String {
    encode(&keys.draft, token.expose(), host)
}

/// The name in that address; `None` when it was not made by this server for this host.
pub fn decode_draft(keys: &KeyRing, text: &str, host: &HostName) -> Option<DraftToken> {
    decode(&keys.draft, text, host).map(DraftToken::from_bytes)
}

/// The token that a form of this browser carries, so that only its own pages can post (S52).
pub fn form_token(keys: &KeyRing, flow: &FlowSecret, host: &HostName) -> String {
    base64url(&keys.form_token.mac(&[flow.expose(), host.as_str().as_bytes()]))
}

/// Whether `token` is the one that a form of this browser carries.
pub fn form_token_matches(keys: &KeyRing, flow: &FlowSecret, host: &HostName, token: &str) -> bool {
    from_base64url(token).is_some_and(|mac| {
        mac.len() == 32
            && keys.form_token.verifies(&[flow.expose(), host.as_str().as_bytes()], &mac)
    })
}

fn encode(key: &RotatingKey, secret: &[u8; SECRET_BYTES], host: &HostName) -> String {
    let mac = key.mac(&[secret, host.as_str().as_bytes()]);
    let mut bytes = secret.to_vec();
    bytes.extend(mac.iter().take(MAC_BYTES));
    base64url(&bytes)
}

fn decode(key: &RotatingKey, value: &str, host: &HostName) -> Option<[u8; SECRET_BYTES]> {
    if value.len() != TOKEN_CHARS {
        return None;
    }
    let bytes = from_base64url(value)?;
    let (secret, mac) = bytes.split_first_chunk::<SECRET_BYTES>()?;
    key.verifies(&[secret, host.as_str().as_bytes()], mac).then_some(*secret)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::entropy::OsEntropy;
    use crate::domain::keys::ServerSecret;

    #[test]
    fn s59_only_what_this_server_made_for_this_host_is_a_token() {
        let keys = KeyRing::derive(ServerSecret::new(vec![1; 32]).unwrap(), None);
        let (host, other) = ("a.example".parse().unwrap(), "b.example".parse().unwrap());
        let token = SessionToken::generate(&OsEntropy);
        let value = encode_session(&keys, &token, &host);
        assert_eq!(value.len(), TOKEN_CHARS);
        assert_eq!(decode_session(&keys, &value, &host).unwrap().expose(), token.expose());
        assert!(
            decode_session(&keys, &value, &other).is_none(),
            "a cookie of one host is nothing on another"
        );
        assert!(decode_flow(&keys, &value, &host).is_none(), "a session's token is no flow secret");
        for place in 0..value.len() {
            let mut forged: Vec<u8> = value.bytes().collect();
            forged[place] = if forged[place] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            assert!(decode_session(&keys, &forged, &host).is_none(), "byte {place} may be changed");
        }
        assert!(decode_program_flow(&keys, &value, &host).is_none());
        for malformed in ["", "x", "=", &value[1..], &format!("{value}A"), &"é".repeat(32)] {
            assert!(decode_session(&keys, malformed, &host).is_none(), "{malformed:?}");
        }
    }

    #[test]
    fn s59_a_refresh_token_is_one_at_its_host_and_in_its_installation_alone() {
        let keys = KeyRing::derive(ServerSecret::new(vec![1; 32]).unwrap(), None);
        let (host, other) = ("a.example".parse().unwrap(), "b.example".parse().unwrap());
        let (install, thief) = ("install-1".parse().unwrap(), "install-2".parse().unwrap());
        let refresh = ShownRefresh {
            session: SessionToken::generate(&OsEntropy).hash(),
            token: RefreshToken::generate(&OsEntropy),
        };
        let text = encode_refresh(&keys, &refresh, &host, &install);
        assert_eq!(text.len(), REFRESH_CHARS);
        let again = decode_refresh(&keys, &text, &host, &install).unwrap();
        assert_eq!(again.session, refresh.session);
        assert_eq!(again.token.expose(), refresh.token.expose());
        assert!(decode_refresh(&keys, &text, &other, &install).is_none());
        assert!(decode_refresh(&keys, &text, &host, &thief).is_none());
        for place in 0..text.len() {
            let mut forged: Vec<u8> = text.bytes().collect();
            forged[place] = if forged[place] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            assert!(decode_refresh(&keys, &forged, &host, &install).is_none(), "{place}");
        }
        for malformed in ["", "x", &text[1..], &format!("{text}A"), &"é".repeat(54)] {
            assert!(decode_refresh(&keys, malformed, &host, &install).is_none(), "{malformed:?}");
        }
    }
}
