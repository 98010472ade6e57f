//! The signatures of an OFD: seal signatures (GB/T 38540) and GB/T 35275 over a Signature.xml, which
//! holds the digests of the parts.

mod coverage;

use super::{
    Material, Options, Outcome,
    answers::{Answers, check},
    conclusion::{Outline, algorithm_in_words, conclude, conclude_file},
    in_der, seal_structure, signer,
    standing::{Known, Role, Used},
    timestamp,
};
use coverage::Covered;

use crate::{
    containers::{
        gbt35275::GmSignedData,
        ses::{SealSignature, SesTime},
    },
    crypto::{
        DigestAlgorithm, ForeignDigest, Scheme, VerifyError, scheme::means_sm2, sm2, verify_message,
    },
    domain::{
        Timestamp,
        report::{Check, CheckName, Conclusion, Modification, ModificationKind, Report, Uncovered},
        source::ReadAt,
    },
    formats::ofd::{self, FoundSignature, OfdError, PartState},
    pki::{
        Certificate,
        algorithms::{Strength, Verdict},
        tlv,
    },
};

/// What the signature value is.
enum Blob {
    Seal(Box<SealSignature>),
    Gm(Box<GmSignedData>),
    /// A bare SM2 signature without certificate, as one library wrote long ago.
    Bare,
}

/// Verifies an OFD.
pub(super) fn verify(source: &dyn ReadAt, options: &Options, mut report: Report) -> Outcome {
    "ofd".clone_into(&mut report.format);
    let inspection = match ofd::inspect(source) {
        Ok(inspection) => inspection,
        Err(error) => {
            if matches!(error, OfdError::NotOfd) {
                "unknown".clone_into(&mut report.format);
            }
            report.conclusion = Conclusion::Indeterminate;
            report.detail = Some(error.to_string());
            return Outcome::without_signatures(report);
        }
    };
    let mut signature_values = Vec::new();
    let all: Vec<_> = inspection.signatures.iter().map(Facts::gather).collect();
    let covered = coverage::covered(&inspection, &all);
    let known = Known::nothing(options);
    for (index, (facts, covered)) in all.iter().zip(covered).enumerate() {
        let answers = checks(facts, &covered, &inspection.findings, &known, options);
        signature_values.push(facts.value().map(in_der));
        let outline = facts.outline(covered.uncovered);
        report.signatures.push(conclude(index, outline, answers, options));
    }
    drop(all);
    (report.fetched, _) = known.end();
    // What is ambiguous may hold signatures that were not found.
    let clear = inspection.findings.is_empty();
    conclude_file(&mut report, clear, clear);
    let remarks = [inspection.findings, inspection.notes].concat();
    report.detail = (!remarks.is_empty()).then(|| remarks.join("; "));
    Outcome { report, signature_values, material: Material::default() }
}

struct Facts<'a> {
    found: &'a FoundSignature,
    blob: Result<Blob, String>,
    certificate: Option<Certificate>,
    /// Whether Signature.xml has the digest that was signed.
    digest_matches: Option<bool>,
    signature: Option<Result<(), VerifyError>>,
    claimed_time: Option<Timestamp>,
}

impl<'a> Facts<'a> {
    fn gather(found: &'a FoundSignature) -> Self {
        let mut facts = Self {
            found,
            blob: read_blob(&found.value),
            certificate: None,
            digest_matches: None,
            signature: None,
            claimed_time: found.xml.time.as_deref().and_then(|text| SesTime::from_text(text).at),
        };
        let sm3 = DigestAlgorithm::Sm3;
        match &facts.blob {
            Ok(Blob::Seal(signature)) => {
                let z = signature.signer.as_ref().and_then(|signer| sm2::z(signer.public_key()));
                let with_z = |z: Vec<u8>| sm3.digest(&[z.as_slice(), &found.bytes].concat());
                // Some makers take the digest with the signer's Z before it, as for a signature.
                facts.digest_matches = Some(
                    signature.data_hash == sm3.digest(&found.bytes)
                        || z.is_some_and(|z| signature.data_hash == with_z(z)),
                );
                facts.signature = signature.signer.as_ref().map(|signer| {
                    let (kind, value) = (signature.algorithm, &signature.signature);
                    verify_message(&signer.spki_der(), kind, Some(sm3), &signature.signed, value)
                });
                let (certificate, time) = (signature.signer.clone(), signature.time.at);
                facts.claimed_time = time.or(facts.claimed_time);
                facts.certificate = certificate;
            }
            Ok(Blob::Gm(data)) => {
                let certificate = data.certificate().cloned();
                facts.digest_matches = Some(data.is_over(&found.bytes));
                facts.signature = certificate.as_ref().and_then(|signer| data.verify(signer));
                facts.certificate = certificate;
            }
            Ok(Blob::Bare) | Err(_) => {}
        }
        facts
    }

    fn seal(&self) -> Option<&SealSignature> {
        match &self.blob {
            Ok(Blob::Seal(signature)) => Some(signature),
            _ => None,
        }
    }

