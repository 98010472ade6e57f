//! What OCSP responders are asked (RFC 6960 §4.1): about one certificate, without a nonce, so that
//! answers made beforehand will do (RFC 5019).

use const_oid::ObjectIdentifier;

use crate::{
    crypto::ForeignDigest,
    pki::{
        Certificate,
        tlv::{self, sequence, tlv},
    },
};

/// The digest that responders everywhere know; it finds a certificate and protects nothing.
const OID_SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");

/// An `OCSPRequest` about a certificate that `issuer` issued, DER.
pub fn ocsp_request(certificate: &Certificate, issuer: &Certificate) -> Vec<u8> {
    let digest = |bytes: &[u8]| tlv(tlv::OCTET_STRING, &ForeignDigest::Sha1.digest(bytes));
    let id = sequence(&[
        sequence(&[tlv::oid(OID_SHA1), tlv(tlv::NULL, &[])]),
        digest(&certificate.issuer_der()),
        digest(issuer.public_key()),
        tlv(tlv::INTEGER, certificate.serial_content()),
    ]);
    sequence(&[sequence(&[sequence(&[sequence(&[id])])])])
}
