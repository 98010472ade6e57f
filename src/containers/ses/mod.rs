//! Electronic seals and seal signatures (SES): GM/T 0031-2014 ("V1"), GB/T 38540-2020 ("V4") and
//! GM/T 0031-2025 ("V5"). Reading keeps the bytes that were signed and never encodes them anew;
//! writing is strict DER. Whether anybody is to be trusted is not told here.

mod read;
mod time;
mod write;

pub use read::SesError;
pub use time::SesTime;
pub use write::{SealInfo, UnsignedSeal, UnsignedSignature, size_hint};

use const_oid::ObjectIdentifier;

use crate::{domain::Timestamp, pki::Certificate};

/// Which standard a seal is made by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SesVersion {
    /// GM/T 0031-2014.
    V1,
    /// GB/T 38540-2020.
    V4,
    /// GM/T 0031-2025.
    V5,
}

impl SesVersion {
    /// The number that stands in headers and names the structure in the field.
    pub fn number(self) -> u8 {
        match self {
            Self::V1 => 1,
            Self::V4 => 4,
            Self::V5 => 5,
        }
    }

    /// The standard.
    pub fn standard(self) -> &'static str {
        match self {
            Self::V1 => "GM/T 0031-2014",
            Self::V4 => "GB/T 38540-2020",
            Self::V5 => "GM/T 0031-2025",
        }
    }
}

/// Who may sign with a seal (`certList`).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SignerList {
    /// By certificate (`certListType` 1), DER as it stands.
    Certificates(Vec<Vec<u8>>),
    /// By digest of the certificate (`certListType` 2): algorithm as it is named, and value.
    Digests(Vec<(String, Vec<u8>)>),
}

/// The picture of a seal 印模.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Picture {
    /// The format as it is named: `png`, `ofd`, `GIF`, in any case.
    pub format: String,
    /// The picture itself.
    pub data: Vec<u8>,
    /// Width, millimetres.
    pub width: i64,
    /// Height, millimetres.
    pub height: i64,
}

/// An extension of a seal or signature.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Extension {
    /// Which.
    pub id: ObjectIdentifier,
    /// Whether who does not know it must refuse.
    pub critical: bool,
    /// Its value.
    pub value: Vec<u8>,
}

/// An electronic seal 电子印章 (`SESeal`).
#[derive(Clone, Debug, PartialEq)]
pub struct Seal {
    /// All of it, as it stands.
    pub raw: Vec<u8>,
    /// By which standard.
    pub version: SesVersion,
    /// Who made the program that made it (`Vid`).
    pub vendor: String,
    /// The identifier (`esID`).
    pub id: String,
    /// The type as a number; its meaning is the maker's.
    pub kind: i64,
    /// The name.
    pub name: String,
    /// Who may sign with it.
    pub signers: SignerList,
    /// When it was made.
    pub created: SesTime,
    /// From when it is valid.
    pub valid_from: SesTime,
    /// Until when.
    pub valid_until: SesTime,
    /// The picture.
    pub picture: Picture,
    /// Extensions.
    pub extensions: Vec<Extension>,
    /// The certificate of the seal maker 制章人, as it stands.
    pub maker_der: Vec<u8>,
    /// The same, where it could be read.
    pub maker: Option<Certificate>,
    /// The maker's signature algorithm.
    pub algorithm: ObjectIdentifier,
    /// The bytes that the maker signed.
    pub signed: Vec<u8>,
    /// The maker's signature.
    pub signature: Vec<u8>,
    /// The timestamp over the maker's signature (V5), as it stands.
    pub timestamp: Option<Vec<u8>>,
}

/// A seal signature 电子签章 (`SES_Signature`).
#[derive(Clone, Debug, PartialEq)]
pub struct SealSignature {
    /// The seal in it.
    pub seal: Seal,
    /// When it was signed, as the signer says.
    pub time: SesTime,
    /// The digest of what was signed.
    pub data_hash: Vec<u8>,
    /// What was signed: in an OFD the path of its Signature.xml.
    pub property: String,
    /// Extensions.
    pub extensions: Vec<Extension>,
    /// The signer's certificate, as it stands.
    pub signer_der: Vec<u8>,
    /// The same, where it could be read.
    pub signer: Option<Certificate>,
    /// The signature algorithm.
    pub algorithm: ObjectIdentifier,
    /// The bytes that were signed.
    pub signed: Vec<u8>,
    /// The signature value.
    pub signature: Vec<u8>,
    /// The timestamp over the signature value, as it stands.
    pub timestamp: Option<Vec<u8>>,
}

impl Seal {
    /// Whether the seal names this certificate as one of its signers. Digests of every algorithm
    /// that is known are tried, whatever the list calls them.
    pub fn lists(&self, certificate: &[u8]) -> bool {
        use crate::crypto::DigestAlgorithm::{Sha256, Sm3};
        match &self.signers {
            SignerList::Certificates(all) => all.iter().any(|one| one == certificate),
            SignerList::Digests(all) => {
                let known = [Sm3.digest(certificate), Sha256.digest(certificate)];
                all.iter().any(|(_, digest)| known.contains(digest))
            }
        }
    }

    /// Whether the seal was valid at a time; `None` where it does not say so readably.
    pub fn is_valid_at(&self, at: Timestamp) -> Option<bool> {
        Some(self.valid_from.at? <= at && at <= self.valid_until.at?)
    }
}
