//! What a store promises of tickets and of the families of sessions that they make.

use std::slice::from_ref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use doorward::domain::entropy::OsEntropy;
use doorward::domain::host::HostName;
use doorward::domain::id::FamilyId;
use doorward::domain::return_to::ReturnTo;
use doorward::domain::secret::{FlowSecret, TicketToken};
use doorward::domain::session::{NewSession, SessionUse};
use doorward::domain::ticket::{NewTicket, TICKET_LIFETIME, TakenTicket, TicketBrowser};
use doorward::domain::time::Timestamp;
use doorward::store::{Flow, Joined};

use crate::backends::Backend;
use crate::races::at_once;
use crate::samples::{START, at, session, somebody, token};

const MILLI: Duration = Duration::from_millis(1);

/// A ticket of a session that stands, for this browser at `other.example`.
#[derive(Clone)]
pub struct Issued {
    token: TicketToken,
    browser: TicketBrowser,
    source: NewSession,
}

fn other() -> HostName {
    "other.example".parse().unwrap()
}

fn a_browser() -> TicketBrowser {
    TicketBrowser::of(&FlowSecret::generate(&OsEntropy))
}

impl Issued {
    async fn at(flow: &dyn Flow, now: Timestamp) -> Self {
        let source = session(&token(), somebody(), now);
        flow.create_session(source.clone()).await.unwrap();
        Self::of(flow, source, now).await
    }

    pub async fn of(flow: &dyn Flow, source: NewSession, now: Timestamp) -> Self {
        let (token, browser) = (TicketToken::generate(&OsEntropy), a_browser());
        let ticket = NewTicket {
            token: token.hash(),
            session: source.session.id,
            host: other(),
            browser,
            return_to: ReturnTo::or_front_page("/page?a=b"),
            expires_at: now + TICKET_LIFETIME,
        };
        flow.issue_ticket(ticket).await.unwrap();
        Self { token, browser, source }
    }

    async fn take(&self, flow: &dyn Flow, now: Timestamp) -> Option<TakenTicket> {
        flow.take_ticket(&self.token.hash(), &other(), &self.browser, now).await.unwrap()
    }
}

/// A session of this family, about to be made elsewhere.
fn of_family(family: FamilyId, source: &NewSession) -> NewSession {
    let mut new = session(&token(), source.session.account, START);
    new.session.family = family;
    new.session.host = other();
    new
}

pub async fn a_ticket_gives_its_session_and_its_page_once(store: impl Backend) {
    let flow = store.flow();
    let issued = Issued::at(&*flow, START).await;
    let taken = issued.take(&*flow, at(1)).await.expect("it is good");
    assert_eq!(taken.session, issued.source.session);
    assert_eq!(taken.return_to.as_str(), "/page?a=b");
    assert_eq!(issued.take(&*flow, at(1)).await, None);
    let never_issued = TicketToken::generate(&OsEntropy);
    let taken = flow.take_ticket(&never_issued.hash(), &other(), &issued.browser, at(1)).await;
    assert_eq!(taken.unwrap(), None);
}

pub async fn of_fifty_that_show_a_ticket_at_once_exactly_one_is_let_in(store: impl Backend) {
    let flow = store.flow();
    let issued = Issued::at(&*flow, START).await;
    let taken = at_once(from_ref(&flow), |flow| {
        let issued = issued.clone();
        async move { issued.take(&*flow, START).await }
    })
    .await;
    assert_eq!(taken.iter().flatten().count(), 1);
}

pub async fn two_processes_take_a_ticket_once(store: impl Backend) {
    let elsewhere = store.elsewhere().await;
    let flows = [store.flow(), elsewhere.flow()];
    for _ in 0..5 {
        let issued = Issued::at(&*flows[0], START).await;
        let taken = at_once(&flows, |flow| {
            let issued = issued.clone();
            async move { issued.take(&*flow, START).await }
        })
        .await;
        assert_eq!(taken.iter().flatten().count(), 1);
    }
}

pub async fn a_ticket_ends_at_its_very_millisecond(store: impl Backend) {
    let flow = store.flow();
    let end = START + TICKET_LIFETIME;
    let (just, late) = (Issued::at(&*flow, START).await, Issued::at(&*flow, START).await);
    assert!(just.take(&*flow, end.before(MILLI)).await.is_some());
    assert_eq!(late.take(&*flow, end).await, None);
    assert_eq!(late.take(&*flow, START).await, None, "and a clock that is put back revives none");
}

