//! SM2DSA beyond the curve: the signer's identity Z and the digest e (GB/T 32918.2 §5.5).

use super::DigestAlgorithm;

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
}
