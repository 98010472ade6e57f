//! Certificates as certification authorities hand them out: PEM, DER or PKCS#7 (RFC 5652 §5
//! `SignedData` without signers, or its twin of GB/T 35275), in whatever order.

use base64ct::{Base64, Encoding};

use super::{
    Certificate,
    certificate::CertificateError,
    tlv::{self, OID, Reader, SEQUENCE},
};

/// The most certificates of one bundle.
const MOST: usize = 64;
/// `signedData` of RFC 5652 and of GB/T 35275 (1.2.840.113549.1.7.2 and 1.2.156.10197.6.1.4.2.2).
const SIGNED_DATA: [&[u8]; 2] = [
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02],
    &[0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x06, 0x01, 0x04, 0x02, 0x02],
];

/// The certificates of a text: PEM certificates, PEM PKCS#7, or base64 of DER of either.
///
/// # Errors
/// There is none, or one is malformed.
pub fn certificates(text: &str) -> Result<Vec<Certificate>, CertificateError> {
    if text.contains("-----BEGIN CERTIFICATE-----") {
        return Certificate::from_pem(text);
    }
    let body: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
    let body: String = body.chars().filter(|c| !c.is_whitespace()).collect();
    of_der(&Base64::decode_vec(&body).map_err(|_| CertificateError)?)
}

/// The certificates of a file: DER of a certificate or PKCS#7, or a text as above.
///
/// # Errors
/// There is none, or one is malformed.
pub fn of_bytes(bytes: &[u8]) -> Result<Vec<Certificate>, CertificateError> {
    of_der(bytes).or_else(|error| certificates(std::str::from_utf8(bytes).map_err(|_| error)?))
}

fn of_der(der: &[u8]) -> Result<Vec<Certificate>, CertificateError> {
    match Certificate::from_der(der) {
        Ok(certificate) => Ok(vec![certificate]),
        Err(_) => of_signed_data(der).ok_or(CertificateError),
    }
}

fn of_signed_data(der: &[u8]) -> Option<Vec<Certificate>> {
    let mut info = Reader::new(tlv::only(der, SEQUENCE).ok()?.content);
    let kind = info.expect(OID).ok()?;
    if !SIGNED_DATA.contains(&kind.content) {
        return None;
    }
    let mut data = Reader::new(tlv::only(info.expect(0xa0).ok()?.content, SEQUENCE).ok()?.content);
    data.expect(tlv::INTEGER).ok()?;
    data.expect(tlv::SET).ok()?;
    data.expect(SEQUENCE).ok()?;
    let mut list = Reader::new(data.optional(0xa0).ok()??.content);
    let mut all = Vec::new();
    while list.peek().is_some() {
        let one = list.read().ok()?;
        // Attribute certificates and other choices are of no use here.
        if one.tag == SEQUENCE {
            all.push(Certificate::from_der(one.raw).ok()?);
        }
        if all.len() > MOST {
            return None;
        }
    }
    (!all.is_empty()).then_some(all)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nonsense_is_no_bundle() {
        for text in ["", "x", "-----BEGIN PKCS7-----\nMAA=\n-----END PKCS7-----", "MAA="] {
            assert!(certificates(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = of_signed_data(&bytes);
            let _ = certificates(&Base64::encode_string(&bytes));
        }
    }
}
