//! From answers to a status in the words of ETSI EN 319 102-1.

use super::{checks::Answers, facts::Facts};
use crate::{
    domain::report::{
        Check, Conclusion, Coverage, Indication, Integrity, Report, SignatureReport, SignerReport,
    },
    formats::pdf::Inspection,
    pki::{Certificate, path::PathError},
};

/// The report on one signature.
pub(super) fn conclude(index: usize, facts: &Facts<'_>, answers: Answers) -> SignatureReport {
    let (indication, sub_indication) = judge(&answers);
    let answer = |name: &str| {
        answers.checks.iter().find(|check| check.name == name).and_then(|check| check.passed)
    };
    let integrity = match (answer("digest"), answer("signature"), answer("byte-range")) {
        (Some(true), Some(true), Some(true)) => Integrity::Intact,
        (Some(false), _, _) | (_, Some(false), _) | (_, _, Some(false)) => Integrity::Broken,
        _ => Integrity::Unknown,
    };
    let algorithm = facts.signer().map(|signer| {
        let digest = facts.digest_algorithm.map_or("unknown digest".to_owned(), |d| d.to_string());
        let scheme = facts.certificate.as_ref().and_then(Certificate::scheme);
        let key = scheme.map_or(signer.signature_algorithm.to_string(), |s| s.to_string());
        format!("{key} with {digest}")
    });
    SignatureReport {
        index,
        kind: facts.found.sub_filter.clone(),
        integrity,
        signer: facts.certificate.as_ref().map(signer).unwrap_or_default(),
        seal: None,
        algorithm,
        custody: None,
        signing_time: facts.claimed_time,
        timestamp: answers.proven_time,
        indication,
        sub_indication,
        coverage: answers.coverage,
        uncovered: uncovered(facts, answers.coverage),
        modifications: Vec::new(),
        checks: answers.checks,
    }
}

/// What of the signed revision is not covered beside the signature value itself.
fn uncovered(facts: &Facts<'_>, coverage: Option<Coverage>) -> Vec<(u64, u64)> {
    let numbers: Option<Vec<u64>> =
        facts.found.byte_range.iter().map(|n| u64::try_from(*n).ok()).collect();
    match (coverage, facts.found.gap, numbers.as_deref()) {
        (Some(Coverage::WholeFile | Coverage::EarlierRevision), ..) => Vec::new(),
        (_, Err(_), Some([start, length, second, _])) => {
            let mut gaps = Vec::new();
            if *start > 0 {
                gaps.push((0, *start));
            }
            gaps.push((start.saturating_add(*length), *second));
            gaps
        }
        _ => Vec::new(),
    }
}

fn signer(certificate: &Certificate) -> SignerReport {
    SignerReport {
        subject: Some(certificate.subject().to_string()),
        issuer: Some(certificate.issuer().to_string()),
        serial: Some(crate::crypto::digest::hex(certificate.serial())),
        fingerprint: Some(certificate.fingerprint()),
        not_before: Some(certificate.not_before()),
        not_after: Some(certificate.not_after()),
    }
}

/// EN 319 102-1 §5.2 to §5.3, as far as the first form goes.
fn judge(answers: &Answers) -> (Indication, Option<String>) {
    use Indication::{Indeterminate, TotalFailed, TotalPassed};
    let because = |indication, word: &str| (indication, Some(word.to_owned()));
    let answer = |name: &str| {
        answers.checks.iter().find(|check| check.name == name).and_then(|check| check.passed)
    };
    if answer("format").is_none() {
        return (Indeterminate, None);
    }
    if answer("format") == Some(false) || answer("byte-range") == Some(false) {
        return because(TotalFailed, "FORMAT_FAILURE");
    }
    if answer("digest") == Some(false) {
        return because(TotalFailed, "HASH_FAILURE");
    }
    if answer("signature") == Some(false) {
        return because(TotalFailed, "SIG_CRYPTO_FAILURE");
    }
    if answer("coverage") == Some(false) {
        return because(TotalFailed, "FORMAT_FAILURE");
    }
    if answer("algorithms").is_none() {
        return because(Indeterminate, "CRYPTO_CONSTRAINTS_FAILURE_NO_POE");
    }
    if answer("signature").is_none() || answer("signing-certificate").is_none() {
        return because(Indeterminate, "NO_SIGNING_CERTIFICATE_FOUND");
    }
    for name in ["signing-certificate", "signature-field", "key-usage"] {
        if answer(name) != Some(true) {
            return because(Indeterminate, "SIG_CONSTRAINTS_FAILURE");
        }
    }
    match &answers.path {
        Err(PathError::NoTrustedRoot) => {
            return because(Indeterminate, "NO_CERTIFICATE_CHAIN_FOUND");
        }
        Err(PathError::OutOfDates { .. }) => {
            return because(Indeterminate, "OUT_OF_BOUNDS_NO_POE");
        }
        Err(PathError::NotAnIssuer(_) | PathError::CriticalExtension { .. }) => {
            return because(Indeterminate, "CHAIN_CONSTRAINTS_FAILURE");
        }
        Err(PathError::Revoked { leaf: true, .. }) => {
            return because(Indeterminate, "REVOKED_NO_POE");
        }
        Err(PathError::Revoked { leaf: false, .. }) => {
            return because(Indeterminate, "REVOKED_CA_NO_POE");
        }
        Err(PathError::RevocationUnknown(_)) => return because(Indeterminate, "TRY_LATER"),
        Ok(()) => {}
    }
    // A timestamp of an authority that is not trusted proves nothing and takes nothing away.
    let tolerable =
        |check: &&Check| check.passed.is_none() && check.name == super::checks::TIMESTAMP;
    let open = answers.checks.iter().filter(|check| check.passed != Some(true));
    if open.filter(|check| !tolerable(check)).count() == 0 {
        (TotalPassed, None)
    } else {
        because(Indeterminate, "SIG_CONSTRAINTS_FAILURE")
    }
}

/// The answer for the whole file: valid only if every signature passes and nothing unsigned could
/// mislead a reader.
pub(super) fn conclude_file(report: &mut Report, inspection: &Inspection) {
    let all = |wanted: Indication| report.signatures.iter().all(|s| s.indication == wanted);
    let any = |wanted: Indication| report.signatures.iter().any(|s| s.indication == wanted);
    let newest_covers_all =
        report.signatures.iter().any(|s| s.coverage == Some(Coverage::WholeFile));
    report.conclusion = if report.signatures.is_empty() {
        if inspection.complete { Conclusion::Unsigned } else { Conclusion::Indeterminate }
    } else if any(Indication::TotalFailed) {
        Conclusion::Invalid
    } else if all(Indication::TotalPassed)
        && newest_covers_all
        && inspection.complete
        && !inspection.encrypted
    {
        Conclusion::Valid
    } else {
        Conclusion::Indeterminate
    };
    if inspection.encrypted {
        report.detail = Some("the file is encrypted; what it shows is not evaluated".to_owned());
    }
}
