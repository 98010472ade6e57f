//! What signed attributes say (RFC 5652 §11).

use super::answers::check;
use crate::{
    containers::{
        cms::{ID_CONTENT_TYPE, ID_DATA, ID_MESSAGE_DIGEST, SignedData, SignerInfo},
        ses::SesTime,
    },
    crypto::digest_named_by,
    domain::{
        Timestamp,
        report::{Check, CheckName},
    },
    pki::{
        Certificate,
        tlv::{self, Reader},
    },
};

/// Whether the signed attributes say that data with this digest was signed (RFC 5652 §5.4, §11).
pub(super) fn digest_is_signed(signer: &SignerInfo, digest: &[u8]) -> bool {
    let says_data = signer.attribute(ID_CONTENT_TYPE) == Some(tlv::oid(ID_DATA));
    let signed = signer.attribute(ID_MESSAGE_DIGEST);
    says_data && signed == Some(tlv::tlv(tlv::OCTET_STRING, digest))
}

/// `UTCTime` or `GeneralizedTime` of a signing-time attribute.
pub(super) fn cms_time(value: &[u8]) -> Option<Timestamp> {
    let time = Reader::new(value).read().ok()?;
    SesTime::read(time.content, time.tag == tlv::UTC_TIME).at
}

/// Whether the signature names its certificate, so that it cannot be taken for that of another with
/// the same key. Older forms need not have the attribute.
pub(super) fn signing_certificate(
    signer: Option<&SignerInfo>,
    certificate: Option<&Certificate>,
    demanded: bool,
) -> Check {
    const NAME: CheckName = CheckName::SigningCertificate;
    let pair = signer.zip(certificate);
    match pair.map(|(signer, certificate)| signer.names_certificate(certificate)) {
        Some(Some(true)) => check(NAME, Some(true), "the signature names its certificate"),
        Some(Some(false)) => {
            check(NAME, Some(false), "the signature names another certificate than the one given")
        }
        Some(None) if !demanded => check(NAME, Some(true), "not named in signatures of this kind"),
        Some(None) => check(NAME, Some(false), "signing-certificate-v2 is missing"),
        None => check(NAME, None, "there is no certificate to compare with"),
    }
}

/// Whether a signer is announced with another digest than the one that binds what was signed.
pub(super) fn digests_disagree(cms: &SignedData, signer: &SignerInfo) -> Option<&'static str> {
    // RFC 5652 §5.1, RFC 8933 §3: else one reader may check another digest than the next.
    if !cms.digest_algorithms.contains(&signer.digest_algorithm) {
        return Some("the digest algorithm of the signer is not the one that is announced");
    }
    let named = digest_named_by(signer.signature_algorithm);
    if named.is_some_and(|named| named.oid() != signer.digest_algorithm) {
        return Some("the signature is over another digest than the one of its attributes");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_times_are_read() {
        let utc = Timestamp::parse("2026-03-01T12:00:00Z").ok();
        assert_eq!(cms_time(b"\x17\x0d260301120000Z"), utc);
        assert_eq!(cms_time(b"\x18\x0f20260301120000Z"), utc);
        assert_eq!(cms_time(b"\x17\x01x"), None);
    }
}
