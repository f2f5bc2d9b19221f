//! One file for each page.

pub(super) mod account;
mod captcha;
pub(super) mod code;
pub(super) mod home;
pub(super) mod invitation;
pub(super) mod jwks;
pub(super) mod language;
pub(super) mod link;
pub(super) mod login;
pub(super) mod logout;
pub(super) mod not_me;
pub(super) mod register;
pub(super) mod reset;
pub(super) mod resume;
pub(super) mod ticket;

use axum::body::Body;
use http::Response;

use super::csrf::NotOurs;
use super::pages::ErrorKind;
use super::respond::Reply;

fn refuse(reply: Reply<'_>, why: NotOurs) -> Response<Body> {
    match why {
        NotOurs::CrossSite => reply.error(ErrorKind::Forbidden),
        NotOurs::Token => reply.error(ErrorKind::FormExpired),
    }
}
