use proptest::prelude::*;

use super::*;
use crate::domain::account::{FullName, Group};
use crate::domain::entropy::OsEntropy;
use crate::domain::id::AccountId;
use crate::domain::time::Timestamp;

fn names(user: &'static str) -> IdentityHeaderNames {
    IdentityHeaderNames {
        user: HeaderName::from_static(user),
        email: HeaderName::from_static("remote-email"),
        name: HeaderName::from_static("remote-name"),
        groups: HeaderName::from_static("remote-groups"),
        assertion: Some(HeaderName::from_static("x-doorward-assertion")),
    }
}

fn ada() -> Identity {
    let full_name = "Ada Lovelace-Åström".parse().unwrap();
    ada_with(Some(&full_name), &["admins".parse().unwrap(), "wiki:write".parse().unwrap()])
}

fn ada_with(full_name: Option<&FullName>, groups: &[Group]) -> Identity {
    let names = (&"ada".parse().unwrap(), &"ada@example.org".parse().unwrap());
    let id = AccountId::generate(&OsEntropy, Timestamp::from_millis(0));
    Identity::new(id, names, full_name, groups)
}

fn sent(identity: &Identity) -> Vec<(String, Vec<u8>)> {
    IdentityValues::new(identity)
        .named(&names("remote-user"), None)
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
        .collect()
}

#[test]
fn an_identity_is_told_in_four_headers_and_a_full_name_in_utf_8() {
    let wanted = [
        ("remote-user", "ada"),
        ("remote-email", "ada@example.org"),
        ("remote-name", "Ada Lovelace-Åström"),
        ("remote-groups", "admins,wiki:write"),
    ];
    let wanted = wanted.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    assert_eq!(sent(&ada()), wanted);
}

#[test]
fn s46_what_an_identity_lacks_is_absent() {
    let bare = ada_with(None, &[]);
    let names: Vec<String> = sent(&bare).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["remote-user", "remote-email"]);
}

#[test]
fn s12_identity_values_do_not_print() {
    let printed = format!("{:?}", IdentityValues::new(&ada()));
    assert!(!printed.contains("ada"), "{printed}");
}

#[test]
fn s46_ordinary_headers_are_no_aliases() {
    let filter = AliasFilter::new(&names("x-grafana-login"));
    for ordinary in [
        "accept",
        "authorization",
        "cookie",
        "host",
        "range",
        "referer",
        "remote-addr",
        "remote-users",
        "remoteuser",
        "sec-fetch-mode",
        "signature-inputs",
        "x-authentik",
        "x-csrf-token",
        "x-custom",
        "x-doorward",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-grafana-org-id",
        "x-request-id",
        "x-requested-with",
        "X_Requested_With",
    ] {
        assert!(!filter.is_alias(ordinary), "{ordinary} was taken off");
    }
}

#[test]
fn s46_what_is_no_header_name_is_an_alias() {
    let filter = AliasFilter::new(&names("remote-user"));
    for strange in ["", "remote user", "accept ", "accept\0", "accépt", "remote-user\u{301}", "a:b"]
    {
        assert!(filter.is_alias(strange), "{strange:?} was let through");
    }
}

#[test]
fn s46_names_of_other_gateways_and_of_doorward_are_aliases_on_every_site() {
    let filter = AliasFilter::new(&names("x-grafana-login"));
    for alias in ALWAYS {
        assert!(filter.is_alias(alias), "{alias} was let through");
    }
    for beginning in ALWAYS_BEGINNING_WITH {
        assert!(filter.is_alias(&format!("{beginning}anything")), "{beginning} was let through");
    }
}

/// The name as somebody might write it who hopes that the app folds it and the gateway does not.
fn respelt(name: &str, choices: &[u8]) -> String {
    let signs = b"-_.!#$%&'*+^`|~";
    name.bytes()
        .zip(choices.iter().cycle())
        .map(|(byte, choice)| match byte {
            b'-' => char::from(signs[usize::from(*choice) % signs.len()]),
            letter if choice % 2 == 0 => char::from(letter.to_ascii_uppercase()),
            letter => char::from(letter),
        })
        .collect()
}

proptest! {
    #[test]
    fn s46_every_spelling_of_an_identity_header_is_caught(
        name in prop::sample::select(ALWAYS.iter().copied().chain(["x-grafana-login", "x-doorward-assertion",
            "x-webauth-user", "x-auth-request-email", "x-authentik-username"]).collect::<Vec<_>>()),
        choices in prop::collection::vec(any::<u8>(), 40),
    ) {
        let filter = AliasFilter::new(&names("x-grafana-login"));
        let alias = respelt(name, &choices);
        prop_assert!(filter.is_alias(&alias), "{alias} was let through");
    }

    #[test]
    fn s46_any_name_the_app_would_confuse_is_caught_and_no_other(name in "[a-zA-Z_.~-]{1,24}") {
        let filter = AliasFilter::new(&names("x-grafana-login"));
        let cgi = |name: &str| -> String {
            name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
        };
        let confused = ALWAYS.iter().chain(&["x-grafana-login"]).any(|own| cgi(own) == cgi(&name))
            || ALWAYS_BEGINNING_WITH.iter().any(|own| cgi(&name).starts_with(&cgi(own)));
        prop_assert_eq!(filter.is_alias(&name), confused);
    }
}
