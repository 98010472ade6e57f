//! Files of any kind, signed as they are, and bare digests with SM2; judged by OpenSSL and GmSSL.

mod support;

use std::{fs, path::PathBuf, process::Command};

use base64ct::{Base64, Encoding};
use sealwright::crypto::{
    Scheme,
    digest::{DigestAlgorithm, hex, unhex},
    verify_digest,
};
use sealwright::pki::tlv::{self, Reader};
use serde_json::{Value, json};
use support::{
    database::Engine,
    people::{self, Cast},
    python_tool,
    server::{House, Reply, send},
};

const FILE: &[u8] = b"a file of any kind\n";

struct Office {
    house: House,
    cast: Cast,
    seal: String,
}

impl Office {
    fn open() -> Self {
        let mut house = House::new(Engine::Sqlite);
        house.start();
        let cast = Cast::hire(&house);
        let seal = people::granted_dual(&house, &cast);
        Self { house, cast, seal }
    }

    fn sign(&self, file: &[u8], more: &Value) -> Reply {
        let mut request = json!({
            "seal_id": self.seal, "document_type": "report", "as_file": "detached",
            "placement": { "invisible": true },
        });
        for (key, value) in more.as_object().unwrap() {
            request[key] = value.clone();
        }
        self.house.seal(&self.cast.caller, &request, file, None)
    }

