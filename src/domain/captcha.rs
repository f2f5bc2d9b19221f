//! Captchas: what a form asks for, so that programs do not send it in masses (R19).
//!
//! The one without a third party is a sum: the server hides a number below a known bound behind a hash, and the browser
//! tries all of them. Whoever sends one form does not notice; whoever sends a million pays for each. Nothing is stored
//! before a form comes back: the ticket carries all, under a MAC that binds it to its browser, host and form. A browser
//! without scripts waits instead.

use std::num::NonZeroU32;
use std::time::Duration;

use async_trait::async_trait;
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::entropy::{self, Entropy};
use super::host::HostName;
use super::keys::RotatingKey;
use super::quota::Rate;
use super::secret::{FlowSecret, base64url, from_base64url};
use super::time::Timestamp;

/// How long a ticket is good: long enough for whoever fills in a form slowly.
pub const TICKET_LIFETIME: Duration = Duration::from_secs(30 * 60);

/// A form that may ask for a captcha.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CaptchaPlace {
    /// For registering.
    Registration,
    /// For a new password.
    Reset,
    /// For signing in, after failures.
    SignIn,
}

impl CaptchaPlace {
    /// The name in MACs, in metrics, and as the action that a provider is told.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::Reset => "reset",
            Self::SignIn => "sign_in",
        }
    }
}

/// What a form asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptchaKind {
    /// Nothing.
    Off,
    /// A sum in the browser.
    ProofOfWork,
    /// What the provider asks for.
    Provider,
}

/// What each form asks for.
#[derive(Clone, Copy, Debug)]
pub struct CaptchaRules {
    /// For registering.
    pub registration: CaptchaKind,
    /// For a new password.
    pub reset: CaptchaKind,
    /// For signing in, once there were failures.
    pub sign_in: CaptchaKind,
    /// The wrong passwords within an hour, of an address or for a name, after which a sign-in asks.
    pub sign_in_after: NonZeroU32,
    /// The sum.
    pub work: WorkRule,
}

impl CaptchaRules {
    /// What the form at `place` asks for.
    pub const fn at(&self, place: CaptchaPlace) -> CaptchaKind {
        match place {
            CaptchaPlace::Registration => self.registration,
            CaptchaPlace::Reset => self.reset,
            CaptchaPlace::SignIn => self.sign_in,
        }
    }
}

impl Default for CaptchaRules {
    fn default() -> Self {
        Self {
            registration: CaptchaKind::ProofOfWork,
            reset: CaptchaKind::Off,
            sign_in: CaptchaKind::Off,
            sign_in_after: SIGN_IN_AFTER,
            work: WorkRule::default(),
        }
    }
}

/// People mistype once or twice.
const SIGN_IN_AFTER: NonZeroU32 = NonZeroU32::MIN.saturating_add(2);

/// How much the sum is, and what stands in for it.
#[derive(Clone, Copy, Debug)]
pub struct WorkRule {
    /// The most hashes that it takes; half of that on average.
    pub hashes: NonZeroU32,
    /// How long a browser without scripts waits.
    pub wait: Duration,
    /// How often waiting is taken from one address.
    pub waits_address: Rate,
    /// How often it is taken in all.
    pub waits_total: Rate,
}

impl Default for WorkRule {
    /// A second or so of a slow telephone, less of any other.
    fn default() -> Self {
        const fn number(above_one: u32) -> NonZeroU32 {
            NonZeroU32::MIN.saturating_add(above_one)
        }
        Self {
            hashes: number(399_999),
            wait: Duration::from_secs(15),
            waits_address: Rate::per_hour(number(4)),
            waits_total: Rate::per_hour(number(59)),
        }
    }
}

/// What a ticket is bound to.
#[derive(Clone, Copy, Debug)]
pub struct Binding<'a> {
    /// The form.
    pub place: CaptchaPlace,
    /// The host.
    pub host: &'a HostName,
    /// The secret of the browser.
    pub flow: &'a FlowSecret,
}

/// A ticket that is genuine, whatever its age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    issued_at: Timestamp,
    hashes: NonZeroU32,
    salt: [u8; 16],
}

/// What a browser works on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Puzzle {
    /// The ticket, which comes back with the answer.
    pub ticket: String,
    /// What each number is hashed after, hexadecimal: SHA-256(salt ‖ number as four bytes, the highest first).
    pub salt: String,
    /// The hash of the number that is asked for, hexadecimal.
    pub target: String,
    /// The number is below this.
    pub hashes: u32,
    /// How long from now on a browser without scripts has to wait.
    pub wait: Duration,
}

/// The bytes of a ticket before its MAC: when, how hard, the salt.
const FIELDS: usize = 8 + 4 + 16;
const TAG: usize = 16;

impl Ticket {
    /// A new one.
    pub fn issue(rule: &WorkRule, entropy: &dyn Entropy, now: Timestamp) -> Self {
        Self { issued_at: now, hashes: rule.hashes, salt: entropy::bytes(entropy) }
    }

