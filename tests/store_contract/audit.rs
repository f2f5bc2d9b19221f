//! What a store of the audit promises.

use std::time::Duration;

use doorward::domain::audit::{AuditEntry, AuditEvent, AuditResult, Noted, NumberedEntry};
use doorward::domain::client::UserAgent;
use doorward::domain::entropy::OsEntropy;
use doorward::domain::id::{AccountId, DeviceId};
use doorward::domain::time::Timestamp;

use crate::backends::Backend;
use crate::races::{MANY, at_once};
use crate::samples::{START, at, client, somebody};

/// An entry of `account`, if there is one, with everything that such an entry can have.
pub fn entry(account: Option<AccountId>, at: Timestamp) -> AuditEntry {
    AuditEntry {
        at,
        event: AuditEvent::Code.into(),
        result: AuditResult::Wrong.into(),
        account,
        address: Some(client().address),
        user_agent: client().user_agent,
        device: Some(DeviceId::generate(&OsEntropy, at)),
    }
}

fn instants(entries: &[NumberedEntry]) -> Vec<Timestamp> {
    entries.iter().map(|numbered| numbered.entry.at).collect()
}

pub async fn entries_are_kept_as_they_were_in_the_order_in_which_they_came(store: impl Backend) {
    let store = store.accounts();
    let mut expected = vec![AuditEntry {
        address: None,
        user_agent: UserAgent::default(),
        device: None,
        ..entry(None, at(9))
    }];
    for (index, &event) in AuditEvent::ALL.iter().enumerate() {
        let result = AuditResult::ALL[index % AuditResult::ALL.len()];
        let (event, result) = (event.into(), result.into());
        expected.push(AuditEntry { event, result, ..entry(Some(somebody()), START) });
    }
    // What a newer doorward beside this one has written is told as that has named it.
    let (event, result) = (Noted::Newer("teleported".into()), Noted::Newer("sideways".into()));
    expected.push(AuditEntry { event, result, ..entry(Some(somebody()), START) });
    for entry in &expected {
        store.record(entry.clone()).await.unwrap();
    }
    let kept = store.audit_after(0, None, 100).await.unwrap();
    assert!(kept.is_sorted_by(|earlier, later| earlier.number < later.number));
    assert_eq!(store.latest_audit(None, 100).await.unwrap(), kept);
    let kept: Vec<AuditEntry> = kept.into_iter().map(|numbered| numbered.entry).collect();
    assert_eq!(kept, expected);
}

pub async fn the_audit_can_be_read_page_by_page_and_followed(store: impl Backend) {
    let store = store.accounts();
    assert_eq!(store.audit_after(0, None, 2).await.unwrap(), []);
    for secs in 0..5 {
        store.record(entry(None, at(secs))).await.unwrap();
    }
    let (mut after, mut pages) = (0, Vec::new());
    loop {
        let page = store.audit_after(after, None, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.number;
        pages.push(instants(&page));
    }
    assert_eq!(pages, [vec![at(0), at(1)], vec![at(2), at(3)], vec![at(4)]]);
    store.record(entry(None, at(5))).await.unwrap();
    assert_eq!(instants(&store.audit_after(after, None, 2).await.unwrap()), [at(5)]);
}

pub async fn the_audit_of_one_account_is_told_apart(store: impl Backend) {
    let (store, ada, grace) = (store.accounts(), somebody(), somebody());
    for secs in 0..8 {
        let account = [Some(ada), Some(grace), None, Some(ada)][secs % 4];
        store.record(entry(account, at(i64::try_from(secs).unwrap()))).await.unwrap();
    }
    let first = store.audit_after(0, Some(ada), 2).await.unwrap();
    assert_eq!(instants(&first), [at(0), at(3)]);
    let rest = store.audit_after(first[1].number, Some(ada), 100).await.unwrap();
    assert_eq!(instants(&rest), [at(4), at(7)]);
    assert_eq!(store.audit_after(0, Some(somebody()), 100).await.unwrap(), []);
    assert_eq!(instants(&store.latest_audit(Some(grace), 100).await.unwrap()), [at(1), at(5)]);
}

pub async fn the_latest_entries_come_the_oldest_first(store: impl Backend) {
    let (store, ada) = (store.accounts(), somebody());
    for secs in 0..6 {
        let account = (secs % 2 == 0).then_some(ada);
        store.record(entry(account, at(secs))).await.unwrap();
    }
    let latest = store.latest_audit(None, 3).await.unwrap();
    assert_eq!(instants(&latest), [at(3), at(4), at(5)]);
    assert_eq!(instants(&store.latest_audit(Some(ada), 2).await.unwrap()), [at(2), at(4)]);
}

pub async fn the_latest_of_an_event_are_pushed_out_by_no_other(store: impl Backend) {
    let (store, ada, grace) = (store.accounts(), somebody(), somebody());
    let signed_in =
        |account, at| AuditEntry { event: AuditEvent::SignedIn.into(), ..entry(Some(account), at) };
    for secs in 0..3 {
        store.record(signed_in(ada, at(secs))).await.unwrap();
        store.record(signed_in(grace, at(10 + secs))).await.unwrap();
    }
    for secs in 20..40 {
        store.record(entry(Some(ada), at(secs))).await.unwrap();
    }
    let latest = async |limit| store.latest_of(ada, AuditEvent::SignedIn, limit).await.unwrap();
    assert_eq!(instants(&latest(10).await), [at(0), at(1), at(2)]);
    assert_eq!(instants(&latest(2).await), [at(1), at(2)]);
    assert_eq!(store.latest_of(somebody(), AuditEvent::SignedIn, 10).await.unwrap(), []);
}

pub async fn an_entry_never_has_the_number_of_one_that_is_gone(store: impl Backend) {
    let accounts = store.accounts();
    for _ in 0..3 {
        accounts.record(entry(None, START)).await.unwrap();
    }
    let last = accounts.latest_audit(None, 1).await.unwrap()[0].number;
    let later = START + Duration::from_secs(90 * 86_400);
    assert_eq!(accounts.purge(later, 100).await.unwrap(), 3);
    drop(accounts);
    let store = store.restart().await;
    let accounts = store.accounts();
    accounts.record(entry(None, later)).await.unwrap();
    let kept = accounts.audit_after(last, None, 100).await.unwrap();
    assert_eq!(instants(&kept), [later], "whoever follows misses nothing");
}

pub async fn of_many_parallel_entries_none_is_lost(store: impl Backend) {
    let other = store.elsewhere().await;
    let stores = [store.accounts(), other.accounts()];
    at_once(&stores, |store| async move {
        store.record(entry(None, START)).await.unwrap();
    })
    .await;
    assert_eq!(stores[0].audit_after(0, None, 100).await.unwrap().len(), MANY);
}
