//! What a store of challenges promises of their links.

use std::slice::from_ref;
use std::time::Duration;

use doorward::domain::challenge::{Challenge, Purpose, Redeemed, Reissued};
use doorward::store::Flow;

use crate::backends::Backend;
use crate::races::{MANY, at_once};
use crate::samples::{Browser, LIFETIME, RELAY, RIGHT, START, WRONG, at, challenged, rule, wrong};

/// Another code, of another mail.
const OTHER: &str = "111111";

async fn look(flow: &dyn Flow, browser: &Browser, code: &str) -> Option<Challenge> {
    flow.find_link(&browser.link(code).hash()).await.unwrap()
}

async fn exhaust(flow: &dyn Flow, browser: &Browser) {
    for _ in 0..5 {
        browser.redeem(flow, WRONG, START).await;
    }
}

pub async fn s16_looking_at_a_link_changes_nothing(store: impl Backend) {
    let flow = store.flow();
    let browser = challenged(&*flow).await;
    let challenge = browser.find(&*flow).await;
    for _ in 0..3 {
        assert_eq!(look(&*flow, &browser, RIGHT).await, challenge);
    }
    assert_eq!(look(&*flow, &browser, WRONG).await, None, "another link is nobody's");
    assert_eq!(browser.find(&*flow).await, challenge);
    let Redeemed::Accepted(accepted) = browser.follow(&*flow, RIGHT, at(1)).await else {
        panic!("the link was refused");
    };
    let expected = Challenge { consumed_at: Some(at(1)), ..challenge.unwrap() };
    assert_eq!(*accepted, expected, "and no guess is counted");
    assert_eq!(look(&*flow, &browser, RIGHT).await, Some(expected), "it can say that it was used");
}

pub async fn s17_a_link_finishes_in_the_browser_that_asked_alone(store: impl Backend) {
    let flow = store.flow();
    let (mine, stranger) = (challenged(&*flow).await, Browser::new());
    let token = mine.link(RIGHT).hash();
    for _ in 0..2 {
        let elsewhere = flow.redeem_link(&stranger.flow(), Purpose::SignIn, &token, START).await;
        assert_eq!(elsewhere.unwrap(), Redeemed::Unknown);
        flow.open_challenge(stranger.challenge(OTHER, START)).await.unwrap();
    }
    assert_eq!(stranger.find(&*flow).await.unwrap().consumed_at, None);
    assert!(matches!(mine.follow(&*flow, RIGHT, START).await, Redeemed::Accepted(_)));
}

pub async fn s1_a_challenge_is_answered_once_by_code_or_link(store: impl Backend) {
    let flow = store.flow();
    let (by_link, by_code) = (challenged(&*flow).await, challenged(&*flow).await);
    assert!(matches!(by_link.follow(&*flow, RIGHT, START).await, Redeemed::Accepted(_)));
    assert!(matches!(by_code.redeem(&*flow, RIGHT, START).await, Redeemed::Accepted(_)));
    for browser in [by_link, by_code] {
        assert_eq!(browser.follow(&*flow, RIGHT, START).await, Redeemed::Spent);
        assert_eq!(browser.redeem(&*flow, RIGHT, START).await, Redeemed::Spent);
        assert_eq!(browser.redeem(&*flow, RELAY, START).await, Redeemed::Spent);
        assert_eq!(browser.follow(&*flow, RIGHT, START + LIFETIME).await, Redeemed::Spent);
    }
}

pub async fn s2_of_fifty_parallel_uses_of_a_link_exactly_one_is_accepted(store: impl Backend) {
    let other = store.elsewhere().await;
    let flows = [store.flow(), other.flow()];
    let browser = challenged(&*flows[0]).await;
    let outcomes = at_once(&flows, |flow| {
        let browser = browser.clone();
        async move { browser.follow(&*flow, RIGHT, START).await }
    })
    .await;
    let accepted = outcomes.iter().filter(|outcome| matches!(outcome, Redeemed::Accepted(_)));
    assert_eq!(accepted.count(), 1);
    let spent = outcomes.iter().filter(|outcome| matches!(outcome, Redeemed::Spent));
    assert_eq!(spent.count(), MANY - 1);
}

pub async fn s2_of_code_relay_code_and_link_in_parallel_exactly_one_is_accepted(
    store: impl Backend,
) {
    let flow = store.flow();
    let browser = challenged(&*flow).await;
    let turn = std::sync::atomic::AtomicUsize::new(0);
    let outcomes = at_once(from_ref(&flow), |flow| {
        let browser = browser.clone();
        let turn = turn.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        async move {
            match turn % 3 {
                0 => browser.redeem(&*flow, RIGHT, START).await,
                1 => browser.redeem(&*flow, RELAY, START).await,
                _ => browser.follow(&*flow, RIGHT, START).await,
            }
        }
    })
    .await;
    let accepted = outcomes.iter().filter(|outcome| matches!(outcome, Redeemed::Accepted(_)));
    assert_eq!(accepted.count(), 1);
}

