//! An answer of an OCSP responder as it was given (RFC 6960 §4.2): bytes beside what they say. Whether
//! the responder may answer is asked elsewhere.

use const_oid::{ObjectIdentifier, db::rfc6960::ID_PKIX_OCSP_ARCHIVE_CUTOFF};
use der::Decode;
use spki::AlgorithmIdentifierRef;
use x509_cert::{
    ext::{Extensions, pkix::CrlReason},
    name::Name,
};

use super::{Entry, time};
use crate::{
    crypto::{ForeignDigest, VerifyError},
    domain::Timestamp,
    pki::{
        Certificate,
        certificate::verify_signed,
        effort::Effort,
        tlv::{self, Reader, Tlv, sequence, tlv},
    },
};

const ID_PKIX_OCSP_BASIC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.1");
const ENUMERATED: u8 = 0x0a;
/// The most certificates beside an answer that are considered.
const MOST_CERTIFICATES: usize = 16;

/// An answer about some certificates, by anybody.
#[derive(Clone, Debug)]
pub struct OcspResponse {
    /// The `BasicOCSPResponse`.
    basic: Vec<u8>,
    responder: Responder,
    pub(super) produced_at: Timestamp,
    answers: Vec<Answer>,
    /// The certificates that came with it.
    pub(super) certificates: Vec<Certificate>,
}

/// Who says that he answers.
#[derive(Clone, Debug)]
enum Responder {
    Name(Box<Name>),
    /// The SHA-1 of his key.
    Key(Vec<u8>),
}

/// What is said of one certificate.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    digest: ForeignDigest,
    issuer_name: Vec<u8>,
    issuer_key: Vec<u8>,
    serial: Vec<u8>,
    /// Whether it is known, and revoked.
    pub(super) status: Known,
    pub(super) this_update: Timestamp,
    pub(super) next_update: Option<Timestamp>,
    /// Since when the responder still knows of certificates that have ended (RFC 6960 §4.4.4).
    archive_cutoff: Option<Timestamp>,
}

impl Answer {
    /// Whether it would still tell that a certificate was revoked once.
    pub(super) fn keeps(&self, certificate: &Certificate) -> bool {
        let ended = certificate.not_after();
        self.this_update <= ended || self.archive_cutoff.is_some_and(|since| since <= ended)
    }
}

/// What a responder knows of a certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Known {
    Good,
    Revoked(Entry),
    Unknown,
}

impl OcspResponse {
    /// Reads an `OCSPResponse` that is an answer, or the `BasicOCSPResponse` within one, in DER;
    /// `None` if it is neither.
    pub fn from_der(der: &[u8]) -> Option<Self> {
        let mut outer = Reader::new(tlv::only(der, tlv::SEQUENCE).ok()?.content);
        if outer.peek() != Some(ENUMERATED) {
            return Self::from_basic(der);
        }
        // Whatever is not "successful" carries nothing.
        if outer.expect(ENUMERATED).ok()?.content != [0] {
            return None;
        }
        let bytes = tlv::only(outer.expect(0xa0).ok()?.content, tlv::SEQUENCE).ok()?;
        let mut bytes = Reader::new(bytes.content);
        let kind = ObjectIdentifier::from_bytes(bytes.expect(tlv::OID).ok()?.content).ok()?;
        let basic = bytes.expect(tlv::OCTET_STRING).ok()?.content;
        (kind == ID_PKIX_OCSP_BASIC).then(|| Self::from_basic(basic)).flatten()
    }

    fn from_basic(basic: &[u8]) -> Option<Self> {
        let mut outer = Reader::new(tlv::only(basic, tlv::SEQUENCE).ok()?.content);
        let mut data = Reader::new(outer.expect(tlv::SEQUENCE).ok()?.content);
        outer.expect(tlv::SEQUENCE).ok()?;
        outer.expect(tlv::BIT_STRING).ok()?;
        let mut certificates = Vec::new();
        if let Some(tagged) = outer.optional(0xa0).ok()? {
            let mut list = Reader::new(tlv::only(tagged.content, tlv::SEQUENCE).ok()?.content);
            while !list.rest().is_empty() && certificates.len() < MOST_CERTIFICATES {
                certificates.extend(Certificate::from_der(list.read().ok()?.raw));
            }
        }
        data.optional(0xa0).ok()?;
        let named = data.read().ok()?;
        let responder = match named.tag {
            0xa1 => Responder::Name(Box::new(Name::from_der(named.content).ok()?)),
            0xa2 => {
                let key = tlv::only(named.content, tlv::OCTET_STRING).ok()?;
                Responder::Key(key.content.to_vec())
            }
            _ => return None,
        };
        let produced_at = time(data.expect(tlv::GENERALIZED_TIME).ok()?)?;
        let mut list = Reader::new(data.expect(tlv::SEQUENCE).ok()?.content);
        let mut answers = Vec::new();
        while !list.rest().is_empty() {
            // An answer of a kind that is not understood says nothing.
            answers.extend(answer(list.expect(tlv::SEQUENCE).ok()?));
        }
        Some(Self { basic: basic.to_vec(), responder, produced_at, answers, certificates })
    }

