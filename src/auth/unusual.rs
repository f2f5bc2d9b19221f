//! Sign-ins that their owner would wonder at: told by mail, with a way to end everything (R23).

use crate::domain::account::Account;
use crate::domain::audit::{AuditEvent, AuditResult};
use crate::domain::mail::Message;
use crate::domain::place::{SignInPlace, Unusual, unusual};
use crate::domain::session::{Assurance, Methods};
use crate::store::StoreError;
use crate::telemetry::metrics::{SecurityEvent, metrics};

use super::Auth;
use super::audit::Attempt;
use super::not_me::WORKS_FOR;
use super::sign_in::Context;

/// How many of the latest sign-ins of an account are looked at.
const LOOKED_AT: u32 = 500;

impl Auth {
    /// What is unusual about this sign-in, by what the audit remembers of those before.
    pub(super) async fn unusual_sign_in(
        &self,
        account: &Account,
        methods: &Methods,
        context: &Context<'_>,
    ) -> Result<Vec<Unusual>, StoreError> {
        // Asked for by themselves: failures that somebody heaps up must not hide them.
        let sign_ins = self.accounts.latest_of(account.id, AuditEvent::SignedIn, LOOKED_AT).await?;
        let sign_ins = sign_ins.into_iter().map(|numbered| numbered.entry);
        let place =
            |at, address| SignInPlace { at, address, country: self.places.country(address) };
        let past: Vec<SignInPlace> =
            sign_ins.filter_map(|entry| Some(place(entry.at, entry.address?))).collect();
        let mut found = unusual(place(context.now, context.client.address), &past);
        // A browser becomes known by both factors; its first steps are no news, nor is the first browser.
        if methods.assurance() == Assurance::TwoFactor
            && self.known_device(Some(account), context).await?.is_none()
            && !self.devices_of(account).await?.is_empty()
        {
            found.insert(0, Unusual::NewBrowser);
        }
        Ok(found)
    }

    /// Tells the owner, and how to end everything if it was not them.
    pub(super) async fn tell_of_unusual(
        &self,
        account: &Account,
        why: Vec<Unusual>,
        context: &Context<'_>,
    ) -> Result<(), StoreError> {
        metrics().security_event(SecurityEvent::NewPlace);
        let noticed = Attempt::of(AuditEvent::UnusualSignIn, AuditResult::Ok, Some(account));
        self.remember(noticed, context).await?;
        let token = self.not_me_token(account.id, context.now + WORKS_FOR);
        let message = Message::UnusualSignIn {
            why,
            link: format!("{}/_doorward/not-me/{token}", context.origin).into(),
            site: context.origin.to_owned(),
            asked_by: context.asked(),
        };
        self.notify(account, message, context).await
    }
}
