//! Building a `SignedData` with one signer, detached or around its content.

use const_oid::ObjectIdentifier;

use super::{
    ID_CONTENT_TYPE, ID_DATA, ID_MESSAGE_DIGEST, ID_SIGNED_DATA, ID_SIGNING_CERTIFICATE_V2,
    ID_SIGNING_TIME,
};
use crate::{
    crypto::{DigestAlgorithm, Scheme, sm2},
    domain::Timestamp,
    pki::{
        Certificate, extension,
        timestamp::ID_SIGNATURE_TIMESTAMP,
        tlv::{self, oid, sequence, set_of, tlv, unsigned},
    },
};

/// The longest DER signature over a 256-bit curve.
const LONGEST_SIGNATURE: usize = 72;

/// A `SignedData` that lacks its signature. Giving it the signature consumes it.
#[derive(Clone, Debug)]
pub struct Unsigned {
    scheme: Scheme,
    signer: Certificate,
    chain: Vec<Vec<u8>>,
    /// `SET OF Attribute`, DER: what is signed.
    attributes: Vec<u8>,
    /// The content and its type, where it stands inside.
    content: Option<(ObjectIdentifier, Vec<u8>)>,
}

/// The size of the finished blob at most, bytes; known before any device is asked.
pub fn size_hint(chain: &[Certificate]) -> usize {
    let certificates: usize = chain.iter().map(|certificate| certificate.der().len()).sum();
    let issuer = chain.first().map_or(0, |leaf| leaf.issuer_der().len());
    // Frames, attributes, algorithm identifiers and the serial number take under 400 bytes.
    certificates + issuer + LONGEST_SIGNATURE + 400
}

/// Begins a blob over a content whose digest (of the scheme's algorithm) is given. `chain` is leaf
/// first; without a leaf there is nothing to begin.
pub fn begin(content_digest: &[u8], chain: &[Certificate], scheme: Scheme) -> Option<Unsigned> {
    begin_of_type(ID_DATA, content_digest, chain, scheme, Vec::new())
}

/// Begins a signature of a file (CAdES B-B, ETSI EN 319 122-1 §6): as [`begin`] with the claimed
/// time, which has no other place there, and with the file inside where it is given.
pub fn begin_file(
    content_digest: &[u8],
    content: Option<Vec<u8>>,
    chain: &[Certificate],
    scheme: Scheme,
    at: Timestamp,
) -> Option<Unsigned> {
    let time = sequence(&[oid(ID_SIGNING_TIME), tlv(tlv::SET, &extension::time(at))]);
    let mut unsigned = begin_of_type(ID_DATA, content_digest, chain, scheme, vec![time])?;
    unsigned.content = content.map(|content| (ID_DATA, content));
    Some(unsigned)
}

/// Begins a blob around its content. The chain stands in it unless it is not `wanted`.
pub fn begin_around(
    content: (ObjectIdentifier, Vec<u8>),
    chain: &[Certificate],
    scheme: Scheme,
    wanted: bool,
) -> Option<Unsigned> {
    let digest = scheme.digest().digest(&content.1);
    let mut unsigned = begin_of_type(content.0, &digest, chain, scheme, Vec::new())?;
    unsigned.content = Some(content);
    if !wanted {
        unsigned.chain.clear();
    }
    Some(unsigned)
}

fn begin_of_type(
    content_type: ObjectIdentifier,
    content_digest: &[u8],
    chain: &[Certificate],
    scheme: Scheme,
    more: Vec<Vec<u8>>,
) -> Option<Unsigned> {
    let signer = chain.first()?.clone();
    let attribute = |kind, value: Vec<u8>| sequence(&[oid(kind), tlv(tlv::SET, &value)]);
    let certificate_hash = DigestAlgorithm::digest(scheme.digest(), signer.der());
    // SHA-256 is the default of ESSCertIDv2 and must then be left out (X.690 §11.5).
    let mut certificate_id = Vec::new();
    if scheme.digest() != DigestAlgorithm::Sha256 {
        certificate_id.push(sequence(&[oid(scheme.digest().oid())]));
    }
    certificate_id.push(tlv(tlv::OCTET_STRING, &certificate_hash));
    let mut attributes = vec![
        attribute(ID_CONTENT_TYPE, oid(content_type)),
        attribute(ID_MESSAGE_DIGEST, tlv(tlv::OCTET_STRING, content_digest)),
        attribute(ID_SIGNING_CERTIFICATE_V2, sequence(&[sequence(&[sequence(&certificate_id)])])),
    ];
    attributes.extend(more);
    let attributes = set_of(attributes);
    let chain = chain.iter().map(|certificate| certificate.der().to_vec()).collect();
    Some(Unsigned { scheme, signer, chain, attributes, content: None })
}

impl Unsigned {
    /// The bytes to be signed.
    pub fn to_be_signed(&self) -> &[u8] {
        &self.attributes
    }

    /// The digest that goes to the device: SHA-256 of the bytes, or e = SM3(Z‖M) for SM2. `None`
    /// if the certificate's key is not a point.
    pub fn digest(&self) -> Option<[u8; 32]> {
        let digest = match self.scheme {
            Scheme::P256 => DigestAlgorithm::Sha256.digest(&self.attributes),
            Scheme::Sm2 => sm2::e(self.signer.public_key(), &self.attributes)?,
        };
        digest.try_into().ok()
    }

    /// The finished `ContentInfo`, DER, around a DER signature, perhaps with a timestamp token over
    /// it (RFC 3161 appendix A).
    pub fn finish(self, signature: &[u8], timestamp: Option<&[u8]>) -> Vec<u8> {
        let digest_algorithm = sequence(&[oid(self.scheme.digest().oid())]);
        let identifier = sequence(&[self.signer.issuer_der(), unsigned(self.signer.serial())]);
        // [0] IMPLICIT: the same bytes as the SET that was signed, under another tag.
        let mut attributes = self.attributes;
        if let Some(tag) = attributes.first_mut() {
            *tag = 0xa0;
        }
        let mut signer_info = vec![
            unsigned(&[1]),
            identifier,
            digest_algorithm.clone(),
            attributes,
            extension::signature_algorithm(self.scheme),
            tlv(tlv::OCTET_STRING, signature),
        ];
        signer_info.extend(timestamp.map(|token| {
            let attribute = sequence(&[oid(ID_SIGNATURE_TIMESTAMP), tlv(tlv::SET, token)]);
            tlv(0xa1, &attribute)
        }));
        let signer_info = sequence(&signer_info);
        // RFC 5652 §5.1: version 3 where the content is something else than data.
        let (version, content_info) = match self.content {
            None => (1, sequence(&[oid(ID_DATA)])),
            Some((kind, content)) => {
                let content = tlv(0xa0, &tlv(tlv::OCTET_STRING, &content));
                (if kind == ID_DATA { 1 } else { 3 }, sequence(&[oid(kind), content]))
            }
        };
        let mut certificates = self.chain;
        certificates.sort();
        let mut signed_data =
            vec![unsigned(&[version]), set_of(vec![digest_algorithm]), content_info];
        if !certificates.is_empty() {
            signed_data.push(tlv(0xa0, &tlv::join(&certificates)));
        }
        signed_data.push(set_of(vec![signer_info]));
        let signed_data = sequence(&signed_data);
        sequence(&[oid(ID_SIGNED_DATA), tlv(0xa0, &signed_data)])
    }
}
