//! What a signature is worth when its certificates have ended, were revoked, or nobody speaks of them
//! any more: files that pyHanko signed, stamped and filled with validation data, at many times.

mod support;

use std::fs;

use sealwright::{
    domain::{
        Timestamp,
        report::{Indication, Report},
        source::Source,
    },
    pki::{Certificate, TrustStore, revocation::Crl},
    verification::{self, Options},
};
use serde_json::Value;
use support::{parties::complaints, python_tool, run};

const DAY: i64 = 86_400;
const PASSED: &str = "TOTAL-PASSED";

struct Archive {
    directory: tempfile::TempDir,
    times: Value,
}

impl Archive {
    fn make() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/long_term.py");
        run(python_tool("python").arg(script).arg(directory.path()));
        let times = fs::read(directory.path().join("times.json")).unwrap();
        Self { directory, times: serde_json::from_slice(&times).unwrap() }
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.directory.path().join(name)).unwrap()
    }

    /// The report on a file, so many days after something, by somebody who has these lists.
    fn judge(&self, file: &str, lists: &[&str], since: &str, days: i64) -> Report {
        let crls = lists.iter().map(|list| Crl::from_der(&self.read(&format!("{list}.crl"))));
        let trust = TrustStore {
            roots: vec![Certificate::from_der(&self.read("root.der")).unwrap()],
            crls: crls.map(Option::unwrap).collect(),
        };
        let at = self.times[since].as_i64().unwrap() + days * DAY + 120;
        let mut options = Options::trusting_nobody(Timestamp::from_seconds(at));
        options.tsa_trust = trust.clone();
        options.trust = trust;
        let file = self.read(&format!("{file}.pdf"));
        verification::verify(&Source::memory(file), &options).report
    }
}

fn in_a_word(report: &Report, index: usize) -> String {
    let signature = &report.signatures[index];
    let passed = (signature.indication == Indication::TotalPassed).then(|| PASSED.to_owned());
    passed.or(signature.sub_indication.map(|why| why.to_string())).unwrap_or_default()
}

#[test]
fn what_time_takes_away_and_proofs_keep() {
    let archive = Archive::make();
    let all = ["good", "root"];
    // The file, the lists at hand, when it is asked about; what is said of the signature.
    let cases: [(&str, &[&str], &str, i64, &str); 26] = [
        ("t", &all, "signed", 0, PASSED),
        ("t", &[], "signed", 0, "TRY_LATER"),
        ("t", &["good"], "signed", 0, "TRY_LATER"),
        ("t", &all, "signer", 1, PASSED),
        ("t", &all, "tsa", 1, "OUT_OF_BOUNDS_NOT_REVOKED"),
        ("lt", &[], "signed", 0, PASSED),
        ("lt", &[], "signed", 60, "TRY_LATER"),
        ("lt", &["root"], "signed", 60, PASSED),
        // The responder has ended as well, and nothing proves that it answered before.
        ("lt", &["root"], "signer", 1, "OUT_OF_BOUNDS_NO_POE"),
        ("lt", &all, "signer", 1, PASSED),
        // What is said after its end need not tell that a certificate was revoked before.
        ("t", &["late", "root"], "signer", 5, "OUT_OF_BOUNDS_NO_POE"),
        ("t", &["late-kept", "root"], "signer", 5, PASSED),
        // The newest list hides nothing that an older one tells.
        ("t", &["late-kept", "before", "root"], "signer", 5, "REVOKED_NO_POE"),
        ("lt", &["root"], "tsa", 1, "OUT_OF_BOUNDS_NO_POE"),
        ("lta", &[], "signed", 0, PASSED),
        ("lta", &[], "signed", 60, PASSED),
        ("lta", &[], "signer", 1, PASSED),
        ("lta", &[], "tsa", 1, PASSED),
        ("lta", &[], "ca", 1, PASSED),
        ("lta", &[], "archive", 1, "OUT_OF_BOUNDS_NO_POE"),
        // An authority of the same name, with another key, proves nothing.
        ("lta-forged", &[], "signed", 0, PASSED),
        ("lta-forged", &[], "signed", 60, "TRY_LATER"),
        ("lta-forged", &[], "tsa", 1, "OUT_OF_BOUNDS_NO_POE"),
        ("lta-renewed", &[], "tsa", 1, PASSED),
        ("lta-renewed", &[], "ca", 1, PASSED),
        ("lta-renewed", &[], "archive", 1, "OUT_OF_BOUNDS_NO_POE"),
    ];
    let mut wrong = Vec::new();
    for (file, lists, since, days, expected) in cases {
        let report = archive.judge(file, lists, since, days);
        let said = in_a_word(&report, 0);
        if said != expected {
            let why = complaints(&report);
            wrong.push(format!("{file} {lists:?} {since}+{days}: {said}, not {expected}: {why}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Every signature of a file that was kept well passes, its earlier document timestamps as well.
    let report = archive.judge("lta-renewed", &[], "tsa", 1);
    let all = report.signatures.iter().all(|one| one.indication == Indication::TotalPassed);
    assert!(all && report.signatures.len() == 3, "{}", complaints(&report));
    let proven = report.signatures[0].timestamp.unwrap().as_seconds();
    assert!((proven - archive.times["signed"].as_i64().unwrap()).abs() < 300, "{proven}");
}

#[test]
fn when_something_was_revoked_matters() {
    let archive = Archive::make();
    let cases: [(&str, &[&str], &str); 9] = [
        ("t", &["before", "root"], "REVOKED_NO_POE"),
        ("t", &["between", "root"], "REVOKED_NO_POE"),
        ("t", &["after", "root"], PASSED),
        ("t", &["suspected", "root"], "REVOKED_NO_POE"),
        ("t", &["hold", "root"], "TRY_LATER"),
        // Whoever had the key of the authority then could have made the list that is at hand now.
        ("t", &["good", "ca-after"], "REVOKED_CA_NO_POE"),
        ("lta", &["before"], "REVOKED_NO_POE"),
        ("lta", &["after"], PASSED),
        // What the document carries is proven to be older than that.
        ("lta", &["ca-after"], PASSED),
    ];
    let mut wrong = Vec::new();
    for (file, lists, expected) in cases {
        let report = archive.judge(file, lists, "signed", 10);
        let said = in_a_word(&report, 0);
        if said != expected {
            wrong
                .push(format!("{file} {lists:?}: {said}, not {expected}: {}", complaints(&report)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
