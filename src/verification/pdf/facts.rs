//! What is there, without judgement.

use crate::{
    containers::{
        cms::{ID_SIGNING_TIME, SignedData, SignerInfo},
        gbt35275::GmSignedData,
        ses::SealSignature,
        timestamp::{TimestampToken, TokenError},
    },
    crypto::{DigestAlgorithm, ForeignDigest, VerifyError, sm2, verify_even_weak, verify_message},
    domain::{Timestamp, source::ReadAt},
    formats::pdf::{FoundSignature, PdfError},
    pki::{Certificate, algorithms::Strength, timestamp::ID_SIGNATURE_TIMESTAMP},
    verification::{
        attributes::{cms_time, digest_is_signed},
        timestamp,
    },
};

/// A CMS whose content is the SHA-1 of what the range covers (ISO 32000-1 §12.8.3.3).
pub(super) const PKCS7_SHA1: &str = "adbe.pkcs7.sha1";
const SM3: ForeignDigest = ForeignDigest::Accepted(DigestAlgorithm::Sm3);

/// What the blob of a signature is. That is told by `/SubFilter`; `/Filter` is the maker's name.
pub(super) enum Blob {
    /// CMS over the byte range (RFC 5652).
    Cms(SignedData),
    /// `SignedData` of GB/T 35275 over the byte range.
    Gm(GmSignedData),
    /// A seal signature (GB/T 38540) over the byte range.
    Seal(Box<SealSignature>),
    /// A timestamp over the byte range (RFC 3161, a document timestamp).
    Timestamp(Box<TimestampToken>),
    /// Of a kind that is not evaluated, and why.
    Other(String),
}

/// Everything known of one signature.
pub(super) struct Facts<'a> {
    pub(super) found: &'a FoundSignature,
    /// The signature blob, or why it is none.
    pub(super) blob: Result<Blob, String>,
    /// The signer's certificate.
    pub(super) certificate: Option<Certificate>,
    /// The digest algorithm; one that is not accepted only tells whether anything was changed.
    pub(super) digest_algorithm: Option<ForeignDigest>,
    /// What the signature was made with.
    pub(super) strength: Option<Strength>,
    /// Whether what the range covers has the digest that was signed.
    pub(super) digest_matches: Option<bool>,
    /// Whether the signature value belongs to what was signed and the certificate.
    pub(super) signature: Option<Result<(), VerifyError>>,
    /// The timestamp over the signature value, where there is one; else why it is not good.
    pub(super) timestamp: Option<Result<TimestampToken, String>>,
    /// The time that the signer claims.
    pub(super) claimed_time: Option<Timestamp>,
}

impl Facts<'_> {
    /// The only signer of a CMS, if there is exactly one.
    pub(super) fn signer(&self) -> Option<&SignerInfo> {
        match self.blob.as_ref().ok()? {
            Blob::Cms(cms) => match cms.signers.as_slice() {
                [one] => Some(one),
                _ => None,
            },
            Blob::Gm(data) => Some(&data.signer),
            Blob::Seal(_) | Blob::Timestamp(_) | Blob::Other(_) => None,
        }
    }

    /// The seal signature, if it is one.
    pub(super) fn seal(&self) -> Option<&SealSignature> {
        match self.blob.as_ref().ok()? {
            Blob::Seal(signature) => Some(signature),
            _ => None,
        }
    }

    /// Whether it is a document timestamp.
    pub(super) fn is_timestamp(&self) -> bool {
        matches!(self.blob, Ok(Blob::Timestamp(_)))
    }

    /// The certificates beside the signer's.
    pub(super) fn others(&self) -> &[Certificate] {
        match &self.blob {
            Ok(Blob::Cms(cms)) => &cms.certificates,
            Ok(Blob::Gm(data)) => &data.certificates,
            Ok(Blob::Timestamp(token)) => &token.others,
            _ => &[],
        }
    }

    /// The signature value, where there is one signer.
    pub(super) fn value(&self) -> Option<&[u8]> {
        let of_seal = self.seal().map(|signature| &signature.signature);
        self.signer().map(|signer| &signer.signature).or(of_seal).map(Vec::as_slice)
    }
}

