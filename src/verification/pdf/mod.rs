//! The signatures of a PDF: CMS, GB/T 35275 or seal signatures over byte ranges.

mod checks;
mod facts;

use super::{
    Options, Outcome,
    conclusion::{Outline, algorithm_in_words, conclude, conclude_file},
    in_der, seal_structure,
};
use crate::{
    domain::{
        report::{Conclusion, Coverage, Report, Uncovered},
        source::ReadAt,
    },
    formats::pdf::{self, PdfError},
};
use facts::Facts;

/// Verifies a PDF.
pub(super) fn verify(source: &dyn ReadAt, options: &Options, mut report: Report) -> Outcome {
    let inspection = match pdf::inspect(source) {
        Ok(inspection) => inspection,
        Err(error) => {
            report.format =
                if matches!(error, PdfError::NotPdf) { "unknown" } else { "pdf" }.into();
            // A reader that repairs the file could show anything; nothing is said about it.
            report.conclusion = Conclusion::Indeterminate;
            report.detail = Some(error.to_string());
            return Outcome { report, signature_values: Vec::new() };
        }
    };
    "pdf".clone_into(&mut report.format);
    let mut signature_values = Vec::new();
    for (index, found) in inspection.signatures.iter().enumerate() {
        let facts = facts::gather(source, found);
        let answers = checks::run(&facts, source.size(), options);
        signature_values.push(facts.value().map(in_der));
        let outline = outline(&facts, answers.coverage);
        report.signatures.push(conclude(index, outline, answers));
    }
    let covered = report.signatures.iter().any(|s| s.coverage == Some(Coverage::WholeFile));
    conclude_file(&mut report, inspection.complete, covered && !inspection.encrypted);
    if inspection.encrypted {
        report.detail = Some("the file is encrypted; what it shows is not evaluated".to_owned());
    }
    Outcome { report, signature_values }
}

fn outline(facts: &Facts<'_>, coverage: Option<Coverage>) -> Outline {
    let certificate = facts.certificate.as_ref();
    let of_signer = facts.signer().map(|signer| signer.signature_algorithm);
    let named = of_signer.or_else(|| facts.seal().map(|seal| seal.algorithm));
    Outline {
        kind: facts.found.sub_filter.clone(),
        certificate: facts.certificate.clone(),
        algorithm: named.map(|oid| algorithm_in_words(certificate, oid, facts.digest_algorithm)),
        claimed_time: facts.claimed_time,
        seal: facts.seal().map(|signature| seal_structure::report(&signature.seal)),
        uncovered: uncovered(facts, coverage),
        modifications: Vec::new(),
    }
}

/// What of the signed revision is not covered beside the signature value itself.
fn uncovered(facts: &Facts<'_>, coverage: Option<Coverage>) -> Vec<Uncovered> {
    let numbers: Option<Vec<u64>> =
        facts.found.byte_range.iter().map(|n| u64::try_from(*n).ok()).collect();
    match (coverage, facts.found.gap, numbers.as_deref()) {
        (Some(Coverage::WholeFile | Coverage::EarlierRevision), ..) => Vec::new(),
        (_, Err(_), Some([start, length, second, _])) => {
            let mut gaps = Vec::new();
            if *start > 0 {
                gaps.push(Uncovered::Bytes(0, *start));
            }
            gaps.push(Uncovered::Bytes(start.saturating_add(*length), *second));
            gaps
        }
        _ => Vec::new(),
    }
}
