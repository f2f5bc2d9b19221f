//! What lasts, of every kind, and how it is found again.

use std::time::Duration;

use doorward::domain::account::{Epoch, NewAccount};
use doorward::domain::audit::{AuditEntry, AuditEvent};
use doorward::domain::budget::{DelayRule, GuessBudget};
use doorward::domain::client::Client;
use doorward::domain::device::{DeviceUse, Guesser, NewDevice, Rotation};
use doorward::domain::id::{DeviceId, InvitationId};
use doorward::domain::language::Language;
use doorward::domain::phone::{CodesBy, Phone, PhoneNumber};
use doorward::domain::registration::{
    Acceptance, Activated, Invitation, NewInvitation, NewRegistration, Registration,
};
use doorward::domain::secret::{
    CodeGuess, CodeMac, DeviceToken, InvitationTokenHash, PasswordHash,
};
use doorward::store::{Accounts, Guessed, Inserted, PhoneSet};

use super::{account, id};
use crate::samples::{self, START, at, client, find};

const GRACE: Duration = Duration::from_secs(60);
const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA";
const NAME: &str = "ada from anywhere";

/// Writes one of everything.
pub async fn write(store: &dyn Accounts) {
    for new in [ada(), grace()] {
        assert_eq!(store.insert_account(new).await.unwrap(), Inserted::Created);
    }
    store.set_language(ada().id, Some(Language::German)).await.unwrap().unwrap();
    store.set_second_step(ada().id, Epoch(0), true).await.unwrap().unwrap();
    let password = PasswordHash::from_phc(HASH);
    store
        .insert_registration(NewRegistration { registration: registration(), password })
        .await
        .unwrap();
    store
        .insert_invitation(NewInvitation { invitation: invitation(), token: invited() })
        .await
        .unwrap();
    let codes = vec![CodeMac::from_bytes([0x21; 32]), CodeMac::from_bytes([0x22; 32])];
    store.replace_backup_codes(ada().id, codes, START).await.unwrap();
    for who in [Guesser::Unknown, Guesser::Device(device().device.id)] {
        for _ in 0..9 {
            assert!(matches!(guess(store, who).await, Guessed::Counted(_)));
        }
    }
    for secs in 0..5 {
        store.count_password_failure(NAME, DelayRule::default(), at(secs)).await.unwrap();
    }
    store.insert_device(device()).await.unwrap();
    for (shown, next) in [(1, 2), (2, 3)] {
        assert!(matches!(show(store, shown, next, 10).await, DeviceUse::Rotated(_)));
    }
    store.trust_device(device().device.id, at(1000)).await.unwrap();
    for entry in audit() {
        store.record(entry).await.unwrap();
    }
}

/// The same of what came with telephone numbers.
pub async fn write_phone(store: &dyn Accounts) {
    let set = store.set_phone(grace().id, Epoch(0), &number(), START).await.unwrap();
    assert_eq!(set, PhoneSet::Set);
    store.set_codes_by(grace().id, Epoch(0), CodesBy::Sms).await.unwrap().unwrap();
}

