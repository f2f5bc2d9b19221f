//! Devices in PostgreSQL.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::PgConnection;
use sqlx::postgres::PgRow;
use subtle::{Choice, ConstantTimeEq};

use super::super::kept::FORMER_TOKENS;
use super::super::observe::Cause;
use super::super::{DeviceStore, StoreError};
use super::PostgresStore;
use super::rows::{Columns, json};
use crate::domain::account::Epoch;
use crate::domain::device::{Device, DeviceUse, NewDevice, Rotation};
use crate::domain::id::{AccountId, DeviceId};
use crate::domain::secret::DeviceTokenHash;
use crate::domain::time::Timestamp;

#[async_trait]
impl DeviceStore for PostgresStore {
    async fn insert_device(&self, new: NewDevice) -> Result<(), StoreError> {
        self.breaker.ask("insert_device", async {
            let device = &new.device;
            let mut write = self.write().await?;
            sqlx::query(
                "INSERT INTO devices (id, account_id, epoch, host, trusted_until, created_at, used_at,
                 client, token_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            )
            .bind(device.id.as_uuid().as_bytes().as_slice())
            .bind(device.account.as_uuid().as_bytes().as_slice())
            .bind(device.epoch.0)
            .bind(device.host.as_str())
            .bind(device.trusted_until.map(Timestamp::as_millis))
            .bind(device.created_at.as_millis())
            .bind(device.used_at.as_millis())
            .bind(json(&device.client)?)
            .bind(new.token.as_bytes().as_slice())
            .execute(&mut *write)
            .await?;
            Ok(write.commit().await?)
        })
        .await
    }

    async fn find_device(
        &self,
        id: DeviceId,
        token: &DeviceTokenHash,
        grace: Duration,
        now: Timestamp,
    ) -> Result<Option<Device>, StoreError> {
        self.breaker
            .ask("find_device", async {
                let found = sqlx::query(concat!(
                    "SELECT ",
                    columns!(devices),
                    " FROM devices WHERE id = $1"
                ))
                .bind(id.as_uuid().as_bytes().as_slice())
                .fetch_optional(&self.pool)
                .await?;
                let Some(row) = found else { return Ok(None) };
                match shown(&row, token, grace, now)? {
                    Shown::Present | Shown::InGrace => device(&row).map(Some),
                    Shown::Other => Ok(None),
                }
            })
            .await
    }

    async fn use_device(&self, id: DeviceId, rotation: Rotation) -> Result<DeviceUse, StoreError> {
        self.breaker
            .ask("use_device", async {
                let mut write = self.write().await?;
                let found = sqlx::query(concat!(
                    "SELECT ",
                    columns!(devices),
                    " FROM devices WHERE id = $1 FOR UPDATE"
                ))
                .bind(id.as_uuid().as_bytes().as_slice())
                .fetch_optional(&mut *write)
                .await?;
                let Some(row) = found else { return Ok(DeviceUse::Unknown) };
                let mut device = Box::new(device(&row)?);
                match shown(&row, &rotation.shown, rotation.grace, rotation.now)? {
                    Shown::Present => {}
                    Shown::InGrace => return Ok(DeviceUse::InGrace(device)),
                    Shown::Other if was_its(&mut write, id, &rotation.shown).await? => {
                        remove(&mut write, id).await?;
                        write.commit().await?;
                        return Ok(DeviceUse::Stolen(device));
                    }
                    Shown::Other => return Ok(DeviceUse::Unknown),
                }
                device.used_at = device.used_at.max(rotation.now);
                device.client = rotation.client.clone();
                rotate(&mut write, &device, &rotation).await?;
                write.commit().await?;
                Ok(DeviceUse::Rotated(device))
            })
            .await
    }

    async fn trust_device(&self, id: DeviceId, until: Timestamp) -> Result<(), StoreError> {
        self.breaker
            .ask("trust_device", async {
                let mut write = self.write().await?;
                sqlx::query("UPDATE devices SET trusted_until = $2 WHERE id = $1")
                    .bind(id.as_uuid().as_bytes().as_slice())
                    .bind(until.as_millis())
                    .execute(&mut *write)
                    .await?;
                Ok(write.commit().await?)
            })
            .await
    }

    async fn devices_of(&self, account: AccountId) -> Result<Vec<Device>, StoreError> {
        self.breaker
            .ask("devices_of", async {
                let rows = sqlx::query(concat!(
                    "SELECT ",
                    columns!(devices),
                    " FROM devices WHERE account_id = $1 ORDER BY used_at DESC, id DESC"
                ))
                .bind(account.as_uuid().as_bytes().as_slice())
                .fetch_all(&self.pool)
                .await?;
                rows.iter().map(device).collect()
            })
            .await
    }

