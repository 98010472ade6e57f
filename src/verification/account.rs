//! What a report comes to, for people: the main reason, what is certain and what is not. "Changed",
//! "forged" and "not known here" are told apart; a sentence says no more than the checks do.

use super::{
    answers::Answers,
    conclusion::{FATAL, Outline, Status, of_path},
};
use crate::domain::report::{
    CheckName, Conclusion, Consequence, DOCUMENT_TIMESTAMP, Indication, Integrity, Reason, Report,
    SignatureReport, SubIndication, TwoLanguages,
};

/// What keeps a signature from passing before its certificates are asked about, and what it means that
/// the answer is no, and that it is not known.
const DOUBTS: [(CheckName, Reason, Reason); 7] = [
    (CheckName::Package, Reason::Ambiguous, Reason::Ambiguous),
    (CheckName::Coverage, Reason::NotCovered, Reason::NotCovered),
    (CheckName::SignatureList, Reason::Changed, Reason::NotCovered),
    (CheckName::SignatureField, Reason::Other, Reason::Other),
    (CheckName::ChangesAfterSigning, Reason::Changed, Reason::ChangesUnclear),
    (CheckName::AppearanceAfterSigning, Reason::ChangesUnclear, Reason::ChangesUnclear),
    (CheckName::NotForTest, Reason::TestSeal, Reason::Other),
];

/// And what does so behind them.
const DOUBTS_BEHIND: [(CheckName, Reason, Reason); 10] = [
    (CheckName::SigningCertificate, Reason::CertificateNotNamed, Reason::NoCertificate),
    (CheckName::KeyUsage, Reason::KeyUsage, Reason::Other),
    (CheckName::SealSignature, Reason::SealForged, Reason::NotEvaluated),
    (CheckName::SealMaker, Reason::MakerUnfit, Reason::UnknownMaker),
    (CheckName::SealDates, Reason::SealDates, Reason::Other),
    (CheckName::SignerInSeal, Reason::SealForged, Reason::SealRenewal),
    (CheckName::Times, Reason::Times, Reason::Other),
    (CheckName::Timestamp, Reason::Timestamp, Reason::Other),
    (CheckName::ContentTimestamp, Reason::Timestamp, Reason::Other),
    (CheckName::SealTimestamp, Reason::Timestamp, Reason::Other),
];

/// The main reason of a status.
pub(super) fn reason(status: Status, answers: &Answers, outline: &Outline) -> Reason {
    use SubIndication as Sub;
    let first = |all: &[(CheckName, Reason, Reason)]| {
        all.iter().find_map(|(name, failed, unknown)| {
            let mut named = answers.checks.iter().filter(|check| check.name == *name);
            let check = named.find(|check| {
                check.passed != Some(true) && check.consequence == Consequence::Fail
            })?;
            Some(if check.passed.is_some() { *failed } else { *unknown })
        })
    };
    let (indication, sub) = status;
    match (indication, sub) {
        (Indication::TotalPassed, _) if outline.kind == DOCUMENT_TIMESTAMP => {
            return Reason::Stamped;
        }
        (Indication::TotalPassed, _) if outline.changed => return Reason::ValidChanged,
        (Indication::TotalPassed, _) => return Reason::Valid,
        (_, Some(Sub::Revoked | Sub::Expired)) => return Reason::RevokedBefore,
        (_, Some(Sub::NotYetValid)) => return Reason::NotYetValid,
        (Indication::TotalFailed, _) => {
            let wrong = FATAL.iter().find(|(name, ..)| answers.failed(*name));
            return wrong.map_or(Reason::Other, |(.., reason)| *reason);
        }
        (_, Some(Sub::SignedDataNotFound)) => return Reason::FileMissing,
        (Indication::Indeterminate, _) => {}
    }
    if answers.unknown(CheckName::Format) {
        return Reason::NotEvaluated;
    }
    if let Some(reason) = first(&DOUBTS) {
        return reason;
    }
    // What is too weak can be computed; what cannot be is not known here.
    if answers.unknown(CheckName::References) {
        return Reason::Weak;
    }
    if answers.unknown(CheckName::Algorithms) {
        let computed = answers.get(CheckName::Signature) == Some(true);
        return if computed { Reason::Weak } else { Reason::NotEvaluated };
    }
    if sub == Some(Sub::NoSigningCertificateFound) {
        return Reason::NoCertificate;
    }
    let of_path = answers.path.as_ref().err().map(|error| of_path(error).1);
    let times = (sub == Some(Sub::TimestampOrderFailure)).then_some(Reason::Times);
    of_path.or(times).or(first(&DOUBTS_BEHIND)).unwrap_or(Reason::Other)
}

