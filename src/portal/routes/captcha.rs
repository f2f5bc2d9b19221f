//! What forms show so that no program sends them, and what is answered where that is not enough.

use http::StatusCode;

use crate::auth::captcha::{CaptchaFault, Evidence};
use crate::domain::secret::FlowSecret;
use crate::portal::Portal;
use crate::portal::form::Form;
use crate::portal::respond::Reply;

/// The field of the ticket of a sum.
const TICKET: &str = "captcha_ticket";
/// The field of its answer.
const ANSWER: &str = "captcha_answer";

/// What came with the form of the browser that has this secret.
pub(super) fn evidence<'a>(
    portal: &Portal,
    fields: &'a Form,
    flow: Option<&'a FlowSecret>,
) -> Evidence<'a> {
    Evidence {
        flow,
        ticket: ticket(fields),
        answer: fields.get(ANSWER).trim(),
        token: portal.auth.captcha_field().map_or("", |name| fields.get(name)),
    }
}

/// The ticket that came with the form, to be shown again while it is good.
pub(super) fn ticket(fields: &Form) -> &str {
    fields.get(TICKET)
}

/// The ticket that is shown again after this fault: what was spent, or is no good, is not.
pub(super) const fn kept_after(fault: CaptchaFault, ticket: &str) -> &str {
    match fault {
        CaptchaFault::TooSoon { .. } => ticket,
        CaptchaFault::Missing
        | CaptchaFault::Wrong
        | CaptchaFault::Expired
        | CaptchaFault::Spent
        | CaptchaFault::Limited(_)
        | CaptchaFault::Refused
        | CaptchaFault::Away => "",
    }
}

/// The answer's status, and when to come back where that is known.
pub(super) fn answer(reply: Reply<'_>, fault: CaptchaFault) -> (Reply<'_>, StatusCode) {
    match fault {
        CaptchaFault::Missing
        | CaptchaFault::Wrong
        | CaptchaFault::Expired
        | CaptchaFault::Spent => (reply, StatusCode::BAD_REQUEST),
        CaptchaFault::TooSoon { wait } => (reply.retry_after(wait), StatusCode::TOO_MANY_REQUESTS),
        CaptchaFault::Limited(limited) => {
            (reply.retry_after(limited.retry_after), StatusCode::TOO_MANY_REQUESTS)
        }
        CaptchaFault::Refused => (reply, StatusCode::FORBIDDEN),
        CaptchaFault::Away => {
            let wait = std::time::Duration::from_secs(60);
            (reply.retry_after(wait), StatusCode::SERVICE_UNAVAILABLE)
        }
    }
}
