//! Questions about the electronic seal within a signature (GM/T 0031-2025 clause 7): is it one that
//! its maker made, was it valid, may this signer use it.

use super::{
    Options,
    answers::check,
    signer,
    timestamp::{self, read},
};
use crate::{
    containers::ses::{Seal, SealSignature, SignerList},
    crypto::{DigestAlgorithm, VerifyError, digest::hex, verify_message},
    domain::{
        Timestamp,
        report::{Check, SealReport, SealStructure},
    },
    pki::{Certificate, path::PathError},
};

/// The question about the timestamp over the seal maker's signature.
pub(super) const SEAL_TIMESTAMP: &str = "seal-timestamp";

/// The maker's signature over the seal, checked.
pub(super) fn maker_signature(seal: &Seal) -> Option<Result<(), VerifyError>> {
    let maker = seal.maker.as_ref()?;
    let digest = Some(DigestAlgorithm::Sm3);
    let spki = maker.spki_der();
    Some(verify_message(&spki, seal.algorithm, digest, &seal.signed, &seal.signature))
}

/// Every question about the seal, and whether the signer may use it.
pub(super) fn checks(signature: &SealSignature, options: &Options) -> Vec<Check> {
    let seal = &signature.seal;
    let mut all = vec![maker_signature_check(seal), maker_check(seal, options)];
    all.extend(seal_timestamp(seal, options));
    all.push(dates(seal, signature.time.at, "when it was signed"));
    all.push(signer_listed(signature));
    all.extend(extensions(&signature.extensions));
    all.extend(extensions(&seal.extensions));
    all
}

fn maker_signature_check(seal: &Seal) -> Check {
    const NAME: &str = "seal-signature";
    match maker_signature(seal) {
        Some(Ok(())) => check(NAME, Some(true), "the seal is as its maker signed it"),
        Some(Err(error @ VerifyError::Unsupported(_))) => check(NAME, None, error.to_string()),
        Some(Err(_)) => check(
            NAME,
            Some(false),
            "the seal is forged or was changed: the signature of its maker does not fit it",
        ),
        None => check(NAME, None, "the certificate of the seal's maker cannot be read"),
    }
}

/// Whether the maker's certificate was good when the seal was made: what became of it since takes
/// nothing away.
pub(super) fn maker_path(seal: &Seal, options: &Options) -> Result<(), PathError> {
    let at = seal.created.at.unwrap_or(options.at);
    signer::chain(seal.maker.as_ref(), &[], &options.maker_trust, at)
}

fn maker_check(seal: &Seal, options: &Options) -> Check {
    const NAME: &str = "seal-maker";
    let Some(maker) = &seal.maker else {
        return check(NAME, None, "the certificate of the seal's maker cannot be read");
    };
    let name = maker.subject();
    match maker_path(seal, options) {
        Ok(()) if maker.is_valid_at(options.at) => {
            check(NAME, Some(true), format!("{name} is trusted as a maker of seals"))
        }
        Ok(()) => check(
            NAME,
            Some(true),
            format!("{name} was trusted as a maker of seals when it made the seal"),
        ),
        Err(error @ (PathError::OutOfDates { .. } | PathError::NotAnIssuer(_))) => {
            check(NAME, Some(false), format!("when the seal was made: {error}"))
        }
        Err(error @ PathError::Revoked { .. }) => check(NAME, Some(false), error.to_string()),
        Err(error) => check(NAME, None, format!("{name} is not known as a maker: {error}")),
    }
}

/// The timestamp over the maker's signature, which newer seals may have.
pub(super) fn seal_timestamp(seal: &Seal, options: &Options) -> Option<Check> {
    let token = read(seal.timestamp.as_deref()?, &seal.signature);
    let (answer, proven) = timestamp::judge(SEAL_TIMESTAMP, &token, options);
    match (proven, seal.created.at) {
        (Some(proven), Some(created)) if created > proven => Some(check(
            SEAL_TIMESTAMP,
            Some(false),
            format!("the seal says it was made at {created}, after its timestamp of {proven}"),
        )),
        _ => Some(answer),
    }
}

/// Whether the seal is valid at a time.
pub(super) fn dates(seal: &Seal, at: Option<Timestamp>, when: &str) -> Check {
    const NAME: &str = "seal-dates";
    let (from, until) = (&seal.valid_from.text, &seal.valid_until.text);
    match at.and_then(|at| seal.is_valid_at(at)) {
        Some(true) => {
            check(NAME, Some(true), format!("the seal was valid {when}: {from} to {until}"))
        }
        Some(false) => check(
            NAME,
            Some(false),
            format!("the seal was not valid {when}: it is valid from {from} to {until}"),
        ),
        None => check(NAME, None, format!("whether the seal was valid {when} cannot be told")),
    }
}

fn signer_listed(signature: &SealSignature) -> Check {
    const NAME: &str = "signer-in-seal";
    if signature.seal.lists(&signature.signer_der) {
        return check(NAME, Some(true), "the seal names the signer's certificate");
    }
    if is_renewal(signature) {
        let text = "the signer's certificate was renewed since the seal was made; the seal has \
                    to be made again 请重新制作印章";
        return check(NAME, None, text);
    }
    check(
        NAME,
        Some(false),
        "the seal does not name the signer's certificate: it is not the signer's",
    )
}

/// Whether the signer's certificate is a newer one for the same subject by the same issuer.
fn is_renewal(signature: &SealSignature) -> bool {
    let (SignerList::Certificates(listed), Some(signer)) =
        (&signature.seal.signers, &signature.signer)
    else {
        return false;
    };
    listed.iter().filter_map(|der| Certificate::from_der(der).ok()).any(|old| {
        old.subject() == signer.subject()
            && old.issuer() == signer.issuer()
            && old.not_before() < signer.not_before()
    })
}

fn extensions(all: &[crate::containers::ses::Extension]) -> Option<Check> {
    let critical = all.iter().find(|extension| extension.critical)?;
    let text = format!("the critical extension {} is not evaluated here", critical.id);
    Some(check("seal-extensions", None, text))
}

/// What the seal says of itself.
pub(super) fn report(seal: &Seal) -> SealReport {
    let structure = SealStructure {
        version: format!("V{}", seal.version.number()),
        standard: seal.version.standard().to_owned(),
        es_id: seal.id.clone(),
        kind: seal.kind,
        vendor: seal.vendor.clone(),
        maker: seal.maker.as_ref().map(|maker| maker.subject().to_string()),
        created: seal.created.at,
        valid_from: seal.valid_from.at,
        valid_until: seal.valid_until.at,
        picture_format: seal.picture.format.clone(),
        width_mm: seal.picture.width,
        height_mm: seal.picture.height,
        digest: hex(&DigestAlgorithm::Sm3.digest(&seal.raw)),
    };
    SealReport { name: seal.name.clone(), structure: Some(structure), ..SealReport::default() }
}
