//! The signature schemes the service signs with.

use const_oid::ObjectIdentifier;
use serde::{Deserialize, Serialize};

use super::DigestAlgorithm;

/// `id-ecPublicKey`, RFC 5480 §2.1.1.
pub const OID_EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// `secp256r1` (P-256), RFC 5480 §2.1.1.1.
pub const OID_P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
/// `sm2p256v1`, GM/T 0006.
pub const OID_SM2_CURVE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.156.10197.1.301");
/// `ecdsa-with-SHA256`, RFC 5758 §3.2.
pub const OID_ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
/// `SM2-with-SM3`, GM/T 0006.
pub const OID_SM2_SM3: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.156.10197.1.501");
/// `sm2-1`, the digital signature algorithm of SM2 (GM/T 0006), as GB/T 35275 names it.
pub const OID_SM2_SIGN: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.156.10197.1.301.1");
/// What a widespread library writes where it means [`OID_SM2_SM3`]; read, never written.
const OID_SM2_SM3_MISSPELT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.156.10197.501");

/// Whether documents mean SM2DSA over SM3 by this identifier.
pub fn means_sm2(oid: ObjectIdentifier) -> bool {
    [OID_SM2_SM3, OID_SM2_SIGN, OID_SM2_CURVE, OID_SM2_SM3_MISSPELT].contains(&oid)
}

/// A curve with its signature algorithm and digest; it stands beside every key, digest and
/// certificate of the service.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// ECDSA on P-256 over SHA-256 (FIPS 186-5).
    P256,
    /// SM2DSA on sm2p256v1 over SM3 (GB/T 32918.2).
    Sm2,
}

impl Scheme {
    /// The name used in the API, the database and the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::P256 => "p256",
            Self::Sm2 => "sm2",
        }
    }

    /// The reverse of [`Scheme::as_str`].
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "p256" => Some(Self::P256),
            "sm2" => Some(Self::Sm2),
            _ => None,
        }
    }

    /// The digest that belongs to the scheme.
    pub fn digest(self) -> DigestAlgorithm {
        match self {
            Self::P256 => DigestAlgorithm::Sha256,
            Self::Sm2 => DigestAlgorithm::Sm3,
        }
    }

    /// The named curve of the key, as it stands in `SubjectPublicKeyInfo` and `CKA_EC_PARAMS`.
    pub fn curve_oid(self) -> ObjectIdentifier {
        match self {
            Self::P256 => OID_P256,
            Self::Sm2 => OID_SM2_CURVE,
        }
    }

    /// The signature algorithm identifier used in certificates and CMS.
    pub fn signature_oid(self) -> ObjectIdentifier {
        match self {
            Self::P256 => OID_ECDSA_SHA256,
            Self::Sm2 => OID_SM2_SM3,
        }
    }
}

impl std::fmt::Display for Scheme {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
