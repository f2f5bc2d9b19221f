//! The pages: request → command → use case → outcome → response.
//!
//! An axum router called in process, for one request at a time, by the gateway. What the gateway has already read
//! (site, client, session, instant) comes along as a [`Visit`].

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use crate::auth::Auth;
use crate::domain::entropy::SharedEntropy;
use crate::identity::live::LiveRing;

pub mod api;
pub mod cookies;
mod csrf;
mod form;
mod hosts;
mod language;
pub mod pages;
mod respond;
mod routes;
mod visit;

use api::{Api, ApiSettings};
pub use hosts::Hosts;
pub use language::language_of;
pub use respond::{SecurityHeaders, error_page};
pub use visit::{PortalSite, Visit, visitor_of};

/// The folder under which every page is, on every site.
pub const BASE: &str = "/_doorward/";

/// The folder of forms that wait for a sign-in.
pub const RESUME: &str = "/_doorward/resume/";

/// The largest body that a page reads, in bytes.
pub const MAX_BODY: usize = 64 * 1024;

/// What the pages work with.
pub struct Portal {
    auth: Arc<Auth>,
    pages: Arc<pages::Pages>,
    ring: Arc<LiveRing>,
    api: Option<(ApiSettings, SharedEntropy)>,
}

impl Portal {
    /// The portal over these use cases, pages and keys.
    pub const fn new(auth: Arc<Auth>, pages: Arc<pages::Pages>, ring: Arc<LiveRing>) -> Self {
        Self { auth, pages, ring, api: None }
    }

    /// The same, with an API for programs.
    #[must_use]
    pub fn with_api(self, settings: ApiSettings, entropy: SharedEntropy) -> Self {
        Self { api: Some((settings, entropy)), ..self }
    }

    /// Whether a request for `path` is the portal's own.
    pub fn owns(path: &str) -> bool {
        path.starts_with(BASE) || path == BASE.trim_end_matches('/')
    }

    /// Every page, ready to be called: answered by the runtime that this is called on, if there is one.
    pub fn service(mut self) -> PortalService {
        let api = self.api.take();
        let portal = Arc::new(self);
        let api = api
            .map(|(settings, entropy)| Arc::new(Api::new(Arc::clone(&portal), settings, entropy)));
        PortalService { pages: Self::router(portal), api, beside: Handle::try_current().ok() }
    }

    /// The account page and all that is done on it.
    fn account() -> Router<Arc<Self>> {
        use routes::account::{self, browsers, guarded, phone};
        Router::new()
            .route("/_doorward/account", get(account::show))
            .route("/_doorward/account/profile", get(account::back).post(account::set_name))
            .route("/_doorward/account/language", get(account::back).post(account::set_language))
            .route(
                "/_doorward/account/password",
                get(guarded::password).post(guarded::change_password),
            )
            .route("/_doorward/account/email", get(guarded::email).post(guarded::ask_for_email))
            .route("/_doorward/account/phone", get(phone::show).post(phone::ask))
            .route("/_doorward/account/phone/remove", get(account::back).post(phone::remove))
            .route("/_doorward/account/phone/codes", get(account::back).post(phone::codes))
            .route("/_doorward/account/second-step", get(guarded::turn).post(guarded::ask_to_turn))
            .route(
                "/_doorward/account/backup-codes",
                get(guarded::backup_codes).post(guarded::make_backup_codes),
            )
            .route(
                "/_doorward/account/backup-codes/file",
                get(account::back).post(guarded::backup_codes_file),
            )
            .route(
                "/_doorward/account/sessions",
                get(browsers::ask_sessions).post(browsers::end_sessions),
            )
            .route(
                "/_doorward/account/sessions/{id}",
                get(browsers::ask_session).post(browsers::end_session),
            )
            .route(
                "/_doorward/account/devices",
                get(browsers::ask_devices).post(browsers::forget_devices),
            )
            .route(
                "/_doorward/account/devices/{id}",
                get(browsers::ask_device).post(browsers::forget_device),
            )
    }

