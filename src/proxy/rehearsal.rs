//! The way of a request to an app without its connections: what doorward itself costs, for benches to time.

use std::net::IpAddr;

use pingora::http::RequestHeader;
use pingora::proxy::ProxyHttp as _;

use super::gateway::{Gateway, State};
use crate::policy::Decision;

impl Gateway {
    /// What the app would get for `head` from `peer`; `None` if something else would become of it. These are the
    /// very steps of the phases, in their order: facts, session, decision, stripping, identity, signature.
    #[doc(hidden)]
    pub async fn rehearse(&self, mut head: RequestHeader, peer: IpAddr) -> Option<RequestHeader> {
        let ctx = self.new_ctx();
        let accepted = ctx.state.read(&head, Some(peer)).ok()?;
        let shown = ctx.state.shown(&head.headers, &accepted, ctx.now);
        let signed_in =
            ctx.state.authenticate(&head.headers, &accepted, shown, ctx.now).await.ok()?;
        let Decision::Forward(admitted) =
            State::decide(&head.headers, &accepted, signed_in.as_deref(), ctx.now)
        else {
            return None;
        };
        ctx.state.prepare(&mut head, &accepted, &admitted, signed_in.as_deref(), &ctx).ok()?;
        Some(head)
    }
}
