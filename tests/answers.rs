//! Answers of OCSP responders, right ones and wrong ones: each is judged as `openssl ocsp` judges it.

mod support;

use std::{fs, path::Path};

use sealwright::{
    domain::{Clock, SystemClock, Timestamp},
    pki::{
        Certificate, TrustStore,
        path::PathError,
        revocation::{Evidence, OcspResponse},
        validation::{Question, validate},
    },
};
use serde_json::Value;
use support::{python_tool, run};

fn certificate(directory: &Path, name: &str) -> Certificate {
    Certificate::from_der(&fs::read(directory.join(format!("{name}.der"))).unwrap()).unwrap()
}

fn judge(directory: &Path, responses: Vec<OcspResponse>, at: Timestamp) -> Result<(), PathError> {
    let trust = TrustStore { roots: vec![certificate(directory, "root")], crls: Vec::new() };
    let others = [certificate(directory, "ca")];
    let evidence = Evidence { crls: Vec::new(), responses };
    let question = Question { evidence: &evidence, ..Question::new(&others, &trust, at) };
    validate(&certificate(directory, "leaf"), question).map(drop)
}

#[test]
fn every_answer_is_judged_as_openssl_judges_it() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/make_answers.py");
    run(python_tool("python").arg(script).arg(directory));
    let manifest = fs::read(directory.join("manifest.json")).unwrap();
    let manifest: Vec<Value> = serde_json::from_slice(&manifest).unwrap();
    assert!(manifest.len() >= 13, "{}", manifest.len());
    let now = SystemClock.now();
    let response = |name: &str| {
        let der = fs::read(directory.join(format!("{name}.ocsp"))).unwrap();
        OcspResponse::from_der(&der).unwrap()
    };
    for entry in &manifest {
        let (name, openssl) = (entry["name"].as_str().unwrap(), entry["openssl"].as_str().unwrap());
        let said = judge(directory, vec![response(name)], now);
        let fits = match (openssl, &said) {
            ("good", Ok(())) | ("revoked", Err(PathError::Revoked { leaf: true, .. })) => true,
            ("good" | "revoked", _) => false,
            (_, Err(PathError::RevocationUnknown { .. })) => true,
            _ => false,
        };
        assert!(fits, "{name}: {said:?}, openssl: {openssl}");
    }
    let why = |name: &str| judge(directory, vec![response(name)], now).unwrap_err().to_string();
    assert!(why("unknown").contains("does not know"), "{}", why("unknown"));
    assert!(why("stale").contains("out of date"), "{}", why("stale"));
    assert!(why("responder-self-made").contains("may not do so"));
    assert!(why("about-another").contains("nothing at hand"));
    // Whatever else is at hand, a revocation counts; and before it the certificate was good.
    let all = vec![response("good"), response("revoked"), response("responder-without-usage")];
    assert!(matches!(judge(directory, all.clone(), now), Err(PathError::Revoked { .. })));
    assert_eq!(judge(directory, all, now.plus_seconds(-4 * 86_400)), Ok(()));
}
