//! Signatures of files of any kind: CMS (CAdES) or GB/T 35275, beside the file or around it.

use super::{
    Material, Options, Outcome,
    answers::{Answers, check},
    attributes::{cms_time, digest_is_signed, digests_disagree, signing_certificate},
    conclusion::{Outline, algorithm_in_words, conclude, conclude_file},
    in_der, signer,
    standing::{Known, Role, Used},
    timestamp,
};
use crate::{
    containers::{
        cms::{ID_SIGNING_TIME, SignedData, SignerInfo},
        gbt35275::{GmError, GmSignedData},
    },
    crypto::{ForeignDigest, VerifyError, verify_even_weak},
    domain::{
        report::{Check, CheckName, Conclusion, Coverage, Report},
        source::{ReadAt, for_each_chunk},
    },
    pki::{Certificate, algorithms::Strength, timestamp::ID_SIGNATURE_TIMESTAMP},
};

/// The most signers that are judged; the file is digested once for each algorithm of theirs.
const MOST_SIGNERS: usize = 16;

/// A signature of either kind.
pub(super) enum FileSignature {
    Cms(SignedData),
    Gm(Box<GmSignedData>),
}

impl FileSignature {
    /// Reads one; `None` if the bytes are none.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        match GmSignedData::from_der(der) {
            Ok(data) => Some(Self::Gm(Box::new(data))),
            Err(GmError::Structure(_)) => SignedData::from_der(der).ok().map(Self::Cms),
            Err(GmError::Signers(_)) => None,
        }
    }

    fn content(&self) -> Option<&[u8]> {
        match self {
            Self::Cms(data) => data.content.as_deref(),
            Self::Gm(data) => data.content.as_deref(),
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Cms(_) => "cms",
            Self::Gm(_) => "gbt35275",
        }
    }

    fn certificates(&self) -> &[Certificate] {
        match self {
            Self::Cms(data) => &data.certificates,
            Self::Gm(data) => &data.certificates,
        }
    }

    fn signers(&self) -> &[SignerInfo] {
        match self {
            Self::Cms(data) => &data.signers,
            Self::Gm(data) => std::slice::from_ref(&data.signer),
        }
    }
}

/// Verifies a signature: over `beside`, where the file stands beside it, else over what is inside.
pub(super) fn verify(
    signature: &FileSignature,
    beside: Option<&dyn ReadAt>,
    options: &Options,
    mut report: Report,
) -> Outcome {
    signature.kind().clone_into(&mut report.format);
    let inside = signature.content();
    let source: Option<&dyn ReadAt> = match (beside, &inside) {
        (Some(_), Some(_)) => {
            return unclear(report, "the signature holds a file of its own beside the one given");
        }
        (Some(beside), None) => Some(beside),
        (None, Some(inside)) => Some(inside),
        (None, None) => None,
    };
    if signature.signers().len() > MOST_SIGNERS {
        return unclear(report, "over 16 signers, more than are judged");
    }
    let mut digests = Digests { source, known: Vec::new() };
    let mut signature_values = Vec::new();
    let known = Known::nothing(options);
    for (index, one) in signature.signers().iter().enumerate() {
        let (outline, answers) = judge(signature, one, &mut digests, &known, options);
        report.signatures.push(conclude(index, outline, answers, options));
        signature_values.push(Some(in_der(&one.signature)));
    }
    (report.fetched, _) = known.end();
    if source.is_none() {
        report.detail =
            Some("a detached signature; give the file that it is of as well".to_owned());
    }
    conclude_file(&mut report, true, true);
    Outcome { report, signature_values, material: Material::default() }
}

fn unclear(mut report: Report, why: &str) -> Outcome {
    report.conclusion = Conclusion::Indeterminate;
    report.detail = Some(why.to_owned());
    Outcome::without_signatures(report)
}

/// The digests of a file, each taken once.
struct Digests<'a> {
    /// None where what was signed is not at hand.
    source: Option<&'a dyn ReadAt>,
    known: Vec<(ForeignDigest, Vec<u8>)>,
}

impl Digests<'_> {
    fn of(&mut self, algorithm: ForeignDigest) -> Option<Vec<u8>> {
        if let Some((_, digest)) = self.known.iter().find(|(known, _)| *known == algorithm) {
            return Some(digest.clone());
        }
        let source = self.source?;
        let mut hasher = algorithm.hasher();
        let size = source.size();
        for_each_chunk(source, 0, size, |chunk| hasher.update(chunk)).ok()?;
        let digest = hasher.finish();
        self.known.push((algorithm, digest.clone()));
        Some(digest)
    }
}

