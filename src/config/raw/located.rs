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

/// By this name a [`Located`] asks `typed`'s reader for line, column, key and value, in this order.
pub(super) const LOCATED: &str = "doorward located";

/// Either a text, or a group of keys that says more.
#[derive(Clone, Debug)]
pub(super) enum TextOr<T> {
    Text(String),
    Group(T),
}

/// By this name a [`TextOr`] asks `typed`'s reader for whichever of the two there is.
pub(super) const TEXT_OR: &str = "doorward text or group";

impl<'de, T: Deserialize<'de>> Deserialize<'de> for TextOr<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(TEXT_OR, TextOrVisitor(PhantomData))
    }
}

struct TextOrVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for TextOrVisitor<T> {
    type Value = TextOr<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a group of keys")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<TextOr<T>, E> {
        Ok(TextOr::Text(text.to_owned()))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, group: D) -> Result<TextOr<T>, D::Error> {
        T::deserialize(group).map(TextOr::Group)
    }
}

impl<T: JsonSchema> JsonSchema for TextOr<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("TextOr{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let group = generator.subschema_for::<T>();
        schemars::json_schema!({ "anyOf": [{ "type": "string" }, group] })
    }
}

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
