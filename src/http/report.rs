//! Reports in the form that is asked for.

use axum::{
    Json as Body,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};

use crate::{
    domain::report::Report,
    reports::{self, Language},
    service::documents::Answered,
};

/// What people's programs ask for, and what is given.
#[derive(Clone, Copy)]
enum Form {
    Json,
    Page,
    Text,
    Etsi,
}

const VARY: (HeaderName, HeaderValue) =
    (header::VARY, HeaderValue::from_static("accept, accept-language"));

/// What is preferred among what a header names and is known here (RFC 9110 §12.5): by weight, the first
/// of those of the same weight.
fn best<T>(headers: &HeaderMap, name: HeaderName, known: impl Fn(&str) -> Option<T>) -> Option<T> {
    let texts = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let mut best: Option<(f32, T)> = None;
    for text in texts.flat_map(|text| text.split(',')) {
        let mut parts = text.split(';').map(str::trim);
        let Some(found) = parts.next().and_then(&known) else { continue };
        let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok()).unwrap_or(1.0);
        if weight > 0.0 && best.as_ref().is_none_or(|(before, _)| weight > *before) {
            best = Some((weight, found));
        }
    }
    best.map(|(_, found)| found)
}

/// How a report is wanted.
pub(super) struct Wanted {
    form: Form,
    language: Language,
    /// Whether an answer that is kept shall not do.
    pub(super) anew: bool,
}

impl Wanted {
    /// Reads `Accept` and `Accept-Language`: JSON, and Chinese, where nothing else is asked for; and
    /// `Cache-Control: no-cache`.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let form = best(headers, header::ACCEPT, |name| match name {
            "text/html" | "application/xhtml+xml" => Some(Form::Page),
            "text/plain" => Some(Form::Text),
            "application/xml" | "text/xml" => Some(Form::Etsi),
            "application/json" | "*/*" | "application/*" => Some(Form::Json),
            _ => None,
        });
        let language = best(headers, header::ACCEPT_LANGUAGE, Language::parse);
        let anew = best(headers, header::CACHE_CONTROL, |directive| {
            directive.eq_ignore_ascii_case("no-cache").then_some(())
        });
        Self {
            form: form.unwrap_or(Form::Json),
            language: language.unwrap_or(Language::Zh),
            anew: anew.is_some(),
        }
    }

    /// The report in this form, with its `Age` where it was kept.
    pub(super) fn answer(&self, answered: Answered) -> Response {
        let mut response = self.in_form(answered.report);
        if let Some(age) = answered.age_seconds {
            response.headers_mut().insert(header::AGE, HeaderValue::from(age));
        }
        response
    }

    fn in_form(&self, report: Report) -> Response {
        let languages = [self.language];
        let (kind, text) = match self.form {
            Form::Json => return ([VARY], Body(report)).into_response(),
            Form::Page => ("text/html; charset=utf-8", reports::page(&[report], &languages)),
            Form::Text => ("text/plain; charset=utf-8", reports::text(&report, &languages) + "\n"),
            Form::Etsi => ("application/xml; charset=utf-8", reports::etsi(&report)),
        };
        let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
            (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy)),
            VARY,
        ];
        (headers, text).into_response()
    }
}
