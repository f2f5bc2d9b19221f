//! doorward: a proper login in front of any web app.

pub mod config;
pub mod domain;
pub mod identity;
pub mod store;
pub mod telemetry;
pub mod templates;
