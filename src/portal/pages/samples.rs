//! Every state of every page with made-up data: tried at start, looked at by tests.

use std::sync::LazyLock;
use std::time::Duration;

mod account;
mod captcha;

use super::Frame;
use super::joining::{
    EmailFault, InvitationPage, JoinFaults, NameFault, NamePage, NewPasswordPage, RegisterPage,
    ResetPage, TypedNames,
};
use super::page::{
    CodeAlert, CodeNotice, CodePage, CodeState, ConfirmPage, DraftPage, ErrorKind, ErrorPage,
    LinkPage, LinkState, LoginAlert, LoginNotice, LoginPage, LoopCause, LoopPage, NotMePage, Page,
    RelayPage, ResendView, SignOutPage, SignedInPage, TicketPage,
};
use crate::domain::captcha::Demand;
use crate::domain::challenge::Purpose;
use crate::domain::id::RequestId;
use crate::domain::language::Language;
use crate::domain::password_rules::PasswordFault;
use crate::domain::phone::CodesBy;
use crate::domain::time::Timestamp;

/// 20 November 2026, 19:30:45 UTC.
const NOW: Timestamp = Timestamp::from_millis(1_795_203_045_000);
const REQUEST: u128 = 0x019a_a2c4_1d5e_7b3c_9f10_5a2e_88d0_4c61;
const SHORT: Duration = Duration::from_secs(8);
const LONG: Duration = Duration::from_secs(290);
const TRUST: Option<Duration> = Some(Duration::from_secs(30 * 86_400));

/// The frame that samples are rendered in.
pub(super) fn frame() -> Frame<'static> {
    let request_id = RequestId::from_uuid(uuid::Uuid::from_u128(REQUEST));
    let here = Some("/_doorward/login");
    let language = Language::English;
    Frame { form_token: "a-form-token", request_id, language, here, now: NOW }
}

/// Every state of every page, each with a name of its own.
pub(super) fn every_page() -> Vec<(String, Page<'static>)> {
    let mut pages = logins();
    pages.extend(codes());
    pages.extend(links());
    pages.extend(other_purposes());
    pages.extend(joining());
    pages.extend(others());
    pages.extend(account::pages());
    pages.extend(captcha::pages());
    pages.extend(errors());
    pages
}

fn logins() -> Vec<(String, Page<'static>)> {
    let empty = LoginPage {
        return_to: "/",
        typed: "",
        ask_password: true,
        remember: false,
        may_register: false,
        captcha: &Demand::Nothing,
        notice: None,
        alert: None,
    };
    let typed = LoginPage { typed: "ada", return_to: "/wiki?page=2", remember: true, ..empty };
    let alerts = [
        ("wrong", LoginAlert::WrongCredentials),
        ("no-password", LoginAlert::MissingFields),
        ("disabled", LoginAlert::Disabled),
        ("limited", LoginAlert::Limited { retry_after: LONG }),
        ("busy", LoginAlert::Busy { retry_after: SHORT }),
        ("delayed", LoginAlert::Delayed { retry_after: LONG }),
        ("form-expired", LoginAlert::FormExpired),
        ("flow-lost", LoginAlert::FlowLost),
    ];
    let missing = Some(LoginAlert::MissingFields);
    let wrong = Some(LoginAlert::WrongCredentials);
    let changed = Some(LoginNotice::PasswordChanged);
    let mut pages = vec![
        ("login".to_owned(), Page::Login(empty)),
        ("login-nothing".to_owned(), Page::Login(LoginPage { alert: missing, ..empty })),
        ("login-register".to_owned(), Page::Login(LoginPage { may_register: true, ..empty })),
        ("login-changed".to_owned(), Page::Login(LoginPage { notice: changed, ..empty })),
        (
            "login-no-cookies".to_owned(),
            Page::Login(LoginPage { alert: Some(LoginAlert::NoCookies), ..empty }),
        ),
        (
            "login-form-kept".to_owned(),
            Page::Login(LoginPage { notice: Some(LoginNotice::FormKept), ..empty }),
        ),
        (
            "login-form-lost".to_owned(),
            Page::Login(LoginPage { notice: Some(LoginNotice::FormLost), ..empty }),
        ),
        ("login-name".to_owned(), Page::Login(LoginPage { ask_password: false, ..empty })),
        (
            "login-name-wrong".to_owned(),
            Page::Login(LoginPage { ask_password: false, alert: wrong, ..typed }),
        ),
        (
            "login-name-nothing".to_owned(),
            Page::Login(LoginPage { ask_password: false, alert: missing, ..empty }),
        ),
    ];
    pages.extend(alerts.map(|(name, alert)| {
        (format!("login-{name}"), Page::Login(LoginPage { alert: Some(alert), ..typed }))
    }));
    pages
}

