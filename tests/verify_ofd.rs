//! Sealed OFD files and seals of other makers, and what is said of them.

mod support;

use std::{fs, path::Path};

use sealwright::{domain::source::Source, verification};
use serde_json::Value;
use support::trusting_nobody;

type Verdict = (&'static str, &'static str, &'static str);

/// File → conclusion → for each signature its kind, integrity and the checks that did not pass.
/// Nothing of them is trusted here, so those of the chain are left out.
const VERDICTS: &[(&str, &str, &[Verdict])] = &[
    ("01_tax_invoice_zhejiang_v4.ofd", "indeterminate", &[("ses-v4", "intact", "dates")]),
    ("03_tax_invoice_jiangsu_v4_b.ofd", "indeterminate", &[("ses-v4", "intact", "dates")]),
    ("04_v4signed.ofd", "indeterminate", &[("ses-v4", "intact", "")]),
    ("05_tax_zheliban_antchain_v4.ofd", "indeterminate", &[("ses-v4", "intact", "")]),
    (
        "08_zibo_seal_plus_sign_tongz_v4_raw64_modified.ofd",
        "invalid",
        &[
            ("ses-v4", "broken", "references coverage seal-extensions dates"),
            ("gbt35275", "broken", "references coverage dates"),
        ],
    ),
    (
        "09_gomain_two_gbt35275_sign.ofd",
        "indeterminate",
        &[("gbt35275", "intact", "coverage dates"), ("gbt35275", "intact", "dates")],
    ),
    (
        "12_baiwang_testca_v4_seal_esl.ofd",
        "indeterminate",
        &[("ses-v4", "intact", "coverage dates")],
    ),
    (
        "13_testca_invoice_document_modified_v4.ofd",
        "invalid",
        &[("ses-v4", "broken", "references")],
    ),
    (
        "15_ofdrw_gen_v4_riding_clip.ofd",
        "indeterminate",
        &[("ses-v4", "intact", "dates key-usage")],
    ),
    (
        "16_ofdrw_gen_v4_two_sigs_first_broken.ofd",
        "invalid",
        &[
            ("ses-v4", "broken", "references dates key-usage"),
            ("ses-v4", "intact", "dates key-usage"),
        ],
    ),
    (
        "17_gen_v1_whole.ofd",
        "indeterminate",
        &[("ses-v1", "intact", "seal-dates times dates key-usage")],
    ),
    (
        "18_gen_v5_gmt0031_2025.ofd",
        "indeterminate",
        &[("ses-v5", "intact", "times dates key-usage")],
    ),
    (
        "19_gen_v4_two_sigs_ok.ofd",
        "indeterminate",
        &[
            ("ses-v4", "intact", "seal-dates times dates key-usage"),
            ("ses-v4", "intact", "seal-dates times dates key-usage"),
        ],
    ),
    ("20_gen_gbt35275_noattrs.ofd", "indeterminate", &[("gbt35275", "intact", "dates key-usage")]),
    ("21_seal_v1.esl", "indeterminate", &[("seal", "intact", "seal-dates")]),
    ("22_seal_v4.esl", "indeterminate", &[("seal", "intact", "seal-dates")]),
    (
        "23_seal_v5_with_timestamp.esl",
        "indeterminate",
        &[("seal", "intact", "seal-timestamp dates")],
    ),
];

fn corpus() -> Option<std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: the corpus is not here");
    None
}

fn judge(bytes: Vec<u8>) -> Value {
    let outcome = verification::verify(&Source::memory(bytes), &trusting_nobody());
    serde_json::to_value(outcome.report).unwrap()
}

fn not_passed(signature: &Value) -> String {
    let untrusted = ["certificate-chain", "revocation", "seal-maker"];
    let names = signature["checks"].as_array().unwrap().iter().filter(|c| c["passed"] != true);
    let names = names.map(|check| check["name"].as_str().unwrap());
    let names = names.filter(|name| !untrusted.contains(name));
    names.map(|n| n.trim_start_matches("certificate-")).collect::<Vec<_>>().join(" ")
}

#[test]
fn files_of_other_makers_get_the_verdict_they_deserve() {
    let Some(corpus) = corpus() else { return };
    let manifest = fs::read_to_string(corpus.join("ofd/MANIFEST.tsv")).unwrap();
    assert_eq!(manifest.lines().count() - 1, VERDICTS.len(), "a file without a verdict");
    for (name, conclusion, signatures) in VERDICTS {
        let report = judge(fs::read(corpus.join("ofd").join(name)).unwrap());
        assert_eq!(report["conclusion"], *conclusion, "{name}");
        let found: Vec<_> = report["signatures"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| (s["kind"].as_str().unwrap(), s["integrity"].as_str().unwrap(), not_passed(s)))
            .collect();
        let expected: Vec<_> = signatures
            .iter()
            .map(|(kind, whole, checks)| (*kind, *whole, (*checks).to_owned()))
            .collect();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn what_is_not_protected_is_named() {
    let Some(corpus) = corpus() else { return };
    let judge = |name: &str| judge(fs::read(corpus.join("ofd").join(name)).unwrap());
    let report = judge("12_baiwang_testca_v4_seal_esl.ofd");
    let names = serde_json::json!(["Doc_0/TPLS/TPL_0/Content.xml", "Doc_0/TPLS/TPL_1/Content.xml"]);
    assert_eq!(report["signatures"][0]["uncovered"], names);
    assert_eq!(report["signatures"][0]["coverage"], "partial");
    let report = judge("19_gen_v4_two_sigs_ok.ofd");
    assert_eq!(report["signatures"][0]["coverage"], "earlier-revision");
    assert_eq!(report["signatures"][1]["coverage"], "whole-file");
}

/// What was good once stays good, as far as nothing but time has passed.
#[test]
fn frozen_results_of_sealing_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("test-vectors/sealed");
    for (name, kind) in [("licence.ofd", "ses-v4"), ("seal.esl", "seal")] {
        let report = judge(fs::read(folder.join(name)).unwrap());
        let signature = &report["signatures"][0];
        assert_eq!((&signature["kind"], &signature["integrity"]), (&kind.into(), &"intact".into()));
        assert_eq!(not_passed(signature), if kind == "seal" { "" } else { "timestamp" }, "{name}");
    }
}

/// SM2 in PDF, made by another program.
#[test]
fn a_pdf_signed_with_sm2_is_intact_and_a_changed_one_is_not() {
    let Some(corpus) = corpus() else { return };
    let mut file = fs::read(corpus.join("pdf/good/gen-sm2-sm3.pdf")).unwrap();
    let report = judge(file.clone());
    assert_eq!(report["signatures"][0]["integrity"], "intact", "{report}");
    assert_eq!(report["signatures"][0]["algorithm"], "sm2 with SM3");
    file[40] ^= 1;
    assert_eq!(judge(file)["signatures"][0]["integrity"], "broken");
}
