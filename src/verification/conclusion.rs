//! From answers to a status in the words of ETSI EN 319 102-1.

use const_oid::ObjectIdentifier;

use super::{
    answers::Answers, seal_structure::SEAL_TIMESTAMP, signer::NOT_FOR_TEST, timestamp::TIMESTAMP,
};
use crate::{
    crypto::DigestAlgorithm,
    domain::{
        Timestamp,
        report::{
            Appearance, Conclusion, Indication, Integrity, Modification, ModificationLevel, Report,
            SealReport, SignatureReport, SignerReport, Uncovered,
        },
    },
    pki::{Certificate, path::PathError},
};

/// What a report says of a signature beside its checks.
pub(super) struct Outline {
    pub(super) kind: String,
    pub(super) certificate: Option<Certificate>,
    pub(super) algorithm: Option<String>,
    pub(super) claimed_time: Option<Timestamp>,
    pub(super) seal: Option<SealReport>,
    pub(super) uncovered: Vec<Uncovered>,
    pub(super) modification_level: Option<ModificationLevel>,
    pub(super) modifications: Vec<Modification>,
    pub(super) appearance: Option<Appearance>,
}

/// The questions whose answers make up integrity; a format asks those that it has.
const INTEGRITY: [&str; 4] = ["digest", "signature", "byte-range", "references"];

/// The report on one signature.
pub(super) fn conclude(index: usize, outline: Outline, answers: Answers) -> SignatureReport {
    let (indication, sub_indication) = judge(&answers);
    let integrity = if INTEGRITY.iter().any(|name| answers.failed(name)) {
        Integrity::Broken
    } else if answers.get("signature") != Some(true)
        || INTEGRITY.iter().any(|name| answers.unknown(name))
    {
        Integrity::Unknown
    } else {
        Integrity::Intact
    };
    SignatureReport {
        index,
        kind: outline.kind,
        integrity,
        signer: outline.certificate.as_ref().map(signer).unwrap_or_default(),
        seal: outline.seal,
        algorithm: outline.algorithm,
        custody: None,
        signing_time: outline.claimed_time,
        timestamp: answers.proven_time,
        indication,
        sub_indication,
        coverage: answers.coverage,
        uncovered: outline.uncovered,
        modification_level: outline.modification_level,
        modifications: outline.modifications,
        appearance: outline.appearance,
        checks: answers.checks,
    }
}

/// Signature and digest algorithm: the scheme of the key where it is one of ours.
pub(super) fn algorithm_in_words(
    certificate: Option<&Certificate>,
    named: ObjectIdentifier,
    digest: Option<DigestAlgorithm>,
) -> String {
    let digest = digest.map_or("unknown digest".to_owned(), |digest| digest.to_string());
    let scheme = certificate.and_then(Certificate::scheme);
    let key = scheme.map_or(named.to_string(), |scheme| scheme.to_string());
    format!("{key} with {digest}")
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

/// What makes a signature certainly wrong, in the order in which it is looked for.
const FATAL: [(&str, &str); 11] = [
    ("format", "FORMAT_FAILURE"),
    ("byte-range", "FORMAT_FAILURE"),
    ("references", "HASH_FAILURE"),
    ("digest", "HASH_FAILURE"),
    ("signature", "SIG_CRYPTO_FAILURE"),
    ("coverage", "FORMAT_FAILURE"),
    ("changes-after-signing", "FORMAT_FAILURE"),
    ("seal-signature", "SIG_CRYPTO_FAILURE"),
    ("seal-file", "FORMAT_FAILURE"),
    ("signer-in-seal", "SIG_CONSTRAINTS_FAILURE"),
    ("signature-list", "FORMAT_FAILURE"),
];

/// What keeps a signature from being good, without making it certainly wrong.
const CONSTRAINTS: [&str; 7] = [
    "signing-certificate",
    "signature-field",
    "key-usage",
    "seal-maker",
    "seal-dates",
    "times",
    NOT_FOR_TEST,
];

/// EN 319 102-1 §5.2 to §5.3, as far as the first form goes.
fn judge(answers: &Answers) -> (Indication, Option<String>) {
    use Indication::{Indeterminate, TotalFailed, TotalPassed};
    let because = |indication, word: &str| (indication, Some(word.to_owned()));
    if answers.unknown("format") {
        return (Indeterminate, None);
    }
    if let Some((_, word)) = FATAL.iter().find(|(name, _)| answers.failed(name)) {
        return because(TotalFailed, word);
    }
    if answers.unknown("algorithms") || answers.unknown("references") {
        return because(Indeterminate, "CRYPTO_CONSTRAINTS_FAILURE_NO_POE");
    }
    if answers.unknown("signature") || answers.unknown("signing-certificate") {
        return because(Indeterminate, "NO_SIGNING_CERTIFICATE_FOUND");
    }
    for name in CONSTRAINTS {
        if answers.failed(name) || (name == "key-usage" && answers.unknown(name)) {
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
        Err(
            PathError::NotAnIssuer(_)
            | PathError::CriticalExtension { .. }
            | PathError::NameNotPermitted(_)
            | PathError::PolicyNotMet(_)
            | PathError::Malformed(_),
        ) => return because(Indeterminate, "CHAIN_CONSTRAINTS_FAILURE"),
        Err(PathError::Revoked { leaf: true, .. }) => {
            return because(Indeterminate, "REVOKED_NO_POE");
        }
        Err(PathError::Revoked { leaf: false, .. }) => {
            return because(Indeterminate, "REVOKED_CA_NO_POE");
        }
        // EN 319 102-1 §5.2.5: both may be another answer later.
        Err(PathError::OnHold { .. } | PathError::RevocationUnknown { .. }) => {
            return because(Indeterminate, "TRY_LATER");
        }
        Ok(()) => {}
    }
    // A timestamp of an authority that is not trusted proves nothing and takes nothing away.
    let tolerable = |name: &str| [TIMESTAMP, SEAL_TIMESTAMP].contains(&name);
    let good = answers.checks.iter().all(|check| match check.passed {
        Some(passed) => passed,
        None => tolerable(&check.name),
    });
    if good { (TotalPassed, None) } else { because(Indeterminate, "SIG_CONSTRAINTS_FAILURE") }
}

/// The answer for the whole file: valid only if every signature passes and nothing unsigned could
/// mislead a reader. `complete` tells that every signature was found, `covered` that nothing which
/// was not judged stands outside of what is signed.
pub(super) fn conclude_file(report: &mut Report, complete: bool, covered: bool) {
    let all = |wanted: Indication| report.signatures.iter().all(|s| s.indication == wanted);
    let any = |wanted: Indication| report.signatures.iter().any(|s| s.indication == wanted);
    report.conclusion = if report.signatures.is_empty() {
        if complete { Conclusion::Unsigned } else { Conclusion::Indeterminate }
    } else if any(Indication::TotalFailed) {
        Conclusion::Invalid
    } else if all(Indication::TotalPassed) && covered && complete {
        Conclusion::Valid
    } else {
        Conclusion::Indeterminate
    };
}
