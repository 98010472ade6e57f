//! What is there, without judgement.

use crate::{
    containers::cms::{
        CmsError, ID_CONTENT_TYPE, ID_DATA, ID_MESSAGE_DIGEST, ID_SIGNING_TIME, SignedData,
        SignerInfo,
    },
    containers::timestamp::TimestampToken,
    crypto::{DigestAlgorithm, VerifyError, verify_message},
    domain::{Timestamp, source::ReadAt},
    formats::pdf::{FoundSignature, PdfError},
    pki::{
        Certificate,
        timestamp::ID_SIGNATURE_TIMESTAMP,
        tlv::{self, Reader},
    },
};

/// The kinds of signature that are evaluated: detached CMS over the byte range.
pub(super) const EVALUATED: [&str; 2] = ["ETSI.CAdES.detached", "adbe.pkcs7.detached"];

/// Everything known of one signature.
pub(super) struct Facts<'a> {
    pub(super) found: &'a FoundSignature,
    /// The signature blob, or why it is none.
    pub(super) cms: Result<SignedData, CmsError>,
    /// The signer's certificate.
    pub(super) certificate: Option<Certificate>,
    pub(super) digest_algorithm: Option<DigestAlgorithm>,
    /// Whether what the range covers has the digest that was signed.
    pub(super) digest_matches: Option<bool>,
    /// Whether the signature value belongs to the signed attributes and the certificate.
    pub(super) signature: Option<Result<(), VerifyError>>,
    /// The timestamp over the signature value, where there is one; else why it is not good.
    pub(super) timestamp: Option<Result<TimestampToken, String>>,
    /// The time that the signer claims.
    pub(super) claimed_time: Option<Timestamp>,
}

impl Facts<'_> {
    /// The only signer, if there is exactly one.
    pub(super) fn signer(&self) -> Option<&SignerInfo> {
        match self.cms.as_ref().ok()?.signers.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }
}

/// Gathers the facts of a signature.
pub(super) fn gather<'a>(source: &dyn ReadAt, found: &'a FoundSignature) -> Facts<'a> {
    let mut facts = Facts {
        found,
        cms: SignedData::from_der(found.blob()),
        certificate: None,
        digest_algorithm: None,
        digest_matches: None,
        signature: None,
        timestamp: None,
        claimed_time: found.claimed_time.as_deref().and_then(pdf_date),
    };
    // Document timestamps and seals of other kinds say nothing in the manner looked for here.
    if !EVALUATED.contains(&found.sub_filter.as_str()) {
        return facts;
    }
    let Some(signer) = facts.signer().cloned() else { return facts };
    let certificates = facts.cms.as_ref().map_or(&[][..], |cms| cms.certificates.as_slice());
    facts.certificate = signer.certificate(certificates).cloned();
    if let Some(time) = signer.attribute(ID_SIGNING_TIME).and_then(|value| cms_time(&value)) {
        facts.claimed_time = Some(time);
    }
    facts.timestamp = timestamp(&signer);
    facts.digest_algorithm = DigestAlgorithm::from_oid(signer.digest_algorithm);
    let Some(algorithm) = facts.digest_algorithm else { return facts };
    match found.digest(source, algorithm) {
        Ok(digest) => facts.digest_matches = Some(digest_is_signed(&signer, &digest)),
        Err(PdfError::Damaged(_)) => facts.digest_matches = Some(false),
        Err(_) => {}
    }
    if let (Some(certificate), Some(attributes)) = (&facts.certificate, &signer.signed_attributes) {
        facts.signature = Some(verify_message(
            &certificate.spki_der(),
            signer.signature_algorithm,
            Some(algorithm),
            attributes,
            &signer.signature,
        ));
    }
    facts
}

/// The signature timestamp (ETSI EN 319 122-1 §5.3).
fn timestamp(signer: &SignerInfo) -> Option<Result<TimestampToken, String>> {
    let token = signer.unsigned_attribute(ID_SIGNATURE_TIMESTAMP)?;
    Some(match TimestampToken::from_der(&token) {
        Ok(token) if token.stamps(&signer.signature) => Ok(token),
        Ok(_) => Err("the timestamp is over something else".to_owned()),
        Err(error) => Err(error.to_string()),
    })
}

/// Whether the signed attributes say that data with this digest was signed (RFC 5652 §5.4, §11).
fn digest_is_signed(signer: &SignerInfo, digest: &[u8]) -> bool {
    let says_data = signer.attribute(ID_CONTENT_TYPE) == Some(tlv::oid(ID_DATA));
    let signed = signer.attribute(ID_MESSAGE_DIGEST);
    says_data && signed == Some(tlv::tlv(tlv::OCTET_STRING, digest))
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

/// `UTCTime` or `GeneralizedTime` of a signing-time attribute.
fn cms_time(value: &[u8]) -> Option<Timestamp> {
    let time = Reader::new(value).read().ok()?;
    let text = std::str::from_utf8(time.content).ok()?;
    match time.tag {
        tlv::UTC_TIME => {
            let century = if text.get(..2)?.parse::<u8>().ok()? < 50 { "20" } else { "19" };
            pdf_date(&format!("D:{century}{text}"))
        }
        _ => pdf_date(&format!("D:{text}")),
    }
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
        assert_eq!(cms_time(b"\x17\x0d260301120000Z"), Some(utc));
    }
}
