//! The gateway on Pingora. Its types stay here and in `app`.
//!
//! Pingora's proxy is used without Pingora's server: [`listener`] accepts connections and hands each to it.

mod facts;
mod frames;
mod gateway;
mod gather;
mod head;
mod headers;
pub mod http2;
pub mod listener;
mod plain;
mod portal_call;
mod question;
mod refusal;
mod rehearsal;
mod reply;
mod stream;
mod upgrade;
mod upstream;

pub use gateway::{Deciding, Gateway, GatewaySettings, GatewaySite};
pub use plain::{Answer, PlainServer, RedirectToHttps};
pub use upstream::{UpstreamAddress, UpstreamPool, UpstreamTimeouts};
