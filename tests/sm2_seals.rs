//! Seals with an SM2 credential: OFD, PDF and the electronic seal itself, judged by OpenSSL, GmSSL
//! and an independent reader of OFD.

mod support;

use std::{fs, path::PathBuf};

use sealwright::{
    crypto::Scheme,
    domain::{Clock, SystemClock, source::Source},
    formats::ofd::Package,
    pki::{Certificate, TrustStore, revocation::Crl},
    verification::{self, Options},
};
use serde_json::{Value, json};
use support::{
    database::Engine,
    elsewhere::Elsewhere,
    people::{self, Cast},
    python_tool,
    server::{House, Reply, send},
    token::TestToken,
};

/// A house with a seal of both schemes in use.
struct Office {
    house: House,
    cast: Cast,
    seal: String,
}

impl Office {
    fn open(engine: Engine) -> Self {
        Self::of(House::new(engine))
    }

    fn of(mut house: House) -> Self {
        house.start();
        let cast = Cast::hire(&house);
        let seal = people::granted_dual(&house, &cast);
        Self { house, cast, seal }
    }

    fn request(&self, more: &Value) -> Value {
        let mut request = people::request(&self.seal);
        for (key, value) in more.as_object().unwrap() {
            request[key] = value.clone();
        }
        request
    }

    fn seal(&self, document: &[u8], more: &Value) -> Reply {
        self.house.seal(&self.cast.caller, &self.request(more), document, None)
    }

    fn sealed(&self, document: &[u8], more: &Value) -> Vec<u8> {
        let reply = self.seal(document, more);
        if reply.status != 201 {
            reply.expect(201);
        }
        reply.body
    }

    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let file = self.house.token.directory.path().join(name);
        fs::write(&file, content).unwrap();
        file
    }

    fn roots(&self) -> Vec<String> {
        let known = self.house.get("", "/.well-known/sealwright").expect(200);
        let roots = known["root_certificates"].as_array().unwrap();
        roots.iter().map(|pem| pem.as_str().unwrap().to_owned()).collect()
    }

    /// What OpenSSL, GmSSL and the independent reader say against files; nothing if all is well.
    fn complaints(&self, files: &[PathBuf]) -> Vec<String> {
        let root = self.file("sm2-root.pem", self.roots()[1].as_bytes());
        let tool = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/judge_sm2.py");
        let text = support::run(python_tool("python").arg(tool).arg(root).args(files));
        let lines: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!(lines.len(), files.len());
        lines.iter().filter(|l| l["complaints"] != json!([])).map(ToString::to_string).collect()
    }

    /// Somebody who trusts this house.
    fn options(&self) -> Options {
        let roots: Vec<_> =
            self.roots().iter().map(|pem| Certificate::from_pem(pem).unwrap().remove(0)).collect();
        let crls = ["p256", "sm2"].map(|ca| {
            let reply = self.house.get("", &format!("/public/crl/{ca}.crl"));
            Crl::from_der(&reply.body).unwrap()
        });
        let trust = TrustStore { roots, crls: crls.to_vec() };
        Options {
            trust: trust.clone(),
            seal_trust: trust.clone(),
            maker_trust: trust.clone(),
            tsa_trust: trust,
            ..Options::trusting_nobody(SystemClock.now())
        }
    }
}

fn judge(bytes: Vec<u8>, options: &Options) -> Value {
    let outcome = verification::verify(&Source::memory(bytes), options);
    serde_json::to_value(outcome.report).unwrap()
}

fn sample() -> Vec<u8> {
    fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/test-vectors/samples/licence.ofd")).unwrap()
}

/// Packages of many makers' habits, by name.
fn packages(office: &Office) -> Vec<(String, Vec<u8>)> {
    let folder = office.house.token.directory.path().join("ofds");
    fs::create_dir_all(&folder).unwrap();
    let root = concat!(env!("CARGO_MANIFEST_DIR"));
    let tool = format!("{root}/tests/tools/make_ofds.py");
    let sample = format!("{root}/test-vectors/samples/licence.ofd");
    support::run(python_tool("python").args([tool, sample]).arg(&folder));
    let mut all: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap())
        })
        .collect();
    all.sort();
    assert!(all.len() > 10);
    all
}

