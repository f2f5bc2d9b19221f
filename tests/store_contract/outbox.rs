//! What an outbox promises.

use std::time::Duration;

use doorward::domain::challenge::Reissued;
use doorward::domain::id::MailId;
use doorward::domain::mail::Message;
use doorward::store::Flow;

use crate::backends::Backend;
use crate::samples::{ADDRESS, Browser, LIFETIME, RIGHT, START, at, challenged};

const LEASE: Duration = Duration::from_secs(60);

pub async fn a_mail_is_leased_as_it_was_written_and_to_one_worker(store: impl Backend) {
    let flow = store.flow();
    let browser = challenged(&*flow).await;
    let leased = flow.lease_mails(10, LEASE, START).await.unwrap();
    assert_eq!(leased.len(), 1);
    let mail = &leased[0];
    assert_eq!((mail.kind.as_str(), mail.attempts), ("sign_in_code", 0));
    assert_eq!((mail.created_at, mail.not_after), (START, START + LIFETIME));
    let opened = browser.open_mail(mail.id, &mail.sealed);
    assert_eq!(opened.to.as_str(), ADDRESS);
    let Message::SignInCode { code, .. } = opened.message else { panic!("another mail") };
    assert_eq!(code.expose(), RIGHT);
    assert!(flow.lease_mails(10, LEASE, at(1)).await.unwrap().is_empty());
    assert_eq!(flow.count_mails().await.unwrap(), 1, "it stays until it is delivered");
}

pub async fn the_oldest_mails_are_leased_first(store: impl Backend) {
    let flow = store.flow();
    for secs in [3, 1, 2] {
        let opened = Browser::new().challenge(RIGHT, at(secs));
        flow.open_challenge(opened).await.unwrap();
    }
    let first: Vec<_> = flow.lease_mails(2, LEASE, at(5)).await.unwrap();
    assert_eq!(first.iter().map(|mail| mail.created_at).collect::<Vec<_>>(), [at(1), at(2)]);
    let rest: Vec<_> = flow.lease_mails(2, LEASE, at(5)).await.unwrap();
    assert_eq!(rest.iter().map(|mail| mail.created_at).collect::<Vec<_>>(), [at(3)]);
}

pub async fn a_lease_that_runs_out_makes_its_mail_due_again(store: impl Backend) {
    let flow = store.flow();
    challenged(&*flow).await;
    let first = leased(&*flow, 0).await;
    assert_eq!(first.len(), 1);
    let last = at(60).before(Duration::from_millis(1));
    assert!(flow.lease_mails(10, LEASE, last).await.unwrap().is_empty());
    assert_eq!(leased(&*flow, 60).await, first);
}

pub async fn a_postponed_mail_is_due_at_its_instant_and_counts_its_attempts(store: impl Backend) {
    let flow = store.flow();
    challenged(&*flow).await;
    let id = leased(&*flow, 0).await[0].0;
    flow.postpone_mail(id, at(10)).await.unwrap();
    assert!(leased(&*flow, 9).await.is_empty());
    assert_eq!(leased(&*flow, 10).await, [(id, 1)], "the lease of before is over");
    flow.postpone_mail(id, at(200)).await.unwrap();
    assert!(leased(&*flow, 199).await.is_empty());
    assert_eq!(leased(&*flow, 200).await, [(id, 2)]);
}

pub async fn a_mail_past_its_use_is_never_leased(store: impl Backend) {
    let flow = store.flow();
    challenged(&*flow).await;
    assert!(flow.lease_mails(10, LEASE, START + LIFETIME).await.unwrap().is_empty());
    let last = (START + LIFETIME).before(Duration::from_millis(1));
    assert_eq!(flow.lease_mails(10, LEASE, last).await.unwrap().len(), 1);
}

pub async fn a_removed_mail_is_gone_and_nothing_minds_its_absence(store: impl Backend) {
    let flow = store.flow();
    let browser = challenged(&*flow).await;
    let id = leased(&*flow, 0).await[0].0;
    challenged(&*flow).await;
    for _ in 0..2 {
        flow.remove_mail(id).await.unwrap();
        flow.postpone_mail(id, at(1)).await.unwrap();
        assert_eq!(flow.count_mails().await.unwrap(), 1, "the other one");
    }
    assert!(matches!(browser.resend(&*flow, "111111", at(61)).await, Reissued::Sent(_)));
    assert_eq!(flow.count_mails().await.unwrap(), 2, "a further code needs no mail of before");
}

pub async fn a_clock_that_is_put_back_leases_nothing_twice(store: impl Backend) {
    let flow = store.flow();
    challenged(&*flow).await;
    assert_eq!(leased(&*flow, 0).await.len(), 1);
    assert!(leased(&*flow, -3600).await.is_empty());
    assert_eq!(leased(&*flow, 60).await.len(), 1, "and nothing is lost");
}

pub async fn mails_and_leases_outlast_a_restart(store: impl Backend) {
    challenged(&*store.flow()).await;
    let first = leased(&*store.flow(), 0).await;
    let store = store.restart().await;
    assert!(leased(&*store.flow(), 59).await.is_empty());
    assert_eq!(leased(&*store.flow(), 60).await, first);
}

/// What can be leased so many seconds after the start, with the attempts before.
async fn leased(flow: &dyn Flow, secs: i64) -> Vec<(MailId, u32)> {
    let mails = flow.lease_mails(10, LEASE, at(secs)).await.unwrap();
    mails.iter().map(|mail| (mail.id, mail.attempts)).collect()
}
