//! New passwords: in place of a forgotten one, and in place of one that is known.

use super::{answered, fresh};
use crate::auth::own_password::{PasswordChange, PasswordChanged};
use crate::auth::reset::NewPasswordOutcome;
use crate::domain::secret::Password;
use crate::portal::api::asked::{NewPasswordRequest, PasswordRequest};
use crate::portal::api::problem::{Code, Problem};
use crate::portal::api::reply::Answer;
use crate::portal::api::told::Outcome;
use crate::portal::api::{Call, typed_password, value};

/// Signs nobody in: the second step is still asked for (S40).
pub(in crate::portal::api) async fn reset(call: Call<'_>) -> Result<Answer, Problem> {
    choose(call, call.read()?).await.map(|outcome| answered(&outcome))
}

pub(in crate::portal::api) async fn choose(
    call: Call<'_>,
    asked: NewPasswordRequest,
) -> Result<Outcome, Problem> {
    let (auth, typed) = (&call.api.portal.auth, typed_password("password", asked.password)?);
    let flow = call.flow("verification_token", &asked.verification_token)?;
    match auth.choose_password(&flow, typed, &call.context_here()).await? {
        NewPasswordOutcome::Done { .. } => Ok(Outcome::Changed),
        NewPasswordOutcome::Refused(fault) => Err(Problem::password(fault)),
        NewPasswordOutcome::Busy(busy) => Err(busy.into()),
        NewPasswordOutcome::Over => Err(Problem::new(Code::FlowOver)),
    }
}

pub(in crate::portal::api) async fn change(call: Call<'_>) -> Result<Answer, Problem> {
    let asked: PasswordRequest = call.read()?;
    let install = value("install_id", &asked.install_id)?;
    let new = typed_password("new_password", asked.new_password)?;
    let fresh = fresh(call)?;
    let Some(current) = Password::new(asked.current_password.expose().to_owned()) else {
        return Err(Problem::new(Code::WrongPassword));
    };
    let typed = PasswordChange { current, new };
    let auth = &call.api.portal.auth;
    match auth.change_own_password(fresh, typed, &call.context_here()).await? {
        PasswordChanged::Changed(opened) => {
            Ok(answered(&Outcome::SignedIn(call.tokens(opened, &install).await?)))
        }
        PasswordChanged::Wrong => Err(Problem::new(Code::WrongPassword)),
        PasswordChanged::Refused(fault) => Err(Problem::password(fault)),
        PasswordChanged::Limited(limited) | PasswordChanged::Delayed(limited) => {
            Err(limited.into())
        }
        PasswordChanged::Busy(busy) => Err(busy.into()),
        PasswordChanged::Over => Err(Problem::new(Code::InvalidToken)),
    }
}
