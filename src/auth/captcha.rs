//! Captchas: what a form has to show, and what it has shown (R19).
//!
//! What can be told without a store or a provider is told first; what is shown is spent only within the limits of the form
//! itself, so that nobody fills the memory of what is spent, nor has a provider asked again and again. Whatever could not
//! be checked is refused (S57).

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::domain::address::counted_as;
use crate::domain::budget::DelayRule;
use crate::domain::captcha::{
    Binding, CaptchaKind, CaptchaPlace, CaptchaRules, Demand, Judged, ProviderRule, Siteverify,
    TICKET_LIFETIME, Ticket, Widget, WidgetOf,
};
use crate::domain::quota::{Quota, Rate};
use crate::domain::secret::{FlowSecret, base64url};
use crate::store::{LimitName, StoreError};
use crate::telemetry::metrics::{CaptchaResult, metrics};

use super::sign_in::Context;
use super::{Auth, Limited};

/// What forms ask for, and who is asked about it.
pub struct Captchas {
    /// What each form asks for.
    pub rules: CaptchaRules,
    /// The provider, if there is one.
    pub provider: Option<Provider>,
}

/// A provider of captchas.
pub struct Provider {
    /// What pages load.
    pub widget: WidgetOf,
    /// What its answers are held against.
    pub rule: ProviderRule,
    /// Who asks it.
    pub site: Arc<dyn Siteverify>,
}

/// What came with a form to show that no program sends it. The default is nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Evidence<'a> {
    /// The secret of the browser.
    pub flow: Option<&'a FlowSecret>,
    /// The ticket of the sum.
    pub ticket: &'a str,
    /// Its answer; empty for a browser that has waited instead.
    pub answer: &'a str,
    /// The provider's token.
    pub token: &'a str,
}

/// Why a form is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptchaFault {
    /// Nothing was shown, or nothing of this browser and form.
    Missing,
    /// The answer is wrong.
    Wrong,
    /// The ticket is too old.
    Expired,
    /// It was shown before.
    Spent,
    /// A browser that waits has not waited for long enough.
    TooSoon {
        /// For how much longer.
        wait: Duration,
    },
    /// Waiting is taken so often and no more.
    Limited(Limited),
    /// The provider does not hold it for a person.
    Refused,
    /// The provider did not answer.
    Away,
}

impl CaptchaFault {
    const fn result(self) -> CaptchaResult {
        match self {
            Self::Missing => CaptchaResult::Missing,
            Self::Wrong => CaptchaResult::Wrong,
            Self::Expired => CaptchaResult::Expired,
            Self::Spent => CaptchaResult::Spent,
            Self::TooSoon { .. } => CaptchaResult::TooSoon,
            Self::Limited(_) => CaptchaResult::Limited,
            Self::Refused => CaptchaResult::Refused,
            Self::Away => CaptchaResult::Away,
        }
    }
}

/// What was shown, as far as that can be told by looking at it.
pub(super) enum Shown<'a> {
    /// Nothing has to be.
    Nothing,
    /// The answer of a sum.
    Worked(Ticket),
    /// That a browser has waited.
    Waited(Ticket),
    /// A token that the provider knows about.
    Token(&'a str),
}

/// The longest token that a provider is asked about; theirs have about two thousand characters.
const LONGEST_TOKEN: usize = 8192;

/// How long wrong passwords make sign-ins ask.
const FAILURES_COUNT_FOR: Duration = Duration::from_secs(3600);

