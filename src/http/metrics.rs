//! `/metrics`, in the Prometheus text format.

use axum::{
    extract::State,
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

use super::House;
use crate::service::Error;

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct OutcomeLabels {
    outcome: &'static str,
}

/// What is counted.
pub(super) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    seconds: Histogram,
    sealings: Family<OutcomeLabels, Counter>,
    token_up: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("sealwright");
        let requests = Family::default();
        registry.register("http_requests", "Answered requests", requests.clone());
        let seconds = Histogram::new(exponential_buckets(0.001, 2.0, 14));
        registry.register("http_request_seconds", "Time to the answer", seconds.clone());
        let sealings = Family::default();
        registry.register("sealings", "Requests to seal, by outcome", sealings.clone());
        let token_up = Gauge::default();
        registry.register("token_up", "1 if the token can be used", token_up.clone());
        Self { registry, requests, seconds, sealings, token_up }
    }
}

impl Metrics {
    /// Counts an answered request.
    pub(super) fn request(&self, method: &str, route: &str, status: u16, seconds: f64) {
        let labels = RequestLabels { method: method.to_owned(), route: route.to_owned(), status };
        self.requests.get_or_create(&labels).inc();
        self.seconds.observe(seconds);
    }

    /// Counts a request to seal.
    pub(super) fn sealing(&self, error: Option<&Error>) {
        let outcome = match error {
            None => "completed",
            Some(Error::Withheld) => "withheld",
            Some(Error::Device(_) | Error::Store(_) | Error::Internal(_)) => "failed",
            Some(_) => "refused",
        };
        self.sealings.get_or_create(&OutcomeLabels { outcome }).inc();
    }
}

/// Metrics in the Prometheus text format.
#[utoipa::path(get, path = "/metrics", tag = "operations",
    responses((status = 200, body = String, content_type = "application/openmetrics-text")), security(()),
    extensions(("x-action" = json!("observe"))))]
pub(super) async fn metrics(State(house): State<House>) -> Response {
    house.metrics.token_up.set(house.service.devices.token().describe().is_ok().into());
    let mut text = String::new();
    // Writing into a string does not fail.
    let _ = encode(&mut text, &house.metrics.registry);
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(CONTENT_TYPE, kind)], text).into_response()
}
