//! An account with an address that was shown to be one's own (R33).

use http::StatusCode;

use crate::auth::register_verified::{Chosen, ChosenOutcome};
use crate::domain::account::FullName;
use crate::portal::api::asked::RegisterRequest;
use crate::portal::api::problem::{Code, Problem};
use crate::portal::api::reply::Answer;
use crate::portal::api::told::Outcome;
use crate::portal::api::{Call, typed_password, value};

pub(in crate::portal::api) async fn register(call: Call<'_>) -> Result<Answer, Problem> {
    let made = make(call, call.read()?).await?;
    Ok(Answer::json(StatusCode::CREATED, &made))
}

pub(in crate::portal::api) async fn make(
    call: Call<'_>,
    asked: RegisterRequest,
) -> Result<Outcome, Problem> {
    let install = value("install_id", &asked.install_id)?;
    let chosen = Chosen {
        username: value("username", &asked.username)?,
        full_name: full_name(asked.full_name.as_deref().unwrap_or_default())?,
        password: typed_password("password", asked.password)?,
    };
    let flow = call.flow("verification_token", &asked.verification_token)?;
    match call.api.portal.auth.register_verified(&flow, chosen, &call.context_here()).await? {
        ChosenOutcome::SignedIn(opened) => {
            Ok(Outcome::SignedIn(call.tokens(opened, &install).await?))
        }
        ChosenOutcome::UsernameTaken => Err(Problem::new(Code::UsernameTaken)),
        ChosenOutcome::Password(fault) => Err(Problem::password(fault)),
        ChosenOutcome::Over => Err(Problem::new(Code::FlowOver)),
        ChosenOutcome::Limited(limited) => Err(limited.into()),
        ChosenOutcome::Busy(busy) => Err(busy.into()),
    }
}

/// The full name, which nobody has to give.
pub(super) fn full_name(typed: &str) -> Result<Option<FullName>, Problem> {
    match typed.trim() {
        "" => Ok(None),
        given => value("full_name", given).map(Some),
    }
}