pub async fn s9_after_a_resend_or_a_new_challenge_the_old_link_is_void(store: impl Backend) {
    let flow = store.flow();
    let (resent, again) = (challenged(&*flow).await, challenged(&*flow).await);
    assert!(matches!(resent.resend(&*flow, OTHER, at(30)).await, Reissued::Sent(_)));
    flow.open_challenge(again.challenge(OTHER, at(30))).await.unwrap();
    for browser in [resent, again] {
        assert_eq!(look(&*flow, &browser, RIGHT).await, None);
        assert_eq!(browser.follow(&*flow, RIGHT, at(31)).await, Redeemed::Unknown);
        assert_eq!(look(&*flow, &browser, OTHER).await, browser.find(&*flow).await);
        assert!(matches!(browser.follow(&*flow, OTHER, at(31)).await, Redeemed::Accepted(_)));
    }
}

pub async fn a_link_answers_a_challenge_whose_guesses_are_all_used(store: impl Backend) {
    let flow = store.flow();
    let browser = challenged(&*flow).await;
    exhaust(&*flow, &browser).await;
    assert_eq!(browser.redeem(&*flow, RIGHT, START).await, Redeemed::Exhausted);
    assert!(matches!(browser.follow(&*flow, RIGHT, START).await, Redeemed::Accepted(_)));
    assert_eq!(browser.follow(&*flow, RIGHT, START).await, Redeemed::Spent);
}

pub async fn s8_a_link_ends_at_its_very_millisecond(store: impl Backend) {
    let flow = store.flow();
    let (early, late, exhausted) =
        (challenged(&*flow).await, challenged(&*flow).await, challenged(&*flow).await);
    exhaust(&*flow, &exhausted).await;
    let end = START + LIFETIME;
    for browser in [&late, &exhausted] {
        assert_eq!(browser.follow(&*flow, RIGHT, end).await, Redeemed::Expired);
        assert_eq!(browser.find(&*flow).await.unwrap().consumed_at, None);
        assert!(look(&*flow, browser, RIGHT).await.is_some(), "its page can say so");
    }
    let last = end.before(Duration::from_millis(1));
    assert!(matches!(early.follow(&*flow, RIGHT, last).await, Redeemed::Accepted(_)));
}

pub async fn s26_the_link_and_relay_code_of_a_decoy_are_never_accepted(store: impl Backend) {
    let (flow, browser) = (store.flow(), Browser::new());
    flow.open_challenge(browser.decoy(RIGHT, START)).await.unwrap();
    assert_eq!(browser.follow(&*flow, RIGHT, START).await, Redeemed::Unknown);
    assert_eq!(browser.follow(&*flow, RIGHT, START + LIFETIME).await, Redeemed::Unknown);
    assert_eq!(browser.redeem(&*flow, RELAY, START).await, wrong(4));
    assert_eq!(browser.find(&*flow).await.unwrap().consumed_at, None);
}

pub async fn s17_a_relay_code_is_as_good_as_the_code_and_counts_like_it(store: impl Backend) {
    let flow = store.flow();
    let (mine, exhausted, stranger) =
        (challenged(&*flow).await, challenged(&*flow).await, Browser::new());
    let mut without = stranger.challenge(OTHER, START);
    without.link.relay = stranger.mac("222222");
    flow.open_challenge(without).await.unwrap();
    assert_eq!(stranger.redeem(&*flow, RELAY, START).await, wrong(4), "another's is wrong");
    let Redeemed::Accepted(accepted) = mine.redeem(&*flow, RELAY, at(1)).await else {
        panic!("the relay code was refused");
    };
    assert_eq!((accepted.attempts, accepted.consumed_at), (1, Some(at(1))));
    exhaust(&*flow, &exhausted).await;
    assert_eq!(exhausted.redeem(&*flow, RELAY, START).await, Redeemed::Exhausted);
}

pub async fn s9_after_a_resend_the_old_relay_code_is_wrong(store: impl Backend) {
    let flow = store.flow();
    let browser = challenged(&*flow).await;
    let mut further = browser.reissue(OTHER, at(30));
    further.link.relay = browser.mac("222222");
    let sent = flow.reissue_code(&browser.flow(), Purpose::SignIn, further, rule(), at(30)).await;
    assert!(matches!(sent.unwrap(), Reissued::Sent(_)));
    assert_eq!(browser.redeem(&*flow, RELAY, at(31)).await, wrong(4));
    assert!(matches!(browser.redeem(&*flow, "222222", at(31)).await, Redeemed::Accepted(_)));
}

pub async fn a_resend_that_is_refused_leaves_the_link(store: impl Backend) {
    let flow = store.flow();
    let browser = challenged(&*flow).await;
    assert!(matches!(browser.resend(&*flow, OTHER, at(29)).await, Reissued::Refused(_)));
    assert!(look(&*flow, &browser, OTHER).await.is_none());
    assert!(matches!(browser.follow(&*flow, RIGHT, at(29)).await, Redeemed::Accepted(_)));
}

pub async fn links_outlast_a_restart(store: impl Backend) {
    let flow = store.flow();
    let (used, unused) = (challenged(&*flow).await, challenged(&*flow).await);
    assert!(matches!(used.follow(&*flow, RIGHT, START).await, Redeemed::Accepted(_)));
    drop(flow);
    let store = store.restart().await;
    let flow = store.flow();
    assert_eq!(used.follow(&*flow, RIGHT, START).await, Redeemed::Spent);
    assert!(matches!(unused.follow(&*flow, RIGHT, START).await, Redeemed::Accepted(_)));
}
