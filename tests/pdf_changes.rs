//! What changed after signing: files that were changed as is allowed, and attacks of every class,
//! on files that the service and pyHanko signed, with everybody trusted.

mod support;

use std::{collections::BTreeMap, fs, path::Path};

use sealwright::{
    domain::{
        report::{Check, Conclusion, Report},
        source::Source,
    },
    pki::{Certificate, crl::Crl},
    verification::{self, Options},
};
use serde_json::{Value, json};
use support::{
    attacks,
    database::Engine,
    people::{self, Cast},
    python_tool, run,
    server::{House, send},
};

/// The parties that sign, and everybody's trust in them.
struct Parties {
    directory: tempfile::TempDir,
    options: Options,
    manifest: Vec<Value>,
}

impl Parties {
    fn new() -> Self {
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
        let read = |name: &str| fs::read(directory.path().join(name)).unwrap();
        let mut options = support::trusting_nobody();
        options.trust.roots.push(Certificate::from_der(&read("root.der")).unwrap());
        options.trust.crls.push(Crl::from_der(&read("root.crl")).unwrap());
        options.tsa_trust = options.trust.clone();
        let manifest = serde_json::from_slice(&read("manifest.json")).unwrap();
        Self { directory, options, manifest }
    }

    fn file(&self, name: &str) -> Vec<u8> {
        fs::read(self.directory.path().join(format!("{name}.pdf"))).unwrap()
    }

    fn judge(&self, file: &[u8]) -> Report {
        verification::verify(&Source::memory(file.to_vec()), &self.options).report
    }

    /// The contract under our own seals.
    fn seal(&mut self) -> BTreeMap<String, Vec<u8>> {
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

fn check<'a>(checks: &'a [Check], name: &str) -> Option<&'a Check> {
    checks.iter().find(|check| check.name == name)
}

/// What of a report keeps it from being good.
fn complaints(report: &Report) -> String {
    let checks = report.signatures.iter().flat_map(|s| &s.checks);
    let checks = checks.filter(|check| check.passed != Some(true));
    let checks = checks.map(|check| format!("{}: {}", check.name, check.detail));
    let changes = report.signatures.iter().flat_map(|s| &s.modifications);
    let changes = changes.filter(|m| m.allowed != Some(true)).map(|m| m.what.clone());
    let detail = report.detail.iter().cloned();
    detail.chain(checks).chain(changes).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_allowed_is_not_an_alarm() {
    let parties = Parties::new();
    assert!(parties.manifest.len() >= 80, "{}", parties.manifest.len());
    let mut wrong = Vec::new();
    for entry in &parties.manifest {
        let name = entry["name"].as_str().unwrap();
        let report = parties.judge(&parties.file(name));
        let level = report.signatures.first().and_then(|s| s.modification_level);
        let level = level.map(|level| level.to_string()).unwrap_or_default();
        if report.conclusion != Conclusion::Valid
            || json!(report.signatures.len()) != entry["signatures"]
            || json!(level) != entry["level"]
        {
            wrong.push(format!("{name}: {level}, {}\n{}", report.conclusion, complaints(&report)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // What a lock forbids is not allowed.
    let report = parties.judge(&parties.file("contract-locking-broken"));
    assert_eq!(report.conclusion, Conclusion::Invalid);
    assert!(complaints(&report).contains("tenant"), "{}", complaints(&report));
}

/// Whether integrity and changes of every signature are fine, whatever else is not.
fn is_fooled(report: &Report) -> bool {
    const ASKED: [&str; 6] =
        ["format", "byte-range", "digest", "signature", "coverage", "changes-after-signing"];
    let fine = |checks: &[Check]| {
        ASKED.iter().all(|name| check(checks, name).is_some_and(|c| c.passed == Some(true)))
    };
    !report.signatures.is_empty() && report.signatures.iter().all(|s| fine(&s.checks))
}

#[test]
fn no_attack_of_any_class_is_valid() {
    let mut parties = Parties::new();
    let mut files = parties.seal();
    for name in [
        "contract-b",
        "contract-invisible",
        "contract-older",
        "contract-lta",
        "contract-twice",
        "contract-certified-1",
        "contract-certified-2",
        "contract-certified-3",
    ] {
        files.insert(name.to_owned(), parties.file(name));
    }
    let attacks = attacks::all();
    let (mut made, mut wrong) = (0, Vec::new());
    for (name, file) in &files {
        let report = parties.judge(file);
        assert_eq!(report.conclusion, Conclusion::Valid, "{name}: {}", complaints(&report));
        for attack in &attacks {
            let Some(attacked) = (attack.make)(file) else { continue };
            made += 1;
            support::show(
                &format!("{name}-{}.pdf", attack.name.replace([' ', ':'], "_")),
                &attacked,
            );
            let report = parties.judge(&attacked);
            let said = complaints(&report);
            if report.conclusion == Conclusion::Valid || is_fooled(&report) {
                wrong.push(format!("{name}, {}: {}\n{said}", attack.name, report.conclusion));
            } else if !said.contains(attack.word) {
                wrong.push(format!(
                    "{name}, {}: does not say {:?}\n{said}",
                    attack.name, attack.word
                ));
            }
        }
    }
    assert!(made >= 1000, "{made} attacks");
    assert!(wrong.is_empty(), "{} of {made}:\n{}", wrong.len(), wrong.join("\n\n"));
}
