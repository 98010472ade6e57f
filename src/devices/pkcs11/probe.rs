//! Proving what a token can do: a signature by a probe key, verified in software with the right
//! algorithm. A token that makes plain ECDSA on the SM2 curve and calls it SM2 is found here.

use cryptoki::object::ObjectClass;

use super::{
    Token,
    error::Failure,
    generate::{generate_pair, public_point},
    sign::sign_digest,
    worker::Seat,
};
use crate::{
    crypto::{Scheme, verify_digest},
    devices::DeviceError,
};

/// What a probe found out.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct ProbeResult {
    /// One answer for each scheme that is configured.
    pub schemes: Vec<SchemeProbe>,
}

/// What a probe found out about one scheme.
#[derive(Clone, Debug, serde::Serialize)]
pub struct SchemeProbe {
    /// The scheme.
    pub scheme: Scheme,
    /// Whether a signature was made and verifies.
    pub offered: bool,
    /// In words.
    pub detail: String,
}

impl Token {
    /// Makes and verifies a signature by the probe key of every configured scheme, now.
    ///
    /// # Errors
    /// The token fails.
    pub async fn probe(&self) -> Result<ProbeResult, DeviceError> {
        self.ask(|seat| seat.beside_others(run)).await
    }
}

/// Probes every configured scheme in a session.
pub(super) fn run(seat: &mut Seat) -> Result<ProbeResult, Failure> {
    let mut schemes = vec![Scheme::P256];
    schemes.extend(seat.config.sm2.map(|_| Scheme::Sm2));
    let mut result = ProbeResult::default();
    for scheme in schemes {
        let (offered, detail) = match probe(seat, scheme) {
            Ok(()) => (true, "a signature was made and verifies".to_owned()),
            Err(Failure::Fault(what)) => (false, what),
            Err(failure @ Failure::NoMechanism(_)) => {
                (false, failure.to_device_error().to_string())
            }
            Err(failure) if failure.verdict() == Err(super::error::Verdict::KeepSession) => {
                (false, failure.to_device_error().to_string())
            }
            Err(failure) => return Err(failure),
        };
        result.schemes.push(SchemeProbe { scheme, offered, detail });
    }
    Ok(result)
}

fn probe(seat: &Seat, scheme: Scheme) -> Result<(), Failure> {
    let id = format!("sealwright-probe-{scheme}");
    let (private, point) = match seat.find(id.as_bytes(), ObjectClass::PRIVATE_KEY)? {
        Some(private) => {
            let public = seat.find(id.as_bytes(), ObjectClass::PUBLIC_KEY)?.ok_or_else(|| {
                Failure::Fault("the probe key's public half is missing".to_owned())
            })?;
            (private, public_point(seat, public)?)
        }
        None => generate_pair(seat, scheme, id.as_bytes(), &id)?,
    };
    let digest = *b"sealwright probe: not a document";
    let signature = sign_digest(seat, private, scheme, &digest)?;
    verify_digest(scheme, &point, &digest, &signature).map_err(|_| {
        Failure::Fault(match scheme {
            Scheme::Sm2 => "the signature is not SM2DSA (plain ECDSA on the SM2 curve?)".to_owned(),
            Scheme::P256 => "the signature does not verify".to_owned(),
        })
    })
}
