//! Verification of files of any origin: our own, tampered ones, and those of other makers.

mod support;

use std::{fs, path::Path};

use sealwright::{
    domain::{Clock, SystemClock, report::Report, source::Source},
    verification,
};
use serde_json::{Value, json};
use support::{
    people,
    sealed::{Sealed, sealed},
    server::send,
};

fn publicly(s: &Sealed, file: &[u8]) -> Value {
    send(s.house.url(), "POST", "/public/verify", &[], file).unwrap().expect(200)
}

fn check<'a>(report: &'a Value, name: &str) -> &'a Value {
    let checks = report["signatures"][0]["checks"].as_array().unwrap();
    &checks.iter().find(|check| check["name"] == name).unwrap()["passed"]
}

#[test]
fn the_register_answers_then_and_now() {
    let s = sealed();
    let report = publicly(&s, &s.file);
    assert_eq!(report["conclusion"], "valid", "{report}");
    let signature = &report["signatures"][0];
    assert_eq!(signature["seal"]["state_then"], "active");
    assert_eq!(
        (&signature["custody"], &signature["coverage"]),
        (&json!("hsm"), &json!("whole-file"))
    );

    // Suspended later: what it sealed before stays good.
    let path = format!("/v1/seals/{}", s.seal);
    let reason = json!({ "reason": "x" });
    s.house.post(&s.cast.registrar, &format!("{path}/suspend"), &reason).expect(200);
    let report = publicly(&s, &s.file);
    assert_eq!(report["conclusion"], "valid");
    assert_eq!(report["signatures"][0]["seal"]["state_now"], "suspended");

    // Voided: intact, and yet not to be relied on.
    let void = format!("{}/void", s.record);
    s.house.post(&s.cast.caller, &void, &json!({ "reason": "重复签发" })).expect(200);
    assert_eq!(
        s.house.post(&s.cast.caller, &void, &json!({ "reason": "x" })).problem(409),
        "signature-not-voidable"
    );
    let report = publicly(&s, &s.file);
    assert_eq!(report["conclusion"], "invalid");
    assert_eq!(report["signatures"][0]["integrity"], "intact");
    assert_eq!(check(&report, "document-not-voided"), false);
    assert_eq!(report["signatures"][0]["seal"]["voided"]["reason"], "重复签发");
}

#[test]
fn an_unlawfully_made_seal_makes_its_documents_invalid() {
    let s = sealed();
    let path = format!("/v1/seals/{}/invalidate", s.seal);
    s.house.post(&s.cast.registrar, &path, &json!({ "reason": "非法制作" })).expect(200);
    assert_eq!(publicly(&s, &s.file)["conclusion"], "invalid");
    let status = |code: &str| {
        send(s.house.url(), "GET", &format!("/public/seals/{code}/status"), &[], &[]).unwrap()
    };
    let seal = s.house.get(&s.cast.auditor, &format!("/v1/seals/{}", s.seal)).expect(200);
    let told = status(seal["code"].as_str().unwrap()).expect(200);
    assert_eq!(
        (&told["state"], &told["organization"]),
        (&json!("invalidated"), &json!(people::ORGANIZATION))
    );
    assert_eq!(status("99999900000000").problem(404), "not-found");
}

#[test]
fn every_changed_byte_is_found() {
    let s = sealed();
    let gap = s.file.windows(11).rposition(|w| w == b"/Contents <").unwrap() + 11;
    let hole_end = gap + s.file[gap..].iter().position(|byte| *byte == b'>').unwrap();
    for at in (0..s.file.len()).step_by(s.file.len() / 60) {
        // The issuers' certificates in the hole are hints that no signature covers.
        if (gap..hole_end).contains(&at) {
            continue;
        }
        let mut file = s.file.clone();
        file[at] ^= 0x01;
        let report = publicly(&s, &file);
        assert_ne!(report["conclusion"], "valid", "byte {at}");
    }
    // A file that goes on after the signature is never simply valid.
    let longer = [&s.file[..], b"\n% more\n"].concat();
    assert_ne!(publicly(&s, &longer)["conclusion"], "valid");
    assert_eq!(publicly(&s, &people::licence())["conclusion"], "unsigned");
    assert_eq!(publicly(&s, b"not a document")["conclusion"], "indeterminate");
    let changed_at = |last: usize| {
        let mut file = s.file.clone();
        file[last] = if file[last] == b'1' { b'2' } else { b'1' };
        publicly(&s, &file)["signatures"][0]["sub_indication"].clone()
    };
    // Another signature value of the same length.
    let digits = std::str::from_utf8(&s.file[gap..hole_end]).unwrap();
    let blob = sealwright::crypto::digest::unhex(digits).unwrap();
    let length = 4 + usize::from(u16::from_be_bytes([blob[2], blob[3]]));
    let cms = sealwright::containers::cms::SignedData::from_der(&blob[..length]).unwrap();
    let value = sealwright::crypto::digest::hex(&cms.signers[0].signature);
    let last = gap + digits.find(&value).unwrap() + value.len() - 1;
    assert_eq!(changed_at(last), "SIG_CRYPTO_FAILURE");
    // The last byte before the padding is the timestamp's.
    let last = s.file[..hole_end].iter().rposition(|byte| *byte != b'0').unwrap();
    assert_eq!(changed_at(last), "SIG_CONSTRAINTS_FAILURE");
}

