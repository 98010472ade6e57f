//! SM2DSA beyond the curve: the signer's identity Z and the digest e (GB/T 32918.2 §5.5), and
//! verification.

use sm2::{
    ProjectivePoint, PublicKey, Scalar, U256,
    elliptic_curve::{
        Group, PrimeField,
        ops::{MulByGeneratorVartime, Reduce},
        point::AffineCoordinates,
    },
};

use super::{DigestAlgorithm, VerifyError};

/// The identity every Chinese certificate profile uses (GM/T 0009 §10).
pub const DEFAULT_ID: &[u8] = b"1234567812345678";

const CURVE: &str = concat!(
    "fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc", // a
    "28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93", // b
    "32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7", // x of G
    "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0", // y of G
);

/// Z = SM3(ENTL ‖ ID ‖ a ‖ b ‖ xG ‖ yG ‖ xA ‖ yA) with the default identity.
///
/// `point` is the uncompressed SEC1 point, 65 bytes beginning with 04; `None` if it is not.
pub fn z(point: &[u8]) -> Option<Vec<u8>> {
    let coordinates = point.strip_prefix(&[4]).filter(|xy| xy.len() == 64)?;
    let bits = u16::try_from(DEFAULT_ID.len() * 8).ok()?;
    let mut data = bits.to_be_bytes().to_vec();
    data.extend_from_slice(DEFAULT_ID);
    data.extend_from_slice(&super::digest::unhex(CURVE)?);
    data.extend_from_slice(coordinates);
    Some(DigestAlgorithm::Sm3.digest(&data))
}

/// e = SM3(Z ‖ M): what an SM2 token signs. `None` if `point` is not an uncompressed point.
pub fn e(point: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let mut data = z(point)?;
    data.extend_from_slice(message);
    Some(DigestAlgorithm::Sm3.digest(&data))
}

/// Verifies r‖s over e (GB/T 32918.2 §7.1). Everything here is public, so the time may depend on it,
/// which saves a sixth of the time of the library's own.
///
/// # Errors
/// The point is not on the curve, or the signature is not of this key and digest.
pub fn verify(point: &[u8], e: &[u8; 32], rs: &[u8; 64]) -> Result<(), VerifyError> {
    let key = PublicKey::from_sec1_bytes(point).map_err(|_| VerifyError::Key)?;
    let (r, s) = rs.split_at(32);
    let scalar = |bytes: &[u8]| {
        let bytes = <[u8; 32]>::try_from(bytes).ok()?;
        Option::<Scalar>::from(Scalar::from_repr(bytes.into())).filter(|s| *s != Scalar::ZERO)
    };
    let (Some(r), Some(s)) = (scalar(r), scalar(s)) else { return Err(VerifyError::Mismatch) };
    let t = r + s;
    if t == Scalar::ZERO {
        return Err(VerifyError::Mismatch);
    }
    let by_key = ProjectivePoint::from(*key.as_affine());
    let sum = ProjectivePoint::mul_by_generator_and_mul_add_vartime(&s, &t, &by_key);
    if bool::from(sum.is_identity()) {
        return Err(VerifyError::Mismatch);
    }
    let e = <Scalar as Reduce<U256>>::reduce(&U256::from_be_slice(e));
    let x = <Scalar as Reduce<_>>::reduce(&sum.to_affine().x());
    if e + x == r { Ok(()) } else { Err(VerifyError::Mismatch) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::digest::{hex, unhex};

    #[test]
    fn z_and_e_match_the_example_of_gbt_32918_5_annex_a() {
        let point = unhex(concat!(
            "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020",
            "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
        ))
        .unwrap();
        assert_eq!(
            hex(&z(&point).unwrap()),
            "b2e14c5c79c6df5b85f4fe7ed8db7a262b9da7e07ccb0ea9f4747b8ccda8a4f3"
        );
        assert_eq!(
            hex(&e(&point, b"message digest").unwrap()),
            "f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640"
        );
        assert_eq!(z(&point[1..]), None);
    }

    /// Our own verification and the library's say the same, whatever is changed.
    #[test]
    fn verification_agrees_with_the_library() {
        use sm2::dsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
        for n in 1..40_u8 {
            let secret = sm2::SecretKey::from_slice(&[n; 32]).unwrap();
            let signer = sm2::dsa::SigningKey::new("1234567812345678", &secret).unwrap();
            let library = signer.verifying_key();
            let point = {
                use sm2::elliptic_curve::sec1::ToSec1Point;
                secret.public_key().to_sec1_point(false).as_bytes().to_vec()
            };
            let e = [n.wrapping_mul(7); 32];
            let good: sm2::dsa::Signature = signer.sign_prehash(&e).unwrap();
            let good: [u8; 64] = good.to_bytes().into();
            assert_eq!(verify(&point, &e, &good), Ok(()));
            let mut tries = vec![good, [0; 64], [255; 64]];
            for at in 0..64 {
                let mut changed = good;
                changed[at] ^= 1 << (n % 8);
                tries.push(changed);
            }
            for rs in tries {
                let theirs = sm2::dsa::Signature::from_slice(&rs)
                    .is_ok_and(|signature| library.verify_prehash(&e, &signature).is_ok());
                assert_eq!(verify(&point, &e, &rs).is_ok(), theirs);
            }
            assert_eq!(verify(&point[1..], &e, &good), Err(VerifyError::Key));
            let mut off = point.clone();
            off[40] ^= 1;
            assert_eq!(verify(&off, &e, &good), Err(VerifyError::Key));
        }
    }
}
