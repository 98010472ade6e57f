//! SM2 keys for tokens without SM2: custody `hsm-wrapped`. The key is made in this process, is kept
//! only as a ciphertext that a non-extractable key in the token made, and is opened into locked
//! memory to sign. It is a software key and called so everywhere (DESIGN §4).

use std::sync::{Mutex, PoisonError};

use sm2::{
    ProjectivePoint, Scalar, Sm2, U256,
    elliptic_curve::{
        Curve, Group, PrimeField, ops::Reduce, point::AffineCoordinates, sec1::ToSec1Point,
    },
};
use zeroize::{Zeroize, Zeroizing};

use super::{DeviceError, Token};
use crate::{
    crypto::{
        Scheme,
        digest::{hex, sha256},
        random, rs_to_der,
    },
    domain::{
        Timestamp,
        id::KeyId,
        seal::{Key, KeyPurpose, WrappedSecret},
    },
    pki::extension::public_key_info,
};

/// Keys that are open at the same time, at most; the slab of them stays in locked memory.
const MOST_OPEN: usize = 256;
/// How long a key stays open, seconds: another process may have suspended its seal.
const OPEN_SECONDS: i64 = 300;

/// The keys that are open in this process.
pub struct OpenKeys(Mutex<Slab>);

struct Slab {
    /// Grows whenever all keys are closed: what was being opened then is not kept.
    epoch: u64,
    slots: Box<[Slot]>,
    /// Keeps the slots out of swap.
    lock: Option<region::LockGuard>,
}

/// What signing needs of a key: (1 + d)⁻¹ mod n, from which d follows, so it is as secret as d.
#[derive(Clone)]
struct Slot {
    id: Option<KeyId>,
    inverse: Scalar,
    until: Timestamp,
}

const EMPTY: Slot = Slot { id: None, inverse: Scalar::ZERO, until: Timestamp::from_micros(0) };

impl Slot {
    fn clear(&mut self) {
        self.id = None;
        self.inverse.zeroize();
    }
}

impl Drop for Slab {
    fn drop(&mut self) {
        self.slots.iter_mut().for_each(Slot::clear);
        self.lock = None;
    }
}

impl Default for OpenKeys {
    fn default() -> Self {
        let slots = vec![EMPTY; MOST_OPEN].into_boxed_slice();
        let lock = region::lock(slots.as_ptr(), std::mem::size_of_val(&*slots)).ok();
        Self(Mutex::new(Slab { epoch: 0, slots, lock }))
    }
}

impl std::fmt::Debug for OpenKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OpenKeys")
    }
}

/// Makes a key and wraps it with `wrapping`, a key of the token for this purpose alone. Returns the
/// public point and the ciphertext.
pub(super) async fn generate(
    token: &Token,
    (id, purpose): (&KeyId, KeyPurpose),
    wrapping: &Key,
) -> Result<(Vec<u8>, WrappedSecret), DeviceError> {
    let (secret, point) = loop {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        random::fill(&mut *bytes).map_err(|_| fault("there is no randomness"))?;
        let scalar = Option::<Scalar>::from(Scalar::from_repr((*bytes).into()));
        // d is from 1 to n - 2 (GB/T 32918.1 §6.1).
        if let Some(scalar) = scalar.map(Zeroizing::new)
            && *scalar != Scalar::ZERO
            && inverse(&scalar).is_some()
        {
            break (bytes, public_point(&scalar));
        }
    };
    let secret = Zeroizing::new(secret.to_vec());
    let iv = random::array().map_err(|_| fault("there is no randomness"))?;
    let aad = aad(id, purpose, &point);
    let ciphertext = token.wrap(wrapping, KeyPurpose::CredentialWrapping, iv, aad, secret).await?;
    Ok((point, WrappedSecret { wrapping: wrapping.id.clone(), ciphertext }))
}

impl OpenKeys {
    /// Signs e = SM3(Z‖M) with a wrapped key; the answer is DER.
    pub(super) async fn sign(
        &self,
        token: &Token,
        (key, wrapped): (&Key, &WrappedSecret),
        e: &[u8; 32],
        now: Timestamp,
    ) -> Result<Vec<u8>, DeviceError> {
        let open = self.find(&key.id, now);
        let inverse = match open {
            Some(inverse) => inverse,
            None => self.open(token, (key, wrapped), now).await?,
        };
        sign(&inverse, e)
    }

