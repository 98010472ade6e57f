//! How strong a key is. What is strong enough, and until when, is not decided here.

use const_oid::ObjectIdentifier;
use der::{
    Decode,
    asn1::{AnyRef, UintRef},
};
use serde::{Deserialize, Serialize};
use spki::SubjectPublicKeyInfoRef;

use super::scheme::{OID_EC_PUBLIC_KEY, OID_P256, OID_SM2_CURVE};

pub(super) const OID_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
pub(super) const OID_P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
pub(super) const OID_P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
pub(super) const OID_ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// What a key signs with.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyFamily {
    /// RSA, RFC 8017.
    Rsa,
    /// ECDSA over the curves of NIST, FIPS 186-5.
    Ecdsa,
    /// Ed25519, RFC 8032.
    Ed25519,
    /// SM2, GB/T 32918.
    Sm2,
}

impl std::fmt::Display for KeyFamily {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Rsa => "RSA",
            Self::Ecdsa => "ECDSA",
            Self::Ed25519 => "Ed25519",
            Self::Sm2 => "SM2",
        })
    }
}

/// The family of a key, and the length of its modulus or of its curve's order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct KeyStrength {
    /// What it signs with.
    pub family: KeyFamily,
    /// Bits.
    pub bits: usize,
}

impl KeyStrength {
    /// Reads it from a DER `SubjectPublicKeyInfo`; `None` for keys that are not known here.
    pub fn of(spki: &[u8]) -> Option<Self> {
        let info = SubjectPublicKeyInfoRef::from_der(spki).ok()?;
        let (family, bits) = match info.algorithm.oid {
            OID_RSA => (KeyFamily::Rsa, rsa_bits(info.subject_public_key.raw_bytes())?),
            OID_ED25519 => (KeyFamily::Ed25519, 256),
            OID_EC_PUBLIC_KEY => match curve(info.algorithm.parameters)? {
                OID_SM2_CURVE => (KeyFamily::Sm2, 256),
                OID_P256 => (KeyFamily::Ecdsa, 256),
                OID_P384 => (KeyFamily::Ecdsa, 384),
                OID_P521 => (KeyFamily::Ecdsa, 521),
                _ => return None,
            },
            _ => return None,
        };
        Some(Self { family, bits })
    }
}

impl std::fmt::Display for KeyStrength {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} with {} bits", self.family, self.bits)
    }
}

/// The curve that parameters name.
pub(super) fn curve(parameters: Option<AnyRef<'_>>) -> Option<ObjectIdentifier> {
    parameters?.decode_as::<ObjectIdentifier>().ok()
}

/// `RSAPublicKey`, RFC 8017 A.1.1.
#[derive(der::Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    exponent: UintRef<'a>,
}

/// The length of a key, bits.
pub(super) fn rsa_bits(key: &[u8]) -> Option<usize> {
    let key = RsaPublicKey::from_der(key).ok()?;
    let first = key.modulus.as_bytes().first()?;
    Some(key.modulus.as_bytes().len() * 8 - first.leading_zeros() as usize)
}
