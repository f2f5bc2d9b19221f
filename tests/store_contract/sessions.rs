//! What a store of sessions promises.

use std::time::Duration;

use doorward::domain::id::AccountId;
use doorward::domain::secret::SessionToken;
use doorward::domain::session::SessionUse;

use crate::backends::Backend;
use crate::samples::{START, at, session, somebody, token};

pub async fn a_session_is_found_by_its_token_alone_as_it_was_made(store: impl Backend) {
    let flow = store.flow();
    let token = token();
    let new = session(&token, somebody(), START);
    flow.create_session(new.clone()).await.unwrap();
    assert_eq!(flow.find_session(&token.hash()).await.unwrap(), Some(new.session));
    let mut other = *token.expose();
    other[31] ^= 1;
    assert_eq!(flow.find_session(&SessionToken::from_bytes(other).hash()).await.unwrap(), None);
}

pub async fn a_session_is_found_where_it_is_known_whose_it_is(store: impl Backend) {
    let flow = store.flow();
    let new = session(&token(), somebody(), START);
    flow.create_session(new.clone()).await.unwrap();
    let of = async |account| flow.find_session_of(account, &new.token).await.unwrap();
    assert_eq!(of(new.session.account).await, Some(new.session.clone()));
    assert_eq!(of(somebody_beside(new.session.account)).await, None);
    flow.end_session(new.session.id).await.unwrap();
    assert_eq!(of(new.session.account).await, None);
}

/// Somebody else, who lies in the same part of a store that has parts.
fn somebody_beside(account: AccountId) -> AccountId {
    let part = |account: AccountId| account.as_uuid().as_bytes()[15] % 16;
    std::iter::repeat_with(somebody).find(|other| part(*other) == part(account)).unwrap()
}

pub async fn several_sessions_are_found_at_once_each_where_it_was_asked_for(store: impl Backend) {
    let flow = store.flow();
    let ada = somebody();
    let (mut asked, mut there) = (Vec::new(), Vec::new());
    // Of everybody, and more of one account than are read in one step anywhere.
    for number in 0..150 {
        let account = if number % 2 == 0 { ada } else { somebody() };
        let new = session(&token(), account, at(number));
        flow.create_session(new.clone()).await.unwrap();
        asked.push((account, new.token));
        there.push(Some(new.session));
    }
    flow.touch_sessions(&[SessionUse::of(there[1].as_ref().unwrap(), at(600))]).await.unwrap();
    there[1].as_mut().unwrap().seen_at = at(600);
    for ended in [0, 70, 149] {
        let session = there[ended].take().unwrap();
        flow.end_session(session.id).await.unwrap();
    }
    asked.push((ada, token().hash()));
    asked.push((somebody_beside(ada), asked[2].1));
    asked.push(asked[2]);
    there.extend([None, None, there[2].clone()]);
    assert_eq!(flow.find_sessions_of(&asked).await.unwrap(), there);
    assert_eq!(flow.find_sessions_of(&[]).await.unwrap(), []);
}

pub async fn s28_a_new_session_ends_the_one_that_it_replaces(store: impl Backend) {
    let flow = store.flow();
    let (before, after) = (token(), token());
    let old = session(&before, somebody(), START);
    flow.create_session(old.clone()).await.unwrap();
    let mut new = session(&after, old.session.account, START);
    new.replaces = Some(old.session.id);
    flow.create_session(new).await.unwrap();
    assert!(flow.find_session(&before.hash()).await.unwrap().is_none());
    assert!(flow.find_session(&after.hash()).await.unwrap().is_some());
    assert_eq!(flow.count_sessions(START).await.unwrap(), 1);
}

pub async fn s34_an_ended_session_is_gone(store: impl Backend) {
    let flow = store.flow();
    let token = token();
    let new = session(&token, somebody(), START);
    flow.create_session(new.clone()).await.unwrap();
    assert_eq!(flow.end_session(new.session.id).await.unwrap(), Some(new.session.family));
    assert!(flow.find_session(&token.hash()).await.unwrap().is_none());
    assert_eq!(flow.end_session(new.session.id).await.unwrap(), None);
    flow.touch_sessions(&[SessionUse::of(&new.session, at(60))]).await.unwrap();
    assert!(flow.find_session(&token.hash()).await.unwrap().is_none(), "a use revives nothing");
}

pub async fn s38_a_later_use_is_noted_and_an_earlier_one_is_not(store: impl Backend) {
    let flow = store.flow();
    let token = token();
    let new = session(&token, somebody(), at(60));
    flow.create_session(new.clone()).await.unwrap();
    for (used, noted) in [(at(120), at(120)), (at(30), at(120)), (at(120), at(120))] {
        flow.touch_sessions(&[SessionUse::of(&new.session, used)]).await.unwrap();
        assert_eq!(flow.find_session(&token.hash()).await.unwrap().unwrap().seen_at, noted);
    }
}

