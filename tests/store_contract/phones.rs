//! What a store of telephone numbers promises.

use doorward::domain::account::Epoch;
use doorward::domain::id::AccountId;
use doorward::domain::phone::{CodesBy, Phone, PhoneNumber};
use doorward::domain::secret::PasswordHash;
use doorward::store::{Accounts, PhoneSet};

use crate::backends::Backend;
use crate::samples::{START, account, at, somebody};

fn number(last: u32) -> PhoneNumber {
    format!("+4179123{last:04}").parse().unwrap()
}

/// Two accounts of the first epoch.
async fn two(accounts: &dyn Accounts) -> (AccountId, AccountId) {
    let (ada, grace) = (account("ada", "ada@example.org"), account("grace", "grace@example.org"));
    let ids = (ada.id, grace.id);
    accounts.insert_account(ada).await.unwrap();
    accounts.insert_account(grace).await.unwrap();
    ids
}

const FIRST: Epoch = Epoch(0);

pub async fn s36_a_number_is_of_one_account_and_an_account_has_one(store: impl Backend) {
    let accounts = store.accounts();
    let (ada, grace) = two(&*accounts).await;
    assert_eq!(accounts.find_phone(ada).await.unwrap(), None);
    assert!(accounts.find_account_by_phone(&number(1)).await.unwrap().is_none());
    let set = |id, last| {
        let accounts = accounts.clone();
        async move { accounts.set_phone(id, FIRST, &number(last), START).await.unwrap() }
    };
    assert_eq!(set(ada, 1).await, PhoneSet::Set);
    let kept = Phone { number: number(1), codes_by: CodesBy::Mail, verified_at: START };
    assert_eq!(accounts.find_phone(ada).await.unwrap(), Some(kept));
    assert_eq!(accounts.find_account_by_phone(&number(1)).await.unwrap().unwrap().id, ada);
    assert_eq!(set(grace, 1).await, PhoneSet::Taken);
    assert_eq!(accounts.find_phone(grace).await.unwrap(), None);
    // Another in its place frees the first.
    assert_eq!(accounts.set_phone(ada, FIRST, &number(2), at(5)).await.unwrap(), PhoneSet::Set);
    assert_eq!(accounts.find_phone(ada).await.unwrap().unwrap().verified_at, at(5));
    assert_eq!(set(grace, 1).await, PhoneSet::Set);
    assert_eq!(accounts.set_phone(ada, FIRST, &number(2), at(6)).await.unwrap(), PhoneSet::Set);
    assert_eq!(accounts.find_account(ada).await.unwrap().unwrap().epoch, FIRST);
    assert_eq!(set(somebody(), 3).await, PhoneSet::Gone);
}

pub async fn s33_what_codes_come_by_begins_a_new_epoch_and_so_does_taking_it_away(
    store: impl Backend,
) {
    let accounts = store.accounts();
    let (ada, grace) = two(&*accounts).await;
    let sms = CodesBy::Sms;
    assert!(accounts.set_codes_by(ada, FIRST, sms).await.unwrap().is_none(), "without a number");
    accounts.set_phone(ada, FIRST, &number(1), START).await.unwrap();
    accounts.set_phone(grace, FIRST, &number(2), START).await.unwrap();
    let mail = accounts.set_codes_by(ada, FIRST, CodesBy::Mail).await.unwrap();
    assert!(mail.is_none(), "it is so already");
    let changed = accounts.set_codes_by(ada, FIRST, sms).await.unwrap().unwrap();
    assert_eq!((changed.id, changed.epoch), (ada, Epoch(1)));
    assert_eq!(accounts.find_phone(ada).await.unwrap().unwrap().codes_by, sms);
    // Another number keeps how they come, and the epoch.
    accounts.set_phone(ada, Epoch(1), &number(3), START).await.unwrap();
    assert_eq!(accounts.find_phone(ada).await.unwrap().unwrap().codes_by, sms);
    let removed = accounts.remove_phone(ada, Epoch(1)).await.unwrap().unwrap();
    assert_eq!(removed.epoch, Epoch(2), "the second step is another now");
    assert_eq!(accounts.find_phone(ada).await.unwrap(), None);
    assert!(accounts.remove_phone(ada, Epoch(2)).await.unwrap().is_none());
    // Where codes came by mail, nothing ends.
    let removed = accounts.remove_phone(grace, FIRST).await.unwrap().unwrap();
    assert_eq!((removed.id, removed.epoch), (grace, FIRST));
}

pub async fn s33_nothing_of_a_number_is_changed_in_a_later_epoch(store: impl Backend) {
    let accounts = store.accounts();
    let (ada, _) = two(&*accounts).await;
    accounts.set_phone(ada, FIRST, &number(1), START).await.unwrap();
    let hash = PasswordHash::from_phc("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$b3RoZXI");
    accounts.set_password(ada, hash).await.unwrap().unwrap();
    assert_eq!(accounts.set_phone(ada, FIRST, &number(2), START).await.unwrap(), PhoneSet::Gone);
    assert!(accounts.set_codes_by(ada, FIRST, CodesBy::Sms).await.unwrap().is_none());
    assert!(accounts.remove_phone(ada, FIRST).await.unwrap().is_none());
    let phone = accounts.find_phone(ada).await.unwrap().unwrap();
    assert_eq!((phone.number, phone.codes_by), (number(1), CodesBy::Mail));
}

pub async fn of_many_that_want_one_number_at_once_exactly_one_gets_it(store: impl Backend) {
    let accounts = store.accounts();
    let mut wanting = tokio::task::JoinSet::new();
    for which in 0..20 {
        let one = account(&format!("a{which}"), &format!("{which}@example.org"));
        let id = one.id;
        accounts.insert_account(one).await.unwrap();
        let accounts = accounts.clone();
        wanting
            .spawn(async move { accounts.set_phone(id, FIRST, &number(1), START).await.unwrap() });
    }
    let came = wanting.join_all().await;
    assert_eq!(came.iter().filter(|set| **set == PhoneSet::Set).count(), 1);
    assert_eq!(came.iter().filter(|set| **set == PhoneSet::Taken).count(), 19);
}
