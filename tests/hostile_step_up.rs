//! Raising a session to two factors, against somebody who should have lost it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says so")]

use std::num::NonZeroU8;
use std::sync::Arc;
use std::time::Duration;

use doorward::auth::account::AccountDraft;
use doorward::auth::captcha::{Captchas, Evidence};
use doorward::auth::code::CodeOutcome;
use doorward::auth::new_password::PasswordChecks;
use doorward::auth::password::{HashingSettings, PasswordHasher, Serves};
use doorward::auth::sign_in::{Context, Keeps, SignIn, SignInOutcome, StepUpOutcome, Wanted};
use doorward::auth::{Auth, AuthParts, AuthSettings, RateLimits, tokens};
use doorward::domain::budget::{DelayRule, GuessBudget};
use doorward::domain::captcha::CaptchaRules;
use doorward::domain::challenge::ResendRule;
use doorward::domain::client::Client;
use doorward::domain::entropy::OsEntropy;
use doorward::domain::host::HostName;
use doorward::domain::keys::{KeyRing, ServerSecret};
use doorward::domain::language::Language;
use doorward::domain::mail::Message;
use doorward::domain::password_rules::{DEFAULT_MIN_LENGTH, Owner, PasswordRules};
use doorward::domain::place::Nowhere;
use doorward::domain::registration::RegistrationRule;
use doorward::domain::return_to::ReturnTo;
use doorward::domain::secret::Password;
use doorward::domain::session::Lifetime;
use doorward::domain::time::Timestamp;
use doorward::store::OutboxStore;
use doorward::store::sqlite::SqliteStore;

#[tokio::test]
async fn s35_a_revoked_session_is_not_raised_by_a_code_that_was_on_its_way() {
    for revoked in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let (auth, store) = auth(folder.path()).await;
        let now = Timestamp::from_millis(1_795_203_045_000);
        let host: HostName = "wiki.example.com".parse().unwrap();
        let client = Client { address: [192, 0, 2, 1].into(), user_agent: String::new().into() };
        let context = Context {
            session_host: &host,
            host: &host,
            origin: "https://wiki.example.com",
            client: &client,
            return_to: ReturnTo::front_page(),
            replaces: None,
            device: None,
            keeps: Keeps::Cookie,
            language: Language::English,
            now,
        };
        let form = SignIn {
            login: "ada",
            password: password(),
            remember: false,
            wanted: Wanted::Password,
            trusted_device: true,
            evidence: Evidence::default(),
        };
        let SignInOutcome::SignedIn(opened) = auth.sign_in(form, &context).await.unwrap() else {
            panic!("not signed in");
        };
        let cookie = tokens::encode_session(auth.keys(), &opened.token, &host);
        let signed_in = auth.authenticate(&cookie, &host, now).await.unwrap().unwrap();
        let StepUpOutcome::CodeSent(flow) = auth.step_up(&signed_in, &context).await.unwrap()
        else {
            panic!("no code was sent");
        };
        let mails = store.lease_mails(9, Duration::from_secs(1), now).await.unwrap();
        let mail = mails.first().unwrap();
        let message = auth.keys().open(mail.id, &mail.sealed).unwrap().message;
        let Message::SignInCode { code, .. } = message else { panic!("another mail") };
        if revoked {
            auth.revoke_sessions_of(signed_in.session.account, None).await.unwrap();
        }
        let outcome = auth.verify_code(&flow, code.expose(), false, &context).await.unwrap();
        assert_eq!(matches!(outcome, CodeOutcome::Answered(_)), !revoked, "{outcome:?}");
    }
}

const PASSWORD: &str = "violet tram, nine harbours";

fn password() -> Option<Password> {
    Password::new(PASSWORD.into())
}

async fn auth(folder: &std::path::Path) -> (Auth, Arc<SqliteStore>) {
    let store = Arc::new(SqliteStore::open(&folder.join("doorward.db")).await.unwrap());
    let entropy = Arc::new(OsEntropy);
    let cheap = HashingSettings {
        memory_kib: 8,
        iterations: 1,
        parallelism: 1,
        threads: 1,
        queue: 8,
        serves: Serves::People,
    };
    let long = Lifetime { absolute: Duration::from_secs(9999), idle: Duration::from_secs(9999) };
    let rate = "9/5m".parse().unwrap();
    let few = NonZeroU8::new(5).unwrap();
    let auth = Auth::new(AuthParts {
        trusted_for: None,
        places: Arc::new(Nowhere),
        accounts: store.clone(),
        flow: store.clone(),
        keys: Arc::new(KeyRing::derive(ServerSecret::new(vec![7; 32]).unwrap(), None)),
        hasher: PasswordHasher::new(cheap, entropy.clone()).unwrap(),
        passwords: PasswordChecks {
            rules: PasswordRules::new(DEFAULT_MIN_LENGTH, String::new()),
            breached: None,
        },
        sms: None,
        captchas: Captchas { rules: CaptchaRules::default(), provider: None },
        entropy,
        settings: AuthSettings {
            outage_grace: Duration::from_secs(60),
            code_lifetime: Duration::from_secs(600),
            attempts: few,
            resend: ResendRule { cool_down: Duration::from_secs(30), max_sends: few },
            session: long,
            remembered: long,
            program: long,
            trusted_for: Duration::from_secs(3600),
            budget: GuessBudget::default(),
            delay: DelayRule::default(),
            limits: RateLimits {
                sign_in: rate,
                registration: rate,
                reset: rate,
                verify: rate,
                resend: rate,
                code_request: rate,
                mails_account: rate,
                mails_address: rate,
                mails_total: rate,
                sms_number: rate,
                sms_address: rate,
                sms_total: rate,
                waits_address: rate,
                waits_total: rate,
            },
        },
        registration: RegistrationRule::Off,
        mail_waits: Arc::default(),
    });
    let draft = AccountDraft {
        username: "ada".parse().unwrap(),
        email: "ada@example.org".parse().unwrap(),
        full_name: None,
        groups: Vec::new(),
        password: auth
            .new_password(PASSWORD.to_owned().into(), Owner::default())
            .await
            .unwrap()
            .ok(),
    };
    auth.add_account(draft, Timestamp::from_millis(0)).await.unwrap();
    (auth, store)
}
