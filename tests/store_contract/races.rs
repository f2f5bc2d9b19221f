//! What holds when many do the same at once.

use std::collections::HashSet;
use std::slice::from_ref;
use std::sync::Arc;
use std::time::Duration;

use doorward::domain::challenge::{Redeemed, Reissued};
use doorward::store::Flow;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::backends::Backend;
use crate::samples::{Browser, RIGHT, START, WRONG, at, challenged};

pub const MANY: usize = 50;

pub async fn s2_of_fifty_parallel_right_codes_exactly_one_is_accepted(store: impl Backend) {
    let flow = store.flow();
    let browser = challenged(&*flow).await;
    let outcomes = redeem_at_once(from_ref(&flow), &browser, RIGHT).await;
    let accepted = outcomes.iter().filter(|outcome| matches!(outcome, Redeemed::Accepted(_)));
    assert_eq!(accepted.count(), 1);
    let spent = outcomes.iter().filter(|outcome| matches!(outcome, Redeemed::Spent));
    assert_eq!(spent.count(), MANY - 1);
}

pub async fn s3_of_fifty_parallel_wrong_codes_five_are_compared_and_then_the_right_one_fails(
    store: impl Backend,
) {
    let flow = store.flow();
    let browser = challenged(&*flow).await;
    let outcomes = redeem_at_once(from_ref(&flow), &browser, WRONG).await;
    let mut left = Vec::new();
    for outcome in outcomes {
        match outcome {
            Redeemed::Wrong { attempts_left } => left.push(attempts_left.get()),
            Redeemed::WrongAndExhausted => left.push(0),
            other => assert_eq!(other, Redeemed::Exhausted),
        }
    }
    left.sort_unstable();
    assert_eq!(left, [0, 1, 2, 3, 4], "five are compared, each counted once");
    assert_eq!(browser.redeem(&*flow, RIGHT, START).await, Redeemed::Exhausted);
}

pub async fn s2_two_processes_accept_a_code_once(store: impl Backend) {
    let other = store.elsewhere().await;
    let flows = [store.flow(), other.flow()];
    for _ in 0..5 {
        let browser = challenged(&*flows[0]).await;
        let outcomes = redeem_at_once(&flows, &browser, RIGHT).await;
        let accepted = outcomes.iter().filter(|outcome| matches!(outcome, Redeemed::Accepted(_)));
        assert_eq!(accepted.count(), 1);
    }
}

pub async fn s10_of_fifty_parallel_resends_exactly_one_is_sent(store: impl Backend) {
    let flow = store.flow();
    let browser = challenged(&*flow).await;
    let resends = at_once(from_ref(&flow), |flow| {
        let browser = browser.clone();
        async move { browser.resend(&*flow, "111111", at(30)).await }
    })
    .await;
    let sent = resends.iter().filter(|outcome| matches!(outcome, Reissued::Sent(_))).count();
    assert_eq!(sent, 1);
    assert_eq!(flow.count_mails().await.unwrap(), 1);
}

pub async fn parallel_leases_never_overlap(store: impl Backend) {
    let other = store.elsewhere().await;
    let flows = [store.flow(), other.flow()];
    for _ in 0..30 {
        challenged(&*flows[0]).await;
    }
    let leases = at_once(&flows, |flow| async move {
        flow.lease_mails(2, Duration::from_secs(60), START).await.unwrap()
    })
    .await;
    let leased: Vec<_> = leases.into_iter().flatten().map(|mail| mail.id).collect();
    assert_eq!(leased.len(), 30, "all are leased");
    assert_eq!(leased.iter().collect::<HashSet<_>>().len(), 30, "and each once");
}

async fn redeem_at_once(
    flows: &[Arc<dyn Flow>],
    browser: &Browser,
    code: &'static str,
) -> Vec<Redeemed> {
    let redeem = |flow: Arc<dyn Flow>| {
        let browser = browser.clone();
        async move { browser.redeem(&*flow, code, START).await }
    };
    at_once(flows, redeem).await
}

/// Does it fifty times, all beginning together, with the handles in turn.
pub async fn at_once<S, T, W>(stores: &[Arc<S>], work: impl Fn(Arc<S>) -> W) -> Vec<T>
where
    S: ?Sized,
    T: Send + 'static,
    W: Future<Output = T> + Send + 'static,
{
    let gate = Arc::new(Barrier::new(MANY));
    let mut tasks = JoinSet::new();
    for store in stores.iter().cycle().take(MANY) {
        let (gate, work) = (gate.clone(), work(store.clone()));
        tasks.spawn(async move {
            gate.wait().await;
            work.await
        });
    }
    tasks.join_all().await
}
