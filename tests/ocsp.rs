//! The OCSP responder of the built-in CA, asked and judged by OpenSSL: good, revoked, unknown; and what
//! it refuses.

mod support;

use std::{fs, path::Path, process::Command};

use base64ct::{Base64, Encoding};
use sealwright::pki::{
    Certificate,
    revocation::{OcspResponse, ocsp_request},
};
use support::{
    sealed::{Sealed, sealed},
    server::send,
    try_run,
};

/// The certificate of a seal, and the root above it; written down as `leaf.pem` and `root.pem`.
fn certificates(s: &Sealed, scheme: &str) -> (Certificate, Certificate) {
    let directory = s.house.token.directory.path();
    let path = format!("/v1/seals/{}/credentials", s.seal);
    let all = s.house.get(&s.cast.keeper, &path).expect(200);
    let credential = all.as_array().unwrap().iter().find(|one| one["scheme"] == scheme).unwrap();
    let leaf = credential["certificate_chain"][0].as_str().unwrap();
    let known = send(s.house.url(), "GET", "/.well-known/sealwright", &[], &[]).unwrap().json();
    let number = usize::from(scheme == "sm2");
    let root = known["root_certificates"][number].as_str().unwrap();
    fs::write(directory.join("leaf.pem"), leaf).unwrap();
    fs::write(directory.join("root.pem"), root).unwrap();
    let read = |pem: &str| Certificate::from_pem(pem).unwrap().remove(0);
    (read(leaf), read(root))
}

fn openssl(directory: &Path, url: &str, arguments: &[&str]) -> String {
    let mut command = Command::new("openssl");
    command.args(["ocsp", "-issuer", "root.pem", "-CAfile", "root.pem", "-url", url]);
    try_run(command.args(arguments).current_dir(directory)).1
}

#[test]
fn openssl_hears_whether_a_certificate_is_revoked() {
    let s = sealed();
    let directory = s.house.token.directory.path();
    let (leaf, root) = certificates(&s, "p256");
    // Where the certificate says.
    let url = leaf.responders().remove(0);
    let path = url.split_once("/public/").unwrap().1;
    let url = format!("{}/public/{path}", s.house.url());
    for nonce in ["-nonce", "-no_nonce"] {
        let said = openssl(directory, &url, &[nonce, "-cert", "leaf.pem"]);
        assert!(said.contains("Response verify OK") && said.contains("leaf.pem: good"), "{said}");
        assert!(nonce == "-no_nonce" || !said.contains("WARNING: no nonce"), "{said}");
    }
    let said = openssl(directory, &url, &["-serial", "12345"]);
    assert!(said.contains("Response verify OK") && said.contains("12345: unknown"), "{said}");
    // By GET, with the question in the address.
    let question = Base64::encode_string(&ocsp_request(&leaf, &root));
    let question = question.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let answer =
        send(s.house.url(), "GET", &format!("/public/{path}/{question}"), &[], &[]).unwrap();
    assert_eq!(answer.header("content-type"), Some("application/ocsp-response"));
    assert!(OcspResponse::from_der(&answer.body).is_some());
    // What is no question, and what is about others, is refused in so many words.
    let refused = |body: &[u8], path: &str| {
        let reply = send(s.house.url(), "POST", &format!("/public/{path}"), &[], body).unwrap();
        assert_eq!(reply.status, 200);
        reply.body
    };
    assert_eq!(refused(b"what?", path), [0x30, 3, 0x0a, 1, 1]);
    assert_eq!(refused(&ocsp_request(&leaf, &root), "ocsp/sm2"), [0x30, 3, 0x0a, 1, 6]);
    let elsewhere = send(s.house.url(), "POST", "/public/ocsp/rsa", &[], b"x").unwrap();
    assert_eq!(elsewhere.status, 404);
    // Revoked: at once, whatever lists say yet.
    s.revoke();
    let said = openssl(directory, &url, &["-cert", "leaf.pem"]);
    assert!(said.contains("Response verify OK") && said.contains("leaf.pem: revoked"), "{said}");
}

#[test]
fn the_responder_of_sm2_answers_by_its_own_key() {
    let s = sealed();
    let directory = s.house.token.directory.path();
    let known = send(s.house.url(), "GET", "/.well-known/sealwright", &[], &[]).unwrap().json();
    let root = known["root_certificates"][1].as_str().unwrap();
    let root = Certificate::from_pem(root).unwrap().remove(0);
    // The root asks about itself: it is one of the service's own.
    let question = ocsp_request(&root, &root);
    let reply = send(s.house.url(), "POST", "/public/ocsp/sm2", &[], &question).unwrap();
    fs::write(directory.join("answer.der"), &reply.body).unwrap();
    // OpenSSL verifies no OCSP answer by SM2 with its identity; cut out of the answer it verifies it.
    let script = r#"
import subprocess, sys
from asn1crypto import ocsp
answer = ocsp.OCSPResponse.load(open('answer.der', 'rb').read())
basic = answer['response_bytes']['response'].parsed
open('signed', 'wb').write(basic['tbs_response_data'].dump())
open('value', 'wb').write(basic['signature'].native)
open('responder.der', 'wb').write(basic['certs'][0].dump())
key = subprocess.check_output(['openssl', 'x509', '-inform', 'DER', '-in', 'responder.der', '-noout', '-pubkey'])
open('key.pem', 'wb').write(key)
print(basic['tbs_response_data']['responses'][0]['cert_status'].name)
print(subprocess.run(['openssl', 'dgst', '-sm3', '-verify', 'key.pem', '-sigopt', 'distid:1234567812345678',
    '-signature', 'value', 'signed'], capture_output=True, text=True).stdout)
"#;
    let mut python = support::python_tool("python");
    let (_, said) = try_run(python.args(["-c", script]).current_dir(directory));
    assert!(said.contains("good") && said.contains("Verified OK"), "{said}");
}
