//! Making seals and seal signatures, V4 (GB/T 38540-2020) or V5 (GM/T 0031-2025), strictly DER.

use super::{Picture, SesVersion, SignerList};
use crate::{
    crypto::{Scheme, sm2},
    domain::Timestamp,
    pki::{
        Certificate,
        extension::generalized_time,
        tlv::{self, bit_string, oid, sequence, tlv, unsigned},
    },
};

/// Who made the program, as it stands in headers (`Vid`).
const VENDOR: &str = "Sealwright";
/// The longest DER signature over a 256-bit curve.
const LONGEST_SIGNATURE: usize = 72;

/// What a seal says.
#[derive(Clone, Debug)]
pub struct SealInfo {
    /// The identifier (`esID`), ASCII.
    pub id: String,
    /// The type as a number.
    pub kind: u8,
    /// The name.
    pub name: String,
    /// Who may sign with it.
    pub signers: SignerList,
    /// When it was made.
    pub created: Timestamp,
    /// From when it is valid.
    pub valid_from: Timestamp,
    /// Until when.
    pub valid_until: Timestamp,
    /// The picture.
    pub picture: Picture,
}

/// A seal that lacks the maker's signature.
#[derive(Clone, Debug)]
pub struct UnsignedSeal {
    info: Vec<u8>,
    maker: Certificate,
}

impl UnsignedSeal {
    /// Begins a seal. `version` is V4 or V5; V1 is read, never written.
    pub fn begin(info: &SealInfo, version: SesVersion, maker: Certificate) -> Self {
        let header = sequence(&[
            tlv(tlv::IA5_STRING, b"ES"),
            unsigned(&[version.number()]),
            tlv(tlv::IA5_STRING, VENDOR.as_bytes()),
        ]);
        let (list_kind, list) = match &info.signers {
            SignerList::Certificates(all) => {
                let all: Vec<_> = all.iter().map(|one| tlv(tlv::OCTET_STRING, one)).collect();
                (1, sequence(&all))
            }
            SignerList::Digests(all) => {
                let digest = |(algorithm, value): &(String, Vec<u8>)| {
                    let name = tlv(tlv::PRINTABLE_STRING, algorithm.as_bytes());
                    sequence(&[name, tlv(tlv::OCTET_STRING, value)])
                };
                (2, sequence(&all.iter().map(digest).collect::<Vec<_>>()))
            }
        };
        let property = sequence(&[
            unsigned(&[info.kind]),
            tlv(tlv::UTF8_STRING, info.name.as_bytes()),
            unsigned(&[list_kind]),
            list,
            generalized_time(info.created),
            generalized_time(info.valid_from),
            generalized_time(info.valid_until),
        ]);
        let picture = sequence(&[
            tlv(tlv::IA5_STRING, info.picture.format.as_bytes()),
            tlv(tlv::OCTET_STRING, &info.picture.data),
            unsigned(&info.picture.width.to_be_bytes()),
            unsigned(&info.picture.height.to_be_bytes()),
        ]);
        let id = tlv(tlv::IA5_STRING, info.id.as_bytes());
        Self { info: sequence(&[header, id, property, picture]), maker }
    }

    /// The digest that goes to the maker's key: e = SM3(Z‖M) over the seal's information. `None`
    /// if the certificate's key is not a point.
    pub fn digest(&self) -> Option<[u8; 32]> {
        sm2::e(self.maker.public_key(), &self.info)?.try_into().ok()
    }

    /// The seal, around the maker's DER signature, with a timestamp token over it that V5 has a
    /// place for.
    pub fn finish(self, signature: &[u8], timestamp: Option<&[u8]>) -> Vec<u8> {
        let mut parts = vec![
            self.info,
            tlv(tlv::OCTET_STRING, self.maker.der()),
            oid(Scheme::Sm2.signature_oid()),
            bit_string(signature),
        ];
        parts.extend(timestamp.map(|token| tlv(0xa0, &bit_string(token))));
        sequence(&parts)
    }
}

/// A seal signature that lacks its signature value.
#[derive(Clone, Debug)]
pub struct UnsignedSignature {
    tbs: Vec<u8>,
    signer: Certificate,
}

impl UnsignedSignature {
    /// Begins a signature with a seal (DER, V4 or V5 as `version` says) over a digest. `property`
    /// tells what the digest is of, ASCII.
    pub fn begin(
        seal: &[u8],
        version: SesVersion,
        signer: Certificate,
        at: Timestamp,
        (data_hash, property): (&[u8], &str),
    ) -> Self {
        let tbs = sequence(&[
            &unsigned(&[version.number()]),
            seal,
            &generalized_time(at),
            &bit_string(data_hash),
            &tlv(tlv::IA5_STRING, property.as_bytes()),
        ]);
        Self { tbs, signer }
    }

    /// The digest that goes to the signer's key: e = SM3(Z‖M) over `toSign`. `None` if the
    /// certificate's key is not a point.
    pub fn digest(&self) -> Option<[u8; 32]> {
        sm2::e(self.signer.public_key(), &self.tbs)?.try_into().ok()
    }

    /// The seal signature, around the DER signature value and perhaps a timestamp token over it.
    pub fn finish(self, signature: &[u8], timestamp: Option<&[u8]>) -> Vec<u8> {
        let mut parts = vec![
            self.tbs,
            tlv(tlv::OCTET_STRING, self.signer.der()),
            oid(Scheme::Sm2.signature_oid()),
            bit_string(signature),
        ];
        parts.extend(timestamp.map(|token| tlv(0xa0, &bit_string(token))));
        sequence(&parts)
    }
}

/// The size of a seal signature at most, bytes, without a timestamp.
pub fn size_hint(seal: &[u8], signer: &Certificate, property: &str) -> usize {
    // Frames, version, time, digest and algorithm identifier take under 140 bytes.
    seal.len() + signer.der().len() + property.len() + LONGEST_SIGNATURE + 140
}
