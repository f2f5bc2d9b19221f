//! Addresses of services on the web.

use url::Url;

use super::context::Context;
use super::located::Text;

/// The address of a service that is asked by doorward: https, or plain http for loopback hosts alone.
pub(super) fn address(text: &Text, help: &str, context: &Context<'_>) -> Option<Url> {
    let Ok(url) = text.value.as_deref()?.parse::<Url>() else {
        return context.refuse(&text.at, "is not an address on the web", help);
    };
    let is_loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => return context.refuse(&text.at, "names no host", help),
    };
    match url.scheme() {
        "https" => {}
        "http" if is_loopback => {}
        "http" => {
            let help = "write https://…; plain http is for a service on this machine";
            return context.refuse(&text.at, "what is asked would travel in the clear", help);
        }
        _ => return context.refuse(&text.at, "is not an address on the web", help),
    }
    if !url.username().is_empty() || url.password().is_some() {
        let help = "take the user name and password out";
        return context.refuse(&text.at, "has a secret in it, which logs would show", help);
    }
    if url.fragment().is_some() {
        return context.refuse(&text.at, "has a fragment, which is never sent", help);
    }
    Some(url)
}
