//! From answers to a status in the words of ETSI EN 319 102-1.

use const_oid::ObjectIdentifier;

use super::{Options, account, answers::Answers};
use crate::{
    crypto::{ForeignDigest, KeyStrength},
    domain::{
        Timestamp,
        report::{
            Appearance, Check, CheckName, Conclusion, Consequence, Indication, Integrity,
            Modification, ModificationLevel, Reason, Report, SealReport, SignatureReport,
            SignerReport, SubIndication, Uncovered,
        },
    },
    pki::{Certificate, algorithms::Verdict, path::PathError},
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
    /// Whether more came after it than signatures, timestamps and data for validation.
    pub(super) changed: bool,
    pub(super) modifications: Vec<Modification>,
    pub(super) appearance: Option<Appearance>,
}

/// The questions whose answers make up integrity; a format asks those that it has.
const INTEGRITY: [CheckName; 4] =
    [CheckName::Digest, CheckName::Signature, CheckName::ByteRange, CheckName::References];

/// The report on one signature.
pub(super) fn conclude(
    index: usize,
    outline: Outline,
    mut answers: Answers,
    options: &Options,
) -> SignatureReport {
    for check in &mut answers.checks {
        check.consequence = options.policy.consequence(check.name, check.passed);
    }
    let status = judge(&answers, outline.certificate.as_ref());
    let verdict = account::reason(status, &answers, &outline).into();
    let (indication, sub_indication) = status;
    let integrity = if INTEGRITY.iter().any(|name| answers.failed(*name)) {
        Integrity::Broken
    } else if answers.get(CheckName::Signature) != Some(true)
        || INTEGRITY.iter().any(|name| answers.unknown(*name))
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
        verdict,
        certain: Vec::new(),
        uncertain: Vec::new(),
        coverage: answers.coverage,
        uncovered: outline.uncovered,
        modification_level: outline.modification_level,
        modifications: outline.modifications,
        appearance: outline.appearance,
        checks: answers.checks,
    }
}

/// Signature and digest algorithm: the scheme of the key where it is one of ours, else its family and
/// length.
pub(super) fn algorithm_in_words(
    certificate: Option<&Certificate>,
    named: ObjectIdentifier,
    digest: Option<ForeignDigest>,
) -> String {
    let digest = digest.map_or("unknown digest".to_owned(), |digest| digest.to_string());
    let scheme = certificate.and_then(Certificate::scheme).map(|scheme| scheme.to_string());
    let key = scheme.or_else(|| {
        let key = KeyStrength::of(&certificate?.spki_der())?;
        Some(format!("{}-{}", key.family, key.bits))
    });
    format!("{} with {digest}", key.unwrap_or(named.to_string()))
}

fn signer(certificate: &Certificate) -> SignerReport {
    SignerReport {
        name: certificate.common_name(),
        subject: Some(certificate.subject().to_string()),
        issuer: Some(certificate.issuer().to_string()),
        serial: Some(crate::crypto::digest::hex(certificate.serial())),
        fingerprint: Some(certificate.fingerprint()),
        not_before: Some(certificate.not_before()),
        not_after: Some(certificate.not_after()),
    }
}

/// What makes a signature certainly wrong, in the order in which it is looked for, and what it is called
/// for programs and for people.
pub(super) const FATAL: [(CheckName, SubIndication, Reason); 11] = [
    (CheckName::Format, SubIndication::FormatFailure, Reason::Malformed),
    (CheckName::ByteRange, SubIndication::FormatFailure, Reason::Malformed),
    (CheckName::References, SubIndication::HashFailure, Reason::Changed),
    (CheckName::Digest, SubIndication::HashFailure, Reason::Changed),
    (CheckName::Signature, SubIndication::SigCryptoFailure, Reason::Forged),
    (CheckName::Coverage, SubIndication::FormatFailure, Reason::NotCovered),
    (CheckName::ChangesAfterSigning, SubIndication::FormatFailure, Reason::Changed),
    (CheckName::SealSignature, SubIndication::SigCryptoFailure, Reason::SealForged),
    (CheckName::SealFile, SubIndication::FormatFailure, Reason::SealForged),
    (CheckName::SignerInSeal, SubIndication::SigConstraintsFailure, Reason::SealForged),
    (CheckName::SignatureList, SubIndication::FormatFailure, Reason::Changed),
];

