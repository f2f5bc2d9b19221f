//! What a store promises of accounts that are to be.

use std::time::Duration;

use doorward::domain::account::{Account, Epoch};
use doorward::domain::id::{AccountId, InvitationId};
use doorward::domain::registration::{
    Acceptance, Activated, Invitation, NewInvitation, NewRegistration, REGISTRATION_KEPT,
    Registration,
};
use doorward::domain::secret::{InvitationToken, PasswordHash};
use doorward::domain::{entropy::OsEntropy, time::Timestamp};
use doorward::store::{Accounts, Inserted};

use crate::backends::Backend;
use crate::races::at_once;
use crate::samples::{START, account, at, find, somebody};

const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA";

async fn register(store: &dyn Accounts, username: &str, email: &str) -> Registration {
    let registration = Registration {
        id: somebody(),
        username: username.parse().unwrap(),
        email: email.parse().unwrap(),
        full_name: Some("Ada Lovelace".parse().unwrap()),
        created_at: START,
    };
    let password = PasswordHash::from_phc(HASH);
    let new = NewRegistration { registration: registration.clone(), password };
    store.insert_registration(new).await.unwrap();
    registration
}

async fn activate(store: &dyn Accounts, id: AccountId, now: Timestamp) -> Activated {
    store.activate_registration(id, None, now).await.unwrap()
}

#[track_caller]
fn active(activated: Activated) -> Account {
    match activated {
        Activated::Active(account) => *account,
        other => panic!("not made: {other:?}"),
    }
}

pub async fn a_registration_is_found_by_no_sign_in_and_takes_no_name_and_no_address(
    store: impl Backend,
) {
    let accounts = store.accounts();
    let first = register(&*accounts, "ada", "ada@example.org").await;
    let second = register(&*accounts, "ADA", "Ada@Example.org").await;
    assert_eq!(accounts.find_registration(first.id, START).await.unwrap(), Some(first.clone()));
    for name in ["ada", "ada@example.org"] {
        assert!(find(&*accounts, name).await.is_none(), "{name} signs in");
    }
    assert!(accounts.find_account(first.id).await.unwrap().is_none());
    assert!(accounts.list_accounts(None, 10).await.unwrap().is_empty());
    let taken = accounts.insert_account(account("Ada", "ada@example.org")).await.unwrap();
    assert_eq!(taken, Inserted::Created, "an operator makes it regardless");
    assert!(matches!(activate(&*accounts, second.id, START).await, Activated::UsernameTaken));
}

pub async fn a_registration_becomes_the_account_that_was_asked_for(store: impl Backend) {
    let accounts = store.accounts();
    let registration = register(&*accounts, "Ada", "Ada@example.org").await;
    let made = active(activate(&*accounts, registration.id, at(5)).await);
    assert!(made.is_active() && made.id == registration.id && made.epoch == Epoch(0));
    assert_eq!((made.username, made.email), (registration.username, registration.email));
    assert_eq!((made.full_name, made.created_at), (registration.full_name, at(5)));
    assert!(made.groups.is_empty());
    let found = find(&*accounts, "ada").await.unwrap();
    assert_eq!(found.password.unwrap().as_phc(), HASH);
    assert!(matches!(activate(&*accounts, registration.id, at(6)).await, Activated::Gone), "once");
}

pub async fn s41_once_an_address_is_somebodys_no_other_registration_of_it_lives(
    store: impl Backend,
) {
    let accounts = store.accounts();
    let hostile = register(&*accounts, "eve", "ADA@example.org").await;
    let owner = register(&*accounts, "ada", "ada@example.org").await;
    let other = register(&*accounts, "grace", "grace@example.org").await;
    let invitation = invite(&*accounts, "Ada@Example.org", None).await;
    active(activate(&*accounts, owner.id, START).await);
    assert!(matches!(activate(&*accounts, hostile.id, START).await, Activated::Gone));
    assert!(accounts.find_registration(hostile.id, START).await.unwrap().is_none());
    let kept = accounts.find_invitation(&invitation.hash(), START).await.unwrap();
    assert!(kept.is_none(), "nor an invitation");
    assert_eq!(accounts.registrations(10, START).await.unwrap(), [other]);
}

