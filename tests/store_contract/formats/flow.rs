//! What passes, of every kind, and how it is found again.

use std::time::Duration;

use doorward::domain::account::Epoch;
use doorward::domain::challenge::{Aim, Grant, NewChallenge, NewLink, Redeemed, Reissued, Subject};
use doorward::domain::draft::NewDraft;
use doorward::domain::id::{ChallengeId, FamilyId, MailId, SessionId};
use doorward::domain::mail::SealedMail;
use doorward::domain::permit::{Permit, Permitted};
use doorward::domain::quota::{Quota, Rate};
use doorward::domain::refresh::{REFRESH_GRACE, RefreshRotation, Refreshed};
use doorward::domain::return_to::ReturnTo;
use doorward::domain::secret::{
    DraftHash, FlowSecret, PermitHash, RefreshTokenHash, SessionToken, TicketHash,
};
use doorward::domain::session::{NewSession, Session, SessionUse};
use doorward::domain::ticket::{NewTicket, TakenTicket, TicketBrowser};
use doorward::store::{Flow, LimitName};

use super::{account, id};
use crate::drafts::ROOM;
use crate::samples::{Browser, RIGHT, START, WRONG, at, session, wrong};

const LEASE: Duration = Duration::from_secs(60);
const SALT: [u8; 32] = [7; 32];

/// Writes one of everything, at the start and in the minute after.
pub async fn write(flow: &dyn Flow) {
    flow.create_session(first()).await.unwrap();
    flow.join_session(second(), START).await.unwrap().unwrap();
    flow.touch_sessions(&[SessionUse::of(&first().session, at(60))]).await.unwrap();
    assert_eq!(exchange(flow, 0x31, 0x32, 10).await, Refreshed::Rotated);
    flow.issue_ticket(ticket()).await.unwrap();
    assert!(flow.keep_draft(draft(), ROOM, START).await.unwrap());
    flow.create_permit(&permit_of(), permit()).await.unwrap();
    for number in [1, 2] {
        flow.open_challenge(challenge(number)).await.unwrap();
    }
    assert_eq!(browser(1).redeem(flow, WRONG, at(1)).await, wrong(4));
    flow.write_mail(notice()).await.unwrap();
    assert_eq!(flow.lease_mails(3, LEASE, START).await.unwrap().len(), 3);
    flow.postpone_mail(notice().id, at(300)).await.unwrap();
}

/// Finds all of it as it was written, and goes on with it.
pub async fn read(flow: &dyn Flow) {
    for new in [first(), second()] {
        let kept = Session { seen_at: at(60), ..new.session };
        assert_eq!(flow.find_session(&new.token).await.unwrap(), Some(kept));
    }
    assert_eq!(flow.sessions_of(account(1), START).await.unwrap().len(), 2);
    assert_eq!(flow.count_sessions(START).await.unwrap(), 2);
    let again = Refreshed::InGrace { salt: SALT, present: refresh(0x32) };
    assert_eq!(exchange(flow, 0x31, 0x33, 20).await, again);
    assert_eq!(exchange(flow, 0x32, 0x33, 20).await, Refreshed::Rotated);

    let NewTicket { token, host, browser: shown, return_to, .. } = ticket();
    let taken = flow.take_ticket(&token, &host, &shown, at(1)).await.unwrap();
    let of = Session { seen_at: at(60), ..second().session };
    assert_eq!(taken, Some(TakenTicket { session: of, return_to }));
    let found = flow.find_draft(&draft().token, at(1)).await.unwrap();
    assert_eq!(found, Some(draft().sealed));
    assert!(flow.take_draft(&draft().token, at(1)).await.unwrap());
    assert_eq!(flow.find_permit(&permit_of(), at(1)).await.unwrap(), Some(permit()));

    // Two codes are leased for a minute, and the notice was put off.
    for (secs, mails) in [(59, 0), (60, 2), (300, 1)] {
        let leased = flow.lease_mails(10, Duration::from_secs(9000), at(secs)).await.unwrap();
        assert_eq!(leased.len(), mails, "{secs}");
        for mail in &leased {
            assert_eq!(mail.attempts, u32::from(mail.id == notice().id));
            assert_eq!((mail.kind.as_str(), mail.sealed.as_slice()), ("sign_in_code", SEALED));
        }
    }
    for number in [1, 2] {
        let mut kept = challenge(number).challenge;
        kept.attempts = u8::from(number == 1);
        assert_eq!(browser(number).find(flow).await, Some(kept.clone()));
        let link = challenge(number).link.token;
        assert_eq!(flow.find_link(&link).await.unwrap(), Some(kept));
    }
    let resent = browser(2).resend(flow, WRONG, at(31)).await;
    assert!(matches!(resent, Reissued::Sent(_)), "{resent:?}");
    assert_eq!(browser(1).redeem(flow, WRONG, at(2)).await, wrong(3));
    assert!(matches!(browser(1).redeem(flow, RIGHT, at(2)).await, Redeemed::Accepted(_)));
    assert_eq!(browser(1).redeem(flow, RIGHT, at(2)).await, Redeemed::Spent);
    // The open one goes, and the permit with it.
    assert_eq!(flow.drop_challenges_of(account(1)).await.unwrap(), 1);
    assert_eq!(flow.find_permit(&permit_of(), at(1)).await.unwrap(), None);

    assert_eq!(flow.end_sessions_of(account(1), None).await.unwrap(), 2);
    flow.purge(at(86_400), 100).await.unwrap();
    assert_eq!(flow.count_mails().await.unwrap(), 0);
    assert_eq!(browser(1).find(flow).await, None);
}

