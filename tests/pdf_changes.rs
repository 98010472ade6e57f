//! What changed after signing: files that were changed as is allowed, and attacks of every class,
//! on files that the service and pyHanko signed, with everybody trusted.

mod support;

use std::{fs, process::Command};

use sealwright::{
    domain::{
        report::{Check, Conclusion, Report},
        source::Source,
    },
    verification,
};
use serde_json::json;
use support::{
    attacks,
    parties::{Parties, complaints},
    prepared::{self, Prepared},
    python_tool,
    revision::{Revision, object, stream, with},
    run,
};

fn check<'a>(checks: &'a [Check], name: &str) -> Option<&'a Check> {
    checks.iter().find(|check| check.name == name)
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

#[test]
fn what_was_prepared_before_signing_is_warned_of() {
    let parties = Parties::new();
    let judge = |file: &[u8]| {
        let report = parties.judge(file);
        assert_eq!(report.conclusion, Conclusion::Valid, "{}", complaints(&report));
        report.warnings.join("; ")
    };
    for name in ["objstm-b", "linear-b", "linear-lta", "objstm-thrice"] {
        assert_eq!(judge(&parties.file(name)), "", "{name}");
    }
    let warnings = judge(&parties.file("contract-b"));
    for word in ["pages that were signed (objects 41)", "contents of pages", "has layers"] {
        assert!(warnings.contains(word), "{word}: {warnings}");
    }
    let contract = parties.file("contract");
    let link = |act: &str| with(&object(&contract, 36), &[("A", act)]);
    type Prepare<'a> = Box<dyn Fn(&mut Revision) + 'a>;
    let mut prepared: Vec<(Prepare<'_>, &str)> = Vec::new();
    for (act, word) in [
        ("<</S /JavaScript /JS (app.alert\\(1\\))>>", "runs JavaScript"),
        ("<</S /Launch /F (a.exe)>>", "starts programs"),
        ("<</S /SubmitForm /F (https://a.example/)>>", "sends or fetches"),
        ("<</S /Hide /T (tenant)>>", "hides and shows"),
    ] {
        let body = link(act);
        prepared.push((
            Box::new(move |revision| {
                revision.set(36, &body);
            }),
            word,
        ));
    }
    for (entries, word) in [
        ("/Type /XObject /Subtype /Image /Width 1 /Height 1", "images that"),
        ("/Type /XObject /Subtype /Form /BBox [0 0 1 1]", "forms to be drawn that"),
    ] {
        let body = stream(entries, "0 0 1 1 re f");
        prepared.push((
            Box::new(move |revision| {
                revision.add(&body);
            }),
            word,
        ));
    }
    for (body, word) in
        [("<</Type /Font>>", "fonts that"), ("<</Type /Catalog>>", "other roots of the document")]
    {
        prepared.push((
            Box::new(move |revision| {
                revision.add(body);
            }),
            word,
        ));
    }
    for (bytes, word) in [
        ("50 0 obj\n<</Type /Page>>\nendobj\n", "object 50 that no cross-reference leads to"),
        ("these words are nothing\n", "belong to no object"),
    ] {
        prepared.push((
            Box::new(move |revision| {
                revision.raw(bytes).add("null");
            }),
            word,
        ));
    }
    let directory = parties.directory.path();
    let path = |index: usize| directory.join(format!("prepared-{index}.pdf"));
    for (index, (prepare, _)) in prepared.iter().enumerate() {
        let mut revision = Revision::of(&contract);
        prepare(&mut revision);
        fs::write(path(index), revision.finish()).unwrap();
    }
    let signed = directory.join("signed");
    run(python_tool("python")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/pdf_parties.py"))
        .arg(&signed)
        .arg("--only-sign")
        .args((0..prepared.len()).map(path)));
    let mut options = support::trusting_nobody();
    options.trust = Parties::trust_in(&signed);
    for (index, (_, word)) in prepared.iter().enumerate() {
        let file = fs::read(signed.join(path(index).file_name().unwrap())).unwrap();
        let report = verification::verify(&Source::memory(file), &options).report;
        assert_eq!(report.conclusion, Conclusion::Valid, "{}", complaints(&report));
        let warnings = report.warnings.join("; ");
        assert_eq!(warnings.matches(word).count(), 1, "{word}: {warnings}");
    }
}

#[test]
fn the_command_tells_people_what_changed() {
    let parties = Parties::new();
    let directory = parties.directory.path();
    let trust = directory.join("trust");
    fs::create_dir(&trust).unwrap();
    let root = (directory.join("root.der"), trust.join("root.pem"));
    run(Command::new("openssl")
        .args(["x509", "-inform", "DER", "-in"])
        .arg(root.0)
        .arg("-out")
        .arg(root.1));
    fs::copy(directory.join("root.crl"), trust.join("root.crl")).unwrap();
    let told = |name: &str| {
        let (output, text) = support::try_run(
            Command::new(env!("CARGO_BIN_EXE_sealwright"))
                .args(["verify", "--trust"])
                .arg(&trust)
                .arg(directory.join(name)),
        );
        (output.status.code(), text)
    };
    let (code, text) = told("contract-filled.pdf");
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("only as is allowed"), "{text}");
    assert!(text.contains("[!!] nothing leads to pages that were signed"), "{text}");
    assert!(text.contains("[ok] the form field \"deposit\" was filled in"), "{text}");
    let (code, text) = told("contract-twice.pdf");
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("VALID: unchanged"), "{text}");
    let (code, text) = told("contract-locking-broken.pdf");
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("[NO] the form field \"tenant\""), "{text}");
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

/// An attacker writes the document, somebody signs it in good faith, and the attacker goes on.
#[test]
fn no_prepared_document_becomes_another() {
    let directory = tempfile::tempdir().unwrap();
    let all = prepared::all();
    let name =
        |one: &Prepared| format!("{}{}.pdf", if one.is_final { "final-" } else { "" }, one.name);
    for one in &all {
        fs::write(directory.path().join(name(one)), &one.document).unwrap();
    }
    let signed = directory.path().join("signed");
    run(python_tool("python")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/pdf_parties.py"))
        .arg(&signed)
        .arg("--only-sign")
        .args(all.iter().map(|one| directory.path().join(name(one)))));
    let mut options = support::trusting_nobody();
    options.trust = Parties::trust_in(&signed);
    let mut wrong = Vec::new();
    for one in &all {
        let before = fs::read(signed.join(name(one))).unwrap();
        let after = (one.attack)(&before);
        support::show(&name(one), &after);
        let judge = |file: Vec<u8>| verification::verify(&Source::memory(file), &options).report;
        let (before, after) = (judge(before), judge(after));
        if before.conclusion != Conclusion::Valid {
            wrong.push(format!("{} as signed: {}", one.name, complaints(&before)));
        }
        if after.conclusion == Conclusion::Valid || is_fooled(&after) {
            wrong.push(format!("{}: {}", one.name, after.conclusion));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
