//! Certification paths made by openssl (`tests/tools/make_chains.py`).

use std::{fs, path::Path};

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

use super::{python_tool, run};

pub struct Chains {
    pub directory: tempfile::TempDir,
    pub manifest: Vec<Value>,
}

impl Chains {
    pub fn make() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/make_chains.py");
        run(python_tool("python").arg(script).arg(directory.path()));
        let manifest = fs::read(directory.path().join("manifest.json")).unwrap();
        Self { directory, manifest: serde_json::from_slice(&manifest).unwrap() }
    }

    fn certificate(&self, name: &Value) -> Certificate {
        let text = fs::read_to_string(self.path(name)).unwrap();
        Certificate::from_pem(&text).unwrap().remove(0)
    }

    fn path(&self, name: &Value) -> std::path::PathBuf {
        self.directory.path().join(Path::new(name.as_str().unwrap()))
    }

    /// What a case asks, read once.
    pub fn case(&self, entry: &Value) -> Case {
        let all = |key: &str| entry[key].as_array().unwrap().iter();
        let certificates = |key: &str| all(key).map(|name| self.certificate(name)).collect();
        let crls = all("crls").map(|name| Crl::from_der(&fs::read(self.path(name)).unwrap()));
        let trust =
            TrustStore { roots: certificates("roots"), crls: crls.map(Option::unwrap).collect() };
        let policies = all("policies").map(|oid| ObjectIdentifier::new(oid.as_str().unwrap()));
        let policies =
            PolicyInputs { wanted: policies.map(Result::unwrap).collect(), ..Default::default() };
        Case {
            leaf: self.certificate(&entry["leaf"]),
            others: certificates("others"),
            trust,
            demands: Demands { policies, status: StatusDemand::Always, ..Demands::default() },
            at: Timestamp::from_seconds(entry["at"].as_i64().unwrap()),
        }
    }

    pub fn judge(&self, entry: &Value) -> Result<Vec<Certificate>, PathError> {
        self.case(entry).judge()
    }
}

/// A certificate, and with the help of what it is asked about.
pub struct Case {
    pub leaf: Certificate,
    others: Vec<Certificate>,
    trust: TrustStore,
    demands: Demands,
    at: Timestamp,
}

impl Case {
    pub fn judge(&self) -> Result<Vec<Certificate>, PathError> {
        let question = Question::new(&self.others, &self.trust, self.at);
        validate(&self.leaf, Question { demands: &self.demands, ..question })
    }
}
