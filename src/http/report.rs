//! Reports in the form that is asked for.

use axum::{
    Json as Body,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};

use crate::{
    domain::report::Report,
    reports::{self, Language},
};

/// What people's programs ask for, and what is given.
#[derive(Clone, Copy)]
enum Form {
    Json,
    Page,
    Text,
    Etsi,
}

/// How a report is wanted.
pub(super) struct Wanted {
    form: Form,
    language: Language,
}

impl Wanted {
    /// Reads `Accept` and `Accept-Language`: JSON, and Chinese, where nothing else is asked for.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let texts = |name| {
            let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
            values.flat_map(|value| value.split(',')).map(str::trim)
        };
        let form = texts(header::ACCEPT).find_map(|text| match text.split(';').next()?.trim() {
            "text/html" | "application/xhtml+xml" => Some(Form::Page),
            "text/plain" => Some(Form::Text),
            "application/xml" | "text/xml" => Some(Form::Etsi),
            "application/json" | "*/*" | "application/*" => Some(Form::Json),
            _ => None,
        });
        let language = texts(header::ACCEPT_LANGUAGE).find_map(Language::parse);
        Self { form: form.unwrap_or(Form::Json), language: language.unwrap_or(Language::Zh) }
    }

    /// The report in this form.
    pub(super) fn answer(&self, report: Report) -> Response {
        let languages = [self.language];
        let (kind, text) = match self.form {
            Form::Json => return Body(report).into_response(),
            Form::Page => ("text/html; charset=utf-8", reports::page(&[report], &languages)),
            Form::Text => ("text/plain; charset=utf-8", reports::text(&report, &languages) + "\n"),
            Form::Etsi => ("application/xml; charset=utf-8", reports::etsi(&report)),
        };
        let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
            (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy)),
            (header::VARY, HeaderValue::from_static("accept, accept-language")),
        ];
        (headers, text).into_response()
    }
}