impl Auth {
    /// What the form at `place` has to show in the browser of `flow`. `keep` is the ticket that it had before: it is shown
    /// again while it is good, so that whoever corrects a form does not wait again.
    pub fn captcha(
        &self,
        place: CaptchaPlace,
        flow: &FlowSecret,
        keep: &str,
        context: &Context<'_>,
    ) -> Demand {
        let Captchas { rules, provider } = &self.captchas;
        match (rules.at(place), provider) {
            (CaptchaKind::Off, _) => Demand::Nothing,
            (CaptchaKind::ProofOfWork, _) => {
                let (key, binding) = (&self.keys.work, Binding { place, host: context.host, flow });
                let kept = Ticket::read(keep, key, &binding).filter(|kept| kept.lasts(context.now));
                let ticket =
                    kept.unwrap_or_else(|| Ticket::issue(&rules.work, &*self.entropy, context.now));
                Demand::Work(ticket.puzzle(&rules.work, key, &binding, context.now))
            }
            (CaptchaKind::Provider, Some(provider)) => {
                let WidgetOf { kind, site_key, script } = provider.widget.clone();
                Demand::Provider(Widget { kind, site_key, script, action: place.as_str() })
            }
            // Settings without a provider do not ask for one; if they did, nothing would be taken.
            (CaptchaKind::Provider, None) => Demand::Nothing,
        }
    }

    /// The same for signing in, where it is asked for only after failures from this address.
    pub async fn sign_in_captcha(
        &self,
        flow: &FlowSecret,
        keep: &str,
        context: &Context<'_>,
    ) -> Result<Demand, StoreError> {
        if self.captchas.rules.sign_in == CaptchaKind::Off
            || !self.has_failed(&address_key(context), context).await?
        {
            return Ok(Demand::Nothing);
        }
        Ok(self.captcha(CaptchaPlace::SignIn, flow, keep, context))
    }

