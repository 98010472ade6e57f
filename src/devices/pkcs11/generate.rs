//! Generating keys that never leave the token.

use const_oid::ObjectIdentifier;
use cryptoki::{
    mechanism::{Mechanism, MechanismType, vendor_defined::VendorDefinedMechanism},
    object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle},
};
use der::Encode;

use super::{Token, error::Failure, worker::Seat};
use crate::{
    crypto::Scheme,
    devices::DeviceError,
    domain::{id::KeyId, seal::KeyPurpose},
    pki::tlv,
};

impl Token {
    /// Generates a signing key pair under an identifier and returns its uncompressed point. The
    /// private key cannot be extracted and can do nothing but sign.
    ///
    /// # Errors
    /// The scheme is not offered, or the token fails.
    pub async fn generate(
        &self,
        id: &KeyId,
        purpose: KeyPurpose,
        scheme: Scheme,
    ) -> Result<Vec<u8>, DeviceError> {
        self.require(scheme)?;
        let (id, label) = (id.clone(), format!("sealwright {purpose} {id}"));
        self.ask_alone(move |seat| {
            let (_, point) = generate_pair(seat, scheme, id.as_str().as_bytes(), &label)?;
            Ok(point)
        })
        .await
    }

    /// Generates an AES-256 key that can encrypt and decrypt data and nothing else: a key that
    /// could wrap would leak what it wraps.
    ///
    /// # Errors
    /// The token fails.
    pub async fn generate_wrapping(
        &self,
        id: &KeyId,
        purpose: KeyPurpose,
    ) -> Result<(), DeviceError> {
        let (id, label) = (id.clone(), format!("sealwright {purpose} {id}"));
        self.ask_alone(move |seat| {
            let template = [
                Attribute::Class(ObjectClass::SECRET_KEY),
                Attribute::KeyType(KeyType::AES),
                Attribute::Token(true),
                Attribute::Private(true),
                Attribute::Sensitive(true),
                Attribute::Extractable(false),
                Attribute::Encrypt(true),
                Attribute::Decrypt(true),
                Attribute::Wrap(false),
                Attribute::Unwrap(false),
                Attribute::ValueLen(32.into()),
                Attribute::Id(id.as_str().as_bytes().to_vec()),
                Attribute::Label(label.into_bytes()),
            ];
            seat.session.generate_key(&Mechanism::AesKeyGen, &template)?;
            Ok(())
        })
        .await
    }

    /// Destroys the objects of a key: one that was never used because its making failed half-way, or
    /// one whose end two persons decided.
    ///
    /// # Errors
    /// The token fails. A key that is not there is no error.
    pub async fn destroy(&self, id: &KeyId) -> Result<(), DeviceError> {
        let id = id.clone();
        self.ask_alone(move |seat| {
            for class in
                [ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY, ObjectClass::SECRET_KEY]
            {
                // Copies that live in sessions of this process are seen from all of its sessions; they
                // go first, so that a failure leaves the original to be found again.
                for token in [false, true] {
                    let id = id.as_str().as_bytes().to_vec();
                    let template =
                        [Attribute::Class(class), Attribute::Token(token), Attribute::Id(id)];
                    for object in seat.session.find_objects(&template)? {
                        seat.session.destroy_object(object)?;
                    }
                }
            }
            Ok(())
        })
        .await
    }
}

/// Generates a pair, checks that the token keeps its promise, and returns private handle and point.
pub(super) fn generate_pair(
    seat: &Seat,
    scheme: Scheme,
    id: &[u8],
    label: &str,
) -> Result<(ObjectHandle, Vec<u8>), Failure> {
    let (mechanism, key_type) = mechanism(seat, scheme)?;
    let curve: ObjectIdentifier = scheme.curve_oid();
    let curve = curve.to_der().map_err(|e| Failure::Fault(e.to_string()))?;
    let public = [
        Attribute::Token(true),
        Attribute::KeyType(key_type),
        Attribute::Verify(true),
        Attribute::EcParams(curve),
        Attribute::Id(id.to_vec()),
        Attribute::Label(label.as_bytes().to_vec()),
    ];
    let private = [
        Attribute::Token(true),
        Attribute::KeyType(key_type),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(true),
        Attribute::Derive(false),
        Attribute::Decrypt(false),
        Attribute::Unwrap(false),
        Attribute::Id(id.to_vec()),
        Attribute::Label(label.as_bytes().to_vec()),
    ];
    let (public, private) = seat.session.generate_key_pair(&mechanism, &public, &private)?;
    let kept = seat.session.get_attributes(
        private,
        &[AttributeType::Sensitive, AttributeType::Extractable, AttributeType::Derive],
    )?;
    let promised =
        [Attribute::Sensitive(true), Attribute::Extractable(false), Attribute::Derive(false)];
    if !promised.iter().all(|attribute| kept.contains(attribute)) {
        let _ = seat.session.destroy_object(private);
        let _ = seat.session.destroy_object(public);
        return Err(Failure::Fault("the token made a key that could leave it".to_owned()));
    }
    Ok((private, public_point(seat, public)?))
}

/// The uncompressed point of a public key object. `CKA_EC_POINT` is a DER octet string around the
/// point; some tokens leave the frame out.
pub(super) fn public_point(seat: &Seat, public: ObjectHandle) -> Result<Vec<u8>, Failure> {
    let attributes = seat.session.get_attributes(public, &[AttributeType::EcPoint])?;
    let Some(Attribute::EcPoint(encoded)) = attributes.first() else {
        return Err(Failure::Fault("the token does not tell the public point".to_owned()));
    };
    let bare = tlv::only(encoded, tlv::OCTET_STRING).map_or(encoded.as_slice(), |o| o.content);
    if bare.len() == 65 && bare.first() == Some(&4) {
        Ok(bare.to_vec())
    } else {
        Err(Failure::Fault("the public point is not an uncompressed 256-bit point".to_owned()))
    }
}

fn mechanism(seat: &Seat, scheme: Scheme) -> Result<(Mechanism<'static>, KeyType), Failure> {
    match scheme {
        Scheme::P256 => Ok((Mechanism::EccKeyPairGen, KeyType::EC)),
        Scheme::Sm2 => {
            let vendor = seat.config.sm2.ok_or(Failure::NoMechanism(scheme))?;
            let number = MechanismType::new_vendor_defined(vendor.generate)?;
            let mechanism = VendorDefinedMechanism::new::<()>(number, None);
            Ok((Mechanism::VendorDefined(mechanism), KeyType::new_vendor_defined(vendor.key_type)?))
        }
    }
}
