//! `headers.preset`: the names that known apps want the identity under.

use http::HeaderName;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::settings::IdentityHeaders;

/// An app whose names are known. docs/apps.md says of each what must be switched on in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(super) enum Preset {
    Django,
    Forgejo,
    Gitea,
    Grafana,
    Jupyter,
    OtterWiki,
    PgAdmin,
    Radicale,
    TiddlyWiki,
}

impl Preset {
    /// The names, from the app's manual where it has any; what it does not read keeps doorward's.
    pub(super) fn names(self) -> IdentityHeaders {
        let name = HeaderName::from_static;
        let mut names = IdentityHeaders::default();
        match self {
            Self::Django | Self::Jupyter | Self::PgAdmin => {}
            Self::Forgejo | Self::Gitea => {
                names.user = name("x-webauth-user");
                names.email = name("x-webauth-email");
                names.name = name("x-webauth-fullname");
            }
            Self::Grafana => {
                names.user = name("x-webauth-user");
                names.email = name("x-webauth-email");
                names.name = name("x-webauth-name");
                names.groups = name("x-webauth-groups");
            }
            Self::OtterWiki => {
                // Its "name" must be there on every request, and not everybody has given a full one.
                names.user = name("x-otterwiki-name");
                names.email = name("x-otterwiki-email");
                names.groups = name("x-otterwiki-permissions");
            }
            Self::Radicale => names.user = name("x-remote-user"),
            Self::TiddlyWiki => names.user = name("x-authenticated-user"),
        }
        names
    }
}
