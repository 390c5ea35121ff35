//! The description of the API (OpenAPI 3.1), written from the table of routes and from the types that
//! are read and answered.

use axum::response::{IntoResponse, Response};
use forge_api::{PREFIX, Problem, Progress, path};
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::answers::PROBLEM;
use super::routes::{self, Answer, Route};

pub(super) async fn answer() -> Response {
    axum::Json(document()).into_response()
}

/// The whole document.
pub(super) fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut schemas = settings.into_generator();
    let problem = schemas.subschema_for::<Problem>();
    let mut paths = Map::new();
    for route in routes::all() {
        let operation = operation(&route, &problem, &mut schemas);
        let methods = json!({ route.method: operation });
        paths.insert(format!("{PREFIX}{}", route.path), methods);
    }
    paths.insert(
        path::OPENAPI.to_string(),
        own("openapi", "This document", "application/json"),
    );
    paths.insert(
        path::METRICS.to_string(),
        own(
            "metrics",
            "Figures of all processes for Prometheus",
            "text/plain",
        ),
    );
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Forge",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The supervisor of a workspace, over its Unix socket (`forge dev paths` says where).\nFields may be added, never renamed; readers ignore what they do not know.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "http://localhost", "description": "Any host name serves; the address is the socket" }],
        "paths": paths,
        "components": { "schemas": schemas.take_definitions(true) },
    })
}

fn operation(route: &Route, problem: &Schema, schemas: &mut SchemaGenerator) -> Value {
    let id = route.path.trim_start_matches('/').replace(['/', '-'], "_");
    let mut operation = json!({
        "operationId": id,
        "summary": route.summary,
        "responses": {
            "200": success(route, schemas),
            "default": {
                "description": "What failed, on what, and what to do",
                "content": { PROBLEM: { "schema": problem } },
            },
        },
    });
    if let Some(query) = route.query {
        operation["parameters"] = parameters(&query(schemas));
    }
    if matches!(route.answer, Answer::Events(..)) {
        let id = json!({
            "name": "Last-Event-ID",
            "in": "header",
            "description": "The last `id` that a client has got, to go on behind it",
            "schema": { "type": "string" },
        });
        match operation["parameters"].as_array_mut() {
            Some(all) => all.push(id),
            None => operation["parameters"] = json!([id]),
        }
    }
    if let Some(body) = route.body {
        operation["requestBody"] = json!({
            "content": { "application/json": { "schema": body(schemas) } },
        });
    }
    operation
}

fn success(route: &Route, schemas: &mut SchemaGenerator) -> Value {
    let stream = |description: String, schema: Value| {
        json!({
            "description": description,
            "content": { "text/event-stream": { "schema": schema } },
        })
    };
    match route.answer {
        Answer::Json(answer) => json!({
            "description": "The answer",
            "content": { "application/json": { "schema": answer(schemas) } },
        }),
        Answer::Progress(answer) => {
            let parts = [schemas.subschema_for::<Progress>(), answer(schemas)];
            stream(
                "Server-sent events: `progress` any number of times, then `done` once, or `problem`"
                    .to_string(),
                json!({ "anyOf": parts }),
            )
        }
        Answer::Events(name, data) => stream(
            format!("Server-sent events without an end: `{name}`, with an `id` to go on from"),
            json!(data(schemas)),
        ),
    }
}

/// The fields of a query as parameters.
fn parameters(query: &Schema) -> Value {
    let properties = query.get("properties").and_then(Value::as_object);
    let fields = properties.into_iter().flatten();
    let parameter = |(name, schema): (&String, &Value)| {
        let mut schema = schema.clone();
        let description = schema
            .as_object_mut()
            .and_then(|schema| schema.remove("description"));
        let mut parameter = json!({ "name": name, "in": "query", "schema": schema });
        if let Some(description) = description {
            parameter["description"] = description;
        }
        parameter
    };
    fields.map(parameter).collect()
}

fn own(id: &str, summary: &str, kind: &str) -> Value {
    json!({
        "get": {
            "operationId": id,
            "summary": summary,
            "responses": { "200": { "description": summary, "content": { kind: {} } } },
        },
    })
}