    async fn remove_device(&self, id: DeviceId) -> Result<bool, StoreError> {
        self.breaker
            .ask("remove_device", async {
                let mut write = self.write().await?;
                let removed = remove(&mut write, id).await?;
                write.commit().await?;
                Ok(removed)
            })
            .await
    }

    async fn remove_devices_of(&self, account: AccountId) -> Result<u64, StoreError> {
        self.breaker
            .ask("remove_devices_of", async {
                let mut write = self.write().await?;
                let removed = sqlx::query("DELETE FROM devices WHERE account_id = $1")
                    .bind(account.as_uuid().as_bytes().as_slice())
                    .execute(&mut *write)
                    .await?;
                write.commit().await?;
                Ok(removed.rows_affected())
            })
            .await
    }
}

/// What a token is to a device.
enum Shown {
    /// Its present one.
    Present,
    /// The one before, whose grace is not over.
    InGrace,
    /// Neither.
    Other,
}

fn shown(
    row: &PgRow,
    token: &DeviceTokenHash,
    grace: Duration,
    now: Timestamp,
) -> Result<Shown, Cause> {
    let columns = Columns(row);
    let is = |kept: &[u8]| token.as_bytes().as_slice().ct_eq(kept);
    let present = is(columns.get("token_hash")?);
    let previous = columns.get::<Option<&[u8]>>("previous_hash")?.map_or(Choice::from(0), is);
    let in_grace = columns.instant_or_none("rotated_at")?.is_some_and(|at| now < at + grace);
    Ok(match (bool::from(present), bool::from(previous)) {
        (true, _) => Shown::Present,
        (false, true) if in_grace => Shown::InGrace,
        (false, _) => Shown::Other,
    })
}

/// Whether it is one of the former tokens that are kept.
async fn was_its(
    write: &mut PgConnection,
    id: DeviceId,
    token: &DeviceTokenHash,
) -> Result<bool, Cause> {
    let former: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT token_hash FROM device_tokens WHERE device_id = $1")
            .bind(id.as_uuid().as_bytes().as_slice())
            .fetch_all(write)
            .await?;
    let found = former.iter().fold(Choice::from(0), |found, kept| {
        found | token.as_bytes().as_slice().ct_eq(kept.as_slice())
    });
    Ok(found.into())
}

/// Puts the next token in force and keeps the one that was shown among the former.
async fn rotate(
    write: &mut PgConnection,
    device: &Device,
    rotation: &Rotation,
) -> Result<(), Cause> {
    let id = device.id.as_uuid().as_bytes().as_slice();
    sqlx::query(
        "UPDATE devices SET token_hash = $2, previous_hash = $3, rotated_at = $4, used_at = $5,
         client = $6 WHERE id = $1",
    )
    .bind(id)
    .bind(rotation.next.as_bytes().as_slice())
    .bind(rotation.shown.as_bytes().as_slice())
    .bind(rotation.now.as_millis())
    .bind(device.used_at.as_millis())
    .bind(json(&device.client)?)
    .execute(&mut *write)
    .await?;
    sqlx::query("INSERT INTO device_tokens (device_id, token_hash) VALUES ($1, $2)")
        .bind(id)
        .bind(rotation.shown.as_bytes().as_slice())
        .execute(&mut *write)
        .await?;
    sqlx::query(
        "DELETE FROM device_tokens WHERE number IN (SELECT number FROM device_tokens
         WHERE device_id = $1 ORDER BY number DESC OFFSET $2)",
    )
    .bind(id)
    .bind(FORMER_TOKENS)
    .execute(&mut *write)
    .await?;
    Ok(())
}

/// Removes the device; its former tokens go with it.
async fn remove(write: &mut PgConnection, id: DeviceId) -> Result<bool, Cause> {
    let removed = sqlx::query("DELETE FROM devices WHERE id = $1")
        .bind(id.as_uuid().as_bytes().as_slice())
        .execute(write)
        .await?;
    Ok(removed.rows_affected() > 0)
}

fn device(row: &PgRow) -> Result<Device, Cause> {
    let columns = Columns(row);
    Ok(Device {
        id: columns.uuid("id").map(DeviceId::from_uuid)?,
        account: columns.uuid("account_id").map(AccountId::from_uuid)?,
        epoch: columns.get("epoch").map(Epoch)?,
        host: columns.text("host")?,
        trusted_until: columns.instant_or_none("trusted_until")?,
        created_at: columns.instant("created_at")?,
        used_at: columns.instant("used_at")?,
        client: columns.json("client")?,
    })
}