fn judge(
    signature: &FileSignature,
    one: &SignerInfo,
    digests: &mut Digests<'_>,
    known: &Known,
    options: &Options,
) -> (Outline, Answers) {
    let certificate = one.certificate(signature.certificates());
    let algorithm = ForeignDigest::from_oid(one.digest_algorithm);
    let digest = algorithm.and_then(|algorithm| digests.of(algorithm));
    let matches = digest.as_ref().map(|digest| match signature {
        FileSignature::Cms(_) if one.signed_attributes.is_none() => true,
        FileSignature::Cms(_) => digest_is_signed(one, digest),
        FileSignature::Gm(data) => {
            data.is_over_digest(digest)
                || digests.source.is_some_and(|source| is_content(data, source))
        }
    });
    let value = certificate.and_then(|certificate| match signature {
        FileSignature::Gm(data) => data.verify(certificate),
        FileSignature::Cms(data) => cms_value(data, one, certificate, algorithm),
    });
    let token = one.unsigned_attribute(ID_SIGNATURE_TIMESTAMP);
    let token = token.map(|token| timestamp::read(&token, &one.signature));
    let (stamped, proven) = token
        .as_ref()
        .map(|token| timestamp::judge(CheckName::Timestamp, token, known, options))
        .unzip();
    let (content, made_after) = timestamp::over_content(one, known, options).unzip();
    let (others, proven_time) = (signature.certificates(), proven.flatten());
    let claimed_time = one.attribute(ID_SIGNING_TIME).and_then(|value| cms_time(&value));
    let used = Used { proven: proven_time, stated: claimed_time };
    let standing = known.judge(certificate, others, Role::Signer, used, options);
    let strength = certificate
        .filter(|_| algorithm.is_some())
        .map(|certificate| Strength::of_signature(one.signature_algorithm, algorithm, certificate));
    let (algorithms, strength) = signer::algorithms(strength, proven_time, options);
    let demanded = matches!(signature, FileSignature::Cms(_));
    let mut checks = vec![
        format(signature, one),
        digest_check(matches),
        signer::value(value.as_ref(), certificate.is_some()),
        signing_certificate(Some(one), certificate, demanded),
        algorithms,
    ];
    if one.signed_attributes.is_none() {
        let text = "there are no signed attributes: the value may have been made for another use";
        checks.push(check(CheckName::SignedAttributes, None, text));
    }
    checks.extend(signer::checks(certificate, &standing));
    checks.extend(signer::test_only(certificate));
    checks.extend(stamped);
    checks.extend(content);
    let outline = Outline {
        kind: signature.kind().to_owned(),
        certificate: certificate.cloned(),
        algorithm: Some(algorithm_in_words(certificate, one.signature_algorithm, algorithm)),
        claimed_time,
        seal: None,
        uncovered: Vec::new(),
        modification_level: None,
        changed: false,
        modifications: Vec::new(),
        appearance: None,
    };
    let answers = Answers {
        checks,
        coverage: Some(Coverage::WholeFile),
        path: standing.path,
        proven_time,
        made_after: made_after.flatten(),
        signed_data_missing: digests.source.is_none(),
        strength,
    };
    (outline, answers)
}

/// Without signed attributes the content itself was signed; that is judged only where it stands
/// inside, in memory.
fn cms_value(
    data: &SignedData,
    one: &SignerInfo,
    certificate: &Certificate,
    algorithm: Option<ForeignDigest>,
) -> Option<Result<(), VerifyError>> {
    let signed = one.signed_attributes.as_deref().or(data.content.as_deref())?;
    let (kind, value) = (one.signature_algorithm, &one.signature);
    Some(verify_even_weak(&certificate.spki_der(), kind, algorithm, signed, value))
}

/// Whether the content that was signed without attributes is the file itself.
fn is_content(data: &GmSignedData, source: &dyn ReadAt) -> bool {
    let Some(content) = data.content.as_deref() else { return false };
    if data.signer.signed_attributes.is_some() || content.len() as u64 != source.size() {
        return false;
    }
    let mut at = 0;
    let mut same = true;
    let compared = for_each_chunk(source, 0, source.size(), |chunk| {
        same &= content.get(at..at + chunk.len()) == Some(chunk);
        at += chunk.len();
    });
    same && compared.is_ok()
}

fn format(signature: &FileSignature, one: &SignerInfo) -> Check {
    let problem = match signature {
        FileSignature::Cms(data) => digests_disagree(data, one),
        FileSignature::Gm(_) => None,
    };
    match problem {
        Some(problem) => check(CheckName::Format, Some(false), problem),
        None => {
            let text = format!("a signature of a file, {}", signature.kind());
            check(CheckName::Format, Some(true), text)
        }
    }
}

fn digest_check(matches: Option<bool>) -> Check {
    let detail = match matches {
        Some(true) => "the file is what was signed",
        Some(false) => "the file was changed after signing, or is another than was signed",
        None => "the digest could not be computed",
    };
    check(CheckName::Digest, matches, detail)
}
