//! Public-key verification in software, for our own signatures and for foreign documents.

use aws_lc_rs::{digest as aws_digest, signature as aws};
use const_oid::ObjectIdentifier;
use der::Decode;
use spki::SubjectPublicKeyInfoRef;

use super::{
    DigestAlgorithm, Scheme, encoding,
    scheme::{OID_EC_PUBLIC_KEY, OID_ECDSA_SHA256, OID_P256, OID_SM2_CURVE, means_sm2},
    strength::{OID_ED25519, OID_P384, OID_P521, OID_RSA, curve, rsa_bits},
};

/// Why a signature did not verify.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum VerifyError {
    /// The public key cannot be read or is not on its curve.
    #[error("the public key is malformed")]
    Key,
    /// The mathematics say no: the signature does not belong to this key and data.
    #[error("the signature does not match")]
    Mismatch,
    /// Key type and signature algorithm do not belong together, or we do not know them. This is
    /// "cannot judge", not "wrong".
    #[error("signature algorithm {0} with this key is not supported")]
    Unsupported(String),
}

const OID_RSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const OID_RSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");
const OID_RSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");
const OID_RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const OID_ECDSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const OID_ECDSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4");

/// RSA keys must have at least as many bits.
const SMALLEST_RSA: usize = 2048;

/// The digest that a signature algorithm names itself, where it names one.
pub fn digest_named_by(algorithm: ObjectIdentifier) -> Option<DigestAlgorithm> {
    match algorithm {
        OID_RSA_SHA256 | OID_ECDSA_SHA256 => Some(DigestAlgorithm::Sha256),
        OID_RSA_SHA384 | OID_ECDSA_SHA384 => Some(DigestAlgorithm::Sha384),
        OID_RSA_SHA512 | OID_ECDSA_SHA512 => Some(DigestAlgorithm::Sha512),
        other => means_sm2(other).then_some(DigestAlgorithm::Sm3),
    }
}

/// Verifies a DER signature over a 32-byte digest: for [`Scheme::Sm2`] the digest is
/// e = SM3(Z‖M), for [`Scheme::P256`] SHA-256 of the message.
///
/// `point` is the uncompressed SEC1 point (65 bytes).
///
/// # Errors
/// [`VerifyError::Mismatch`] where the signature is wrong, including where it is not DER.
pub fn verify_digest(
    scheme: Scheme,
    point: &[u8],
    digest: &[u8],
    signature: &[u8],
) -> Result<(), VerifyError> {
    match scheme {
        Scheme::P256 => {
            let digest = aws_digest::Digest::import_less_safe(digest, &aws_digest::SHA256)
                .map_err(|_| VerifyError::Mismatch)?;
            aws::UnparsedPublicKey::new(&aws::ECDSA_P256_SHA256_ASN1, point)
                .verify_digest(&digest, signature)
                .map_err(|_| VerifyError::Mismatch)
        }
        Scheme::Sm2 => {
            let rs = encoding::der_to_rs(signature).map_err(|_| VerifyError::Mismatch)?;
            let e = digest.try_into().map_err(|_| VerifyError::Mismatch)?;
            super::sm2::verify(point, e, &rs)
        }
    }
}

/// Verifies a signature over a message, with whatever key and algorithm a certificate or CMS
/// structure names.
///
/// `spki` is the DER `SubjectPublicKeyInfo`. `signature_algorithm` may also be the bare key
/// algorithm (`rsaEncryption`, `id-ecPublicKey`), as some CMS writers do; then `digest` decides.
///
/// # Errors
/// See [`VerifyError`]; unknown algorithms are [`VerifyError::Unsupported`].
pub fn verify_message(
    spki: &[u8],
    signature_algorithm: ObjectIdentifier,
    digest: Option<DigestAlgorithm>,
    message: &[u8],
    signature: &[u8],
) -> Result<(), VerifyError> {
    let info = SubjectPublicKeyInfoRef::from_der(spki).map_err(|_| VerifyError::Key)?;
    let key = info.subject_public_key.raw_bytes();
    let unsupported = || VerifyError::Unsupported(signature_algorithm.to_string());
    if info.algorithm.oid == OID_EC_PUBLIC_KEY {
        let curve = curve(info.algorithm.parameters).ok_or(VerifyError::Key)?;
        if curve == OID_SM2_CURVE {
            let named = means_sm2(signature_algorithm)
                || (digest == Some(DigestAlgorithm::Sm3)
                    && signature_algorithm == OID_EC_PUBLIC_KEY);
            if !named {
                return Err(unsupported());
            }
            let e = super::sm2::e(key, message).ok_or(VerifyError::Key)?;
            // Some makers write r‖s where DER belongs; it says the same.
            let is_der = encoding::der_to_rs(signature).is_ok();
            let der = encoding::rs_to_der(signature).ok().filter(|_| !is_der);
            return verify_digest(Scheme::Sm2, key, &e, der.as_deref().unwrap_or(signature));
        }
        let hash = ecdsa_digest(signature_algorithm, digest).ok_or_else(unsupported)?;
        return run(ecdsa_algorithm(curve, hash).ok_or_else(unsupported)?, key, message, signature);
    }
    if info.algorithm.oid == OID_RSA {
        let algorithm = rsa_algorithm(signature_algorithm, digest).ok_or_else(unsupported)?;
        if rsa_bits(key).ok_or(VerifyError::Key)? < SMALLEST_RSA {
            return Err(VerifyError::Unsupported(format!(
                "{signature_algorithm} under {SMALLEST_RSA} bits"
            )));
        }
        return match run(algorithm, key, message, signature) {
            // The library knows salts as long as the digest only; with another one a good
            // signature does not match either.
            Err(VerifyError::Mismatch) if signature_algorithm == OID_RSA_PSS => {
                Err(VerifyError::Unsupported(
                    "RSA-PSS, unless its salt is as long as the digest".into(),
                ))
            }
            answer => answer,
        };
    }
    if info.algorithm.oid == OID_ED25519 && signature_algorithm == OID_ED25519 {
        return run(&aws::ED25519, key, message, signature);
    }
    Err(unsupported())
}