pub async fn what_is_taken_meanwhile_is_told_and_another_name_helps(store: impl Backend) {
    let accounts = store.accounts();
    let registration = register(&*accounts, "ada", "ada@example.org").await;
    let taken = account("ADA", "other@example.org");
    assert_eq!(accounts.insert_account(taken).await.unwrap(), Inserted::Created);
    for _ in 0..2 {
        let again = activate(&*accounts, registration.id, START).await;
        assert!(matches!(again, Activated::UsernameTaken), "it stays: {again:?}");
    }
    let other = "lovelace".parse().unwrap();
    let made = accounts.activate_registration(registration.id, Some(&other), START).await.unwrap();
    assert_eq!(active(made).username.as_str(), "lovelace");
    let late = register(&*accounts, "late", "OTHER@example.org").await;
    assert!(matches!(activate(&*accounts, late.id, START).await, Activated::EmailTaken));
}

pub async fn a_registration_is_over_a_day_later_to_the_millisecond(store: impl Backend) {
    let accounts = store.accounts();
    let (first, last) = (
        register(&*accounts, "ada", "ada@example.org").await,
        register(&*accounts, "grace", "grace@example.org").await,
    );
    let end = START + REGISTRATION_KEPT;
    let just_before = end.before(Duration::from_millis(1));
    active(activate(&*accounts, first.id, just_before).await);
    assert!(matches!(activate(&*accounts, last.id, end).await, Activated::Gone));
    assert!(accounts.registrations(10, end).await.unwrap().is_empty());
    assert_eq!(accounts.purge(just_before, 10).await.unwrap(), 0);
    assert_eq!(accounts.purge(end, 10).await.unwrap(), 1);
    assert!(accounts.find_registration(last.id, START).await.unwrap().is_none(), "it is gone");
}

pub async fn s41_of_many_that_claim_one_address_at_once_exactly_one_gets_it(store: impl Backend) {
    let other = store.elsewhere().await;
    let stores = [store.accounts(), other.accounts()];
    let mut ids = Vec::new();
    for number in 0..50 {
        let name = format!("a{number}");
        ids.push(register(&*stores[0], &name, "ada@example.org").await.id);
    }
    let ids = std::sync::Arc::new(std::sync::Mutex::new(ids));
    let outcomes = at_once(&stores, |accounts| {
        let ids = ids.clone();
        async move {
            let id = ids.lock().unwrap().pop().unwrap();
            activate(&*accounts, id, START).await
        }
    })
    .await;
    let made = outcomes.iter().filter(|outcome| matches!(outcome, Activated::Active(_))).count();
    let gone = outcomes.iter().filter(|outcome| matches!(outcome, Activated::Gone)).count();
    assert_eq!((made, gone), (1, 49));
}

async fn invite(store: &dyn Accounts, email: &str, username: Option<&str>) -> InvitationToken {
    let token = InvitationToken::generate(&OsEntropy);
    let invitation = Invitation {
        id: InvitationId::generate(&OsEntropy, START),
        email: email.parse().unwrap(),
        username: username.map(|name| name.parse().unwrap()),
        full_name: None,
        groups: vec!["staff".parse().unwrap()],
        created_at: START,
        expires_at: at(3600),
    };
    store.insert_invitation(NewInvitation { invitation, token: token.hash() }).await.unwrap();
    token
}

fn chosen(username: &str) -> Acceptance {
    Acceptance {
        id: somebody(),
        username: username.parse().unwrap(),
        full_name: Some("Ada Lovelace".parse().unwrap()),
        password: PasswordHash::from_phc(HASH),
    }
}

