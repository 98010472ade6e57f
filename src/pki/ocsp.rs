//! Our own answers as an OCSP responder (RFC 6960), to be signed. Reading those of anybody is in
//! `revocation`.

use const_oid::{
    ObjectIdentifier,
    db::rfc6960::{ID_PKIX_OCSP_ARCHIVE_CUTOFF, ID_PKIX_OCSP_BASIC, ID_PKIX_OCSP_NONCE},
};
use der::Decode;
use spki::AlgorithmIdentifierRef;

use super::{
    Certificate, extension,
    tlv::{self, Reader, bit_string, sequence, tlv},
};
use crate::{
    crypto::{ForeignDigest, Scheme},
    domain::Timestamp,
    pki::crl::Reason,
};

const ENUMERATED: u8 = 0x0a;
/// The most certificates of one question.
const MOST: usize = 16;
/// The longest nonce (RFC 9654 §2.1), bytes.
const LONGEST_NONCE: usize = 128;

/// Why there is no answer (RFC 6960 §4.2.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OcspRefusal {
    /// The question cannot be read.
    Malformed,
    /// The responder cannot answer now.
    InternalError,
    /// The question is about certificates of somebody else.
    Unauthorized,
}

impl OcspRefusal {
    /// The `OCSPResponse` that says so, DER.
    pub fn to_der(self) -> Vec<u8> {
        let number = match self {
            Self::Malformed => 1,
            Self::InternalError => 2,
            Self::Unauthorized => 6,
        };
        sequence(&[tlv(ENUMERATED, &[number])])
    }
}

/// A certificate that is asked about.
#[derive(Clone, Debug)]
pub struct AskedCertificate {
    /// The `CertID` as it was given, DER.
    id: Vec<u8>,
    digest: ForeignDigest,
    issuer_name: Vec<u8>,
    issuer_key: Vec<u8>,
    /// Its serial number, big-endian, without leading zeros.
    pub serial: Vec<u8>,
}

impl AskedCertificate {
    /// Whether `issuer` issued it, if anybody did.
    pub fn is_of(&self, issuer: &Certificate) -> bool {
        self.issuer_name == self.digest.digest(&issuer.subject_der())
            && self.issuer_key == self.digest.digest(issuer.public_key())
    }
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct OcspQuestion {
    /// About which certificates.
    pub certificates: Vec<AskedCertificate>,
    /// What the answer has to hold as well, so that it is a fresh one.
    pub nonce: Option<Vec<u8>>,
}

impl OcspQuestion {
    /// Reads an `OCSPRequest`.
    ///
    /// # Errors
    /// It is none, or asks about none or too many certificates.
    pub fn from_der(der: &[u8]) -> Result<Self, OcspRefusal> {
        let read = || {
            let mut outer = Reader::new(tlv::only(der, tlv::SEQUENCE).ok()?.content);
            let mut request = Reader::new(outer.expect(tlv::SEQUENCE).ok()?.content);
            // Version and requestor change nothing.
            request.optional(0xa0).ok()?;
            request.optional(0xa1).ok()?;
            let mut list = Reader::new(request.expect(tlv::SEQUENCE).ok()?.content);
            let mut certificates = Vec::new();
            while list.peek().is_some() {
                let mut one = Reader::new(list.expect(tlv::SEQUENCE).ok()?.content);
                certificates.push(asked(one.expect(tlv::SEQUENCE).ok()?.raw)?);
            }
            let nonce = match request.optional(0xa2).ok()? {
                Some(extensions) => nonce(extensions.content)?,
                None => None,
            };
            (1..=MOST).contains(&certificates.len()).then_some(Self { certificates, nonce })
        };
        read().ok_or(OcspRefusal::Malformed)
    }
}

fn asked(id: &[u8]) -> Option<AskedCertificate> {
    let mut parts = Reader::new(tlv::only(id, tlv::SEQUENCE).ok()?.content);
    let algorithm = AlgorithmIdentifierRef::from_der(parts.expect(tlv::SEQUENCE).ok()?.raw).ok()?;
    let issuer_name = parts.expect(tlv::OCTET_STRING).ok()?.content.to_vec();
    let issuer_key = parts.expect(tlv::OCTET_STRING).ok()?.content.to_vec();
    let serial = parts.expect(tlv::INTEGER).ok()?.content;
    let serial = match serial {
        [0, rest @ ..] if !rest.is_empty() => rest,
        all => all,
    };
    Some(AskedCertificate {
        id: id.to_vec(),
        digest: ForeignDigest::from_oid(algorithm.oid)?,
        issuer_name,
        issuer_key,
        serial: serial.to_vec(),
    })
}

/// The nonce among extensions; the others change nothing.
fn nonce(extensions: &[u8]) -> Option<Option<Vec<u8>>> {
    let mut list = Reader::new(tlv::only(extensions, tlv::SEQUENCE).ok()?.content);
    let mut found = None;
    while list.peek().is_some() {
        let mut one = Reader::new(list.expect(tlv::SEQUENCE).ok()?.content);
        let id = ObjectIdentifier::from_bytes(one.expect(tlv::OID).ok()?.content).ok()?;
        one.optional(tlv::BOOLEAN).ok()?;
        let value = one.expect(tlv::OCTET_STRING).ok()?.content;
        if id == ID_PKIX_OCSP_NONCE {
            found = Some(value.to_vec()).filter(|value| value.len() <= LONGEST_NONCE);
        }
    }
    Some(found)
}

/// What is known of a certificate (RFC 6960 §4.2.1, `CertStatus`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CertStatus {
    /// It was issued, and not revoked.
    Good,
    /// It was revoked.
    Revoked(Timestamp, Option<Reason>),
    /// It was not issued here.
    Unknown,
}

