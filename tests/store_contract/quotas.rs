//! What short-window quotas promise.

use std::time::Duration;

use doorward::domain::quota::{Quota, Rate};
use doorward::domain::time::Timestamp;
use doorward::store::{Flow, LimitName};
use tokio::task::JoinSet;

use crate::backends::Backend;
use crate::samples::at;

pub async fn a_quota_is_exact_and_told_apart_by_limit_and_key(store: impl Backend) {
    let flow = store.flow();
    exhaust(&*flow, "192.0.2.1").await;
    let minute = Duration::from_secs(60);
    let refused = count(&*flow, LimitName::SignIn, "192.0.2.1", at(0)).await;
    assert_eq!(refused, Quota::Exceeded { retry_after: minute });
    for (limit, key) in [(LimitName::SignIn, "192.0.2.11"), (LimitName::Verify, "192.0.2.1")] {
        assert_eq!(count(&*flow, limit, key, at(0)).await, Quota::Within);
    }
    assert!(is_refused(&*flow, "192.0.2.1", at(59)).await);
    assert!(!is_refused(&*flow, "192.0.2.1", at(60)).await);
    assert!(is_refused(&*flow, "192.0.2.1", at(60)).await);
}

pub async fn of_many_parallel_events_as_many_fit_as_the_rate_says(store: impl Backend) {
    let mut events = JoinSet::new();
    for _ in 0..50 {
        let flow = store.flow();
        events.spawn(async move { is_refused(&*flow, "192.0.2.1", at(0)).await });
    }
    let within = events.join_all().await.into_iter().filter(|refused| !refused).count();
    assert_eq!(within, 5);
}

pub async fn a_clock_that_is_put_back_does_not_refill_a_quota(store: impl Backend) {
    let flow = store.flow();
    exhaust(&*flow, "192.0.2.1").await;
    assert!(is_refused(&*flow, "192.0.2.1", at(-3600)).await);
    assert!(!is_refused(&*flow, "192.0.2.1", at(-3540)).await, "nor is anybody locked out");
}

pub async fn exhaust(flow: &dyn Flow, key: &str) {
    for _ in 0..5 {
        assert_eq!(count(flow, LimitName::SignIn, key, at(0)).await, Quota::Within);
    }
}

async fn is_refused(flow: &dyn Flow, key: &str, now: Timestamp) -> bool {
    count(flow, LimitName::SignIn, key, now).await != Quota::Within
}

async fn count(flow: &dyn Flow, limit: LimitName, key: &str, now: Timestamp) -> Quota {
    let rate: Rate = "5/5m".parse().unwrap();
    flow.count_quota(limit, key, rate, now).await.unwrap()
}
