//! `registration`: who may make an account.

use schemars::JsonSchema;
use serde::Deserialize;

use super::context::{Context, Place};
use super::located::{Located, Text};
use crate::domain::email::EmailAddress;
use crate::domain::registration::RegistrationRule;

/// Who may make an account without being invited.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Registration {
    /// Whether people may register.
    #[schemars(extend("default" = false))]
    enabled: Option<Located<bool>>,
    /// The domains that their addresses must be of, each as it stands behind the @. Left out: any.
    #[schemars(length(min = 1))]
    domains: Option<Located<Vec<Text>>>,
}

pub(super) fn registration(
    section: Option<Located<Registration>>,
    context: &Context<'_>,
) -> Option<RegistrationRule> {
    let (at, section) = context.section(section, "registration")?;
    let enabled = match section.enabled {
        Some(found) => found.value?,
        // Whoever names domains means that they may.
        None if section.domains.is_some() => {
            let help = "write registration: { enabled: true, domains: [example.com] }";
            return context.refuse(&at.inside("enabled"), "is missing beside `domains`", help);
        }
        None => false,
    };
    let domains = match section.domains {
        Some(found) => domains(found.value?, &found.at, context)?,
        None => Vec::new(),
    };
    Some(match (enabled, domains.is_empty()) {
        (false, _) => RegistrationRule::Off,
        (true, true) => RegistrationRule::Everybody,
        (true, false) => RegistrationRule::Domains(domains),
    })
}

fn domains(typed: Vec<Text>, at: &Place, context: &Context<'_>) -> Option<Vec<String>> {
    if typed.is_empty() {
        let help = "name the domains, or take the key out so that every address may register";
        return context.refuse(at, "names nobody who may register", help);
    }
    let count = typed.len();
    let domains: Vec<String> = typed.iter().filter_map(|text| domain(text, context)).collect();
    (domains.len() == count).then_some(domains)
}

fn domain(text: &Text, context: &Context<'_>) -> Option<String> {
    let typed = text.value.as_deref()?;
    match format!("somebody@{typed}").parse::<EmailAddress>() {
        Ok(address) => Some(address.domain()),
        Err(_) => {
            let help = "write what stands behind the @: example.com; each subdomain by itself";
            context.refuse(&text.at, "is not the domain of a mail address", help)
        }
    }
}
