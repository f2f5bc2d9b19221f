//! `api`, and `sites[].bearer`: doorward for programs.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::budgets::SPAN;
use super::context::Context;
use super::located::{Located, Text};
use crate::config::settings;
use crate::domain::bearer::Bearer;
use crate::domain::host::Origin;

/// The JSON API for programs, under /_doorward/api/v1 (docs/api.md).
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Api {
    /// Whether there is one.
    #[schemars(extend("default" = false))]
    enabled: Option<Located<bool>>,
    /// The origins of pages elsewhere whose scripts may use it (CORS), each as https://app.example.com; without cookies.
    /// Left out: none.
    origins: Option<Located<Vec<Text>>>,
    /// Whether it is asked by GraphQL, too, at /_doorward/graphql.
    #[schemars(extend("default" = false))]
    graphql: Option<Located<bool>>,
    /// Whether GraphQL tells what there is to ask for, and what is wrong with a question: for development.
    #[schemars(extend("default" = false))]
    introspection: Option<Located<bool>>,
    /// How long an access token is good, from 1m to 15m.
    #[schemars(extend("default" = "15m", "pattern" = SPAN))]
    access_token: Option<Text>,
    /// How long a program stays signed in by its refresh tokens.
    #[schemars(extend("default" = "30d", "pattern" = SPAN))]
    refresh_token: Option<Text>,
}

pub(super) fn api(section: Option<Located<Api>>, context: &Context<'_>) -> Option<settings::Api> {
    let (_, section) = context.section(section, "api")?;
    let enabled = section.enabled.map_or(Some(false), |field| field.value);
    let graphql = section.graphql.map_or(Some(false), |field| field.value);
    let introspection = section.introspection.map_or(Some(false), |field| field.value);
    let origins = match section.origins {
        None => Some(Vec::new()),
        Some(field) => field.value.and_then(|typed| origins(&typed, context)),
    };
    let usual = settings::Api::default();
    let minute = Duration::from_secs(60);
    let why = "programs get the next one by a refresh token; a longer one is a longer way in for whoever steals it";
    let access_token =
        context.duration(section.access_token, usual.access_token, minute..=15 * minute, why);
    let day = 24 * 60 * minute;
    let why = "it is a sign-in that nobody repeats";
    let refresh_token =
        context.duration(section.refresh_token, usual.refresh_token, 15 * minute..=366 * day, why);
    Some(settings::Api {
        enabled: enabled?,
        origins: origins?,
        graphql: graphql?,
        introspection: introspection?,
        access_token: access_token?,
        refresh_token: refresh_token?,
    })
}

fn origins(typed: &[Text], context: &Context<'_>) -> Option<Vec<Origin>> {
    let help = "write scheme, host and port: https://app.example.com; each by itself, for patterns are not taken";
    let origins: Vec<Origin> =
        typed.iter().filter_map(|text| context.parse::<Origin>(text, help)).collect();
    (origins.len() == typed.len()).then_some(origins)
}

/// Whether access tokens open a site. `enabled` says whether there are any, unless that was faulty.
pub(super) fn bearer(
    taken: Option<Located<bool>>,
    passed: Option<Located<bool>>,
    enabled: Option<bool>,
    context: &Context<'_>,
) -> Option<Bearer> {
    let at = taken.as_ref().map(|field| field.at.clone());
    let taken = taken.map_or(Some(false), |field| field.value)?;
    if let (true, Some(false), Some(at)) = (taken, enabled, at) {
        let help = "turn the API on, which gives them: api: { enabled: true }";
        return context.refuse(&at, "is for access tokens, and nobody gets one", help);
    }
    let Some(passed) = passed else {
        return Some(if taken { Bearer::Taken } else { Bearer::NotTaken });
    };
    match (taken, passed.value?) {
        (true, true) => Some(Bearer::Passed),
        (true, false) => Some(Bearer::Taken),
        (false, false) => Some(Bearer::NotTaken),
        (false, true) => {
            let help = "write bearer: true beside it, or take it out";
            context.refuse(&passed.at, "passes on what is not taken", help)
        }
    }
}
