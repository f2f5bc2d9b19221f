//! What a store promises of accounts that come from elsewhere.

use doorward::domain::account::{AccountStatus, ImportedAccount, NewAccount};
use doorward::domain::language::Language;
use doorward::store::{AccountSource, Accounts, Imported};

use crate::backends::Backend;
use crate::samples::{account, at, find};

/// Accounts in a row, and what the store says of each.
#[derive(Default)]
struct Row {
    waiting: Vec<ImportedAccount>,
    came: Vec<Imported>,
    keep: bool,
    /// Done when all are tried and nothing is said yet.
    before_the_end: Option<Box<dyn FnOnce() + Send>>,
}

impl Row {
    fn of(accounts: impl IntoIterator<Item = NewAccount>, keep: bool) -> Self {
        let as_active = |account| ImportedAccount {
            account,
            status: AccountStatus::Active,
            second_step: false,
            language: None,
        };
        let mut waiting: Vec<_> = accounts.into_iter().map(as_active).collect();
        waiting.reverse();
        Self { waiting, keep, ..Self::default() }
    }
}

impl AccountSource for Row {
    fn next(&mut self) -> Option<ImportedAccount> {
        self.waiting.pop()
    }

    fn came(&mut self, of_it: Imported) {
        self.came.push(of_it);
    }

    fn keep(&mut self) -> bool {
        if let Some(look) = self.before_the_end.take() {
            look();
        }
        self.keep
    }
}

async fn names(accounts: &dyn Accounts) -> Vec<String> {
    let listed = accounts.list_accounts(None, 100).await.unwrap();
    listed.iter().map(|account| account.username.to_string()).collect()
}

pub async fn imported_accounts_are_as_they_were_elsewhere(store: impl Backend) {
    let accounts = store.accounts();
    let (ada, grace) = (account("Ada", "Ada@Example.org"), account("grace", "g@example.org"));
    let plain = NewAccount { full_name: None, password: None, groups: Vec::new(), ..grace.clone() };
    let mut row = Row::of([ada.clone(), plain], true);
    row.waiting[0].status = AccountStatus::Disabled { at: at(7) };
    row.waiting[1].second_step = true;
    row.waiting[1].language = Some(Language::German);
    accounts.import_accounts(&mut row).await.unwrap();
    assert_eq!(row.came, [Imported::Created, Imported::Created]);

    let page = accounts.list_accounts_with_passwords(None, 1).await.unwrap();
    let [found] = page.as_slice() else { panic!("{page:?}") };
    assert_eq!((found.account.id, &found.password), (ada.id, &ada.password));
    assert_eq!(found.account.username.as_str(), "Ada");
    assert_eq!(found.account.created_at, ada.created_at);
    assert_eq!((found.account.second_step, found.account.language), (true, Some(Language::German)));
    let groups: Vec<&str> = found.account.groups.iter().map(|group| group.as_str()).collect();
    assert_eq!(groups, ["admins", "users"]);
    let rest = accounts.list_accounts_with_passwords(Some("ADA"), 9).await.unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!((rest[0].account.id, &rest[0].password), (grace.id, &None));
    assert_eq!(rest[0].account.status, AccountStatus::Disabled { at: at(7) });
    assert!(rest[0].account.full_name.is_none());
    assert_eq!((rest[0].account.second_step, rest[0].account.language), (false, None));
    assert!(find(&*accounts, "ada@example.org").await.is_some());
}

pub async fn an_import_that_is_not_kept_has_never_been(store: impl Backend) {
    let accounts = store.accounts();
    let mut row = Row::of([account("ada", "ada@example.org")], false);
    accounts.import_accounts(&mut row).await.unwrap();
    assert_eq!(row.came, [Imported::Created]);
    assert!(names(&*accounts).await.is_empty());
    assert!(find(&*accounts, "ada").await.is_none());
    accounts.insert_account(account("ada", "ada@example.org")).await.unwrap();
}

pub async fn of_an_import_each_that_takes_what_belongs_to_another_is_told_why(store: impl Backend) {
    let accounts = store.accounts();
    let known = account("ada", "ada@example.org");
    accounts.insert_account(known.clone()).await.unwrap();
    let same_id = NewAccount { id: known.id, ..account("eve", "eve@example.org") };
    let mut row = Row::of(
        [
            account("ADA", "new@example.org"),
            account("new", "ADA@example.org"),
            same_id,
            account("grace", "grace@example.org"),
            account("Grace", "other@example.org"),
        ],
        true,
    );
    accounts.import_accounts(&mut row).await.unwrap();
    let expected = [
        Imported::UsernameTaken,
        Imported::EmailTaken,
        Imported::IdTaken,
        Imported::Created,
        Imported::UsernameTaken,
    ];
    assert_eq!(row.came, expected);
    assert_eq!(names(&*accounts).await, ["ada", "grace"]);
}

pub async fn nobody_sees_a_part_of_an_import(store: impl Backend) {
    let accounts = store.accounts();
    let many = (0..50).map(|n| account(&format!("a{n}"), &format!("a{n}@example.org")));
    let mut row = Row::of(many, true);
    let (seen, look) = std::sync::mpsc::channel();
    let reader = accounts.clone();
    let here = tokio::runtime::Handle::current();
    row.before_the_end = Some(Box::new(move || {
        let looked =
            std::thread::spawn(move || here.block_on(async { names(&*reader).await.len() }));
        seen.send(looked.join().unwrap()).unwrap();
    }));
    accounts.import_accounts(&mut row).await.unwrap();
    assert_eq!(look.recv().unwrap(), 0, "all are tried, and none is there before they are kept");
    assert_eq!(names(&*accounts).await.len(), 50);
}
