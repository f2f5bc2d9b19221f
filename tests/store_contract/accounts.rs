//! What a store of accounts promises.

use doorward::domain::account::{
    Account, AccountStatus, EmailChange, Epoch, GroupChange, NewAccount,
};
use doorward::domain::language::Language;
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

pub async fn s33_of_two_who_change_a_password_in_one_epoch_the_second_is_refused(
    store: impl Backend,
) {
    let accounts = store.accounts();
    let ada = account("ada", "ada@example.org");
    accounts.insert_account(ada.clone()).await.unwrap();
    let mut changing = tokio::task::JoinSet::new();
    for number in 0..20 {
        let (accounts, id) = (accounts.clone(), ada.id);
        let hash = PasswordHash::from_phc(format!("${number}"));
        changing.spawn(async move {
            let changed = accounts.set_password_in(id, Epoch(0), hash.clone()).await.unwrap();
            changed.map(|account| (account.epoch, hash))
        });
    }
    let changed: Vec<_> = changing.join_all().await.into_iter().flatten().collect();
    let [(Epoch(1), hash)] = changed.as_slice() else { panic!("{changed:?}") };
    let kept = find(&*accounts, "ada").await.unwrap();
    assert_eq!((kept.password.as_ref(), kept.account.epoch), (Some(hash), Epoch(1)));
}

pub async fn s33_turning_the_second_step_on_or_off_begins_a_new_epoch(store: impl Backend) {
    let accounts = store.accounts();
    let ada = account("ada", "ada@example.org");
    accounts.insert_account(ada.clone()).await.unwrap();
    assert!(!accounts.find_account(ada.id).await.unwrap().unwrap().second_step);
    let on = accounts.set_second_step(ada.id, Epoch(0), true).await.unwrap().unwrap();
    assert_eq!((on.second_step, on.epoch), (true, Epoch(1)));
    assert!(accounts.set_second_step(ada.id, Epoch(0), false).await.unwrap().is_none());
    let off = accounts.set_second_step(ada.id, Epoch(1), false).await.unwrap().unwrap();
    assert_eq!((off.second_step, off.epoch), (false, Epoch(2)));
}

pub async fn groups_are_given_and_taken_and_losing_one_begins_a_new_epoch(store: impl Backend) {
    let accounts = store.accounts();
    let ada = account("ada", "ada@example.org");
    accounts.insert_account(ada.clone()).await.unwrap();
    let named = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect();
    for (given, taken, groups, epoch) in [
        (&["wiki", "admins"][..], &["users"][..], &["admins", "wiki"][..], 1),
        // What is given twice, is there already or was never there changes nothing.
        (&["wiki", "staff", "staff"], &["nobody"], &["admins", "staff", "wiki"], 1),
        (&[], &["admins", "admins"], &["staff", "wiki"], 2),
        (&["admins"], &["wiki"], &["admins", "staff"], 3),
        (&["staff"], &["staff"], &["admins", "staff"], 3),
        (&[], &["admins", "staff"], &[], 4),
    ] {
        let change = GroupChange { given: named(given), taken: named(taken) };
        let before = accounts.find_account(ada.id).await.unwrap().unwrap();
        let (was, is) = accounts.change_groups(ada.id, &change).await.unwrap().unwrap();
        let kept = accounts.find_account(ada.id).await.unwrap().unwrap();
        assert_eq!((was.groups, was.epoch), (before.groups, before.epoch), "{change:?}");
        assert_eq!((is.groups.clone(), is.epoch), (named(groups), Epoch(epoch)), "{change:?}");
        assert_eq!((kept.groups, kept.epoch), (is.groups, is.epoch), "{change:?}");
    }
}

pub async fn of_groups_that_several_give_at_once_none_is_lost(store: impl Backend) {
    let accounts = store.accounts();
    let ada = account("ada", "ada@example.org");
    accounts.insert_account(ada.clone()).await.unwrap();
    let mut changing = tokio::task::JoinSet::new();
    for number in 0..8 {
        let (accounts, id) = (accounts.clone(), ada.id);
        let given = vec![format!("group-{number}").parse().unwrap()];
        changing.spawn(async move {
            let change = GroupChange { given, taken: Vec::new() };
            accounts.change_groups(id, &change).await.unwrap().unwrap();
        });
    }
    changing.join_all().await;
    let kept = accounts.find_account(ada.id).await.unwrap().unwrap();
    assert_eq!((kept.groups.len(), kept.epoch), (ada.groups.len() + 8, Epoch(0)));
}