    /// The ticket that this text is, if it was issued for this very browser, host and form.
    pub fn read(text: &str, key: &RotatingKey, binding: &Binding<'_>) -> Option<Self> {
        // Longer than any, so that nobody has us decode a megabyte.
        if text.len() > 2 * (FIELDS + TAG) {
            return None;
        }
        let bytes = from_base64url(text)?;
        let (fields, tag) = bytes.split_at_checked(FIELDS)?;
        if tag.len() != TAG || !key.verifies(&parts(b"ticket", binding, fields), tag) {
            return None;
        }
        let (issued_at, rest) = fields.split_first_chunk::<8>()?;
        let (hashes, salt) = rest.split_first_chunk::<4>()?;
        Some(Self {
            issued_at: Timestamp::from_millis(i64::from_be_bytes(*issued_at)),
            hashes: NonZeroU32::new(u32::from_be_bytes(*hashes))?,
            salt: *salt.first_chunk()?,
        })
    }

    /// The same as a browser gets it.
    pub fn puzzle(
        &self,
        rule: &WorkRule,
        key: &RotatingKey,
        binding: &Binding<'_>,
        now: Timestamp,
    ) -> Puzzle {
        let fields = self.fields();
        let tag = key.mac(&parts(b"ticket", binding, &fields));
        let number = self.number(&key.mac(&parts(b"answer", binding, &fields)));
        let mut ticket = fields.to_vec();
        ticket.extend_from_slice(tag.get(..TAG).unwrap_or_default());
        Puzzle {
            ticket: base64url(&ticket),
            salt: HEXLOWER.encode(&self.salt),
            target: HEXLOWER
                .encode(&Sha256::digest([&self.salt[..], &number.to_be_bytes()].concat())),
            hashes: self.hashes.get(),
            wait: now.until(self.issued_at + rule.wait),
        }
    }

    /// What comes of an answer to it at `now`; an empty one is a browser's that has waited.
    pub fn judge(
        &self,
        answer: &str,
        rule: &WorkRule,
        key: &RotatingKey,
        binding: &Binding<'_>,
        now: Timestamp,
    ) -> Judged {
        if now.since(self.issued_at) >= TICKET_LIFETIME {
            return Judged::Expired;
        }
        if answer.is_empty() {
            let wait = now.until(self.issued_at + rule.wait);
            return if wait.is_zero() { Judged::Waited } else { Judged::TooSoon { wait } };
        }
        let fields = self.fields();
        let parts = parts(b"answer", binding, &fields);
        let mut right = key.candidates(&parts);
        let answer = answer.parse::<u32>().ok();
        if answer.is_some_and(|answer| right.any(|mac| self.number(&mac) == answer)) {
            Judged::Worked
        } else {
            Judged::Wrong
        }
    }

    /// Whether it is worth showing again: enough of its time is left.
    pub fn lasts(&self, now: Timestamp) -> bool {
        now.since(self.issued_at) < TICKET_LIFETIME / 2
    }

    /// Under which name it is spent.
    pub fn name(&self) -> String {
        base64url(&self.salt)
    }

    fn fields(&self) -> [u8; FIELDS] {
        let mut fields = [0; FIELDS];
        let bytes = self.issued_at.as_millis().to_be_bytes().into_iter();
        let bytes = bytes.chain(self.hashes.get().to_be_bytes()).chain(self.salt);
        for (place, byte) in fields.iter_mut().zip(bytes) {
            *place = byte;
        }
        fields
    }

    /// The number that a MAC stands for. With 64 bits of it no number is likelier than another by more than a billionth.
    fn number(&self, mac: &[u8; 32]) -> u32 {
        let drawn = mac.first_chunk::<8>().copied().map_or(0, u64::from_be_bytes);
        u32::try_from(drawn % u64::from(self.hashes.get())).unwrap_or(0)
    }
}

fn parts<'a>(what: &'a [u8], binding: &Binding<'a>, fields: &'a [u8]) -> [&'a [u8]; 5] {
    let Binding { place, host, flow } = binding;
    [what, place.as_str().as_bytes(), host.as_str().as_bytes(), flow.expose(), fields]
}

/// What came of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// It is right.
    Worked,
    /// The browser has waited for as long as it takes.
    Waited,
    /// It has not waited for long enough.
    TooSoon {
        /// For how much longer.
        wait: Duration,
    },
    /// It is wrong.
    Wrong,
    /// The ticket is too old.
    Expired,
}

/// What a form has to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Nothing.
    Nothing,
    /// A sum.
    Work(Puzzle),
    /// The widget of the provider.
    Provider(Widget),
}

/// A provider of captchas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProviderKind {
    /// reCAPTCHA v2, a box to tick.
    RecaptchaV2,
    /// reCAPTCHA v3, a score.
    RecaptchaV3,
    /// hCaptcha.
    Hcaptcha,
    /// Cloudflare Turnstile.
    Turnstile,
}

