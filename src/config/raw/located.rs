//! Values with their places.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};

use super::context::Place;

/// A value and where it stands. Without a value it was faulty, and the fault is told.
#[derive(Clone, Debug)]
pub(super) struct Located<T> {
    pub(super) at: Place,
    pub(super) value: Option<T>,
}

/// A text and where it stands.
pub(super) type Text = Located<String>;

/// Any value: for keys that are known but not taken.
#[derive(Clone, Debug)]
pub(super) struct Anything;

/// By this name a [`Located`] asks `typed`'s reader for line, column, key and value, in this order.
pub(super) const LOCATED: &str = "doorward located";

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Located<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(LOCATED, LocatedVisitor(PhantomData))
    }
}

struct LocatedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for LocatedVisitor<T> {
    type Value = Located<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value with its place")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Located<T>, A::Error> {
        let mut at = Place::default();
        at.spot.line = parts.next_element()?.unwrap_or_default();
        at.spot.column = parts.next_element()?.unwrap_or_default();
        at.key = parts.next_element()?.unwrap_or_default();
        Ok(Located { at, value: parts.next_element()? })
    }
}

impl<'de> Deserialize<'de> for Anything {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        de::IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

impl<T: JsonSchema> JsonSchema for Located<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}
