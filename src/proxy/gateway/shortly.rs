//! A request on the short way: decided, sent and answered in one place, by the functions that Pingora's phases call. What
//! cannot go on here is handed over to those phases, with what was decided.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::header;
use pingora::http::RequestHeader;
use pingora::protocols::http::HttpTask;
use pingora::{Error, ErrorType, Result};

use super::answer::seal;
use super::context::Sent;
use super::state::Accepted;
use super::{Gateway, RequestContext};
use crate::portal::Portal;
use crate::portal::pages::ErrorKind;
use crate::proxy::front::Served;
use crate::proxy::outgoing::Changes;
use crate::proxy::question::Question;
use crate::proxy::refusal::Refusal;
use crate::proxy::short::{Asker, Connection, Exchange, Pool, closes, frame};
use crate::proxy::upstream::Plainly;
use crate::proxy::{check, head};
use crate::telemetry::metrics::metrics;

tokio::task_local! {
    /// What was decided of the request that Pingora is about to read.
    static HANDED: Cell<Option<Box<RequestContext>>>;
}

/// Has Pingora do `work` on a request of which this was decided already.
pub(in crate::proxy) async fn handing_over<F: Future>(
    decided: Option<Box<RequestContext>>,
    work: F,
) -> F::Output {
    match decided {
        Some(decided) => HANDED.scope(Cell::new(Some(decided)), work).await,
        None => work.await,
    }
}

/// What was decided of the request of this task.
pub(super) fn handed_over() -> Option<RequestContext> {
    HANDED.try_with(Cell::take).ok().flatten().map(|decided| *decided)
}

/// What became of a request at the app.
enum Told {
    /// Its client has the answer.
    Answered,
    /// The app is not reached by the short way.
    Elsewhere,
}

impl Gateway {
    /// How long a connection waits for its next request.
    pub(in crate::proxy) fn keep_alive(&self) -> Duration {
        self.state.load().limits.keep_alive.max(Duration::from_secs(1))
    }

    /// Whether requests go the short way.
    pub(in crate::proxy) const fn has_short_way(&self) -> bool {
        self.short_way.open
    }

    /// Answers a plain question; the connection of a client that `leaves` ends with the answer.
    pub(in crate::proxy) async fn answer_shortly(
        &self,
        client: &mut impl Asker,
        asked: &mut RequestHeader,
        leaves: bool,
    ) -> Served {
        let mut ctx = self.begin_request();
        let Some(accepted) = accept(&ctx, asked, client) else { return Served::Left(None) };
        let asked = &*asked;
        head::arrived();
        let closes = asked.headers.get_all(header::CONNECTION).iter().any(closes);
        if leaves || closes || head::count() >= ctx.state.limits.requests {
            client.ends();
        }
        let answered = match decide(asked, accepted, &mut ctx).await {
            Some(refusal) => refuse(client, asked, refusal, &ctx).await.map(|()| Told::Answered),
            None => self.send(client, asked, &mut ctx).await,
        };
        let whole = match answered {
            Ok(Told::Answered) => true,
            Ok(Told::Elsewhere) => return Served::Left(Some(Box::new(ctx))),
            Err(error) if error.retry() && client.answered().is_none() => {
                return Served::Left(Some(Box::new(ctx)));
            }
            Err(error) => fail(client, asked, &error, &ctx).await,
        };
        head::next();
        ctx.watched = None;
        let status = client.answered().map_or(0, |status| status.as_u16());
        ctx.conclude(&asked.method, status);
        match client.keeps() {
            true => Served::Answered,
            false if whole => Served::Over,
            false => Served::Broken,
        }
    }

    /// Sends the request to its app and streams the answer back.
    async fn send(
        &self,
        client: &mut impl Asker,
        asked: &RequestHeader,
        ctx: &mut RequestContext,
    ) -> Result<Told> {
        let Some(app) = ctx.choose_plain_app().await? else { return Ok(Told::Elsewhere) };
        let (connection, reused) = match self.short_way.pool.take(app.address) {
            Some(connection) => (connection, true),
            None => match Connection::open(app.address, app.timeouts.connect).await {
                Ok(connection) => (connection, false),
                Err(error) => return Err(ctx.could_not_connect(error).into_up()),
            },
        };
        metrics().forwarded_shortly();
        match self.exchange(client, connection, &app, (asked, &mut *ctx)).await {
            Ok(exchange) => {
                if let Some((connection, told)) = exchange.end().await {
                    let idle = told.map_or(app.timeouts.idle, |told| told.min(app.timeouts.idle));
                    Pool::keep(&self.short_way.pool, app.address, connection, idle);
                }
                Ok(Told::Answered)
            }
            Err(error) => {
                let sent = Sent { bodyless: true, body_kept: true, reused };
                Err(ctx.failed(error, &asked.method, &sent, client.answered().is_some()))
            }
        }
    }

