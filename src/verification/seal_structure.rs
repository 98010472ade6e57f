//! Questions about the electronic seal within a signature (GM/T 0031-2025 clause 7): is it one that
//! its maker made, was it valid, may this signer use it.

use super::{
    Options,
    answers::check,
    signer,
    standing::Known,
    timestamp::{self, read},
};
use crate::{
    containers::ses::{Seal, SealSignature, SignerList},
    crypto::{DigestAlgorithm, VerifyError, digest::hex, verify_message},
    domain::{
        Timestamp,
        report::{Check, CheckName, SealReport, SealStructure},
    },
    pki::{
        Certificate,
        path::PathError,
        validation::{Question, revoked_since},
    },
};

/// The maker's signature over the seal, checked.
pub(super) fn maker_signature(seal: &Seal) -> Option<Result<(), VerifyError>> {
    let maker = seal.maker.as_ref()?;
    let digest = Some(DigestAlgorithm::Sm3);
    let spki = maker.spki_der();
    Some(verify_message(&spki, seal.algorithm, digest, &seal.signed, &seal.signature))
}

/// Every question about the seal, and whether the signer may use it; `proven` is the time that a
/// timestamp over the signature proves.
pub(super) fn checks(
    signature: &SealSignature,
    proven: Option<Timestamp>,
    known: &Known,
    options: &Options,
) -> Vec<Check> {
    let seal = &signature.seal;
    let (stamped, seal_proven) = seal_timestamp(seal, known, options).unzip();
    let existed = [proven, seal_proven.flatten()].into_iter().flatten().min();
    let mut all = vec![maker_signature_check(seal), maker_check(signature, existed, options)];
    all.extend(stamped);
    all.push(dates(seal, proven.or(signature.time.at), "when it was signed"));
    all.push(times(signature, proven, options));
    all.push(signer_listed(signature));
    all.extend(extensions(&signature.extensions));
    all.extend(extensions(&seal.extensions));
    all
}

