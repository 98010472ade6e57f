//! Parties that sign PDF files, pyHanko's and our own, with everybody trusted.

use std::{collections::BTreeMap, fs, path::Path};

use sealwright::{
    domain::{report::Report, source::Source},
    pki::{Certificate, TrustStore, revocation::Crl},
    verification::{self, Options},
};
use serde_json::{Value, json};

use super::{
    database::Engine,
    people::{self, Cast},
    python_tool, run,
    server::{House, send},
};

/// The parties that sign, and everybody's trust in them.
pub struct Parties {
    pub directory: tempfile::TempDir,
    pub options: Options,
    pub manifest: Vec<Value>,
}

impl Parties {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = env!("CARGO_MANIFEST_DIR");
        let samples = Path::new(root).join("test-vectors/samples");
        let qpdf = |arguments: &[&str], sample: &str, name: &str| {
            let out = directory.path().join(name);
            let source = samples.join(sample);
            run(std::process::Command::new("qpdf").args(arguments).arg(source).arg(&out));
            out
        };
        let streams = qpdf(&["--object-streams=generate"], "licence.pdf", "objstm.pdf");
        let linear = qpdf(&["--linearize"], "approval.pdf", "linear.pdf");
        run(python_tool("python")
            .arg(format!("{root}/tests/tools/pdf_parties.py"))
            .arg(directory.path())
            .args([streams, linear]));
        let mut options = super::trusting_nobody();
        options.trust = Self::trust_in(directory.path());
        options.tsa_trust = options.trust.clone();
        let manifest = fs::read(directory.path().join("manifest.json")).unwrap();
        let manifest = serde_json::from_slice(&manifest).unwrap();
        Self { directory, options, manifest }
    }

    /// Trust in the parties of a directory that `pdf_parties.py` made.
    pub fn trust_in(directory: &Path) -> TrustStore {
        let read = |name: &str| fs::read(directory.join(name)).unwrap();
        TrustStore {
            roots: vec![Certificate::from_der(&read("root.der")).unwrap()],
            crls: vec![Crl::from_der(&read("root.crl")).unwrap()],
        }
    }

    pub fn file(&self, name: &str) -> Vec<u8> {
        fs::read(self.directory.path().join(format!("{name}.pdf"))).unwrap()
    }

    pub fn judge(&self, file: &[u8]) -> Report {
        verification::verify(&Source::memory(file.to_vec()), &self.options).report
    }

    /// The contract under our own seals.
    pub fn seal(&mut self) -> BTreeMap<String, Vec<u8>> {
        let mut house = House::new(Engine::Sqlite);
        house.start();
        let cast = Cast::hire(&house);
        let seal = people::granted(&house, &cast);
        let mut sealed = BTreeMap::new();
        let contract = self.file("contract");
        let kinds = [
            ("ours", json!({})),
            ("ours-invisible", json!({ "placement": { "invisible": true } })),
            ("ours-certified-1", json!({ "certify": "no-changes" })),
            ("ours-certified-2", json!({ "certify": "form-filling" })),
            ("ours-certified-3", json!({ "certify": "annotations" })),
        ];
        for (name, more) in kinds {
            let mut request = people::request(&seal);
            for (key, value) in more.as_object().unwrap() {
                request[key] = value.clone();
            }
            let reply = house.seal(&cast.caller, &request, &contract, None);
            assert_eq!(reply.status, 201, "{name}: {}", String::from_utf8_lossy(&reply.body));
            sealed.insert(name.to_owned(), reply.body);
        }
        let known = send(house.url(), "GET", "/.well-known/sealwright", &[], &[]).unwrap().json();
        let pem = known["root_certificates"][0].as_str().unwrap();
        let crl = send(house.url(), "GET", "/public/crl/p256.crl", &[], &[]).unwrap().body;
        let now = sealwright::domain::Clock::now(&sealwright::domain::SystemClock);
        self.options.trust.roots.extend(Certificate::from_pem(pem).unwrap());
        self.options.trust.crls.push(Crl::from_der(&crl).unwrap());
        self.options.tsa_trust = self.options.trust.clone();
        self.options.at = now;
        sealed
    }
}

/// Documents that pyHanko signed with a key that is trusted.
pub struct Signed {
    directory: tempfile::TempDir,
    pub options: Options,
}

impl Signed {
    /// Has documents signed, each under its name; whose name begins with `final-` is certified, with
    /// no changes allowed.
    pub fn new<'a>(documents: impl IntoIterator<Item = (&'a str, Vec<u8>)>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut paths = Vec::new();
        for (name, document) in documents {
            let path = directory.path().join(format!("{name}.pdf"));
            fs::write(&path, document).unwrap();
            paths.push(path);
        }
        let out = directory.path().join("signed");
        run(python_tool("python")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/pdf_parties.py"))
            .arg(&out)
            .arg("--only-sign")
            .args(paths));
        let mut options = super::trusting_nobody();
        options.trust = Parties::trust_in(&out);
        Self { directory, options }
    }

    /// A document as it was signed, or under `NAME-retitled` with another title afterwards.
    pub fn file(&self, name: &str) -> Vec<u8> {
        fs::read(self.directory.path().join("signed").join(format!("{name}.pdf"))).unwrap()
    }

    pub fn judge(&self, file: &[u8]) -> Report {
        verification::verify(&Source::memory(file.to_vec()), &self.options).report
    }
}

/// What of a report keeps it from being good.
pub fn complaints(report: &Report) -> String {
    let checks = report.signatures.iter().flat_map(|s| &s.checks);
    let checks = checks.filter(|check| check.passed != Some(true));
    let checks = checks.map(|check| format!("{}: {}", check.name, check.detail));
    let changes = report.signatures.iter().flat_map(|s| &s.modifications);
    let changes = changes.filter(|m| m.allowed != Some(true)).map(|m| m.what.clone());
    let detail = report.detail.iter().cloned();
    detail.chain(checks).chain(changes).collect::<Vec<_>>().join("\n")
}
