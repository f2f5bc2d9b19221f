//! What the tests share. Each test binary uses a part of it.
#![allow(dead_code, reason = "every test binary compiles all of it and uses what it needs")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

pub mod outbox;
pub mod smtp;