pub async fn s38_many_uses_are_noted_at_once_each_by_itself(store: impl Backend) {
    let flow = store.flow();
    let ada = somebody();
    let mut made = Vec::new();
    // Of everybody, and more of one account than are noted in one step anywhere.
    for number in 0..150 {
        let account = if number % 2 == 0 { ada } else { somebody() };
        let new = session(&token(), account, at(100));
        flow.create_session(new.clone()).await.unwrap();
        made.push(new);
    }
    let ended = made.swap_remove(70);
    flow.end_session(ended.session.id).await.unwrap();
    let used =
        |number: usize| if number.is_multiple_of(3) { at(50) } else { at(200 + number as i64) };
    let mut uses: Vec<SessionUse> = vec![SessionUse::of(&ended.session, at(300))];
    let all = made.iter().enumerate();
    uses.extend(all.map(|(number, new)| SessionUse::of(&new.session, used(number))));
    flow.touch_sessions(&uses).await.unwrap();
    flow.touch_sessions(&uses).await.unwrap();
    flow.touch_sessions(&[]).await.unwrap();
    for (number, new) in made.iter().enumerate() {
        let noted = flow.find_session(&new.token).await.unwrap().unwrap().seen_at;
        assert_eq!(noted, used(number).max(at(100)), "{number}");
    }
    assert_eq!(flow.find_session(&ended.token).await.unwrap(), None, "a use revives nothing");
}

pub async fn s35_all_sessions_of_an_account_end_but_the_one_excepted(store: impl Backend) {
    let flow = store.flow();
    let (ada, grace) = (somebody(), somebody());
    let (first, kept, third, other) = (token(), token(), token(), token());
    let here = session(&kept, ada, START);
    for new in [session(&first, ada, START), here.clone(), session(&third, ada, START)] {
        flow.create_session(new).await.unwrap();
    }
    flow.create_session(session(&other, grace, START)).await.unwrap();
    assert_eq!(flow.end_sessions_of(ada, Some(here.session.id)).await.unwrap(), 2);
    for (token, stands) in [(&first, false), (&kept, true), (&third, false), (&other, true)] {
        assert_eq!(flow.find_session(&token.hash()).await.unwrap().is_some(), stands);
    }
    assert_eq!(flow.end_sessions_of(ada, None).await.unwrap(), 1);
    assert_eq!(flow.end_sessions_of(ada, None).await.unwrap(), 0);
    assert!(flow.find_session(&other.hash()).await.unwrap().is_some());
}

pub async fn sessions_are_listed_the_latest_used_first_and_ended_ones_are_not(store: impl Backend) {
    let flow = store.flow();
    let ada = somebody();
    let mut made = Vec::new();
    for seen_at in [at(10), at(30), at(20)] {
        let new = session(&token(), ada, seen_at);
        flow.create_session(new.clone()).await.unwrap();
        made.push(new.session);
    }
    let mut over = session(&token(), ada, at(40));
    over.session.expires_at = at(100);
    flow.create_session(over.clone()).await.unwrap();
    flow.create_session(session(&token(), somebody(), at(50))).await.unwrap();

    let listed = flow.sessions_of(ada, at(100)).await.unwrap();
    assert_eq!(listed, [made[1].clone(), made[2].clone(), made[0].clone()]);
    assert_eq!(flow.count_sessions(at(100)).await.unwrap(), 4);
    let just_before = at(100).before(Duration::from_millis(1));
    assert_eq!(flow.sessions_of(ada, just_before).await.unwrap().first(), Some(&over.session));
    assert_eq!(flow.count_sessions(just_before).await.unwrap(), 5);
}

pub async fn a_creation_that_is_broken_off_has_happened_or_not(store: impl Backend) {
    let flow = store.flow();
    let mut standing = token();
    flow.create_session(session(&standing, somebody(), START)).await.unwrap();
    for polls in 0..60 {
        let old = flow.find_session(&standing.hash()).await.unwrap().unwrap();
        let next = token();
        let mut new = session(&next, old.account, START);
        new.replaces = Some(old.id);
        let patience = async {
            for _ in 0..polls {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            done = flow.create_session(new) => drop(done.unwrap()),
            () = patience => {}
        }
        // A further write waits until the broken one is settled.
        flow.end_session(doorward::domain::id::SessionId::from_uuid(uuid::Uuid::nil()))
            .await
            .unwrap();
        let old_stands = flow.find_session(&standing.hash()).await.unwrap().is_some();
        let new_stands = flow.find_session(&next.hash()).await.unwrap().is_some();
        assert_ne!(old_stands, new_stands, "half of it happened after {polls} polls");
        if new_stands {
            standing = next;
        }
    }
}

pub async fn sessions_outlast_a_restart(store: impl Backend) {
    let (token, ended) = (token(), token());
    let (new, old) = (session(&token, somebody(), START), session(&ended, somebody(), START));
    store.flow().create_session(new.clone()).await.unwrap();
    store.flow().create_session(old.clone()).await.unwrap();
    store.flow().end_session(old.session.id).await.unwrap();
    let store = store.restart().await;
    assert_eq!(store.flow().find_session(&token.hash()).await.unwrap(), Some(new.session));
    assert_eq!(store.flow().find_session(&ended.hash()).await.unwrap(), None);
}
