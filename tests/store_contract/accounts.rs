//! What a store of accounts promises.

use doorward::domain::account::{Account, AccountStatus, Epoch, NewAccount};
use doorward::domain::secret::PasswordHash;
use doorward::store::Inserted;

use crate::backends::Backend;
use crate::samples::{START, account, at, find, somebody};

pub async fn an_account_is_found_by_its_name_and_its_address_in_any_letter_case(
    store: impl Backend,
) {
    let accounts = store.accounts();
    let ada = account("Ada", "Ada@Example.org");
    assert_eq!(accounts.insert_account(ada.clone()).await.unwrap(), Inserted::Created);
    for login in ["Ada", "ada", "ADA", "Ada@Example.org", "ada@example.org", "ADA@EXAMPLE.ORG"] {
        let found = find(&*accounts, login).await.expect(login);
        assert_same(&found.account, &ada);
        assert_eq!(found.password, ada.password);
    }
    assert_same(&accounts.find_account(ada.id).await.unwrap().unwrap(), &ada);
    assert!(find(&*accounts, "grace").await.is_none());
    assert!(accounts.find_account(somebody()).await.unwrap().is_none());
}

pub async fn a_name_never_finds_an_account_by_its_address_nor_the_other_way_round(
    store: impl Backend,
) {
    let accounts = store.accounts();
    accounts.insert_account(account("ada", "grace@example.org")).await.unwrap();
    for nobody in ["grace", "ada@example.org", "grace@example.com", "ad%", "a_a"] {
        let Ok(login) = nobody.parse() else { continue };
        assert!(accounts.find_login(&login).await.unwrap().is_none(), "{nobody}");
    }
}

pub async fn a_name_or_address_in_use_is_refused_in_any_letter_case(store: impl Backend) {
    let accounts = store.accounts();
    accounts.insert_account(account("ada", "ada@example.org")).await.unwrap();
    accounts.insert_account(account("grace", "grace@example.org")).await.unwrap();
    for (username, email, expected) in [
        ("ADA", "new@example.org", Inserted::UsernameTaken),
        ("new", "ADA@example.org", Inserted::EmailTaken),
        ("ada", "ada@example.org", Inserted::UsernameTaken),
        ("ada", "grace@example.org", Inserted::UsernameTaken),
        ("grace", "ada@example.org", Inserted::UsernameTaken),
    ] {
        let refused = accounts.insert_account(account(username, email)).await.unwrap();
        assert_eq!(refused, expected, "{username} {email}");
    }
    assert_eq!(accounts.list_accounts(None, 100).await.unwrap().len(), 2);
}

pub async fn of_many_that_want_one_name_at_once_exactly_one_gets_it(store: impl Backend) {
    let accounts = store.accounts();
    let mut wanting = tokio::task::JoinSet::new();
    for number in 0..20 {
        let accounts = accounts.clone();
        let one = account("ada", &format!("{number}@example.org"));
        wanting.spawn(async move { accounts.insert_account(one).await.unwrap() });
    }
    let outcomes = wanting.join_all().await;
    assert_eq!(outcomes.iter().filter(|&&outcome| outcome == Inserted::Created).count(), 1);
    assert_eq!(outcomes.iter().filter(|&&outcome| outcome == Inserted::UsernameTaken).count(), 19);
}

