//! What the upkeep of a store promises.

use std::time::Duration;

use doorward::store::Flow;
use tokio::time::timeout;

use crate::backends::Backend;
use crate::samples::{Browser, LIFETIME, RIGHT, START, at, challenged, session, somebody, token};

const HOUR: Duration = Duration::from_secs(3600);
const MILLI: Duration = Duration::from_millis(1);
/// Far longer than it takes to learn of a change.
pub const PATIENCE: Duration = Duration::from_secs(10);

pub async fn a_store_that_is_there_answers(store: impl Backend) {
    store.accounts().ping().await.unwrap();
    store.flow().ping().await.unwrap();
}

pub async fn s38_sessions_past_their_end_or_idle_too_long_are_purged(store: impl Backend) {
    let flow = store.flow();
    let (idle, used, over) = (token(), token(), token());
    let mut busy = session(&used, somebody(), START);
    busy.session.idle = Duration::MAX;
    flow.create_session(session(&idle, somebody(), START)).await.unwrap();
    flow.create_session(busy).await.unwrap();
    let mut short = session(&over, somebody(), START);
    short.session.expires_at = at(10);
    flow.create_session(short).await.unwrap();

    assert_eq!(flow.purge(at(10).before(MILLI), 100).await.unwrap(), 0);
    assert_eq!(flow.purge(at(10), 100).await.unwrap(), 1);
    assert!(flow.find_session(&over.hash()).await.unwrap().is_none());
    assert_eq!(flow.purge((START + HOUR).before(MILLI), 100).await.unwrap(), 0);
    assert_eq!(flow.purge(START + HOUR, 100).await.unwrap(), 1);
    assert!(flow.find_session(&idle.hash()).await.unwrap().is_none());
    assert_eq!(flow.purge((START + 12 * HOUR).before(MILLI), 100).await.unwrap(), 0);
    assert!(flow.find_session(&used.hash()).await.unwrap().is_some());
    assert_eq!(flow.purge(START + 12 * HOUR, 100).await.unwrap(), 1);
}

pub async fn challenges_are_purged_an_hour_after_their_end(store: impl Backend) {
    let flow = store.flow();
    let browser = Browser::new();
    flow.open_challenge(browser.decoy(RIGHT, START)).await.unwrap();
    let end = START + LIFETIME + HOUR;
    assert_eq!(flow.purge(end.before(MILLI), 100).await.unwrap(), 0);
    assert!(browser.find(&*flow).await.is_some());
    assert_eq!(flow.purge(end, 100).await.unwrap(), 1);
    assert!(browser.find(&*flow).await.is_none());
}

pub async fn mails_past_their_use_are_purged(store: impl Backend) {
    let flow = store.flow();
    challenged(&*flow).await;
    assert_eq!(flow.purge((START + LIFETIME).before(MILLI), 100).await.unwrap(), 0);
    assert_eq!(flow.count_mails().await.unwrap(), 1);
    assert_eq!(flow.purge(START + LIFETIME, 100).await.unwrap(), 1);
    assert_eq!(flow.count_mails().await.unwrap(), 0);
}

pub async fn a_purge_takes_no_more_than_its_limit_of_each_kind(store: impl Backend) {
    let flow = store.flow();
    for _ in 0..5 {
        challenged(&*flow).await;
        flow.create_session(session(&token(), somebody(), START)).await.unwrap();
    }
    let (long_after, mut gone) = (START + 24 * HOUR, Vec::new());
    while gone.last() != Some(&0) {
        gone.push(flow.purge(long_after, 2).await.unwrap());
    }
    assert!(gone[0] >= 6 && gone[0] <= 8, "{gone:?}");
    assert_eq!(gone.iter().sum::<u64>(), 15, "{gone:?}");
}

pub async fn waiting_for_a_change_can_be_broken_off(store: impl Backend) {
    let (flow, other) = (store.flow(), store.elsewhere().await);
    for polls in 0..30 {
        write(&*other.flow()).await;
        let patience = async {
            for _ in 0..polls {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            changed = flow.changed_elsewhere() => drop(changed.unwrap()),
            () = patience => told(&*flow).await,
        }
    }
}

pub async fn write(flow: &dyn Flow) {
    flow.create_session(session(&token(), somebody(), START)).await.unwrap();
}

pub async fn told(flow: &dyn Flow) {
    timeout(PATIENCE, flow.changed_elsewhere()).await.expect("a change is told").unwrap();
}
