//! Keys and what they compute.

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use p256::ecdsa::signature::hazmat::PrehashSigner;
use sm2::elliptic_curve::{
    PrimeField, group::Group, ops::Reduce, point::AffineCoordinates, sec1::ToSec1Point,
};

use crate::control;

/// The kinds of key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    P256,
    Sm2,
    Aes,
}

/// A secret with its kind.
#[derive(Clone)]
pub struct Key {
    pub kind: Kind,
    pub secret: [u8; 32],
}

impl Key {
    pub fn generate(kind: Kind) -> Self {
        loop {
            let mut secret = [0; 32];
            getrandom::fill(&mut secret).expect("randomness");
            let key = Self { kind, secret };
            if kind == Kind::Aes || key.try_point().is_some() {
                return key;
            }
        }
    }

    /// The uncompressed public point.
    pub fn point(&self) -> Vec<u8> {
        self.try_point().unwrap_or_default()
    }

    fn try_point(&self) -> Option<Vec<u8>> {
        match self.kind {
            Kind::P256 => {
                let secret = p256::SecretKey::from_slice(&self.secret).ok()?;
                Some(secret.public_key().to_sec1_point(false).as_bytes().to_vec())
            }
            Kind::Sm2 => {
                let secret = sm2::SecretKey::from_slice(&self.secret).ok()?;
                Some(secret.public_key().to_sec1_point(false).as_bytes().to_vec())
            }
            Kind::Aes => None,
        }
    }

    /// 64 bytes r‖s over the digest as it is.
    pub fn sign(&self, digest: &[u8]) -> Vec<u8> {
        let mut digest = digest.to_vec();
        if control::on("wrong_signature") {
            digest[0] ^= 1;
        }
        let mut signature = match self.kind {
            Kind::P256 => {
                let key = p256::ecdsa::SigningKey::from_slice(&self.secret).expect("a key");
                let signature: p256::ecdsa::Signature = key.sign_prehash(&digest).expect("signs");
                signature.to_bytes().to_vec()
            }
            Kind::Sm2 if control::on("sm2_as_ecdsa") => self.ecdsa_on_the_sm2_curve(&digest),
            Kind::Sm2 => {
                let secret = sm2::SecretKey::from_slice(&self.secret).expect("a key");
                let key = sm2::dsa::SigningKey::new("1234567812345678", &secret).expect("a key");
                let signature: sm2::dsa::Signature = key.sign_prehash(&digest).expect("signs");
                signature.to_bytes().to_vec()
            }
            Kind::Aes => Vec::new(),
        };
        if control::on("garbage_length") {
            signature.truncate(17);
        }
        signature
    }

    /// What a standard token does with a key on the SM2 curve: plain ECDSA, which is not SM2.
    fn ecdsa_on_the_sm2_curve(&self, digest: &[u8]) -> Vec<u8> {
        let scalar = |bytes: &[u8]| {
            let bytes = sm2::FieldBytes::try_from(bytes).expect("32 bytes");
            <sm2::Scalar as Reduce<sm2::FieldBytes>>::reduce(&bytes)
        };
        let nonce = Self::generate(Kind::Sm2).secret;
        let (k, d, e) = (scalar(&nonce), scalar(&self.secret), scalar(digest));
        let x = (sm2::ProjectivePoint::generator() * k).to_affine().x();
        let r = scalar(&x);
        let s = k.invert().expect("not zero") * (e + r * d);
        [r.to_repr().to_vec(), s.to_repr().to_vec()].concat()
    }

    /// AES-256-GCM in either direction.
    pub fn gcm(&self, encrypt: bool, iv: &[u8], aad: &[u8], data: &[u8]) -> Option<Vec<u8>> {
        let cipher = Aes256Gcm::new((&self.secret).into());
        let (iv, payload) = (aes_gcm::Nonce::from_slice(iv), Payload { msg: data, aad });
        if encrypt { cipher.encrypt(iv, payload).ok() } else { cipher.decrypt(iv, payload).ok() }
    }
}
