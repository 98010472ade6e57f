//! `/openapi.json` and `/docs`: the API told from its own document, without any script.

use axum::{Json as Body, response::Html};
use serde_json::Value;

/// The OpenAPI document of this service.
#[utoipa::path(get, path = "/openapi.json", tag = "operations",
    responses((status = 200, body = Object)), security(()),
    extensions(("x-action" = json!("read-public"))))]
pub(super) async fn openapi() -> Body<Value> {
    Body(serde_json::to_value(super::document()).unwrap_or_default())
}

/// The API for people to read.
#[utoipa::path(get, path = "/docs", tag = "operations",
    responses((status = 200, body = String, content_type = "text/html")), security(()),
    extensions(("x-action" = json!("read-public"))))]
pub(super) async fn docs() -> Html<String> {
    Html(page(&serde_json::to_value(super::document()).unwrap_or_default()))
}

fn page(document: &Value) -> String {
    let mut rows = String::new();
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let text = |value: &Value| escape(value.as_str().unwrap_or_default());
            let answers: Vec<_> = operation["responses"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(s, _)| s.as_str())
                .collect();
            rows.push_str(&format!(
                "<tr><td>{}</td><td><code>{}</code></td><td>{}<br><small>{}</small></td>\
                 <td><code>{}</code></td><td><small>{}</small></td></tr>\n",
                method.to_uppercase(),
                escape(path),
                text(&operation["summary"]),
                text(&operation["description"]),
                text(&operation["x-action"]),
                escape(&answers.join(" ")),
            ));
        }
    }
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Sealwright API</title>\
         <style>body{{font:15px/1.5 sans-serif;margin:2em auto;max-width:70em;padding:0 1em}}\
         table{{border-collapse:collapse;width:100%}}td,th{{border-top:1px solid #ccc;\
         padding:.4em .6em;text-align:left;vertical-align:top}}</style>\
         <h1>Sealwright API</h1><p>Every endpoint with the action that policy is asked for. The \
         whole contract, with the bodies of requests and answers, is in \
         <a href=\"/openapi.json\">/openapi.json</a> (OpenAPI 3.1).</p>\
         <table><tr><th>Method</th><th>Path</th><th>What it does</th><th>Action</th>\
         <th>Answers</th></tr>\n{rows}</table></html>"
    )
}

/// Text as it may stand in HTML.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
