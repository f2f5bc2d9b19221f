//! What describes the API.

use http::StatusCode;

use crate::portal::api::Call;
use crate::portal::api::problem::Problem;
use crate::portal::api::reply::Answer;

pub(in crate::portal::api) async fn document(call: Call<'_>) -> Result<Answer, Problem> {
    Ok(Answer::body(StatusCode::OK, "application/json", call.api.document.clone()))
}

pub(in crate::portal::api) async fn page(call: Call<'_>) -> Result<Answer, Problem> {
    Ok(Answer::body(StatusCode::OK, "text/html; charset=utf-8", call.api.page.clone()))
}
