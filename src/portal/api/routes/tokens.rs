//! The next access token, and the end of all of them.

use super::answered;
use crate::auth::refresh::RefreshOutcome;
use crate::auth::tokens::{REFRESH_CHARS, decode_refresh};
use crate::domain::refresh::InstallId;
use crate::portal::api::Call;
use crate::portal::api::asked::RefreshRequest;
use crate::portal::api::problem::{Code, Problem};
use crate::portal::api::reply::Answer;
use crate::portal::api::told::Outcome;
use crate::portal::api::{shaped, value};
use crate::telemetry::metrics::{SecurityEvent, metrics};

pub(in crate::portal::api) async fn refresh(call: Call<'_>) -> Result<Answer, Problem> {
    exchange(call, call.read()?).await.map(|outcome| answered(&outcome))
}

pub(in crate::portal::api) async fn exchange(
    call: Call<'_>,
    asked: RefreshRequest,
) -> Result<Outcome, Problem> {
    let install: InstallId = value("install_id", &asked.install_id)?;
    let auth = &call.api.portal.auth;
    let host = call.visit.site.session_host();
    let text = shaped("refresh_token", &asked.refresh_token, REFRESH_CHARS)?;
    // A forgery dies here, without touching a store (S59).
    let shown = decode_refresh(auth.keys(), text, host, &install);
    let Some(shown) = shown else {
        metrics().security_event(SecurityEvent::BadToken);
        return Err(Problem::new(Code::InvalidToken));
    };
    match auth.refresh(&shown, &call.context_here()).await? {
        RefreshOutcome::Refreshed { signed_in, next } => {
            let tokens = call.tokens_of(&signed_in, shown.session, next, &install)?;
            Ok(Outcome::SignedIn(tokens))
        }
        RefreshOutcome::Over => Err(Problem::new(Code::InvalidToken)),
    }
}

pub(in crate::portal::api) async fn sign_out(call: Call<'_>) -> Result<Answer, Problem> {
    end(call).await.map(|()| Answer::nothing())
}

pub(in crate::portal::api) async fn end(call: Call<'_>) -> Result<(), Problem> {
    Ok(call.api.portal.auth.sign_out(call.signed_in()?, &call.context_here()).await?)
}
