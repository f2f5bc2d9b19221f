//! What a store promises of challenges for this and that.

use doorward::domain::account::Epoch;
use doorward::domain::challenge::{Aim, NewChallenge, Purpose, Redeemed, Reissued, Subject};
use doorward::domain::id::AccountId;
use doorward::domain::return_to::ReturnTo;
use doorward::store::Flow;

use crate::backends::Backend;
use crate::races::at_once;
use crate::samples::{Browser, RIGHT, START, at, challenged, rule, somebody};

/// One aim of each purpose but signing in.
fn aims() -> Vec<Aim> {
    let return_to = ReturnTo::front_page;
    vec![
        Aim::SignUp { email: "new@example.org".parse().unwrap(), return_to: return_to() },
        Aim::Reset { return_to: return_to() },
        Aim::EmailChange { new: "new@example.org".parse().unwrap(), return_to: return_to() },
        Aim::SecondStep { on: true, return_to: return_to() },
        Aim::SecondStep { on: false, return_to: return_to() },
    ]
}

fn about(account: AccountId) -> Subject {
    Subject::Account { id: account, epoch: Epoch(3) }
}

/// A challenge of a new browser, for this, about that.
fn challenge(aim: Aim, subject: Subject) -> (Browser, NewChallenge) {
    let browser = Browser::new();
    let mut new = browser.challenge(RIGHT, START);
    (new.challenge.aim, new.challenge.subject) = (aim, subject);
    (browser, new)
}

pub async fn a_challenge_is_kept_with_all_that_it_is_for(store: impl Backend) {
    let flow = store.flow();
    for aim in aims() {
        let (browser, new) = challenge(aim, about(somebody()));
        flow.open_challenge(new.clone()).await.unwrap();
        assert_eq!(browser.find(&*flow).await, Some(new.challenge.clone()));
        let found = flow.find_link(&browser.link(RIGHT).hash()).await.unwrap();
        assert_eq!(found, Some(new.challenge));
    }
}

pub async fn s7_a_code_or_link_for_one_purpose_is_nothing_for_another(store: impl Backend) {
    let flow = store.flow();
    for aim in aims() {
        let (browser, new) = challenge(aim, about(somebody()));
        flow.open_challenge(new.clone()).await.unwrap();
        let own = new.challenge.purpose();
        let (hash, guess) = (browser.flow(), browser.guess(RIGHT));
        let token = browser.link(RIGHT).hash();
        for other in Purpose::ALL.into_iter().filter(|purpose| *purpose != own) {
            let code = flow.redeem_code(&hash, other, &guess, START).await.unwrap();
            let link = flow.redeem_link(&hash, other, &token, START).await.unwrap();
            assert_eq!((code, link), (Redeemed::Unknown, Redeemed::Unknown), "{own:?} {other:?}");
            let (again, rule) = (browser.reissue("111111", at(30)), rule());
            let sent = flow.reissue_code(&hash, other, again, rule, at(30)).await.unwrap();
            assert_eq!(sent, Reissued::Unknown, "{own:?} {other:?}");
        }
        assert_eq!(browser.find(&*flow).await, Some(new.challenge), "nothing was counted");
        let right = flow.redeem_code(&hash, own, &guess, START).await.unwrap();
        assert!(matches!(right, Redeemed::Accepted(_)), "{own:?}");
    }
}

pub async fn s41_all_open_challenges_of_an_account_are_dropped_and_no_others(store: impl Backend) {
    let (flow, owner, other) = (store.flow(), somebody(), somebody());
    let mut dropped = Vec::new();
    for aim in aims() {
        let (browser, new) = challenge(aim, about(owner));
        flow.open_challenge(new).await.unwrap();
        dropped.push(browser);
    }
    let [answered, stays] = [owner, other].map(|account| {
        let aim = Aim::Reset { return_to: ReturnTo::front_page() };
        challenge(aim, about(account))
    });
    for (_, new) in [&answered, &stays] {
        flow.open_challenge(new.clone()).await.unwrap();
    }
    redeem_reset(&*flow, &answered.0).await;
    let mails = flow.count_mails().await.unwrap();

    assert_eq!(flow.drop_challenges_of(owner).await.unwrap(), 5);
    for browser in &dropped {
        assert_eq!(browser.find(&*flow).await, None);
        assert_eq!(flow.find_link(&browser.link(RIGHT).hash()).await.unwrap(), None);
    }
    assert_eq!(flow.count_mails().await.unwrap(), mails - 5, "their mails are not sent");
    assert!(answered.0.find(&*flow).await.unwrap().consumed_at.is_some(), "it can still say so");
    assert!(matches!(redeem_reset(&*flow, &stays.0).await, Redeemed::Accepted(_)));
    assert_eq!(flow.drop_challenges_of(owner).await.unwrap(), 0);
}

pub async fn s26_the_decoy_that_an_account_asked_for_is_dropped_like_the_real(store: impl Backend) {
    let (flow, owner) = (store.flow(), somebody());
    let aim = Aim::EmailChange {
        new: "taken@example.org".parse().unwrap(),
        return_to: ReturnTo::front_page(),
    };
    let (browser, new) = challenge(aim, Subject::Decoy { stands_for: owner });
    flow.open_challenge(new).await.unwrap();
    assert_eq!(flow.drop_challenges_of(owner).await.unwrap(), 1);
    assert_eq!(browser.find(&*flow).await, None);
}

pub async fn s41_of_codes_and_drops_in_parallel_a_code_comes_before_or_never(store: impl Backend) {
    let other = store.elsewhere().await;
    let flows = [store.flow(), other.flow()];
    let browser = challenged(&*flows[0]).await;
    let account = browser.find(&*flows[0]).await.unwrap().subject.id();
    let outcomes = at_once(&flows, |flow| {
        let browser = browser.clone();
        async move {
            let redeemed = browser.redeem(&*flow, RIGHT, START).await;
            let dropped = flow.drop_challenges_of(account).await.unwrap();
            (redeemed, dropped)
        }
    })
    .await;
    let accepted =
        outcomes.iter().filter(|(redeemed, _)| matches!(redeemed, Redeemed::Accepted(_))).count();
    let dropped: u64 = outcomes.iter().map(|(_, dropped)| dropped).sum();
    assert_eq!((accepted, dropped), (1, 0), "what was answered first is not dropped after");
}

async fn redeem_reset(flow: &dyn Flow, browser: &Browser) -> Redeemed {
    let guess = browser.guess(RIGHT);
    flow.redeem_code(&browser.flow(), Purpose::Reset, &guess, START).await.unwrap()
}
