//! The refresh tokens of sessions in SQLite.

use sqlx::SqliteConnection;
use subtle::ConstantTimeEq as _;

use super::super::observe::Cause;
use super::SqliteStore;
use super::rows::Columns;
use crate::domain::refresh::{RefreshRotation, RefreshSalt, Refreshed};
use crate::domain::secret::{RefreshTokenHash, SessionTokenHash};
use crate::domain::time::Timestamp;

impl SqliteStore {
    pub(super) async fn rotate(
        &self,
        session: &SessionTokenHash,
        rotation: RefreshRotation,
    ) -> Result<Refreshed, Cause> {
        let mut write = self.write().await?;
        let Some(kept) = Kept::read(&mut write, session).await? else {
            return Ok(Refreshed::Unknown);
        };
        let refreshed = kept.shown(&rotation);
        match refreshed {
            Refreshed::Rotated => {
                let next = Kept {
                    present: rotation.next,
                    before: Some(Before {
                        hash: rotation.shown,
                        salt: rotation.salt,
                        at: rotation.now,
                    }),
                };
                next.write(&mut write, session).await?;
            }
            Refreshed::Reused => forget(&mut write, session).await?,
            Refreshed::InGrace { .. } | Refreshed::Unknown => return Ok(refreshed),
        }
        write.commit().await?;
        Ok(refreshed)
    }
}

/// What a session's row keeps of its refresh tokens.
struct Kept {
    present: RefreshTokenHash,
    before: Option<Before>,
}

/// The token before the present one.
struct Before {
    hash: RefreshTokenHash,
    salt: RefreshSalt,
    at: Timestamp,
}

impl Kept {
    async fn read(
        write: &mut SqliteConnection,
        session: &SessionTokenHash,
    ) -> Result<Option<Self>, Cause> {
        let row = sqlx::query(
            "SELECT refresh_hash, refresh_before, refresh_salt, refreshed_at FROM sessions
             WHERE token_hash = ?1 AND refresh_hash IS NOT NULL",
        )
        .bind(session.as_bytes().as_slice())
        .fetch_optional(write)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let columns = Columns(&row);
        let before = columns
            .bytes_or_none("refresh_before")?
            .zip(columns.bytes_or_none("refresh_salt")?)
            .zip(columns.instant_or_none("refreshed_at")?);
        Ok(Some(Self {
            present: RefreshTokenHash::from_bytes(columns.bytes("refresh_hash")?),
            before: before.map(|((hash, salt), at)| Before {
                hash: RefreshTokenHash::from_bytes(hash),
                salt,
                at,
            }),
        }))
    }

    /// What the token that was shown is to this session.
    fn shown(&self, rotation: &RefreshRotation) -> Refreshed {
        let is = |kept: &RefreshTokenHash| -> bool {
            rotation.shown.as_bytes().as_slice().ct_eq(kept.as_bytes()).into()
        };
        if is(&self.present) {
            return Refreshed::Rotated;
        }
        match &self.before {
            Some(before) if is(&before.hash) && rotation.now < before.at + rotation.grace => {
                Refreshed::InGrace { salt: before.salt, present: self.present }
            }
            Some(_) | None => Refreshed::Reused,
        }
    }

    async fn write(
        &self,
        write: &mut SqliteConnection,
        session: &SessionTokenHash,
    ) -> Result<(), Cause> {
        let before = self.before.as_ref();
        sqlx::query(
            "UPDATE sessions SET refresh_hash = ?2, refresh_before = ?3, refresh_salt = ?4, refreshed_at = ?5
             WHERE token_hash = ?1",
        )
        .bind(session.as_bytes().as_slice())
        .bind(self.present.as_bytes().as_slice())
        .bind(before.map(|before| before.hash.as_bytes().to_vec()))
        .bind(before.map(|before| before.salt.to_vec()))
        .bind(before.map(|before| before.at.as_millis()))
        .execute(write)
        .await?;
        Ok(())
    }
}

async fn forget(write: &mut SqliteConnection, session: &SessionTokenHash) -> Result<(), Cause> {
    sqlx::query(
        "UPDATE sessions SET refresh_hash = NULL, refresh_before = NULL, refresh_salt = NULL, refreshed_at = NULL
         WHERE token_hash = ?1",
    )
    .bind(session.as_bytes().as_slice())
    .execute(write)
    .await?;
    Ok(())
}
