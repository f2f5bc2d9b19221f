//! Accounts, sessions, browsers and mails to try the promises on.

use std::num::NonZeroU8;
use std::time::Duration;

use doorward::domain::account::{AccountWithPassword, Epoch, NewAccount};
use doorward::domain::challenge::{
    Aim, Challenge, Grant, NewChallenge, NewLink, Purpose, Redeemed, Reissue, Reissued, ResendRule,
    Subject,
};
use doorward::domain::client::Client;
use doorward::domain::code::Code;
use doorward::domain::device::{Device, NewDevice};
use doorward::domain::entropy::OsEntropy;
use doorward::domain::id::{AccountId, ChallengeId, DeviceId, FamilyId, MailId, SessionId};
use doorward::domain::keys::{KeyRing, MailFrame, ServerSecret};
use doorward::domain::language::Language;
use doorward::domain::mail::{Asked, Mail, Message, SealedMail};
use doorward::domain::phone::CodesBy;
use doorward::domain::return_to::ReturnTo;
use doorward::domain::secret::{
    CodeGuess, CodeMac, DeviceToken, FlowHash, FlowSecret, LinkToken, PasswordHash, SessionToken,
};
use doorward::domain::session::{Method, Methods, NewSession, Session};
use doorward::domain::time::Timestamp;
use doorward::store::{Accounts, Flow, StoreError};

/// The instant at which every test begins.
pub const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);
/// How long a code works.
pub const LIFETIME: Duration = Duration::from_secs(600);
/// The right code, and one that is not.
pub const RIGHT: &str = "739154";
pub const WRONG: &str = "739155";
/// What a link shows in another browser.
pub const RELAY: &str = "184620";
/// Where mail goes.
pub const ADDRESS: &str = "Grace.Hopper@Example.org";

/// So many seconds after the start.
pub fn at(secs: i64) -> Timestamp {
    Timestamp::from_millis(START.as_millis() + secs * 1000)
}

pub fn rule() -> ResendRule {
    ResendRule { cool_down: Duration::from_secs(30), max_sends: NonZeroU8::new(3).unwrap() }
}

pub fn account(username: &str, email: &str) -> NewAccount {
    NewAccount {
        id: AccountId::generate(&OsEntropy, START),
        username: username.parse().unwrap(),
        email: email.parse().unwrap(),
        full_name: Some("Ada Lovelace".parse().unwrap()),
        groups: vec!["users".parse().unwrap(), "admins".parse().unwrap()],
        password: Some(PasswordHash::from_phc("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA")),
        created_at: START,
    }
}

pub async fn find(store: &dyn Accounts, login: &str) -> Option<AccountWithPassword> {
    store.find_login(&login.parse().unwrap()).await.unwrap()
}

/// A session under the hash of `token`, used last at `seen_at`.
pub fn session(token: &SessionToken, account: AccountId, seen_at: Timestamp) -> NewSession {
    let id = SessionId::generate(&OsEntropy, START);
    let session = Session {
        id,
        family: FamilyId::begun_by(id),
        account,
        epoch: Epoch(3),
        host: "wiki.example.com".parse().unwrap(),
        methods: Methods::new([Method::MailCode, Method::Password]),
        authenticated_at: START,
        created_at: START,
        seen_at,
        expires_at: START + Duration::from_secs(12 * 3600),
        idle: Duration::from_secs(3600),
        remembered: true,
        client: client(),
    };
    NewSession { token: token.hash(), session, replaces: None, refresh: None }
}

pub fn token() -> SessionToken {
    SessionToken::generate(&OsEntropy)
}

pub fn somebody() -> AccountId {
    AccountId::generate(&OsEntropy, START)
}

pub fn client() -> Client {
    Client { address: "2001:db8::7".parse().unwrap(), user_agent: "A \"quoted\" browser".into() }
}

/// A device of `account` whose cookie has `token`, made and used at the start.
pub fn device(token: &DeviceToken, account: AccountId) -> NewDevice {
    let device = Device {
        id: DeviceId::generate(&OsEntropy, START),
        account,
        epoch: Epoch(3),
        host: "wiki.example.com".parse().unwrap(),
        trusted_until: None,
        created_at: START,
        used_at: START,
        client: client(),
    };
    NewDevice { device, token: token.hash() }
}

pub fn device_token() -> DeviceToken {
    DeviceToken::generate(&OsEntropy)
}

/// A browser in the middle of signing in.
#[derive(Clone)]
pub struct Browser {
    pub secret: FlowSecret,
    keys: KeyRing,
}

impl Browser {
    pub fn new() -> Self {
        Self::with(FlowSecret::generate(&OsEntropy))
    }

    pub fn with(secret: FlowSecret) -> Self {
        let keys = KeyRing::derive(ServerSecret::new(vec![9; 32]).unwrap(), None);
        Self { secret, keys }
    }

    pub fn flow(&self) -> FlowHash {
        self.secret.hash()
    }

