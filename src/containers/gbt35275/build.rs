//! Building a `SignedData` with one signer over data whose digest is given. Signed attributes are
//! written: without them the signature would be over a digest that could stand for other things.

use super::{ID_GM_DATA, ID_GM_SIGNED_DATA};
use crate::{
    containers::cms::{ID_CONTENT_TYPE, ID_MESSAGE_DIGEST, ID_SIGNING_TIME},
    crypto::{Scheme, scheme::OID_SM2_SIGN, sm2},
    domain::Timestamp,
    pki::{
        Certificate, extension,
        tlv::{self, oid, sequence, set_of, tlv, unsigned},
    },
};

/// A `SignedData` that lacks its signature. Giving it the signature consumes it.
#[derive(Clone, Debug)]
pub struct Unsigned {
    signer: Certificate,
    chain: Vec<Vec<u8>>,
    /// `SET OF Attribute`, DER: what is signed.
    attributes: Vec<u8>,
    /// The data, where it stands inside.
    content: Option<Vec<u8>>,
}

/// The size of the finished blob at most, bytes.
pub fn size_hint(chain: &[Certificate]) -> usize {
    crate::containers::cms::size_hint(chain)
}

/// Begins a blob over data with this SM3 digest. `chain` is leaf first; without a leaf there is
/// nothing to begin.
pub fn begin(digest: &[u8], chain: &[Certificate]) -> Option<Unsigned> {
    begin_with(digest, chain, Vec::new())
}

/// Begins a signature of a file: as [`begin`] with the claimed time, and with the file inside where
/// it is given.
pub fn begin_file(
    digest: &[u8],
    content: Option<Vec<u8>>,
    chain: &[Certificate],
    at: Timestamp,
) -> Option<Unsigned> {
    let time = sequence(&[oid(ID_SIGNING_TIME), tlv(tlv::SET, &extension::time(at))]);
    let unsigned = begin_with(digest, chain, vec![time])?;
    Some(Unsigned { content, ..unsigned })
}

fn begin_with(digest: &[u8], chain: &[Certificate], more: Vec<Vec<u8>>) -> Option<Unsigned> {
    let attribute = |kind, value: Vec<u8>| sequence(&[oid(kind), tlv(tlv::SET, &value)]);
    let mut attributes = vec![
        attribute(ID_CONTENT_TYPE, oid(ID_GM_DATA)),
        attribute(ID_MESSAGE_DIGEST, tlv(tlv::OCTET_STRING, digest)),
    ];
    attributes.extend(more);
    let attributes = set_of(attributes);
    let signer = chain.first()?.clone();
    let chain = chain.iter().map(|certificate| certificate.der().to_vec()).collect();
    Some(Unsigned { signer, chain, attributes, content: None })
}

impl Unsigned {
    /// The digest that goes to the device: e = SM3(Z‖M) over the attributes. `None` if the
    /// certificate's key is not a point.
    pub fn digest(&self) -> Option<[u8; 32]> {
        sm2::e(self.signer.public_key(), &self.attributes)?.try_into().ok()
    }

    /// The finished `ContentInfo`, around a DER signature.
    pub fn finish(self, signature: &[u8]) -> Vec<u8> {
        let sm3 = sequence(&[oid(Scheme::Sm2.digest().oid())]);
        let mut attributes = self.attributes;
        if let Some(tag) = attributes.first_mut() {
            *tag = 0xa0;
        }
        let signer_info = sequence(&[
            unsigned(&[1]),
            sequence(&[self.signer.issuer_der(), unsigned(self.signer.serial())]),
            sm3.clone(),
            attributes,
            sequence(&[oid(OID_SM2_SIGN)]),
            tlv(tlv::OCTET_STRING, signature),
        ]);
        let content = self.content.map(|data| tlv(0xa0, &tlv(tlv::OCTET_STRING, &data)));
        let mut content_info = vec![oid(ID_GM_DATA)];
        content_info.extend(content);
        let content_info = sequence(&content_info);
        let mut certificates = self.chain;
        certificates.sort();
        let signed_data = sequence(&[
            unsigned(&[1]),
            set_of(vec![sm3]),
            content_info,
            tlv(0xa0, &tlv::join(&certificates)),
            set_of(vec![signer_info]),
        ]);
        sequence(&[oid(ID_GM_SIGNED_DATA), tlv(0xa0, &signed_data)])
    }
}
