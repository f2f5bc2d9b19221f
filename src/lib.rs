//! doorward: a proper login in front of any web app.

pub mod auth;
pub mod config;
pub mod domain;
pub mod identity;
pub mod notify;
pub mod policy;
pub mod portal;
pub mod proxy;
pub mod store;
pub mod telemetry;
pub mod templates;
