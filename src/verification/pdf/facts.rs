//! What is there, without judgement.

use crate::{
    containers::{
        cms::{ID_SIGNING_TIME, SignedData, SignerInfo},
        gbt35275::GmSignedData,
        ses::SealSignature,
        timestamp::TimestampToken,
    },
    crypto::{DigestAlgorithm, VerifyError, sm2, verify_message},
    domain::{Timestamp, source::ReadAt},
    formats::pdf::{FoundSignature, PdfError},
    pki::{Certificate, timestamp::ID_SIGNATURE_TIMESTAMP},
    verification::{
        attributes::{cms_time, digest_is_signed},
        timestamp,
    },
};

/// What the blob of a signature is. That is told by `/SubFilter`; `/Filter` is the maker's name.
pub(super) enum Blob {
    /// CMS over the byte range (RFC 5652).
    Cms(SignedData),
    /// `SignedData` of GB/T 35275 over the byte range.
    Gm(GmSignedData),
    /// A seal signature (GB/T 38540) over the byte range.
    Seal(Box<SealSignature>),
    /// Of a kind that is not evaluated.
    Other,
}

/// Everything known of one signature.
pub(super) struct Facts<'a> {
    pub(super) found: &'a FoundSignature,
    /// The signature blob, or why it is none.
    pub(super) blob: Result<Blob, String>,
    /// The signer's certificate.
    pub(super) certificate: Option<Certificate>,
    pub(super) digest_algorithm: Option<DigestAlgorithm>,
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
            Blob::Seal(_) | Blob::Other => None,
        }
    }

    /// The seal signature, if it is one.
    pub(super) fn seal(&self) -> Option<&SealSignature> {
        match self.blob.as_ref().ok()? {
            Blob::Seal(signature) => Some(signature),
            _ => None,
        }
    }

    /// The certificates beside the signer's.
    pub(super) fn others(&self) -> &[Certificate] {
        match &self.blob {
            Ok(Blob::Cms(cms)) => &cms.certificates,
            Ok(Blob::Gm(data)) => &data.certificates,
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
    let cms = || SignedData::from_der(der).map(Blob::Cms).map_err(|error| error.to_string());
    let gm = || GmSignedData::from_der(der).map(Blob::Gm).map_err(|error| error.to_string());
    match found.sub_filter.as_str() {
        "ETSI.CAdES.detached" => cms(),
        "adbe.pkcs7.detached" => cms().or_else(|error| gm().map_err(|_| error)),
        "GM.sm2cms.detached" => gm().or_else(|error| cms().map_err(|_| error)),
        "GM.sm2seal" => match SealSignature::from_der(der) {
            Ok(signature) => Ok(Blob::Seal(Box::new(signature))),
            Err(error) => Err(error.to_string()),
        },
        // Document timestamps and others say nothing in the manner looked for here.
        _ => Ok(Blob::Other),
    }
}

/// Gathers the facts of a signature.
pub(super) fn gather<'a>(source: &dyn ReadAt, found: &'a FoundSignature) -> Facts<'a> {
    let mut facts = Facts {
        found,
        blob: read_blob(found),
        certificate: None,
        digest_algorithm: None,
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
        let algorithm = DigestAlgorithm::from_oid(signer.digest_algorithm);
        let token = signer.unsigned_attribute(ID_SIGNATURE_TIMESTAMP);
        facts.timestamp = token.map(|token| timestamp::read(&token, &signer.signature));
        facts.claimed_time = signing_time.or(facts.claimed_time);
        facts.certificate = certificate;
        facts.digest_algorithm = algorithm;
    }
    match &facts.blob {
        Ok(Blob::Cms(_)) => {
            let (Some(signer), Some(algorithm)) = (facts.signer(), facts.digest_algorithm) else {
                return facts;
            };
            let signature = facts.certificate.as_ref().zip(signer.signed_attributes.as_ref()).map(
                |(c, signed)| {
                    let (kind, value) = (signer.signature_algorithm, &signer.signature);
                    verify_message(&c.spki_der(), kind, Some(algorithm), signed, value)
                },
            );
            let matches = digest(algorithm, &[]).map(|digest| digest_is_signed(signer, &digest));
            (facts.signature, facts.digest_matches) = (signature, matches);
        }
        Ok(Blob::Gm(data)) => {
            let signature = facts.certificate.as_ref().and_then(|c| data.verify(c));
            let matches =
                digest(DigestAlgorithm::Sm3, &[]).map(|digest| data.is_over_digest(&digest));
            (facts.signature, facts.digest_matches) = (signature, matches);
        }
        Ok(Blob::Seal(signature)) => {
            let sm3 = DigestAlgorithm::Sm3;
            let token = signature.timestamp.as_deref();
            let timestamp = token.map(|token| timestamp::read(token, &signature.signature));
            let result = signature.signer.as_ref().map(|signer| {
                let (kind, value) = (signature.algorithm, &signature.signature);
                verify_message(&signer.spki_der(), kind, Some(sm3), &signature.signed, value)
            });
            let plain = digest(sm3, &[]).map(|digest| digest == signature.data_hash);
            // Some makers take the digest with the signer's Z before it, as for a signature.
            let z = signature.signer.as_ref().and_then(|signer| sm2::z(signer.public_key()));
            let matches = match (plain, z) {
                (Some(false), Some(z)) => {
                    digest(sm3, &z).map(|digest| digest == signature.data_hash)
                }
                (plain, _) => plain,
            };
            let (certificate, time) = (signature.signer.clone(), signature.time.at);
            facts.claimed_time = time.or(facts.claimed_time);
            (facts.signature, facts.digest_matches) = (result, matches);
            (facts.certificate, facts.timestamp) = (certificate, timestamp);
            facts.digest_algorithm = Some(sm3);
        }
        Ok(Blob::Other) | Err(_) => {}
    }
    facts
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
