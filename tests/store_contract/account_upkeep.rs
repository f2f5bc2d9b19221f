//! What the upkeep of a store of accounts promises.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use doorward::domain::account::AccountStatus;
use doorward::domain::budget::{DelayRule, GuessBudget};
use doorward::domain::device::{Guesser, Rotation};
use doorward::domain::id::AccountId;
use doorward::store::{Accounts, Guessed, StoreUpkeep};
use tokio::time::timeout;

use crate::audit::entry;
use crate::backends::Backend;
use crate::samples::{START, account, at, client, device, device_token, somebody};

const DAY: Duration = Duration::from_secs(86_400);
const MILLI: Duration = Duration::from_millis(1);
/// The longest that a promise may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);
/// Long enough for what must not happen to have happened.
const A_WHILE: Duration = Duration::from_millis(350);

pub async fn devices_are_purged_ninety_days_after_their_last_use(store: impl Backend) {
    let accounts = store.accounts();
    let (token, owner) = (device_token(), somebody());
    let new = device(&token, owner);
    accounts.insert_device(new.clone()).await.unwrap();
    accounts.insert_device(device(&device_token(), owner)).await.unwrap();
    let rotation = Rotation {
        shown: token.hash(),
        next: device_token().hash(),
        grace: DAY,
        client: client(),
        now: at(1),
    };
    accounts.use_device(new.device.id, rotation).await.unwrap();
    assert_eq!(accounts.purge((START + 90 * DAY).before(MILLI), 100).await.unwrap(), 0);
    assert_eq!(accounts.purge(START + 90 * DAY, 100).await.unwrap(), 1);
    assert_eq!(accounts.devices_of(owner).await.unwrap()[0].id, new.device.id);
    assert_eq!(accounts.purge(at(1) + 90 * DAY, 100).await.unwrap(), 1);
    assert!(accounts.devices_of(owner).await.unwrap().is_empty());
}

pub async fn s5_guesses_are_purged_once_they_count_no_more(store: impl Backend) {
    let (accounts, owner) = (store.accounts(), somebody());
    let count = async |now| {
        let guess = accounts.count_guess(owner, Guesser::Unknown, GuessBudget::default(), now);
        guess.await.unwrap()
    };
    for _ in 0..10 {
        count(START).await;
    }
    assert!(matches!(count(START).await, Guessed::Spent { tell: true, .. }));
    let told_no_more = START + DAY;
    assert_eq!(accounts.purge(told_no_more.before(MILLI), 100).await.unwrap(), 0);
    assert_eq!(accounts.purge(told_no_more, 100).await.unwrap(), 1);
    assert_eq!(accounts.purge((START + 365 * DAY).before(MILLI), 100).await.unwrap(), 0);
    assert_eq!(accounts.purge(START + 365 * DAY, 100).await.unwrap(), 10);
}

pub async fn wrong_passwords_are_purged_once_they_are_forgotten(store: impl Backend) {
    let (accounts, rule) = (store.accounts(), DelayRule::default());
    accounts.count_password_failure("ada", rule, START).await.unwrap();
    accounts.count_password_failure("ada", rule, at(5)).await.unwrap();
    assert_eq!(accounts.purge((at(5) + DAY).before(MILLI), 100).await.unwrap(), 0);
    assert_eq!(accounts.purge(at(5) + DAY, 100).await.unwrap(), 1);
}

pub async fn the_audit_is_purged_after_ninety_days(store: impl Backend) {
    let accounts = store.accounts();
    for secs in [0, 1] {
        accounts.record(entry(Some(somebody()), at(secs))).await.unwrap();
    }
    assert_eq!(accounts.purge((START + 90 * DAY).before(MILLI), 100).await.unwrap(), 0);
    assert_eq!(accounts.purge(START + 90 * DAY, 100).await.unwrap(), 1);
    assert_eq!(accounts.latest_audit(None, 10).await.unwrap()[0].entry.at, at(1));
}

pub async fn a_purge_of_accounts_takes_no_more_than_its_limit_of_each_kind(store: impl Backend) {
    let accounts = store.accounts();
    for turn in 0..5 {
        accounts.record(entry(None, START)).await.unwrap();
        accounts.insert_device(device(&device_token(), somebody())).await.unwrap();
        let budget = GuessBudget::default();
        accounts.count_guess(somebody(), Guesser::Unknown, budget, START).await.unwrap();
        let rule = DelayRule::default();
        accounts.count_password_failure(&turn.to_string(), rule, START).await.unwrap();
    }
    let (long_after, mut gone) = (START + 400 * DAY, Vec::new());
    while gone.last() != Some(&0) {
        gone.push(accounts.purge(long_after, 2).await.unwrap());
    }
    assert_eq!(gone, [8, 8, 4, 0]);
}

/// Changes an account: what every other process has to hear of.
async fn change(accounts: &dyn Accounts, id: AccountId) {
    static TURN: AtomicU32 = AtomicU32::new(0);
    // A name that is there already is no change.
    let name = format!("Augusta {}", TURN.fetch_add(1, Ordering::Relaxed));
    accounts.set_full_name(id, Some(name.parse().unwrap())).await.unwrap().unwrap();
}

async fn is_told_within(accounts: &dyn Accounts, patience: Duration) -> bool {
    timeout(patience, StoreUpkeep::changed_elsewhere(accounts)).await.is_ok_and(|told| told.is_ok())
}

/// An account, the process that looks after it, and another process.
async fn watched(store: &impl Backend) -> (Arc<dyn Accounts>, Arc<dyn Accounts>, AccountId) {
    let made = account("ada", "ada@example.org");
    store.accounts().insert_account(made.clone()).await.unwrap();
    let other = store.elsewhere().await.accounts();
    // What was written before this one began to watch may be told or not.
    is_told_within(&*store.accounts(), A_WHILE).await;
    (store.accounts(), other, made.id)
}

pub async fn s35_a_change_of_an_account_elsewhere_is_told_once(store: impl Backend) {
    let (accounts, other, id) = watched(&store).await;
    let watched = accounts.clone();
    let watching = tokio::spawn(async move { watched.changed_elsewhere().await });
    let disabled = AccountStatus::Disabled { at: START };
    other.set_status(id, disabled).await.unwrap().unwrap();
    timeout(PATIENCE, watching).await.expect("told").unwrap().unwrap();
    for _ in 0..3 {
        change(&*other, id).await;
        change(&*accounts, id).await;
        assert!(is_told_within(&*accounts, PATIENCE).await, "a change between two calls is told");
        assert!(!is_told_within(&*accounts, A_WHILE).await, "and once");
    }
}

pub async fn s35_waiting_for_a_changed_account_can_be_broken_off(store: impl Backend) {
    let (accounts, other, id) = watched(&store).await;
    for polls in 0..20 {
        change(&*other, id).await;
        let patience = async {
            for _ in 0..polls {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            told = accounts.changed_elsewhere() => drop(told.unwrap()),
            () = patience => assert!(is_told_within(&*accounts, PATIENCE).await),
        }
    }
}

pub async fn ones_own_changes_of_accounts_are_none_elsewhere(store: impl Backend) {
    let (accounts, _other, id) = watched(&store).await;
    let changing = async {
        loop {
            change(&*accounts, id).await;
            accounts.purge(START, 100).await.unwrap();
        }
    };
    tokio::select! {
        _ = accounts.changed_elsewhere() => panic!("one's own change was told"),
        () = async { timeout(A_WHILE, changing).await.unwrap_or(()) } => {}
    }
}
