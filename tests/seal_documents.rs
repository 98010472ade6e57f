//! Sealing through HTTP, judged by other people's programs.

mod support;

use std::{fs, path::Path, process::Command};

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use serde_json::{Value, json};
use sha2::Digest;
use support::{
    database::Engine,
    people::{self, Cast},
    python_tool, run,
    server::{House, send},
    try_run,
};

/// A service with a seal that its caller may use.
fn house() -> (House, Cast, String) {
    let mut house = House::new(Engine::Sqlite);
    house.start();
    let cast = Cast::hire(&house);
    let seal = people::granted(&house, &cast);
    (house, cast, seal)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn write_root(house: &House, directory: &Path) -> String {
    let reply = send(house.url(), "GET", "/.well-known/sealwright", &[], &[]).unwrap();
    let root = directory.join("root.pem");
    fs::write(&root, reply.expect(200)["root_certificates"][0].as_str().unwrap()).unwrap();
    root.display().to_string()
}

#[test]
fn strangers_find_the_sealed_documents_good() {
    let (house, cast, seal) = house();
    let directory = house.token.directory.path();
    let root = write_root(&house, directory);
    for (name, document) in [("licence", people::licence()), ("approval", people::approval())] {
        let reply = house.seal(&cast.caller, &people::request(&seal), &document, None);
        assert_eq!(reply.status, 201, "{}", String::from_utf8_lossy(&reply.body));
        assert!(reply.body.starts_with(&document), "the original is a prefix");
        let file = directory.join(format!("{name}.pdf"));
        fs::write(&file, &reply.body).unwrap();
        let file = file.display().to_string();

        let text = run(Command::new("qpdf").args(["--check", &file]));
        assert!(text.contains("No syntax or stream encoding errors"), "{text}");

        let nss = directory.join(format!("nss-{name}")).display().to_string();
        fs::create_dir(&nss).unwrap();
        run(Command::new("certutil").args(["-N", "-d", &nss, "--empty-password"]));
        run(Command::new("certutil")
            .args(["-A", "-d", &nss, "-n", "r", "-t", "CT,C,C", "-i", &root]));
        let text = run(Command::new("pdfsig").args(["-nssdir", &nss, &file]));
        for wanted in ["Signature is Valid", "Certificate is Trusted", "Total document signed"] {
            assert!(text.contains(wanted), "{wanted}: {text}");
        }

        // The revocation list is fetched from the running service, where the certificate says.
        for command in ["validate", "adesverify"] {
            let text = run(python_tool("pyhanko").args([
                "sign",
                command,
                "--trust",
                &root,
                "--pretty-print",
                &file,
            ]));
            assert!(text.contains("judged VALID") && text.contains("entire file"), "{text}");
        }
        openssl_agrees(directory, &reply.body, &root);
    }
}

/// Cuts the signature out of the file by hand and lets OpenSSL judge it.
fn openssl_agrees(directory: &Path, file: &[u8], root: &str) {
    let text = String::from_utf8_lossy(file);
    let at = text.rfind("/ByteRange [").unwrap();
    let numbers: Vec<usize> = text[at + 12..]
        .split(']')
        .next()
        .unwrap()
        .split(' ')
        .map(|number| number.parse().unwrap())
        .collect();
    let [_, gap, behind, rest] = numbers[..] else { panic!("{numbers:?}") };
    assert_eq!(behind + rest, file.len());
    let digits = std::str::from_utf8(&file[gap + 1..behind - 1]).unwrap();
    let blob = sealwright::crypto::digest::unhex(digits).unwrap();
    fs::write(directory.join("blob.der"), blob).unwrap();
    fs::write(directory.join("content"), [&file[..gap], &file[behind..]].concat()).unwrap();
    let arguments = [
        "cms",
        "-verify",
        "-cades",
        "-binary",
        "-inform",
        "DER",
        "-in",
        "blob.der",
        "-content",
        "content",
        "-CAfile",
        root,
        "-purpose",
        "any",
        "-out",
        "/dev/null",
    ];
    let text = run(Command::new("openssl").args(arguments).current_dir(directory));
    assert!(text.contains("Verification successful"), "{text}");
    fs::write(directory.join("content"), b"something else").unwrap();
    let (output, _) = try_run(Command::new("openssl").args(arguments).current_dir(directory));
    assert!(!output.status.success(), "this judge can say no");
}

#[test]
fn the_seal_is_where_it_was_asked_for_and_text_shows_through() {
    let (house, cast, seal) = house();
    let directory = house.token.directory.path();
    let mut request = people::request(&seal);
    request["placement"] = json!({ "page": 1, "x_mm": 50.0, "y_mm": 60.0, "from": "top-left" });
    for rotate in [0, 90, 180, 270] {
        let reply = house.seal(&cast.caller, &request, &blank_page(rotate), None);
        assert_eq!(reply.status, 201, "{}", String::from_utf8_lossy(&reply.body));
        let sealed = directory.join(format!("s{rotate}.pdf"));
        fs::write(&sealed, reply.body).unwrap();
        let target = directory.join(format!("s{rotate}"));
        run(Command::new("pdftoppm")
            .args(["-r", "127", "-cropbox", "-png", "-singlefile"])
            .args([&sealed, &target]));
        // 127 dpi are 5 dots per millimetre: the red frame of 40 mm lies at 30 to 70 by 40 to 80.
        let (width, pixels) = read_png(&target.with_extension("png"));
        let red = |x: usize, y: usize| {
            let at = (y * width + x) * 3;
            pixels[at] > 150 && pixels[at + 1] < 100
        };
        assert!(red(31 * 5, 60 * 5) && red(69 * 5, 60 * 5), "rotate {rotate}: left and right");
        assert!(red(50 * 5, 41 * 5) && red(50 * 5, 79 * 5), "rotate {rotate}: top and bottom");
        assert!(!red(27 * 5, 60 * 5) && !red(50 * 5, 37 * 5), "rotate {rotate}: outside");
    }
}

/// A page with nothing on it, its visible part not at the origin.
fn blank_page(rotate: u32) -> Vec<u8> {
    let objects = [
        "<</Type /Catalog /Pages 2 0 R>>".to_owned(),
        "<</Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [-50 -20 700 900]>>".to_owned(),
        format!("<</Type /Page /Parent 2 0 R /CropBox [10 30 605 872] /Rotate {rotate}>>"),
    ];
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut table = "xref\n0 4\n0000000000 65535 f\r\n".to_owned();
    for (number, object) in objects.iter().enumerate() {
        table.push_str(&format!("{:010} 00000 n\r\n", file.len()));
        file.extend_from_slice(format!("{} 0 obj\n{object}\nendobj\n", number + 1).as_bytes());
    }
    let start = file.len();
    let end = format!("{table}trailer\n<</Root 1 0 R /Size 4>>\nstartxref\n{start}\n%%EOF\n");
    file.extend_from_slice(end.as_bytes());
    file
}

fn read_png(path: &Path) -> (usize, Vec<u8>) {
    let file = std::io::BufReader::new(fs::File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut buffer = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut buffer).unwrap();
    assert_eq!(frame.color_type, png::ColorType::Rgb);
    (frame.width as usize, buffer)
}

#[test]
fn receipts_are_sd_jwt_that_others_verify() {
    let (house, cast, seal) = house();
    let directory = house.token.directory.path();
    let root = write_root(&house, directory);
    let document = people::licence();
    let reply = house.seal(&cast.caller, &people::request(&seal), &document, None);
    let receipt = reply.header("sealwright-receipt").unwrap();
    let (signed, rest) = receipt.split_once('~').unwrap();
    let parts: Vec<_> = signed.split('.').collect();
    let decode = |part: &str| Base64UrlUnpadded::decode_vec(part).unwrap();
    let header: Value = serde_json::from_slice(&decode(parts[0])).unwrap();
    let payload = disclosed(rest, &serde_json::from_slice(&decode(parts[1])).unwrap()).unwrap();
    assert_eq!(payload["document_sha256"], hex(&sha2::Sha256::digest(&document)));
    assert_eq!(payload["sealed_sha256"], hex(&sha2::Sha256::digest(&reply.body)));
    assert_eq!((&payload["custody"], &payload["content_unseen"]), (&json!("hsm"), &json!(false)));
    let certificate = Base64::decode_vec(header["x5c"][0].as_str().unwrap()).unwrap();
    fs::write(directory.join("receipt.der"), certificate).unwrap();
    fs::write(directory.join("signed"), format!("{}.{}", parts[0], parts[1])).unwrap();
    let der = sealwright::crypto::rs_to_der(&decode(parts[2])).unwrap();
    fs::write(directory.join("signature"), der).unwrap();
    let script = format!(
        "cd {} && openssl x509 -inform DER -in receipt.der -out receipt.pem && \
         openssl verify -CAfile {root} receipt.pem && \
         openssl x509 -in receipt.pem -noout -pubkey > receipt.pub && \
         openssl dgst -sha256 -verify receipt.pub -signature signature signed",
        directory.display()
    );
    let text = run(Command::new("bash").args(["-c", &script]));
    assert!(text.contains("Verified OK"), "{text}");

    fs::write(directory.join("receipt.sd-jwt"), receipt).unwrap();
    let program = r#"
import sys, json
from jwcrypto.jwk import JWK
from sd_jwt.verifier import SDJWTVerifier
key = JWK.from_pem(open(sys.argv[2], "rb").read())
verifier = SDJWTVerifier(open(sys.argv[1]).read(), lambda issuer, header: key)
print(json.dumps(verifier.get_verified_payload()))
"#;
    let verify = |receipt: &str| {
        support::python_tool("python")
            .args(["-c", program, receipt, "receipt.pub"])
            .current_dir(directory)
            .output()
            .unwrap()
    };
    let verified = verify("receipt.sd-jwt");
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    let verified: Value = serde_json::from_slice(&verified.stdout).unwrap();
    assert_eq!(verified["receipt"], payload);
    let forged = receipt.replacen("eyJpc3Mi", "eyJpc3Nj", 1);
    fs::write(directory.join("forged.sd-jwt"), forged).unwrap();
    assert!(!verify("forged.sd-jwt").status.success());

    let path = reply.header("location").unwrap();
    let again = house.get(&cast.caller, &format!("{path}/receipt"));
    assert_eq!(again.status, 200);
}

/// The receipt of an SD-JWT, if the signed part holds its digest.
fn disclosed(rest: &str, signed: &Value) -> Option<Value> {
    let disclosure = rest.strip_suffix('~')?;
    let digest = Base64UrlUnpadded::encode_string(&sha2::Sha256::digest(disclosure));
    signed["_sd"].as_array()?.contains(&json!(digest)).then_some(())?;
    let disclosure = Base64UrlUnpadded::decode_vec(disclosure).ok()?;
    let disclosure: Value = serde_json::from_slice(&disclosure).ok()?;
    (disclosure[1] == "receipt").then(|| disclosure[2].clone())
}

#[test]
fn receipts_asked_for_at_once_share_a_signature_and_hide_each_other() {
    let (house, cast, seal) = house();
    let document = people::licence();
    let receipts: Vec<(String, String)> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..24)
            .map(|_| {
                scope.spawn(|| {
                    let reply = house.seal(&cast.caller, &people::request(&seal), &document, None);
                    assert_eq!(reply.status, 201);
                    let receipt = reply.header("sealwright-receipt").unwrap().to_owned();
                    (receipt, hex(&sha2::Sha256::digest(&reply.body)))
                })
            })
            .collect();
        asking.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut signed_for = Vec::new();
    for (receipt, sealed) in &receipts {
        let (signed, rest) = receipt.split_once('~').unwrap();
        let payload = Base64UrlUnpadded::decode_vec(signed.split('.').nth(1).unwrap()).unwrap();
        let payload: Value = serde_json::from_slice(&payload).unwrap();
        assert!(payload["_sd"].as_array().unwrap().len() <= 16);
        assert_eq!(disclosed(rest, &payload).unwrap()["sealed_sha256"], json!(sealed));
        signed_for.push(signed.to_owned());
    }
    // Nobody's receipt holds under another's signature, unless they were signed together.
    let alien = receipts.iter().find(|(other, _)| !other.starts_with(&signed_for[0]));
    if let Some((other, _)) = alien {
        let payload = Base64UrlUnpadded::decode_vec(signed_for[0].split('.').nth(1).unwrap());
        let payload: Value = serde_json::from_slice(&payload.unwrap()).unwrap();
        assert_eq!(disclosed(other.split_once('~').unwrap().1, &payload), None);
    }
}