/// What an answer shall say.
#[derive(Clone, Debug)]
pub struct OcspTemplate<'a> {
    /// The responder's certificate.
    pub responder: &'a Certificate,
    /// When it is said.
    pub now: Timestamp,
    /// Until when it is the newest.
    pub next_update: Timestamp,
    /// Since when the status of certificates that have ended is still told.
    pub keeps_ended_since: Timestamp,
    /// Of which certificates, and what.
    pub answers: Vec<(&'a AskedCertificate, CertStatus)>,
    /// The nonce of the question.
    pub nonce: Option<&'a [u8]>,
}

impl OcspTemplate<'_> {
    /// The `ResponseData`.
    pub fn to_be_signed(&self) -> Vec<u8> {
        let key = ForeignDigest::Sha1.digest(self.responder.public_key());
        let cutoff = extension::generalized_time(self.keeps_ended_since);
        let cutoff = extension::extension(ID_PKIX_OCSP_ARCHIVE_CUTOFF, false, &cutoff);
        let answers: Vec<_> = self
            .answers
            .iter()
            .map(|(asked, status)| {
                sequence(&[
                    asked.id.clone(),
                    self::status(*status),
                    extension::generalized_time(self.now),
                    tlv(0xa0, &extension::generalized_time(self.next_update)),
                    tlv(0xa1, &sequence(std::slice::from_ref(&cutoff))),
                ])
            })
            .collect();
        let mut parts = vec![
            tlv(0xa2, &tlv(tlv::OCTET_STRING, &key)),
            extension::generalized_time(self.now),
            sequence(&answers),
        ];
        parts.extend(self.nonce.map(|nonce| {
            let nonce = extension::extension(ID_PKIX_OCSP_NONCE, false, nonce);
            tlv(0xa1, &sequence(&[nonce]))
        }));
        sequence(&parts)
    }

    /// The `OCSPResponse`, DER, with the responder's certificate in it.
    pub fn finish(&self, to_be_signed: Vec<u8>, scheme: Scheme, signature: &[u8]) -> Vec<u8> {
        let basic = sequence(&[
            to_be_signed,
            extension::signature_algorithm(scheme),
            bit_string(signature),
            tlv(0xa0, &sequence(&[self.responder.der()])),
        ]);
        let bytes = sequence(&[tlv::oid(ID_PKIX_OCSP_BASIC), tlv(tlv::OCTET_STRING, &basic)]);
        sequence(&[tlv(ENUMERATED, &[0]), tlv(0xa0, &bytes)])
    }
}

fn status(status: CertStatus) -> Vec<u8> {
    match status {
        CertStatus::Good => tlv(0x80, &[]),
        CertStatus::Unknown => tlv(0x82, &[]),
        CertStatus::Revoked(at, reason) => {
            let mut parts = vec![extension::generalized_time(at)];
            parts.extend(reason.map(|reason| tlv(0xa0, &tlv(ENUMERATED, &[reason.number()]))));
            tlv(0xa1, &parts.concat())
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_we_ask_others_is_read_as_it_was_asked() {
        let pem = include_str!("../../test-vectors/sealed/sm2-root.pem");
        let root = Certificate::from_pem(pem).unwrap().remove(0);
        let question = crate::pki::revocation::ocsp_request(&root, &root);
        let question = OcspQuestion::from_der(&question).unwrap();
        let [asked] = question.certificates.as_slice() else { panic!("one is asked about") };
        assert!(asked.is_of(&root) && asked.serial == root.serial() && question.nonce.is_none());
        assert_eq!(OcspQuestion::from_der(b"0").unwrap_err(), OcspRefusal::Malformed);
        let nothing = sequence(&[sequence(&[sequence::<&[u8]>(&[])])]);
        assert_eq!(OcspQuestion::from_der(&nothing).unwrap_err(), OcspRefusal::Malformed);
    }

    proptest! {
        #[test]
        fn reading_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = OcspQuestion::from_der(&bytes);
        }
    }
}
