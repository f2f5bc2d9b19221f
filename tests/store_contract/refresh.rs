//! What a store of sessions promises of their refresh tokens.

use doorward::domain::entropy::OsEntropy;
use doorward::domain::refresh::{REFRESH_GRACE, RefreshRotation, Refreshed};
use doorward::domain::secret::{RefreshToken, RefreshTokenHash, SessionTokenHash};
use doorward::domain::session::NewSession;
use doorward::domain::time::Timestamp;
use doorward::store::Flow;

use crate::backends::Backend;
use crate::races::at_once;
use crate::samples::{START, at, session, somebody, token};

fn hash() -> RefreshTokenHash {
    RefreshToken::generate(&OsEntropy).hash()
}

/// A session of a program, with its first refresh token.
async fn of_program(flow: &dyn Flow) -> (NewSession, RefreshTokenHash) {
    let first = hash();
    let new = NewSession { refresh: Some(first), ..session(&token(), somebody(), START) };
    flow.create_session(new.clone()).await.unwrap();
    (new, first)
}

fn salt() -> [u8; 32] {
    *RefreshToken::generate(&OsEntropy).expose()
}

fn exchange(shown: RefreshTokenHash, next: RefreshTokenHash, now: Timestamp) -> RefreshRotation {
    RefreshRotation { shown, next, salt: [7; 32], grace: REFRESH_GRACE, now }
}

async fn rotate(
    flow: &dyn Flow,
    session: &SessionTokenHash,
    rotation: RefreshRotation,
) -> Refreshed {
    flow.rotate_refresh(session, rotation).await.unwrap()
}

pub async fn s32_each_refresh_token_gives_way_to_the_next(store: impl Backend) {
    let flow = store.flow();
    let flow = &*flow;
    let (new, first) = of_program(flow).await;
    let (second, third) = (hash(), hash());
    let of = &new.token;
    assert_eq!(rotate(flow, of, exchange(first, second, at(10))).await, Refreshed::Rotated);
    assert_eq!(rotate(flow, of, exchange(second, third, at(20))).await, Refreshed::Rotated);
    assert_eq!(rotate(flow, of, exchange(third, hash(), at(5000))).await, Refreshed::Rotated);
    assert_eq!(flow.find_session(of).await.unwrap(), Some(new.session));
}

pub async fn a_refresh_token_exchanged_again_inside_its_grace_gives_what_it_gave(
    store: impl Backend,
) {
    let flow = store.flow();
    let flow = &*flow;
    let (new, first) = of_program(flow).await;
    let (second, of) = (hash(), &new.token);
    let rotation = RefreshRotation { salt: [9; 32], ..exchange(first, second, at(10)) };
    assert_eq!(rotate(flow, of, rotation).await, Refreshed::Rotated);
    let same = Refreshed::InGrace { salt: [9; 32], present: second };
    let last = (at(10) + REFRESH_GRACE).before(std::time::Duration::from_millis(1));
    for now in [at(10), last] {
        assert_eq!(rotate(flow, of, exchange(first, hash(), now)).await, same);
    }
    // Nothing has changed: the second is still the present one.
    assert_eq!(rotate(flow, of, exchange(second, hash(), at(50))).await, Refreshed::Rotated);
}

pub async fn s32_a_refresh_token_of_before_ends_all_refreshing(store: impl Backend) {
    let flow = store.flow();
    let flow = &*flow;
    let (late, early) = (of_program(flow).await, of_program(flow).await);
    // Its grace is over at its very millisecond.
    let ((new, first), second) = (late, hash());
    assert_eq!(rotate(flow, &new.token, exchange(first, second, at(10))).await, Refreshed::Rotated);
    let over = at(10) + REFRESH_GRACE;
    assert_eq!(rotate(flow, &new.token, exchange(first, hash(), over)).await, Refreshed::Reused);
    for shown in [first, second] {
        let again = exchange(shown, hash(), at(11));
        assert_eq!(rotate(flow, &new.token, again).await, Refreshed::Unknown, "none is left");
    }
    assert!(flow.find_session(&new.token).await.unwrap().is_some(), "the caller ends it");
    // Two exchanges ago is no grace.
    let ((new, first), second, third) = (early, hash(), hash());
    rotate(flow, &new.token, exchange(first, second, at(10))).await;
    rotate(flow, &new.token, exchange(second, third, at(11))).await;
    assert_eq!(rotate(flow, &new.token, exchange(first, hash(), at(12))).await, Refreshed::Reused);
    assert_eq!(rotate(flow, &new.token, exchange(third, hash(), at(12))).await, Refreshed::Unknown);
}

pub async fn of_fifty_that_exchange_a_refresh_token_at_once_one_rotates_and_all_agree(
    store: impl Backend,
) {
    let other = store.elsewhere().await;
    let flows = [store.flow(), other.flow()];
    let (new, first) = of_program(&*flows[0]).await;
    let answers = at_once(&flows, |flow| async move {
        let mine = RefreshRotation { salt: salt(), ..exchange(first, hash(), at(10)) };
        (mine, rotate(&*flow, &new.token, mine).await)
    })
    .await;
    let rotated = |(_, came): &&(RefreshRotation, Refreshed)| *came == Refreshed::Rotated;
    let winners: Vec<_> = answers.iter().filter(rotated).collect();
    let [(winner, _)] = winners[..] else { panic!("{} have rotated it", winners.len()) };
    let same = Refreshed::InGrace { salt: winner.salt, present: winner.next };
    assert!(answers.iter().filter(|one| !rotated(one)).all(|(_, came)| *came == same));
}

pub async fn s34_a_session_that_has_ended_refreshes_nothing(store: impl Backend) {
    let flow = store.flow();
    let flow = &*flow;
    let (new, first) = of_program(flow).await;
    let (other, others) = of_program(flow).await;
    flow.end_session(new.session.id).await.unwrap();
    let ended = rotate(flow, &new.token, exchange(first, hash(), at(10))).await;
    assert_eq!(ended, Refreshed::Unknown);
    // A browser's session has none, and another session's token is a copy of nobody's here.
    let browser = session(&token(), somebody(), START);
    flow.create_session(browser.clone()).await.unwrap();
    let none = rotate(flow, &browser.token, exchange(first, hash(), at(10))).await;
    assert_eq!(none, Refreshed::Unknown);
    assert_eq!(
        rotate(flow, &other.token, exchange(others, hash(), at(10))).await,
        Refreshed::Rotated
    );
}

pub async fn refresh_tokens_outlast_a_restart(store: impl Backend) {
    let (new, first) = of_program(&*store.flow()).await;
    let second = hash();
    rotate(&*store.flow(), &new.token, exchange(first, second, at(10))).await;
    let store = store.restart().await;
    let third = exchange(second, hash(), at(60));
    assert_eq!(rotate(&*store.flow(), &new.token, third).await, Refreshed::Rotated);
}
