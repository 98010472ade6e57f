//! Reports for their readers: each conclusion as JSON, page, text and XML, in both languages, judged by
//! programs of others; the same by the command line and by HTTP.

mod support;

use std::{fs, path::Path, process::Command};

use sealwright::reports;
use serde_json::Value;
use support::{
    people, python_tool,
    sealed::{Sealed, sealed},
    server::send,
    try_run,
};

/// A file of every conclusion, of those that are indeterminate two.
fn files(office: &Sealed) -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let mut changed = office.file.clone();
    changed[1000] ^= 1;
    vec![
        ("valid", office.file.clone(), "valid"),
        ("invalid", changed, "changed"),
        ("unsigned", people::licence(), "unsigned"),
        ("indeterminate", b"%PDF-1.7 nothing of it can be read".to_vec(), "unreadable"),
    ]
}

fn verify(office: &Sealed, file: &[u8], accept: &str, language: &str) -> (String, String) {
    let headers = [("accept", accept), ("accept-language", language)];
    let reply = send(office.house.url(), "POST", "/public/verify", &headers, file).unwrap();
    assert_eq!(reply.status, 200);
    let kind = reply.header("content-type").unwrap().to_owned();
    (kind, String::from_utf8(reply.body).unwrap())
}

#[test]
fn every_conclusion_in_every_form_is_as_others_expect_it() {
    let office = sealed();
    let directory = office.house.token.directory.path().join("reports");
    fs::create_dir(&directory).unwrap();
    for (name, file, reason) in files(&office) {
        let (kind, json) = verify(&office, &file, "application/json", "en");
        let report: Value = serde_json::from_str(&json).unwrap();
        assert!(kind.starts_with("application/json"));
        assert_eq!(
            (&report["conclusion"], &report["verdict"]["reason"]),
            (&name.into(), &reason.into())
        );
        fs::write(directory.join(format!("{name}.json")), json).unwrap();
        for (language, word) in [("zh-CN,en;q=0.5", "建议"), ("en", "What to do")] {
            let (kind, page) = verify(&office, &file, "text/html", language);
            assert!(kind.starts_with("text/html") && page.contains(word), "{page}");
            fs::write(directory.join(format!("{name}-{}.html", &language[..2])), page).unwrap();
            let (kind, text) = verify(&office, &file, "text/plain", language);
            assert!(kind.starts_with("text/plain") && text.contains(word), "{text}");
        }
        let (kind, xml) = verify(&office, &file, "application/xml", "en");
        assert!(kind.starts_with("application/xml"));
        fs::write(directory.join(format!("{name}.xml")), xml).unwrap();
    }
    // A page of the command line, with files that have another name than they should.
    let evil = directory.join("<script>alert(1)<script>\u{202e}.pdf");
    fs::write(&evil, &office.file).unwrap();
    let output = office.house.command().arg("verify").arg("--html").arg(&evil).output().unwrap();
    assert_eq!(output.status.code(), Some(5), "nobody is trusted here");
    let page = String::from_utf8(output.stdout).unwrap();
    assert!(page.contains("&lt;script&gt;") && !page.contains('\u{202e}'), "{page}");
    assert!(page.contains("lang=\"zh-CN\"") && page.contains("lang=\"en\""));
    fs::write(directory.join("evil.html"), page).unwrap();
    fs::remove_file(evil).unwrap();

    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/report.schema.json");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/judge_reports.py");
    let (output, text) = try_run(python_tool("python").arg(script).arg(schema).arg(&directory));
    assert!(output.status.success() && output.stdout.is_empty(), "{text}");
    assert!(text.contains("17 judged"), "{text}");
}