#[test]
fn bare_digests_need_a_grant_and_are_marked() {
    let mut house = House::new(Engine::Sqlite);
    house.start();
    let cast = Cast::hire(&house);
    let seal = people::active(&house, &cast);
    people::grant(&house, &cast, &seal, &json!({}));
    let digest = hex(&sha2::Sha256::digest(b"unseen"));
    let body = json!({ "seal_id": seal, "digest": digest, "document_type": "contract" });
    assert_eq!(house.post(&cast.caller, "/v1/digests", &body).problem(403), "denied-by-policy");
    people::grant(&house, &cast, &seal, &json!({ "digests": true }));
    let signed = house.post(&cast.caller, "/v1/digests", &body).expect(201);
    assert_eq!(signed["signature"]["content_unseen"], true);
    let directory = house.token.directory.path();
    let seal = house.get(&cast.caller, &format!("/v1/seals/{seal}/credentials")).expect(200);
    fs::write(directory.join("c.pem"), seal[0]["certificate_chain"][0].as_str().unwrap()).unwrap();
    fs::write(directory.join("v"), Base64::decode_vec(signed["value"].as_str().unwrap()).unwrap())
        .unwrap();
    fs::write(directory.join("m"), b"unseen").unwrap();
    let script = format!(
        "cd {} && openssl x509 -in c.pem -noout -pubkey > p && openssl dgst -sha256 -verify p -signature v m",
        directory.display()
    );
    assert!(run(Command::new("bash").args(["-c", &script])).contains("Verified OK"));
    let raw = house.post(&cast.caller, "/v1/digests?form=raw", &body).expect(201);
    assert_eq!(Base64::decode_vec(raw["value"].as_str().unwrap()).unwrap().len(), 64);
    let trail = house.get(&cast.auditor, "/v1/audit?limit=200").expect(200);
    let acts = trail["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["action"] == "sign-digest" && event["outcome"] == "completed");
    assert_eq!(acts.count(), 2, "the trail tells a bare digest from a document");
    let bad = json!({ "seal_id": body["seal_id"], "digest": "00", "document_type": "contract" });
    assert_eq!(house.post(&cast.caller, "/v1/digests", &bad).problem(422), "invalid-digest");
}

#[test]
fn unfit_documents_are_refused_in_clear_words() {
    let (house, cast, seal) = house();
    let directory = house.token.directory.path();
    let request = people::request(&seal);
    let licence = people::licence();
    let refused = |request: &Value, document: &[u8]| {
        house.seal(&cast.caller, request, document, None).problem(422)
    };
    assert_eq!(
        refused(&request, b"no PDF at all, but long enough to be looked at"),
        "pdf-not-a-pdf"
    );
    assert_eq!(refused(&request, &licence[..licence.len() - 40]), "pdf-damaged");
    let mut broken = licence.clone();
    let at = licence.len() - 20;
    broken[at..at + 5].copy_from_slice(b"00007");
    assert_eq!(refused(&request, &broken), "pdf-damaged");
    let path = directory.join("encrypted.pdf");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/test-vectors/samples/licence.pdf");
    run(Command::new("qpdf").args(["--encrypt", "user", "owner", "256", "--", source]).arg(&path));
    let encrypted = fs::read(&path).unwrap();
    assert_eq!(refused(&request, &encrypted), "pdf-encrypted");
    let mut wrong = request.clone();
    wrong["password"] = json!("other");
    let reply = house.seal(&cast.caller, &wrong, &encrypted, None);
    assert_eq!(reply.problem(422), "pdf-encrypted");
    assert!(!String::from_utf8_lossy(&reply.body).contains("other"), "passwords are not told");
    let all = ["--encrypt", "", "owner", "256", "--modify=none", "--", source];
    run(Command::new("qpdf").args(all).arg(&path));
    assert_eq!(refused(&request, &fs::read(path).unwrap()), "pdf-not-permitted");
    let mut elsewhere = request.clone();
    elsewhere["placement"]["page"] = 2.into();
    assert_eq!(refused(&elsewhere, &licence), "pdf-no-such-page");
    elsewhere["placement"] = json!({ "page": 1, "x_mm": 10.0, "y_mm": 50.0 });
    assert_eq!(refused(&elsewhere, &licence), "pdf-seal-off-page");
    // Nothing of it is on record, and the quota is untouched.
    let listed = house.get(&cast.caller, "/v1/signatures").expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 0);
    let grants = house.get(&cast.keeper, &format!("/v1/seals/{seal}/grants")).expect(200);
    assert_eq!(grants[0]["used"], 0);
}