    fn router(self: Arc<Self>) -> Router {
        use routes::{
            code, home, invitation, jwks, language, link, login, logout, not_me, register, reset,
            resume, ticket,
        };
        let pages = Router::new()
            .merge(Self::account())
            .route("/", get(home::to_base))
            .route("/_doorward", get(home::to_base))
            .route("/_doorward/", get(home::show))
            .route("/_doorward/login", get(login::show).post(login::submit))
            .route("/_doorward/code", get(code::show).post(code::submit))
            .route("/_doorward/code/resend", get(code::back).post(code::resend))
            .route("/_doorward/code/start", get(code::back).post(code::start))
            .route("/_doorward/register", get(register::show).post(register::submit))
            .route("/_doorward/register/name", get(register::show_name).post(register::submit_name))
            .route("/_doorward/reset", get(reset::show).post(reset::submit))
            .route(
                "/_doorward/reset/password",
                get(reset::show_password).post(reset::submit_password),
            )
            .route("/_doorward/invitation", get(invitation::show).post(invitation::submit))
            .route("/_doorward/invitation/{token}", get(invitation::land))
            .route("/_doorward/link", get(link::show).post(link::submit))
            .route("/_doorward/link/{token}", get(link::land))
            .route("/_doorward/not-me", get(not_me::show).post(not_me::submit))
            .route("/_doorward/not-me/{token}", get(not_me::land))
            .route("/_doorward/language", get(language::choose))
            .route("/_doorward/resume/{token}", get(resume::show).post(resume::submit))
            .route("/_doorward/logout", get(logout::ask).post(logout::submit))
            .route("/_doorward/signed-out", get(logout::done))
            .route("/_doorward/jwks.json", get(jwks::show))
            .route("/_doorward/sso", get(ticket::answer))
            .route("/_doorward/ticket", get(ticket::show))
            .route("/_doorward/ticket/{ticket}", get(ticket::land))
            .route("/_doorward/static/{name}", get(home::asset))
            .fallback(home::not_found)
            .method_not_allowed_fallback(home::method_not_allowed);
        pages.with_state(self)
    }
}

/// The portal as a function from request to answer. Cheap to clone.
#[derive(Clone)]
pub struct PortalService {
    pages: Router,
    api: Option<Arc<Api>>,
    beside: Option<Handle>,
}

impl PortalService {
    /// Answers one request, in this process. `visit` is what the gateway knows of it. The work is done beside the thread that
    /// asks, whose other connections are requests to apps: filling in a page takes many times as long as one of those (S58).
    pub async fn answer(&self, request: Request<Bytes>, visit: Visit) -> Response<Bytes> {
        let Some(beside) = &self.beside else { return self.work(request, visit).await };
        let portal = self.clone();
        let answered = done_by(beside, async move { portal.work(request, visit).await }).await;
        answered.unwrap_or_else(|| {
            let mut ending = Response::new(Bytes::new());
            *ending.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            ending
        })
    }

    async fn work(&self, mut request: Request<Bytes>, visit: Visit) -> Response<Bytes> {
        if let Some(api) = self.api.as_ref().filter(|_| api::owns(request.uri().path())) {
            return api.answer(&request, &visit).await;
        }
        if let Some(elsewhere) = visit.hosts.page_at_portal(&visit.site, request.uri()) {
            return respond::redirect(&elsewhere);
        }
        request.extensions_mut().insert(visit);
        let Ok(response) = self.pages.clone().oneshot(request.map(Body::from)).await;
        let (parts, body) = response.into_parts();
        match body.collect().await {
            Ok(body) => Response::from_parts(parts, body.to_bytes()),
            // Bodies of pages are whole in memory, so that none can break off.
            Err(_) => Response::from_parts(parts, Bytes::new()),
        }
    }
}

/// Has `runtime` do the work, which ends with whoever waits for it. `None` once the runtime has ended.
async fn done_by<T: Send + 'static>(
    runtime: &Handle,
    work: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    let mut working = JoinSet::new();
    working.spawn_on(work, runtime);
    match working.join_next().await? {
        Ok(done) => Some(done),
        Err(died) if died.is_panic() => std::panic::resume_unwind(died.into_panic()),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::time::Duration;

    use tokio::runtime::Builder;
    use tokio::sync::oneshot;
    use tokio::time::timeout;

    use super::*;

    #[test]
    fn work_is_done_beside_and_ends_with_whoever_waits_for_it() {
        let beside = Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let here = Builder::new_current_thread().enable_time().build().unwrap();
        here.block_on(async {
            let thread = async { std::thread::current().id() };
            assert_ne!(done_by(beside.handle(), thread).await, Some(std::thread::current().id()));
            let (tell, told) = oneshot::channel::<()>();
            let work = done_by(beside.handle(), async move {
                let _tell = tell;
                pending::<()>().await;
            });
            assert!(timeout(Duration::from_millis(1), work).await.is_err());
            let ended = timeout(Duration::from_secs(30), told).await;
            assert!(ended.expect("it goes on").is_err());
        });
        let handle = beside.handle().clone();
        beside.shutdown_background();
        assert_eq!(here.block_on(done_by(&handle, async {})), None);
    }
}
