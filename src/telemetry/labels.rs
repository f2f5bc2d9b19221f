//! The labels of metrics, as enums: a label that is no variant cannot be written, so that none ever grows with
//! what clients send.

macro_rules! labels {
    ($(
        $(#[$enum_doc:meta])*
        $name:ident { $( $(#[$doc:meta])* $variant:ident = $text:literal, )+ }
    )+) => {$(
        $(#[$enum_doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $( $(#[$doc])* $variant, )+ }

        impl $name {
            /// Every variant, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The label.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
    )+};
}

labels! {
    /// What was decided on a request.
    DecisionLabel {
        /// It went to the app with an identity.
        Forward = "forward",
        /// It went to the app; nobody had to be signed in, and nobody was.
        Bypass = "bypass",
        /// It was for doorward's own pages or interfaces.
        Portal = "portal",
        /// It was sent to sign in.
        SignIn = "sign_in",
        /// It got a 401.
        Unauthorized = "unauthorized",
        /// It is forbidden to whoever asked.
        Forbidden = "forbidden",
        /// It is one that two servers could read in two ways, or is for no site.
        BadRequest = "bad_request",
        /// A store was away, so nothing was accepted.
        Unavailable = "unavailable",
    }

    /// Why a connection was ended that its client would have kept.
    ConnectionEnd {
        /// There were too many in all.
        Total = "total",
        /// There were too many of its address.
        Address = "address",
        /// It did not say by the PROXY protocol whom it is for, or was no proxy's.
        ProxyProtocol = "proxy_protocol",
        /// The head of a request did not arrive in time.
        HeadTimeout = "head_timeout",
        /// The head of a request had no end.
        HeadSize = "head_size",
        /// The body of a request came too slowly.
        BodyTimeout = "body_timeout",
        /// The answer was taken too slowly.
        SendTimeout = "send_timeout",
    }

    /// A step of signing in.
    SigninStep {
        /// The password.
        Password = "password",
        /// The code by mail.
        Code = "code",
        /// The link by mail.
        Link = "link",
        /// A trusted device in place of the code.
        Device = "device",
        /// A backup code in place of the code by mail.
        BackupCode = "backup_code",
    }

    /// What came of a step of signing in.
    SigninResult {
        /// It was right.
        Accepted = "accepted",
        /// It was wrong, or the account is none or disabled: nobody is told which.
        Refused = "refused",
        /// It was right in its time.
        Expired = "expired",
        /// No guesses were left.
        Exhausted = "exhausted",
        /// A limit was reached.
        Limited = "limited",
        /// The hashing pool was full.
        Overloaded = "overloaded",
        /// A store was away.
        Unavailable = "unavailable",
    }

    /// What happened to a code.
    CodeEvent {
        /// It was made.
        Issued = "issued",
        /// Its mail was taken by the mail server.
        Sent = "sent",
        /// It was typed and right.
        Verified = "verified",
        /// Another was typed.
        Wrong = "wrong",
        /// It was typed after its time.
        Expired = "expired",
        /// Its last guess was used.
        Exhausted = "exhausted",
    }

    /// What happened to a trusted device.
    DeviceEvent {
        /// It was trusted.
        Added = "added",
        /// It stood in for a code, and got a new token.
        Used = "used",
        /// Its cookie was no good.
        Refused = "refused",
        /// An old token came back: the series is dead.
        Stolen = "stolen",
        /// Its owner or an operator revoked it.
        Revoked = "revoked",
        /// Its time was over.
        Expired = "expired",
    }

    /// What came of trying to deliver a mail or a text message.
    MailResult {
        /// The mail server has it.
        Delivered = "delivered",
        /// It is tried again.
        Deferred = "deferred",
        /// The mail server will never have it.
        Rejected = "rejected",
        /// It was of no more use before it could be delivered.
        Expired = "expired",
        /// It could not be opened or rendered.
        Broken = "broken",
    }

    /// What came of what a form had to show, so that no program sends it.
    CaptchaResult {
        /// It was taken.
        Passed = "passed",
        /// Nothing was shown.
        Missing = "missing",
        /// The answer was wrong.
        Wrong = "wrong",
        /// The ticket was too old.
        Expired = "expired",
        /// It was shown before.
        Spent = "spent",
        /// A browser without scripts had not waited for long enough.
        TooSoon = "too_soon",
        /// Too many browsers waited.
        Limited = "limited",
        /// The provider does not hold it for a person.
        Refused = "refused",
        /// The provider did not answer.
        Away = "away",
    }

    /// Why a request or a check failed at an app.
    UpstreamFailure {
        /// There was no connection.
        Connect = "connect",
        /// Its certificate is not the right one, or there was no handshake.
        Tls = "tls",
        /// It took too long.
        Timeout = "timeout",
        /// It closed the connection without an answer.
        Closed = "closed",
        /// Its answer was none.
        Protocol = "protocol",
        /// A check was not answered as it should be.
        Check = "check",
    }

    /// What came of reading the configuration again.
    ReloadResult {
        /// It is in effect.
        Applied = "applied",
        /// It is wrong: the one of before goes on.
        Refused = "refused",
        /// It changes what takes a restart: the one of before goes on.
        NeedsRestart = "needs_restart",
    }

    /// What came of an order for a certificate.
    OrderResult {
        /// The authority has signed one.
        Issued = "issued",
        /// There is none; the log says why.
        Failed = "failed",
    }

    /// What only attackers or very broken clients do, and what changes how an account is protected (R22).
    SecurityEvent {
        /// A form came from another site, or without its token (S52).
        CrossSite = "cross_site",
        /// A cookie had no valid MAC.
        ForgedCookie = "forged_cookie",
        /// An alias of an identity header was taken off (S46).
        HeaderAlias = "header_alias",
        /// A host that is no site's, or several of them (S49).
        BadHost = "bad_host",
        /// A path that servers read differently (S48).
        BadPath = "bad_path",
        /// A return target that leads elsewhere (S51).
        BadReturnTo = "bad_return_to",
        /// A ticket was shown by another browser, again or too late, or a browser goes in circles.
        TicketRefused = "ticket_refused",
        /// Cookies, forms or JSON that cannot be read (S59).
        Malformed = "malformed",
        /// A connection made work without asking for anything (S53).
        Flood = "flood",
        /// Forward-auth was asked by somebody who is no proxy of ours (S45).
        UntrustedProxy = "untrusted_proxy",
        /// An account's guess budget is spent.
        BudgetSpent = "budget_spent",
        /// A token of a trusted device was used twice (S32).
        DeviceTheft = "device_theft",
        /// A refresh token was used a second time.
        RefreshReuse = "refresh_reuse",
        /// A token of a program that is none, or not any more.
        BadToken = "bad_token",
        /// An account signed in from a place that is new to it.
        NewPlace = "new_place",
        /// A second step was turned on.
        SecondStepOn = "second_step_on",
        /// A second step was turned off.
        SecondStepOff = "second_step_off",
        /// A set of backup codes was made.
        BackupCodesMade = "backup_codes_made",
        /// A backup code signed somebody in.
        BackupCodeUsed = "backup_code_used",
        /// A password was changed by its owner.
        PasswordChanged = "password_changed",
        /// An e-mail address was changed by its owner.
        EmailChanged = "email_changed",
        /// A telephone number, or what it is used for, was changed by its owner.
        PhoneChanged = "phone_changed",
    }
}

/// The class of an HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StatusClass(usize);

impl StatusClass {
    pub(super) const COUNT: usize = 6;

    /// Anything outside 100 to 599 is `none`: the client left before there was an answer.
    pub(super) fn of(status: u16) -> Self {
        Self(match status {
            100..=599 => usize::from(status / 100),
            _ => 0,
        })
    }

    pub(super) const fn index(self) -> usize {
        self.0
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self.0 {
            1 => "1xx",
            2 => "2xx",
            3 => "3xx",
            4 => "4xx",
            5 => "5xx",
            _ => "none",
        }
    }
}
