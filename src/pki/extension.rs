//! Encoding of names, times, algorithm identifiers and certificate extensions that we issue.

use const_oid::{
    ObjectIdentifier,
    db::rfc4519,
    db::{rfc5280, rfc6960},
};

use super::tlv::{self, bit_string, oid, sequence, set_of, tlv};
use crate::{
    crypto::{Scheme, digest::sha256, scheme::OID_EC_PUBLIC_KEY},
    domain::Timestamp,
};

/// `organizationIdentifier`, X.520; carries the unified social credit code.
pub const OID_ORGANIZATION_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.97");

/// The extended key usage of seal makers 制章人 of our CA. No standard has one; the arc is that of
/// examples (RFC 5612).
pub const ID_SEAL_MAKING: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.1.2.1");

/// A distinguished name: country CN, then what is given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Subject {
    /// The organization's legal name.
    pub organization: String,
    /// The unified social credit code, as organizationIdentifier.
    pub organization_identifier: Option<String>,
    /// The organizational unit; for a seal for tests it says so.
    pub organizational_unit: Option<String>,
    /// The common name: for a seal the name on it.
    pub common_name: String,
}

/// The organizational unit of certificates for tests only. It is signed with the certificate, so that
/// everybody can tell, also offline.
pub const TEST_ONLY: &str = "测试 TEST ONLY";

impl Subject {
    /// The name as DER; texts are UTF8String, the country PrintableString (RFC 5280 §4.1.2.4).
    pub fn to_der(&self) -> Vec<u8> {
        let attribute = |kind: ObjectIdentifier, tag: u8, text: &str| {
            set_of(vec![sequence(&[oid(kind), tlv(tag, text.as_bytes())])])
        };
        let mut parts = vec![
            attribute(rfc4519::C, tlv::PRINTABLE_STRING, "CN"),
            attribute(rfc4519::O, tlv::UTF8_STRING, &self.organization),
        ];
        if let Some(code) = &self.organization_identifier {
            parts.push(attribute(OID_ORGANIZATION_IDENTIFIER, tlv::UTF8_STRING, code));
        }
        if let Some(unit) = &self.organizational_unit {
            parts.push(attribute(rfc4519::OU, tlv::UTF8_STRING, unit));
        }
        parts.push(attribute(rfc4519::CN, tlv::UTF8_STRING, &self.common_name));
        sequence(&parts)
    }
}

/// The signature `AlgorithmIdentifier` of a scheme; parameters absent (RFC 5758 §3.2).
pub fn signature_algorithm(scheme: Scheme) -> Vec<u8> {
    sequence(&[oid(scheme.signature_oid())])
}

/// The `SubjectPublicKeyInfo` of an uncompressed point.
pub fn public_key_info(scheme: Scheme, point: &[u8]) -> Vec<u8> {
    sequence(&[sequence(&[oid(OID_EC_PUBLIC_KEY), oid(scheme.curve_oid())]), bit_string(point)])
}

/// `UTCTime` until 2049, `GeneralizedTime` after (RFC 5280 §4.1.2.5).
pub fn time(at: Timestamp) -> Vec<u8> {
    let (year, month, day, hour, minute, second) = at.parts();
    let rest = format!("{month:02}{day:02}{hour:02}{minute:02}{second:02}Z");
    if (1950..2050).contains(&year) {
        tlv(tlv::UTC_TIME, format!("{:02}{rest}", year % 100).as_bytes())
    } else {
        generalized_time(at)
    }
}

/// `GeneralizedTime` of whole seconds in UTC.
pub fn generalized_time(at: Timestamp) -> Vec<u8> {
    let (year, month, day, hour, minute, second) = at.parts();
    let text = format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z");
    tlv(tlv::GENERALIZED_TIME, text.as_bytes())
}

/// One extension.
pub fn extension(id: ObjectIdentifier, critical: bool, value: &[u8]) -> Vec<u8> {
    let mut parts = vec![oid(id)];
    if critical {
        parts.push(tlv(0x01, &[0xff]));
    }
    parts.push(tlv(tlv::OCTET_STRING, value));
    sequence(&parts)
}

/// The key identifier of a public point: the leftmost 160 bits of its SHA-256 (RFC 7093 §2).
pub fn key_identifier(point: &[u8]) -> Vec<u8> {
    sha256(point).iter().copied().take(20).collect()
}

/// `basicConstraints`, critical.
pub fn basic_constraints(ca: bool, path_length: Option<u8>) -> Vec<u8> {
    let mut parts = Vec::new();
    if ca {
        parts.push(tlv(0x01, &[0xff]));
    }
    parts.extend(path_length.map(|length| tlv::unsigned(&[length])));
    extension(rfc5280::ID_CE_BASIC_CONSTRAINTS, true, &sequence(&parts))
}

/// `keyUsage`, critical, from the first byte of its bits and the count of unused ones.
pub fn key_usage(bits: u8) -> Vec<u8> {
    let unused = u8::try_from(bits.trailing_zeros().min(7)).unwrap_or(0);
    extension(rfc5280::ID_CE_KEY_USAGE, true, &tlv(tlv::BIT_STRING, &[unused, bits]))
}

/// `extKeyUsage`, critical, with one purpose.
pub fn extended_key_usage(purpose: ObjectIdentifier) -> Vec<u8> {
    extension(rfc5280::ID_CE_EXT_KEY_USAGE, true, &sequence(&[oid(purpose)]))
}

/// `subjectKeyIdentifier` of a point.
pub fn subject_key_identifier(point: &[u8]) -> Vec<u8> {
    let value = tlv(tlv::OCTET_STRING, &key_identifier(point));
    extension(rfc5280::ID_CE_SUBJECT_KEY_IDENTIFIER, false, &value)
}

/// `authorityKeyIdentifier` of the issuer's point.
pub fn authority_key_identifier(point: &[u8]) -> Vec<u8> {
    let value = sequence(&[tlv(0x80, &key_identifier(point))]);
    extension(rfc5280::ID_CE_AUTHORITY_KEY_IDENTIFIER, false, &value)
}

/// `authorityInfoAccess` with the URI of an OCSP responder.
pub fn ocsp_access(uri: &str) -> Vec<u8> {
    let location = tlv(0x86, uri.as_bytes());
    let value = sequence(&[sequence(&[oid(rfc5280::ID_AD_OCSP), location])]);
    extension(rfc5280::ID_PE_AUTHORITY_INFO_ACCESS, false, &value)
}

/// `id-pkix-ocsp-nocheck`: nobody has to ask whether the responder itself is revoked (RFC 6960
/// §4.2.2.2.1).
pub fn ocsp_nocheck() -> Vec<u8> {
    extension(rfc6960::ID_PKIX_OCSP_NOCHECK, false, &tlv(tlv::NULL, &[]))
}

/// `cRLDistributionPoints` with one URI.
pub fn crl_distribution_point(uri: &str) -> Vec<u8> {
    let full_name = tlv(0xa0, &tlv(0xa0, &tlv(0x86, uri.as_bytes())));
    let value = sequence(&[sequence(&[full_name])]);
    extension(rfc5280::ID_CE_CRL_DISTRIBUTION_POINTS, false, &value)
}
