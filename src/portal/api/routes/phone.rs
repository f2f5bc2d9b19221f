//! The telephone number of an account, behind the fresh gate (S36).

use super::{code_sent, fresh};
use crate::auth::phone::{PhoneAsked, PhoneChanged};
use crate::domain::phone::PhoneNumber;
use crate::domain::refresh::InstallId;
use crate::portal::api::asked::{CodesByRequest, InstallRequest, PhoneRequest};
use crate::portal::api::problem::{Code, Problem};
use crate::portal::api::told::{Outcome, PhoneView};
use crate::portal::api::{Call, value};

/// A number as it is written to machines: nothing between its digits.
pub(super) fn e164(name: &'static str, text: &str) -> Result<PhoneNumber, Problem> {
    let number: PhoneNumber = value(name, text)?;
    match number.as_str() == text {
        true => Ok(number),
        false => Err(Problem::field(name, "+ and 7 to 15 digits")),
    }
}

/// The number of the account that asks.
pub(super) async fn own(call: Call<'_>) -> Result<Option<PhoneView>, Problem> {
    let auth = &call.api.portal.auth;
    if auth.sms().is_none() {
        return Ok(None);
    }
    let phone = auth.own_phone(call.signed_in()?).await?;
    Ok(phone
        .map(|phone| PhoneView { number: phone.number.masked(), codes_by: phone.codes_by.into() }))
}

/// Sends a code to the number that is to be the account's; `POST /codes/verify` makes it so.
pub(in crate::portal::api) async fn give(
    call: Call<'_>,
    asked: PhoneRequest,
) -> Result<Outcome, Problem> {
    let number = e164("number", &asked.number)?;
    let auth = sent_here(call)?;
    let came = auth.ask_for_phone(fresh(call)?, number, &call.context_here()).await;
    match came.map_err(Problem::not_sent)? {
        PhoneAsked::CodeSent(flow) => code_sent(call, &flow).await,
        PhoneAsked::Same => Err(Problem::new(Code::NothingToChange)),
        PhoneAsked::NotThere => Err(Problem::new(Code::NumberNotAllowed)),
        PhoneAsked::Limited(limited) => Err(limited.into()),
        PhoneAsked::Over => Err(Problem::new(Code::InvalidToken)),
    }
}

/// Has the codes of sign-ins come so from now on.
pub(in crate::portal::api) async fn choose(
    call: Call<'_>,
    asked: CodesByRequest,
) -> Result<Outcome, Problem> {
    let install = value("install_id", &asked.install_id)?;
    let (auth, by) = (sent_here(call)?, asked.codes_by.into());
    let changed = auth.choose_codes_by(fresh(call)?, by, &call.context_here()).await?;
    goes_on(call, changed, &install).await
}

/// Takes the number away.
pub(in crate::portal::api) async fn remove(
    call: Call<'_>,
    asked: InstallRequest,
) -> Result<Outcome, Problem> {
    let install = value("install_id", &asked.install_id)?;
    let changed = sent_here(call)?.remove_phone(fresh(call)?, &call.context_here()).await?;
    goes_on(call, changed, &install).await
}

/// Where no text messages are sent there is nothing of the kind.
fn sent_here(call: Call<'_>) -> Result<&crate::auth::Auth, Problem> {
    let auth = &*call.api.portal.auth;
    auth.sms().map(|_| auth).ok_or_else(|| Problem::new(Code::NotFound))
}

/// Where a new epoch began, the program goes on with these tokens.
async fn goes_on(
    call: Call<'_>,
    changed: PhoneChanged,
    install: &InstallId,
) -> Result<Outcome, Problem> {
    match changed {
        PhoneChanged::Done(Some(opened)) => {
            Ok(Outcome::SignedIn(call.tokens(opened, install).await?))
        }
        PhoneChanged::Done(None) => Ok(Outcome::Changed),
        PhoneChanged::Same => Err(Problem::new(Code::NothingToChange)),
        PhoneChanged::Over => Err(Problem::new(Code::InvalidToken)),
    }
}