    fn path(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.house.token.directory.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    fn trust(&self) -> PathBuf {
        let folder = self.house.token.directory.path().join("trust");
        fs::create_dir_all(&folder).unwrap();
        let known = self.house.get("", "/.well-known/sealwright").expect(200);
        for (index, ca) in ["p256", "sm2"].into_iter().enumerate() {
            let root = known["root_certificates"][index].as_str().unwrap();
            fs::write(folder.join(format!("{ca}.pem")), root).unwrap();
            let crl = self.house.get("", &format!("/public/crl/{ca}.crl"));
            fs::write(folder.join(format!("{ca}.crl")), crl.body).unwrap();
        }
        folder
    }

    /// What the command line says of a file with the signature beside it.
    fn verified(&self, file: &PathBuf, signature: Option<&PathBuf>) -> Value {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealwright"));
        command.args(["--json", "verify"]).arg(file).arg("--trust").arg(self.trust());
        command.args(signature.map(|path| format!("--signature={}", path.display())));
        let text = String::from_utf8(command.output().unwrap().stdout).unwrap();
        serde_json::from_str(&text).unwrap()
    }
}

#[test]
fn a_signature_beside_a_file() {
    let office = Office::open();
    let file = office.path("report.txt", FILE);
    let other = office.path("other.txt", b"another file");
    for (name, more, kind) in [
        ("p256", json!({}), "cms"),
        ("sm2", json!({ "scheme": "sm2" }), "cms"),
        ("gm", json!({ "signature_form": "gm-cms" }), "gbt35275"),
    ] {
        let reply = office.sign(FILE, &more);
        assert_eq!(reply.status, 201, "{name}");
        assert_eq!(reply.header("content-type"), Some("application/pkcs7-signature"));
        let signature = office.path(&format!("{name}.p7s"), &reply.body);
        let report = office.verified(&file, Some(&signature));
        assert_eq!(report["conclusion"], "valid", "{name}: {report}");
        assert_eq!(report["format"], kind);
        let report = office.verified(&other, Some(&signature));
        assert_eq!(report["conclusion"], "invalid", "{name}");
        assert_eq!(report["signatures"][0]["sub_indication"], "HASH_FAILURE");
        let alone = office.verified(&signature, None);
        assert_eq!(alone["conclusion"], "indeterminate");
        assert!(alone["detail"].as_str().unwrap().contains("detached"), "{alone}");
        // By HTTP, with what the register knows.
        let request = json!({ "signature": Base64::encode_string(&reply.body) });
        let (kind, body) = support::server::multipart(&request, FILE);
        let url = office.house.url();
        let known = send(url, "POST", "/public/verify", &[("content-type", kind)], &body);
        let known = known.unwrap().expect(200);
        assert_eq!(known["conclusion"], "valid", "{known}");
        assert!(known["signatures"][0]["seal"]["code"].is_string());
    }
    let root = office.trust().join("p256.pem");
    let signature = office.house.token.directory.path().join("p256.p7s");
    let openssl = |content: &PathBuf| {
        support::try_run(
            Command::new("openssl")
                .args(["cms", "-verify", "-binary", "-inform", "DER", "-cades", "-in"])
                .arg(&signature)
                .arg("-content")
                .arg(content)
                .arg("-CAfile")
                .arg(&root)
                .args(["-purpose", "any", "-out", "/dev/null"]),
        )
    };
    assert!(openssl(&file).0.status.success(), "{}", openssl(&file).1);
    assert!(!openssl(&other).0.status.success());
}

#[test]
fn a_signature_around_a_file() {
    let office = Office::open();
    for (name, more) in [
        ("p256", json!({})),
        ("sm2", json!({ "scheme": "sm2" })),
        ("gm", json!({ "signature_form": "gm-cms" })),
    ] {
        let mut more = more;
        more["as_file"] = "enveloping".into();
        let reply = office.sign(FILE, &more);
        assert_eq!(reply.status, 201, "{name}");
        assert_eq!(reply.header("content-type"), Some("application/pkcs7-mime"));
        let mut bytes = reply.body;
        let signature = office.path(&format!("{name}.p7m"), &bytes);
        let report = office.verified(&signature, None);
        assert_eq!(report["conclusion"], "valid", "{name}: {report}");
        let at = bytes.windows(FILE.len()).position(|window| window == FILE).unwrap();
        bytes[at] ^= 1;
        let changed = office.path("changed.p7m", &bytes);
        assert_eq!(office.verified(&changed, None)["conclusion"], "invalid", "{name}");
    }
    let signature = office.house.token.directory.path().join("p256.p7m");
    let text = support::run(
        Command::new("openssl")
            .args(["cms", "-verify", "-inform", "DER", "-purpose", "any", "-in"])
            .arg(&signature)
            .arg("-CAfile")
            .arg(office.trust().join("p256.pem")),
    );
    assert!(text.contains("a file of any kind"), "{text}");
}

#[test]
fn what_cannot_be_signed_as_a_file_is_told() {
    let office = Office::open();
    for (more, code) in [
        (json!({ "placement": { "page": 1, "x_mm": 50, "y_mm": 50 } }), "invalid-for-format"),
        (json!({ "closing": true }), "invalid-for-format"),
        (json!({ "caption": { "time": true } }), "invalid-placement"),
        (json!({ "signature_form": "gm-seal" }), "invalid-signature-form"),
        (json!({ "scheme": "p256", "signature_form": "gm-cms" }), "invalid-signature-form"),
    ] {
        assert_eq!(office.sign(FILE, &more).problem(422), code, "{more}");
    }
    let large = vec![7; (16 << 20) + 1];
    let reply = office.sign(&large, &json!({ "as_file": "enveloping" }));
    assert_eq!(reply.problem(422), "file-too-large-to-envelop");
    assert_eq!(office.sign(&large, &json!({})).status, 201);
    // An empty file is a file.
    assert_eq!(office.sign(b"", &json!({})).status, 201);
}

#[test]
fn digests_are_signed_with_sm2_as_e() {
    let office = Office::open();
    let path = format!("/v1/seals/{}/credentials", office.seal);
    let credentials = office.house.get(&office.cast.keeper, &path).expect(200);
    let credential = &credentials.as_array().unwrap()[1];
    assert_eq!(
        (&credential["scheme"], &credential["custody"]),
        (&json!("sm2"), &json!("hsm-wrapped"))
    );
    assert_eq!(credentials[0]["z"], Value::Null);
    let z = unhex(credential["z"].as_str().unwrap()).unwrap();
    let point = credential["public_point"].as_str().unwrap();
    let e = hex(&DigestAlgorithm::Sm3.digest(&[z.as_slice(), FILE].concat()));
    let ask = |more: Value| {
        let mut body = json!({ "seal_id": office.seal, "document_type": "report", "digest": e });
        for (key, value) in more.as_object().unwrap() {
            body[key] = value.clone();
        }
        office.house.post(&office.cast.caller, "/v1/digests", &body)
    };
    let signed = ask(json!({ "scheme": "sm2", "digest_kind": "e" })).expect(201);
    assert_eq!(signed["signature"]["content_unseen"], true);
    let value = Base64::decode_vec(signed["value"].as_str().unwrap()).unwrap();
    let script = "import sys; from gmssl_pyx import sm2_verify; p, m, s = map(bytes.fromhex, sys.argv[1:]); \
                  print(bool(sm2_verify(p[1:], m, s)))";
    let text = support::run(
        python_tool("python").args(["-c", script, point]).args([hex(FILE), hex(&value)]),
    );
    assert_eq!(text.trim(), "True");
    for more in [
        json!({ "scheme": "sm2" }),
        json!({ "scheme": "sm2", "digest_kind": "sha256" }),
        json!({ "digest_kind": "e" }),
    ] {
        assert_eq!(ask(more).problem(422), "invalid-digest-kind");
    }
}

/// The other direction: what GmSSL signs is read here.
#[test]
fn signatures_of_gmssl_verify() {
    let script = "from gmssl_pyx import sm2_key_generate, sm2_sign; p, k = sm2_key_generate(); \
                  print(p.hex(), sm2_sign(k, p, b'a message').hex())";
    for _ in 0..20 {
        let text = support::run(python_tool("python").args(["-c", script]));
        let mut words = text.split_whitespace().map(|word| unhex(word).unwrap());
        let (point, signature) = (words.next().unwrap(), words.next().unwrap());
        let point = [&[4], &point[point.len() - 64..]].concat();
        let verify = |message: &[u8]| {
            let e = sealwright::crypto::sm2::e(&point, message).unwrap();
            verify_digest(Scheme::Sm2, &point, &e, &signature)
        };
        verify(b"a message").unwrap();
        verify(b"another message").unwrap_err();
    }
}

/// A signature whose signers would have the file digested over and over.
#[test]
fn more_signers_than_are_judged_are_refused() {
    let office = Office::open();
    let signature = office.sign(FILE, &json!({})).body;
    // The last element is the set of signers; seventeen of the same are put into it.
    let mut data = Reader::new(tlv::only(&signature, tlv::SEQUENCE).unwrap().content);
    let kind = data.read().unwrap().raw;
    let inner = data.read().unwrap().content;
    let mut fields = Vec::new();
    let mut reader = Reader::new(tlv::only(inner, tlv::SEQUENCE).unwrap().content);
    while reader.peek().is_some() {
        fields.push(reader.read().unwrap());
    }
    let one = fields.pop().unwrap().content;
    let of = |count: usize| {
        let mut all: Vec<Vec<u8>> = fields.iter().map(|field| field.raw.to_vec()).collect();
        all.push(tlv::tlv(tlv::SET, &one.repeat(count)));
        tlv::sequence(&[kind.to_vec(), tlv::tlv(0xa0, &tlv::sequence(&all))])
    };
    let file = office.path("report.txt", FILE);
    let judged = |count| office.verified(&file, Some(&office.path("many.p7s", &of(count))));
    assert_eq!(judged(1)["conclusion"], "valid");
    assert_eq!(judged(16)["signatures"].as_array().unwrap().len(), 16);
    let report = judged(17);
    assert_eq!(report["conclusion"], "indeterminate", "{report}");
    assert!(report["detail"].as_str().unwrap().contains("signers"));
}

/// What binds the file counts, and not only what the signature names.
#[test]
fn a_file_bound_by_sha1_is_not_taken_for_one_bound_by_sha256() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let script = r#"
from asn1crypto import cms, tsp, x509
from cryptography import x509 as cx509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
import datetime, hashlib
key = rsa.generate_private_key(65537, 2048)
name = cx509.Name([cx509.NameAttribute(cx509.NameOID.COMMON_NAME, 'Signer')])
now = datetime.datetime.now(datetime.timezone.utc)
one = cx509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
one = one.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=9))
one = one.sign(key, hashes.SHA256())
der = one.public_bytes(serialization.Encoding.DER)
open('root.pem', 'wb').write(one.public_bytes(serialization.Encoding.PEM))
content = b'Certificate 0001'
open('document', 'wb').write(content)
named = cms.CMSAttribute({'type': 'signing_certificate_v2', 'values': [tsp.SigningCertificateV2({'certs': [tsp.ESSCertIDv2({'cert_hash': hashlib.sha256(der).digest()})]})]})
attributes = cms.CMSAttributes([
    cms.CMSAttribute({'type': 'content_type', 'values': ['data']}),
    cms.CMSAttribute({'type': 'message_digest', 'values': [hashlib.sha1(content).digest()]}), named])
