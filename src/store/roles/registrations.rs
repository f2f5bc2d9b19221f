//! Accounts that are to be: registrations and invitations.

use async_trait::async_trait;

use super::super::StoreError;
use crate::domain::account::Username;
use crate::domain::id::{AccountId, InvitationId};
use crate::domain::registration::{
    Acceptance, Activated, Invitation, NewInvitation, NewRegistration, Registration,
};
use crate::domain::secret::InvitationTokenHash;
use crate::domain::time::Timestamp;

/// Accounts that are to be, in the durable store.
#[async_trait]
pub trait RegistrationStore: Send + Sync {
    /// Keeps the registration beside all others: it is found by no sign-in, and takes neither its name nor its address.
    async fn insert_registration(&self, new: NewRegistration) -> Result<(), StoreError>;

    /// The registration, unless it is over.
    async fn find_registration(
        &self,
        id: AccountId,
        now: Timestamp,
    ) -> Result<Option<Registration>, StoreError>;

    /// Up to `limit` registrations that are not over, the latest first.
    async fn registrations(
        &self,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Registration>, StoreError>;

    /// Makes an active account of the registration, under its own name or under `name`, in one step: every registration and
    /// every invitation of the same address is gone then (S41). Where name or address are another account's by now, nothing
    /// happens.
    async fn activate_registration(
        &self,
        id: AccountId,
        name: Option<&Username>,
        now: Timestamp,
    ) -> Result<Activated, StoreError>;

    /// Keeps the invitation.
    async fn insert_invitation(&self, new: NewInvitation) -> Result<(), StoreError>;

    /// The invitation whose token this is, unless it is over. Changes nothing (S16).
    async fn find_invitation(
        &self,
        token: &InvitationTokenHash,
        now: Timestamp,
    ) -> Result<Option<Invitation>, StoreError>;

    /// Makes an active account of the invitation, once, in one step: what it says itself it keeps, the rest is as `chosen`.
    /// Every invitation and every registration of the same address is gone then. Where name or address are another
    /// account's, nothing happens.
    async fn accept_invitation(
        &self,
        token: &InvitationTokenHash,
        chosen: Acceptance,
        now: Timestamp,
    ) -> Result<Activated, StoreError>;

    /// The invitations that are not over, the latest first.
    async fn invitations(&self, now: Timestamp) -> Result<Vec<Invitation>, StoreError>;

    /// Takes the invitation back. Gives it, if there was one.
    async fn remove_invitation(&self, id: InvitationId) -> Result<Option<Invitation>, StoreError>;
}
