//! A seal alone (`.esl`): the signature judged is its maker's.

use super::{
    Options, Outcome,
    answers::{Answers, check},
    conclusion::{Outline, algorithm_in_words, conclude, conclude_file},
    seal_structure, signer,
};
use crate::{
    containers::ses::Seal,
    crypto::DigestAlgorithm,
    domain::report::{Coverage, Report},
};

/// Verifies a seal.
pub(super) fn verify(seal: &Seal, options: &Options, mut report: Report) -> Outcome {
    "esl".clone_into(&mut report.format);
    let path = seal_structure::maker_path(seal, options);
    let made = seal.created.at.unwrap_or(options.at);
    let signature = seal_structure::maker_signature(seal);
    let standard = format!("electronic seal of {}", seal.version.standard());
    let mut checks = vec![
        check("format", Some(true), standard),
        signer::value(signature.as_ref(), seal.maker.is_some()),
        seal_structure::dates(seal, Some(options.at), "at the time asked for"),
    ];
    checks.extend(seal_structure::seal_timestamp(seal, options));
    checks.extend(signer::checks(seal.maker.as_ref(), &path, made));
    let answers = Answers { checks, coverage: Some(Coverage::WholeFile), path, proven_time: None };
    let digest = Some(DigestAlgorithm::Sm3);
    let outline = Outline {
        kind: "seal".to_owned(),
        certificate: seal.maker.clone(),
        algorithm: Some(algorithm_in_words(seal.maker.as_ref(), seal.algorithm, digest)),
        claimed_time: seal.created.at,
        seal: Some(seal_structure::report(seal)),
        uncovered: Vec::new(),
        modifications: Vec::new(),
    };
    report.signatures.push(conclude(0, outline, answers));
    conclude_file(&mut report, true, true);
    Outcome { report, signature_values: vec![Some(seal.signature.clone())] }
}