#[test]
fn a_second_seal_leaves_the_first_intact() {
    let (house, cast, seal) = house();
    let directory = house.token.directory.path();
    let root = write_root(&house, directory);
    let first = house.seal(&cast.caller, &people::request(&seal), &people::approval(), None);
    let mut request = people::request(&seal);
    request["placement"]["page"] = 2.into();
    let second = house.seal(&cast.caller, &request, &first.body, None);
    assert_eq!(second.status, 201, "{}", String::from_utf8_lossy(&second.body));
    assert!(second.body.starts_with(&first.body));
    let file = directory.join("two.pdf");
    fs::write(&file, &second.body).unwrap();
    let text = run(python_tool("pyhanko")
        .args(["sign", "validate", "--trust", &root, "--pretty-print"])
        .arg(&file));
    assert_eq!(text.matches("judged VALID").count(), 2, "{text}");
    run(Command::new("qpdf").arg("--check").arg(&file));
}

#[test]
fn use_needs_a_grant_in_force_an_active_seal_and_quota() {
    let mut house = House::new(Engine::Sqlite);
    house.start();
    let cast = Cast::hire(&house);
    let seal = people::active(&house, &cast);
    let request = people::request(&seal);
    let licence = people::licence();
    let ask = || house.seal(&cast.caller, &request, &licence, None);
    assert_eq!(ask().problem(403), "denied-by-policy");
    people::grant(&house, &cast, &seal, &json!({ "document_types": ["other"] }));
    assert_eq!(ask().problem(403), "denied-by-policy");
    let grant = people::grant(&house, &cast, &seal, &json!({ "quota": 2 }));
    assert_eq!(ask().status, 201);
    assert_eq!(ask().status, 201);
    assert_eq!(ask().problem(409), "quota-used-up");
    let path = format!("/v1/seals/{seal}/grants/{}/revoke", people::id(&grant));
    house.post(&cast.keeper, &path, &json!({})).expect(200);
    assert_eq!(ask().problem(403), "denied-by-policy");
    people::grant(&house, &cast, &seal, &json!({}));
    let suspend = format!("/v1/seals/{seal}/suspend");
    house.post(&cast.registrar, &suspend, &json!({ "reason": "x" })).expect(200);
    assert_eq!(ask().problem(409), "seal-not-active");
    let status = send(house.url(), "GET", "/v1/seals", &[], &[]).unwrap();
    assert_eq!(status.problem(401), "unauthenticated");
}

