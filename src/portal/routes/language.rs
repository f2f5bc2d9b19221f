//! Choosing a language: keeps it in a cookie, and goes back to the page.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Extension, RawQuery, State};
use http::{HeaderMap, Response};

use super::login::return_to_of;
use crate::domain::language::Language;
use crate::portal::respond::Reply;
use crate::portal::{Portal, Visit, csrf};

/// A link, so that it works without JavaScript and in the middle of every step: all that it changes is words. Another
/// site's link changes nothing.
pub(in crate::portal) async fn choose(
    State(portal): State<Arc<Portal>>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response<Body> {
    let query = query.unwrap_or_default();
    let reply = Reply::to(&portal, &visit, &headers);
    let chosen = chosen(&query).filter(|_| !csrf::is_cross_site(&visit, &headers));
    let cookie = chosen.and_then(|language| visit.site.cookies.set_language(language));
    reply.cookie(cookie).see_other(return_to_of(&query).as_str())
}

fn chosen(query: &str) -> Option<Language> {
    let asked = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "to");
    asked.and_then(|(_, tag)| tag.parse().ok())
}