/// Counts what fits into a quota with what was counted before.
pub async fn count(flow: &dyn Flow) -> usize {
    let rate: Rate = "5/1h".parse().unwrap();
    let mut within = 0;
    while flow.count_quota(LimitName::SignIn, "192.0.2.1", rate, START).await.unwrap()
        == Quota::Within
    {
        within += 1;
    }
    within
}

/// Counts once.
pub async fn count_once(flow: &dyn Flow) {
    let rate: Rate = "5/1h".parse().unwrap();
    flow.count_quota(LimitName::SignIn, "192.0.2.1", rate, START).await.unwrap();
}

fn first() -> NewSession {
    let mut new = session(&SessionToken::from_bytes([0x11; 32]), account(1), at(1));
    new.session.id = SessionId::from_uuid(id(0x12));
    new.session.family = FamilyId::begun_by(new.session.id);
    new.refresh = Some(refresh(0x31));
    new
}

/// The same sign-in at another host.
fn second() -> NewSession {
    let mut new = session(&SessionToken::from_bytes([0x13; 32]), account(1), at(1));
    new.session.id = SessionId::from_uuid(id(0x14));
    new.session.family = first().session.family;
    new.session.host = "other.example".parse().unwrap();
    new
}

fn refresh(byte: u8) -> RefreshTokenHash {
    RefreshTokenHash::from_bytes([byte; 32])
}

async fn exchange(flow: &dyn Flow, shown: u8, next: u8, secs: i64) -> Refreshed {
    let rotation = RefreshRotation {
        shown: refresh(shown),
        next: refresh(next),
        salt: SALT,
        grace: REFRESH_GRACE,
        now: at(secs),
    };
    flow.rotate_refresh(&first().token, rotation).await.unwrap()
}

fn ticket() -> NewTicket {
    NewTicket {
        token: TicketHash::from_bytes([0x41; 32]),
        session: second().session.id,
        host: "third.example".parse().unwrap(),
        browser: TicketBrowser::from_bytes([0x42; 32]),
        return_to: ReturnTo::or_front_page("/page?a=b"),
        expires_at: at(30),
    }
}

fn draft() -> NewDraft {
    NewDraft {
        token: DraftHash::from_bytes([0x51; 32]),
        host: "wiki.example.com".parse().unwrap(),
        client: "192.0.2.1".to_owned(),
        sealed: b"a sealed form".to_vec(),
        expires_at: at(900),
    }
}

fn permit_of() -> PermitHash {
    PermitHash::from_bytes([0x61; 32])
}

fn permit() -> Permit {
    Permit {
        allows: Permitted::NewPassword { account: account(1), epoch: Epoch(3) },
        host: "wiki.example.com".parse().unwrap(),
        return_to: ReturnTo::or_front_page("/page?a=b"),
        expires_at: at(600),
    }
}

fn browser(number: u8) -> Browser {
    Browser::with(FlowSecret::from_bytes([0x70 + number; 32]))
}

fn challenge(number: u8) -> NewChallenge {
    let browser = browser(number);
    let NewChallenge { flow, mut challenge, code, link: NewLink { token, relay }, mail: _ } =
        browser.challenge(RIGHT, START);
    challenge.id = ChallengeId::from_uuid(id(0x80 + number));
    challenge.subject = Subject::Account { id: account(1), epoch: Epoch(3) };
    if let Aim::SignIn(Grant { replaces, .. }) = &mut challenge.aim {
        *replaces = Some(SessionId::from_uuid(id(0x90 + number)));
    }
    let mail = Some(mail(0xa0 + number));
    NewChallenge { flow, challenge, code, link: NewLink { token, relay }, mail }
}

const SEALED: &[u8] = b"a sealed mail";

fn mail(byte: u8) -> SealedMail {
    SealedMail {
        id: MailId::from_uuid(id(byte)),
        flow: Some(browser(byte & 0xf).flow()),
        kind: "sign_in_code",
        sealed: SEALED.to_vec(),
        created_at: START,
        not_after: at(600),
    }
}

/// A mail that belongs to no challenge.
fn notice() -> SealedMail {
    SealedMail { flow: None, ..mail(0xb0) }
}
