//! Certification paths against the Public Key Interoperability Test Suite of NIST: every case, by the
//! verdict that the suite expects.

use std::{collections::BTreeMap, fs, path::Path};

use const_oid::ObjectIdentifier;
use sealwright::{
    domain::Timestamp,
    pki::{
        Certificate, TrustStore,
        path::{PathError, PolicyInputs},
        revocation::Crl,
        validation::{Demands, Question, StatusDemand, validate},
    },
};
use serde_json::Value;

/// Cases that the suite has as valid and we have not, and why.
const OTHERWISE: [(&str, &str); 3] = [
    ("valid_dsa_signatures_test4", "nobody signs with DSA any more (FIPS 186-5)"),
    ("valid_dsa_parameter_inheritance_test5", "nobody signs with DSA any more (FIPS 186-5)"),
    ("valid_pre2000_utc_notbefore_date_test3", "no certificate of a person is from before 1970"),
];

fn vectors() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("test-vectors/pkits")
}

fn names(value: &Value) -> Vec<String> {
    let list = value.as_array().into_iter().flatten();
    list.map(|name| name.as_str().unwrap().to_owned()).collect()
}

fn certificate(name: &str) -> Option<Certificate> {
    Certificate::from_der(&fs::read(vectors().join("certs").join(name)).unwrap()).ok()
}

fn crl(name: &str) -> Option<Crl> {
    Crl::from_der(&fs::read(vectors().join("crls").join(name)).unwrap())
}

fn judge(case: &Value) -> Result<Vec<Certificate>, PathError> {
    let malformed = PathError::Malformed("a certificate of the case".to_owned());
    let leaf = certificate(case["cert"].as_str().unwrap()).ok_or(malformed)?;
    let others: Vec<_> =
        names(&case["other_certs"]).iter().filter_map(|name| certificate(name)).collect();
    let mut crls: Vec<_> = names(&case["crls"]).iter().filter_map(|name| crl(name)).collect();
    crls.extend(crl("TrustAnchorRootCRL.crl"));
    let roots = vec![certificate("TrustAnchorRootCertificate.crt").unwrap()];
    let params = &case["params"];
    let is_set = |name: &str| params[name].as_bool().unwrap_or(false);
    let wanted = names(&params["user_initial_policy_set"]);
    let demands = Demands {
        policies: PolicyInputs {
            wanted: wanted.iter().map(|oid| ObjectIdentifier::new(oid).unwrap()).collect(),
            explicit: is_set("initial_explicit_policy"),
            inhibit_mapping: is_set("initial_policy_mapping_inhibit"),
            inhibit_any: is_set("initial_any_policy_inhibit"),
        },
        status: StatusDemand::Always,
        ..Demands::default()
    };
    // In the middle of the validity of the suite, 2010 to 2030.
    let at = Timestamp::from_seconds(1_600_000_000);
    let trust = TrustStore { roots, crls };
    validate(&leaf, Question { demands: &demands, ..Question::new(&others, &trust, at) })
}

#[test]
fn every_case_ends_as_the_suite_expects() {
    let cases = fs::read_to_string(vectors().join("cases.jsonl")).unwrap();
    let cases: Vec<Value> = cases.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(cases.len(), 246);
    let otherwise = BTreeMap::from(OTHERWISE);
    let mut wrong = Vec::new();
    for case in &cases {
        let name = case["name"].as_str().unwrap();
        let expected = case["expected"] == "valid" && !otherwise.contains_key(name);
        let verdict = judge(case);
        if verdict.is_ok() != expected {
            let verdict = verdict.map(|path| path.len());
            wrong.push(format!("{} {name}: {verdict:?}", case["id"].as_str().unwrap()));
        }
    }
    assert!(wrong.is_empty(), "{} cases\n{}", wrong.len(), wrong.join("\n"));
}
