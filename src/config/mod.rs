//! Configuration: [`raw`] as somebody typed it, [`settings`] as everything else uses it.

pub mod changes;
pub mod errors;
pub mod print;
pub mod raw;
pub mod schema;
pub mod settings;

pub use errors::ConfigErrors;
pub use print::effective_yaml;
pub use raw::{Reading, load, parse, read};
