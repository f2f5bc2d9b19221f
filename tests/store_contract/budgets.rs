//! What a store of failures promises: the guess budget, and the delays after wrong passwords.

use std::time::Duration;

use doorward::domain::budget::{BudgetState, DelayRule, GuessBudget};
use doorward::domain::device::Guesser;
use doorward::domain::entropy::OsEntropy;
use doorward::domain::id::{AccountId, DeviceId};
use doorward::domain::time::Timestamp;
use doorward::store::{Accounts, CountedGuess, Guessed};

use crate::backends::Backend;
use crate::races::{MANY, at_once};
use crate::samples::{START, at, somebody};

const DAY: Duration = Duration::from_secs(86_400);
const MILLI: Duration = Duration::from_millis(1);
const NAME: &str = "ada from anywhere";

async fn guess(store: &dyn Accounts, account: AccountId, who: Guesser, now: Timestamp) -> Guessed {
    store.count_guess(account, who, GuessBudget::default(), now).await.unwrap()
}

async fn counted(
    store: &dyn Accounts,
    account: AccountId,
    who: Guesser,
    now: Timestamp,
) -> CountedGuess {
    match guess(store, account, who, now).await {
        Guessed::Counted(counted) => counted,
        Guessed::Spent { until, .. } => panic!("refused at {now} until {until}"),
    }
}

/// Spends a fresh budget at `now`.
async fn spend(store: &dyn Accounts, account: AccountId, who: Guesser, now: Timestamp) {
    for _ in 0..10 {
        counted(store, account, who, now).await;
    }
}

async fn is_refused(
    store: &dyn Accounts,
    account: AccountId,
    who: Guesser,
    now: Timestamp,
) -> bool {
    matches!(guess(store, account, who, now).await, Guessed::Spent { .. })
}

fn some_device() -> Guesser {
    Guesser::Device(DeviceId::generate(&OsEntropy, START))
}

pub async fn s5_the_eleventh_guess_of_a_day_is_refused_to_the_millisecond(store: impl Backend) {
    let (store, ada) = (store.accounts(), somebody());
    for secs in 0..10 {
        counted(&*store, ada, Guesser::Unknown, at(secs)).await;
    }
    let until = START + DAY;
    for now in [at(9), at(10), until.before(MILLI)] {
        let refused = guess(&*store, ada, Guesser::Unknown, now).await;
        assert!(matches!(refused, Guessed::Spent { until: end, .. } if end == until), "{now}");
    }
    counted(&*store, ada, Guesser::Unknown, until).await;
    assert!(is_refused(&*store, ada, Guesser::Unknown, until).await, "one made room for one");
}

pub async fn s5_whoever_guesses_as_often_as_can_be_gets_thirty_a_month_and_ninety_a_year(
    store: impl Backend,
) {
    let (store, ada) = (store.accounts(), somebody());
    let (mut now, mut guesses) = (START, Vec::new());
    while now < START + 366 * DAY {
        match guess(&*store, ada, Guesser::Unknown, now).await {
            Guessed::Counted(_) => guesses.push(now),
            Guessed::Spent { until, .. } => {
                assert!(until > now, "the end of a refusal lies ahead");
                assert!(is_refused(&*store, ada, Guesser::Unknown, until.before(MILLI)).await);
                store.purge(until, 100).await.unwrap();
                now = until;
            }
        }
    }
    let before = |end: Duration| guesses.iter().filter(|&&at| at < START + end).count();
    assert_eq!(before(DAY), 10);
    assert_eq!(before(30 * DAY), 30);
    assert_eq!(before(365 * DAY), 90);
    assert_eq!(before(366 * DAY), 100, "then those of the first day count no more");
}

pub async fn s5_of_fifty_parallel_guesses_exactly_ten_are_counted(store: impl Backend) {
    let other = store.elsewhere().await;
    let (stores, ada) = ([store.accounts(), other.accounts()], somebody());
    let guesses =
        at_once(&stores, |store| async move { guess(&*store, ada, Guesser::Unknown, START).await })
            .await;
    let counted = guesses.iter().filter(|guess| matches!(guess, Guessed::Counted(_))).count();
    assert_eq!(counted, 10);
    let told = guesses.iter().filter(|guess| matches!(guess, Guessed::Spent { tell: true, .. }));
    assert_eq!(told.count(), 1, "the owner is told once");
}

