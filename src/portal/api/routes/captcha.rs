//! What forms have to show so that no program sends them in masses.

use super::encoding::encode_program_flow;
use super::seconds;
use crate::auth::captcha::Evidence;
use crate::domain::captcha::{CaptchaPlace, Demand};
use crate::domain::secret::FlowSecret;
use crate::portal::api::Call;
use crate::portal::api::asked::{CaptchaAnswer, CaptchaFor, CaptchaRequest};
use crate::portal::api::problem::Problem;
use crate::portal::api::reply::Answer;
use crate::portal::api::told::CaptchaView;

pub(in crate::portal::api) async fn ask(call: Call<'_>) -> Result<Answer, Problem> {
    let CaptchaRequest { place } = call.read()?;
    Ok(Answer::ok(&demanded(call, place)))
}

pub(in crate::portal::api) fn demanded(call: Call<'_>, place: CaptchaFor) -> CaptchaView {
    let (auth, context) = (&call.api.portal.auth, call.context_here());
    let flow = auth.new_flow();
    let demand = match place {
        CaptchaFor::Registration => auth.captcha(CaptchaPlace::Registration, &flow, "", &context),
        CaptchaFor::Reset => auth.captcha(CaptchaPlace::Reset, &flow, "", &context),
        CaptchaFor::SignIn => auth.captcha(CaptchaPlace::SignIn, &flow, "", &context),
    };
    match demand {
        Demand::Nothing => CaptchaView::None,
        Demand::Work(puzzle) => CaptchaView::ProofOfWork {
            flow: encode_program_flow(auth.keys(), &flow, call.visit.site.host()),
            ticket: puzzle.ticket,
            salt: puzzle.salt,
            target: puzzle.target,
            hashes: puzzle.hashes,
            wait: seconds(puzzle.wait),
        },
        Demand::Provider(widget) => CaptchaView::Provider {
            provider: widget.kind.as_str().to_owned(),
            site_key: widget.site_key,
            action: widget.action.to_owned(),
        },
    }
}

/// A text that is no longer than the document says, whether it is looked at or not.
fn at_most(most: usize, name: &'static str, text: String) -> Result<String, Problem> {
    match text.chars().count() <= most {
        true => Ok(text),
        false => Err(Problem::field(name, format!("at most {most} characters"))),
    }
}

/// What came with a request.
#[derive(Default)]
pub(super) struct Shown {
    flow: Option<FlowSecret>,
    ticket: String,
    answer: String,
    token: String,
}

impl Shown {
    /// What a body holds of it.
    pub(super) fn of(call: Call<'_>, answer: Option<CaptchaAnswer>) -> Result<Self, Problem> {
        let Some(CaptchaAnswer { flow, ticket, answer, token }) = answer else {
            return Ok(Self::default());
        };
        // What is none of ours shows nothing, and where nothing is asked for that is no fault.
        let ticket = at_most(256, "captcha/ticket", ticket.unwrap_or_default())?;
        let answer = at_most(64, "captcha/answer", answer.unwrap_or_default())?;
        let token = match token {
            Some(token) => at_most(8192, "captcha/token", token.expose().to_owned())?,
            None => String::new(),
        };
        let flow = match flow {
            Some(flow) => call.flow_of_ours("captcha/flow", &flow)?,
            None => None,
        };
        Ok(Self { flow, ticket, answer, token })
    }

    /// The same as the use cases look at it.
    pub(super) fn evidence(&self) -> Evidence<'_> {
        let Self { flow, ticket, answer, token } = self;
        Evidence { flow: flow.as_ref(), ticket, answer: answer.trim(), token }
    }
}