fn codes() -> Vec<(String, Page<'static>)> {
    let pending = CodePage {
        purpose: Purpose::SignIn,
        by: CodesBy::Mail,
        destination: "a•••@example.org",
        return_to: "/wiki?page=2",
        expires_at: NOW + Duration::from_secs(582),
        state: CodeState::Pending { attempts_left: 5 },
        resend: ResendView::At(NOW + SHORT),
        trust: None,
        trust_ticked: false,
        alert: None,
        notice: None,
    };
    let one_left = CodeState::Pending { attempts_left: 1 };
    let (now, none_left) = (ResendView::Now, ResendView::NoneLeft);
    let expired = CodePage {
        expires_at: NOW.before(LONG),
        state: CodeState::Expired,
        resend: now,
        ..pending
    };
    let link_only = CodePage { state: CodeState::LinkOnly, resend: now, trust: TRUST, ..pending };
    let with = |alert| CodePage { alert: Some(alert), resend: now, ..pending };
    let until = NOW + SHORT;
    let sms = CodePage { by: CodesBy::Sms, destination: "+41 ••• 67", ..pending };
    [
        ("sms", sms),
        ("sms-wrong", CodePage { alert: Some(CodeAlert::Wrong { attempts_left: 4 }), ..sms }),
        ("sms-resend", CodePage { resend: now, trust: TRUST, ..sms }),
        ("sms-none-left", CodePage { resend: none_left, ..sms }),
        ("pending", pending),
        ("trust", CodePage { trust: TRUST, ..pending }),
        ("resend-now", CodePage { resend: now, ..pending }),
        ("none-left", CodePage { resend: none_left, ..pending }),
        ("resent", CodePage { notice: Some(CodeNotice::Resent), ..pending }),
        ("wrong", with(CodeAlert::Wrong { attempts_left: 4 })),
        (
            "wrong-trust",
            CodePage {
                trust: TRUST,
                trust_ticked: true,
                ..with(CodeAlert::Wrong { attempts_left: 3 })
            },
        ),
        ("wrong-last", CodePage { state: one_left, ..with(CodeAlert::Wrong { attempts_left: 1 }) }),
        ("not-a-code", with(CodeAlert::NotACode)),
        ("limited", with(CodeAlert::Limited { retry_after: LONG })),
        ("form-expired", with(CodeAlert::FormExpired)),
        (
            "too-soon",
            CodePage { resend: ResendView::At(until), ..with(CodeAlert::TooSoon { until }) },
        ),
        ("expired", expired),
        ("expired-wait", CodePage { resend: ResendView::At(until), ..expired }),
        ("expired-none-left", CodePage { resend: none_left, ..expired }),
        ("link-only", link_only),
        ("link-only-wait", CodePage { resend: ResendView::At(until), ..link_only }),
        ("link-only-none-left", CodePage { resend: none_left, ..link_only }),
        ("link-only-resent", CodePage { notice: Some(CodeNotice::Resent), ..link_only }),
        (
            "exhausted",
            CodePage { state: CodeState::Exhausted, resend: ResendView::Over, ..pending },
        ),
        ("spent", CodePage { state: CodeState::Spent, resend: ResendView::Over, ..pending }),
    ]
    .map(|(name, page)| (format!("code-{name}"), Page::Code(page)))
    .into()
}

fn links() -> Vec<(String, Page<'static>)> {
    let expires_at = NOW + Duration::from_secs(582);
    let ready = LinkPage {
        purpose: Purpose::SignIn,
        destination: "a•••@example.org",
        return_to: "/wiki?page=2",
        state: LinkState::Ready { expires_at },
        trust: TRUST,
    };
    let expired = LinkPage { destination: "", state: LinkState::Expired, ..ready };
    let relay = RelayPage {
        purpose: Purpose::SignIn,
        relay_code: Some("BCDF-GHJK"),
        expires_at,
        host: "wiki.example.com",
    };
    [
        ("link-ready", Page::Link(ready)),
        ("link-ready-plain", Page::Link(LinkPage { trust: None, ..ready })),
        ("link-expired", Page::Link(expired)),
        ("link-spent", Page::Link(LinkPage { state: LinkState::Spent, ..ready })),
        ("relay", Page::Relay(relay)),
        ("relay-no-code", Page::Relay(RelayPage { relay_code: None, ..relay })),
    ]
    .map(|(name, page)| (name.to_owned(), page))
    .into()
}

