//! What each page shows, as plain data.

use std::time::Duration;

use http::StatusCode;

use super::joining::{InvitationPage, NamePage, NewPasswordPage, RegisterPage, ResetPage};
use crate::auth::captcha::CaptchaFault;
use crate::domain::captcha::Demand;
use crate::domain::challenge::Purpose;
use crate::domain::phone::CodesBy;
use crate::domain::time::Timestamp;

use super::account::{
    AccountPage, AreYouSurePage, BackupCodesPage, EmailPage, PasswordPage, PhonePage,
    SecondStepPage,
};

/// A page.
#[derive(Clone, Copy, Debug)]
pub enum Page<'a> {
    /// Asks for name and password.
    Login(LoginPage<'a>),
    /// Asks for what an account is made of.
    Register(RegisterPage<'a>),
    /// Asks for another name.
    Name(NamePage<'a>),
    /// Asks who has forgotten the password.
    Reset(ResetPage<'a>),
    /// Asks for a new password.
    NewPassword(NewPasswordPage<'a>),
    /// Asks whoever is invited for a password.
    Invitation(InvitationPage<'a>),
    /// Asks for the code.
    Code(CodePage<'a>),
    /// The link of the mail, in the browser that asked for it.
    Link(LinkPage<'a>),
    /// The link of the mail, in any other browser.
    Relay(RelayPage<'a>),
    /// Asks somebody who is signed in by password whether to send a code.
    Confirm(ConfirmPage<'a>),
    /// Says who is signed in.
    SignedIn(SignedInPage<'a>),
    /// All of an account.
    Account(AccountPage<'a>),
    /// Asks for another password.
    Password(PasswordPage<'a>),
    /// Asks for another e-mail address.
    Email(EmailPage<'a>),
    /// Asks for a telephone number.
    Phone(PhonePage<'a>),
    /// Asks whether to turn the second step on or off.
    SecondStep(SecondStepPage<'a>),
    /// Asks whether to make backup codes, or shows them.
    BackupCodes(BackupCodesPage<'a>),
    /// Asks whether to sign out or forget other browsers.
    AreYouSure(AreYouSurePage<'a>),
    /// Says that the account needs a password before that can be changed. Leads to `reset`.
    NoPassword,
    /// Asks whether to sign out.
    SignOut(SignOutPage),
    /// The owner says that a sign-in was not theirs.
    NotMe(NotMePage),
    /// On the way from the portal to another host.
    Ticket(TicketPage<'a>),
    /// Says why signing in comes to nothing.
    Loop(LoopPage<'a>),
    /// Asks whether to send a form that was posted without a session.
    Draft(DraftPage<'a>),
    /// Says that nobody is signed in any more.
    SignedOut,
    /// Says what went wrong.
    Error(ErrorPage<'a>),
}

impl Page<'_> {
    /// Whether something went wrong that the reader must know first; the title says so.
    pub(super) fn has_error(&self) -> bool {
        match self {
            Self::Register(page) => page.alert.is_some() || page.faults.any(),
            Self::Name(_) => true,
            Self::Reset(page) => page.alert.is_some() || page.missing,
            Self::NewPassword(NewPasswordPage::Ask { fault, alert, .. }) => {
                fault.is_some() || alert.is_some()
            }
            Self::Invitation(InvitationPage::Ask { faults, alert, .. }) => {
                faults.any() || alert.is_some()
            }
            Self::NewPassword(NewPasswordPage::Over) | Self::Invitation(InvitationPage::Over) => {
                false
            }
            Self::Login(page) => page.alert.is_some(),
            Self::Code(page) => page.shown_alert().is_some(),
            Self::Confirm(page) => page.alert.is_some(),
            Self::Account(page) => page.bad_name,
            Self::Password(page) => page.alert.is_some(),
            Self::Email(page) => page.alert.is_some(),
            Self::Phone(page) => page.alert.is_some(),
            Self::SecondStep(page) => page.limited.is_some(),
            Self::Error(_) => true,
            Self::Ticket(page) => !matches!(page, TicketPage::Onward { .. }),
            Self::Loop(_) => true,
            Self::Draft(page) => matches!(page, DraftPage::Over),
            Self::Link(_) | Self::Relay(_) => false,
            Self::BackupCodes(_) | Self::AreYouSure(_) | Self::NoPassword => false,
            Self::SignedIn(_) | Self::SignOut(_) | Self::NotMe(_) | Self::SignedOut => false,
        }
    }

    /// What it asks for so that no program sends it.
    pub(in crate::portal) const fn captcha(&self) -> &Demand {
        match self {
            Self::Login(page) => page.captcha,
            Self::Register(page) => page.captcha,
            Self::Reset(page) => page.captcha,
            _ => &Demand::Nothing,
        }
    }

    /// Whether the site's name stands above the card. Where no site was found, none does.
    pub(super) const fn is_branded(&self) -> bool {
        !matches!(self, Self::Error(ErrorPage { kind: ErrorKind::UnknownSite, .. }))
    }
}

/// Asks for name and password. Posts `username`, `password`, `remember`, `rd` and `csrf` to `login`.
#[derive(Clone, Copy, Debug)]
pub struct LoginPage<'a> {
    /// Where to go then; the hidden field `rd`.
    pub return_to: &'a str,
    /// The name as it was typed before.
    pub typed: &'a str,
    /// Whether a password is asked for; where not, a code follows the name alone.
    pub ask_password: bool,
    /// Whether the box to stay signed in is ticked.
    pub remember: bool,
    /// Whether people may register.
    pub may_register: bool,
    /// What it has to show besides, so that no program sends it.
    pub captcha: &'a Demand,
    /// What went well before.
    pub notice: Option<LoginNotice>,
    /// What went wrong before.
    pub alert: Option<LoginAlert>,
}

/// What went well before a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginNotice {
    /// The password was changed, and is asked for now.
    PasswordChanged,
    /// What was posted is kept, and can be sent after signing in.
    FormKept,
    /// What was posted is lost.
    FormLost,
}

/// What went wrong with a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginAlert {
    /// Name and password do not belong together, or there is no such name.
    WrongCredentials,
    /// A field was empty.
    MissingFields,
    /// The account may not be used.
    Disabled,
    /// Too often.
    Limited {
        /// When it may be tried again.
        retry_after: Duration,
    },
    /// Too many people at once.
    Busy {
        /// When it is worth trying again.
        retry_after: Duration,
    },
    /// Too many wrong passwords for this name, from clients that it does not know (S56).
    Delayed {
        /// When it may be tried again.
        retry_after: Duration,
    },
    /// The form's token was too old.
    FormExpired,
    /// The browser did not show the cookie that it was given with the form.
    NoCookies,
    /// The browser lost the sign-in that it was in the middle of.
    FlowLost,
    /// What shows that no program sends the form is not enough.
    Captcha(CaptchaFault),
}

/// Asks for the code. Posts `code`, `trust_device` (`on`, if ticked) and `csrf` to `code`; asks for another with `csrf` at
/// `code/resend`. The field takes a relay code as well.
#[derive(Clone, Copy, Debug)]
pub struct CodePage<'a> {
    /// What the code is for.
    pub purpose: Purpose,
    /// How it went.
    pub by: CodesBy,
    /// Where the code went, masked.
    pub destination: &'a str,
    /// Where to go in the end; kept for whoever starts again.
    pub return_to: &'a str,
    /// When the code ends.
    pub expires_at: Timestamp,
    /// How the challenge stands.
    pub state: CodeState,
    /// Whether a further code can be sent.
    pub resend: ResendView,
    /// For how long this browser can be trusted; without it that is not offered.
    pub trust: Option<Duration>,
    /// Whether the box to trust it was ticked before. Never at first.
    pub trust_ticked: bool,
    /// What went wrong before.
    pub alert: Option<CodeAlert>,
    /// What went well before.
    pub notice: Option<CodeNotice>,
}

impl CodePage<'_> {
    /// The alert, unless the state says it all: a challenge without tries left needs no word on the last one.
    pub(super) const fn shown_alert(&self) -> Option<CodeAlert> {
        match (self.alert, self.state) {
            (Some(CodeAlert::Wrong { .. } | CodeAlert::NotACode), CodeState::Pending { .. }) => {
                self.alert
            }
            (Some(CodeAlert::Wrong { .. } | CodeAlert::NotACode), _) => None,
            (alert, _) => alert,
        }
    }
}

/// How a challenge stands, for its page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeState {
    /// A code can be typed.
    Pending {
        /// How often still.
        attempts_left: u8,
    },
    /// Its time is over.
    Expired,
    /// The guess budget is spent: typed codes are refused for now, the link of the mail works.
    LinkOnly,
    /// All tries are used.
    Exhausted,
    /// It was answered.
    Spent,
}

impl CodeState {
    /// Whether a further mail helps.
    pub(super) const fn can_resend(self) -> bool {
        matches!(self, Self::Pending { .. } | Self::Expired | Self::LinkOnly)
    }
}

/// Whether a further code can be sent, for the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResendView {
    /// Now.
    Now,
    /// From that instant on.
    At(Timestamp),
    /// No more in this sign-in.
    NoneLeft,
    /// The challenge is answered or has no tries left.
    Over,
}

/// What went wrong with a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeAlert {
    /// It is another.
    Wrong {
        /// How often it can still be tried.
        attempts_left: u8,
    },
    /// That was no code of this purpose.
    NotACode,
    /// Too often.
    Limited {
        /// When it may be tried again.
        retry_after: Duration,
    },
    /// A further code cannot be sent yet.
    TooSoon {
        /// When it can.
        until: Timestamp,
    },
    /// The form's token was too old.
    FormExpired,
}

/// What went well with a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeNotice {
    /// A further code is on its way.
    Resent,
}

/// The link of the mail, in the browser that asked for it: opening it does nothing yet (S16). Posts `trust_device` and
/// `csrf` to `link`.
#[derive(Clone, Copy, Debug)]
pub struct LinkPage<'a> {
    /// What it is for.
    pub purpose: Purpose,
    /// Where the mail went, masked; read only where it is ready.
    pub destination: &'a str,
    /// Where to go in the end; kept for whoever starts again.
    pub return_to: &'a str,
    /// How it stands.
    pub state: LinkState,
    /// For how long this browser can be trusted; without it that is not offered.
    pub trust: Option<Duration>,
}

/// How a link stands, for its page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// It signs in.
    Ready {
        /// When it ends.
        expires_at: Timestamp,
    },
    /// Its time is over, or it never was one.
    Expired,
    /// It was used, or its code was.
    Spent,
}

/// The link of the mail, in any other browser than the one that asked: a code to type there (S17). Nothing on it can be
/// sent.
#[derive(Clone, Copy, Debug)]
pub struct RelayPage<'a> {
    /// What it is for.
    pub purpose: Purpose,
    /// The code as it is shown, `BCDF-GHJK`; without it (typed codes are refused for now) the link has to be opened in the
    /// browser that asked.
    pub relay_code: Option<&'a str>,
    /// When it ends.
    pub expires_at: Timestamp,
    /// The site's host.
    pub host: &'a str,
}

/// Asks somebody who is signed in by password whether to send a code. Posts `rd` and `csrf` to `code/start`.
#[derive(Clone, Copy, Debug)]
pub struct ConfirmPage<'a> {
    /// Where the code would go, masked.
    pub destination: &'a str,
    /// The page that asks for it; the hidden field `rd`.
    pub return_to: &'a str,
    /// What went wrong before.
    pub alert: Option<LoginAlert>,
}

/// Says who is signed in. Posts `csrf` to `logout`.
#[derive(Clone, Copy, Debug)]
pub struct SignedInPage<'a> {
    /// The username.
    pub username: &'a str,
    /// The full name, if one is known.
    pub full_name: Option<&'a str>,
    /// The e-mail address.
    pub email: &'a str,
    /// Whether a code was part of it.
    pub two_factor: bool,
    /// Since when.
    pub since: Timestamp,
    /// Until when at the latest.
    pub expires_at: Timestamp,
}

/// Asks whether to sign out. Posts `csrf` to `logout`.
#[derive(Clone, Copy, Debug)]
pub struct SignOutPage;

/// Asks the owner of an account whether to sign out every browser. Posts `csrf` and
/// `sure`, a box to tick, to `not-me`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotMePage {
    /// It can be done.
    Ask,
    /// It is done.
    Done,
    /// The address is none, or its time is over.
    Over,
}

/// Says what went wrong.
#[derive(Clone, Copy, Debug)]
pub struct ErrorPage<'a> {
    /// What it was.
    pub kind: ErrorKind,
    /// The address that "Try again" opens, by GET; without one there is no such button.
    pub retry: Option<&'a str>,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request is not one.
    BadRequest,
    /// This account may not.
    Forbidden,
    /// There is no such page.
    NotFound,
    /// The page is there, but not for this method.
    MethodNotAllowed,
    /// The form's token was too old, or came from elsewhere.
    FormExpired,
    /// The body is too large.
    TooLarge,
    /// The head is too large, or has too many fields.
    HeadTooLarge,
    /// The target is too long.
    AddressTooLong,
    /// The body came too slowly.
    TooSlow,
    /// No site has this name.
    UnknownSite,
    /// Too often.
    TooManyRequests {
        /// When it may be tried again.
        retry_after: Duration,
    },
    /// Something that signing in needs is away or overrun.
    Unavailable {
        /// When it is worth trying again.
        retry_after: Duration,
    },
    /// The app behind cannot be reached.
    UpstreamUnreachable,
    /// The app behind took too long.
    UpstreamTimeout,
    /// A fault of the gateway.
    Internal,
}

impl ErrorKind {
    /// The status of an answer with this page.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::Forbidden | Self::FormExpired => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::AddressTooLong => StatusCode::URI_TOO_LONG,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::UnknownSite => StatusCode::MISDIRECTED_REQUEST,
            Self::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::UpstreamUnreachable => StatusCode::BAD_GATEWAY,
            Self::UpstreamTimeout => StatusCode::GATEWAY_TIMEOUT,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// Why somebody who has signed in is not signed in.
#[derive(Clone, Copy, Debug)]
pub struct LoopPage<'a> {
    /// The cause.
    pub cause: LoopCause<'a>,
    /// The site's host.
    pub host: &'a str,
    /// The page that is wanted.
    pub return_to: &'a str,
}

/// What keeps a sign-in from coming to anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoopCause<'a> {
    /// The browser keeps other cookies, and not that of the session.
    NotKept,
    /// The session that the browser shows has ended already.
    Ended,
    /// The page was opened by http, and the site is served by https: at this origin.
    Scheme(&'a str),
    /// The browser knows the page by this host, and a server in between has made another of it.
    Host(&'a str),
}

/// A form that was posted without a session. Posts `do` (`send` or `discard`) and `csrf` to its own address.
#[derive(Clone, Copy, Debug)]
pub enum DraftPage<'a> {
    /// Asks whether to send it.
    Ask {
        /// Who is signed in now.
        username: &'a str,
        /// Where the form was for.
        target: &'a str,
        /// The address of this page.
        action: &'a str,
    },
    /// It was not sent and is gone.
    Discarded,
    /// It was sent, or discarded, or is too old, or of another browser.
    Over,
}

/// How one sign-in gets to another host, or why not.
#[derive(Clone, Copy, Debug)]
pub enum TicketPage<'a> {
    /// The browser goes on by itself.
    Onward {
        /// Where.
        host: &'a str,
        /// At which address.
        address: &'a str,
    },
    /// The ticket was used, is too old, or was shown by another browser.
    Over {
        /// The host that it was shown to.
        host: &'a str,
    },
    /// The browser shows no cookie.
    NoCookies {
        /// The host that it was shown to.
        host: &'a str,
    },
    /// The browser has come by several times for one page.
    InCircles {
        /// The host that it comes from.
        host: &'a str,
        /// The page that it wants.
        return_to: &'a str,
    },
}
