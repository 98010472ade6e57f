//! `sealwright openapi`.

use super::{Exit, print};
use crate::{http::document, reports};

/// What to print.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct Arguments {
    /// The JSON Schema of verification reports instead.
    #[arg(long)]
    report_schema: bool,
}

/// Prints the OpenAPI document.
pub(super) fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    if arguments.report_schema {
        print(&serde_json::to_string_pretty(&reports::schema())?)?;
    } else {
        print(&serde_json::to_string_pretty(&document())?)?;
    }
    Ok(Exit::Good)
}