/// Finds all of it as it was written, and goes on with it.
pub async fn read(store: &dyn Accounts) {
    let kept = find(store, "ADA").await.unwrap();
    assert_eq!(kept.password.unwrap().as_phc(), HASH);
    let NewAccount { id, username, email, full_name, mut groups, created_at, .. } = ada();
    groups.sort();
    let account = kept.account;
    assert!(account.is_active() && account.second_step);
    assert_eq!((account.epoch, account.language), (Epoch(1), Some(Language::German)));
    assert_eq!((account.id, account.username, account.email), (id, username, email));
    assert_eq!((account.full_name, account.groups), (full_name, groups));
    assert_eq!(account.created_at, created_at);

    let registered = store.find_registration(registration().id, at(1)).await.unwrap();
    assert_eq!(registered, Some(registration()));
    let found = store.find_invitation(&invited(), at(1)).await.unwrap();
    assert_eq!(found, Some(invitation()));
    let chosen = Acceptance {
        id: super::account(9),
        username: "barbara".parse().unwrap(),
        full_name: None,
        password: PasswordHash::from_phc(HASH),
    };
    let accepted = store.accept_invitation(&invited(), chosen, at(1)).await.unwrap();
    assert!(matches!(accepted, Activated::Active(_)));
    let made = store.activate_registration(registration().id, None, at(1)).await.unwrap();
    assert!(matches!(made, Activated::Active(_)));

    let code = CodeGuess::new(vec![CodeMac::from_bytes([0x22; 32])]);
    assert_eq!(store.use_backup_code(ada().id, &code).await.unwrap(), Some(1));
    for who in [Guesser::Unknown, Guesser::Device(device().device.id)] {
        assert!(matches!(guess(store, who).await, Guessed::Counted(_)), "the tenth");
        assert!(matches!(guess(store, who).await, Guessed::Spent { .. }), "and no more");
    }
    let failed = store.count_password_failure(NAME, DelayRule::default(), at(5)).await.unwrap();
    assert_eq!(failed.count, 6);

    let kept = store.devices_of(ada().id).await.unwrap().remove(0);
    assert_eq!((kept.trusted_until, kept.used_at), (Some(at(1000)), at(10)));
    assert_eq!((kept.host, kept.client), (device().device.host, another()));
    assert!(matches!(show(store, 3, 4, 20).await, DeviceUse::Rotated(_)));
    assert!(matches!(show(store, 1, 5, 20).await, DeviceUse::Stolen(_)), "S32: as old as it is");

    let audited = store.latest_audit(None, 100).await.unwrap();
    let audited: Vec<AuditEntry> = audited.into_iter().map(|numbered| numbered.entry).collect();
    assert_eq!(audited, audit());
    store.record(audit().remove(0)).await.unwrap();
    assert_eq!(store.audit_after(2, None, 10).await.unwrap().len(), 1);
}

/// Finds the telephone number, where there is one already; else gives one.
pub async fn read_phone(store: &dyn Accounts, had_one: bool) {
    if !had_one {
        assert_eq!(store.find_phone(grace().id).await.unwrap(), None);
        write_phone(store).await;
    }
    let kept = Phone { number: number(), codes_by: CodesBy::Sms, verified_at: START };
    assert_eq!(store.find_phone(grace().id).await.unwrap(), Some(kept));
    let found = store.find_account_by_phone(&number()).await.unwrap();
    assert_eq!(found.unwrap().id, grace().id);
}

fn ada() -> NewAccount {
    NewAccount { id: account(1), ..samples::account("ada", "Ada@example.org") }
}

fn grace() -> NewAccount {
    let bare = samples::account("grace", "grace@example.org");
    NewAccount { id: account(2), full_name: None, groups: Vec::new(), password: None, ..bare }
}

fn registration() -> Registration {
    Registration {
        id: account(3),
        username: "annie".parse().unwrap(),
        email: "annie@example.org".parse().unwrap(),
        full_name: Some("Annie Easley".parse().unwrap()),
        created_at: START,
    }
}

fn invited() -> InvitationTokenHash {
    InvitationTokenHash::from_bytes([0x11; 32])
}

fn invitation() -> Invitation {
    Invitation {
        id: InvitationId::from_uuid(id(0x12)),
        email: "barbara@example.org".parse().unwrap(),
        username: None,
        full_name: Some("Barbara Liskov".parse().unwrap()),
        groups: vec!["staff".parse().unwrap()],
        created_at: START,
        expires_at: at(1000),
    }
}

async fn guess(store: &dyn Accounts, who: Guesser) -> Guessed {
    store.count_guess(ada().id, who, GuessBudget::default(), START).await.unwrap()
}

fn device() -> NewDevice {
    let mut new = samples::device(&token(1), ada().id);
    new.device.id = DeviceId::from_uuid(id(0x31));
    new
}

fn token(number: u8) -> DeviceToken {
    DeviceToken::from_bytes([0x40 + number; 32])
}

fn another() -> Client {
    Client { address: "192.0.2.9".parse().unwrap(), user_agent: "Another browser".into() }
}

async fn show(store: &dyn Accounts, shown: u8, next: u8, secs: i64) -> DeviceUse {
    let rotation = Rotation {
        shown: token(shown).hash(),
        next: token(next).hash(),
        grace: GRACE,
        client: another(),
        now: at(secs),
    };
    store.use_device(device().device.id, rotation).await.unwrap()
}

fn audit() -> Vec<AuditEntry> {
    let full = AuditEntry {
        device: Some(device().device.id),
        address: Some(client().address),
        ..crate::audit::entry(Some(ada().id), START)
    };
    let event = AuditEvent::AccountAdded.into();
    let bare = AuditEntry { event, account: None, address: None, device: None, ..full.clone() };
    vec![full, bare]
}

fn number() -> PhoneNumber {
    "+41791230001".parse().unwrap()
}
