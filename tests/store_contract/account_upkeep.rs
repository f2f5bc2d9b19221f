//! What the upkeep of a store of accounts promises.

use std::time::Duration;

use doorward::domain::budget::{DelayRule, GuessBudget};
use doorward::domain::device::{Guesser, Rotation};
use doorward::store::Guessed;

use crate::audit::entry;
use crate::backends::Backend;
use crate::samples::{START, at, client, device, device_token, somebody};

const DAY: Duration = Duration::from_secs(86_400);
const MILLI: Duration = Duration::from_millis(1);

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
