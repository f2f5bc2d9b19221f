//! The gateway on Pingora. Its types stay here and in `app`.
//!
//! Pingora's proxy is used without Pingora's server: [`listener`] accepts connections and hands each to it.

mod check;
mod compress;
mod door;
mod ending;
mod facts;
mod frames;
mod front;
mod gateway;
mod gather;
mod head;
mod headers;
pub mod http2;
mod leash;
pub mod listener;
mod other_methods;
mod outgoing;
mod pace;
mod plain;
mod portal_call;
mod proxy_protocol;
mod question;
mod refusal;
mod rehearsal;
mod reply;
mod response_rules;
mod rewrite;
mod short;
mod stream;
pub mod tls;
#[doc(hidden)]
pub mod trial;
mod upgrade;
mod upstream;
mod way_in;
pub mod workers;

pub use door::Door;
pub use ending::{Ending, Idle};
pub use front::Front;
pub use gateway::{Deciding, Gateway, GatewaySettings, GatewaySite};
pub use leash::Leashed;
pub use plain::{Answer, PlainServer, RedirectToHttps};
pub use response_rules::ResponseRule;
pub use rewrite::PathRewrite;
pub use upstream::{
    Balance, Check, ClientCertificate, Ejection, UpstreamAddress, UpstreamHttp, UpstreamPool,
    UpstreamSettings, UpstreamTimeouts, UpstreamTls,
};
pub use way_in::WayIn;
