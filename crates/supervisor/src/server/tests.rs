//! What is described is what there is.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{PREFIX, openapi, routes};

#[test]
fn every_path_that_clients_know_is_served_and_described() {
    let source = include_str!("../../../api/src/lib.rs");
    let known: BTreeSet<&str> = source
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pub const "))
        .filter_map(|line| line.split_once(": &str = \""))
        .filter(|(name, _)| !["PREFIX", "VERSION_HEADER", "MASKED_HEADER"].contains(name))
        .filter_map(|(_, rest)| rest.strip_suffix("\";"))
        .collect();
    assert!(known.len() > 20);
    let mut served: BTreeSet<&str> = routes::all().iter().map(|route| route.path).collect();
    served.extend(["/openapi.json", "/metrics"]);
    assert_eq!(known, served);

    let document = openapi::document();
    let described: BTreeSet<&str> = document["paths"]
        .as_object()
        .unwrap()
        .keys()
        .map(|path| path.strip_prefix(PREFIX).unwrap_or(path))
        .collect();
    assert_eq!(described, served);
}

#[test]
fn every_reference_of_the_document_leads_somewhere_and_every_field_is_explained() {
    let document = openapi::document();
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(references.len() > 20);
    for reference in references {
        let path = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(path).is_some(), "{reference}");
    }
    let line = &document["components"]["schemas"]["LogLine"]["properties"];
    assert!(line["cursor"]["description"].is_string());
    let parameters = &document["paths"]["/v1/logs"]["get"]["parameters"];
    let names: Vec<&str> = parameters
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert!(
        names.contains(&"after") && names.contains(&"grep"),
        "{names:?}"
    );
}

#[test]
fn every_parameter_is_explained() {
    let document = openapi::document();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let parameters = methods["get"]["parameters"].as_array();
        for one in parameters.into_iter().flatten() {
            assert!(one["description"].is_string(), "{path}: {one}");
        }
    }
}

fn collect<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(text) if key == "$ref" => found.push(text),
                    value => collect(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