value = key.sign(attributes.dump(), padding.PKCS1v15(), hashes.SHA256())
certificate = x509.Certificate.load(der)
signer = cms.SignerInfo({'version': 'v1', 'sid': cms.SignerIdentifier('issuer_and_serial_number', {
    'issuer': certificate.issuer, 'serial_number': 7}), 'digest_algorithm': {'algorithm': 'sha1'},
    'signed_attrs': attributes, 'signature_algorithm': {'algorithm': 'sha256_rsa'}, 'signature': value})
data = cms.SignedData({'version': 'v1', 'digest_algorithms': [{'algorithm': 'sha1'}],
    'encap_content_info': {'content_type': 'data'}, 'certificates': [certificate], 'signer_infos': [signer]})
open('sha1.p7s', 'wb').write(cms.ContentInfo({'content_type': 'signed_data', 'content': data}).dump())
"#;
    support::run(support::python_tool("python").args(["-c", script]).current_dir(path));
    let trust = path.join("trust");
    std::fs::create_dir(&trust).unwrap();
    std::fs::rename(path.join("root.pem"), trust.join("root.pem")).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_sealwright"));
    command.args([
        "--json",
        "verify",
        "--offline",
        "document",
        "--signature",
        "sha1.p7s",
        "--trust",
    ]);
    let (output, text) = support::try_run(command.arg(&trust).current_dir(path));
    let report: serde_json::Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{text}"));
    assert_eq!(output.status.code(), Some(1), "{report:#}");
    assert_eq!(report["signatures"][0]["sub_indication"], "FORMAT_FAILURE");
}
