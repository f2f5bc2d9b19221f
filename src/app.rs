//! The composition root: settings → stores, use cases, pages, gateway. The only one that knows them all.

use std::sync::Arc;
use std::time::Duration;

use crate::auth::captcha::{Captchas, Provider};
use crate::auth::new_password::{Breached, PasswordChecks};
use crate::auth::password::{BadParameters, HashingSettings, Serves};
use crate::auth::{AuthSettings, RateLimits};
use crate::config::raw;
use crate::config::settings::{self, Settings};
use crate::domain::budget::{DelayRule, GuessBudget};
use crate::domain::captcha::ProviderRule;
use crate::domain::challenge::ResendRule;
use crate::domain::keys::KeyRing;
use crate::domain::password_rules::PasswordRules;
use crate::domain::place::{Nowhere, Places};
use crate::domain::session::Lifetime;
use crate::identity::access::AccessIssuer;
use crate::identity::assertion::Asserter;
use crate::identity::headers::IdentityHeaderNames;
use crate::notify::sms::TwilioError;
use crate::notify::transport::TransportError;
use crate::policy::SitePolicy;
use crate::portal::Portal;
use crate::portal::api::{ApiSettings, Introspection};
use crate::portal::pages::{Logo, LogoKind, Look, Pages};
use crate::proxy::listener::ListenError;
use crate::proxy::tls::CertificateError;
use crate::proxy::{GatewaySettings, GatewaySite};
use crate::store::sqlite::{OpenError, POLL};
use crate::store::{self, StoreError, postgres};
use crate::templates::TemplateError;

pub mod acme;
mod admin;
mod breached;
pub mod certificates;
mod core;
pub mod demo;
pub mod explain;
mod followed;
pub mod gallery;
mod hosts;
mod http;
mod inherited;
pub mod keys_file;
mod mail;
mod manager;
pub mod open_files;
mod places;
mod redis;
mod reload;
pub mod secret;
mod server;
mod siteverify;
mod succession;
mod upkeep;
mod upstreams;
mod whole_file;

pub use self::core::Core;
use self::http::{http_client, whole_body, why_not};
pub use inherited::Inherited;
use keys_file::KeysError;
pub use reload::Source;
use secret::SecretError;
pub use server::{Addresses, Orders, Server};
pub use succession::Call;

/// The time within which a running doorward notices what another process has changed in its stores.
pub const NOTICED_WITHIN: Duration = POLL.saturating_mul(3);

/// The time within which a running doorward notices that the keys that sign identity were changed.
pub const KEYS_NOTICED_WITHIN: Duration = upkeep::KEYS_EVERY.saturating_mul(2);