    /// Forgets every key at once; those that are still in use are opened again.
    pub fn close_all(&self) {
        let mut slab = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slab.epoch += 1;
        slab.slots.iter_mut().for_each(Slot::clear);
    }

    fn epoch(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).epoch
    }

    fn find(&self, id: &KeyId, now: Timestamp) -> Option<Zeroizing<Scalar>> {
        let mut slab = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slab.slots.iter_mut().filter(|slot| slot.until <= now).for_each(Slot::clear);
        let slot = slab.slots.iter().find(|slot| slot.id.as_ref() == Some(id))?;
        Some(Zeroizing::new(slot.inverse))
    }

    async fn open(
        &self,
        token: &Token,
        (key, wrapped): (&Key, &WrappedSecret),
        now: Timestamp,
    ) -> Result<Zeroizing<Scalar>, DeviceError> {
        let wrapping = Key {
            id: wrapped.wrapping.clone(),
            purpose: KeyPurpose::CredentialWrapping,
            scheme: None,
            public_point: Vec::new(),
            wrapped: None,
        };
        let epoch = self.epoch();
        let aad = aad(&key.id, key.purpose, &key.public_point);
        let ciphertext = wrapped.ciphertext.clone();
        let secret = token.unwrap(&wrapping, wrapping.purpose, aad, ciphertext).await?;
        let bytes = Zeroizing::new(
            <[u8; 32]>::try_from(secret.as_slice())
                .map_err(|_| fault("a wrapped key has another length than a key"))?,
        );
        let scalar = Option::<Scalar>::from(Scalar::from_repr((*bytes).into())).map(Zeroizing::new);
        let scalar = scalar.ok_or_else(|| fault("a wrapped key is none"))?;
        if public_point(&scalar) != key.public_point {
            return Err(fault("a wrapped key is another than its public half"));
        }
        let inverse = inverse(&scalar).ok_or_else(|| fault("a wrapped key is none"))?;
        self.keep(&key.id, &inverse, (epoch, now))?;
        Ok(inverse)
    }

    fn keep(
        &self,
        id: &KeyId,
        inverse: &Scalar,
        (epoch, now): (u64, Timestamp),
    ) -> Result<(), DeviceError> {
        let mut slab = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slab.lock.is_none() {
            return Err(fault(
                "memory for keys cannot be locked; raise the limit of locked memory (ulimit -l)",
            ));
        }
        if slab.epoch != epoch {
            return Ok(());
        }
        // A free slot, or the one that would be closed first.
        let of_same = |slot: &&mut Slot| slot.id.as_ref() == Some(id);
        let slot = match slab.slots.iter_mut().find(of_same) {
            Some(slot) => Some(slot),
            None => slab.slots.iter_mut().min_by_key(|slot| (slot.id.is_some(), slot.until)),
        };
        if let Some(slot) = slot {
            slot.clear();
            *slot = Slot {
                id: Some(id.clone()),
                inverse: *inverse,
                until: now.plus_seconds(OPEN_SECONDS),
            };
        }
        Ok(())
    }
}

/// What a ciphertext is bound to: the purpose, the key's row and its public half.
fn aad(id: &KeyId, purpose: KeyPurpose, point: &[u8]) -> Vec<u8> {
    let public = hex(&sha256(&public_key_info(Scheme::Sm2, point)));
    format!("sealwright {purpose} {id} {public}").into_bytes()
}

fn fault(what: &str) -> DeviceError {
    DeviceError::Fault(what.to_owned())
}

fn public_point(secret: &Scalar) -> Vec<u8> {
    ProjectivePoint::mul_by_generator(secret).to_affine().to_sec1_point(false).as_bytes().to_vec()
}

/// (1 + d)⁻¹ mod n; none for d = n - 1.
fn inverse(secret: &Scalar) -> Option<Zeroizing<Scalar>> {
    Option::<Scalar>::from((secret + &Scalar::ONE).invert()).map(Zeroizing::new)
}

