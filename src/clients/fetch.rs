//! Fetching what certificates name: revocation lists, answers of OCSP responders, certificates of
//! issuers. Whoever wrote the certificate chose the address, so that the guard, a size and a time limit
//! stand before each.

use std::time::Duration;

use ureq::Error;

use super::guard::{Allowed, guarded};

/// A call.
#[derive(Clone, Debug)]
pub struct Fetch<'a> {
    /// Where; `http://` or `https://`.
    pub url: &'a str,
    /// What is asked, and of which type it is; without it, the resource itself is wanted.
    pub question: Option<(&'a [u8], &'static str)>,
    /// The longest answer that is read, bytes.
    pub longest: u64,
    /// How long it may take in all.
    pub timeout: Duration,
    /// Where it may go.
    pub allowed: &'a Allowed,
}

/// The most redirects that are followed.
const MOST_REDIRECTS: u32 = 3;

/// Fetches; blocks until there is an answer or the time is up.
///
/// # Errors
/// In words, without what the other side said.
pub fn fetch(fetch: &Fetch<'_>) -> Result<Vec<u8>, String> {
    let is_http = ["http://", "https://"].iter().any(|kind| fetch.url.starts_with(kind));
    if !is_http {
        return Err("it is not reached by HTTP".to_owned());
    }
    let plain = super::agent(None, fetch.timeout)?;
    let agent = guarded(&plain, fetch.allowed.clone());
    let answer = match fetch.question {
        None => {
            let request = agent.get(fetch.url).config().max_redirects(MOST_REDIRECTS).build();
            request.call()
        }
        Some((question, kind)) => agent.post(fetch.url).content_type(kind).send(question),
    };
    let mut answer = answer.map_err(|error| in_words(&error))?;
    if answer.status() != 200 {
        return Err(format!("it answers with status {}", answer.status().as_u16()));
    }
    let body = answer.body_mut().with_config().limit(fetch.longest).read_to_vec();
    body.map_err(|error| match error {
        Error::BodyExceedsLimit(_) => format!("its answer is over {} bytes", fetch.longest),
        other => in_words(&other),
    })
}

fn in_words(error: &Error) -> String {
    match error {
        Error::Timeout(_) => "it does not answer in time",
        Error::HostNotFound => "its name leads to no address that may be called",
        Error::TooManyRedirects => "it redirects too often",
        _ => "it cannot be reached",
    }
    .to_owned()
}
