//! Mails: their words, the ways they go, and the worker that empties the outbox.
//!
//! ```text
//! outbox row → lease → open the seal → Messages::render → Deliver::deliver → remove | postpone | drop
//! ```
//!
//! A mail goes out at least once: a crash between the server's yes and the row's removal repeats it under the same
//! `Message-ID`. The code and the full address of a mail are in [`message::RenderedMail`] and nowhere else: no log line,
//! error or `Debug` shows them (S12).

pub mod inbox;
pub mod message;
mod mime;
pub mod observer;
mod reply;
pub mod sms;
pub mod smtp;
pub mod transport;
pub mod worker;