pub async fn accounts_are_listed_in_order_page_by_page(store: impl Backend) {
    let accounts = store.accounts();
    for name in ["Delta", "alpha", "Charlie", "bravo", "echo"] {
        let email = format!("{name}@example.org");
        accounts.insert_account(account(name, &email)).await.unwrap();
    }
    let page = async |after: Option<&str>| {
        let page = accounts.list_accounts(after, 2).await.unwrap();
        page.iter().map(|account| account.username.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(page(None).await, ["alpha", "bravo"]);
    assert_eq!(page(Some("bravo")).await, ["Charlie", "Delta"]);
    assert_eq!(page(Some("CHARLIE")).await, ["Delta", "echo"]);
    assert_eq!(page(Some("cc")).await, ["Charlie", "Delta"], "a name that is nobody's will do");
    assert!(page(Some("echo")).await.is_empty());
}

pub async fn s39_disabling_begins_a_new_epoch_and_enabling_does_not(store: impl Backend) {
    let accounts = store.accounts();
    let ada = account("ada", "ada@example.org");
    accounts.insert_account(ada.clone()).await.unwrap();
    let disabled = AccountStatus::Disabled { at: at(5) };
    let now = accounts.set_status(ada.id, disabled).await.unwrap().unwrap();
    assert_eq!((now.status, now.epoch), (disabled, Epoch(1)));
    let now = accounts.set_status(ada.id, AccountStatus::Active).await.unwrap().unwrap();
    assert_eq!((now.status, now.epoch), (AccountStatus::Active, Epoch(1)));
    let kept = accounts.find_account(ada.id).await.unwrap().unwrap();
    assert_eq!((kept.status, kept.epoch), (AccountStatus::Active, Epoch(1)));
}

pub async fn s33_a_new_password_begins_a_new_epoch(store: impl Backend) {
    let accounts = store.accounts();
    let ada = NewAccount { password: None, ..account("ada", "ada@example.org") };
    accounts.insert_account(ada.clone()).await.unwrap();
    assert!(find(&*accounts, "ada").await.unwrap().password.is_none());
    let hash = PasswordHash::from_phc("$new");
    let now = accounts.set_password(ada.id, hash.clone()).await.unwrap().unwrap();
    assert_eq!(now.epoch, Epoch(1));
    let kept = find(&*accounts, "ada").await.unwrap();
    assert_eq!((kept.password, kept.account.epoch), (Some(hash), Epoch(1)));
}

pub async fn a_better_hash_takes_the_place_of_the_one_it_was_made_for_alone(store: impl Backend) {
    let accounts = store.accounts();
    let ada = account("ada", "ada@example.org");
    accounts.insert_account(ada.clone()).await.unwrap();
    let (old, better) = (ada.password.unwrap(), PasswordHash::from_phc("$better"));
    let other = PasswordHash::from_phc("$other");
    assert!(!accounts.upgrade_password_hash(ada.id, &other, better.clone()).await.unwrap());
    assert!(accounts.upgrade_password_hash(ada.id, &old, better.clone()).await.unwrap());
    assert!(!accounts.upgrade_password_hash(ada.id, &old, other).await.unwrap());
    let kept = find(&*accounts, "ada").await.unwrap();
    assert_eq!((kept.password, kept.account.epoch), (Some(better), Epoch(0)));
}

pub async fn nothing_is_changed_of_an_account_that_is_not_there(store: impl Backend) {
    let accounts = store.accounts();
    let hash = PasswordHash::from_phc("$hash");
    assert!(accounts.set_status(somebody(), AccountStatus::Active).await.unwrap().is_none());
    assert!(accounts.set_password(somebody(), hash.clone()).await.unwrap().is_none());
    assert!(!accounts.upgrade_password_hash(somebody(), &hash, hash.clone()).await.unwrap());
}

pub async fn accounts_outlast_a_restart(store: impl Backend) {
    let ada = account("ada", "ada@example.org");
    store.accounts().insert_account(ada.clone()).await.unwrap();
    let store = store.restart().await;
    assert_same(&find(&*store.accounts(), "ada").await.unwrap().account, &ada);
    let again = store.accounts().insert_account(account("ada", "x@example.org")).await.unwrap();
    assert_eq!(again, Inserted::UsernameTaken);
}

fn assert_same(found: &Account, made: &NewAccount) {
    assert_eq!(found.id, made.id);
    assert_eq!(found.username, made.username, "kept as it was typed");
    assert_eq!(found.email, made.email, "kept as it was typed");
    assert_eq!(found.full_name, made.full_name);
    let groups: Vec<_> = found.groups.iter().map(|group| group.as_str()).collect();
    assert_eq!(groups, ["admins", "users"], "in order");
    assert_eq!(found.status, AccountStatus::Active);
    assert_eq!(found.epoch, Epoch(0));
    assert_eq!(found.created_at, START);
}