pub async fn s16_an_invitation_is_looked_at_any_number_of_times_and_accepted_once(
    store: impl Backend,
) {
    let accounts = store.accounts();
    let token = invite(&*accounts, "ada@example.org", None).await;
    for _ in 0..3 {
        assert!(accounts.find_invitation(&token.hash(), at(1)).await.unwrap().is_some());
    }
    let accepted = accounts.accept_invitation(&token.hash(), chosen("ada"), at(2)).await.unwrap();
    let made = active(accepted);
    assert_eq!((made.username.as_str(), made.groups[0].as_str()), ("ada", "staff"));
    assert_eq!(made.full_name.unwrap().as_str(), "Ada Lovelace");
    let again = accounts.accept_invitation(&token.hash(), chosen("eve"), at(3)).await.unwrap();
    assert!(matches!(again, Activated::Gone));
    assert!(accounts.find_invitation(&token.hash(), at(3)).await.unwrap().is_none());
}

pub async fn what_an_invitation_says_is_not_chosen_otherwise(store: impl Backend) {
    let accounts = store.accounts();
    let token = invite(&*accounts, "ada@example.org", Some("Ada")).await;
    let accepted = accounts.accept_invitation(&token.hash(), chosen("eve"), START).await.unwrap();
    assert_eq!(active(accepted).username.as_str(), "Ada");
}

pub async fn an_invitation_to_a_taken_name_stays(store: impl Backend) {
    let accounts = store.accounts();
    accounts.insert_account(account("ada", "other@example.org")).await.unwrap();
    let token = invite(&*accounts, "ada@example.org", None).await;
    let taken = accounts.accept_invitation(&token.hash(), chosen("ADA"), START).await.unwrap();
    assert!(matches!(taken, Activated::UsernameTaken));
    active(accounts.accept_invitation(&token.hash(), chosen("lovelace"), START).await.unwrap());
}

pub async fn an_invitation_ends_at_its_very_millisecond_or_when_it_is_taken_back(
    store: impl Backend,
) {
    let accounts = store.accounts();
    let (late, revoked) = (
        invite(&*accounts, "late@example.org", None).await,
        invite(&*accounts, "revoked@example.org", None).await,
    );
    let last = at(3600).before(Duration::from_millis(1));
    assert!(accounts.find_invitation(&late.hash(), last).await.unwrap().is_some());
    assert!(accounts.find_invitation(&late.hash(), at(3600)).await.unwrap().is_none());
    let over = accounts.accept_invitation(&late.hash(), chosen("late"), at(3600)).await.unwrap();
    assert!(matches!(over, Activated::Gone));
    let listed = accounts.invitations(START).await.unwrap();
    assert_eq!(listed.len(), 2);
    let id = accounts.find_invitation(&revoked.hash(), START).await.unwrap().unwrap().id;
    assert_eq!(accounts.remove_invitation(id).await.unwrap().unwrap().id, id);
    assert!(accounts.remove_invitation(id).await.unwrap().is_none());
    let gone = accounts.accept_invitation(&revoked.hash(), chosen("eve"), START).await.unwrap();
    assert!(matches!(gone, Activated::Gone));
    assert_eq!(accounts.purge(last, 10).await.unwrap(), 0);
    assert_eq!(accounts.purge(at(3600), 10).await.unwrap(), 1);
}

pub async fn of_fifty_parallel_acceptances_exactly_one_makes_an_account(store: impl Backend) {
    let other = store.elsewhere().await;
    let stores = [store.accounts(), other.accounts()];
    let token = invite(&*stores[0], "ada@example.org", None).await.hash();
    let outcomes = at_once(&stores, |accounts| async move {
        let name = format!("a{}", somebody());
        accounts.accept_invitation(&token, chosen(&name[..20]), START).await.unwrap()
    })
    .await;
    let made = outcomes.iter().filter(|outcome| matches!(outcome, Activated::Active(_))).count();
    assert_eq!(made, 1);
    assert_eq!(stores[0].list_accounts(None, 10).await.unwrap().len(), 1);
}

pub async fn registrations_and_invitations_outlast_a_restart(store: impl Backend) {
    let accounts = store.accounts();
    let registration = register(&*accounts, "ada", "ada@example.org").await;
    let token = invite(&*accounts, "grace@example.org", None).await;
    drop(accounts);
    let store = store.restart().await;
    let accounts = store.accounts();
    active(activate(&*accounts, registration.id, START).await);
    active(accounts.accept_invitation(&token.hash(), chosen("grace"), START).await.unwrap());
}
