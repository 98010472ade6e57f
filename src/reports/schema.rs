//! The schema of reports in JSON, committed as `docs/report.schema.json`.

use serde_json::{Map, Value, json};
use utoipa::{PartialSchema as _, ToSchema as _};

use crate::domain::report::Report;

/// JSON Schema (draft 2020-12) of one report.
pub fn schema() -> Value {
    let mut parts = vec![("Report".to_owned(), Report::schema())];
    Report::schemas(&mut parts);
    let mut defs = Map::new();
    for (name, part) in parts {
        defs.insert(name, serde_json::to_value(part).unwrap_or_default());
    }
    defs.sort_keys();
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Sealwright verification report 验章报告",
        "$ref": "#/$defs/Report",
        "$defs": defs,
    });
    within(&mut schema);
    schema
}

/// Points references into the schema itself.
fn within(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some(name) = text.strip_prefix("#/components/schemas/") {
                *text = format!("#/$defs/{name}");
            }
        }
        Value::Array(all) => all.iter_mut().for_each(within),
        Value::Object(all) => all.values_mut().for_each(within),
        _ => {}
    }
}