    fn value(&self) -> Option<&[u8]> {
        match self.blob.as_ref().ok()? {
            Blob::Seal(signature) => Some(&signature.signature),
            Blob::Gm(data) => Some(&data.signer.signature),
            Blob::Bare => Some(&self.found.value),
        }
    }

    fn kind(&self) -> String {
        match &self.blob {
            Ok(Blob::Seal(signature)) => format!("ses-v{}", signature.seal.version.number()),
            Ok(Blob::Gm(_)) => "gbt35275".to_owned(),
            Ok(Blob::Bare) => "bare".to_owned(),
            Err(_) => "unknown".to_owned(),
        }
    }

    fn outline(&self, uncovered: Vec<String>) -> Outline {
        let certificate = self.certificate.as_ref();
        let named = match &self.blob {
            Ok(Blob::Seal(signature)) => Some(signature.algorithm),
            Ok(Blob::Gm(data)) => Some(data.signer.signature_algorithm),
            _ => None,
        };
        let digest = Some(ForeignDigest::Accepted(DigestAlgorithm::Sm3));
        let change = |part: &ofd::ProtectedPart| {
            let what = match part.state {
                PartState::Unchanged | PartState::Unknown => return None,
                PartState::Changed => format!("{} was changed after signing", part.file),
                PartState::Missing => format!("{} was removed after signing", part.file),
            };
            let kind = ModificationKind::ProtectedPart;
            Some(Modification { kind, what, allowed: Some(false) })
        };
        Outline {
            kind: self.kind(),
            certificate: self.certificate.clone(),
            algorithm: named.map(|oid| algorithm_in_words(certificate, oid, digest)),
            claimed_time: self.claimed_time,
            seal: self.seal().map(|signature| seal_structure::report(&signature.seal)),
            uncovered: uncovered.into_iter().map(Uncovered::Part).collect(),
            modification_level: None,
            changed: false,
            modifications: self.found.parts.iter().filter_map(change).collect(),
            appearance: None,
        }
    }
}

fn read_blob(value: &[u8]) -> Result<Blob, String> {
    let outer = tlv::only(value, tlv::SEQUENCE).map_err(|error| error.to_string())?;
    match outer.content.first() {
        Some(&tlv::OID) => GmSignedData::from_der(value)
            .map(|data| Blob::Gm(Box::new(data)))
            .map_err(|error| error.to_string()),
        Some(&tlv::INTEGER) => Ok(Blob::Bare),
        _ => match SealSignature::from_der(value) {
            Ok(signature) => Ok(Blob::Seal(Box::new(signature))),
            Err(error) => Err(error.to_string()),
        },
    }
}

fn checks(
    facts: &Facts<'_>,
    covered: &Covered,
    findings: &[String],
    known: &Known,
    options: &Options,
) -> Answers {
    let found = facts.found;
    let certificate = facts.certificate.as_ref();
    let others = match &facts.blob {
        Ok(Blob::Gm(data)) => data.certificates.as_slice(),
        _ => &[],
    };
    let mut proven_time = None;
    let mut of_timestamp = None;
    if let Some(signature) = facts.seal()
        && let Some(token) = &signature.timestamp
    {
        let token = timestamp::read(token, &signature.signature);
        let (answer, proven) = timestamp::judge(CheckName::Timestamp, &token, known, options);
        (of_timestamp, proven_time) = (Some(answer), proven);
    }
    let (algorithms, strength) = algorithms(facts, proven_time, options);
    let mut checks = vec![
        format(facts),
        package(findings),
        references(found),
        digest(facts),
        signer::value(facts.signature.as_ref(), certificate.is_some()),
        algorithms,
        covered.check(),
        covered.list_check(),
    ];
    if let Some(signature) = facts.seal() {
        checks.extend(seal_file(found, signature));
        checks.push(property(found, signature));
        checks.extend(of_timestamp);
        checks.extend(seal_structure::checks(signature, proven_time, known, options));
    }
    let used = Used { proven: proven_time, stated: facts.claimed_time };
    let role = if facts.seal().is_some() { Role::Sealer } else { Role::Signer };
    let standing = known.judge(certificate, others, role, used, options);
    checks.extend(signer::checks(certificate, &standing));
    checks.extend(signer::test_only(certificate));
    Answers {
        checks,
        coverage: Some(covered.coverage),
        path: standing.path,
        proven_time,
        made_after: None,
        signed_data_missing: false,
        strength,
    }
}

fn format(facts: &Facts<'_>) -> Check {
    const NAME: CheckName = CheckName::Format;
    if facts.found.parts.is_empty() {
        return check(NAME, Some(false), "the signature protects nothing");
    }
    match &facts.blob {
        Err(error) => check(NAME, Some(false), error.clone()),
        Ok(Blob::Bare) => {
            check(NAME, None, "a bare signature value, which does not tell who signed")
        }
        Ok(Blob::Gm(_)) if facts.found.is_seal => {
            check(NAME, Some(false), "the list calls it a seal, but there is no seal in it")
        }
        Ok(Blob::Gm(_)) if !facts.found.xml.stamps.is_empty() || facts.found.xml.seal.is_some() => {
            let text = "a plain signature shows a seal, though there is none in it";
            check(NAME, Some(false), text)
        }
        Ok(Blob::Gm(_)) => check(NAME, Some(true), "SignedData of GB/T 35275"),
        Ok(Blob::Seal(_)) if !facts.found.is_seal => {
            check(NAME, Some(false), "the list calls it a plain signature, but it is a seal")
        }
        Ok(Blob::Seal(signature)) => {
            let standard = signature.seal.version.standard();
            check(NAME, Some(true), format!("seal signature of {standard}"))
        }
    }
}

