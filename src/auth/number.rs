//! A code to a telephone number alone, where neither name nor password is shown (docs/sms.md).

use crate::domain::account::Account;
use crate::domain::address::counted_as;
use crate::domain::challenge::{Aim, Grant};
use crate::domain::phone::{CodesBy, PhoneNumber, rule_of};
use crate::domain::secret::FlowSecret;
use crate::domain::session::Methods;
use crate::store::{LimitName, StoreError};
use crate::telemetry::metrics::metrics;

use super::challenge::{Mailed, Recipient};
use super::sign_in::Context;
use super::{Auth, Limited};

/// What came of giving a number to sign in by.
#[derive(Debug)]
pub enum NumberOutcome {
    /// A code is on its way to it, or so it looks: whether anybody has the number is not told (S23).
    CodeSent(FlowSecret),
    /// No text messages are sent there, or to no number alone.
    NotThere,
    /// Too many codes were asked for.
    Limited(Limited),
}

impl Auth {
    /// Sends a code to whoever has this number and has the codes of their sign-ins come there. What is not on the list is
    /// refused before anybody is looked for; what is counted is counted for the number as it was given, whether anybody has
    /// it or not, before anything is sent (S23, S26).
    pub async fn sign_in_by_number(
        &self,
        number: &PhoneNumber,
        context: &Context<'_>,
    ) -> Result<NumberOutcome, StoreError> {
        let address = counted_as(context.client.address).to_string();
        if let Err(limited) = self.within(LimitName::SignIn, &address, context).await? {
            return Ok(NumberOutcome::Limited(limited));
        }
        let sms = self.sms.as_ref().filter(|sms| sms.number_alone && sms.second_step);
        if sms.and_then(|sms| rule_of(&sms.prefixes, number)).is_none() {
            metrics().limit(LimitName::SmsPrefix.as_str());
            return Ok(NumberOutcome::NotThere);
        }
        let account = self.who_gets_codes_at(number).await?;
        let nobody = Recipient::nobody(self.keys.decoy_account(number.as_str()));
        let recipient = account.as_ref().map_or(nobody, |account| Recipient {
            mailed: Mailed::Sms(number.clone()),
            ..Recipient::account(account)
        });
        let aim = Aim::SignIn(Grant {
            methods: Methods::new([]),
            remember: false,
            replaces: context.replaces,
            raises: false,
            by: CodesBy::Sms,
            return_to: context.return_to.clone(),
        });
        let counted = self.counted_as(recipient.subject, &aim, account.as_ref(), context).await?;
        let mut limits = self.within(LimitName::CodeRequest, &counted, context).await?;
        if limits.is_ok() {
            limits = self.may_text(number, context).await?;
        }
        if limits.is_ok() {
            limits = self.under_caps(number, context).await?;
        }
        if let Err(limited) = limits {
            return Ok(NumberOutcome::Limited(limited));
        }
        let flow = self.open_challenge(recipient, number.masked(), aim, context).await?;
        Ok(NumberOutcome::CodeSent(flow))
    }

    /// The account whose number it is and whose codes go there, at the same cost whether there is one or not (S24).
    async fn who_gets_codes_at(&self, number: &PhoneNumber) -> Result<Option<Account>, StoreError> {
        let owner = self.accounts.find_account_by_phone(number).await?;
        let id = owner
            .as_ref()
            .map_or_else(|| self.keys.decoy_account(number.as_str()), |owner| owner.id);
        let phone = self.accounts.find_phone(id).await?;
        let wants = phone.is_some_and(|phone| phone.codes_by == CodesBy::Sms);
        Ok(owner.filter(|owner| wants && owner.is_active()))
    }
}