/// Reads the blob as the kind of signature says.
fn read_blob(found: &FoundSignature) -> Result<Blob, String> {
    let der = found.blob();
    let cms = || SignedData::from_der(&der).map(Blob::Cms).map_err(|error| error.to_string());
    let gm = || GmSignedData::from_der(&der).map(Blob::Gm).map_err(|error| error.to_string());
    match found.sub_filter.as_str() {
        "ETSI.CAdES.detached" | PKCS7_SHA1 => cms(),
        "adbe.pkcs7.detached" => cms().or_else(|error| gm().map_err(|_| error)),
        "GM.sm2cms.detached" => gm().or_else(|error| cms().map_err(|_| error)),
        "GM.sm2seal" => match SealSignature::from_der(&der) {
            Ok(signature) => Ok(Blob::Seal(Box::new(signature))),
            Err(error) => Err(error.to_string()),
        },
        "ETSI.RFC3161" => match TimestampToken::from_der(&der) {
            Ok(token) => Ok(Blob::Timestamp(Box::new(token))),
            Err(error @ (TokenError::Cms(_) | TokenError::Signature(VerifyError::Mismatch))) => {
                Err(error.to_string())
            }
            Err(error) => Ok(Blob::Other(error.to_string())),
        },
        kind => Ok(Blob::Other(format!("signatures of the kind {kind:?} are not evaluated"))),
    }
}

/// Gathers the facts of a signature.
pub(super) fn gather<'a>(source: &dyn ReadAt, found: &'a FoundSignature) -> Facts<'a> {
    let mut facts = Facts {
        found,
        blob: read_blob(found),
        certificate: None,
        digest_algorithm: None,
        strength: None,
        digest_matches: None,
        signature: None,
        timestamp: None,
        claimed_time: found.claimed_time.as_deref().and_then(pdf_date),
    };
    let digest = |algorithm, before: &[u8]| match found.digest(source, algorithm, before) {
        Ok(digest) => Some(digest),
        // A range that is not as it must be covers nothing that was signed.
        Err(PdfError::Damaged(_)) => Some(Vec::new()),
        Err(_) => None,
    };
    if let Some(signer) = facts.signer() {
        let signing_time = signer.attribute(ID_SIGNING_TIME).and_then(|value| cms_time(&value));
        let certificate = signer.certificate(facts.others()).cloned();
        let algorithm = ForeignDigest::from_oid(signer.digest_algorithm);
        let token = signer.unsigned_attribute(ID_SIGNATURE_TIMESTAMP);
        facts.timestamp = token.map(|token| timestamp::read(&token, &signer.signature));
        facts.claimed_time = signing_time.or(facts.claimed_time);
        facts.certificate = certificate;
        facts.digest_algorithm = algorithm;
    }
    match &facts.blob {
        Ok(Blob::Cms(cms)) => {
            let (Some(signer), Some(algorithm)) = (facts.signer(), facts.digest_algorithm) else {
                return facts;
            };
            let matches = match &cms.content {
                Some(content) if found.sub_filter == PKCS7_SHA1 => {
                    let named = digest_is_signed(signer, &algorithm.digest(content));
                    digest(ForeignDigest::Sha1, &[]).map(|digest| named && digest == *content)
                }
                _ => digest(algorithm, &[]).map(|digest| digest_is_signed(signer, &digest)),
            };
            let strength = facts.certificate.as_ref().map(|certificate| {
                let own = Strength::of_signature(
                    signer.signature_algorithm,
                    Some(algorithm),
                    certificate,
                );
                // Whatever signs the digest, it is by this digest that the document is bound.
                let bound_by = (found.sub_filter == PKCS7_SHA1).then_some(ForeignDigest::Sha1);
                Strength { digests: [bound_by.or(own.digests[0]), own.digests[1]], ..own }
            });
            let signature = value_of_cms(signer, facts.certificate.as_ref(), algorithm);
            (facts.signature, facts.strength) = (signature, strength);
            facts.digest_matches = matches;
        }
        Ok(Blob::Gm(data)) => {
            let signature = facts.certificate.as_ref().and_then(|c| data.verify(c));
            let kind = data.signer.signature_algorithm;
            facts.strength =
                facts.certificate.as_ref().map(|c| Strength::of_signature(kind, Some(SM3), c));
            let matches = digest(SM3, &[]).map(|digest| data.is_over_digest(&digest));
            (facts.signature, facts.digest_matches) = (signature, matches);
        }
        Ok(Blob::Timestamp(token)) => {
            let algorithm = ForeignDigest::Accepted(token.info.algorithm);
            let matches = digest(algorithm, &[]).map(|digest| digest == token.info.imprint);
            let (certificate, at) = (token.certificate.clone(), token.info.at);
            // Reading a token checks its signature.
            (facts.signature, facts.digest_matches) = (Some(Ok(())), matches);
            facts.strength = Some(token.strength());
            (facts.certificate, facts.claimed_time) = (Some(certificate), Some(at));
            facts.digest_algorithm = Some(algorithm);
        }
        Ok(Blob::Seal(signature)) => {
            let token = signature.timestamp.as_deref();
            let timestamp = token.map(|token| timestamp::read(token, &signature.signature));
            let result = signature.signer.as_ref().map(|signer| {
                let (kind, value) = (signature.algorithm, &signature.signature);
                verify_message(&signer.spki_der(), kind, SM3.accepted(), &signature.signed, value)
            });
            let plain = digest(SM3, &[]).map(|digest| digest == signature.data_hash);
            // Some makers take the digest with the signer's Z before it, as for a signature.
            let z = signature.signer.as_ref().and_then(|signer| sm2::z(signer.public_key()));
            let matches = match (plain, z) {
                (Some(false), Some(z)) => {
                    digest(SM3, &z).map(|digest| digest == signature.data_hash)
                }
                (plain, _) => plain,
            };
            let kind = signature.algorithm;
            let of = |c: &Certificate| Strength::of_signature(kind, Some(SM3), c);
            facts.strength = signature.signer.as_ref().map(of);
            let (certificate, time) = (signature.signer.clone(), signature.time.at);
            facts.claimed_time = time.or(facts.claimed_time);
            (facts.signature, facts.digest_matches) = (result, matches);
            (facts.certificate, facts.timestamp) = (certificate, timestamp);
            facts.digest_algorithm = Some(SM3);
        }
        Ok(Blob::Other(_)) | Err(_) => {}
    }
    facts
}