    /// A client that leaves ends both sides.
    async fn exchange<C: Asker>(
        &self,
        client: &mut C,
        connection: Connection,
        app: &Plainly,
        (asked, ctx): (&RequestHeader, &mut RequestContext),
    ) -> Result<Exchange> {
        let mut changes = Changes::to(asked);
        ctx.prepare(&mut changes)?;
        let Some(head) = changes.write() else {
            return Error::e_explain(ErrorType::InvalidHTTPHeader, "a target that nobody may send");
        };
        let request = (asked.method.clone(), &*head);
        let begun = Exchange::begin(connection, app.timeouts, request, C::SPELLED).await;
        let mut exchange = begun.map_err(|error| error.into_up())?;
        client.begin(&asked.method);
        loop {
            let task = tokio::select! {
                biased;
                task = exchange.next(|| ctx.peer()) => task.map_err(|error| error.into_up())?,
                left = client.leaves() => return Err(left),
            };
            let mut ended = task.is_end();
            self.pass(task, client, asked, ctx).await?;
            let mut failed = None;
            // A head goes out with as much of its body as is there.
            if !ended && let Some(more) = at_once(exchange.next(|| ctx.peer())).await {
                match more {
                    Ok(task) => {
                        ended = task.is_end();
                        self.pass(task, client, asked, ctx).await?;
                    }
                    Err(error) => failed = Some(error.into_up()),
                }
            }
            client.write().await?;
            match failed {
                Some(error) => return Err(error),
                None if ended => return Ok(exchange),
                None => {}
            }
        }
    }

    /// Makes of a part of the app's answer what the client gets.
    async fn pass(
        &self,
        task: HttpTask,
        client: &mut impl Asker,
        asked: &RequestHeader,
        ctx: &mut RequestContext,
    ) -> Result<()> {
        match task {
            HttpTask::Header(mut head, end) => {
                frame(&asked.method, &mut head, end)?;
                self.pass_answer(asked, &mut head, ctx).await?;
                if end {
                    ctx.pass_part(&mut None, true)?;
                }
                client.head(head, end)
            }
            HttpTask::Body(mut part, end) => {
                ctx.pass_part(&mut part, end)?;
                client.part(part.unwrap_or_default(), end).await
            }
            HttpTask::Failed(error) => Err(error.into_up()),
            // HTTP/1.1 has no trailers for whom nobody has asked.
            HttpTask::Trailer(_) | HttpTask::Done => {
                ctx.pass_part(&mut None, true)?;
                client.part(Bytes::new(), true).await
            }
            HttpTask::UpgradedBody(..) => {
                let error = "an app changed the protocol unasked";
                Err(Error::explain(ErrorType::InvalidHTTPHeader, error).into_up())
            }
        }
    }
}

/// The request, if it is understood, its site is known, and an app is meant.
fn accept(
    ctx: &RequestContext,
    asked: &mut RequestHeader,
    client: &impl Asker,
) -> Option<Accepted> {
    check::join_cookies(asked).ok()?;
    let accepted = ctx.state.read(asked, client.peer()).ok()?;
    let path = accepted.facts.path.path();
    let is_portals = Portal::owns(path) || !accepted.site.portal.has_app;
    (!is_portals && !Question::is_asked_at(path)).then_some(accepted)
}

/// Why the request does not go on to its app, if it does not.
async fn decide(
    asked: &RequestHeader,
    accepted: Accepted,
    ctx: &mut RequestContext,
) -> Option<Refusal> {
    let (state, headers) = (std::sync::Arc::clone(&ctx.state), &asked.headers);
    let settled = match state.known(headers, &accepted, ctx).await {
        Ok(signed_in) => state.settle(headers, &accepted, signed_in, ctx),
        Err(refusal) => Err(refusal),
    };
    let is_at_app = accepted.is_at_app();
    ctx.accepted = Some(accepted);
    match settled {
        Ok(_) if !is_at_app => Some(Refusal::Error(ErrorKind::NotFound)),
        Ok(admitted) => {
            ctx.forwarding = Some(admitted);
            None
        }
        Err(refusal) => Some(refusal),
    }
}

async fn refuse(
    client: &mut impl Asker,
    asked: &RequestHeader,
    refusal: Refusal,
    ctx: &RequestContext,
) -> Result<()> {
    let accepted = ctx.accepted.as_ref();
    let mut response = ctx.state.refusal(&asked.headers, accepted, refusal, ctx);
    if let Some(accepted) = accepted {
        response = seal(response, accepted);
    }
    client.answer(&asked.method, response).await
}

/// Tells the client that no app could answer, if it can be told and nothing was answered yet. Says whether it was.
async fn fail(
    client: &mut impl Asker,
    asked: &RequestHeader,
    error: &Error,
    ctx: &RequestContext,
) -> bool {
    client.ends();
    let Some(refusal) = Refusal::of_failure(error) else { return false };
    if client.answered().is_some() {
        return false;
    }
    ctx.tell_failure(refusal.status().as_u16(), error);
    let told = refuse(client, asked, refusal, ctx).await;
    told.inspect_err(|error| tracing::debug!(%error, "the client left before its error page"))
        .is_ok()
}

/// What a future says without waiting. It must be one that loses nothing when it is dropped.
async fn at_once<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}
