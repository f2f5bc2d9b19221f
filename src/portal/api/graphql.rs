//! GraphQL: the same operations once more, for clients that ask so (R34, docs/api.md).
//!
//! Every field of a mutation is one command, counted like a request of its own by limits and guess budget: there is no cheap
//! way to try many codes at once (S14). What one request may ask for is bounded before any of it is done.

use std::sync::Arc;

use async_graphql::{EmptySubscription, Response as Answered, Schema, ServerError, Variables};
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use serde::Deserialize;

use super::problem::{Code, Problem};
use super::reply::{self, Answer};
use super::{Api, Call};
use crate::portal::Visit;
use crate::telemetry::metrics::{SecurityEvent, metrics};

mod bounds;
mod mutations;
mod payloads;
mod queries;
pub(super) mod within;

use bounds::Bounds;
use payloads::Payload;

/// Where it is.
pub(super) const PATH: &str = "/_doorward/graphql";

/// Whether those who ask are told what there is to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Introspection {
    /// They are; and what is wrong with a question.
    On,
    /// They are not.
    Off,
}

/// What answers questions.
pub(super) struct GraphQl {
    schema: Schema<queries::Query, mutations::Mutation, EmptySubscription>,
    introspection: Introspection,
    bounds: Bounds,
}

impl GraphQl {
    pub(super) fn new(introspection: Introspection) -> Self {
        let schema = Schema::build(queries::Query, mutations::Mutation, EmptySubscription);
        let schema = match introspection {
            Introspection::On => schema,
            Introspection::Off => schema.disable_introspection().disable_suggestions(),
        };
        Self { schema: schema.finish(), introspection, bounds: Bounds::of(introspection) }
    }

    /// The answer to a question; none where it asks for too much, of which nothing is done then.
    async fn answer(&self, mut question: async_graphql::Request) -> Answered {
        if !self.bounds.admit(&question.query) {
            return self.too_much();
        }
        let answered = match question.parsed_query() {
            Ok(document) if !self.bounds.hold(document) => return self.too_much(),
            Ok(_) => self.schema.execute(question).await,
            Err(error) => Answered::from_errors(vec![error]),
        };
        self.tell(answered)
    }

    fn too_much(&self) -> Answered {
        metrics().security_event(SecurityEvent::Malformed);
        Answered::from_errors(vec![ServerError::new(self.bounds.about(), None)])
    }

    /// The answer as it is told. What is wrong with a question is told where everybody may know what there is to ask for;
    /// elsewhere only where it is wrong, for a message may repeat what stands there.
    fn tell(&self, mut answered: Answered) -> Answered {
        for error in answered.errors.iter_mut().filter(|error| is_of_the_question(error)) {
            metrics().security_event(SecurityEvent::Malformed);
            if self.introspection == Introspection::Off {
                "The question is not of the form that is wanted.".clone_into(&mut error.message);
            }
        }
        answered
    }
}

/// One question (GraphQL over HTTP, section 5.1). Several in a list are none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    query: String,
    #[serde(default, rename = "operationName")]
    operation: Option<String>,
    #[serde(default)]
    variables: Variables,
    #[serde(default, rename = "extensions")]
    _extensions: Option<serde_json::Map<String, serde_json::Value>>,
}

/// A request as long as its fields are answered.
pub(super) struct Asked {
    api: Arc<Api>,
    visit: Visit,
    request: Request<Bytes>,
}

impl Asked {
    pub(super) fn call(&self) -> Call<'_> {
        Call { api: &self.api, visit: &self.visit, request: &self.request, parameter: None }
    }

    /// What came of a command, as it is answered. What went wrong inside is told in the log alone.
    fn payload<T: Into<Payload>>(&self, came: Result<T, Problem>) -> Payload {
        came.map_or_else(|problem| self.refused(&problem), Into::into)
    }

    fn refused(&self, problem: &Problem) -> Payload {
        problem.log(self.visit.request_id);
        Payload::refused(problem, self.visit.request_id)
    }
}

impl Api {
    /// Answers a question.
    pub(super) async fn answer_question(
        self: &Arc<Self>,
        request: &Request<Bytes>,
        visit: &Visit,
    ) -> Result<Answer, Problem> {
        let Some(graphql) = &self.graphql else {
            return Err(Problem::new(Code::NotFound));
        };
        if *request.method() == Method::OPTIONS {
            return Ok(Answer::nothing().header(header::ALLOW, "POST"));
        }
        if *request.method() != Method::POST {
            return Ok(reply::refuse(&Problem::new(Code::MethodNotAllowed), visit)
                .header(header::ALLOW, "POST"));
        }
        let call = Call { api: self, visit, request, parameter: None };
        let Question { query, operation, variables, .. } = call.read()?;
        let asked = Asked { api: Arc::clone(self), visit: visit.clone(), request: request.clone() };
        let mut question = async_graphql::Request::new(query).variables(variables).data(asked);
        if let Some(operation) = operation {
            question = question.operation_name(operation);
        }
        Ok(Answer::json(StatusCode::OK, &graphql.answer(question).await))
    }
}

/// Whether the question itself is at fault, and not what came of it.
fn is_of_the_question(error: &ServerError) -> bool {
    error.extensions.as_ref().is_none_or(|values| values.get("code").is_none())
}
