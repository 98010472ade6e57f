//! The two shapes of an elliptic-curve signature: the fixed r‖s of tokens and the DER of
//! documents (RFC 3279 §2.2.3).

use der::{Decode, Encode, Sequence, asn1::UintRef};

/// Why bytes are not an elliptic-curve signature over a 256-bit curve.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SignatureEncodingError {
    /// r‖s must be exactly 64 bytes.
    #[error("a raw signature must be 64 bytes, got {0}")]
    Length(usize),
    /// Not a strict DER `SEQUENCE` of two positive integers that fit 32 bytes.
    #[error("the signature is not DER of two positive 256-bit integers")]
    Der,
    /// r or s is zero, which no signer produces.
    #[error("r or s of the signature is zero")]
    Zero,
}

#[derive(Sequence)]
struct EcdsaSigValue<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

/// Turns 64 bytes r‖s, big-endian, into DER.
///
/// # Errors
/// The length is not 64 or a half is zero.
pub fn rs_to_der(rs: &[u8]) -> Result<Vec<u8>, SignatureEncodingError> {
    if rs.len() != 64 {
        return Err(SignatureEncodingError::Length(rs.len()));
    }
    let (r, s) = rs.split_at(32);
    if [r, s].iter().any(|half| half.iter().all(|byte| *byte == 0)) {
        return Err(SignatureEncodingError::Zero);
    }
    let value = EcdsaSigValue {
        r: UintRef::new(r).map_err(|_| SignatureEncodingError::Der)?,
        s: UintRef::new(s).map_err(|_| SignatureEncodingError::Der)?,
    };
    value.to_der().map_err(|_| SignatureEncodingError::Der)
}

/// Turns strict DER into 64 bytes r‖s.
///
/// # Errors
/// Anything that is not strict DER of two integers of at most 32 bytes, or a zero.
pub fn der_to_rs(der: &[u8]) -> Result<[u8; 64], SignatureEncodingError> {
    let value = EcdsaSigValue::from_der(der).map_err(|_| SignatureEncodingError::Der)?;
    let mut rs = [0_u8; 64];
    let (r, s) = rs.split_at_mut(32);
    for (half, integer) in [(r, value.r), (s, value.s)] {
        let bytes = integer.as_bytes();
        let start = half.len().checked_sub(bytes.len()).ok_or(SignatureEncodingError::Der)?;
        let Some(target) = half.get_mut(start..) else { return Err(SignatureEncodingError::Der) };
        target.copy_from_slice(bytes);
        if half.iter().all(|byte| *byte == 0) {
            return Err(SignatureEncodingError::Zero);
        }
    }
    Ok(rs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn round_trip(rs in proptest::collection::vec(any::<u8>(), 64)) {
            prop_assume!(rs[..32].iter().any(|b| *b != 0) && rs[32..].iter().any(|b| *b != 0));
            let der = rs_to_der(&rs).unwrap();
            prop_assert_eq!(der_to_rs(&der).unwrap().to_vec(), rs);
        }
    }

    #[test]
    fn refuses_lengths_zeroes_and_trailing_bytes() {
        assert_eq!(rs_to_der(&[1; 63]), Err(SignatureEncodingError::Length(63)));
        assert_eq!(rs_to_der(&[0; 64]), Err(SignatureEncodingError::Zero));
        let mut der = rs_to_der(&[7; 64]).unwrap();
        der.push(0);
        assert_eq!(der_to_rs(&der), Err(SignatureEncodingError::Der));
        assert_eq!(der_to_rs(&[]), Err(SignatureEncodingError::Der));
    }
}