impl ProviderKind {
    /// The name in configuration and templates.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RecaptchaV2 => "recaptcha_v2",
            Self::RecaptchaV3 => "recaptcha_v3",
            Self::Hcaptcha => "hcaptcha",
            Self::Turnstile => "turnstile",
        }
    }

    /// The field in which its token comes.
    pub const fn field(self) -> &'static str {
        match self {
            Self::RecaptchaV2 => "g-recaptcha-response",
            // Its script fills no field of the form.
            Self::RecaptchaV3 => "captcha_token",
            Self::Hcaptcha => "h-captcha-response",
            Self::Turnstile => "cf-turnstile-response",
        }
    }

    /// The script that makes its widget.
    pub const fn script(self) -> &'static str {
        match self {
            Self::RecaptchaV2 | Self::RecaptchaV3 => "https://www.google.com/recaptcha/api.js",
            Self::Hcaptcha => "https://js.hcaptcha.com/1/api.js",
            Self::Turnstile => "https://challenges.cloudflare.com/turnstile/v0/api.js",
        }
    }

    /// Where it is asked about tokens.
    pub const fn verify(self) -> &'static str {
        match self {
            Self::RecaptchaV2 | Self::RecaptchaV3 => {
                "https://www.google.com/recaptcha/api/siteverify"
            }
            Self::Hcaptcha => "https://api.hcaptcha.com/siteverify",
            Self::Turnstile => "https://challenges.cloudflare.com/turnstile/v0/siteverify",
        }
    }

    /// From where its own script loads more, for a content security policy.
    const fn sources(self) -> &'static str {
        match self {
            Self::RecaptchaV2 | Self::RecaptchaV3 => {
                "https://www.google.com/recaptcha/ https://www.gstatic.com/recaptcha/ \
                 https://recaptcha.google.com/recaptcha/"
            }
            Self::Hcaptcha => "https://hcaptcha.com https://*.hcaptcha.com",
            Self::Turnstile => "https://challenges.cloudflare.com",
        }
    }
}

/// The widget of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WidgetOf {
    /// Whose.
    pub kind: ProviderKind,
    /// The site as the provider knows it.
    pub site_key: String,
    /// The script that makes the widget.
    pub script: Url,
}

/// The same as a page loads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Widget {
    /// Whose.
    pub kind: ProviderKind,
    /// The site as the provider knows it.
    pub site_key: String,
    /// The script that makes the widget.
    pub script: Url,
    /// What the provider is told that it is for.
    pub action: &'static str,
}

impl Widget {
    /// From where the page loads what the widget needs, for a content security policy: the provider's addresses, or those
    /// of the one host that has another script than the provider's own.
    pub fn sources(&self) -> String {
        if self.script.as_str() == self.kind.script() {
            self.kind.sources().to_owned()
        } else {
            self.script.origin().ascii_serialization()
        }
    }
}

/// What a provider's answer is held against.
#[derive(Clone, Copy, Debug)]
pub struct ProviderRule {
    /// Whose.
    pub kind: ProviderKind,
    /// The least score that is taken, in hundredths; only of reCAPTCHA v3.
    pub least_score: u8,
}

/// What a provider says of a token.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProviderAnswer {
    /// Whether the token is good.
    pub success: bool,
    /// The host of the page where it was made.
    pub hostname: Option<String>,
    /// What it was made for.
    pub action: Option<String>,
    /// How likely a person is, from 0 to 1.
    pub score: Option<f64>,
}

impl ProviderRule {
    /// Whether the answer is about a person at this host and form. What a provider that says such things leaves out is
    /// no.
    pub fn accepts(&self, answer: &ProviderAnswer, host: &HostName, place: CaptchaPlace) -> bool {
        let here = answer
            .hostname
            .as_deref()
            .is_some_and(|name| name.parse::<HostName>().is_ok_and(|name| name == *host));
        let action = answer.action.as_deref();
        let for_this = match self.kind {
            ProviderKind::RecaptchaV3 | ProviderKind::Turnstile => action == Some(place.as_str()),
            // They know no actions.
            ProviderKind::RecaptchaV2 | ProviderKind::Hcaptcha => true,
        };
        let likely = match self.kind {
            ProviderKind::RecaptchaV3 => {
                answer.score.is_some_and(|score| score * 100.0 >= f64::from(self.least_score))
            }
            ProviderKind::RecaptchaV2 | ProviderKind::Hcaptcha | ProviderKind::Turnstile => true,
        };
        answer.success && here && for_this && likely
    }
}

/// Asks a provider of captchas about tokens.
#[async_trait]
pub trait Siteverify: Send + Sync {
    /// What the provider says of the token, or why it says nothing.
    async fn verify(&self, token: &str) -> Result<ProviderAnswer, ProviderAway>;
}

/// The provider did not answer; the message names the cause and nothing of token or secret.
#[derive(Debug, thiserror::Error)]
#[error("the provider of captchas did not answer: {0}")]
pub struct ProviderAway(pub String);

#[cfg(test)]
mod tests;
