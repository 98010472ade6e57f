//! The HTTP server: it only translates. A request becomes one verb of `service`; what the verb
//! answers becomes a response. Status codes are in `problem` alone.

mod administration;
mod application_form;
mod applications;
mod attachments;
mod audit;
mod caller;
mod certificate_revocations;
mod deadlines;
mod detached;
mod digests;
mod docs;
mod download;
mod extensions;
mod extract;
mod health;
mod keepers;
mod licence_types;
mod linger;
mod metrics;
mod ocsp;
mod openapi;
mod page;
mod problem;
mod proposals;
mod public;
mod register;
mod report;
mod request_log;
mod responses;
mod seal_card;
mod seals;
mod server;
mod signatures;
mod stand_ins;
mod throttle;
mod tsa;
mod upload;
mod verifications;
mod webhooks;

use std::sync::Arc;

use axum::{Router, extract::DefaultBodyLimit, middleware};
use tokio::sync::Semaphore;
use utoipa_axum::{router::OpenApiRouter, routes};

pub use openapi::document;
pub use server::{Server, serve};

use crate::service::Service;

/// What every handler may use.
#[derive(Clone)]
pub struct House {
    /// The verbs.
    pub service: Arc<Service>,
    metrics: Arc<metrics::Metrics>,
    public_gate: Arc<Semaphore>,
    throttle: Arc<throttle::Throttle>,
    tsa_throttle: Arc<throttle::Throttle>,
    ocsp_throttle: Arc<throttle::Throttle>,
    readiness: Arc<health::Readiness>,
}

impl House {
    /// A house around the verbs.
    pub fn new(service: Arc<Service>) -> Self {
        let http = &service.config.http;
        // Each of both costs the token a signature.
        let signed =
            || Arc::new(throttle::Throttle::new(service.config.timestamps.requests_per_minute));
        Self {
            metrics: Arc::default(),
            public_gate: Arc::new(Semaphore::new(http.public_verifications)),
            throttle: Arc::new(throttle::Throttle::new(http.public_requests_per_minute)),
            tsa_throttle: signed(),
            ocsp_throttle: signed(),
            readiness: Arc::default(),
            service,
        }
    }
}

/// Every endpoint with its documentation.
fn endpoints() -> OpenApiRouter<House> {
    let private = OpenApiRouter::new()
        .routes(routes!(administration::create_organization, administration::organizations))
        .routes(routes!(administration::organization))
        .routes(routes!(administration::change_organization, administration::organization_changes))
        .routes(routes!(administration::create_person, administration::persons))
        .routes(routes!(administration::create_principal, administration::principals))
        .routes(routes!(administration::issue_access_key, administration::access_keys))
        .routes(routes!(administration::revoke_access_key))
        .routes(routes!(applications::apply, applications::applications))
        .routes(routes!(applications::application))
        .routes(routes!(applications::decide))
        .routes(routes!(applications::resubmit))
        .routes(routes!(applications::withdraw))
        .routes(routes!(application_form::form))
        .routes(routes!(attachments::upload))
        .routes(routes!(attachments::download))
        .routes(routes!(stand_ins::create, stand_ins::stand_ins))
        .routes(routes!(stand_ins::create_for))
        .routes(routes!(stand_ins::end))
        .routes(routes!(deadlines::deadlines))
        .routes(routes!(seals::seals))
        .routes(routes!(register::import))
        .routes(routes!(register::export))
        .routes(routes!(seals::seal))
        .routes(routes!(seal_card::card))
        .routes(routes!(seals::timeline))
        .routes(routes!(seals::credentials))
        .routes(routes!(seals::generate_key, seals::certificate_request))
        .routes(routes!(seals::make))
        .routes(routes!(seals::structure))
        .routes(routes!(seals::preview_picture))
        .routes(routes!(seals::compare_picture))
        .routes(routes!(seals::picture))
        .routes(routes!(seals::register))
        .routes(routes!(seals::abandon))
        .routes(routes!(seals::suspend))
        .routes(routes!(seals::resume))
        .routes(routes!(seals::report_loss))
        .routes(routes!(seals::recover))
        .routes(routes!(seals::revoke))
        .routes(routes!(seals::invalidate))
        .routes(routes!(certificate_revocations::revocations))
        .routes(routes!(certificate_revocations::done))
        .routes(routes!(proposals::revoke_ex_officio))
        .routes(routes!(proposals::destroy_key))
        .routes(routes!(proposals::waive_gate))
        .routes(routes!(proposals::proposals))
        .routes(routes!(proposals::confirm))
        .routes(routes!(proposals::withdraw))
        .routes(routes!(keepers::name_keeper, keepers::keepers))
        .routes(routes!(keepers::accept_keeping))
        .routes(routes!(keepers::decline_keeping))
        .routes(routes!(keepers::end_keeping))
        .routes(routes!(seals::create_grant, seals::grants))
        .routes(routes!(seals::revoke_grant))
        .routes(routes!(licence_types::create, licence_types::licence_types))
        .routes(routes!(licence_types::retire))
        .routes(routes!(licence_types::request_use, licence_types::use_approvals))
        .routes(routes!(licence_types::decide_use))
        .routes(routes!(signatures::create, signatures::signatures))
        .routes(routes!(detached::create))
        .routes(routes!(detached::kit))
        .routes(routes!(signatures::signature))
        .routes(routes!(signatures::receipt))
        .routes(routes!(signatures::void))
        .routes(routes!(extensions::extend))
        .routes(routes!(digests::create))
        .routes(routes!(verifications::create))
        .routes(routes!(webhooks::create, webhooks::webhooks))
        .routes(routes!(webhooks::disable))
        .routes(routes!(webhooks::deliveries))
        .routes(routes!(webhooks::replay))
        .routes(routes!(audit::audit));
    let public = OpenApiRouter::new()
        .routes(routes!(public::verify))
        .routes(routes!(public::seal_status))
        .routes(routes!(public::crl))
        .routes(routes!(ocsp::ask))
        .routes(routes!(ocsp::ask_by_address))
        .routes(routes!(tsa::stamp))
        .routes(routes!(public::well_known))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(metrics::metrics))
        .routes(routes!(docs::openapi))
        .routes(routes!(docs::docs));
    OpenApiRouter::with_openapi(openapi::frame()).merge(private).merge(public)
}

/// The router.
pub fn router(house: House) -> Router {
    let (router, _) = endpoints().split_for_parts();
    router
        .fallback(problem::no_such_path)
        .method_not_allowed_fallback(problem::no_such_method)
        // Every body has a limit of its own kind, see `extract` and `upload`.
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn(linger::linger))
        .layer(middleware::from_fn_with_state(house.clone(), request_log::log))
        .with_state(house)
}
