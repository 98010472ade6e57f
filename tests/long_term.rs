//! What a signature is worth when its certificates have ended, were revoked, or nobody speaks of them
//! any more: files that pyHanko signed, stamped and filled with validation data, at many times.

mod support;

use std::{fs, sync::Arc};

use sealwright::{
    domain::{
        SystemClock, Timestamp,
        report::{CheckName, Conclusion, Consequence, Indication, Reason, Report},
        source::Source,
    },
    pki::{Certificate, TrustStore, revocation::Crl},
    verification::{self, Errand, Fetching, Options, ValidationPolicies, ValidationPolicy},
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
        self.judge_by(None, file, lists, since, days)
    }

    fn judge_by(
        &self,
        policy: Option<&Arc<ValidationPolicy>>,
        file: &str,
        lists: &[&str],
        since: &str,
        days: i64,
    ) -> Report {
        let mut options = self.options(lists, since, days);
        if let Some(policy) = policy {
            options.policy = Arc::clone(policy);
        }
        let file = self.read(&format!("{file}.pdf"));
        verification::verify(&Source::memory(file), &options).report
    }

    fn options(&self, lists: &[&str], since: &str, days: i64) -> Options {
        let crls = lists.iter().map(|list| Crl::from_der(&self.read(&format!("{list}.crl"))));
        let trust = TrustStore {
            roots: vec![Certificate::from_der(&self.read("root.der")).unwrap()],
            crls: crls.map(Option::unwrap).collect(),
        };
        let at = self.times[since].as_i64().unwrap() + days * DAY + 120;
        let mut options = Options::trusting_nobody(Timestamp::from_seconds(at));
        options.tsa_trust = trust.clone();
        options.trust = trust;
        options
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
    let cases: [(&str, &[&str], &str); 15] = [
        // A timestamp within the signature proves that it was made after.
        ("content", &["good", "root"], PASSED),
        ("content", &["before", "root"], "REVOKED"),
        ("content", &["between", "root"], "REVOKED"),
        ("content", &["after", "root"], PASSED),
        ("content-stranger", &["before", "root"], "REVOKED_NO_POE"),
        ("content-other", &["good", "root"], "SIG_CONSTRAINTS_FAILURE"),
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

/// What a signature was worth before its certificate was revoked hangs on those above it as well: of them is
/// asked, and of what is revoked not.
#[test]
fn those_above_a_revoked_certificate_are_asked_about() {
    let archive = Archive::make();
    let root = archive.read("root.crl");
    let go = move |errand: &Errand| match errand.url.as_str() {
        "http://crl.example/root.crl" => Ok(root.clone()),
        _ => Err("it is not here".to_owned()),
    };
    let fetching = Fetching::new(Box::new(go), Arc::new(SystemClock), false);
    let mut options = archive.options(&["after"], "signed", 10);
    options.fetching = Some(Arc::new(fetching));
    let file = Source::memory(archive.read("t.pdf"));
    let report = verification::verify(&file, &options).report;
    assert_eq!(in_a_word(&report, 0), PASSED, "{}", complaints(&report));
    let urls: Vec<_> = report.fetched.iter().map(|one| one.url.as_str()).collect();
    assert_eq!(urls, ["http://crl.example/root.crl"]);
}

/// The policy for Chinese seals believes the stated time of what is known not to have been revoked until
/// it ended; of nothing else.
#[test]
fn a_stated_time_is_believed_of_what_was_not_revoked_alone() {
    let archive = Archive::make();
    let policy = ValidationPolicies::with([]).unwrap().named("cn-eseal").unwrap();
    let cases: [(&str, &[&str], i64, &str); 6] = [
        ("b", &["good", "root"], 5, PASSED),
        // The list is from after its end, and need not tell any more.
        ("b", &["late", "root"], 5, "OUT_OF_BOUNDS_NO_POE"),
        ("b", &["root"], 5, "OUT_OF_BOUNDS_NO_POE"),
        ("b", &["late-kept", "before", "root"], 5, "REVOKED_NO_POE"),
        ("b", &["hold", "root"], 5, "TRY_LATER"),
        ("b", &["after", "root"], 5, "REVOKED_NO_POE"),
    ];
    let mut wrong = Vec::new();
    for (file, lists, days, expected) in cases {
        let report = archive.judge_by(Some(&policy), file, lists, "signer", days);
        let said = in_a_word(&report, 0);
        if said != expected {
            wrong
                .push(format!("{file} {lists:?}: {said}, not {expected}: {}", complaints(&report)));
        }
        let strictly = archive.judge(file, lists, "signer", days);
        assert_ne!(in_a_word(&strictly, 0), PASSED, "nothing proves when it was signed");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // It is told that only the signer says so.
    let report = archive.judge_by(Some(&policy), "b", &["good", "root"], "signer", 5);
    let proven = report.signatures[0].checks.iter().find(|c| c.name == CheckName::ProvenTime);
    assert_eq!(
        proven.map(|check| (check.passed, check.consequence)),
        Some((None, Consequence::Warn))
    );
}

/// A timestamp proves when something was there, and not whose it is.
#[test]
fn a_file_with_nothing_but_a_timestamp_is_unsigned() {
    let archive = Archive::make();
    let report = archive.judge("stamped", &["root"], "signed", 0);
    assert_eq!(in_a_word(&report, 0), PASSED);
    assert_eq!(report.conclusion, Conclusion::Unsigned);
    assert_eq!(report.verdict.reason, Reason::OnlyTimestamped);
}
