//! `/v1/openapi.json`: the calls of this door, around the schemas that the code generates.

use axum::Json;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use crate::job::Written;
use crate::report::progress::Progress;
use crate::report::record::JobResult;
use crate::report::snapshot::TrunkSnapshot;

/// `GET /v1/openapi.json`.
pub(super) async fn serve() -> Json<Value> {
    Json(document())
}

/// The OpenAPI 3.1 document.
pub fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Octothorpe",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Verification calls: jobs in, one verdict each out. Only `verified` lets anybody in.",
        },
        "paths": paths(),
        "components": { "schemas": schemas() },
    })
}

/// The schemas of job, result, state and trunk, with all that they refer to.
fn schemas() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    generator.subschema_for::<Progress>();
    let job = generator.root_schema_for::<Written>();
    let result = generator.root_schema_for::<JobResult>();
    let trunk = generator.root_schema_for::<TrunkSnapshot>();
    let mut schemas = generator.take_definitions(true);
    for (name, mut schema) in [("Job", job), ("Result", result), ("Trunk", trunk)] {
        // What a root refers to stands beside it, among the components.
        schema.remove("components");
        schemas.insert(name.to_owned(), schema.into());
    }
    schemas.insert("Problem".to_owned(), problem());
    schemas.insert("Call".to_owned(), call());
    schemas.insert("Calls".to_owned(), list("jobs", reference("Call")));
    schemas.insert("Trunks".to_owned(), list("trunks", reference("Trunk")));
    let published = object(&[("cursor", json!({ "type": "string" })), ("result", reference("Result"))]);
    schemas.insert("Results".to_owned(), list("results", published));
    let text = || json!({ "type": "string" });
    schemas.insert("Ack".to_owned(), object(&[("consumer", text()), ("cursor", text())]));
    Value::Object(schemas)
}

/// The object that `POST`, `GET` and `DELETE` answer.
fn call() -> Value {
    let result =
        json!({ "description": "null until final", "anyOf": [reference("Result"), { "type": "null" }] });
    object(&[("id", json!({ "type": "string" })), ("state", reference("Progress")), ("result", result)])
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// An object of these members, all of them required.
fn object(members: &[(&str, Value)]) -> Value {
    let names: Vec<&str> = members.iter().map(|(name, _)| *name).collect();
    let properties: serde_json::Map<String, Value> =
        members.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({ "type": "object", "required": names, "properties": properties })
}

fn list(name: &str, item: Value) -> Value {
    object(&[(name, json!({ "type": "array", "items": item }))])
}

/// RFC 9457 with our extension member.
fn problem() -> Value {
    json!({
        "type": "object",
        "required": ["type", "title", "status", "detail", "problems"],
        "properties": {
            "type": { "const": "about:blank" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "detail": { "type": "string" },
            "problems": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["problem", "remedy"],
                    "properties": {
                        "field": { "type": "string" },
                        "problem": { "type": "string" },
                        "remedy": { "type": "string" },
                    },
                },
            },
        },
    })
}

#[rustfmt::skip]
fn paths() -> Value {
    json!({
        "/v1/calls": {
            "post": operation("Order one verification call", &[], Some("Job"), &[
                (202, "accepted and durable", Some("Call")), (200, "the same job again", Some("Call")),
                (400, "malformed; no job was made", None), (403, "for another tenant", None),
                (409, "another job has this id", None), (413, "longer than 16 KiB", None),
                (415, "not application/json", None), (429, "intake is full; see Retry-After", None),
                (503, "intake is closing or the disk is full; see Retry-After", None),
            ]),
            "get": operation("A page of jobs, oldest first", &["state", "after", "limit"], None, &[
                (200, "a page", Some("Calls")), (400, "malformed", None),
            ]),
        },
        "/v1/calls/{id}": {
            "parameters": [{ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } }],
            "get": operation("One job", &[], None, &[(200, "the job", Some("Call")), (404, "no such job", None)]),
            "delete": operation("Withdraw a job, also while it rings", &[], None, &[
                (200, "the job", Some("Call")), (404, "no such job", None),
            ]),
        },
        "/v1/results": {
            "get": operation("Results that a consumer has not acknowledged", &["consumer", "wait", "limit"], None, &[
                (200, "results in order", Some("Results")), (400, "malformed", None),
            ]),
        },
        "/v1/results/ack": {
            "post": operation("All results up to a cursor are done with", &[], Some("Ack"), &[
                (204, "noted", None), (400, "malformed", None),
            ]),
        },
        "/v1/trunks": { "get": operation("State and figures of each trunk", &[], None, &[(200, "the trunks", Some("Trunks"))]) },
        "/healthz": { "get": { "responses": { "200": { "description": "the process answers" } } } },
        "/readyz": { "get": { "responses": {
            "200": { "description": "jobs are worked on" }, "503": { "description": "starting or shutting down" },
        } } },
        "/metrics": { "get": { "responses": { "200": { "description": "OpenMetrics text" } } } },
    })
}

/// One operation; every one takes `?tenant=`. An answer without a schema is a problem, or empty.
fn operation(
    summary: &str,
    query: &[&str],
    body: Option<&str>,
    answers: &[(u16, &str, Option<&str>)],
) -> Value {
    let parameter = |name: &&str| json!({ "name": name, "in": "query", "required": **name == *"consumer", "schema": { "type": "string" } });
    let parameters: Vec<Value> = ["tenant"].iter().chain(query).map(parameter).collect();
    let responses: serde_json::Map<String, Value> = answers
        .iter()
        .map(|(status, told, schema)| (status.to_string(), answer(*status, told, *schema)))
        .collect();
    let mut operation = json!({ "summary": summary, "parameters": parameters, "responses": responses });
    if let Some(body) = body {
        operation["requestBody"] = json!({ "required": true, "content": content("application/json", body) });
    }
    operation
}

fn answer(status: u16, told: &str, schema: Option<&str>) -> Value {
    match schema {
        Some(schema) => json!({ "description": told, "content": content("application/json", schema) }),
        None if status >= 400 => {
            json!({ "description": told, "content": content("application/problem+json", "Problem") })
        }
        None => json!({ "description": told }),
    }
}

fn content(media_type: &str, schema: &str) -> Value {
    json!({ media_type: { "schema": reference(schema) } })
}
