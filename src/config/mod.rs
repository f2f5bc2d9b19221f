//! Configuration: [`raw`] as somebody typed it, [`settings`] as everything else uses it.

pub mod settings;