#[test]
fn packages_of_every_habit_are_sealed_twice_and_closed() {
    let office = Office::open(Engine::Postgres);
    let options = office.options();
    let other = people::granted_dual(&office.house, &office.cast);
    let mut files = Vec::new();
    for (name, document) in packages(&office) {
        let once = office.sealed(&document, &json!({}));
        let report = judge(once.clone(), &options);
        assert_eq!(report["conclusion"], "valid", "{name}: {report}");
        assert_eq!(report["signatures"][0]["coverage"], "whole-file");
        let closing = json!({ "seal_id": other, "closing": true });
        let twice = office.sealed(&once, &closing);
        let report = judge(twice.clone(), &options);
        assert_eq!(report["conclusion"], "valid", "{name}: {report}");
        assert_eq!(report["signatures"][0]["coverage"], "earlier-revision");
        assert_eq!(report["signatures"][1]["coverage"], "whole-file");
        assert_eq!(office.seal(&twice, &json!({})).problem(422), "ofd-closed", "{name}");
        files.push(office.file(&format!("once-{name}"), &once));
        files.push(office.file(&format!("twice-{name}"), &twice));
    }
    assert_eq!(office.complaints(&files), Vec::<String>::new());
}

/// Parts that a sealing does not touch keep their packed bytes.
#[test]
fn untouched_parts_keep_their_bytes() {
    let office = Office::open(Engine::Sqlite);
    let document = sample();
    let sealed = office.sealed(&document, &json!({}));
    let font = document.windows(20).position(|w| w == b"Doc_0/Res/font_3.ttf").unwrap();
    let piece = &document[font..font + 10_000];
    assert!(sealed.windows(piece.len()).any(|window| window == piece));
    let source = Source::memory(sealed);
    let package = Package::open(&source).unwrap();
    let original = Source::memory(document);
    let before = Package::open(&original).unwrap();
    for name in before.files().filter(|name| name != "OFD.xml") {
        assert_eq!(package.read(&name).unwrap(), before.read(&name).unwrap(), "{name}");
    }
    assert!(package.findings().is_empty() && package.notes().is_empty());
}

#[test]
fn a_seal_is_shown_where_it_was_asked_for() {
    let office = Office::open(Engine::Sqlite);
    let (_, ten) = packages(&office).into_iter().find(|(name, _)| name == "ten-pages.ofd").unwrap();
    let stamps = |document: &[u8], more: &Value| -> Vec<(String, String, Option<String>)> {
        let sealed = office.sealed(document, more);
        let found = sealwright::formats::ofd::inspect(&Source::memory(sealed)).unwrap();
        let all = found.signatures.last().unwrap().xml.stamps.clone();
        all.into_iter().map(|s| (s.page, s.boundary, s.clip)).collect()
    };
    let one = |page: &str, boundary: &str| (page.to_owned(), boundary.to_owned(), None);
    let at = json!({ "placement": { "page": 1, "x_mm": 60, "y_mm": 80.5 } });
    assert_eq!(stamps(&sample(), &at), [one("1", "40 60.5 40 40")]);
    let corner = json!({ "placement": { "pages": "2,last", "x_mm": 30, "y_mm": 30, "from": "bottom-right" } });
    let both = [one("101", "247 160 40 40"), one("109", "247 160 40 40")];
    assert_eq!(stamps(&ten, &corner), both);
    // The seal's centre lies on the words.
    let keyword = json!({ "placement": { "keyword": "登记机关" } });
    assert_eq!(stamps(&sample(), &keyword), [one("1", "154 145.34 40 40")]);
    assert_eq!(stamps(&sample(), &json!({ "placement": { "invisible": true } })), []);

    let across = json!({ "placement": { "invisible": true }, "across_pages": {} });
    let slices = stamps(&ten, &across);
    assert_eq!(slices.len(), 10);
    assert_eq!(slices[0].1, "293 85 40 40");
    assert_eq!(slices[0].2.as_deref(), Some("0 0 4 40"));
    assert_eq!(slices[9].1, "257 85 40 40");
    assert_eq!(slices[9].2.as_deref(), Some("36 0 4 40"));
    let file = office.file("across.ofd", &office.sealed(&ten, &across));
    assert_eq!(office.complaints(&[file]), Vec::<String>::new());

    for (more, code) in [
        (json!({ "placement": { "page": 2, "x_mm": 60, "y_mm": 60 } }), "ofd-placement"),
        (json!({ "placement": { "page": 1, "x_mm": 10, "y_mm": 60 } }), "ofd-placement"),
        (json!({ "placement": { "keyword": "没有的字" } }), "ofd-placement"),
        (json!({ "placement": { "field": "a" } }), "ofd-placement"),
        (across.clone(), "ofd-placement"),
        (json!({ "caption": { "time": true } }), "invalid-for-format"),
        (json!({ "certify": "no-changes" }), "invalid-for-format"),
        (json!({ "signature_form": "gm-cms" }), "invalid-for-format"),
        (json!({ "scheme": "p256" }), "invalid-signature-form"),
        (json!({ "signature_form": "cades" }), "invalid-signature-form"),
    ] {
        assert_eq!(office.seal(&sample(), &more).problem(422), code, "{more}");
    }
}

