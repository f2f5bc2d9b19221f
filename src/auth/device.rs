//! Devices: browsers that an account knows, and those that are spared the code.

use std::time::Duration;

use crate::domain::account::Account;
use crate::domain::audit::{AuditEvent, AuditResult};
use crate::domain::challenge::Aim;
use crate::domain::device::{Device, DeviceUse, Guesser, NewDevice, Rotation};
use crate::domain::id::{AccountId, DeviceId};
use crate::domain::mail::Message;
use crate::domain::secret::DeviceToken;
use crate::domain::session::Method;
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::telemetry::metrics::{DeviceEvent, SecurityEvent, metrics};

use super::Auth;
use super::audit::Attempt;
use super::sign_in::Context;
use super::tokens::DeviceCookie;

/// How long the token before still works, for tabs in parallel (S32).
const GRACE: Duration = Duration::from_secs(60);
/// How long a browser is remembered that was not used.
const KNOWN_FOR: Duration = Duration::from_secs(90 * 86_400);

/// A device cookie for the browser to keep.
#[derive(Clone, Debug)]
pub struct DeviceToKeep {
    /// What it holds.
    pub cookie: DeviceCookie,
    /// For how long.
    pub kept_for: Duration,
}

/// Whether a device stands in for the code.
pub(super) enum Trust {
    /// It does, and keeps this cookie from now on; the same one inside the grace.
    Given(Option<DeviceToKeep>),
    /// It does not.
    None,
}

impl Auth {
    /// The device of `account` that the browser shows, if it shows one: of this account, host and epoch (S31). Changes
    /// nothing, and asks the store whether or not there is an account (S24).
    pub(super) async fn known_device(
        &self,
        account: Option<&Account>,
        context: &Context<'_>,
    ) -> Result<Option<Device>, StoreError> {
        let Some(shown) = &context.device else { return Ok(None) };
        let found =
            self.accounts.find_device(shown.id, &shown.token.hash(), GRACE, context.now).await?;
        Ok(found.filter(|device| account.is_some_and(|account| is_of(device, account, context))))
    }

    /// Who guesses at the codes and passwords of `account`: one of its devices, or anybody.
    pub(super) async fn guesser(
        &self,
        account: Option<&Account>,
        context: &Context<'_>,
    ) -> Result<Guesser, StoreError> {
        let device = self.known_device(account, context).await?;
        Ok(device.map_or(Guesser::Unknown, |device| Guesser::Device(device.id)))
    }

    /// Uses the device that the browser shows in place of the code: rotates its token, or finds it stolen, which ends it
    /// and is told to the owner (S32).
    pub(super) async fn use_trusted_device(
        &self,
        account: &Account,
        context: &Context<'_>,
    ) -> Result<Trust, StoreError> {
        let Some(shown) = &context.device else { return Ok(Trust::None) };
        let found =
            self.accounts.find_device(shown.id, &shown.token.hash(), GRACE, context.now).await?;
        let may_use =
            |device: &Device| is_of(device, account, context) && device.is_trusted(context.now);
        // One that is somebody else's, or not trusted, is left as it is. One whose token is not of the moment may be
        // a copy: using it tells.
        if found.is_some_and(|device| !may_use(&device)) {
            return Ok(Trust::None);
        }
        let next = DeviceToken::generate(&*self.entropy);
        let rotation = Rotation {
            shown: shown.token.hash(),
            next: next.hash(),
            grace: GRACE,
            client: context.client.clone(),
            now: context.now,
        };
        let (device, keep) = match self.accounts.use_device(shown.id, rotation).await? {
            DeviceUse::Rotated(device) => {
                let cookie = DeviceCookie { id: device.id, token: next };
                (device, Some(DeviceToKeep { cookie, kept_for: KNOWN_FOR }))
            }
            DeviceUse::InGrace(device) => (device, None),
            DeviceUse::Stolen(device) => {
                self.tell_of_theft(&device, context).await?;
                return Ok(Trust::None);
            }
            DeviceUse::Unknown => return Ok(Trust::None),
        };
        if !may_use(&device) {
            metrics().device(DeviceEvent::Refused);
            return Ok(Trust::None);
        }
        metrics().device(DeviceEvent::Used);
        let used = Attempt::of(AuditEvent::DeviceUsed, AuditResult::Ok, Some(account));
        self.remember(used.by(Guesser::Device(device.id)), context).await?;
        Ok(Trust::Given(keep))
    }