    /// A challenge with `code`, opened at `now`, whose mail is worth something as long as the code is.
    pub fn challenge(&self, code: &str, now: Timestamp) -> NewChallenge {
        let subject = Subject::Account { id: somebody(), epoch: Epoch(3) };
        let challenge = Challenge {
            id: ChallengeId::generate(&OsEntropy, now),
            subject,
            host: "wiki.example.com".parse().unwrap(),
            destination: "G•••@Example.org".into(),
            aim: Aim::SignIn(Grant {
                methods: Methods::new([Method::Password]),
                remember: true,
                replaces: Some(SessionId::generate(&OsEntropy, now)),
                raises: false,
                by: CodesBy::Mail,
                return_to: ReturnTo::or_front_page("/page?a=b"),
            }),
            created_at: now,
            expires_at: now + LIFETIME,
            sent_at: now,
            sends: 1,
            attempts: 0,
            max_attempts: NonZeroU8::new(5).unwrap(),
            consumed_at: None,
        };
        let Reissue { code, link, mail, .. } = self.reissue(code, now);
        NewChallenge { flow: self.flow(), challenge, code, link, mail }
    }

    pub fn decoy(&self, code: &str, now: Timestamp) -> NewChallenge {
        let mut decoy = self.challenge(code, now);
        decoy.challenge.subject =
            Subject::Decoy { stands_for: AccountId::generate(&OsEntropy, START) };
        decoy.mail = None;
        decoy
    }

    pub fn reissue(&self, code: &str, now: Timestamp) -> Reissue {
        let expires_at = now + LIFETIME;
        let link = NewLink { token: self.link(code).hash(), relay: self.mac(RELAY) };
        let mail = Some(self.mail(code.parse().unwrap(), now, expires_at));
        Reissue { code: self.mac(code), link, mail, expires_at }
    }

    /// The token of the link in the mail with this code.
    pub fn link(&self, code: &str) -> LinkToken {
        let mut bytes = *self.secret.expose();
        bytes[..Code::DIGITS].copy_from_slice(code.as_bytes());
        LinkToken::from_bytes(bytes)
    }

    /// What a store keeps of a code or relay code of this browser.
    pub fn mac(&self, code: &str) -> CodeMac {
        let host = "wiki.example.com".parse().unwrap();
        self.keys.code_mac(&self.secret, Purpose::SignIn, &host, &code.parse().unwrap())
    }

    pub fn mail(&self, code: Code, now: Timestamp, not_after: Timestamp) -> SealedMail {
        let message = Message::SignInCode {
            code,
            link: "https://wiki.example.com/_doorward/link/x".to_owned().into(),
            passwordless: false,
            site: "https://wiki.example.com".into(),
            expires_at: not_after,
            asked_by: Asked { at: now, client: client() },
        };
        let id = MailId::generate(&OsEntropy, now);
        let frame = MailFrame { id, flow: Some(self.flow()), created_at: now, not_after };
        self.keys.seal(
            &Mail { to: ADDRESS.parse().unwrap(), language: Language::English, message },
            &OsEntropy,
            frame,
        )
    }

    pub fn open_mail(&self, id: MailId, sealed: &[u8]) -> Mail {
        self.keys.open(id, sealed).unwrap()
    }

    pub fn guess(&self, code: &str) -> CodeGuess {
        let host = "wiki.example.com".parse().unwrap();
        self.keys.code_guess(&self.secret, Purpose::SignIn, &host, &code.parse().unwrap())
    }

    pub async fn redeem(&self, flow: &dyn Flow, code: &str, now: Timestamp) -> Redeemed {
        flow.redeem_code(&self.flow(), Purpose::SignIn, &self.guess(code), now).await.unwrap()
    }

    /// Types the code at the start, at a store that may be away.
    pub async fn try_redeem(&self, flow: &dyn Flow, code: &str) -> Result<Redeemed, StoreError> {
        flow.redeem_code(&self.flow(), Purpose::SignIn, &self.guess(code), START).await
    }

    /// Follows the link in the mail with this code.
    pub async fn follow(&self, flow: &dyn Flow, code: &str, now: Timestamp) -> Redeemed {
        let token = self.link(code).hash();
        flow.redeem_link(&self.flow(), Purpose::SignIn, &token, now).await.unwrap()
    }

    pub async fn resend(&self, flow: &dyn Flow, code: &str, now: Timestamp) -> Reissued {
        let reissue = self.reissue(code, now);
        flow.reissue_code(&self.flow(), Purpose::SignIn, reissue, rule(), now).await.unwrap()
    }

    pub async fn find(&self, flow: &dyn Flow) -> Option<Challenge> {
        flow.find_challenge(&self.flow()).await.unwrap()
    }
}

/// A wrong guess that leaves so many.
pub fn wrong(attempts_left: u8) -> Redeemed {
    Redeemed::Wrong { attempts_left: NonZeroU8::new(attempts_left).unwrap() }
}

/// Opens a challenge with the right code at the start.
pub async fn challenged(flow: &dyn Flow) -> Browser {
    let browser = Browser::new();
    flow.open_challenge(browser.challenge(RIGHT, START)).await.unwrap();
    browser
}