pub async fn an_address_is_changed_unless_it_belongs_to_another_or_the_epoch_is_over(
    store: impl Backend,
) {
    let accounts = store.accounts();
    let (ada, grace) = (account("ada", "ada@example.org"), account("grace", "g@example.org"));
    accounts.insert_account(ada.clone()).await.unwrap();
    accounts.insert_account(grace).await.unwrap();
    let change = async |epoch, address: &str| {
        accounts.set_email(ada.id, epoch, address.parse().unwrap()).await.unwrap()
    };
    assert!(matches!(change(Epoch(0), "G@Example.org").await, EmailChange::Taken));
    assert!(matches!(change(Epoch(1), "new@example.org").await, EmailChange::Gone));
    let changed = change(Epoch(0), "Ada@Example.net").await;
    let EmailChange::Changed { account: now, before } = changed else { panic!("{changed:?}") };
    assert_eq!((now.email.as_str(), now.epoch), ("Ada@Example.net", Epoch(0)));
    assert_eq!(before.as_str(), "ada@example.org");
    assert!(find(&*accounts, "ada@example.org").await.is_none(), "the old one is nobody's");
    assert_eq!(find(&*accounts, "ada@example.net").await.unwrap().account.id, ada.id);
    let again = change(Epoch(0), "ADA@example.net").await;
    assert!(matches!(again, EmailChange::Changed { .. }), "in other letters it is still hers");
    let free = accounts.insert_account(account("new", "ada@example.org")).await.unwrap();
    assert_eq!(free, Inserted::Created);
}

pub async fn of_many_that_want_one_address_at_once_exactly_one_gets_it(store: impl Backend) {
    let accounts = store.accounts();
    let mut ids = Vec::new();
    for number in 0..20 {
        let one = account(&format!("u{number}"), &format!("{number}@example.org"));
        ids.push(one.id);
        accounts.insert_account(one).await.unwrap();
    }
    let mut wanting = tokio::task::JoinSet::new();
    for id in ids {
        let accounts = accounts.clone();
        wanting.spawn(async move {
            accounts.set_email(id, Epoch(0), "one@example.org".parse().unwrap()).await.unwrap()
        });
    }
    let outcomes = wanting.join_all().await;
    let changed = outcomes.iter().filter(|one| matches!(one, EmailChange::Changed { .. }));
    assert_eq!(changed.count(), 1);
}

pub async fn a_name_and_a_language_are_set_and_taken_away(store: impl Backend) {
    let accounts = store.accounts();
    let ada = account("ada", "ada@example.org");
    accounts.insert_account(ada.clone()).await.unwrap();
    assert_eq!(accounts.find_account(ada.id).await.unwrap().unwrap().language, None);
    let name = Some("Augusta Ada King".parse().unwrap());
    accounts.set_full_name(ada.id, name.clone()).await.unwrap().unwrap();
    let now = accounts.set_language(ada.id, Some(Language::German)).await.unwrap().unwrap();
    assert_eq!((now.full_name, now.language), (name, Some(Language::German)));
    accounts.set_full_name(ada.id, None).await.unwrap().unwrap();
    accounts.set_language(ada.id, None).await.unwrap().unwrap();
    let now = accounts.find_account(ada.id).await.unwrap().unwrap();
    assert_eq!((now.full_name, now.language, now.epoch), (None, None, Epoch(0)));
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
    assert!(accounts.set_password_in(somebody(), Epoch(0), hash).await.unwrap().is_none());
    assert!(accounts.set_second_step(somebody(), Epoch(0), true).await.unwrap().is_none());
    let change = GroupChange::default();
    assert!(accounts.change_groups(somebody(), &change).await.unwrap().is_none());
    assert!(accounts.set_full_name(somebody(), None).await.unwrap().is_none());
    assert!(accounts.set_language(somebody(), None).await.unwrap().is_none());
    let address = "new@example.org".parse().unwrap();
    let gone = accounts.set_email(somebody(), Epoch(0), address).await.unwrap();
    assert!(matches!(gone, EmailChange::Gone));
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
