//! A seal alone (`.esl`): the signature judged is its maker's.

use super::{
    Material, Options, Outcome,
    answers::{Answers, check},
    conclusion::{Outline, algorithm_in_words, conclude, conclude_file},
    seal_structure::{self, MakerPath},
    signer,
    standing::{Known, Standing},
};
use crate::{
    containers::ses::Seal,
    crypto::{DigestAlgorithm, ForeignDigest},
    domain::report::{CheckName, Coverage, Report},
    pki::{Certificate, algorithms::Strength},
};

/// Verifies a seal; `elsewhere` tells that the same bytes are a document of another kind, too.
pub(super) fn verify(
    seal: &Seal,
    elsewhere: bool,
    options: &Options,
    mut report: Report,
) -> Outcome {
    "esl".clone_into(&mut report.format);
    let (path, is_maker) = match seal_structure::maker_path(seal, options) {
        MakerPath::Trusted => (Ok(()), Some(true)),
        MakerPath::NotAMaker => (Ok(()), None),
        MakerPath::Bad(error) => (Err(error), None),
    };
    let standing = Standing::at(seal.created.at.unwrap_or(options.at), path);
    let signature = seal_structure::maker_signature(seal);
    let standard = format!("electronic seal of {}", seal.version.standard());
    let digest = Some(ForeignDigest::Accepted(DigestAlgorithm::Sm3));
    let mut checks = vec![
        match elsewhere {
            false => check(CheckName::Format, Some(true), standard),
            true => {
                check(CheckName::Format, None, "the seal is a document of another kind as well")
            }
        },
        signer::value(signature.as_ref(), seal.maker.is_some()),
        seal_structure::dates(seal, Some(options.at), "at the time asked for"),
    ];
    let known = Known::nothing(options);
    let (stamped, proven) = seal_structure::seal_timestamp(seal, &known, options).unzip();
    checks.extend(stamped);
    let detail =
        if is_maker.is_some() { "trusted as a maker of seals" } else { "not known as one" };
    checks.push(check(CheckName::SealMaker, is_maker, detail));
    let of_maker = signer::checks(seal.maker.as_ref(), &standing);
    checks.extend(of_maker.into_iter().filter(|check| check.name != CheckName::KeyUsage));
    let of = |maker: &Certificate| Strength::of_signature(seal.algorithm, digest, maker);
    let strength = seal.maker.as_ref().map(of);
    let (algorithms, strength) = signer::algorithms(strength, proven.flatten(), options);
    checks.push(algorithms);
    let answers = Answers {
        checks,
        coverage: Some(Coverage::WholeFile),
        path: standing.path,
        proven_time: None,
        made_after: None,
        signed_data_missing: false,
        strength,
    };
    let outline = Outline {
        kind: "seal".to_owned(),
        certificate: seal.maker.clone(),
        algorithm: Some(algorithm_in_words(seal.maker.as_ref(), seal.algorithm, digest)),
        claimed_time: seal.created.at,
        seal: Some(seal_structure::report(seal)),
        uncovered: Vec::new(),
        modification_level: None,
        changed: false,
        modifications: Vec::new(),
        appearance: None,
    };
    (report.fetched, _) = known.end();
    report.signatures.push(conclude(0, outline, answers, options));
    conclude_file(&mut report, true, true);
    let signature_values = vec![Some(seal.signature.clone())];
    Outcome { report, signature_values, material: Material::default() }
}
