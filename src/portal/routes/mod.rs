//! One file for each page.

pub(super) mod code;
pub(super) mod home;
pub(super) mod login;
pub(super) mod logout;

use axum::body::Body;
use http::Response;

use super::csrf::NotOurs;
use super::pages::ErrorKind;
use super::respond::Reply;
use crate::domain::return_to::ReturnTo;

/// The address of a page that comes back to `return_to`.
fn page_with_return(page: &str, return_to: &ReturnTo) -> String {
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("rd", return_to.as_str())
        .finish();
    format!("{}{page}?{query}", super::BASE)
}

fn refuse(reply: Reply<'_>, why: NotOurs) -> Response<Body> {
    match why {
        NotOurs::CrossSite => reply.error(ErrorKind::Forbidden),
        NotOurs::Token => reply.error(ErrorKind::FormExpired),
    }
}