pub async fn s5_a_right_guess_takes_back_itself_and_no_other(store: impl Backend) {
    let (store, ada) = (store.accounts(), somebody());
    let first = counted(&*store, ada, Guesser::Unknown, START).await;
    let right = counted(&*store, ada, Guesser::Unknown, START).await;
    store.forgive_guess(right).await.unwrap();
    for _ in 0..9 {
        assert_ne!(counted(&*store, ada, Guesser::Unknown, START).await, right);
    }
    assert!(is_refused(&*store, ada, Guesser::Unknown, START).await);
    store.forgive_guess(right).await.unwrap();
    assert!(is_refused(&*store, ada, Guesser::Unknown, START).await, "nothing is forgiven twice");
    store.forgive_guess(first).await.unwrap();
    counted(&*store, ada, Guesser::Unknown, START).await;
}

pub async fn s56_strangers_spend_no_devices_budget_and_devices_none_but_their_own(
    store: impl Backend,
) {
    let (store, ada, grace) = (store.accounts(), somebody(), somebody());
    let (laptop, phone) = (some_device(), some_device());
    spend(&*store, ada, Guesser::Unknown, START).await;
    assert!(is_refused(&*store, ada, Guesser::Unknown, START).await);
    spend(&*store, ada, laptop, START).await;
    assert!(is_refused(&*store, ada, laptop, START).await);
    counted(&*store, ada, phone, START).await;
    counted(&*store, grace, Guesser::Unknown, START).await;
    counted(&*store, grace, laptop, START).await;
}

pub async fn the_owner_is_told_once_a_day_that_a_budget_is_spent(store: impl Backend) {
    let tell = async |store: &dyn Accounts, account, who, now| match guess(store, account, who, now)
        .await
    {
        Guessed::Spent { tell, .. } => tell,
        Guessed::Counted(_) => panic!("counted at {now}"),
    };
    let (accounts, ada, grace, laptop) = (store.accounts(), somebody(), somebody(), some_device());
    let hour = Duration::from_secs(3600);
    for who in [Guesser::Unknown, laptop] {
        spend(&*accounts, ada, who, START).await;
    }
    assert!(tell(&*accounts, ada, Guesser::Unknown, START + hour).await);
    assert!(!tell(&*accounts, ada, Guesser::Unknown, START + hour).await);
    assert!(!tell(&*accounts, ada, laptop, START + hour).await, "once an account");
    spend(&*accounts, grace, Guesser::Unknown, START).await;
    assert!(tell(&*accounts, grace, Guesser::Unknown, START + hour).await, "and each account");
    drop(accounts);
    let store = store.restart().await;
    let accounts = store.accounts();
    spend(&*accounts, ada, Guesser::Unknown, START + DAY).await;
    let day_after = START + hour + DAY;
    accounts.purge(day_after.before(MILLI), 100).await.unwrap();
    assert!(!tell(&*accounts, ada, Guesser::Unknown, day_after.before(MILLI)).await);
    assert!(tell(&*accounts, ada, Guesser::Unknown, day_after).await);
    assert!(!tell(&*accounts, ada, Guesser::Unknown, day_after).await);
}

pub async fn asking_how_a_budget_stands_counts_nothing_and_tells_nobody(store: impl Backend) {
    let (store, ada) = (store.accounts(), somebody());
    let state = async |now| {
        let state = store.guess_budget(ada, Guesser::Unknown, GuessBudget::default(), now);
        state.await.unwrap()
    };
    for _ in 0..11 {
        assert_eq!(state(START).await, BudgetState::Within);
    }
    spend(&*store, ada, Guesser::Unknown, START).await;
    let spent = BudgetState::Spent { until: START + DAY };
    assert_eq!(state((START + DAY).before(MILLI)).await, spent);
    assert_eq!(state(START + DAY).await, BudgetState::Within);
    let refused = guess(&*store, ada, Guesser::Unknown, START).await;
    assert_eq!(refused, Guessed::Spent { until: START + DAY, tell: true });
}

