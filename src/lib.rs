//! doorward: a proper login in front of any web app.

pub mod cli;
pub mod config;
pub mod domain;
pub mod store;
pub mod templates;