/// What keeps a signature from being good whatever became of its certificates.
const CONSTRAINTS: [CheckName; 7] = [
    CheckName::SigningCertificate,
    CheckName::SignatureField,
    CheckName::KeyUsage,
    CheckName::SealMaker,
    CheckName::SealDates,
    CheckName::Times,
    CheckName::NotForTest,
];

/// By how much the clocks of two time-stamping authorities may differ, seconds.
const CLOCKS_DIFFER: i64 = 1;

/// The main status, and why it is not passed.
pub(super) type Status = (Indication, Option<SubIndication>);

fn indeterminate(why: SubIndication) -> Status {
    (Indication::Indeterminate, Some(why))
}

/// EN 319 102-1 §5.3 and §5.6.3: from the form of a signature to what is asked of it by policy.
fn judge(answers: &Answers, certificate: Option<&Certificate>) -> Status {
    let failed = |status: SubIndication| (Indication::TotalFailed, Some(status));
    if answers.unknown(CheckName::Format) {
        return (Indication::Indeterminate, None);
    }
    if let Some((_, why, _)) = FATAL.iter().find(|(name, ..)| answers.failed(*name)) {
        return failed(*why);
    }
    if answers.signed_data_missing {
        return indeterminate(SubIndication::SignedDataNotFound);
    }
    if answers.unknown(CheckName::References) {
        return indeterminate(SubIndication::CryptoConstraintsFailure);
    }
    if answers.unknown(CheckName::Algorithms) {
        return indeterminate(match answers.strength {
            Verdict::NotSince(..) => SubIndication::CryptoConstraintsFailureNoPoe,
            _ => SubIndication::CryptoConstraintsFailure,
        });
    }
    if answers.unknown(CheckName::Signature) || answers.unknown(CheckName::SigningCertificate) {
        return indeterminate(SubIndication::NoSigningCertificateFound);
    }
    let good = |check: &Check| check.passed == Some(true) || check.consequence != Consequence::Fail;
    if answers
        .checks
        .iter()
        .any(|check| CONSTRAINTS.contains(&check.name) && !good(check) && check.passed.is_some())
    {
        return indeterminate(SubIndication::SigConstraintsFailure);
    }
    if let Some(why) = certainly_too_late(answers, certificate) {
        return failed(why);
    }
    if let Err(error) = &answers.path {
        return indeterminate(of_path(error).0);
    }
    let order = answers.made_after.zip(answers.proven_time);
    if order.is_some_and(|(after, before)| after > before.plus_seconds(CLOCKS_DIFFER)) {
        return indeterminate(SubIndication::TimestampOrderFailure);
    }
    if answers.checks.iter().all(good) {
        (Indication::TotalPassed, None)
    } else {
        indeterminate(SubIndication::SigConstraintsFailure)
    }
}

/// Whether it is proven that the certificate could not sign when it did: EN 319 102-1 §5.5.4 and
/// §5.6.2.4.
fn certainly_too_late(
    answers: &Answers,
    certificate: Option<&Certificate>,
) -> Option<SubIndication> {
    let certificate = certificate?;
    let after = |end: Timestamp| answers.made_after.is_some_and(|made| made > end);
    match &answers.path {
        Ok(()) | Err(PathError::OutOfDates { .. })
            if answers.proven_time.is_some_and(|proven| proven < certificate.not_before()) =>
        {
            Some(SubIndication::NotYetValid)
        }
        Err(PathError::Revoked { leaf: true, at, .. }) if after(*at) => {
            Some(SubIndication::Revoked)
        }
        Err(PathError::OutOfDates { .. }) if after(certificate.not_after()) => {
            Some(SubIndication::Expired)
        }
        _ => None,
    }
}

