//! `/v1/openapi.json`: made of the table of operations and of the types that they read and write.

use axum::Json;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::operations;
use super::problem::Document;

/// `GET /v1/openapi.json`.
pub(super) async fn serve() -> Json<Value> {
    Json(document())
}

/// The OpenAPI 3.1 document.
pub fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    generator.subschema_for::<Document>();
    let mut paths = Map::new();
    for operation in operations::all() {
        operation.describe(&mut paths, &mut generator);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Octothorpe",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Verification calls: jobs in, one verdict each out. Only `verified` lets anybody in.",
            "license": { "name": "Apache-2.0 OR MIT" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "securitySchemes": { "token": {
                "type": "http",
                "scheme": "bearer",
                "description": "Needed as soon as a token was made; `octothorpe token create` makes one.",
            } },
        },
    })
}