/// Why doorward cannot start. Every message names what to change.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The server secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The keys that sign identity.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The database.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database of several nodes.
    #[error(transparent)]
    OpenPostgres(#[from] postgres::OpenError),
    /// Redis cannot be used.
    #[error(transparent)]
    OpenRedis(#[from] store::redis::OpenError),
    /// The authority of Redis' certificates cannot be read.
    #[error("state.redis.ca: cannot read {path}: {cause}")]
    RedisAuthority {
        /// The file.
        path: String,
        /// Why not.
        cause: std::io::Error,
    },
    /// The store, once open.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The cost of password hashes.
    #[error(transparent)]
    Hashing(#[from] BadParameters),
    /// A template of pages or mails.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The way that mails go.
    #[error("mail: {0}")]
    Mail(#[from] TransportError),
    /// The way that text messages go.
    #[error("sms: {0}")]
    Sms(#[from] TwilioError),
    /// A listening address.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// A certificate or its key.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// What is kept of a certificate authority.
    #[error(transparent)]
    Acme(#[from] acme::FolderError),
    /// TLS.
    #[error("TLS cannot be spoken here: {0}")]
    Tls(rustls::Error),
    /// The threads that serve connections.
    #[error("the threads that serve connections could not be started: {0}")]
    Workers(std::io::Error),
    /// The file of countries.
    #[error(
        "geoip.database: cannot use {path}: {cause}; give a file in MaxMind's format, such as GeoLite2-Country.mmdb"
    )]
    Places {
        /// The file.
        path: String,
        /// Why not.
        cause: maxminddb::MaxMindDbError,
    },
    /// Asking services on the web: the list of stolen passwords, the provider of captchas.
    #[error("cannot ask other services over HTTP here: {0}")]
    Http(#[from] reqwest::Error),
    /// The logo.
    #[error("portal.logo: cannot use {path}: {cause}")]
    Logo {
        /// The file.
        path: String,
        /// Why not.
        cause: String,
    },
}
fn gateway(settings: &Settings, core: &Core, pages: Arc<Pages>) -> GatewaySettings {
    let portal = Portal::new(Arc::clone(&core.auth), Arc::clone(&pages), Arc::clone(&core.ring));
    let portal = match api(settings) {
        Some(api) => portal.with_api(api, Arc::clone(&core.entropy)),
        None => portal,
    };
    let make = |site: &settings::Site| gateway_site(site, settings, &core.keys);
    let mut sites: Vec<GatewaySite> = settings.sites.iter().filter_map(make).collect();
    sites.extend(hosts::portal_alone(settings, make));
    GatewaySettings {
        hosts: Arc::new(hosts::hosts(settings, &sites, &core.keys)),
        sites,
        trusted_proxies: settings.trusted_proxies.clone(),
        limits: settings.connections,
        auth: Arc::clone(&core.auth),
        pages,
        portal: portal.service(),
        ring: Arc::clone(&core.ring),
        short_way: raw::short_way(),
    }
}

fn api(settings: &Settings) -> Option<ApiSettings> {
    let api = &settings.api;
    api.enabled.then(|| ApiSettings {
        origins: api.origins.clone(),
        issuer: AccessIssuer {
            algorithm: settings.assertion.algorithm,
            lifetime: api.access_token,
        },
        portal: settings.portal.origin.to_string(),
        graphql: api.graphql.then_some(match api.introspection {
            true => Introspection::On,
            false => Introspection::Off,
        }),
    })
}

fn gateway_site(site: &settings::Site, settings: &Settings, keys: &KeyRing) -> Option<GatewaySite> {
    let policy = SitePolicy::new(site.rules.clone());
    let headers = site.headers.clone();
    Some(GatewaySite {
        upstreams: upstreams::pool(site),
        path: upstreams::path_rewrite(site),
        response_rules: upstreams::response_rules(site),
        compress: site.rewriting.compress,
        names: IdentityHeaderNames {
            user: headers.user,
            email: headers.email,
            name: headers.name,
            groups: headers.groups,
            assertion: headers.assertion,
        },
        asserter: Asserter {
            issuer: settings.portal.origin.to_string(),
            audience: site.origin.to_string(),
            algorithm: settings.assertion.algorithm,
            lifetime: settings.assertion.lifetime,
        },
        key: keys.identity_keys(site.host()).into_iter().next()?,
        preserve_host: site.preserve_host,
        hsts: site.hsts,
        bearer: site.bearer,
        max_body: site.max_body,
        asked_by: site.forward_auth,
        portal: Arc::new(hosts::portal_site(&site.origin, policy, settings)),
    })
}

fn look(portal: &settings::Portal) -> Result<Look, StartError> {
    let logo = portal.logo.as_deref().map(logo).transpose()?;
    let accent = portal.accent.as_deref().and_then(|accent| accent.parse().ok());
    Ok(Look { name: portal.name.clone(), accent, logo })
}

fn logo(path: &std::path::Path) -> Result<Logo, StartError> {
    let failed = |cause: String| StartError::Logo { path: path.display().to_string(), cause };
    let kind = match path.extension().and_then(|extension| extension.to_str()) {
        Some("svg") => LogoKind::Svg,
        Some("png") => LogoKind::Png,
        Some("webp") => LogoKind::WebP,
        _ => return Err(failed("a logo is an .svg, .png or .webp file".into())),
    };
    let bytes = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
    Ok(Logo { bytes, kind })
}

fn places(settings: &Settings) -> Result<Arc<dyn Places>, StartError> {
    let Some(path) = &settings.geoip else { return Ok(Arc::new(Nowhere)) };
    let opened = places::PlacesFile::open(path);
    let failed = |cause| StartError::Places { path: path.display().to_string(), cause };
    Ok(Arc::new(opened.map_err(failed)?))
}

fn passwords(settings: &Settings) -> Result<PasswordChecks, StartError> {
    let settings::Passwords { min_length, breached } = &settings.passwords;
    let breached = match breached {
        None => None,
        Some(breached) => Some(Breached {
            list: Arc::new(breached::Ranges::new(breached.url.clone(), breached.timeout)?),
            on_failure: breached.on_failure,
        }),
    };
    let rules = PasswordRules::new(*min_length, settings.portal.name.clone());
    Ok(PasswordChecks { rules, breached })
}

fn captchas(settings: &Settings) -> Result<Captchas, StartError> {
    let provider = match &settings.captcha.provider {
        None => None,
        Some(provider) => Some(Provider {
            rule: ProviderRule { kind: provider.widget.kind, least_score: provider.least_score },
            site: Arc::new(siteverify::SiteverifyClient::new(
                provider.verify.clone(),
                provider.secret.clone(),
                provider.widget.site_key.clone(),
                provider.timeout,
            )?),
            widget: provider.widget.clone(),
        }),
    };
    Ok(Captchas { rules: settings.captcha.rules, provider })
}

fn hashing(settings: &Settings, serves: Serves) -> HashingSettings {
    let hashing = settings.password_hash;
    HashingSettings {
        memory_kib: hashing.memory_kib,
        iterations: hashing.iterations,
        parallelism: hashing.parallelism,
        threads: hashing.threads.get(),
        queue: hashing.queue,
        serves,
    }
}

fn auth_settings(settings: &Settings) -> AuthSettings {
    let Settings { otp, session, limits, devices, captcha, .. } = settings;
    AuthSettings {
        code_lifetime: otp.lifetime,
        attempts: otp.attempts,
        resend: ResendRule { cool_down: otp.cool_down, max_sends: otp.sends },
        session: Lifetime { absolute: session.lifetime, idle: session.idle },
        // A remembered browser is one that may be left alone: it has no idle end of its own.
        remembered: Lifetime { absolute: session.remember, idle: session.remember },
        // It ends by not being refreshed, and by its end; a program may well do nothing for days.
        program: Lifetime {
            absolute: settings.api.refresh_token,
            idle: settings.api.refresh_token,
        },
        trusted_for: devices.lifetime,
        budget: GuessBudget::default(),
        delay: DelayRule::default(),
        limits: RateLimits {
            sign_in: limits.sign_in,
            registration: limits.registration,
            reset: limits.reset,
            verify: limits.verify,
            resend: limits.resend,
            code_request: limits.code_request,
            mails_account: limits.mails_account,
            mails_address: limits.mails_address,
            mails_total: limits.mails_total,
            sms_number: limits.sms_number,
            sms_address: limits.sms_address,
            sms_total: limits.sms_total,
            waits_address: captcha.rules.work.waits_address,
            waits_total: captcha.rules.work.waits_total,
        },
        outage_grace: settings.outage_grace,
    }
}