#[test]
fn the_command_line_tells_by_its_exit_code() {
    let s = sealed();
    let directory = s.house.token.directory.path();
    let trust = directory.join("trust");
    fs::create_dir(&trust).unwrap();
    let known = send(s.house.url(), "GET", "/.well-known/sealwright", &[], &[]).unwrap().json();
    let file = directory.join("a.pdf");
    fs::write(&file, &s.file).unwrap();
    let verify = |arguments: &[&str]| {
        let output =
            s.house.command().args(["--json", "verify"]).arg(&file).args(arguments).output();
        let output = output.unwrap();
        (output.status.code(), serde_json::from_slice::<Value>(&output.stdout).unwrap_or_default())
    };
    let trusted = ["--trust", trust.to_str().unwrap()];
    // Without trust, and with a root but no revocation list: cannot be judged.
    let (code, report) = verify(&[]);
    assert_eq!(code, Some(5));
    assert_eq!(report["signatures"][0]["sub_indication"], "NO_CERTIFICATE_CHAIN_FOUND");
    fs::write(trust.join("root.pem"), known["root_certificates"][0].as_str().unwrap()).unwrap();
    let (code, report) = verify(&trusted);
    assert_eq!((code, &report["signatures"][0]["sub_indication"]), (Some(5), &json!("TRY_LATER")));
    let crl = send(s.house.url(), "GET", "/public/crl/p256.crl", &[], &[]).unwrap();
    fs::write(trust.join("p256.crl"), crl.body).unwrap();
    assert_eq!(verify(&trusted).0, Some(0));
    // Outside of the certificate's dates.
    let (code, report) = verify(&[&trusted[..], &["--at", "2020-01-01T00:00:00Z"]].concat());
    assert_eq!(
        (code, &report["signatures"][0]["sub_indication"]),
        (Some(5), &json!("OUT_OF_BOUNDS_NO_POE"))
    );
    assert_eq!(verify(&["--policy", "none"]).0, Some(2));
    assert_eq!(verify(&["--at", "today"]).0, Some(2));
    // Revoked, in another second than it was sealed in: lists tell no parts of seconds.
    let sealed = SystemClock.now().as_seconds();
    let next = || (SystemClock.now().as_seconds() > sealed).then_some(());
    support::until("the next second has begun", next);
    s.revoke();
    let crl = send(s.house.url(), "GET", "/public/crl/p256.crl", &[], &[]).unwrap();
    fs::write(trust.join("p256.crl"), &crl.body).unwrap();
    // The timestamp proves that it was sealed before.
    let (code, report) = verify(&trusted);
    let checks = report["signatures"][0]["checks"].as_array().unwrap();
    let revocation = checks.iter().find(|check| check["name"] == "revocation").unwrap();
    let told = revocation["detail"].as_str().unwrap();
    assert_eq!((code, &revocation["passed"]), (Some(0), &json!(true)), "{report:#}");
    assert!(told.contains("it was used before") && told.contains("was revoked at"), "{told}");
    // OpenSSL reads the same in the list.
    let text = support::run(std::process::Command::new("openssl").args([
        "crl",
        "-inform",
        "DER",
        "-noout",
        "-text",
        "-in",
        trust.join("p256.crl").to_str().unwrap(),
    ]));
    assert!(text.contains("Serial Number"), "{text}");
    let mut broken = s.file.clone();
    broken[1000] ^= 1;
    fs::write(&file, broken).unwrap();
    assert_eq!(verify(&trusted).0, Some(1));
}

