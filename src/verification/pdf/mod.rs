//! The signatures of a PDF: CMS, GB/T 35275 or seal signatures over byte ranges.

mod appearance;
mod changes;
mod checks;
mod facts;
mod long_term;

use super::{
    Options, Outcome,
    conclusion::{Outline, algorithm_in_words, conclude, conclude_file},
    in_der, seal_structure,
};
use crate::{
    domain::{
        report::{Conclusion, Coverage, ModificationLevel, Report, Uncovered},
        source::ReadAt,
    },
    formats::pdf::{self, FoundSignature, Inspection, PdfError},
};
use changes::Judged;
use facts::Facts;

/// The most bytes of signed revisions that are compared with the file, all signatures together.
const MOST_COMPARED: u64 = 4 << 30;

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
            return Outcome::without_signatures(report);
        }
    };
    "pdf".clone_into(&mut report.format);
    // Of all signed revisions the last one: it holds the others.
    let signed = inspection.signatures.iter().filter(|found| found.ends_a_revision);
    if let Some(end) = signed.filter_map(|found| found.gap.ok()).map(|gap| gap.end_of_range).max() {
        // The medium has failed elsewhere already where it fails here.
        report.warnings = pdf::warnings(source, end).unwrap_or_default();
    }
    let mut signature_values = Vec::new();
    let mut budget = MOST_COMPARED;
    let at_most = options.policy.changes.at_most;
    let mut judged = Vec::new();
    let all: Vec<_> = inspection.signatures.iter().map(|s| facts::gather(source, s)).collect();
    let (known, stamps) = long_term::gather(source, &all, options);
    for facts in &all {
        let found = facts.found;
        let changes = changes_after(source, found, &inspection, &mut budget, at_most);
        let after = stamps.made_after(facts);
        let answers = checks::run(facts, changes.check, source.size(), &known, after, options);
        signature_values.push(facts.value().map(in_der));
        let mut outline = outline(facts, answers.coverage);
        outline.modification_level = changes.level;
        outline.changed = changes.beyond_signing;
        outline.modifications = changes.modifications;
        judged.push((found, outline, answers));
    }
    let (fetched, material) = known.end();
    report.fetched = fetched;
    if let Some(drawing) = &options.drawing {
        appearance::add(source, drawing, &mut judged);
    }
    for (index, (_, outline, answers)) in judged.into_iter().enumerate() {
        report.signatures.push(conclude(index, outline, answers, options));
    }
    conclude_file(&mut report, true, inspection.damage.is_none() && !inspection.locked);
    if let Some(damage) = inspection.damage {
        report.detail = Some(damage.reason);
    } else if inspection.locked {
        report.detail = Some(
            "the file is encrypted and opens with a password; what it shows is not evaluated"
                .to_owned(),
        );
    }
    Outcome { report, signature_values, material }
}

/// What came after a signature, and whether it may.
fn changes_after(
    source: &dyn ReadAt,
    found: &FoundSignature,
    inspection: &Inspection,
    budget: &mut u64,
    at_most: ModificationLevel,
) -> Judged {
    let signed: Vec<_> = inspection.signatures.iter().filter_map(|s| s.field.as_deref()).collect();
    const UNCLEAR: &str =
        "what was changed after signing cannot be told, as it is not clear what was signed";
    let gap = match found.gap {
        Ok(gap) if found.ends_a_revision => gap,
        _ => return changes::judge(Err(UNCLEAR), &signed, at_most),
    };
    *budget = budget.saturating_sub(gap.end_of_range);
    if *budget == 0 {
        return changes::judge(
            Err("there are too many signatures to compare them all"),
            &signed,
            at_most,
        );
    }
    match pdf::history(source, found, gap, inspection.damage.as_ref()) {
        Ok(history) => changes::judge(Ok(history.as_ref()), &signed, at_most),
        Err(error) => changes::judge(Err(&error.to_string()), &signed, at_most),
    }
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
        modification_level: None,
        changed: false,
        modifications: Vec::new(),
        appearance: None,
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
