//! doorward for programs: JSON in, command, use case, outcome, JSON out (docs/api.md).
//!
//! Another codec over the use cases that the pages have. Nothing here decides who gets in. No cookie is looked at and none
//! is set: what a browser would send by itself means nothing here, so that no other site can act in its name.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, header};
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::{Portal, Visit};
use crate::auth::sessions::{Opened, SignedIn};
use crate::auth::sign_in::Context;
use crate::auth::tokens::{self, DEVICE_CHARS, ShownRefresh, TOKEN_CHARS};
use crate::domain::entropy::SharedEntropy;
use crate::domain::host::Origin;
use crate::domain::refresh::InstallId;
use crate::domain::return_to::ReturnTo;
use crate::domain::secret::{FlowSecret, RefreshToken, SessionTokenHash};
use crate::identity::access::{Access, AccessIssuer, Audience};
use crate::telemetry::metrics::{SecurityEvent, metrics};

mod asked;
mod cors;
mod docs;
mod graphql;
mod openapi;
mod operations;
mod problem;
mod reply;
mod routes;
mod told;
#[doc(hidden)]
pub mod trial;

use asked::Secret;
use cors::Cors;
use graphql::GraphQl;
pub use graphql::Introspection;
use operations::{Found, Operation};
use problem::{Code, Problem};
use reply::Answer;

/// The folder of the API, on every site where there is one.
const FOLDER: &str = "/_doorward/api";

/// What the API is made of.
#[derive(Clone, Debug)]
pub struct ApiSettings {
    /// The pages of other origins that may use it.
    pub origins: Vec<Origin>,
    /// Makes access tokens.
    pub issuer: AccessIssuer,
    /// The portal's origin, which tokens name as who made them.
    pub portal: String,
    /// Whether it is asked by GraphQL, too, and told what there is to ask for.
    pub graphql: Option<Introspection>,
}

/// Whether a request for `path` is a program's. Such requests are known by their access tokens alone.
pub fn owns(path: &str) -> bool {
    let is_at = |folder| {
        path.strip_prefix(folder).is_some_and(|rest: &str| rest.is_empty() || rest.starts_with('/'))
    };
    is_at(FOLDER) || is_at(graphql::PATH)
}

/// The API.
pub(super) struct Api {
    portal: Arc<Portal>,
    settings: ApiSettings,
    entropy: SharedEntropy,
    /// What describes it, for machines and for people.
    document: Bytes,
    page: Bytes,
    graphql: Option<GraphQl>,
}

impl Api {
    pub(super) fn new(portal: Arc<Portal>, settings: ApiSettings, entropy: SharedEntropy) -> Self {
        let document = openapi::document();
        let page = docs::page(&document, &portal.pages, portal.pages.name());
        let graphql = settings.graphql.map(GraphQl::new);
        Self {
            document: document.to_string().into(),
            page: page.into(),
            graphql,
            portal,
            settings,
            entropy,
        }
    }

    /// Answers one request.
    pub(super) async fn answer(
        self: &Arc<Self>,
        request: &Request<Bytes>,
        visit: &Visit,
    ) -> Response<Bytes> {
        let headers = request.headers();
        let cors = Cors::of(headers, visit, &self.settings.origins);
        let answered = match cors {
            Cors::Refused => {
                metrics().security_event(SecurityEvent::CrossSite);
                Err(Problem::new(Code::OriginNotAllowed))
            }
            Cors::None | Cors::Allowed(_) => self.act(request, visit).await,
        };
        let answer = answered.unwrap_or_else(|problem| reply::refuse(&problem, visit));
        cors.answer(answer).finish()
    }

