//! Devices.

use std::time::Duration;

use async_trait::async_trait;

use super::super::StoreError;
use crate::domain::device::{Device, DeviceUse, NewDevice, Rotation};
use crate::domain::id::{AccountId, DeviceId};
use crate::domain::secret::DeviceTokenHash;
use crate::domain::time::Timestamp;

/// Devices, in the durable store.
#[async_trait]
pub trait DeviceStore: Send + Sync {
    /// Keeps a new device.
    async fn insert_device(&self, new: NewDevice) -> Result<(), StoreError>;

    /// The device whose present token, or whose token before inside `grace`, hashes to `token`. Changes nothing.
    async fn find_device(
        &self,
        id: DeviceId,
        token: &DeviceTokenHash,
        grace: Duration,
        now: Timestamp,
    ) -> Result<Option<Device>, StoreError>;

    /// Uses the device: rotates its token, or finds it stolen and removes it, in one step (S32). A token that was
    /// never the device's changes nothing.
    async fn use_device(&self, id: DeviceId, rotation: Rotation) -> Result<DeviceUse, StoreError>;

    /// Trusts the device until then.
    async fn trust_device(&self, id: DeviceId, until: Timestamp) -> Result<(), StoreError>;

    /// The devices of the account, the latest used first.
    async fn devices_of(&self, account: AccountId) -> Result<Vec<Device>, StoreError>;

    /// Removes the device. Says whether there was one.
    async fn remove_device(&self, id: DeviceId) -> Result<bool, StoreError>;

    /// Removes all devices of the account and says how many those were.
    async fn remove_devices_of(&self, account: AccountId) -> Result<u64, StoreError>;
}
