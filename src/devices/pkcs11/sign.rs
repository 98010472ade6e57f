//! Signing a 32-byte digest.

use cryptoki::{
    mechanism::{Mechanism, MechanismType, vendor_defined::VendorDefinedMechanism},
    object::{ObjectClass, ObjectHandle},
};

use super::{Token, config::SignatureForm, error::Failure, worker::Seat};
use crate::{
    crypto::{Scheme, der_to_rs, rs_to_der},
    devices::DeviceError,
    domain::seal::{Key, KeyPurpose},
};

impl Token {
    /// Signs a digest of 32 bytes: SHA-256 for P-256, e = SM3(Z‖M) for SM2. The answer is DER.
    ///
    /// The signature is not verified here; whoever asked verifies it against the certificate.
    ///
    /// # Errors
    /// The key is for another purpose or missing, the scheme is not offered, or the token fails.
    pub async fn sign(
        &self,
        key: &Key,
        purpose: KeyPurpose,
        digest: [u8; 32],
    ) -> Result<Vec<u8>, DeviceError> {
        if key.purpose != purpose {
            return Err(DeviceError::WrongPurpose {
                key: key.id.clone(),
                is: key.purpose,
                asked: purpose,
            });
        }
        let Some(scheme) = key.scheme else {
            return Err(DeviceError::Fault("a wrapping key cannot sign".to_owned()));
        };
        self.require(scheme)?;
        let id = key.id.clone();
        self.ask(move |seat| {
            seat.with_key(&id, ObjectClass::PRIVATE_KEY, |seat, handle| {
                sign_digest(seat, handle, scheme, &digest)
            })
        })
        .await
    }
}

/// Signs with an object at hand and brings the answer into DER.
pub(super) fn sign_digest(
    seat: &Seat,
    handle: ObjectHandle,
    scheme: Scheme,
    digest: &[u8; 32],
) -> Result<Vec<u8>, Failure> {
    let (mechanism, form) = mechanism(seat, scheme)?;
    let answer = seat.session.sign(&mechanism, handle, digest)?;
    let fault = |what: &dyn std::fmt::Display| Failure::Fault(format!("signature: {what}"));
    match form {
        SignatureForm::Raw => rs_to_der(&answer).map_err(|e| fault(&e)),
        // Strictly read and written again: a token's DER may be sloppy, a document's must not be.
        SignatureForm::Der => {
            der_to_rs(&answer).and_then(|rs| rs_to_der(&rs)).map_err(|e| fault(&e))
        }
    }
}

fn mechanism(seat: &Seat, scheme: Scheme) -> Result<(Mechanism<'static>, SignatureForm), Failure> {
    match scheme {
        Scheme::P256 => Ok((Mechanism::Ecdsa, SignatureForm::Raw)),
        Scheme::Sm2 => {
            let vendor = seat.config.sm2.ok_or(Failure::NoMechanism(scheme))?;
            let number = MechanismType::new_vendor_defined(vendor.sign)?;
            let mechanism = VendorDefinedMechanism::new::<()>(number, None);
            Ok((Mechanism::VendorDefined(mechanism), vendor.signature))
        }
    }
}
