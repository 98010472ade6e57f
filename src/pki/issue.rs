//! What the built-in CA signs: certificates, as bytes to be signed and then assembled.

use const_oid::db::rfc5280::ID_KP_OCSP_SIGNING;

use super::{
    extension::{self, Subject},
    tlv::{bit_string, sequence, tlv, unsigned},
};
use crate::{crypto::Scheme, domain::Timestamp};

/// What a certificate shall say.
#[derive(Clone, Debug)]
pub struct CertificateTemplate {
    /// Serial number, big-endian; 16 random bytes with the top bit clear are right.
    pub serial: Vec<u8>,
    /// The issuer's name, DER.
    pub issuer: Vec<u8>,
    /// The subject.
    pub subject: Subject,
    /// First moment of validity.
    pub not_before: Timestamp,
    /// Last moment of validity.
    pub not_after: Timestamp,
    /// The scheme of the subject's key.
    pub scheme: Scheme,
    /// The subject's uncompressed point.
    pub point: Vec<u8>,
    /// Its extensions, each in DER.
    pub extensions: Vec<Vec<u8>>,
}

impl CertificateTemplate {
    /// The `TBSCertificate`, version 3, to be signed under `issuer_scheme`.
    pub fn to_be_signed(&self, issuer_scheme: Scheme) -> Vec<u8> {
        sequence(&[
            tlv(0xa0, &unsigned(&[2])),
            unsigned(&self.serial),
            extension::signature_algorithm(issuer_scheme),
            self.issuer.clone(),
            sequence(&[extension::time(self.not_before), extension::time(self.not_after)]),
            self.subject.to_der(),
            extension::public_key_info(self.scheme, &self.point),
            tlv(0xa3, &sequence(&self.extensions)),
        ])
    }
}

/// Where the status of certificates is told.
#[derive(Clone, Debug)]
pub struct StatusUris {
    /// Of the revocation list.
    pub crl: String,
    /// Of the OCSP responder.
    pub ocsp: String,
}

/// The extensions of the certificate of an OCSP responder (RFC 6960 §4.2.2.2).
pub fn ocsp_extensions(point: &[u8], issuer_point: &[u8]) -> Vec<Vec<u8>> {
    vec![
        extension::basic_constraints(false, None),
        extension::key_usage(0b1000_0000), // digitalSignature
        extension::subject_key_identifier(point),
        extension::authority_key_identifier(issuer_point),
        extension::extended_key_usage(ID_KP_OCSP_SIGNING),
        extension::ocsp_nocheck(),
    ]
}

/// The extensions of a root: CA, key and revocation-list signing.
pub fn root_extensions(point: &[u8]) -> Vec<Vec<u8>> {
    vec![
        extension::basic_constraints(true, Some(0)),
        extension::key_usage(0b0000_0110), // keyCertSign, cRLSign
        extension::subject_key_identifier(point),
    ]
}

/// The extensions of a certificate that signs as a seal or as a service of ours.
pub fn signer_extensions(point: &[u8], issuer_point: &[u8], uris: &StatusUris) -> Vec<Vec<u8>> {
    vec![
        extension::basic_constraints(false, None),
        extension::key_usage(0b1100_0000), // digitalSignature, contentCommitment
        extension::subject_key_identifier(point),
        extension::authority_key_identifier(issuer_point),
        extension::crl_distribution_point(&uris.crl),
        extension::ocsp_access(&uris.ocsp),
    ]
}

/// The extensions of a time-stamping authority's certificate (RFC 3161 §2.3).
pub fn tsa_extensions(point: &[u8], issuer_point: &[u8], uris: &StatusUris) -> Vec<Vec<u8>> {
    let mut extensions = signer_extensions(point, issuer_point, uris);
    extensions.push(extension::extended_key_usage(super::timestamp::ID_TIME_STAMPING));
    extensions
}

/// The extensions of the certificate of a seal maker 制章人, whose key signs seals and no documents.
pub fn maker_extensions(point: &[u8], issuer_point: &[u8], uris: &StatusUris) -> Vec<Vec<u8>> {
    let mut extensions = signer_extensions(point, issuer_point, uris);
    extensions.push(extension::extended_key_usage(extension::ID_SEAL_MAKING));
    extensions
}

/// Puts signed bytes, algorithm and DER signature together: a certificate, a request or a
/// revocation list (RFC 5280 §4.1, §5.1; RFC 2986 §4.2).
pub fn assemble(to_be_signed: &[u8], scheme: Scheme, signature: &[u8]) -> Vec<u8> {
    sequence(&[
        to_be_signed.to_vec(),
        extension::signature_algorithm(scheme),
        bit_string(signature),
    ])
}
