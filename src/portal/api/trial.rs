//! What must hold of whatever anybody asks, as functions over bytes: for the property tests and fuzz targets of
//! `proxy::trial`.

use super::graphql;

/// A question that is within its bounds is not much, however it is written.
pub fn question(bytes: &[u8]) -> Result<(), String> {
    graphql::within::within(&String::from_utf8_lossy(bytes))
}