#[test]
fn every_form_of_signature_is_good_in_the_eyes_of_others() {
    let office = Office::open(Engine::Sqlite);
    let options = office.options();
    let mut files = Vec::new();
    for (name, document, more, kind) in [
        ("cades.pdf", people::licence(), json!({ "scheme": "sm2" }), "ETSI.CAdES.detached"),
        ("cms.pdf", people::licence(), json!({ "signature_form": "gm-cms" }), "GM.sm2cms.detached"),
        ("seal.pdf", people::licence(), json!({ "signature_form": "gm-seal" }), "GM.sm2seal"),
        (
            "cms.ofd",
            sample(),
            json!({ "signature_form": "gm-cms", "placement": { "invisible": true } }),
            "gbt35275",
        ),
    ] {
        let sealed = office.sealed(&document, &more);
        let report = judge(sealed.clone(), &options);
        assert_eq!(report["conclusion"], "valid", "{name}: {report}");
        assert_eq!(report["signatures"][0]["kind"], kind);
        files.push(office.file(name, &sealed));
        // The register knows the seal, and where its key is.
        let known =
            send(office.house.url(), "POST", "/public/verify", &[], &sealed).unwrap().expect(200);
        assert_eq!(known["conclusion"], "valid", "{name}: {known}");
        assert_eq!(known["signatures"][0]["custody"], "hsm-wrapped");
        let middle = sealed.len() / 2;
        let mut changed = sealed;
        changed[middle] ^= 1;
        assert_ne!(judge(changed, &options)["conclusion"], "valid", "{name}");
    }
    let path = format!("/v1/seals/{}/structure", office.seal);
    let structure = office.house.get(&office.cast.keeper, &path).body;
    assert_eq!(judge(structure.clone(), &options)["conclusion"], "valid");
    files.push(office.file("seal.esl", &structure));
    assert_eq!(office.complaints(&files), Vec::<String>::new());
    // P-256 goes on as before, with the same seal.
    let report = judge(office.sealed(&people::licence(), &json!({})), &options);
    assert_eq!(report["conclusion"], "valid", "{report}");
    assert_eq!(report["signatures"][0]["algorithm"], "p256 with SHA-256");
    for more in [
        json!({ "scheme": "p256", "signature_form": "gm-cms" }),
        json!({ "scheme": "p256", "signature_form": "gm-seal" }),
    ] {
        let reply = office.seal(&people::licence(), &more);
        assert_eq!(reply.problem(422), "invalid-signature-form");
    }
}

#[test]
fn one_changed_byte_anywhere_is_noticed() {
    let office = Office::open(Engine::Sqlite);
    let options = office.options();
    let sealed = office.sealed(&sample(), &json!({}));
    let source = Source::memory(sealed);
    let package = Package::open(&source).unwrap();
    let parts: Vec<(String, Vec<u8>)> =
        package.files().map(|name| (name.clone(), package.read(&name).unwrap())).collect();
    assert_eq!(judge(support::archive::stored(&parts), &options)["conclusion"], "valid");
    let mut tried = 0;
    for (index, (name, content)) in parts.iter().enumerate() {
        if name.ends_with("Signatures.xml") {
            // Left open for those who seal later.
            continue;
        }
        // Every byte where the signature value is: not all of it is signed.
        let all = name.ends_with("SignedValue.dat") || name.ends_with("Signature.xml");
        let stride = if all { 1 } else { (content.len() / 60).max(1) };
        for at in (0..content.len()).step_by(stride) {
            let mut changed = parts.clone();
            changed[index].1[at] ^= 1 << (at % 8);
            let report = judge(support::archive::stored(&changed), &options);
            assert_ne!(report["conclusion"], "valid", "{name} at {at}: {report}");
            tried += 1;
        }
    }
    assert!(tried > 4000, "{tried}");
    for (name, lost) in [("removed", true), ("added", false)] {
        let mut changed = parts.clone();
        if lost {
            changed.retain(|(name, _)| !name.ends_with("font_3.ttf"));
        } else {
            changed.push(("Doc_0/Pages/Page_1/Content.xml".to_owned(), b"<a/>".to_vec()));
        }
        assert_ne!(
            judge(support::archive::stored(&changed), &options)["conclusion"],
            "valid",
            "{name}"
        );
    }
}

