//! What can be asked, with an access token.

use async_graphql::{Context, Error, ErrorExtensions as _, Object, Result};

use super::Asked;
use super::payloads::{AccountObject, DeviceObject, SessionObject};
use crate::portal::api::problem::Problem;
use crate::portal::api::routes::{account, browsers};

pub(in crate::portal::api) struct Query;

/// What its owner may ask of an account.
#[Object]
impl Query {
    /// The account.
    async fn account(&self, ctx: &Context<'_>) -> Result<AccountObject> {
        let asked = ctx.data::<Asked>()?;
        account::view(asked.call())
            .await
            .map(AccountObject::from)
            .map_err(|problem| refused(asked, &problem))
    }

    /// Its sessions, of browsers and programs, the latest used first.
    async fn sessions(&self, ctx: &Context<'_>) -> Result<Vec<SessionObject>> {
        let asked = ctx.data::<Asked>()?;
        let listed = browsers::list_sessions(asked.call())
            .await
            .map_err(|problem| refused(asked, &problem))?;
        Ok(listed.sessions.into_iter().map(SessionObject::from).collect())
    }

    /// The devices that it knows, the latest used first.
    async fn devices(&self, ctx: &Context<'_>) -> Result<Vec<DeviceObject>> {
        let asked = ctx.data::<Asked>()?;
        let listed = browsers::list_devices(asked.call())
            .await
            .map_err(|problem| refused(asked, &problem))?;
        Ok(listed.devices.into_iter().map(DeviceObject::from).collect())
    }
}

fn refused(asked: &Asked, problem: &Problem) -> Error {
    problem.log(asked.visit.request_id);
    let (code, request_id) = (problem.code.as_str(), asked.visit.request_id.to_string());
    Error::new(problem.detail()).extend_with(|_, values| {
        values.set("code", code);
        values.set("requestId", request_id);
    })
}