    /// The field in which a provider's token comes, if there is a provider.
    pub fn captcha_field(&self) -> Option<&'static str> {
        self.captchas.provider.as_ref().map(|provider| provider.widget.kind.field())
    }

    /// Looks at what came with the form at `place`: no store and nobody else is asked, and nothing is spent.
    pub(super) fn look_at<'a>(
        &self,
        place: CaptchaPlace,
        evidence: &Evidence<'a>,
        context: &Context<'_>,
    ) -> Result<Shown<'a>, CaptchaFault> {
        let rules = &self.captchas.rules;
        let seen = match rules.at(place) {
            CaptchaKind::Off => Ok(Shown::Nothing),
            CaptchaKind::ProofOfWork => self.look_at_work(place, evidence, context),
            CaptchaKind::Provider => match evidence.token {
                "" => Err(CaptchaFault::Missing),
                token if token.len() > LONGEST_TOKEN => Err(CaptchaFault::Refused),
                token => Ok(Shown::Token(token)),
            },
        };
        seen.inspect_err(|fault| metrics().captcha(place, fault.result()))
    }

    fn look_at_work<'a>(
        &self,
        place: CaptchaPlace,
        evidence: &Evidence<'a>,
        context: &Context<'_>,
    ) -> Result<Shown<'a>, CaptchaFault> {
        let flow = evidence.flow.ok_or(CaptchaFault::Missing)?;
        let (rule, key) = (&self.captchas.rules.work, &self.keys.work);
        let binding = Binding { place, host: context.host, flow };
        let ticket = Ticket::read(evidence.ticket, key, &binding).ok_or(CaptchaFault::Missing)?;
        match ticket.judge(evidence.answer, rule, key, &binding, context.now) {
            Judged::Worked => Ok(Shown::Worked(ticket)),
            Judged::Waited => Ok(Shown::Waited(ticket)),
            Judged::TooSoon { wait } => Err(CaptchaFault::TooSoon { wait }),
            Judged::Wrong => Err(CaptchaFault::Wrong),
            Judged::Expired => Err(CaptchaFault::Expired),
        }
    }

    /// Spends what was shown: of many who show the same at once, one is taken.
    pub(super) async fn accept_shown(
        &self,
        place: CaptchaPlace,
        shown: Shown<'_>,
        context: &Context<'_>,
    ) -> Result<Result<(), CaptchaFault>, StoreError> {
        let taken = match shown {
            Shown::Nothing => return Ok(Ok(())),
            Shown::Worked(ticket) => self.spend(&ticket.name(), context).await?,
            Shown::Waited(ticket) => match self.count_wait(context).await? {
                Ok(()) => self.spend(&ticket.name(), context).await?,
                Err(limited) => Err(CaptchaFault::Limited(limited)),
            },
            Shown::Token(token) => self.ask_provider(place, token, context).await?,
        };
        let result = taken.map_or_else(CaptchaFault::result, |()| CaptchaResult::Passed);
        metrics().captcha(place, result);
        Ok(taken)
    }

    /// Takes the name once within the life of a ticket.
    async fn spend(
        &self,
        name: &str,
        context: &Context<'_>,
    ) -> Result<Result<(), CaptchaFault>, StoreError> {
        let Some(once) = Rate::new(NonZeroU32::MIN, TICKET_LIFETIME) else {
            return Ok(Err(CaptchaFault::Spent));
        };
        let spent = self.flow.count_quota(LimitName::Captcha, name, once, context.now).await?;
        Ok(match spent {
            Quota::Within => Ok(()),
            Quota::Exceeded { .. } => Err(CaptchaFault::Spent),
        })
    }

    /// Waiting costs a program nothing but time, of which it has as many as it opens pages: it is counted.
    async fn count_wait(&self, context: &Context<'_>) -> Result<Result<(), Limited>, StoreError> {
        let address = counted_as(context.client.address).to_string();
        for (limit, key) in [(LimitName::WaitsAddress, &*address), (LimitName::WaitsTotal, "")] {
            if let Err(limited) = self.within(limit, key, context).await? {
                return Ok(Err(limited));
            }
        }
        Ok(Ok(()))
    }

    async fn ask_provider(
        &self,
        place: CaptchaPlace,
        token: &str,
        context: &Context<'_>,
    ) -> Result<Result<(), CaptchaFault>, StoreError> {
        let Some(provider) = &self.captchas.provider else { return Ok(Err(CaptchaFault::Away)) };
        // Providers say themselves that a token was shown before, and some only for a while.
        let name = base64url(&Sha256::digest(token.as_bytes()));
        if let Err(fault) = self.spend(&name, context).await? {
            return Ok(Err(fault));
        }
        Ok(match provider.site.verify(token).await {
            Ok(answer) if provider.rule.accepts(&answer, context.host, place) => Ok(()),
            Ok(answer) => {
                tracing::info!(
                    place = place.as_str(),
                    success = answer.success,
                    hostname = answer.hostname,
                    action = answer.action,
                    score = answer.score,
                    "the provider of captchas said what is not enough"
                );
                Err(CaptchaFault::Refused)
            }
            Err(error) => {
                tracing::warn!(place = place.as_str(), %error, "a form was refused");
                Err(CaptchaFault::Away)
            }
        })
    }

    /// Whether a sign-in from this address, or with passwords that are counted as `failures`, has to show something.
    pub(super) async fn wants_captcha(
        &self,
        failures: &str,
        context: &Context<'_>,
    ) -> Result<bool, StoreError> {
        if self.captchas.rules.sign_in == CaptchaKind::Off {
            return Ok(false);
        }
        Ok(self.has_failed(&address_key(context), context).await?
            | self.has_failed(&name_key(failures), context).await?)
    }

    /// Counts a wrong password for captchas, where they are asked for at sign-ins.
    pub(super) async fn count_for_captcha(
        &self,
        failures: &str,
        context: &Context<'_>,
    ) -> Result<(), StoreError> {
        let rules = &self.captchas.rules;
        if rules.sign_in == CaptchaKind::Off {
            return Ok(());
        }
        let rule = DelayRule {
            free: rules.sign_in_after.get().saturating_sub(1),
            first: FAILURES_COUNT_FOR,
            longest: FAILURES_COUNT_FOR,
            forgotten_after: FAILURES_COUNT_FOR,
        };
        for key in [address_key(context), name_key(failures)] {
            self.accounts.count_password_failure(&key, rule, context.now).await?;
        }
        Ok(())
    }

    async fn has_failed(&self, key: &str, context: &Context<'_>) -> Result<bool, StoreError> {
        Ok(self.accounts.next_password_try(key, context.now).await? > context.now)
    }
}

fn address_key(context: &Context<'_>) -> String {
    format!("captcha address {}", counted_as(context.client.address))
}

fn name_key(failures: &str) -> String {
    format!("captcha {failures}")
}
