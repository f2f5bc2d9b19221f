//! Whether the access tokens of programs open a site.

/// What becomes of an access token that a request to a site's app carries as `Authorization: Bearer`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bearer {
    /// It opens nothing. The app does not get it.
    #[default]
    NotTaken,
    /// It stands in for the session cookie, under the same rules. The app does not get it.
    Taken,
    /// The same, and the app gets it.
    Passed,
}

impl Bearer {
    /// Whether it stands in for the session cookie.
    pub const fn is_taken(self) -> bool {
        matches!(self, Self::Taken | Self::Passed)
    }
}
