//! Values and pure rules. Nothing here knows a store, a socket or a page.

pub mod account;
pub mod address;
pub mod aim;
pub mod assertion;
pub mod audit;
pub mod budget;
pub mod challenge;
pub mod client;
pub mod code;
pub mod colour;
pub mod device;
pub mod email;
pub mod entropy;
pub mod host;
pub mod id;
pub mod keys;
pub mod mail;
pub mod path;
pub mod place;
pub mod quota;
pub mod return_to;
pub mod rule;
pub mod secret;
pub mod session;
pub mod time;
