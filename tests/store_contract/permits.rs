//! What a store promises of permits.

use std::time::Duration;

use doorward::domain::account::Epoch;
use doorward::domain::entropy::OsEntropy;
use doorward::domain::id::AccountId;
use doorward::domain::permit::{Permit, Permitted};
use doorward::domain::return_to::ReturnTo;
use doorward::domain::secret::FlowSecret;

use crate::backends::Backend;
use crate::races::at_once;
use crate::samples::{START, at, challenged, somebody};

pub fn permit(account: AccountId) -> Permit {
    Permit {
        allows: Permitted::NewPassword { account, epoch: Epoch(3) },
        host: "wiki.example.com".parse().unwrap(),
        return_to: ReturnTo::or_front_page("/page?a=b"),
        expires_at: at(600),
    }
}

pub async fn a_permit_is_found_as_it_was_made_and_taken_once(store: impl Backend) {
    let (flow, browser) = (store.flow(), FlowSecret::generate(&OsEntropy).permit_hash());
    let other_name = Permitted::OtherName { registration: somebody() };
    for new in [permit(somebody()), Permit { allows: other_name, ..permit(somebody()) }] {
        flow.create_permit(&browser, new.clone()).await.unwrap();
        for _ in 0..2 {
            assert_eq!(flow.find_permit(&browser, at(1)).await.unwrap(), Some(new.clone()));
        }
        assert_eq!(flow.take_permit(&browser, at(2)).await.unwrap(), Some(new));
        assert_eq!(flow.take_permit(&browser, at(2)).await.unwrap(), None);
        assert_eq!(flow.find_permit(&browser, at(2)).await.unwrap(), None);
    }
}

pub async fn s28_a_permit_is_no_challenge_and_a_challenge_no_permit(store: impl Backend) {
    let flow = store.flow();
    let browser = challenged(&*flow).await;
    let hash = browser.secret.permit_hash();
    assert_eq!(flow.find_permit(&hash, START).await.unwrap(), None);
    assert_ne!(hash.as_bytes(), browser.flow().as_bytes(), "key spaces of their own");
    flow.create_permit(&hash, permit(somebody())).await.unwrap();
    assert!(browser.find(&*flow).await.is_some(), "the challenge stands beside it");
}

pub async fn a_permit_ends_at_its_very_millisecond(store: impl Backend) {
    let (flow, browser) = (store.flow(), FlowSecret::generate(&OsEntropy).permit_hash());
    flow.create_permit(&browser, permit(somebody())).await.unwrap();
    assert_eq!(flow.take_permit(&browser, at(600)).await.unwrap(), None);
    let last = at(600).before(Duration::from_millis(1));
    assert_eq!(flow.purge(last, 10).await.unwrap(), 0);
    assert!(flow.take_permit(&browser, last).await.unwrap().is_some());
    flow.create_permit(&browser, permit(somebody())).await.unwrap();
    assert_eq!(flow.purge(at(600), 10).await.unwrap(), 1);
}

pub async fn of_fifty_that_take_a_permit_at_once_exactly_one_gets_it(store: impl Backend) {
    let other = store.elsewhere().await;
    let flows = [store.flow(), other.flow()];
    let browser = FlowSecret::generate(&OsEntropy).permit_hash();
    flows[0].create_permit(&browser, permit(somebody())).await.unwrap();
    let taken =
        at_once(&flows, |flow| async move { flow.take_permit(&browser, START).await.unwrap() })
            .await;
    assert_eq!(taken.into_iter().flatten().count(), 1);
}

pub async fn s41_permits_are_dropped_with_the_challenges_of_their_account(store: impl Backend) {
    let (flow, owner) = (store.flow(), somebody());
    let [theirs, others] = [owner, somebody()]
        .map(|account| (FlowSecret::generate(&OsEntropy).permit_hash(), permit(account)));
    for (browser, permit) in [&theirs, &others] {
        flow.create_permit(browser, permit.clone()).await.unwrap();
    }
    flow.drop_challenges_of(owner).await.unwrap();
    assert_eq!(flow.find_permit(&theirs.0, START).await.unwrap(), None);
    assert_eq!(flow.find_permit(&others.0, START).await.unwrap(), Some(others.1));
}