fn maker_signature_check(seal: &Seal) -> Check {
    const NAME: CheckName = CheckName::SealSignature;
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

/// How the certificate of a seal's maker stands.
pub(super) enum MakerPath {
    /// It is trusted as a maker.
    Trusted,
    /// It leads to a trusted root, but nothing says that it may make seals.
    NotAMaker,
    /// It does not lead to trust.
    Bad(PathError),
}

/// Whether the maker's certificate was good when the seal was made: what became of it since takes
/// nothing away. It has to be trusted as a maker, or its own usage has to say so: else everybody
/// with a certificate could make himself anybody's seal.
pub(super) fn maker_path(seal: &Seal, options: &Options) -> MakerPath {
    let at = seal.created.at.unwrap_or(options.at);
    let maker = seal.maker.as_ref();
    let named = match signer::chain(maker, &options.maker_trust, at, options) {
        Ok(()) => return MakerPath::Trusted,
        Err(error) => error,
    };
    match signer::chain(maker, &options.seal_trust, at, options) {
        Ok(()) if maker.is_some_and(Certificate::may_make_seals) => MakerPath::Trusted,
        Ok(()) => MakerPath::NotAMaker,
        Err(PathError::NoTrustedRoot) => MakerPath::Bad(named),
        Err(error) => MakerPath::Bad(error),
    }
}

fn maker_check(signature: &SealSignature, existed: Option<Timestamp>, options: &Options) -> Check {
    const NAME: CheckName = CheckName::SealMaker;
    let seal = &signature.seal;
    let Some(maker) = &seal.maker else {
        return check(NAME, None, "the certificate of the seal's maker cannot be read");
    };
    let name = maker.subject();
    if seal.maker_der == signature.signer_der {
        return check(NAME, None, format!("{name} made the seal for itself"));
    }
    match maker_path(seal, options) {
        MakerPath::Trusted => {}
        MakerPath::NotAMaker => {
            let text = "leads to a trusted root, but nothing says that it may make seals; trust it \
                        as a maker if it may";
            return check(NAME, None, format!("{name} {text}"));
        }
        MakerPath::Bad(
            error @ (PathError::OutOfDates { .. }
            | PathError::NotAnIssuer(_)
            | PathError::NameNotPermitted(_)),
        ) => {
            return check(NAME, Some(false), format!("when the seal was made: {error}"));
        }
        MakerPath::Bad(error @ PathError::Revoked { .. }) => {
            return check(NAME, Some(false), error.to_string());
        }
        MakerPath::Bad(error) => {
            return check(NAME, None, format!("{name} is not known as a maker: {error}"));
        }
    }
    // When the seal was made its maker says himself; after a revocation that is worth nothing.
    if let Some(since) = maker_revoked_since(maker, options)
        && existed.is_none_or(|existed| existed >= since)
    {
        let text = "was revoked, and nothing proves that the seal was made before";
        return check(NAME, None, format!("{name} {text}"));
    }
    let now = if maker.is_valid_at(options.at) { "is" } else { "was, when it made the seal," };
    check(NAME, Some(true), format!("{name} {now} trusted as a maker of seals"))
}

/// Since when a certificate that was good once is revoked.
fn maker_revoked_since(maker: &Certificate, options: &Options) -> Option<Timestamp> {
    [&options.maker_trust, &options.seal_trust].into_iter().find_map(|trust| {
        let demands = &options.policy.maker_demands;
        let question = Question { demands, ..Question::new(&[], trust, options.at) };
        revoked_since(maker, question)
    })
}

/// Whether the times that signer and maker state can be true together.
fn times(signature: &SealSignature, proven: Option<Timestamp>, options: &Options) -> Check {
    const NAME: CheckName = CheckName::Times;
    let seal = &signature.seal;
    let (Some(claimed), Some(created)) = (signature.time.at, seal.created.at) else {
        return check(NAME, None, "a time in the signature cannot be read");
    };
    let rules = &options.policy.times;
    let clocks_differ = rules.clocks_differ_seconds;
    let late = options.at.plus_seconds(clocks_differ);
    let in_certificate = signature.signer.as_ref().is_none_or(|c| c.is_valid_at(claimed));
    let far = |proven: Timestamp| {
        let apart = proven.as_seconds() - claimed.as_seconds();
        !(-clocks_differ..=rules.stamped_within_seconds).contains(&apart)
    };
    let wrong = if claimed > late || created > late {
        Some("it states a time that is yet to come")
    } else if created > claimed.plus_seconds(clocks_differ) {
        Some("it was signed before the seal was made")
    } else if seal.valid_until.at.is_some_and(|until| created > until) {
        Some("the seal was made after the end of its validity")
    } else if !in_certificate {
        Some("it was signed when the signer's certificate was not valid")
    } else if proven.is_some_and(far) {
        Some("it states another time than its timestamp proves")
    } else {
        None
    };
    match wrong {
        Some(wrong) => check(NAME, Some(false), wrong),
        None => check(NAME, Some(true), format!("made {created}, signed {claimed}")),
    }
}

/// The timestamp over the maker's signature, which newer seals may have.
pub(super) fn seal_timestamp(
    seal: &Seal,
    known: &Known,
    options: &Options,
) -> Option<(Check, Option<Timestamp>)> {
    let token = read(seal.timestamp.as_deref()?, &seal.signature);
    let (answer, proven) = timestamp::judge(CheckName::SealTimestamp, &token, known, options);
    match (proven, seal.created.at) {
        (Some(proven), Some(created)) if created > proven => {
            let text =
                format!("the seal says it was made at {created}, after its timestamp of {proven}");
            Some((check(CheckName::SealTimestamp, Some(false), text), None))
        }
        _ => Some((answer, proven)),
    }
}

/// Whether the seal is valid at a time.
pub(super) fn dates(seal: &Seal, at: Option<Timestamp>, when: &str) -> Check {
    const NAME: CheckName = CheckName::SealDates;
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
    const NAME: CheckName = CheckName::SignerInSeal;
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
    Some(check(CheckName::SealExtensions, None, text))
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
