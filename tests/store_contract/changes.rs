//! What a store promises that tells its own writes from those of others.

use std::time::Duration;

use doorward::store::{Flow, StoreUpkeep};
use tokio::time::timeout;

use crate::backends::Backend;
use crate::samples::{START, account, session, somebody, token};
use crate::upkeep::{PATIENCE, told, write};

/// Longer than it takes to learn of a change that there is.
const A_WHILE: Duration = Duration::from_millis(400);

pub async fn what_another_process_writes_is_seen_and_told(store: impl Backend) {
    let (flow, other) = (store.flow(), store.elsewhere().await);
    let token = token();
    let new = session(&token, somebody(), START);
    flow.create_session(new.clone()).await.unwrap();
    let watched = flow.clone();
    let watching = tokio::spawn(async move { watched.changed_elsewhere().await });
    assert!(other.flow().end_session(new.session.id).await.unwrap().is_some());
    assert!(flow.find_session(&token.hash()).await.unwrap().is_none(), "seen at once");
    timeout(PATIENCE, watching).await.expect("told").unwrap().unwrap();
    other.accounts().insert_account(account("ada", "ada@example.org")).await.unwrap();
    told(&*flow).await;
}

pub async fn a_change_between_two_calls_is_not_missed(store: impl Backend) {
    let (flow, other) = (store.flow(), store.elsewhere().await);
    for _ in 0..3 {
        write(&*other.flow()).await;
        write(&*flow).await;
        told(&*flow).await;
        assert!(!is_told(&*flow).await, "one change is told once");
    }
}

pub async fn ones_own_writes_are_no_change_elsewhere(store: impl Backend) {
    let flow = store.flow();
    store.accounts().insert_account(account("ada", "ada@example.org")).await.unwrap();
    let writing = async {
        loop {
            write(&*flow).await;
            flow.purge(START, 100).await.unwrap();
        }
    };
    tokio::select! {
        _ = flow.changed_elsewhere() => panic!("one's own write was told"),
        () = async { timeout(A_WHILE, writing).await.unwrap_or(()) } => {}
    }
}

async fn is_told(flow: &dyn Flow) -> bool {
    timeout(A_WHILE, StoreUpkeep::changed_elsewhere(flow)).await.is_ok()
}
