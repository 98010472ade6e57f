//! Calling webhooks (Standard Webhooks): one POST, no redirects, and only to addresses that the
//! operator allows.

use std::time::Duration;

use ureq::Error;

use super::guard::{Allowed, guarded};

/// What a call needs.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// Where.
    pub url: &'a str,
    /// `webhook-id`, `webhook-timestamp` and `webhook-signature`.
    pub headers: [(&'static str, String); 3],
    /// The body, JSON.
    pub body: &'a str,
    /// How long it may take in all.
    pub timeout: Duration,
    /// Whether it may go to private, local and other special addresses.
    pub private_addresses: bool,
}

/// What came of a call.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The receiver took it.
    Taken,
    /// The receiver wants no more (410).
    Gone,
    /// To be tried again, not before so many seconds where the receiver said so.
    Failed(String, Option<u64>),
}

/// Makes a call; blocks until there is an answer or the time is up.
pub fn call(call: &Call<'_>) -> Outcome {
    let failed = |why: &str| Outcome::Failed(why.to_owned(), None);
    let Ok(plain) = super::agent(None, call.timeout) else {
        return failed("the client cannot be set up");
    };
    let allowed = if call.private_addresses { Allowed::all() } else { Allowed::default() };
    let agent = guarded(&plain, allowed);
    let mut request = agent.post(call.url).content_type("application/json");
    for (name, value) in &call.headers {
        request = request.header(*name, value);
    }
    match request.send(call.body) {
        Ok(response) => match response.status().as_u16() {
            200..=299 => Outcome::Taken,
            410 => Outcome::Gone,
            status => {
                let wait = response.headers().get("retry-after");
                let wait = wait.and_then(|value| value.to_str().ok()?.parse().ok());
                Outcome::Failed(format!("it answers with status {status}"), wait)
            }
        },
        Err(Error::Timeout(_)) => failed("it does not answer in time"),
        Err(Error::HostNotFound) => failed("its name leads to no address that may be called"),
        Err(_) => failed("it cannot be reached"),
    }
}
