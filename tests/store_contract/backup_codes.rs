//! What a store of backup codes promises.

use doorward::domain::account::BackupCodesLeft;
use doorward::domain::code::BackupCode;
use doorward::domain::entropy::OsEntropy;
use doorward::domain::id::AccountId;
use doorward::domain::keys::{KeyRing, ServerSecret};
use doorward::domain::secret::{CodeGuess, CodeMac};
use doorward::store::Accounts;

use crate::backends::Backend;
use crate::races::MANY;
use crate::samples::{START, at, somebody};

fn keys() -> KeyRing {
    KeyRing::derive(ServerSecret::new(vec![7; 32]).unwrap(), None)
}

/// A set of codes that `account` was given at the start.
async fn given(accounts: &dyn Accounts, account: AccountId) -> Vec<BackupCode> {
    let codes: Vec<_> = (0..BackupCode::SET).map(|_| BackupCode::generate(&OsEntropy)).collect();
    accounts.replace_backup_codes(account, macs(account, &codes), START).await.unwrap();
    codes
}

fn macs(account: AccountId, codes: &[BackupCode]) -> Vec<CodeMac> {
    codes.iter().map(|code| keys().backup_code_mac(account, code)).collect()
}

fn guess(account: AccountId, code: &BackupCode) -> CodeGuess {
    keys().backup_code_guess(account, code)
}

pub async fn s44_a_backup_code_is_used_once_and_by_its_account_alone(store: impl Backend) {
    let accounts = store.accounts();
    let (ada, grace) = (somebody(), somebody());
    assert_eq!(accounts.backup_codes_left(ada).await.unwrap(), BackupCodesLeft::default());
    let codes = given(&*accounts, ada).await;
    given(&*accounts, grace).await;
    let stolen = accounts.use_backup_code(grace, &guess(grace, &codes[0])).await.unwrap();
    assert_eq!(stolen, None, "a code of one account is nothing to another");
    let never = accounts.use_backup_code(ada, &CodeGuess::wrong()).await.unwrap();
    assert_eq!(never, None);
    for (used, code) in (1..=10).zip(&codes) {
        let left = accounts.use_backup_code(ada, &guess(ada, code)).await.unwrap();
        assert_eq!(left, Some(10 - used));
        let again = accounts.use_backup_code(ada, &guess(ada, code)).await.unwrap();
        assert_eq!(again, None);
    }
    assert_eq!(accounts.backup_codes_left(ada).await.unwrap(), BackupCodesLeft::default());
    let left = accounts.backup_codes_left(grace).await.unwrap();
    assert_eq!(left, BackupCodesLeft { left: 10, made_at: Some(START) });
}

pub async fn s44_a_new_set_kills_the_old(store: impl Backend) {
    let accounts = store.accounts();
    let ada = somebody();
    let old = given(&*accounts, ada).await;
    let new = BackupCode::generate(&OsEntropy);
    accounts.replace_backup_codes(ada, macs(ada, std::slice::from_ref(&new)), at(5)).await.unwrap();
    for code in &old {
        assert_eq!(accounts.use_backup_code(ada, &guess(ada, code)).await.unwrap(), None);
    }
    let left = accounts.backup_codes_left(ada).await.unwrap();
    assert_eq!(left, BackupCodesLeft { left: 1, made_at: Some(at(5)) });
    assert_eq!(accounts.use_backup_code(ada, &guess(ada, &new)).await.unwrap(), Some(0));
}

pub async fn s44_of_fifty_parallel_uses_of_a_backup_code_exactly_one_succeeds(store: impl Backend) {
    let accounts = store.accounts();
    let ada = somebody();
    let codes = given(&*accounts, ada).await;
    let mut using = tokio::task::JoinSet::new();
    for _ in 0..MANY {
        let (accounts, guess) = (accounts.clone(), guess(ada, &codes[3]));
        using.spawn(async move { accounts.use_backup_code(ada, &guess).await.unwrap() });
    }
    let succeeded: Vec<u32> = using.join_all().await.into_iter().flatten().collect();
    assert_eq!(succeeded, [9]);
}

pub async fn s44_two_processes_take_a_backup_code_once(store: impl Backend) {
    let (here, other) = (store.accounts(), store.elsewhere().await);
    let (there, ada) = (other.accounts(), somebody());
    for code in given(&*here, ada).await {
        let guess = guess(ada, &code);
        let (first, second) =
            tokio::join!(here.use_backup_code(ada, &guess), there.use_backup_code(ada, &guess));
        let taken = [first.unwrap(), second.unwrap()];
        assert_eq!(taken.iter().flatten().count(), 1, "{taken:?}");
    }
}

pub async fn s44_codes_of_a_key_that_still_verifies_are_taken(store: impl Backend) {
    let accounts = store.accounts();
    let ada = somebody();
    let codes = given(&*accounts, ada).await;
    let secret = |byte| ServerSecret::new(vec![byte; 32]).unwrap();
    let rotated = KeyRing::derive(secret(8), Some(secret(7)));
    let guess = rotated.backup_code_guess(ada, &codes[0]);
    assert_eq!(accounts.use_backup_code(ada, &guess).await.unwrap(), Some(9));
    let forgotten = KeyRing::derive(secret(8), None).backup_code_guess(ada, &codes[1]);
    assert_eq!(accounts.use_backup_code(ada, &forgotten).await.unwrap(), None);
}

pub async fn backup_codes_outlast_a_restart_and_none_is_kept_as_it_is(store: impl Backend) {
    let ada = somebody();
    let codes = given(&*store.accounts(), ada).await;
    let kept = store.everything_kept().await;
    for code in &codes {
        let readable = code.expose().as_bytes();
        assert!(!kept.windows(readable.len()).any(|window| window == readable));
    }
    let store = store.restart().await;
    let left = store.accounts().use_backup_code(ada, &guess(ada, &codes[9])).await.unwrap();
    assert_eq!(left, Some(9));
}