pub async fn at_another_host_or_in_another_browser_a_ticket_is_refused_and_gone(
    store: impl Backend,
) {
    let flow = store.flow();
    for (host, same_browser) in [("wiki.example.com", true), ("other.example", false)] {
        let issued = Issued::at(&*flow, START).await;
        let browser = if same_browser { issued.browser } else { a_browser() };
        let host = host.parse().unwrap();
        let taken = flow.take_ticket(&issued.token.hash(), &host, &browser, START).await;
        assert_eq!(taken.unwrap(), None, "{host}");
        assert_eq!(issued.take(&*flow, START).await, None, "whoever shows it, it is gone");
    }
}

pub async fn s34_a_ticket_of_a_session_that_has_ended_is_nothing(store: impl Backend) {
    let flow = store.flow();
    let issued = Issued::at(&*flow, START).await;
    flow.end_session(issued.source.session.id).await.unwrap();
    assert_eq!(issued.take(&*flow, START).await, None);
    let issued = Issued::at(&*flow, START).await;
    flow.end_sessions_of(issued.source.session.account, None).await.unwrap();
    assert_eq!(issued.take(&*flow, START).await, None);
}

pub async fn of_one_session_the_latest_tickets_alone_are_kept(store: impl Backend) {
    let flow = store.flow();
    let first = Issued::at(&*flow, START).await;
    let another = Issued::at(&*flow, START).await;
    let mut latest = None;
    for secs in 0..200 {
        latest = Some(Issued::of(&*flow, first.source.clone(), at(secs)).await);
    }
    assert_eq!(first.take(&*flow, at(1)).await, None, "a flood of tickets fills no store");
    assert!(latest.unwrap().take(&*flow, at(200)).await.is_some());
    assert!(another.take(&*flow, at(1)).await.is_some(), "and pushes out nobody else's");
}

pub async fn tickets_are_purged_at_their_end(store: impl Backend) {
    let flow = store.flow();
    let issued = Issued::at(&*flow, START).await;
    let end = START + TICKET_LIFETIME;
    assert_eq!(flow.purge(end.before(MILLI), 100).await.unwrap(), 0);
    assert_eq!(flow.purge(end, 100).await.unwrap(), 1);
    assert_eq!(issued.take(&*flow, START).await, None);
}

pub async fn s34_all_sessions_of_a_family_end_together(store: impl Backend) {
    let flow = store.flow();
    let (first, stranger) = (token(), token());
    let begun = session(&first, somebody(), START);
    let family = begun.session.family;
    flow.create_session(begun.clone()).await.unwrap();
    flow.create_session(session(&stranger, begun.session.account, START)).await.unwrap();
    let joined = of_family(family, &begun);
    let here = Joined { ended: None };
    assert_eq!(flow.join_session(joined.clone(), START).await.unwrap(), Some(here));
    assert_eq!(flow.find_session(&joined.token).await.unwrap(), Some(joined.session.clone()));

    assert_eq!(flow.end_session(joined.session.id).await.unwrap(), Some(family));
    assert_eq!(flow.find_session(&joined.token).await.unwrap(), None);
    assert_eq!(flow.find_session(&first.hash()).await.unwrap(), None);
    assert!(flow.find_session(&stranger.hash()).await.unwrap().is_some(), "another sign-in stays");
}

pub async fn a_family_that_has_ended_gets_no_new_member(store: impl Backend) {
    let flow = store.flow();
    let begun = session(&token(), somebody(), START);
    let family = begun.session.family;
    let late = of_family(family, &begun);
    assert_eq!(flow.join_session(late.clone(), START).await.unwrap(), None, "it never began");
    flow.create_session(begun.clone()).await.unwrap();
    let hour = START + begun.session.idle;
    assert_eq!(flow.join_session(late.clone(), hour).await.unwrap(), None, "it has been idle");
    flow.end_session(begun.session.id).await.unwrap();
    assert_eq!(flow.join_session(late.clone(), START).await.unwrap(), None, "it was ended");
    assert_eq!(flow.find_session(&late.token).await.unwrap(), None);

    // The one that is replaced is no reason to stand for the one that takes its place.
    flow.create_session(begun.clone()).await.unwrap();
    let mut instead = of_family(family, &begun);
    instead.replaces = Some(begun.session.id);
    assert_eq!(flow.join_session(instead, START).await.unwrap(), None);
    assert!(flow.find_session(&begun.token).await.unwrap().is_some(), "and nothing was replaced");
}