/// What a missing path is called for programs and for people.
pub(super) fn of_path(error: &PathError) -> (SubIndication, Reason) {
    use SubIndication as Sub;
    match error {
        PathError::NoTrustedRoot => (Sub::NoCertificateChainFound, Reason::UnknownIssuer),
        PathError::OutOfDates { not_revoked: true, .. } => {
            (Sub::OutOfBoundsNotRevoked, Reason::Expired)
        }
        PathError::OutOfDates { .. } => (Sub::OutOfBoundsNoPoe, Reason::Expired),
        PathError::TooWeak { until: Some(_), .. } => {
            (Sub::CryptoConstraintsFailureNoPoe, Reason::Weak)
        }
        PathError::TooWeak { until: None, .. } => (Sub::CryptoConstraintsFailure, Reason::Weak),
        PathError::NotAnIssuer(_)
        | PathError::CriticalExtension { .. }
        | PathError::NameNotPermitted(_)
        | PathError::PolicyNotMet(_)
        | PathError::Malformed(_) => (Sub::ChainConstraintsFailure, Reason::ChainRules),
        PathError::Revoked { leaf: true, .. } => (Sub::RevokedNoPoe, Reason::Revoked),
        PathError::Revoked { leaf: false, .. } => (Sub::RevokedCaNoPoe, Reason::IssuerRevoked),
        // EN 319 102-1 §5.2.5: both may be another answer later.
        PathError::OnHold { .. } => (Sub::TryLater, Reason::OnHold),
        PathError::RevocationUnknown { .. } => (Sub::TryLater, Reason::StatusUnknown),
    }
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
        // A timestamp tells when something was there, and not whose it is.
        let unsigned = account::is_only_stamped(report);
        if unsigned { Conclusion::Unsigned } else { Conclusion::Valid }
    } else {
        Conclusion::Indeterminate
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verification::answers::check;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn certificate() -> Certificate {
        let pem = include_str!("../../test-vectors/sealed/sm2-root.pem");
        Certificate::from_pem(pem).unwrap().remove(0)
    }

    /// Everything answered with yes, but for what is changed.
    fn judged(change: impl Fn(&mut Answers)) -> Status {
        let checks = CheckName::ALL.iter().map(|name| check(*name, Some(true), "")).collect();
        let mut answers = Answers {
            checks,
            coverage: None,
            path: Ok(()),
            proven_time: None,
            made_after: None,
            signed_data_missing: false,
            strength: Verdict::Enough,
        };
        change(&mut answers);
        judge(&answers, Some(&certificate()))
    }

    fn set(answers: &mut Answers, name: CheckName, passed: Option<bool>) {
        answers.checks.iter_mut().filter(|one| one.name == name).for_each(|c| c.passed = passed);
    }

    #[test]
    fn every_status_is_reached_by_what_brings_it_about() {
        use CheckName as Name;
        use SubIndication as Sub;
        assert_eq!(judged(|_| {}), (Indication::TotalPassed, None));
        let subject = String::new;
        let revoked = |leaf, when| PathError::Revoked { subject: subject(), at: at(when), leaf };
        let out_of_dates = |not_revoked| PathError::OutOfDates {
            subject: subject(),
            from: certificate().not_before(),
            until: certificate().not_after(),
            not_revoked,
        };
        let (begin, end) = (certificate().not_before(), certificate().not_after());
        type Change<'a> = Box<dyn Fn(&mut Answers) + 'a>;
        let no = |name| -> Change<'_> { Box::new(move |a| set(a, name, Some(false))) };
        let unknown = |name| -> Change<'_> { Box::new(move |a| set(a, name, None)) };
        let path =
            |error: PathError| -> Change<'_> { Box::new(move |a| a.path = Err(error.clone())) };
        let weak = |strength: Verdict| -> Change<'_> {
            Box::new(move |a| {
                set(a, Name::Algorithms, None);
                a.strength = strength.clone();
            })
        };
        let late = |error: PathError, made: Timestamp| -> Change<'_> {
            Box::new(move |a| {
                a.path = Err(error.clone());
                a.made_after = Some(made);
            })
        };
        let cases: Vec<(Sub, Indication, Change<'_>)> = vec![
            (Sub::FormatFailure, Indication::TotalFailed, no(Name::Format)),
            (Sub::FormatFailure, Indication::TotalFailed, no(Name::ChangesAfterSigning)),
            (Sub::HashFailure, Indication::TotalFailed, no(Name::Digest)),
            (Sub::SigCryptoFailure, Indication::TotalFailed, no(Name::Signature)),
            (Sub::SigCryptoFailure, Indication::TotalFailed, no(Name::SealSignature)),
            (Sub::SigConstraintsFailure, Indication::TotalFailed, no(Name::SignerInSeal)),
            (Sub::Revoked, Indication::TotalFailed, late(revoked(true, 50), at(60))),
            (Sub::RevokedNoPoe, Indication::Indeterminate, late(revoked(true, 50), at(40))),
            (Sub::Expired, Indication::TotalFailed, late(out_of_dates(true), end.plus_seconds(1))),
            (Sub::OutOfBoundsNotRevoked, Indication::Indeterminate, late(out_of_dates(true), end)),
            (
                Sub::NotYetValid,
                Indication::TotalFailed,
                Box::new(|a| a.proven_time = Some(begin.plus_seconds(-1))),
            ),
            (Sub::OutOfBoundsNoPoe, Indication::Indeterminate, path(out_of_dates(false))),
            (Sub::RevokedCaNoPoe, Indication::Indeterminate, path(revoked(false, 50))),
            (
                Sub::NoCertificateChainFound,
                Indication::Indeterminate,
                path(PathError::NoTrustedRoot),
            ),
            (
                Sub::ChainConstraintsFailure,
                Indication::Indeterminate,
                path(PathError::NotAnIssuer(subject())),
            ),
            (
                Sub::TryLater,
                Indication::Indeterminate,
                path(PathError::OnHold { subject: subject(), at: at(0) }),
            ),
            (
                Sub::CryptoConstraintsFailure,
                Indication::Indeterminate,
                weak(Verdict::Never(String::new())),
            ),
            (
                Sub::CryptoConstraintsFailureNoPoe,
                Indication::Indeterminate,
                weak(Verdict::NotSince(at(0), String::new())),
            ),
            (
                Sub::CryptoConstraintsFailureNoPoe,
                Indication::Indeterminate,
                path(PathError::TooWeak {
                    subject: subject(),
                    what: subject(),
                    until: Some(at(0)),
                }),
            ),
            (
                Sub::NoSigningCertificateFound,
                Indication::Indeterminate,
                unknown(Name::SigningCertificate),
            ),
            (
                Sub::SignedDataNotFound,
                Indication::Indeterminate,
                Box::new(|a| a.signed_data_missing = true),
            ),
            (
                Sub::TimestampOrderFailure,
                Indication::Indeterminate,
                Box::new(|a| {
                    a.proven_time = Some(begin.plus_seconds(10));
                    a.made_after = Some(begin.plus_seconds(12));
                }),
            ),
            (Sub::SigConstraintsFailure, Indication::Indeterminate, no(Name::KeyUsage)),
            (Sub::SigConstraintsFailure, Indication::Indeterminate, no(Name::Timestamp)),
            (Sub::SigConstraintsFailure, Indication::Indeterminate, unknown(Name::Coverage)),
        ];
        for (sub, indication, change) in &cases {
            assert_eq!(judged(change), (*indication, Some(*sub)));
        }
        let reached = |sub: &Sub| cases.iter().any(|(reached, ..)| reached == sub);
        assert!(Sub::ALL.iter().all(reached), "a word that nothing brings about");
    }

    #[test]
    fn what_a_policy_makes_milder_does_not_keep_a_signature_from_passing() {
        let milder = |a: &mut Answers| {
            let timestamp = a.checks.iter_mut().filter(|one| one.name == CheckName::Timestamp);
            timestamp.for_each(|one| {
                (one.passed, one.consequence) = (None, Consequence::Warn);
            });
        };
        assert_eq!(judged(milder), (Indication::TotalPassed, None));
    }
}