/// Verifies the signature value of a CMS.
fn value_of_cms(
    signer: &SignerInfo,
    certificate: Option<&Certificate>,
    digest: ForeignDigest,
) -> Option<Result<(), VerifyError>> {
    let (certificate, message) = certificate.zip(signer.signed_attributes.as_ref())?;
    let (spki, kind) = (certificate.spki_der(), signer.signature_algorithm);
    Some(verify_even_weak(&spki, kind, Some(digest), message, &signer.signature))
}

/// A date of PDF, `D:YYYYMMDDHHmmSSOHH'mm'` (ISO 32000-2 §7.9.4), as a point in time.
fn pdf_date(text: &str) -> Option<Timestamp> {
    let digits = text.strip_prefix("D:")?;
    let (date, zone) = digits.split_at_checked(14)?;
    if !date.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part = |range: std::ops::Range<usize>| date.get(range);
    let zone: String = zone.chars().filter(|c| *c != '\'').collect();
    let offset = match zone.as_str() {
        "" | "Z" | "Z0000" => "Z".to_owned(),
        other => {
            let (hours, minutes) = other.split_at_checked(3)?;
            format!("{hours}:{}", if minutes.is_empty() { "00" } else { minutes })
        }
    };
    Timestamp::parse(&format!(
        "{}-{}-{}T{}:{}:{}{offset}",
        part(0..4)?,
        part(4..6)?,
        part(6..8)?,
        part(8..10)?,
        part(10..12)?,
        part(12..14)?
    ))
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_with_and_without_zone() {
        let utc = Timestamp::parse("2026-03-01T12:00:00Z").unwrap();
        for text in ["D:20260301120000Z", "D:20260301200000+08'00'", "D:20260301200000+08'00"] {
            assert_eq!(pdf_date(text), Some(utc), "{text}");
        }
        assert_eq!(pdf_date("yesterday"), None);
    }
}