/// Larger than what is kept in memory: every byte comes back, in its place.
#[test]
fn a_document_in_a_spool_file_is_sealed_whole() {
    let mut house = House::new(Engine::Sqlite);
    house.start();
    let cast = Cast::hire(&house);
    let seal = people::granted(&house, &cast);
    let noise: Vec<u8> =
        (0..5_000_003_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut document = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    let objects: [&[u8]; 4] = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>",
        &[b"<</Length 5000003>>\nstream\n", noise.as_slice(), b"\nendstream"].concat(),
    ];
    for (index, object) in objects.iter().enumerate() {
        places.push(document.len());
        document.extend(format!("{} 0 obj\n", index + 1).bytes());
        document.extend(*object);
        document.extend(b"\nendobj\n");
    }
    let start = document.len();
    document.extend(b"xref\n0 5\n0000000000 65535 f\r\n");
    for place in places {
        document.extend(format!("{place:010} 00000 n\r\n").bytes());
    }
    document
        .extend(format!("trailer\n<</Size 5/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n").bytes());

    let reply = house.seal(&cast.caller, &people::request(&seal), &document, None);
    assert_eq!(reply.status, 201);
    assert!(reply.body.starts_with(&document), "the original is a prefix");
    let file = house.token.directory.path().join("large.pdf");
    std::fs::write(&file, &reply.body).unwrap();
    let text = support::run(std::process::Command::new("pdfsig").arg("-nocert").arg(&file));
    assert!(
        text.contains("Signature is Valid.") && text.contains("Total document signed"),
        "{text}"
    );
}