/// The pages on which somebody comes to an account, or to a new password.
fn joining() -> Vec<(String, Page<'static>)> {
    static DOMAINS: LazyLock<Vec<String>> =
        LazyLock::new(|| vec!["example.org".to_owned(), "example.net".to_owned()]);
    let mut pages = Vec::new();
    let mut add = |name: &str, page| pages.push((name.to_owned(), page));
    let names = TypedNames { username: "ada", email: "ada@example.org", full_name: "Ada Lovelace" };
    let limited = Some(LoginAlert::Limited { retry_after: LONG });
    let none = JoinFaults::default();
    let register = RegisterPage {
        return_to: "/wiki?page=2",
        typed: TypedNames::default(),
        domains: &[],
        min_length: 12,
        captcha: captcha::work(),
        faults: none,
        alert: None,
    };
    let typed = RegisterPage { typed: names, domains: &DOMAINS, ..register };
    add("register", Page::Register(register));
    add("register-domains", Page::Register(RegisterPage { domains: &DOMAINS, ..register }));
    add("register-limited", Page::Register(RegisterPage { alert: limited, ..typed }));
    for (name, faults) in [
        ("name", JoinFaults { username: Some(NameFault::Invalid), ..none }),
        ("email", JoinFaults { email: Some(EmailFault::Invalid), ..none }),
        ("domain", JoinFaults { email: Some(EmailFault::OtherDomain), ..none }),
        ("full-name", JoinFaults { full_name: true, ..none }),
    ] {
        add(&format!("register-{name}"), Page::Register(RegisterPage { faults, ..typed }));
    }
    let ask = |fault, alert| {
        Page::NewPassword(NewPasswordPage::Ask { username: "ada", min_length: 12, fault, alert })
    };
    add("new-password", ask(None, None));
    add("new-password-busy", ask(None, Some(LoginAlert::Busy { retry_after: SHORT })));
    for fault in [
        PasswordFault::TooShort { least: 12 },
        PasswordFault::TooLong { most_bytes: 1024 },
        PasswordFault::OnlyDigits,
        PasswordFault::LikeUsername,
        PasswordFault::LikeEmail,
        PasswordFault::LikeFullName,
        PasswordFault::LikeSiteName,
        PasswordFault::Common,
        PasswordFault::Breached,
        PasswordFault::Unchecked,
    ] {
        add(&format!("new-password-{}", fault.as_str()), ask(Some(fault), None));
    }
    add("new-password-over", Page::NewPassword(NewPasswordPage::Over));
    for (name, fault) in [("taken", NameFault::Taken), ("invalid", NameFault::Invalid)] {
        add(&format!("name-{name}"), Page::Name(NamePage { typed: "ada", fault, alert: None }));
    }
    let fault = NameFault::Taken;
    add("name-limited", Page::Name(NamePage { typed: "ada", fault, alert: limited }));
    let reset = ResetPage {
        return_to: "/wiki?page=2",
        typed: "",
        missing: false,
        captcha: &Demand::Nothing,
        alert: None,
    };
    add("reset", Page::Reset(reset));
    add("reset-nothing", Page::Reset(ResetPage { missing: true, ..reset }));
    add("reset-limited", Page::Reset(ResetPage { typed: "ada", alert: limited, ..reset }));
    let invitation = |username, ask_full_name, faults| {
        Page::Invitation(InvitationPage::Ask {
            email: "ada@example.org",
            username,
            ask_full_name,
            typed: TypedNames { username: "ada", ..TypedNames::default() },
            min_length: 12,
            faults,
            alert: None,
        })
    };
    add("invitation", invitation(None, true, none));
    add("invitation-named", invitation(Some("ada"), false, none));
    let taken = JoinFaults { username: Some(NameFault::Taken), ..none };
    add("invitation-taken", invitation(None, true, taken));
    add("invitation-over", Page::Invitation(InvitationPage::Over));
    pages
}

/// What the pages of codes and links say where they are not for signing in.
fn other_purposes() -> Vec<(String, Page<'static>)> {
    let expires_at = NOW + Duration::from_secs(582);
    let mut pages = Vec::new();
    for purpose in Purpose::ALL.into_iter().filter(|purpose| *purpose != Purpose::SignIn) {
        let code = CodePage {
            purpose,
            by: if purpose == Purpose::Phone { CodesBy::Sms } else { CodesBy::Mail },
            destination: "a•••@example.org",
            return_to: "/wiki?page=2",
            expires_at,
            state: CodeState::Pending { attempts_left: 5 },
            resend: ResendView::Now,
            trust: None,
            trust_ticked: false,
            alert: None,
            notice: None,
        };
        let over = ResendView::Over;
        let spent = CodePage { state: CodeState::Spent, resend: over, ..code };
        let wrong = CodePage { alert: Some(CodeAlert::NotACode), ..code };
        let link = LinkPage {
            purpose,
            destination: "a•••@example.org",
            return_to: "/wiki?page=2",
            state: LinkState::Ready { expires_at },
            trust: None,
        };
        let relay_code = Some("BCDF-GHJK");
        let relay = RelayPage { purpose, relay_code, expires_at, host: "wiki.example.com" };
        pages.extend(
            [
                ("code", Page::Code(code)),
                ("code-spent", Page::Code(spent)),
                ("code-not-a-code", Page::Code(wrong)),
                ("link", Page::Link(link)),
                ("link-spent", Page::Link(LinkPage { state: LinkState::Spent, ..link })),
                ("relay", Page::Relay(relay)),
                ("relay-no-code", Page::Relay(RelayPage { relay_code: None, ..relay })),
            ]
            .map(|(name, page)| (format!("{}-{name}", purpose.as_str().replace('_', "-")), page)),
        );
    }
    pages
}

