//! The account, for its owner. What guards it wants both factors, shown just now (S36).

use super::register::full_name;
use super::{answered, code_sent, fresh};
use crate::auth::own_account::OwnAccount;
use crate::auth::own_email::EmailAsked;
use crate::auth::second_step::SecondStepAsked;
use crate::domain::language::Language;
use crate::portal::api::asked::{EmailRequest, ProfileRequest, SecondStepRequest};
use crate::portal::api::problem::{Code, Problem};
use crate::portal::api::reply::Answer;
use crate::portal::api::told::{AccountView, BackupCodes};
use crate::portal::api::{Call, value};

pub(in crate::portal::api) async fn show(call: Call<'_>) -> Result<Answer, Problem> {
    view(call).await.map(|account| Answer::ok(&account))
}

pub(in crate::portal::api) async fn view(call: Call<'_>) -> Result<AccountView, Problem> {
    let OwnAccount { account, has_password, backup_codes, .. } = own(call).await?;
    Ok(AccountView {
        id: account.id.to_string(),
        username: account.username.to_string(),
        email: account.email.as_str().to_owned(),
        full_name: account.full_name.map(String::from),
        language: account.language.map(|language| language.tag().to_owned()),
        groups: account.groups.iter().map(|group| group.as_str().to_owned()).collect(),
        second_step: account.second_step,
        has_password,
        backup_codes_left: backup_codes.left,
        phone: super::phone::own(call).await?,
    })
}

/// All that its owner may see of the account. One that may not be used any more has no session.
pub(super) async fn own(call: Call<'_>) -> Result<OwnAccount, Problem> {
    let own = call.api.portal.auth.own_account(call.signed_in()?, call.visit.now).await?;
    own.ok_or_else(|| Problem::new(Code::InvalidToken))
}

pub(in crate::portal::api) async fn change(call: Call<'_>) -> Result<Answer, Problem> {
    let asked: ProfileRequest = call.read()?;
    let (auth, signed_in) = (&call.api.portal.auth, call.signed_in()?);
    let name = asked.full_name.as_deref().map(full_name).transpose()?;
    let language = match asked.language.as_deref() {
        None => None,
        Some("") => Some(None),
        Some(tag) => Some(Some(value::<Language>("language", tag)?)),
    };
    if let Some(name) = name {
        auth.set_own_name(signed_in, name, &call.context_here()).await?;
    }
    if let Some(language) = language {
        auth.set_own_language(signed_in, language, &call.context_here()).await?;
    }
    show(call).await
}

pub(in crate::portal::api) async fn email(call: Call<'_>) -> Result<Answer, Problem> {
    let asked: EmailRequest = call.read()?;
    let new = value("email", &asked.email)?;
    let came = call.api.portal.auth.ask_for_email(fresh(call)?, new, &call.context_here()).await;
    match came.map_err(Problem::not_sent)? {
        EmailAsked::CodeSent(flow) => Ok(answered(&code_sent(call, &flow).await?)),
        EmailAsked::Same => Err(Problem::new(Code::NothingToChange)),
        EmailAsked::Limited(limited) => Err(limited.into()),
        EmailAsked::Over => Err(Problem::new(Code::InvalidToken)),
    }
}

pub(in crate::portal::api) async fn second_step(call: Call<'_>) -> Result<Answer, Problem> {
    let SecondStepRequest { on } = call.read()?;
    let (auth, context) = (&call.api.portal.auth, call.context_here());
    let came = auth.ask_for_second_step(fresh(call)?, on, &context).await;
    match came.map_err(Problem::not_sent)? {
        SecondStepAsked::CodeSent(flow) => Ok(answered(&code_sent(call, &flow).await?)),
        SecondStepAsked::Same => Err(Problem::new(Code::NothingToChange)),
        SecondStepAsked::Limited(limited) => Err(limited.into()),
        SecondStepAsked::Over => Err(Problem::new(Code::InvalidToken)),
    }
}

pub(in crate::portal::api) async fn backup_codes(call: Call<'_>) -> Result<Answer, Problem> {
    let made = call.api.portal.auth.make_backup_codes(fresh(call)?, &call.context_here()).await?;
    let made = made.ok_or_else(|| Problem::new(Code::InvalidToken))?;
    let codes = made.iter().map(|code| code.for_people().to_string()).collect();
    Ok(Answer::ok(&BackupCodes { codes }))
}
