//! The sessions and devices of an account, shown to its owner and ended by them.

use super::account::own;
use super::fresh;
use crate::domain::client::Client;
use crate::domain::device::Device;
use crate::domain::session::Session;
use crate::portal::api::Call;
use crate::portal::api::problem::{Code, Problem};
use crate::portal::api::reply::Answer;
use crate::portal::api::told::{ClientView, DeviceView, Devices, Ended, SessionView, Sessions};

pub(in crate::portal::api) async fn sessions(call: Call<'_>) -> Result<Answer, Problem> {
    list_sessions(call).await.map(|sessions| Answer::ok(&sessions))
}

pub(in crate::portal::api) async fn list_sessions(call: Call<'_>) -> Result<Sessions, Problem> {
    let family = call.signed_in()?.session.family;
    let view = |session: &Session| SessionView {
        id: session.id.to_string(),
        current: session.family == family,
        created_at: session.created_at.rfc3339(),
        seen_at: session.seen_at.rfc3339(),
        from: client_view(call, &session.client),
    };
    let sessions = own(call).await?.sessions.iter().map(view).collect();
    Ok(Sessions { sessions })
}

pub(in crate::portal::api) async fn end_session(call: Call<'_>) -> Result<Answer, Problem> {
    end(call, call.parameter).await.map(|()| Answer::nothing())
}

pub(in crate::portal::api) async fn end(call: Call<'_>, id: Option<&str>) -> Result<(), Problem> {
    let id = named(id)?;
    let (auth, signed_in) = (&call.api.portal.auth, call.signed_in()?);
    match auth.end_own_session(signed_in, id, &call.context_here()).await? {
        true => Ok(()),
        false => Err(Problem::new(Code::NotFound)),
    }
}

pub(in crate::portal::api) async fn end_others(call: Call<'_>) -> Result<Answer, Problem> {
    let ended = call.api.portal.auth.end_other_sessions(fresh(call)?, &call.context_here()).await?;
    Ok(Answer::ok(&Ended { ended }))
}

pub(in crate::portal::api) async fn devices(call: Call<'_>) -> Result<Answer, Problem> {
    list_devices(call).await.map(|devices| Answer::ok(&devices))
}

pub(in crate::portal::api) async fn list_devices(call: Call<'_>) -> Result<Devices, Problem> {
    let view = |device: &Device| DeviceView {
        id: device.id.to_string(),
        created_at: device.created_at.rfc3339(),
        used_at: device.used_at.rfc3339(),
        trusted_until: device
            .trusted_until
            .filter(|_| device.is_trusted(call.visit.now))
            .map(|until| until.rfc3339()),
        from: client_view(call, &device.client),
    };
    let devices = own(call).await?.devices.iter().map(view).collect();
    Ok(Devices { devices })
}

pub(in crate::portal::api) async fn forget_device(call: Call<'_>) -> Result<Answer, Problem> {
    forget(call, call.parameter).await.map(|()| Answer::nothing())
}

pub(in crate::portal::api) async fn forget(
    call: Call<'_>,
    id: Option<&str>,
) -> Result<(), Problem> {
    let id = named(id)?;
    let (auth, signed_in) = (&call.api.portal.auth, call.signed_in()?);
    match auth.forget_own_device(signed_in, id, &call.context_here()).await? {
        true => Ok(()),
        false => Err(Problem::new(Code::NotFound)),
    }
}

pub(in crate::portal::api) async fn forget_devices(call: Call<'_>) -> Result<Answer, Problem> {
    let ended = call.api.portal.auth.forget_own_devices(fresh(call)?, &call.context_here()).await?;
    Ok(Answer::ok(&Ended { ended }))
}

/// What is named. What is no name of anything is nothing that there is.
fn named<T: std::str::FromStr>(id: Option<&str>) -> Result<T, Problem> {
    let named = id.and_then(|text| text.parse().ok());
    named.ok_or_else(|| Problem::new(Code::NotFound))
}

fn client_view(call: Call<'_>, client: &Client) -> ClientView {
    ClientView {
        agent: client.user_agent.for_people(),
        address: client.address,
        country: call.api.portal.auth.country_of(client.address).map(String::from),
    }
}
