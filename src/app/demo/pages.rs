//! The two servers beside the demo's gateway: an app that knows nothing of sign-ins, and an inbox.

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use minijinja::{Environment, Value, context};

use crate::app::StartError;
use crate::notify::inbox::{Inbox, InboxMail};
use crate::proxy::Answer;
use crate::templates::Templates;

/// The headers that doorward adds, shown first.
const OURS: [&str; 6] =
    ["remote-user", "remote-email", "remote-name", "remote-groups", "signature-input", "signature"];

/// The app behind: it shows what it gets.
pub(super) struct SampleApp {
    templates: Environment<'static>,
    inbox: u16,
}

impl SampleApp {
    pub(super) fn new(templates: &Templates, inbox: SocketAddr) -> Result<Self, StartError> {
        Ok(Self { templates: templates.environment("demo")?, inbox: inbox.port() })
    }
}

#[async_trait]
impl Answer for SampleApp {
    async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        let of = |ours: bool| -> Vec<(String, String)> {
            let headers = request.headers().iter();
            let wanted = headers.filter(|(name, _)| OURS.contains(&name.as_str()) == ours);
            let shown = wanted.map(|(name, value)| {
                (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            });
            shown.collect()
        };
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        let user = request.headers().get("remote-user").and_then(|value| value.to_str().ok());
        let seen = context! {
            method => request.method().as_str(), target, user, inbox => self.inbox,
            identity => of(true), others => of(false),
        };
        page(&self.templates, "app.html", seen)
    }
}

/// The inbox: the mails that the demo's account would get.
pub(super) struct InboxPage {
    templates: Environment<'static>,
    inbox: Arc<Inbox>,
    gateway: u16,
}

impl InboxPage {
    pub(super) fn new(
        templates: &Templates,
        inbox: Arc<Inbox>,
        gateway: u16,
    ) -> Result<Self, StartError> {
        Ok(Self { templates: templates.environment("demo")?, inbox, gateway })
    }
}

#[async_trait]
impl Answer for InboxPage {
    async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        let mails = self.inbox.list();
        let path = request.uri().path();
        if path == "/" {
            let mails: Vec<Value> = mails.iter().map(shown).collect();
            return page(
                &self.templates,
                "inbox.html",
                context! { mails, gateway => self.gateway },
            );
        }
        let wanted = path.strip_prefix("/mail/").unwrap_or_default();
        match mails.into_iter().find(|mail| mail.id.to_string() == wanted) {
            Some(mail) => html(StatusCode::OK, mail.html),
            None => html(StatusCode::NOT_FOUND, "<p>There is no such mail.".into()),
        }
    }
}

fn shown(mail: &InboxMail) -> Value {
    context! {
        id => mail.id.to_string(), to => mail.to.as_str(), subject => mail.subject.as_str(),
        text => mail.text.as_str(),
    }
}

fn page(templates: &Environment<'_>, name: &str, seen: Value) -> Response<Bytes> {
    match templates.get_template(name).and_then(|template| template.render(seen)) {
        Ok(text) => html(StatusCode::OK, text),
        Err(error) => {
            tracing::error!(%error, "a page of the demo did not render");
            html(StatusCode::INTERNAL_SERVER_ERROR, "<p>This page cannot be shown.".into())
        }
    }
}

fn html(status: StatusCode, text: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action http:; frame-ancestors 'self'";
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}