/// SM2DSA (GB/T 32918.2 §6.1) with s = (1 + d)⁻¹·(k + r) - r, which is (1 + d)⁻¹·(k - r·d). The
/// nonce comes of the key, the digest and fresh randomness by the generator of RFC 6979, so that
/// neither a bad source of randomness nor a fault that repeats it tells the key.
fn sign(inverse: &Scalar, e: &[u8; 32]) -> Result<Vec<u8>, DeviceError> {
    let digest = <Scalar as Reduce<U256>>::reduce(&U256::from_be_slice(e));
    for _ in 0..8 {
        let fresh: [u8; 32] = random::array().map_err(|_| fault("there is no randomness"))?;
        let secret = Zeroizing::new(<[u8; 32]>::from(inverse.to_repr()));
        let mut generator = rfc6979::KGenerator::<sm3::Sm3, U256>::new(
            &*secret,
            &digest.to_repr(),
            &fresh,
            &Sm2::ORDER,
        );
        let mut nonce = Zeroizing::new([0_u8; 32]);
        generator.fill_next_k(&mut *nonce);
        let Some(k) = Option::<Scalar>::from(Scalar::from_repr((*nonce).into())) else { continue };
        let k = Zeroizing::new(k);
        let point = ProjectivePoint::mul_by_generator(&*k).to_affine();
        let r = digest + <Scalar as Reduce<_>>::reduce(&point.x());
        let sum = Zeroizing::new(r + *k);
        let s = *inverse * *sum - r;
        if [r, s, *sum].contains(&Scalar::ZERO) {
            continue;
        }
        let rs = [<[u8; 32]>::from(r.to_repr()), <[u8; 32]>::from(s.to_repr())].concat();
        return rs_to_der(&rs).map_err(|error| fault(&error.to_string()));
    }
    Err(fault("no nonce was fit to sign with"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{digest::unhex, verify_digest};

    fn scalar(text: &str) -> Scalar {
        let bytes: [u8; 32] = unhex(text).unwrap().try_into().unwrap();
        Scalar::from_repr(bytes.into()).unwrap()
    }

    #[test]
    fn signatures_verify_and_differ() {
        let secret = scalar("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8");
        let point = public_point(&secret);
        // The public key of GB/T 32918.5 annex A.
        assert!(hex(&point).starts_with("0409f9df311e5421a150dd7d161e4bc5c6"));
        let inverse = inverse(&secret).unwrap();
        let e = [0x5a; 32];
        let (one, other) = (sign(&inverse, &e).unwrap(), sign(&inverse, &e).unwrap());
        assert_ne!(one, other);
        for signature in [one, other] {
            verify_digest(Scheme::Sm2, &point, &e, &signature).unwrap();
            assert!(verify_digest(Scheme::Sm2, &point, &[0x5b; 32], &signature).is_err());
        }
    }

    #[test]
    fn open_keys_are_bounded_and_closed() {
        let keys = OpenKeys::default();
        let id = |n: u8| KeyId::new(Timestamp::from_seconds(i64::from(n)), [n; 10]);
        let start = Timestamp::from_seconds(1_000_000);
        for n in 0..=255 {
            let at = (0, start.plus_seconds(n.into()));
            keys.keep(&id(n), &scalar(&"01".repeat(32)), at).unwrap();
        }
        assert!(keys.find(&id(0), start).is_some());
        keys.keep(&KeyId::new(start, [9; 10]), &Scalar::ONE, (0, start.plus_seconds(256))).unwrap();
        assert!(keys.find(&id(0), start).is_none(), "the eldest made room");
        assert!(keys.find(&id(8), start.plus_seconds(300)).is_some());
        assert!(keys.find(&id(8), start.plus_seconds(308)).is_none());
        assert!(keys.find(&id(9), start).is_some());
        keys.close_all();
        assert!(keys.find(&id(9), start).is_none());
        keys.keep(&id(9), &Scalar::ONE, (0, start)).unwrap();
        assert!(keys.find(&id(9), start).is_none(), "it was being opened when all were closed");
        keys.keep(&id(9), &Scalar::ONE, (1, start)).unwrap();
        assert!(keys.find(&id(9), start).is_some());
    }
}
