//! `sealwright openapi`.

use super::{Exit, print};
use crate::http::document;

/// Prints the OpenAPI document.
pub(super) fn run() -> anyhow::Result<Exit> {
    print(&serde_json::to_string_pretty(&document())?)?;
    Ok(Exit::Good)
}
