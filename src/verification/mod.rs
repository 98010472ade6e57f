//! Facts, then small checks, then a report. "Don't know" is an answer of its own and never a pass.
//!
//! First form: digest, signature, coverage, chain to the trust given, dates, revocation by lists at
//! hand. What changed after a signature is not analysed yet; a file that has later revisions is
//! therefore never called valid.

mod checks;
mod conclusion;
mod facts;
mod seal;

use crate::{
    domain::{
        Timestamp,
        report::{Conclusion, Report},
        source::ReadAt,
    },
    formats::pdf::{self, PdfError},
    pki::TrustStore,
};

pub use seal::{RegisterFacts, add_seal};

/// What is given beside the file.
#[derive(Clone, Debug)]
pub struct Options {
    /// The name of the file, for the report.
    pub file: Option<String>,
    /// Whom to trust as signers.
    pub trust: TrustStore,
    /// Whom to trust as time-stamping authorities.
    pub tsa_trust: TrustStore,
    /// The time for which the question is asked.
    pub at: Timestamp,
}

/// Verifies a file.
pub fn verify(source: &dyn ReadAt, options: &Options) -> Report {
    let report = |format: &str, conclusion, detail| Report {
        file: options.file.clone(),
        format: format.to_owned(),
        conclusion,
        detail,
        verified_at: options.at,
        signatures: Vec::new(),
    };
    let inspection = match pdf::inspect(source) {
        Ok(inspection) => inspection,
        Err(error @ PdfError::NotPdf) => {
            return report("unknown", Conclusion::Indeterminate, Some(error.to_string()));
        }
        // A reader that repairs the file could show anything; nothing is said about it.
        Err(error) => return report("pdf", Conclusion::Indeterminate, Some(error.to_string())),
    };
    let mut report = report("pdf", Conclusion::Unsigned, None);
    for (index, found) in inspection.signatures.iter().enumerate() {
        let facts = facts::gather(source, found);
        let checks = checks::run(&facts, source.size(), options);
        report.signatures.push(conclusion::conclude(index, &facts, checks));
    }
    conclusion::conclude_file(&mut report, &inspection);
    report
}
