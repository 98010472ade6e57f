//! `sealwright seal`: a client of the service for people and scripts.

mod support;

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;
use support::{desk::Desk, people, run};

fn desk() -> Desk {
    let desk = Desk::new();
    fs::write(desk.directory.join("licence.pdf"), people::licence()).unwrap();
    fs::write(desk.directory.join("approval.pdf"), people::approval()).unwrap();
    desk
}

impl Desk {
    fn command(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_sealwright"))
            .args(["seal", "--url", self.house.url(), "--seal", &self.seal])
            .args(["--document-type", "licence"])
            .args(arguments)
            .env("SEALWRIGHT_ACCESS_KEY", &self.cast.caller)
            .current_dir(&self.directory)
            .output()
            .unwrap()
    }
}

const AT: [&str; 6] = ["--pages", "1", "--x", "60", "--y", "60"];

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

#[test]
fn one_file_is_sealed_and_the_same_command_gives_the_same_file_again() {
    let desk = desk();
    let all = [&["licence.pdf", "--json"][..], &AT].concat();
    let first = desk.command(&all);
    assert!(first.status.success(), "{first:?}");
    let told = json_of(&first);
    assert_eq!(
        (told["sealed"].as_str(), told["replayed"].as_bool()),
        (Some("licence.sealed.pdf"), Some(false))
    );
    desk.pyhanko_finds("licence.sealed.pdf", 1);
    assert!(first.stderr.is_empty(), "nothing is drawn on a pipe: {first:?}");
    let record = format!("/v1/signatures/{}", told["record"].as_str().unwrap());
    let record = desk.house.get(&desk.cast.caller, &record).expect(200);
    assert_eq!(record["state"], "completed");
    let receipt = fs::read_to_string(desk.directory.join("licence.sealed.receipt.sd-jwt")).unwrap();
    assert!(receipt.ends_with('~'));

    // What is there is not written over, unless asked for; and then it is the same sealing.
    let again = desk.command(&all);
    assert_eq!(again.status.code(), Some(2), "{again:?}");
    let before = fs::read(desk.directory.join("licence.sealed.pdf")).unwrap();
    let forced = desk.command(&[&all[..], &["--force"]].concat());
    assert_eq!(json_of(&forced)["replayed"], true);
    assert_eq!(fs::read(desk.directory.join("licence.sealed.pdf")).unwrap(), before);
}

#[test]
fn a_folder_is_sealed_and_what_cannot_be_sealed_is_told() {
    let desk = desk();
    fs::write(desk.directory.join("broken.pdf"), b"%PDF-1.7 and nothing that follows from it")
        .unwrap();
    let output = desk.command(&[&[".", "--out", "sealed", "--json"][..], &AT].concat());
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = json_of(&output);
    let files: Vec<_> = told.as_array().unwrap().iter().map(|o| o["sealed"].as_str()).collect();
    assert_eq!(files, [Some("sealed/approval.pdf"), None, Some("sealed/licence.pdf")]);
    assert_eq!(told[1]["code"], "pdf-damaged");
    desk.pyhanko_finds("sealed/approval.pdf", 1);
    desk.pyhanko_finds("sealed/licence.pdf", 1);
    assert!(!desk.directory.join("sealed/broken.pdf").exists());
}

#[test]
fn a_file_that_stays_here_is_sealed_by_its_digest() {
    let desk = desk();
    let all = [
        "approval.pdf",
        "--local",
        "--across",
        "--business-number",
        "LOCAL-1",
        "--json",
        "--reason",
        "签发",
    ];
    let output = desk.command(&[&all[..], &AT].concat());
    assert!(output.status.success(), "{output:?}");
    desk.pyhanko_finds("approval.sealed.pdf", 1);
    let told = json_of(&output);
    let path = format!("/v1/signatures/{}", told["record"].as_str().unwrap());
    let record = desk.house.get(&desk.cast.caller, &path).expect(200);
    assert_eq!((&record["content_unseen"], &record["format"]), (&true.into(), &"pdf".into()));
    // The service finds its record by the signature in the file.
    let sealed = fs::read(desk.directory.join("approval.sealed.pdf")).unwrap();
    let kind = [("content-type", "application/octet-stream")];
    let report = support::server::send(desk.house.url(), "POST", "/public/verify", &kind, &sealed);
    let report = report.unwrap().expect(200);
    assert_eq!(report["conclusion"], "valid", "{report}");
    assert_eq!(report["signatures"][0]["seal"]["state_then"], "active");
    // The business number is taken, whichever way it is used.
    let again = desk.command(&[&all[..], &AT, &["--force"]].concat());
    assert_eq!(json_of(&again)["code"], "business-number-taken");
    assert_eq!(again.status.code(), Some(2));
}