/// Writes what is certain of every signature and what is not, and the verdict on the file.
pub(super) fn write(report: &mut Report) {
    for signature in &mut report.signatures {
        (signature.certain, signature.uncertain) = (certain(signature), uncertain(signature));
    }
    report.verdict = of_file(report).into();
}

fn of_file(report: &Report) -> Reason {
    let reasons = |wanted: Indication| {
        report.signatures.iter().find(|s| s.indication == wanted).map(|s| s.verdict.reason)
    };
    match report.conclusion {
        Conclusion::Unsigned if report.signatures.is_empty() => Reason::Unsigned,
        Conclusion::Unsigned => Reason::OnlyTimestamped,
        Conclusion::Valid if report.signatures.iter().any(is_changed) => Reason::ValidChanged,
        Conclusion::Valid => Reason::Valid,
        Conclusion::Invalid | Conclusion::Indeterminate => reasons(Indication::TotalFailed)
            .or(reasons(Indication::Indeterminate))
            .unwrap_or(match report.format.as_str() {
                "ofd" if !report.signatures.is_empty() => Reason::Ambiguous,
                _ => Reason::Unreadable,
            }),
    }
}

fn is_changed(signature: &SignatureReport) -> bool {
    signature.verdict.reason == Reason::ValidChanged
}

/// Whether there are document timestamps in a file and nothing else that is signed.
pub(super) fn is_only_stamped(report: &Report) -> bool {
    report.signatures.iter().all(|signature| signature.kind == DOCUMENT_TIMESTAMP)
}

fn certain(signature: &SignatureReport) -> Vec<TwoLanguages> {
    let mut all = Vec::new();
    let passed = |name: CheckName| {
        signature.checks.iter().any(|check| check.name == name && check.passed == Some(true))
    };
    if signature.integrity == Integrity::Intact && passed(CheckName::Algorithms) {
        all.push(TwoLanguages::new(
            "What was signed is unchanged, and the signature was made with the key of the certificate.",
            "被签内容未被改动，签名由证书对应的密钥签出。",
        ));
    }
    if passed(CheckName::CertificateChain) && passed(CheckName::Revocation) {
        all.push(TwoLanguages::new(
            "The certificate leads to an authority that is trusted here, and nothing at hand says that \
             it was revoked when it was used.",
            "证书由受信任的机构颁发，现有信息未显示其在使用时已被吊销。",
        ));
    }
    if let Some(at) = signature.timestamp {
        all.push(TwoLanguages::new(
            format!(
                "It is proven by a timestamp that the signature was there at {}.",
                at.to_the_second()
            ),
            format!("有可信时间戳证明签名在 {}（北京时间）已存在。", at.in_china()),
        ));
    }
    if passed(CheckName::SignatureOnRecord) {
        all.push(TwoLanguages::new(
            "The register of seals holds the record of this signature.",
            "印章登记中有该签章的记录。",
        ));
    }
    let failed = signature.checks.iter().filter(|check| check.passed == Some(false));
    all.extend(failed.map(|check| check.name.if_failed()));
    all
}

fn uncertain(signature: &SignatureReport) -> Vec<TwoLanguages> {
    let mut all = Vec::new();
    if let (Some(at), None) = (signature.signing_time, signature.timestamp) {
        all.push(TwoLanguages::new(
            format!(
                "That it was made at {} is stated only; no timestamp proves it.",
                at.to_the_second()
            ),
            format!("所示时间 {}（北京时间）为自述，没有时间戳证明。", at.in_china()),
        ));
    }
    let unknown = signature.checks.iter().filter(|check| check.passed.is_none());
    all.extend(unknown.map(|check| check.name.if_unknown()));
    all
}
