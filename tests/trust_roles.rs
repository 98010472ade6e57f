//! Roots are trusted for what they were put down for: above seals, above persons, above time-stamping
//! authorities.

mod support;

use std::{fs, path::Path};

use base64ct::{Base64, Encoding};
use serde_json::Value;
use support::{
    database::Engine,
    people::{self, Cast},
    server::House,
    try_run,
};

/// Verifies a file with the roots of the house in some folders of a trust directory.
fn verify(house: &House, file: &Path, folders: &[&str]) -> Value {
    let trust = tempfile::tempdir().unwrap();
    let known = house.get("", "/.well-known/sealwright").expect(200);
    for folder in folders {
        let folder = trust.path().join(folder);
        fs::create_dir(&folder).unwrap();
        for (index, scheme) in ["p256", "sm2"].iter().enumerate() {
            let root = known["root_certificates"][index].as_str().unwrap();
            fs::write(folder.join(format!("{scheme}.pem")), root).unwrap();
            let list = house.get("", &format!("/public/crl/{scheme}.crl")).body;
            // In DER one, in PEM the other.
            let pem = || {
                let body = Base64::encode_string(&list);
                format!("-----BEGIN X509 CRL-----\n{body}\n-----END X509 CRL-----\n").into_bytes()
            };
            let list = if index == 0 { list.clone() } else { pem() };
            fs::write(folder.join(format!("{scheme}.crl")), list).unwrap();
        }
    }
    let mut command = house.command();
    command.args(["--json", "verify", "--offline", "--trust"]).arg(trust.path()).arg(file);
    let (output, text) = try_run(&mut command);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{text}"))
}

#[test]
fn a_root_above_persons_stands_above_no_seal() {
    let mut house = House::new(Engine::Sqlite);
    house.start();
    let cast = Cast::hire(&house);
    let seal = people::granted_dual(&house, &cast);
    let ofd = concat!(env!("CARGO_MANIFEST_DIR"), "/test-vectors/samples/licence.ofd");
    let sealed = |name: &str, document: &[u8], form: Option<&str>| {
        let mut request = people::request(&seal);
        form.into_iter().for_each(|form| request["signature_form"] = form.into());
        let reply = house.seal(&cast.caller, &request, document, None);
        assert_eq!(reply.status, 201, "{}", String::from_utf8_lossy(&reply.body));
        let file = house.token.directory.path().join(name);
        fs::write(&file, reply.body).unwrap();
        file
    };
    let with_seal = sealed("sealed.ofd", &fs::read(ofd).unwrap(), None);
    let in_pdf = sealed("sealed.pdf", &people::licence(), Some("gm-seal"));
    let with_certificate = sealed("signed.pdf", &people::licence(), None);
    let cases = [
        (&with_seal, ["seal", "tsa"], "valid", "valid"),
        (&with_seal, ["licensed", "tsa"], "valid", "valid"),
        (&with_seal, ["person", "tsa"], "indeterminate", "unknown-issuer"),
        (&in_pdf, ["seal", "tsa"], "valid", "valid"),
        (&in_pdf, ["person", "tsa"], "indeterminate", "unknown-issuer"),
        (&with_certificate, ["seal", "tsa"], "valid", "valid"),
        (&with_certificate, ["person", "tsa"], "valid", "valid"),
        // Who stamps may not sign.
        (&with_certificate, ["maker", "tsa"], "indeterminate", "unknown-issuer"),
    ];
    for (file, folders, conclusion, reason) in cases {
        let report = verify(&house, file, &folders);
        let said = (&report["conclusion"], &report["signatures"][0]["verdict"]["reason"]);
        assert_eq!(said, (&conclusion.into(), &reason.into()), "{folders:?}: {report:#}");
    } // And who may sign does not stamp: the time is not proven.
    let report = verify(&house, &with_certificate, &["seal", "maker"]);
    assert_eq!(
        (&report["conclusion"], &report["signatures"][0]["timestamp"]),
        (&"valid".into(), &Value::Null)
    );
}