pub async fn a_clock_that_is_put_back_refills_no_budget_and_shortens_no_wait(store: impl Backend) {
    let (store, ada, rule) = (store.accounts(), somebody(), DelayRule::default());
    spend(&*store, ada, Guesser::Unknown, START).await;
    assert!(is_refused(&*store, ada, Guesser::Unknown, START.before(3 * DAY)).await);
    let mut next_try = START;
    for _ in 0..7 {
        next_try = store.count_password_failure(NAME, rule, START).await.unwrap().next_try;
    }
    let earlier = START.before(Duration::from_secs(60));
    let failures = store.count_password_failure(NAME, rule, earlier).await.unwrap();
    assert_eq!((failures.count, failures.next_try), (8, next_try));
}

pub async fn failures_outlast_a_restart(store: impl Backend) {
    let (accounts, ada, rule) = (store.accounts(), somebody(), DelayRule::default());
    spend(&*accounts, ada, Guesser::Unknown, START).await;
    accounts.count_password_failure(NAME, rule, START).await.unwrap();
    drop(accounts);
    let store = store.restart().await;
    let accounts = store.accounts();
    assert!(is_refused(&*accounts, ada, Guesser::Unknown, START).await);
    assert_eq!(accounts.count_password_failure(NAME, rule, START).await.unwrap().count, 2);
}

pub async fn wrong_passwords_are_free_at_first_and_then_each_doubles_the_wait(store: impl Backend) {
    let (store, rule) = (store.accounts(), DelayRule::default());
    assert!(store.next_password_try(NAME, START).await.unwrap() <= START);
    for (count, wait) in [(1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (6, 2), (7, 4), (8, 8)] {
        let failures = store.count_password_failure(NAME, rule, START).await.unwrap();
        assert_eq!((failures.count, failures.next_try), (count, at(wait)));
        assert_eq!(store.next_password_try(NAME, at(1)).await.unwrap(), at(wait));
    }
    assert!(store.next_password_try("another", START).await.unwrap() <= START, "keys are apart");
    let another = store.count_password_failure("another", rule, START).await.unwrap();
    assert_eq!(another.count, 1);
}

pub async fn a_right_password_forgets_the_failures_of_its_key_alone(store: impl Backend) {
    let (store, rule) = (store.accounts(), DelayRule::default());
    for key in [NAME, "another"] {
        for _ in 0..6 {
            store.count_password_failure(key, rule, START).await.unwrap();
        }
    }
    store.clear_password_failures(NAME).await.unwrap();
    store.clear_password_failures("of nobody").await.unwrap();
    assert!(store.next_password_try(NAME, START).await.unwrap() <= START);
    assert_eq!(store.next_password_try("another", START).await.unwrap(), at(2));
    assert_eq!(store.count_password_failure(NAME, rule, START).await.unwrap().count, 1);
}

pub async fn wrong_passwords_are_forgotten_a_day_after_the_last(store: impl Backend) {
    let (store, rule) = (store.accounts(), DelayRule::default());
    for _ in 0..6 {
        store.count_password_failure(NAME, rule, START).await.unwrap();
    }
    let just_before = (START + DAY).before(MILLI);
    let failures = store.count_password_failure(NAME, rule, just_before).await.unwrap();
    assert_eq!(failures.count, 7, "and this one begins another day");
    let later = just_before + DAY;
    assert!(store.next_password_try(NAME, later).await.unwrap() <= later);
    let failures = store.count_password_failure(NAME, rule, later).await.unwrap();
    assert_eq!((failures.count, failures.next_try), (1, later));
}

pub async fn of_many_parallel_wrong_passwords_each_is_counted(store: impl Backend) {
    let other = store.elsewhere().await;
    let stores = [store.accounts(), other.accounts()];
    let mut counts = at_once(&stores, |store| async move {
        store.count_password_failure(NAME, DelayRule::default(), START).await.unwrap().count
    })
    .await;
    counts.sort_unstable();
    let expected: Vec<u32> = (1..).take(MANY).collect();
    assert_eq!(counts, expected);
}
