//! The document of the API (OpenAPI 3.1), made of the very types and the very table that answer requests.

use std::collections::BTreeMap;

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use serde_json::{Map, Value, json};

use super::operations::{BASE, OPERATIONS, Operation};
use super::problem::Code;
use super::told::ProblemView;

const ABOUT: &str = "Sign-in, registration and accounts for programs: phones, command lines, single-page apps. Every \
     answer that is no success is a problem (RFC 9457) whose `code` says what kind it is, and stays what it is. Requests \
     are JSON; no cookie is looked at. What is begun (`flow`) is answered in the installation that began it. Whether there \
     is an account is told to nobody who has not shown that it is theirs.";

/// The document.
pub(super) fn document() -> Value {
    let settings =
        SchemaSettings::draft2020_12().with(|s| s.definitions_path = "/components/schemas".into());
    let mut schemas = settings.into_generator();
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for operation in OPERATIONS {
        let method = operation.method.as_str().to_ascii_lowercase();
        paths.entry(operation.path).or_default().insert(method, described(operation, &mut schemas));
    }
    schemas.subschema_for::<ProblemView>();
    let mut defined = schemas.take_definitions(true);
    for schema in defined.values_mut() {
        if let Ok(schema) = schema.try_into() {
            RecursiveTransform(unbroken).transform(schema);
        }
    }
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    if let Some(code) =
        defined.get_mut("ProblemView").and_then(|it| it.pointer_mut("/properties/code"))
    {
        *code = json!({ "type": "string", "enum": codes });
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "doorward",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Sign-in for programs",
            "description": ABOUT,
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": BASE }],
        "tags": groups(),
        "paths": paths,
        "components": {
            "schemas": defined,
            "securitySchemes": {
                "access_token": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "The access token of a sign-in.",
                },
            },
        },
    })
}

fn groups() -> Vec<Value> {
    let mut groups: Vec<&str> = OPERATIONS.iter().map(|operation| operation.group).collect();
    groups.dedup();
    groups.into_iter().map(|name| json!({ "name": name })).collect()
}

fn described(operation: &Operation, schemas: &mut SchemaGenerator) -> Value {
    let mut responses = responses(operation, schemas);
    let mut told = Map::new();
    if operation.signed_in {
        told.insert("security".into(), json!([{ "access_token": [] }]));
    }
    if operation.path.ends_with("{id}") {
        let id = json!([{
            "name": "id",
            "in": "path",
            "required": true,
            "description": "As it is listed.",
            "schema": { "type": "string", "format": "uuid" },
        }]);
        told.insert("parameters".into(), id);
        // Told before anybody looks whose address it is.
        let unreadable = json!({
            "description": "The address is none that every server reads alike.",
            "content": { "application/problem+json": { "schema": { "type": "object" } } },
        });
        responses.insert("400".into(), unreadable);
    }
    if let Some(body) = operation.body {
        let body = json!({
            "required": true,
            "content": { "application/json": { "schema": body(schemas) } },
        });
        told.insert("requestBody".into(), body);
    }
    told.insert("operationId".into(), operation.id.into());
    told.insert("summary".into(), operation.summary.into());
    told.insert("tags".into(), json!([operation.group]));
    told.insert("responses".into(), responses.into());
    told.into()
}

fn responses(operation: &Operation, schemas: &mut SchemaGenerator) -> Map<String, Value> {
    let mut responses = Map::new();
    for (status, body) in operation.answers {
        let told = match body {
            None => json!({ "description": success(*status) }),
            Some(body) => json!({
                "description": success(*status),
                "content": { "application/json": { "schema": body(schemas) } },
            }),
        };
        responses.insert(status.to_string(), told);
    }
    let mut problems: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in any_problem(operation).chain(operation.problems.iter().copied()) {
        let of_status = problems.entry(code.status().as_u16()).or_default();
        if !of_status.contains(&code) {
            of_status.push(code);
        }
    }
    let schema = schemas.subschema_for::<ProblemView>();
    for (status, codes) in problems {
        let lines: Vec<String> =
            codes.iter().map(|code| format!("`{}`: {}", code.as_str(), code.about())).collect();
        let headers = match status {
            429 | 503 => json!({
                "Retry-After": {
                    "description": "In how many seconds to come back.",
                    "schema": { "type": "integer", "minimum": 1 },
                },
            }),
            _ => json!({}),
        };
        let told = json!({
            "description": lines.join("\n\n"),
            "headers": headers,
            "content": { "application/problem+json": { "schema": schema.clone() } },
        });
        responses.insert(status.to_string(), told);
    }
    responses
}

/// What every operation of this form may be refused with.
fn any_problem(operation: &Operation) -> impl Iterator<Item = Code> {
    const ANY: [Code; 3] = [Code::OriginNotAllowed, Code::WrongHost, Code::Unavailable];
    const WITH_BODY: [Code; 3] =
        [Code::ValidationError, Code::TooLarge, Code::UnsupportedMediaType];
    let body = WITH_BODY.into_iter().filter(|_| operation.body.is_some());
    let token = [Code::InvalidToken].into_iter().filter(|_| operation.signed_in);
    ANY.into_iter().chain(body).chain(token)
}

const fn success(status: u16) -> &'static str {
    match status {
        201 => "It is made.",
        202 => "A code is on its way, or so it looks.",
        204 => "It is done.",
        _ => "It is done, or shown.",
    }
}

/// Descriptions are broken by their reader.
fn unbroken(schema: &mut schemars::Schema) {
    let Some(Value::String(text)) = schema.get_mut("description") else { return };
    *text = text.replace('\n', " ");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_knows_every_operation_and_refers_to_nothing_that_is_not_there() {
        let document = document();
        let mut ids = Vec::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, told) in methods.as_object().unwrap() {
                ids.push(told["operationId"].as_str().unwrap().to_owned());
                assert!(told["responses"].as_object().unwrap().len() > 1, "{method} {path}");
            }
        }
        assert_eq!(ids.len(), OPERATIONS.len());
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), OPERATIONS.len(), "each has a name of its own");
        let text = document.to_string();
        for reference in text.split("\"$ref\":\"#").skip(1) {
            let pointer = reference.split('"').next().unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer}");
        }
        assert!(text.contains("INVALID_OTP") && !text.contains("$defs"));
    }
}