#[test]
fn another_seal_beside_the_signature_is_a_forgery() {
    let office = Office::open(Engine::Sqlite);
    let options = office.options();
    let other = people::granted_dual(&office.house, &office.cast);
    let path = format!("/v1/seals/{other}/structure");
    let structure = office.house.get(&office.cast.keeper, &path).body;
    let source = Source::memory(office.sealed(&sample(), &json!({})));
    let package = Package::open(&source).unwrap();
    let mut parts: Vec<(String, Vec<u8>)> =
        package.files().map(|name| (name.clone(), package.read(&name).unwrap())).collect();
    for (name, content) in &mut parts {
        if name.ends_with("Seal.esl") {
            content.clone_from(&structure);
        }
    }
    let report = judge(support::archive::stored(&parts), &options);
    assert_eq!(report["conclusion"], "invalid");
    let failed = |report: &Value| -> Vec<String> {
        let checks = report["signatures"][0]["checks"].as_array().unwrap().clone();
        let failed = checks.iter().filter(|check| check["passed"] == false);
        failed.map(|check| check["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(failed(&report), ["references", "seal-file"]);
}

#[test]
fn a_seal_out_of_use_signs_nothing_more() {
    let mut office = Office::open(Engine::Sqlite);
    office.sealed(&sample(), &json!({}));
    let path = |verb: &str| format!("/v1/seals/{}/{verb}", office.seal);
    let reason = json!({ "reason": "查账" });
    office.house.post(&office.cast.keeper, &path("suspend"), &reason).expect(200);
    assert_eq!(office.seal(&sample(), &json!({})).problem(409), "seal-not-active");
    office.house.post(&office.cast.registrar, &path("resume"), &json!({})).expect(200);
    office.sealed(&sample(), &json!({}));
    // The key is opened again by a process that has never seen it.
    office.house.stop();
    office.house.start();
    office.sealed(&sample(), &json!({}));
}

#[test]
fn the_same_request_gets_the_same_document() {
    let office = Office::open(Engine::Sqlite);
    let request = office.request(&json!({}));
    let seal = || office.house.seal(&office.cast.caller, &request, &sample(), Some("once"));
    let (first, second) = (seal(), seal());
    assert_eq!((first.status, second.status), (201, 201));
    assert_eq!(second.header("idempotent-replayed"), Some("true"));
    assert_eq!(first.header("content-type"), Some("application/ofd"));
    assert!(first.body == second.body);
}

#[test]
fn a_seal_without_sm2_seals_no_ofd() {
    let mut house = House::new(Engine::Sqlite);
    house.start();
    let cast = Cast::hire(&house);
    let seal = people::granted(&house, &cast);
    let reply = house.seal(&cast.caller, &people::request(&seal), &sample(), None);
    assert_eq!(reply.problem(404), "not-found");
    let reply = house.get(&cast.keeper, &format!("/v1/seals/{seal}/structure"));
    assert_eq!(reply.problem(404), "not-found");
}

#[test]
fn certificate_requests_are_told_apart_by_scheme() {
    let office = Office::open(Engine::Sqlite);
    let request = |scheme: &str| {
        let path = format!("/v1/seals/{}/key?scheme={scheme}", office.seal);
        let reply = office.house.get(&office.cast.maker, &path);
        assert_eq!(reply.status, 200);
        office.file(&format!("{scheme}.csr"), &reply.body)
    };
    let text = support::run(
        std::process::Command::new("openssl")
            .args(["req", "-verify", "-noout", "-vfyopt", "distid:1234567812345678", "-in"])
            .arg(request(Scheme::Sm2.as_str())),
    );
    assert!(text.contains("verify OK"), "{text}");
    request("p256");
}

/// SM2 keys by the token's own mechanisms.
#[test]
fn keys_of_a_token_with_sm2_stay_in_it() {
    let office = Office::of(House::with(Engine::Sqlite, TestToken::double(), ""));
    let options = office.options();
    let sealed = office.sealed(&sample(), &json!({}));
    assert_eq!(judge(sealed.clone(), &options)["conclusion"], "valid");
    let known = send(office.house.url(), "POST", "/public/verify", &[], &sealed).unwrap();
    assert_eq!(known.expect(200)["signatures"][0]["custody"], "hsm");
    let file = office.file("hsm.ofd", &sealed);
    assert_eq!(office.complaints(&[file]), Vec::<String>::new());
}

#[test]
fn seals_of_the_newer_standard_and_with_digests() {
    let settings = "seal_structure = \"v5\"\nsigners_named_by = \"digests\"";
    let office = Office::of(House::with(Engine::Sqlite, TestToken::softhsm(), settings));
    let options = office.options();
    let structure =
        office.house.get(&office.cast.keeper, &format!("/v1/seals/{}/structure", office.seal));
    let report = judge(structure.body.clone(), &options);
    assert_eq!(report["conclusion"], "valid", "{report}");
    assert_eq!(report["signatures"][0]["seal"]["structure"]["version"], "V5");
    let checks = report["signatures"][0]["checks"].as_array().unwrap();
    let stamped = checks.iter().find(|check| check["name"] == "seal-timestamp").unwrap();
    assert_eq!(stamped["passed"], true);
    let sealed = office.sealed(&sample(), &json!({}));
    let report = judge(sealed.clone(), &options);
    assert_eq!(report["conclusion"], "valid", "{report}");
    assert_eq!(report["signatures"][0]["kind"], "ses-v5");
    let files = [office.file("five.esl", &structure.body), office.file("five.ofd", &sealed)];
    assert_eq!(office.complaints(&files), Vec::<String>::new());
}

/// A seal whose electronic seal comes from another maker.
#[test]
fn an_electronic_seal_of_another_maker_is_taken_where_he_is_trusted() {
    let mut house = House::new(Engine::Sqlite);
    let trust = house.token.directory.path().join("trust");
    fs::create_dir_all(trust.join("maker")).unwrap();
    house.configure("[ca]\n", &format!("[trust]\ndirectory = \"{}\"\n[ca]\n", trust.display()));
    house.start();
    let cast = Cast::hire(&house);
    let ready = |house: &House| {
        let (seal, application) = people::permitted(house, &cast);
        let body = json!({ "application_id": application, "schemes": ["sm2"] });
        house.post(&cast.maker, &format!("/v1/seals/{seal}/key"), &body).expect(201);
        seal
    };
    let make = |house: &House, seal: &str, more: Value| {
        let mut body = json!({ "picture": people::picture() });
        for (key, value) in more.as_object().unwrap() {
            body[key] = value.clone();
        }
        house.post(&cast.maker, &format!("/v1/seals/{seal}/make"), &body)
    };
    let given = |bytes: &[u8]| {
        let text = <base64ct::Base64 as base64ct::Encoding>::encode_string(bytes);
        json!({ "seal_structure": text })
    };
    // One that this house made, for another certificate.
    let first = ready(&house);
    make(&house, &first, json!({})).expect(200);
    people::register(&house, &cast, &first);
    let path = format!("/v1/seals/{first}/structure");
    let structure = house.get(&cast.keeper, &path).body;
    let second = ready(&house);
    for bad in [b"no seal".as_slice(), &structure] {
        let code = make(&house, &second, given(bad)).problem(422);
        assert_eq!(code, "seal-structure-unfit");
    }
    assert_eq!(
        make(&house, &second, json!({ "seal_structure": "&" })).problem(422),
        "seal-structure-unfit"
    );
    // The certificate is known before the seal is made of it: that of an external CA.
    let office = Elsewhere::new(&house, &second);
    let chain = office.certificate();
    let making = |structure: &[u8]| {
        let mut more = given(structure);
        more["certificate_chains"] = json!([chain]);
        more
    };
    fs::write(trust.join("root.pem"), office.root()).unwrap();
    let esl = office.seal(&chain);
    house.stop();
    house.start();
    let refused = make(&house, &second, making(&esl));
    assert_eq!(refused.problem(422), "seal-structure-unfit", "the maker is not trusted as one");
    fs::write(trust.join("maker/maker.pem"), office.root()).unwrap();
    house.stop();
    house.start();
    let mut forged = esl.clone();
    let last = forged.len() - 3;
    forged[last] ^= 1;
    assert_eq!(make(&house, &second, making(&forged)).problem(422), "seal-structure-unfit");
    make(&house, &second, making(&esl)).expect(200);
    people::register(&house, &cast, &second);
    assert_eq!(house.get(&cast.keeper, &format!("/v1/seals/{second}/structure")).body, esl);
}