pub async fn of_joining_and_ending_at_once_no_session_is_left_over(store: impl Backend) {
    let flow = store.flow();
    for _ in 0..10 {
        let begun = session(&token(), somebody(), START);
        flow.create_session(begun.clone()).await.unwrap();
        let turn = AtomicUsize::new(0);
        at_once(from_ref(&flow), |flow| {
            let (begun, ends) = (begun.clone(), turn.fetch_add(1, Ordering::Relaxed) == 25);
            async move {
                if ends {
                    flow.end_session(begun.session.id).await.unwrap();
                } else {
                    let late = of_family(begun.session.family, &begun);
                    flow.join_session(late, START).await.unwrap();
                }
            }
        })
        .await;
        assert_eq!(flow.sessions_of(begun.session.account, START).await.unwrap(), []);
    }
}

pub async fn a_session_of_another_family_ends_all_of_the_one_that_it_replaces(store: impl Backend) {
    let flow = store.flow();
    let old = session(&token(), somebody(), START);
    flow.create_session(old.clone()).await.unwrap();
    let sibling = of_family(old.session.family, &old);
    flow.join_session(sibling.clone(), START).await.unwrap();

    // In the same family the others stay.
    let mut raised = of_family(old.session.family, &old);
    raised.replaces = Some(old.session.id);
    assert_eq!(flow.create_session(raised.clone()).await.unwrap(), None);
    assert_eq!(flow.find_session(&old.token).await.unwrap(), None);
    assert!(flow.find_session(&sibling.token).await.unwrap().is_some());

    // Somebody else signs in, in the same browser.
    let mut new = session(&token(), somebody(), START);
    new.replaces = Some(raised.session.id);
    let ended = flow.create_session(new.clone()).await.unwrap();
    assert_eq!(ended, Some(old.session.family));
    assert_eq!(flow.find_session(&raised.token).await.unwrap(), None);
    assert_eq!(flow.find_session(&sibling.token).await.unwrap(), None);
    assert!(flow.find_session(&new.token).await.unwrap().is_some());
}

pub async fn s38_who_is_busy_at_one_host_is_idle_at_none(store: impl Backend) {
    let flow = store.flow();
    let begun = session(&token(), somebody(), START);
    flow.create_session(begun.clone()).await.unwrap();
    let sibling = of_family(begun.session.family, &begun);
    flow.join_session(sibling.clone(), START).await.unwrap();
    let stranger = session(&token(), begun.session.account, START);
    flow.create_session(stranger.clone()).await.unwrap();
    flow.touch_sessions(&[SessionUse::of(&sibling.session, at(600))]).await.unwrap();
    for (token, seen_at) in
        [(begun.token, at(600)), (sibling.token, at(600)), (stranger.token, START)]
    {
        assert_eq!(flow.find_session(&token).await.unwrap().unwrap().seen_at, seen_at);
    }
}

pub async fn s33_the_family_of_the_session_excepted_is_kept(store: impl Backend) {
    let flow = store.flow();
    let here = session(&token(), somebody(), START);
    flow.create_session(here.clone()).await.unwrap();
    let sibling = of_family(here.session.family, &here);
    flow.join_session(sibling.clone(), START).await.unwrap();
    let elsewhere = session(&token(), here.session.account, START);
    flow.create_session(elsewhere.clone()).await.unwrap();
    let account = here.session.account;
    assert_eq!(flow.end_sessions_of(account, Some(here.session.id)).await.unwrap(), 1);
    assert!(flow.find_session(&sibling.token).await.unwrap().is_some());
    assert_eq!(flow.find_session(&elsewhere.token).await.unwrap(), None);
    assert_eq!(flow.end_sessions_of(account, None).await.unwrap(), 2);
}

pub async fn tickets_outlast_a_restart(store: impl Backend) {
    let issued = Issued::at(&*store.flow(), START).await;
    let store = store.restart().await;
    assert!(issued.take(&*store.flow(), START).await.is_some());
}