#[test]
fn encrypted_files_take_their_password_from_a_file() {
    let desk = desk();
    run(Command::new("qpdf")
        .args(["--encrypt", "geheim", "owner", "256", "--", "licence.pdf", "secret.pdf"])
        .current_dir(&desk.directory));
    let refused = desk.command(&[&["secret.pdf", "--json"][..], &AT].concat());
    assert_eq!(
        (refused.status.code(), json_of(&refused)["code"].as_str()),
        (Some(1), Some("pdf-encrypted"))
    );
    fs::write(desk.directory.join("password"), "geheim\n").unwrap();
    for (more, out) in [(&[][..], "there.pdf"), (&["--local"][..], "here.pdf")] {
        let all = ["secret.pdf", "--password-file", "password", "--out", out];
        let output = desk.command(&[&all[..], more, &AT].concat());
        assert!(output.status.success(), "{output:?}");
        let text = run(Command::new("pdfsig")
            .args(["-nocert", "-upw", "geheim", out])
            .current_dir(&desk.directory));
        assert!(text.contains("Signature is Valid"), "{text}");
    }
}

#[test]
fn exit_codes_tell_what_went_wrong() {
    let desk = desk();
    let sealed = |arguments: &[&str], key: &str, url: &str, seal: &str| {
        Command::new(env!("CARGO_BIN_EXE_sealwright"))
            .args(["seal", "--url", url, "--seal", seal, "--document-type", "licence"])
            .args(arguments)
            .env("SEALWRIGHT_ACCESS_KEY", key)
            .current_dir(&desk.directory)
            .output()
            .unwrap()
    };
    let (key, url, seal) = (&desk.cast.caller, desk.house.url(), &desk.seal);
    let all = [&["licence.pdf"][..], &AT].concat();
    let code = |output: Output| {
        assert!(!Path::new(&desk.directory.join("licence.sealed.pdf")).exists());
        assert!(
            !String::from_utf8_lossy(&output.stderr).contains(key.as_str()),
            "keys are not told"
        );
        output.status.code()
    };
    assert_eq!(code(sealed(&all, "nobody", url, seal)), Some(3));
    assert_eq!(code(sealed(&all, &desk.cast.auditor, url, seal)), Some(3));
    assert_eq!(code(sealed(&all, key, "http://127.0.0.1:9", seal)), Some(4));
    assert_eq!(code(sealed(&["licence.pdf"], key, url, seal)), Some(2), "no placement");
    assert_eq!(code(sealed(&all, "", url, seal)), Some(2), "no key");
    let missing = [&["missing.pdf"][..], &AT].concat();
    assert_eq!(code(sealed(&missing, key, url, seal)), Some(2));
    let beyond = ["licence.pdf", "--pages", "9", "--x", "60", "--y", "60"];
    assert_eq!(code(sealed(&beyond, key, url, seal)), Some(1));
}

#[test]
fn ofd_files_are_sealed_there_and_here() {
    let desk = desk();
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/test-vectors/samples/licence.ofd");
    fs::copy(sample, desk.directory.join("licence.ofd")).unwrap();
    let output = desk.command(&[&["licence.ofd", "--json"][..], &AT].concat());
    assert!(output.status.success(), "{output:?}");
    desk.others_find_good("licence.sealed.ofd");
    // Once more, by its digest, with the picture on its keyword; then closed.
    let more = [
        "licence.sealed.ofd",
        "--local",
        "--keyword",
        "登记机关",
        "--closing",
        "--out",
        "twice.ofd",
        "--json",
    ];
    let output = desk.command(&more);
    assert!(output.status.success(), "{output:?}");
    desk.others_find_good("twice.ofd");
    let path = format!("/v1/signatures/{}", json_of(&output)["record"].as_str().unwrap());
    let record = desk.house.get(&desk.cast.caller, &path).expect(200);
    assert_eq!((&record["content_unseen"], &record["format"]), (&true.into(), &"ofd".into()));
    let sealed = fs::read(desk.directory.join("twice.ofd")).unwrap();
    let report = support::server::send(desk.house.url(), "POST", "/public/verify", &[], &sealed);
    let report = report.unwrap().expect(200);
    assert_eq!(report["conclusion"], "valid", "{report}");
    for arguments in [&["twice.ofd"][..], &["twice.ofd", "--local"]] {
        let all = [arguments, &["--out", "thrice.ofd"], &AT].concat();
        assert_eq!(desk.command(&all).status.code(), Some(1), "closed");
    }
    let refused =
        [&["licence.ofd", "--local", "--certify", "no-changes", "--out", "x.ofd"], &AT[..]];
    assert_eq!(desk.command(&refused.concat()).status.code(), Some(2));
    for form in ["gm-cms", "gm-seal"] {
        let out = format!("{form}.pdf");
        let all = ["licence.pdf", "--local", "--signature-form", form, "--out", &out];
        let output = desk.command(&[&all[..], &AT].concat());
        assert!(output.status.success(), "{output:?}");
        desk.others_find_good(&out);
    }
}
