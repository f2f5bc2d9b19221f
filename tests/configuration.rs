//! The configuration, as text in and settings or faults out.
//!
//! Each refusal is told with its line, its column and its remedy (S54).

#[cfg(test)]
#[path = "configuration/support.rs"]
mod support;

#[cfg(test)]
#[path = "configuration/example.rs"]
mod example;
#[cfg(test)]
#[path = "configuration/forms_and_phones.rs"]
mod forms_and_phones;
#[cfg(test)]
#[path = "configuration/postgres.rs"]
mod postgres;
#[cfg(test)]
#[path = "configuration/reading.rs"]
mod reading;
#[cfg(test)]
#[path = "configuration/redis.rs"]
mod redis;
#[cfg(test)]
#[path = "configuration/refusals.rs"]
mod refusals;
#[cfg(test)]
#[path = "configuration/secrets.rs"]
mod secrets;
#[cfg(test)]
#[path = "configuration/upstreams.rs"]
mod upstreams;