fn judge(path: &Path) -> Report {
    let source = Source::file(fs::File::open(path).unwrap()).unwrap();
    let options = support::trusting_nobody();
    verification::verify(&source, &options).report
}

#[test]
fn files_of_other_makers() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/pdf");
    let Ok(manifest) = fs::read_to_string(corpus.join("MANIFEST.tsv")) else {
        eprintln!("skipped: the corpus is not here");
        return;
    };
    for line in manifest.lines().skip(1) {
        let name = line.split('\t').next().unwrap();
        let report = serde_json::to_value(judge(&corpus.join(name))).unwrap();
        // Nothing of them is trusted here; an attack must not even come close.
        assert_ne!(report["conclusion"], "valid", "{name}");
        let passed = |s: &Value| {
            s["checks"].as_array().unwrap().iter().all(|c| {
                c["passed"] == true
                    || ["certificate-chain", "revocation"].contains(&c["name"].as_str().unwrap())
            })
        };
        let all_pass = |report: &Value| {
            let signatures = report["signatures"].as_array().unwrap();
            !signatures.is_empty() && signatures.iter().all(passed)
        };
        if name.starts_with("attack/") {
            assert!(!all_pass(&report), "{name}: {report}");
        } else if !name.contains("pyhanko-base") {
            // That one has no signature value in it at all.
            assert_ne!(report["conclusion"], "invalid", "{name}: {report}");
        }
    }
}

/// A CMS by OpenSSL with SHA-256, around the SHA-1 of the document: the bytes are what was signed,
/// and the signature is accepted by nobody.
#[test]
fn a_document_bound_by_sha1_is_intact_and_no_more() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/test-vectors/sealed/pkcs7-sha1.pdf");
    let report = serde_json::to_value(judge(Path::new(path))).unwrap();
    assert_eq!(report["signatures"][0]["integrity"], "intact", "{report}");
    assert_eq!(*check(&report, "algorithms"), Value::Null, "{report}");
    let mut changed = fs::read(path).unwrap();
    let at = changed.windows(4).position(|window| window == b"1000").unwrap();
    changed[at] = b'9';
    let options = support::trusting_nobody();
    let report = verification::verify(&Source::memory(changed), &options).report;
    assert_eq!(serde_json::to_value(report).unwrap()["signatures"][0]["integrity"], "broken");
}

#[test]
fn garbage_is_an_answer_not_a_fault() {
    let licence = people::licence();
    for cut in (0..licence.len()).step_by(licence.len() / 40) {
        let source = Source::memory(licence[..cut].to_vec());
        let options = support::trusting_nobody();
        let report = verification::verify(&source, &options).report;
        assert_ne!(serde_json::to_value(report).unwrap()["conclusion"], "valid");
    }
}

/// A document whose object 5 stands in an object stream with this header and body.
fn with_object_stream(header: &str, count: usize, body: &str) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut offsets = Vec::new();
    let stream = format!(
        "<</Type /ObjStm /N {count} /First {} /Length {}>>\nstream\n{header}{body}\nendstream",
        header.len(),
        header.len() + body.len()
    );
    for (number, object) in [
        (1, "<</Type /Catalog /Pages 2 0 R /AcroForm 5 0 R>>"),
        (2, "<</Type /Pages /Kids [] /Count 0>>"),
        (3, &stream),
    ] {
        offsets.push(file.len() as u16);
        file.extend_from_slice(format!("{number} 0 obj\n{object}\nendobj\n").as_bytes());
    }
    let start = file.len();
    let mut rows = vec![0, 0, 0, 0];
    for offset in offsets.into_iter().chain([start as u16]) {
        rows.extend([1, (offset >> 8) as u8, offset as u8, 0]);
    }
    rows.extend([2, 0, 3, 0]);
    let dictionary = format!(
        "4 0 obj\n<</Type /XRef /Size 6 /W [1 2 1] /Root 1 0 R /Length {}>>\nstream\n",
        rows.len()
    );
    file.extend_from_slice(dictionary.as_bytes());
    file.extend_from_slice(&rows);
    file.extend_from_slice(format!("\nendstream\nendobj\nstartxref\n{start}\n%%EOF\n").as_bytes());
    file
}