    /// Tells the owner of the device, whoever signs in with the copy.
    async fn tell_of_theft(
        &self,
        device: &Device,
        context: &Context<'_>,
    ) -> Result<(), StoreError> {
        metrics().device(DeviceEvent::Stolen);
        metrics().security_event(SecurityEvent::DeviceTheft);
        let Some(owner) = self.accounts.find_account(device.account).await? else {
            return Ok(());
        };
        self.revoke_sessions_of(owner.id, None).await?;
        let stolen = Attempt::of(AuditEvent::DeviceStolen, AuditResult::Wrong, Some(&owner));
        self.remember(stolen.by(Guesser::Device(device.id)), context).await?;
        let message = Message::DeviceStolen {
            device: device.name(),
            site: context.origin.to_owned(),
            asked_by: context.asked(),
        };
        self.notify(&owner, message, context).await
    }

    /// Makes the browser known to `account` after both factors, and trusted if its owner asked for that. Without a
    /// device of its own it gets one.
    pub(super) async fn meet_device(
        &self,
        account: &Account,
        trust: bool,
        context: &Context<'_>,
    ) -> Result<Option<DeviceToKeep>, StoreError> {
        let trusted_until = trust.then(|| context.now + self.settings.trusted_for);
        let known = self.known_device(Some(account), context).await?;
        let (id, keep) = match known {
            Some(device) => {
                if let Some(until) = trusted_until {
                    self.accounts.trust_device(device.id, until).await?;
                }
                (device.id, self.renew_device(device.id, context).await?)
            }
            None => {
                let keep = self.new_device(account, trusted_until, context).await?;
                (keep.cookie.id, Some(keep))
            }
        };
        if trust {
            metrics().device(DeviceEvent::Added);
            let trusted = Attempt::of(AuditEvent::DeviceTrusted, AuditResult::Ok, Some(account));
            self.remember(trusted.by(Guesser::Device(id)), context).await?;
        }
        Ok(keep)
    }

    /// Gives a device of this account its next token, so that it stays known as long as it is used.
    async fn renew_device(
        &self,
        id: DeviceId,
        context: &Context<'_>,
    ) -> Result<Option<DeviceToKeep>, StoreError> {
        let Some(shown) = &context.device else { return Ok(None) };
        let next = DeviceToken::generate(&*self.entropy);
        let rotation = Rotation {
            shown: shown.token.hash(),
            next: next.hash(),
            grace: GRACE,
            client: context.client.clone(),
            now: context.now,
        };
        Ok(match self.accounts.use_device(id, rotation).await? {
            DeviceUse::Rotated(_) => {
                let cookie = DeviceCookie { id, token: next };
                Some(DeviceToKeep { cookie, kept_for: KNOWN_FOR })
            }
            // Of two tabs the other was quicker; or it was revoked this moment.
            DeviceUse::InGrace(_) | DeviceUse::Stolen(_) | DeviceUse::Unknown => None,
        })
    }

    async fn new_device(
        &self,
        account: &Account,
        trusted_until: Option<Timestamp>,
        context: &Context<'_>,
    ) -> Result<DeviceToKeep, StoreError> {
        let token = DeviceToken::generate(&*self.entropy);
        let device = Device {
            id: DeviceId::generate(&*self.entropy, context.now),
            account: account.id,
            epoch: account.epoch,
            host: context.host.clone(),
            trusted_until,
            created_at: context.now,
            used_at: context.now,
            client: context.client.clone(),
        };
        let id = device.id;
        self.accounts.insert_device(NewDevice { device, token: token.hash() }).await?;
        Ok(DeviceToKeep { cookie: DeviceCookie { id, token }, kept_for: KNOWN_FOR })
    }

    /// For how long a browser can be trusted, where that is offered: beside a code that follows a password.
    pub fn trust_offered(&self, aim: &Aim) -> Option<Duration> {
        aim.methods().has(Method::Password).then_some(self.settings.trusted_for)
    }

    /// The devices of an account, the latest used first.
    pub async fn devices_of(&self, account: &Account) -> Result<Vec<Device>, StoreError> {
        let mut devices = self.accounts.devices_of(account.id).await?;
        devices.retain(|device| device.epoch == account.epoch);
        Ok(devices)
    }

    /// Forgets a device: its next sign-in is asked for the code. Says whether there was one.
    pub async fn revoke_device(&self, id: DeviceId, now: Timestamp) -> Result<bool, StoreError> {
        let removed = self.accounts.remove_device(id).await?;
        if removed {
            metrics().device(DeviceEvent::Revoked);
            self.remember_command(AuditEvent::DeviceRevoked, (None, Some(id)), now).await?;
        }
        Ok(removed)
    }

    /// Forgets all devices of an account and says how many those were.
    pub async fn revoke_devices_of(
        &self,
        account: AccountId,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let removed = self.accounts.remove_devices_of(account).await?;
        self.remember_operator(AuditEvent::DeviceRevoked, account, now).await?;
        Ok(removed)
    }
}

fn is_of(device: &Device, account: &Account, context: &Context<'_>) -> bool {
    device.account == account.id && device.epoch == account.epoch && device.host == *context.host
}