    /// The `BasicOCSPResponse` as it was given.
    pub fn der(&self) -> &[u8] {
        &self.basic
    }

    /// Until when it is the newest, by its own word.
    pub fn next_update(&self) -> Option<Timestamp> {
        self.answers.iter().filter_map(|answer| answer.next_update).min()
    }

    /// The `OCSPResponse` around it, DER: as responders give it and documents carry it.
    pub fn to_der(&self) -> Vec<u8> {
        let bytes = sequence(&[tlv::oid(ID_PKIX_OCSP_BASIC), tlv(tlv::OCTET_STRING, &self.basic)]);
        sequence(&[tlv(ENUMERATED, &[0]), tlv(0xa0, &bytes)])
    }

    /// What it says of a certificate that `issuer` issued.
    pub(super) fn answers<'a>(
        &'a self,
        certificate: &'a Certificate,
        issuer: &'a Certificate,
    ) -> impl Iterator<Item = &'a Answer> {
        self.answers.iter().filter(|answer| {
            answer.serial == certificate.serial_content()
                && answer.issuer_name == answer.digest.digest(&certificate.issuer_der())
                && answer.issuer_key == answer.digest.digest(issuer.public_key())
        })
    }

    /// Whether this is the one who says that he answers, and his key signed it.
    pub(super) fn is_by(&self, responder: &Certificate, effort: &Effort) -> bool {
        let named = match &self.responder {
            Responder::Name(name) => certval::compare_names(name, responder.subject()),
            Responder::Key(key) => *key == ForeignDigest::Sha1.digest(responder.public_key()),
        };
        named && effort.take(self.basic.len()) && self.verify_signed_by(responder).is_ok()
    }

    fn verify_signed_by(&self, responder: &Certificate) -> Result<(), VerifyError> {
        verify_signed(&self.basic, responder)
    }
}

fn answer(single: Tlv<'_>) -> Option<Answer> {
    let mut parts = Reader::new(single.content);
    let mut id = Reader::new(parts.expect(tlv::SEQUENCE).ok()?.content);
    let algorithm = AlgorithmIdentifierRef::from_der(id.expect(tlv::SEQUENCE).ok()?.raw).ok()?;
    let issuer_name = id.expect(tlv::OCTET_STRING).ok()?.content.to_vec();
    let issuer_key = id.expect(tlv::OCTET_STRING).ok()?.content.to_vec();
    let serial = id.expect(tlv::INTEGER).ok()?.content.to_vec();
    let said = parts.read().ok()?;
    let status = match said.tag {
        0x80 => Known::Good,
        0xa1 => Known::Revoked(revoked(said.content)?),
        0x82 => Known::Unknown,
        _ => return None,
    };
    let this_update = time(parts.expect(tlv::GENERALIZED_TIME).ok()?)?;
    let next_update = match parts.optional(0xa0).ok()? {
        Some(tagged) => Some(time(tlv::only(tagged.content, tlv::GENERALIZED_TIME).ok()?)?),
        None => None,
    };
    let extensions = match parts.optional(0xa1).ok()? {
        Some(tagged) => Extensions::from_der(tagged.content).ok()?,
        None => Extensions::new(),
    };
    let mut archive_cutoff = None;
    for extension in &extensions {
        match extension.extn_id {
            ID_PKIX_OCSP_ARCHIVE_CUTOFF => {
                let value = extension.extn_value.as_bytes();
                archive_cutoff = Some(time(tlv::only(value, tlv::GENERALIZED_TIME).ok()?)?);
            }
            _ if extension.critical => return None,
            _ => {}
        }
    }
    Some(Answer {
        digest: ForeignDigest::from_oid(algorithm.oid)?,
        issuer_name,
        issuer_key,
        serial,
        status,
        this_update,
        next_update,
        archive_cutoff,
    })
}

fn revoked(info: &[u8]) -> Option<Entry> {
    let mut parts = Reader::new(info);
    let since = time(parts.expect(tlv::GENERALIZED_TIME).ok()?)?;
    let reason = match parts.optional(0xa0).ok()? {
        Some(tagged) => Some(CrlReason::from_der(tagged.content).ok()?),
        None => None,
    };
    Some(Entry { since, reason })
}