#[test]
fn an_object_stream_cannot_be_made_to_repeat_itself() {
    let judged = |file: Vec<u8>| {
        let options = support::trusting_nobody();
        serde_json::to_value(verification::verify(&Source::memory(file), &options).report).unwrap()
    };
    // A good one is read.
    assert_eq!(judged(with_object_stream("5 0 ", 1, "<</Fields []>>"))["conclusion"], "unsigned");
    // Many entries that share one place would be read again and again.
    let many = "5 0 ".repeat(1000);
    let report = judged(with_object_stream(&many, 1000, "<</Fields []>>"));
    assert_eq!(report["conclusion"], "indeterminate");
    assert!(report["detail"].as_str().unwrap().contains("object stream"), "{report}");
}

/// A signature over a bare digest, put into a PDF by somebody else's program, is a good signature of
/// the seal over a document that the service never saw: the report says so and does not conclude
/// that the document is valid.
#[test]
fn a_document_around_a_bare_digest_is_not_simply_valid() {
    let s = sealed();
    people::grant(&s.house, &s.cast, &s.seal, &json!({ "digests": true }));
    let directory = s.house.token.directory.path();
    let path = format!("/v1/seals/{}/credentials", s.seal);
    let credentials = s.house.get(&s.cast.caller, &path).expect(200);
    let chain = credentials[0]["certificate_chain"].as_array().unwrap();
    let chain: String = chain.iter().map(|pem| pem.as_str().unwrap()).collect();
    fs::write(directory.join("chain.pem"), chain).unwrap();
    fs::write(directory.join("in.pdf"), people::licence()).unwrap();
    let program = r#"
import base64, hashlib, json, sys, urllib.request
from asn1crypto import algos, pem, x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko_certvalidator.registry import SimpleCertificateStore

url, key, seal = sys.argv[1:4]
certificates = [x509.Certificate.load(der) for _, _, der in pem.unarmor(open("chain.pem", "rb").read(), multiple=True)]
store = SimpleCertificateStore(); store.register_multiple(certificates)

class Remote(signers.Signer):
    async def async_sign_raw(self, data, digest_algorithm, dry_run=False):
        if dry_run:
            return bytes(72)
        body = {"seal_id": seal, "digest": hashlib.sha256(data).hexdigest(), "document_type": "x"}
        headers = {"authorization": "Bearer " + key, "content-type": "application/json"}
        request = urllib.request.Request(url + "/v1/digests", json.dumps(body).encode(), headers)
        return base64.b64decode(json.load(urllib.request.urlopen(request))["value"])

signer = Remote(signing_cert=certificates[0], cert_registry=store,
    signature_mechanism=algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}))
meta = signers.PdfSignatureMetadata(field_name="Seal", md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES)
with open("in.pdf", "rb") as document, open("out.pdf", "wb") as out:
    signers.PdfSigner(meta, signer=signer).sign_pdf(IncrementalPdfFileWriter(document), output=out)
"#;
    support::run(
        support::python_tool("python")
            .args(["-c", program, s.house.url(), &s.cast.caller, &s.seal])
            .current_dir(directory),
    );
    let report = publicly(&s, &fs::read(directory.join("out.pdf")).unwrap());
    assert_eq!(report["signatures"][0]["integrity"], "intact", "{report}");
    assert_eq!(report["conclusion"], "indeterminate", "{report}");
    assert_eq!(*check(&report, "content-seen"), Value::Null);
    // What the service sealed itself is valid as before.
    assert_eq!(publicly(&s, &s.file)["conclusion"], "valid");
}

/// What was put on record of a signature cannot be changed behind the service's back without the
/// audit trail telling.
#[test]
fn a_changed_record_of_evidence_is_found() {
    let mut s = sealed();
    s.house.stop();
    let path =
        s.house.database.trim_start_matches("sqlite://").split('?').next().unwrap().to_owned();
    let faults = || {
        let output = s.house.command().args(["--json", "audit", "verify"]).output().unwrap();
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        found["faults"].as_array().unwrap().iter().map(|f| f["what"].clone()).collect::<Vec<_>>()
    };
    let sql = |statements: &str| {
        let program =
            "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.executescript(sys.argv[2])";
        support::run(std::process::Command::new("python3").args(["-c", program, &path, statements]))
    };
    assert_eq!(faults(), Vec::<Value>::new());
    sql("DROP TRIGGER evidence_leaves_no_update; DROP TRIGGER evidence_leaves_no_delete; \
         UPDATE evidence_leaves SET leaf = REPLACE(leaf, 'business-licence', 'other')");
    assert_eq!(faults(), [json!("its payload was changed")]);
    sql("DELETE FROM evidence_leaves");
    assert_eq!(faults(), [json!("its evidence leaf is missing")]);
}
