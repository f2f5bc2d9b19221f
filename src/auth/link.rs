//! The link in the mail: finished only by the browser that asked, shown as a relay code to any other (S16, S17).

use zeroize::Zeroizing;

use crate::domain::audit::{AuditEvent, AuditResult};
use crate::domain::budget::BudgetState;
use crate::domain::challenge::{Challenge, ChallengeState, Purpose, Redeemed};
use crate::domain::device::Guesser;
use crate::domain::secret::{FlowSecret, LinkToken};
use crate::store::StoreError;
use crate::telemetry::metrics::{SigninResult, SigninStep};

use super::Auth;
use super::answer::{Answer, count_step};
use super::audit::Attempt;
use super::code::CodeOutcome;
use super::sign_in::Context;

/// What a link is to the browser that opened it.
#[derive(Clone, Debug)]
pub enum OpenedLink {
    /// The way to go on: this browser asked.
    Ours {
        /// The challenge.
        challenge: Box<Challenge>,
        /// How it stands.
        state: ChallengeState,
    },
    /// Another browser asked; this code goes there.
    Relay {
        /// The code, in groups for people; none while the guess budget lets no code be typed.
        code: Option<Zeroizing<String>>,
        /// The challenge.
        challenge: Box<Challenge>,
    },
    /// No challenge has that link, or not any more.
    Unknown,
}

impl Auth {
    /// What the link of `token` is to this browser. Changes nothing, however often it is asked (S16).
    pub async fn open_link(
        &self,
        flow: Option<&FlowSecret>,
        token: &LinkToken,
        context: &Context<'_>,
    ) -> Result<OpenedLink, StoreError> {
        let found = self.flow.find_link(&token.hash()).await?;
        let Some(challenge) = found.filter(|challenge| challenge.host == *context.host) else {
            return Ok(OpenedLink::Unknown);
        };
        let challenge = Box::new(challenge);
        let own = match flow {
            Some(flow) => self.flow.find_challenge(&flow.hash()).await?,
            None => None,
        };
        let state = challenge.state(context.now);
        if own.is_some_and(|own| own.id == challenge.id) {
            return Ok(OpenedLink::Ours { challenge, state });
        }
        match state {
            ChallengeState::Expired | ChallengeState::Consumed => return Ok(OpenedLink::Unknown),
            ChallengeState::Pending { .. } | ChallengeState::Exhausted => {}
        }
        let id = self.guesses_at(challenge.subject, &challenge.aim);
        let budget = self.settings.budget;
        let budget = self.accounts.guess_budget(id, Guesser::Unknown, budget, context.now).await?;
        let typed = budget == BudgetState::Within && state != ChallengeState::Exhausted;
        let code = typed.then(|| self.keys.relay_code(token).for_people());
        Ok(OpenedLink::Relay { code, challenge })
    }

    /// Answers by the link, in the browser that asked.
    pub async fn redeem_link(
        &self,
        flow: &FlowSecret,
        token: &LinkToken,
        trust_device: bool,
        context: &Context<'_>,
    ) -> Result<CodeOutcome, StoreError> {
        let found = self.flow.find_challenge(&flow.hash()).await?;
        let purpose = found.as_ref().map_or(Purpose::SignIn, Challenge::purpose);
        let redeemed =
            self.flow.redeem_link(&flow.hash(), purpose, &token.hash(), context.now).await?;
        match redeemed {
            Redeemed::Accepted(challenge) if challenge.host == *context.host => {
                let step = SigninStep::Link;
                let answer = Answer { challenge: &challenge, step, trust_device };
                self.accept(answer, context).await
            }
            Redeemed::Accepted(_) | Redeemed::Unknown => {
                count_step(purpose, SigninStep::Link, SigninResult::Refused);
                let wrong = Attempt::of(AuditEvent::Link, AuditResult::Wrong, None);
                self.remember(wrong, context).await?;
                Ok(CodeOutcome::Lost)
            }
            Redeemed::Wrong { .. }
            | Redeemed::WrongAndExhausted
            | Redeemed::Expired
            | Redeemed::Exhausted
            | Redeemed::Spent => {
                count_step(purpose, SigninStep::Link, SigninResult::Expired);
                let over = Attempt::of(AuditEvent::Link, AuditResult::Expired, None);
                self.remember(over, context).await?;
                Ok(CodeOutcome::Closed)
            }
        }
    }
}