#[test]
fn changed_is_never_confused_with_forged_or_not_known_here() {
    let office = sealed();
    let of = |file: &[u8]| {
        let (_, json) = verify(&office, file, "application/json", "en");
        let report: Value = serde_json::from_str(&json).unwrap();
        report["verdict"]["reason"].as_str().unwrap().to_owned()
    };
    assert_eq!(of(&office.file), "valid");
    let mut changed = office.file.clone();
    changed[1000] ^= 1;
    assert_eq!(of(&changed), "changed");
    // The value of the signature itself.
    let gap = office.file.windows(10).rposition(|bytes| bytes.starts_with(b"/Contents<"));
    let gap = gap.or(office.file.windows(11).rposition(|bytes| bytes == b"/Contents <")).unwrap();
    let directory = office.house.token.directory.path();
    let file = directory.join("forged.pdf");
    let record = office.house.get(&office.cast.auditor, &office.record).expect(200);
    let digest = record["signature_digest"].as_str().unwrap().to_owned();
    let forged = forge(&office.file, gap, &digest);
    assert_eq!(of(&forged), "forged");
    // Somebody who trusts nobody.
    fs::write(&file, &office.file).unwrap();
    let output = office.house.command().args(["--json", "verify"]).arg(&file).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["verdict"]["reason"], "unknown-issuer");
    assert_eq!(report["policy"]["name"], "default");
    // Voided: intact, and withdrawn.
    let path = format!("{}/void", office.record);
    let body = serde_json::json!({ "reason": "issued by mistake" });
    office.house.post(&office.cast.registrar, &path, &body).expect(200);
    assert_eq!(of(&office.file), "voided");
    assert_eq!(of(&changed), "changed");
}

/// Changes the signature value: a bit of the last byte of the `OCTET STRING` with the digest given.
fn forge(sealed: &[u8], gap: usize, digest: &str) -> Vec<u8> {
    use sealwright::crypto::digest::{hex, sha256, unhex};
    let start = gap + sealed[gap..].iter().position(|byte| *byte == b'<').unwrap() + 1;
    let end = start + sealed[start..].iter().position(|byte| *byte == b'>').unwrap();
    let blob = unhex(std::str::from_utf8(&sealed[start..end]).unwrap()).unwrap();
    let place = (0..blob.len() - 72).find_map(|at| {
        (64..73).find(|length| hex(&sha256(&blob[at..at + length])) == digest).map(|l| at + l - 1)
    });
    let place = start + 2 * place.unwrap() + 1;
    let mut forged = sealed.to_vec();
    forged[place] = if forged[place] == b'0' { b'1' } else { b'0' };
    forged
}

#[test]
fn the_committed_schema_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/report.schema.json");
    let committed: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let command = "run: sealwright openapi --report-schema > docs/report.schema.json";
    assert_eq!(committed, reports::schema(), "{command}");
}

#[test]
fn folders_are_verified_with_what_stands_beside_files() {
    let office = sealed();
    let directory = office.house.token.directory.path().join("folder");
    fs::create_dir_all(directory.join("below")).unwrap();
    for number in 0..20 {
        fs::write(directory.join(format!("below/{number:02}.pdf")), &office.file).unwrap();
    }
    fs::write(directory.join("plain.pdf"), people::licence()).unwrap();
    fs::write(directory.join(".hidden"), b"x").unwrap();
    fs::write(directory.join("text.txt"), b"something").unwrap();
    fs::write(directory.join("text.txt.p7s"), b"no signature").unwrap();
    let verify_folder = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealwright"));
        try_run(command.arg("verify").arg(&directory).args(arguments))
    };
    let (output, text) = verify_folder(&["--json"]);
    let reports: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{text}"));
    let names: Vec<_> =
        reports.as_array().unwrap().iter().map(|r| r["file"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 22);
    assert!(names.is_sorted(), "{names:?}");
    let beside = reports
        .as_array()
        .unwrap()
        .iter()
        .find(|r| r["file"].as_str().unwrap().ends_with("text.txt"));
    let detail = beside.unwrap()["detail"].as_str().unwrap();
    assert!(detail.contains("given as a signature"), "{detail}");
    let (output, text) = verify_folder(&["--lang", "en", "--jobs", "2"]);
    assert_eq!(output.status.code(), Some(5));
    assert!(text.contains("22 个文件 files") && text.contains("unsigned 1"), "{text}");
    assert!(!text.contains("建议"), "{text}");
    assert_eq!(verify_folder(&["--lang", "fr"]).0.status.code(), Some(2));
    assert_eq!(verify_folder(&["--xml"]).0.status.code(), Some(2));
}

#[test]
fn a_policy_is_named_by_the_question_or_the_configuration() {
    let office = sealed();
    let asked = |query: &str| {
        let path = format!("/public/verify{query}");
        send(office.house.url(), "POST", &path, &[], &office.file)
    };
    let report = asked("?policy=cn-eseal").unwrap().expect(200);
    assert_eq!(report["policy"]["name"], "cn-eseal");
    assert_eq!(report["conclusion"], "valid");
    let problem = asked("?policy=none").unwrap();
    assert_eq!(problem.problem(422), "unknown-validation-policy");
}