    async fn act(
        self: &Arc<Self>,
        request: &Request<Bytes>,
        visit: &Visit,
    ) -> Result<Answer, Problem> {
        if visit.signs_in_elsewhere() {
            let at = format!("The API is at {}.", self.settings.portal);
            return Err(Problem::new(Code::WrongHost).saying(at));
        }
        let (method, path) = (request.method(), request.uri().path());
        if path == graphql::PATH {
            return self.answer_question(request, visit).await;
        }
        let (operation, parameter) = match operations::find(method, path) {
            Found::Operation(operation, parameter) => (operation, parameter),
            Found::OtherMethods(allow) if *method == Method::OPTIONS => {
                return Ok(Answer::nothing().header(header::ALLOW, &allow));
            }
            Found::OtherMethods(allow) => {
                return Ok(reply::refuse(&Problem::new(Code::MethodNotAllowed), visit)
                    .header(header::ALLOW, &allow));
            }
            Found::Nothing => return Err(Problem::new(Code::NotFound)),
        };
        let call = Call { api: self, visit, request, parameter };
        call.may(operation)?;
        (operation.handle)(call).await
    }

    pub(super) fn audience<'a>(&'a self, visit: &'a Visit) -> Audience<'a> {
        Audience { issuer: &self.settings.portal, site: &visit.site.origin_text }
    }
}

/// One request of a program.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    api: &'a Api,
    visit: &'a Visit,
    request: &'a Request<Bytes>,
    /// What stands for `{id}` in the path.
    parameter: Option<&'a str>,
}

impl<'a> Call<'a> {
    fn may(&self, operation: &Operation) -> Result<(), Problem> {
        if operation.signed_in { self.signed_in().map(drop) } else { Ok(()) }
    }

    /// The session that the access token is of.
    fn signed_in(&self) -> Result<&'a SignedIn, Problem> {
        self.visit.signed_in.as_deref().ok_or_else(|| Problem::new(Code::InvalidToken))
    }

    fn headers(&self) -> &'a HeaderMap {
        self.request.headers()
    }

    /// The body, which must be JSON of exactly this form.
    fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let kind = self.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        let plain = !self.headers().contains_key(header::CONTENT_ENCODING);
        if !kind.eq_ignore_ascii_case("application/json") || !plain {
            return Err(Problem::new(Code::UnsupportedMediaType));
        }
        // serde takes a list of values for an object with them in that order, also inside of another.
        let object = Object::of(self.request.body())
            .and_then(|Object(body)| serde_json::from_slice(body).map_err(Some));
        object.map_err(|error: Option<serde_json::Error>| {
            metrics().security_event(SecurityEvent::Malformed);
            // Where, and not what: what stands there may be a secret in the wrong place.
            let (line, column) = error.map_or((1, 1), |error| (error.line(), error.column()));
            let detail = format!(
                "The body is not of the form that is wanted: line {line}, column {column}."
            );
            Problem::new(Code::ValidationError).saying(detail)
        })
    }

    /// The context of a use case.
    fn context(&self, return_to: ReturnTo) -> Context<'a> {
        self.visit.context(return_to)
    }

    /// The same where nothing is returned to.
    fn context_here(&self) -> Context<'a> {
        self.context(ReturnTo::front_page())
    }

    /// The same for an installation that may show a device.
    fn context_of(
        &self,
        return_to: ReturnTo,
        device: Option<&Secret>,
    ) -> Result<Context<'a>, Problem> {
        let (keys, host) = (self.api.portal.auth.keys(), self.visit.site.host());
        let device = match device {
            None => None,
            Some(text) => {
                let text = shaped("device_token", text, DEVICE_CHARS)?;
                tokens::decode_device(keys, text, host)
            }
        };
        Ok(Context { device, ..self.context(return_to) })
    }

    /// The half-signed-in state that the program shows.
    fn flow(&self, name: &'static str, shown: &Secret) -> Result<FlowSecret, Problem> {
        self.flow_of_ours(name, shown)?.ok_or_else(|| Problem::new(Code::FlowOver))
    }

    /// The same, or nothing where it is none of ours.
    fn flow_of_ours(
        &self,
        name: &'static str,
        shown: &Secret,
    ) -> Result<Option<FlowSecret>, Problem> {
        let (keys, host) = (self.api.portal.auth.keys(), self.visit.site.host());
        Ok(tokens::decode_program_flow(keys, shaped(name, shown, TOKEN_CHARS)?, host))
    }

    /// The tokens of a session that was just made.
    async fn tokens(&self, opened: Opened, install: &InstallId) -> Result<told::Tokens, Problem> {
        let host = self.visit.site.session_host();
        let auth = &self.api.portal.auth;
        let hash = opened.token.hash();
        let session = auth.authenticate_by(hash, host, self.visit.now).await?;
        // Ended in this very moment, or not a program's.
        let (Some(session), Some(refresh)) = (session, opened.refresh) else {
            return Err(Problem::new(Code::InvalidToken));
        };
        let device_token = opened
            .device
            .map(|keep| tokens::encode_device(auth.keys(), &keep.cookie, self.visit.site.host()));
        let tokens = self.tokens_of(&session, hash, refresh, install)?;
        Ok(told::Tokens { device_token, ..tokens })
    }

    /// The tokens of a session, with this refresh token.
    fn tokens_of(
        &self,
        signed_in: &SignedIn,
        hash: SessionTokenHash,
        token: RefreshToken,
        install: &InstallId,
    ) -> Result<told::Tokens, Problem> {
        let Api { portal, settings, entropy, .. } = self.api;
        let access = Access {
            session: &signed_in.session,
            token: &hash,
            identity: &signed_in.identity,
            id: crate::domain::entropy::public_bytes(&**entropy),
        };
        let (ring, now) = (portal.ring.get(), self.visit.now);
        let issued = settings.issuer.issue(&access, self.api.audience(self.visit), &ring, now);
        let issued = issued.map_err(|error| {
            tracing::error!(request.id = %self.visit.request_id, %error, "no access token was made");
            Problem::new(Code::Unavailable).after(Duration::from_secs(10))
        })?;
        let refresh = ShownRefresh { session: hash, token };
        let host = self.visit.site.session_host();
        Ok(told::Tokens {
            access_token: issued.text,
            token_type: "Bearer",
            expires_in: issued.lifetime.as_secs(),
            refresh_token: tokens::encode_refresh(portal.auth.keys(), &refresh, host, install),
            refresh_expires_in: now.until(signed_in.session.expires_at).as_secs(),
            session_id: signed_in.session.id.to_string(),
            device_token: None,
        })
    }
}