fn others() -> Vec<(String, Page<'static>)> {
    let confirm =
        ConfirmPage { destination: "a•••@example.org", return_to: "/admin/", alert: None };
    let busy = Some(LoginAlert::Busy { retry_after: SHORT });
    let signed_in = SignedInPage {
        username: "ada",
        full_name: Some("Ada Lovelace"),
        email: "ada@example.org",
        two_factor: true,
        since: NOW.before(LONG),
        expires_at: NOW + Duration::from_secs(12 * 3600),
    };
    let plain = SignedInPage { full_name: None, two_factor: false, ..signed_in };
    let (host, address) = ("other.example", "/a-page");
    let round = |cause| LoopPage { cause, host: "wiki.example.com", return_to: "/wiki/Home" };
    let draft = DraftPage::Ask {
        username: "ada",
        target: "/wiki/Home/edit?section=2",
        action: "/_doorward/resume/a?to=%2Fwiki%2FHome%2Fedit",
    };
    [
        ("confirm", Page::Confirm(confirm)),
        ("confirm-busy", Page::Confirm(ConfirmPage { alert: busy, ..confirm })),
        ("signed-in", Page::SignedIn(signed_in)),
        ("signed-in-plain", Page::SignedIn(plain)),
        ("sign-out", Page::SignOut(SignOutPage)),
        ("ticket-onward", Page::Ticket(TicketPage::Onward { host, address })),
        ("ticket-over", Page::Ticket(TicketPage::Over { host })),
        ("ticket-no-cookies", Page::Ticket(TicketPage::NoCookies { host })),
        ("ticket-in-circles", Page::Ticket(TicketPage::InCircles { host, return_to: "/a" })),
        ("not-me", Page::NotMe(NotMePage::Ask)),
        ("not-me-done", Page::NotMe(NotMePage::Done)),
        ("not-me-over", Page::NotMe(NotMePage::Over)),
        ("loop-not-kept", Page::Loop(round(LoopCause::NotKept))),
        ("loop-ended", Page::Loop(round(LoopCause::Ended))),
        ("loop-host", Page::Loop(round(LoopCause::Host("wiki.internal")))),
        ("loop-scheme", Page::Loop(round(LoopCause::Scheme("/a-page")))),
        ("draft", Page::Draft(draft)),
        ("draft-discarded", Page::Draft(DraftPage::Discarded)),
        ("draft-over", Page::Draft(DraftPage::Over)),
        ("signed-out", Page::SignedOut),
    ]
    .map(|(name, page)| (name.to_owned(), page))
    .into()
}

fn errors() -> Vec<(String, Page<'static>)> {
    let retry = Some("/wiki?page=2");
    [
        ("bad-request", ErrorKind::BadRequest, None),
        ("forbidden", ErrorKind::Forbidden, None),
        ("not-found", ErrorKind::NotFound, None),
        ("method-not-allowed", ErrorKind::MethodNotAllowed, None),
        ("form-expired", ErrorKind::FormExpired, retry),
        ("too-large", ErrorKind::TooLarge, None),
        ("head-too-large", ErrorKind::HeadTooLarge, retry),
        ("address-too-long", ErrorKind::AddressTooLong, None),
        ("too-slow", ErrorKind::TooSlow, None),
        ("unknown-site", ErrorKind::UnknownSite, None),
        ("too-many-requests", ErrorKind::TooManyRequests { retry_after: LONG }, retry),
        ("unavailable", ErrorKind::Unavailable { retry_after: SHORT }, retry),
        ("upstream-unreachable", ErrorKind::UpstreamUnreachable, retry),
        ("upstream-timeout", ErrorKind::UpstreamTimeout, retry),
        ("internal", ErrorKind::Internal, None),
    ]
    .map(|(name, kind, retry)| (format!("error-{name}"), Page::Error(ErrorPage { kind, retry })))
    .into()
}
