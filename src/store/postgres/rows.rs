//! Rows as values and values as columns.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::postgres::PgRow;
use sqlx::{Decode, Postgres, Row, Type};
use uuid::Uuid;

use super::super::observe::Cause;
use crate::domain::time::Timestamp;

/// The columns of a row, read as what they stand for. A row that does not hold what it should is a failure of
/// the store; it never stands for less.
pub(super) struct Columns<'r>(pub(super) &'r PgRow);

impl<'r> Columns<'r> {
    /// What the column holds, as it stands.
    pub(super) fn get<T>(&self, column: &'static str) -> Result<T, Cause>
    where
        T: Decode<'r, Postgres> + Type<Postgres>,
    {
        Ok(self.0.try_get(column)?)
    }

    pub(super) fn uuid(&self, column: &'static str) -> Result<Uuid, Cause> {
        Ok(Uuid::from_slice(self.get(column)?)?)
    }

    pub(super) fn uuid_or_none(&self, column: &'static str) -> Result<Option<Uuid>, Cause> {
        Ok(self.get::<Option<&[u8]>>(column)?.map(Uuid::from_slice).transpose()?)
    }

    pub(super) fn instant(&self, column: &'static str) -> Result<Timestamp, Cause> {
        self.get(column).map(Timestamp::from_millis)
    }

    pub(super) fn instant_or_none(&self, column: &'static str) -> Result<Option<Timestamp>, Cause> {
        Ok(self.get::<Option<i64>>(column)?.map(Timestamp::from_millis))
    }

    /// A number that fits.
    pub(super) fn number<T>(&self, column: &'static str) -> Result<T, Cause>
    where
        T: TryFrom<i64, Error: std::error::Error + Send + Sync + 'static>,
    {
        Ok(T::try_from(self.get::<i64>(column)?)?)
    }

    /// A text that parses.
    pub(super) fn text<T>(&self, column: &'static str) -> Result<T, Cause>
    where
        T: TryFrom<String, Error: std::error::Error + Send + Sync + 'static>,
    {
        Ok(T::try_from(self.get(column)?)?)
    }

    pub(super) fn text_or_none<T>(&self, column: &'static str) -> Result<Option<T>, Cause>
    where
        T: TryFrom<String, Error: std::error::Error + Send + Sync + 'static>,
    {
        Ok(self.get::<Option<String>>(column)?.map(T::try_from).transpose()?)
    }

    pub(super) fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, Cause> {
        Ok(serde_json::from_str(self.get(column)?)?)
    }
}

/// The text of a JSON column.
pub(super) fn json(value: &impl Serialize) -> Result<String, Cause> {
    Ok(serde_json::to_string(value)?)
}
