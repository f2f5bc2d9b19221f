//! doorward: a proper login in front of any web app.

pub mod config;
pub mod domain;
pub mod portal;
pub mod store;
pub mod templates;
