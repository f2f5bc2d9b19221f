//! The MIME message: headers that nothing can be smuggled into, and the two parts.

use std::time::{Duration, SystemTime};

use lettre::address::Envelope;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};

use crate::domain::email::EmailAddress;
use crate::domain::id::MailId;
use crate::domain::time::Timestamp;

/// What goes into a message.
pub(super) struct Content<'a> {
    pub(super) id: MailId,
    pub(super) created_at: Timestamp,
    pub(super) from: &'a EmailAddress,
    pub(super) from_name: Option<&'a str>,
    pub(super) to: &'a EmailAddress,
    pub(super) subject: &'a str,
    pub(super) text: &'a str,
    pub(super) html: &'a str,
}

impl Content<'_> {
    /// The message, the same to the byte each time it is made.
    pub(super) fn compose(&self) -> Result<Message, lettre::error::Error> {
        let (from, to) = (to_lettre(self.from), to_lettre(self.to));
        // The boundary is made from the identifier and not drawn, so that a repeated mail is the same to the byte.
        let parts = MultiPart::alternative()
            .boundary(format!("=_{}", self.id.as_uuid().simple()))
            .singlepart(SinglePart::plain(self.text.to_owned()))
            .singlepart(SinglePart::html(self.html.to_owned()));
        Message::builder()
            .envelope(Envelope::new(Some(from.clone()), vec![to.clone()])?)
            .from(Mailbox::new(self.from_name.map(str::to_owned), from))
            .to(Mailbox::new(None, to))
            .subject(self.subject)
            .date(date(self.created_at))
            .header(MessageId(format!("<{}@{}>", self.id, self.from.domain())))
            // RFC 3834 section 5: made by a machine, so no machine answers it; the second is Exchange's word for it.
            .header(AutoSubmitted)
            .header(NoAutoResponse)
            .multipart(parts)
    }
}

/// [`EmailAddress`] takes less than lettre's own parser does: ASCII dot-atoms alone, so no line can hold a second
/// address or command (S20, S21).
fn to_lettre(address: &EmailAddress) -> Address {
    let (local, domain) = address.as_str().rsplit_once('@').unwrap_or_default();
    Address::new_dangerous(local, domain)
}

/// `Date` can tell the years 1970 to 9999.
fn date(at: Timestamp) -> SystemTime {
    const LAST: u64 = 253_402_300_799;
    let secs = u64::try_from(at.as_secs()).unwrap_or(0).min(LAST);
    SystemTime::UNIX_EPOCH + Duration::from_secs(secs)
}

macro_rules! plain_header {
    ($type:ident, $name:literal, $value:expr) => {
        impl Header for $type {
            fn name() -> HeaderName {
                HeaderName::new_from_ascii_str($name)
            }

            fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
                Err(concat!($name, " is written and never read").into())
            }

            fn display(&self) -> HeaderValue {
                let value: String = $value(self);
                HeaderValue::dangerous_new_pre_encoded(Self::name(), value.clone(), value)
            }
        }
    };
}

/// Written as it is: lettre would fold and encode a long one, and then it names another mail. It holds a UUID and a
/// domain that was parsed.
#[derive(Clone)]
struct MessageId(String);
plain_header!(MessageId, "Message-ID", |id: &MessageId| id.0.clone());

#[derive(Clone)]
struct AutoSubmitted;
plain_header!(AutoSubmitted, "Auto-Submitted", |_: &AutoSubmitted| "auto-generated".to_owned());

#[derive(Clone)]
struct NoAutoResponse;
plain_header!(NoAutoResponse, "X-Auto-Response-Suppress", |_: &NoAutoResponse| "All".to_owned());