fn package(findings: &[String]) -> Check {
    const NAME: CheckName = CheckName::Package;
    if findings.is_empty() {
        check(NAME, Some(true), "every reader finds the same parts in the package")
    } else {
        let text = format!("two readers may see two documents: {}", findings.join("; "));
        check(NAME, None, text)
    }
}

fn references(found: &FoundSignature) -> Check {
    const NAME: CheckName = CheckName::References;
    let of = |state: PartState| {
        let all: Vec<&str> = found
            .parts
            .iter()
            .filter(|part| part.state == state)
            .map(|part| part.file.as_str())
            .collect();
        (!all.is_empty()).then(|| all.join(", "))
    };
    if let Some(changed) = of(PartState::Changed) {
        return check(NAME, Some(false), format!("changed after signing 签章后被改动: {changed}"));
    }
    if let Some(missing) = of(PartState::Missing) {
        return check(NAME, Some(false), format!("removed after signing 签章后被删除: {missing}"));
    }
    if let Some(unknown) = of(PartState::Unknown) {
        let method = found.xml.check_method.as_deref().unwrap_or("MD5");
        let text = format!("not compared, as digests by {method} are not accepted: {unknown}");
        return check(NAME, None, text);
    }
    match found.parts.len() {
        0 => check(NAME, Some(false), "the signature protects nothing"),
        count => check(NAME, Some(true), format!("the {count} protected parts are unchanged")),
    }
}

fn digest(facts: &Facts<'_>) -> Check {
    let detail = match facts.digest_matches {
        Some(true) => "the list of protected parts is as it was signed",
        Some(false) => "the list of protected parts, Signature.xml, was changed after signing",
        None => "the digest could not be computed",
    };
    check(CheckName::Digest, facts.digest_matches, detail)
}

/// Whether it is SM2 with SM3, and named so, and that is strong enough.
fn algorithms(facts: &Facts<'_>, proven: Option<Timestamp>, options: &Options) -> (Check, Verdict) {
    const NAME: CheckName = CheckName::Algorithms;
    let method = &facts.found.xml.method;
    let stated = const_oid::ObjectIdentifier::new(method).is_ok_and(means_sm2)
        || method.eq_ignore_ascii_case("SM2")
        || method.eq_ignore_ascii_case("SM3withSM2");
    let used = match &facts.blob {
        Ok(Blob::Seal(signature)) => Some(signature.algorithm),
        Ok(Blob::Gm(data)) => Some(data.signer.signature_algorithm),
        _ => None,
    };
    let of_sm2 = facts.certificate.as_ref().is_some_and(|c| c.scheme() == Some(Scheme::Sm2));
    match used {
        Some(oid) if means_sm2(oid) && of_sm2 && (stated || method.is_empty()) => {
            let sm3 = Some(ForeignDigest::Accepted(DigestAlgorithm::Sm3));
            let of = |c: &Certificate| Strength::of_signature(oid, sm3, c);
            signer::algorithms(facts.certificate.as_ref().map(of), proven, options)
        }
        Some(oid) if stated && !(means_sm2(oid) && of_sm2) => {
            let text = format!("it is called SM2, but signed by {oid}");
            (check(NAME, None, text.clone()), Verdict::Never(text))
        }
        _ => {
            let text = format!("the signature method {method:?} is not evaluated");
            (check(NAME, None, text.clone()), Verdict::Never(text))
        }
    }
}

/// Whether the signature says that it is of this Signature.xml. Without that, one of something else
/// with the same digest could be put here.
fn property(found: &FoundSignature, signature: &SealSignature) -> Check {
    const NAME: CheckName = CheckName::SignedProperty;
    let same = ofd::path::normal(&signature.property)
        .is_some_and(|path| path.eq_ignore_ascii_case(&found.path));
    if same {
        check(NAME, Some(true), "the signature names the part that it is of")
    } else {
        let text = format!("the signature says that it is of {:?}", signature.property);
        check(NAME, None, text)
    }
}

fn seal_file(found: &FoundSignature, signature: &SealSignature) -> Option<Check> {
    const NAME: CheckName = CheckName::SealFile;
    let (path, content) = found.seal_file.as_ref()?;
    Some(if *content == signature.seal.raw {
        check(NAME, Some(true), "the seal beside the signature is the one in it")
    } else {
        let text = format!("{path}, which a reader may show, is not the seal that was signed with");
        check(NAME, Some(false), text)
    })
}
