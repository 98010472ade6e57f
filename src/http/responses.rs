//! The problems that endpoints may answer with, for the OpenAPI document.

use utoipa::IntoResponses;

use super::problem::Problem;

/// Problems of endpoints that need an access key.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "read by the OpenAPI document only")]
pub(super) enum Problems {
    /// The request is malformed.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(Problem),
    /// The access key is missing, unknown, expired or withdrawn.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthenticated(Problem),
    /// Policy does not allow it.
    #[response(status = 403, content_type = "application/problem+json")]
    Denied(Problem),
    /// There is none, or it is outside of what the principal may see.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(Problem),
    /// The state does not allow it, or something is in the way.
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(Problem),
    /// `If-Match` names another revision than the present one.
    #[response(status = 412, content_type = "application/problem+json")]
    Stale(Problem),
    /// The body is too large.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// The body is of another kind than expected.
    #[response(status = 415, content_type = "application/problem+json")]
    UnsupportedMedia(Problem),
    /// The request cannot be carried out.
    #[response(status = 422, content_type = "application/problem+json")]
    Unprocessable(Problem),
    /// Too many requests from this address.
    #[response(status = 429, content_type = "application/problem+json")]
    RateLimited(Problem),
    /// Token or database cannot be used now.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}