/// A body that begins like an object, with no list in it: no request has one.
struct Object<'a>(&'a [u8]);

impl<'a> Object<'a> {
    fn of(body: &'a [u8]) -> Result<Self, Option<serde_json::Error>> {
        match body.trim_ascii_start().first() {
            Some(b'{') if !has_list(body) => Ok(Self(body)),
            _ => Err(None),
        }
    }
}

/// Whether a list begins anywhere outside of texts.
fn has_list(body: &[u8]) -> bool {
    let (mut in_text, mut escaped) = (false, false);
    body.iter().any(|byte| {
        let was_escaped = std::mem::take(&mut escaped);
        match byte {
            b'\\' => escaped = in_text && !was_escaped,
            b'"' if !was_escaped => in_text = !in_text,
            _ => {}
        }
        *byte == b'[' && !in_text
    })
}

/// A new password, of a length that is looked at.
fn typed_password(name: &'static str, typed: Secret) -> Result<Zeroizing<String>, Problem> {
    match (1..=1024).contains(&typed.expose().chars().count()) {
        true => Ok(typed.into_inner()),
        false => Err(Problem::field(name, "from 1 to 1024 characters")),
    }
}

/// A value of the body, as what it stands for.
fn value<T: std::str::FromStr<Err: ToString>>(
    name: &'static str,
    text: &str,
) -> Result<T, Problem> {
    text.parse().map_err(|why: T::Err| Problem::field(name, why))
}

/// A text that one of our tokens may be: so many characters of base64url. Whether it is one is found out later.
fn shaped<'a>(name: &'static str, text: &'a Secret, chars: usize) -> Result<&'a str, Problem> {
    let text = text.expose();
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    match text.len() == chars && plain {
        true => Ok(text),
        false => {
            Err(Problem::field(name, format!("{chars} letters, digits, dashes and underscores")))
        }
    }
}

/// A page of the site; the front page where none is named (S51).
fn page(path: Option<&str>) -> Result<ReturnTo, Problem> {
    path.map_or(Ok(ReturnTo::front_page()), |path| value("path", path))
}