fn run(
    algorithm: &'static dyn aws::VerificationAlgorithm,
    key: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), VerifyError> {
    aws::UnparsedPublicKey::new(algorithm, key)
        .verify(message, signature)
        .map_err(|_| VerifyError::Mismatch)
}

fn ecdsa_digest(
    algorithm: ObjectIdentifier,
    digest: Option<DigestAlgorithm>,
) -> Option<DigestAlgorithm> {
    match algorithm {
        OID_ECDSA_SHA256 => Some(DigestAlgorithm::Sha256),
        OID_ECDSA_SHA384 => Some(DigestAlgorithm::Sha384),
        OID_ECDSA_SHA512 => Some(DigestAlgorithm::Sha512),
        OID_EC_PUBLIC_KEY => digest,
        _ => None,
    }
}

fn ecdsa_algorithm(
    curve: ObjectIdentifier,
    digest: DigestAlgorithm,
) -> Option<&'static dyn aws::VerificationAlgorithm> {
    use DigestAlgorithm::{Sha256, Sha384, Sha512};
    Some(match (curve, digest) {
        (OID_P256, Sha256) => &aws::ECDSA_P256_SHA256_ASN1,
        (OID_P256, Sha384) => &aws::ECDSA_P256_SHA384_ASN1,
        (OID_P256, Sha512) => &aws::ECDSA_P256_SHA512_ASN1,
        (OID_P384, Sha256) => &aws::ECDSA_P384_SHA256_ASN1,
        (OID_P384, Sha384) => &aws::ECDSA_P384_SHA384_ASN1,
        (OID_P384, Sha512) => &aws::ECDSA_P384_SHA512_ASN1,
        (OID_P521, Sha256) => &aws::ECDSA_P521_SHA256_ASN1,
        (OID_P521, Sha384) => &aws::ECDSA_P521_SHA384_ASN1,
        (OID_P521, Sha512) => &aws::ECDSA_P521_SHA512_ASN1,
        _ => return None,
    })
}

fn rsa_algorithm(
    algorithm: ObjectIdentifier,
    digest: Option<DigestAlgorithm>,
) -> Option<&'static dyn aws::VerificationAlgorithm> {
    let digest = match algorithm {
        // The parameters name the digest once more; RFC 4056 §3 wants it to be the signer's.
        OID_RSA_PSS => {
            return match digest? {
                DigestAlgorithm::Sha256 => Some(&aws::RSA_PSS_2048_8192_SHA256),
                DigestAlgorithm::Sha384 => Some(&aws::RSA_PSS_2048_8192_SHA384),
                DigestAlgorithm::Sha512 => Some(&aws::RSA_PSS_2048_8192_SHA512),
                DigestAlgorithm::Sm3 => None,
            };
        }
        OID_RSA_SHA256 => DigestAlgorithm::Sha256,
        OID_RSA_SHA384 => DigestAlgorithm::Sha384,
        OID_RSA_SHA512 => DigestAlgorithm::Sha512,
        OID_RSA => digest?,
        _ => return None,
    };
    match digest {
        DigestAlgorithm::Sha256 => Some(&aws::RSA_PKCS1_2048_8192_SHA256),
        DigestAlgorithm::Sha384 => Some(&aws::RSA_PKCS1_2048_8192_SHA384),
        DigestAlgorithm::Sha512 => Some(&aws::RSA_PKCS1_2048_8192_SHA512),
        DigestAlgorithm::Sm3 => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::digest::unhex;

    #[test]
    fn sm2_signature_of_gbt_32918_5_annex_a_verifies_and_a_changed_one_does_not() {
        let point = unhex(concat!(
            "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020",
            "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
        ))
        .unwrap();
        let mut rs = unhex(concat!(
            "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3",
            "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
        ))
        .unwrap();
        let e = crate::crypto::sm2::e(&point, b"message digest").unwrap();
        let der = encoding::rs_to_der(&rs).unwrap();
        assert_eq!(verify_digest(Scheme::Sm2, &point, &e, &der), Ok(()));
        rs[63] ^= 1;
        let der = encoding::rs_to_der(&rs).unwrap();
        assert_eq!(verify_digest(Scheme::Sm2, &point, &e, &der), Err(VerifyError::Mismatch));
    }
}
