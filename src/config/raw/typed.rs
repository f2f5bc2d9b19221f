//! From the tree to the types of the file, without stopping at the first fault.
//!
//! The types say what they are by serde. A `Located` field whose value does not fit is told of and left empty, a key
//! that its type does not know is told of and passed over; then reading goes on.

use std::fmt;

use serde::de::value::StringDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess,
    Visitor,
};

use super::context::{Context, Place};
use super::expand::expand;
use super::located::{LOCATED, TEXT_OR};
use super::near;
use super::several::ONE_OR_LIST;
use super::yaml::{Content, Key, Node};

/// Reads `node` as a `T`; `None` when it is not even the right kind of thing.
pub(super) fn read<T: DeserializeOwned>(node: &Node, context: &Context<'_>) -> Option<T> {
    let reader = Reader { node, key: String::new(), context };
    match T::deserialize(reader) {
        Ok(value) => Some(value),
        Err(stop) => told(context, &Place::file(), stop),
    }
}

fn told<T>(context: &Context<'_>, at: &Place, stop: Stop) -> Option<T> {
    context.refuse(at, stop.message, stop.help)
}

/// Why a value does not fit its type.
#[derive(Debug)]
struct Stop {
    message: String,
    help: String,
}

impl Stop {
    fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Stop {}

impl de::Error for Stop {
    fn custom<M: fmt::Display>(message: M) -> Self {
        Self::new(message.to_string(), "see config/doorward.yaml for every key and what it takes")
    }
}

struct Reader<'a> {
    node: &'a Node,
    key: String,
    context: &'a Context<'a>,
}

impl Reader<'_> {
    fn place(&self) -> Place {
        Place { spot: self.node.spot, key: self.key.clone() }
    }

    /// The scalar, its variables put in.
    fn text(&self, wanted: &str) -> Result<String, Stop> {
        match &self.node.content {
            Content::Text(text) => expand(text, self.context.environment())
                .map_err(|error| Stop::new(error.message, error.help)),
            Content::Nothing => {
                Err(Stop::new("is empty", format!("write {wanted}, or take it out")))
            }
            Content::List(_) => {
                Err(Stop::new(format!("must be {wanted}, not a list"), "write a single value"))
            }
            Content::Map(_) => Err(Stop::new(
                format!("must be {wanted}, not a group of keys"),
                "write a single value; a text with `: ` in it needs quotes",
            )),
        }
    }

    fn number<N: std::str::FromStr>(&self) -> Result<N, Stop> {
        let text = self.text("a whole number")?;
        let help = "write digits alone, such as 5: no sign, unit, fraction or quotes";
        text.parse().map_err(|_| Stop::new("must be a whole number", help))
    }
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = Stop;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_string(self.text("a text")?)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        match self.text("true or false")?.as_str() {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            _ => Err(Stop::new("must be true or false", "write true or false")),
        }
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_u64(self.number()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        match name {
            LOCATED => visitor.visit_seq(PlaceAndValue { reader: self, given: 0 }),
            ONE_OR_LIST => match &self.node.content {
                Content::List(_) => self.deserialize_seq(visitor),
                _ => visitor.visit_seq(Single(Some(self))),
            },
            TEXT_OR if !matches!(self.node.content, Content::Map(_)) => {
                visitor.visit_string(self.text("a text or a group of keys")?)
            }
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        match &self.node.content {
            Content::List(items) => {
                visitor.visit_seq(Items { items: items.iter().enumerate(), list: &self })
            }
            Content::Nothing => {
                Err(Stop::new("is empty", "write a list: [first, second], or take the key out"))
            }
            _ => Err(Stop::new(
                "must be a list",
                "put brackets around it: [ … ], or a line `- …` for each",
            )),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        let entries: &[(Key, Node)] = match &self.node.content {
            Content::Map(entries) => entries,
            // A file or section with nothing in it says nothing.
            Content::Nothing => &[],
            _ => {
                let help = format!("write keys and values; known here: {}", fields.join(", "));
                return Err(Stop::new("must be a group of keys", help));
            }
        };
        for (key, _) in entries.iter().filter(|(key, _)| !fields.contains(&key.text.as_str())) {
            let at = Place { spot: key.spot, key: self.key.clone() };
            let message = format!("unknown key `{}`", key.text);
            self.context.fault(&at, message, near::remedy(&key.text, fields));
        }
        visitor.visit_map(Entries { entries: entries.iter(), value: None, fields, map: &self })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        let text = self.text("a word")?;
        if variants.contains(&text.as_str()) {
            let word: StringDeserializer<Stop> = text.into_deserializer();
            return visitor.visit_enum(word);
        }
        let help = near::remedy(&text, variants);
        Err(Stop::new(format!("must be one of: {}", variants.join(", ")), help))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u128 f32 f64 char str string bytes byte_buf unit unit_struct tuple
        tuple_struct map identifier
    }
}

/// The items of a list.
struct Items<'a, I> {
    items: I,
    list: &'a Reader<'a>,
}

impl<'de, 'a, I: Iterator<Item = (usize, &'a Node)>> SeqAccess<'de> for Items<'a, I> {
    type Error = Stop;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Stop> {
        let Some((index, node)) = self.items.next() else { return Ok(None) };
        let key = format!("{}[{index}]", self.list.key);
        seed.deserialize(Reader { node, key, context: self.list.context }).map(Some)
    }
}

/// The one value that stands where a list might.
struct Single<'a>(Option<Reader<'a>>);

impl<'de> SeqAccess<'de> for Single<'_> {
    type Error = Stop;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Stop> {
        self.0.take().map(|reader| seed.deserialize(reader)).transpose()
    }
}

/// The entries of a map whose keys are known and whose values are there.
struct Entries<'a> {
    entries: std::slice::Iter<'a, (Key, Node)>,
    value: Option<(&'a Key, &'a Node)>,
    fields: &'static [&'static str],
    map: &'a Reader<'a>,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Stop;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Stop> {
        let known = |entry: &&(Key, Node)| {
            self.fields.contains(&entry.0.text.as_str())
                && !matches!(entry.1.content, Content::Nothing)
        };
        let Some((key, node)) = self.entries.find(known) else { return Ok(None) };
        self.value = Some((key, node));
        seed.deserialize(key.text.as_str().into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Stop> {
        let Some((key, node)) = self.value.take() else {
            return Err(de::Error::custom("a value was asked for before its key"));
        };
        let key = match self.map.key.as_str() {
            "" => key.text.clone(),
            parent => format!("{parent}.{}", key.text),
        };
        seed.deserialize(Reader { node, key, context: self.map.context })
    }
}

struct PlaceAndValue<'a> {
    reader: Reader<'a>,
    given: u8,
}

impl<'de> SeqAccess<'de> for PlaceAndValue<'_> {
    type Error = Stop;

    /// The value is left out when it does not fit, and the fault is told.
    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Stop> {
        let Reader { node, key, context } = &self.reader;
        self.given += 1;
        match self.given {
            1 => seed.deserialize(node.spot.line.into_deserializer()).map(Some),
            2 => seed.deserialize(node.spot.column.into_deserializer()).map(Some),
            3 => seed.deserialize(key.as_str().into_deserializer()).map(Some),
            _ => {
                let value = seed.deserialize(Reader { node, key: key.clone(), context });
                Ok(value.map_or_else(|stop| told(context, &self.reader.place(), stop), Some))
            }
        }
    }
}
