//! The gateway on Pingora. Its types stay here and in `app`.
//!
//! Pingora's proxy is used without Pingora's server: [`listener`] accepts connections and hands each to it.

mod compress;
mod ending;
mod facts;
mod frames;
mod gateway;
mod gather;
mod head;
mod headers;
pub mod http2;
mod leash;
pub mod listener;
mod plain;
mod portal_call;
mod question;
mod refusal;
mod rehearsal;
mod reply;
mod response_rules;
mod rewrite;
mod stream;
mod upgrade;
mod upstream;

pub use ending::{Ending, Idle};
pub use gateway::{Deciding, Gateway, GatewaySettings, GatewaySite};
pub use leash::Leashed;
pub use plain::{Answer, PlainServer, RedirectToHttps};
pub use response_rules::ResponseRule;
pub use rewrite::PathRewrite;
pub use upstream::{
    Balance, Check, ClientCertificate, Ejection, UpstreamAddress, UpstreamHttp, UpstreamPool,
    UpstreamSettings, UpstreamTimeouts, UpstreamTls,
};
