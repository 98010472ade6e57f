//! Algorithms that protect nothing any more: SHA-1, and RSA keys under 2048 bits. They are here to
//! tell a document that was changed from one that is merely old, and for what is proven to be from the
//! time when they did.

use aws_lc_rs::{digest, signature as aws};
use const_oid::ObjectIdentifier;
use der::Decode;
use spki::SubjectPublicKeyInfoRef;

use super::{DigestAlgorithm, VerifyError, digest_named_by, strength::OID_RSA, verify_message};

const OID_SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const OID_RSA_SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.5");
const OID_RSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const OID_RSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");

/// A digest that is read in foreign documents: an accepted one, or SHA-1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ForeignDigest {
    /// One that is accepted.
    Accepted(DigestAlgorithm),
    /// SHA-1, which is not.
    Sha1,
}

/// A [`ForeignDigest`] under way.
pub enum ForeignHasher {
    /// Of an accepted algorithm.
    Accepted(super::Hasher),
    /// SHA-1.
    Sha1(digest::Context),
}

impl ForeignDigest {
    /// The algorithm of an object identifier.
    pub fn from_oid(oid: ObjectIdentifier) -> Option<Self> {
        match DigestAlgorithm::from_oid(oid) {
            Some(algorithm) => Some(Self::Accepted(algorithm)),
            None => (oid == OID_SHA1).then_some(Self::Sha1),
        }
    }

    /// Every one.
    pub const ALL: [Self; 5] = [
        Self::Accepted(DigestAlgorithm::Sha256),
        Self::Accepted(DigestAlgorithm::Sha384),
        Self::Accepted(DigestAlgorithm::Sha512),
        Self::Accepted(DigestAlgorithm::Sm3),
        Self::Sha1,
    ];

    /// Its name in policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted(DigestAlgorithm::Sha256) => "sha-256",
            Self::Accepted(DigestAlgorithm::Sha384) => "sha-384",
            Self::Accepted(DigestAlgorithm::Sha512) => "sha-512",
            Self::Accepted(DigestAlgorithm::Sm3) => "sm3",
            Self::Sha1 => "sha-1",
        }
    }

    /// The algorithm, if it is accepted.
    pub fn accepted(self) -> Option<DigestAlgorithm> {
        match self {
            Self::Accepted(algorithm) => Some(algorithm),
            Self::Sha1 => None,
        }
    }

    /// An empty digest.
    pub fn hasher(self) -> ForeignHasher {
        match self {
            Self::Accepted(algorithm) => ForeignHasher::Accepted(super::Hasher::new(algorithm)),
            Self::Sha1 => {
                ForeignHasher::Sha1(digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY))
            }
        }
    }

    /// The digest of one slice.
    pub fn digest(self, data: &[u8]) -> Vec<u8> {
        let mut hasher = self.hasher();
        hasher.update(data);
        hasher.finish()
    }
}

impl ForeignHasher {
    /// Hashes more bytes.
    pub fn update(&mut self, data: &[u8]) {
        match self {
            Self::Accepted(hasher) => hasher.update(data),
            Self::Sha1(context) => context.update(data),
        }
    }

    /// The digest of all that was hashed.
    pub fn finish(self) -> Vec<u8> {
        match self {
            Self::Accepted(hasher) => hasher.finish(),
            Self::Sha1(context) => context.finish().as_ref().to_vec(),
        }
    }
}

/// The digest that a signature algorithm names itself, where it names one.
pub fn foreign_digest_named_by(algorithm: ObjectIdentifier) -> Option<ForeignDigest> {
    let accepted = digest_named_by(algorithm).map(ForeignDigest::Accepted);
    accepted.or((algorithm == OID_RSA_SHA1).then_some(ForeignDigest::Sha1))
}

/// Verifies a signature as [`verify_message`] does, by the algorithms here as well. Who asks has to
/// see to it that they were still good when it was made.
///
/// # Errors
/// See [`VerifyError`].
pub fn verify_even_weak(
    spki: &[u8],
    algorithm: ObjectIdentifier,
    digest: Option<ForeignDigest>,
    message: &[u8],
    signature: &[u8],
) -> Result<(), VerifyError> {
    let strong = match digest {
        Some(ForeignDigest::Sha1) => Err(VerifyError::Unsupported(format!("{algorithm}, SHA-1"))),
        _ => {
            let digest = digest.and_then(ForeignDigest::accepted);
            verify_message(spki, algorithm, digest, message, signature)
        }
    };
    match (strong, digest) {
        (Err(why @ VerifyError::Unsupported(_)), Some(digest)) => {
            match verify_weak(spki, algorithm, digest, message, signature) {
                Err(VerifyError::Unsupported(_)) => Err(why),
                answer => answer,
            }
        }
        (answer, _) => answer,
    }
}

/// Verifies by the algorithms here alone.
fn verify_weak(
    spki: &[u8],
    algorithm: ObjectIdentifier,
    digest: ForeignDigest,
    message: &[u8],
    signature: &[u8],
) -> Result<(), VerifyError> {
    use DigestAlgorithm::{Sha256, Sha512};
    let info = SubjectPublicKeyInfoRef::from_der(spki).map_err(|_| VerifyError::Key)?;
    let unsupported = || VerifyError::Unsupported(algorithm.to_string());
    if info.algorithm.oid != OID_RSA {
        return Err(unsupported());
    }
    let verification = match (algorithm, digest) {
        (OID_RSA_SHA1 | OID_RSA, ForeignDigest::Sha1) => {
            &aws::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY
        }
        (OID_RSA_SHA256, _) | (OID_RSA, ForeignDigest::Accepted(Sha256)) => {
            &aws::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY
        }
        (OID_RSA_SHA512, _) | (OID_RSA, ForeignDigest::Accepted(Sha512)) => {
            &aws::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY
        }
        _ => return Err(unsupported()),
    };
    aws::UnparsedPublicKey::new(verification, info.subject_public_key.raw_bytes())
        .verify(message, signature)
        .map_err(|_| VerifyError::Mismatch)
}

impl std::fmt::Display for ForeignDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Accepted(algorithm) => algorithm.fmt(f),
            Self::Sha1 => f.write_str("SHA-1"),
        }
    }
}
