//! Certificates of authorities elsewhere, with OpenSSL as the authority: bundles as they hand them
//! out, two certificates for one seal, classes of authorities, revocations that are followed.

mod support;

use std::{fs, path::PathBuf, process::Command};

use base64ct::Encoding;
use serde_json::{Value, json};
use support::{
    database::Engine,
    people::{self, Cast, id},
    run,
    server::{House, Reply},
};

/// A house whose seal waits for its certificate, and a root above an issuing authority elsewhere.
struct Office {
    house: House,
    cast: Cast,
    seal: String,
    directory: PathBuf,
}

impl Office {
    /// `folder` is where the root and the issuing authority's list stand in the trust directory.
    fn open(folder: &str, authorities: &str) -> Self {
        let mut house = House::new(Engine::Sqlite);
        let directory = house.token.directory.path().join("ca");
        let trust = house.token.directory.path().join("trust");
        fs::create_dir_all(&directory).unwrap();
        fs::create_dir_all(trust.join(folder)).unwrap();
        let script = r#"set -e
            key() { openssl ecparam -name prime256v1 -genkey -noout -out $1.key; }
            key root; key issuing; key encryption
            openssl req -x509 -new -key root.key -subj "/CN=Root" -days 30 -out root.pem
            printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n' > ca.ext
            openssl req -new -key issuing.key -subj "/CN=Issuing" | openssl x509 -req -CA root.pem \
                -CAkey root.key -CAcreateserial -days 20 -extfile ca.ext -out issuing.pem
            printf 'basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\n' > sign.ext
            printf 'basicConstraints=CA:FALSE\nkeyUsage=critical,keyEncipherment\n' > encrypt.ext"#;
        shell(&directory, script);
        fs::copy(directory.join("root.pem"), trust.join(folder).join("root.pem")).unwrap();
        let line = format!("[trust]\ndirectory = \"{}\"\n[ca]\n", trust.display());
        house.configure("[ca]\n", &line);
        if !authorities.is_empty() {
            house.set_policy("approval.toml", |text| {
                text.replace("[authorities]\n", &format!("[authorities]\n{authorities}\n"))
            });
        }
        house.start();
        let cast = Cast::hire(&house);
        let seal = people::key_ready(&house, &cast);
        let request = house.get(&cast.maker, &format!("/v1/seals/{seal}/key")).body;
        fs::write(directory.join("seal.csr"), request).unwrap();
        let script = r#"set -e
            subject=$(openssl req -in seal.csr -noout -subject -nameopt RFC2253,utf8,-esc_msb | sed 's/^subject=//')
            openssl x509 -req -in seal.csr -CA issuing.pem -CAkey issuing.key -CAcreateserial \
                -days 10 -extfile sign.ext -out sign.pem
            openssl x509 -req -in seal.csr -force_pubkey encryption.pub -CA issuing.pem \
                -CAkey issuing.key -CAcreateserial -days 10 -extfile encrypt.ext -out encrypt.pem
            openssl crl2pkcs7 -nocrl -certfile issuing.pem -certfile encrypt.pem -certfile sign.pem -out all.p7b
            openssl crl2pkcs7 -nocrl -certfile sign.pem -outform DER | base64 > leaf.b64
            openssl x509 -in sign.pem -outform DER | base64 > sign.b64"#;
        shell(&directory, "openssl ec -in encryption.key -pubout -out encryption.pub");
        shell(&directory, script);
        Self { house, cast, seal, directory }
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.directory.join(name)).unwrap()
    }

    fn make(&self, bundles: &[String]) -> Reply {
        let body = json!({ "certificate_chains": bundles, "picture": people::picture() });
        self.house.post(&self.cast.maker, &format!("/v1/seals/{}/make", self.seal), &body)
    }
}

fn shell(directory: &PathBuf, script: &str) -> String {
    run(Command::new("bash").current_dir(directory).args(["-c", script]))
}

#[test]
fn a_bundle_in_any_order_yields_chain_and_both_certificates() {
    let office = Office::open("", "");
    let alone = office.make(&[office.file("encrypt.pem")]);
    assert_eq!(alone.problem(422), "certificate-for-encryption");
    assert_eq!(office.make(&["MAA=".to_owned()]).problem(422), "certificate-malformed");
    // The issuing authority is in nobody's hands here: no path leads to the root.
    assert_eq!(office.make(&[office.file("sign.b64")]).problem(422), "certificate-untrusted");
    let made = office.make(&[office.file("all.p7b")]).expect(200);
    let version = &made["versions"][0];
    let credential = &version["credentials"][0];
    let trim = |text: &str| text.trim().to_owned();
    let chain: Vec<String> = credential["certificate_chain"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pem| trim(pem.as_str().unwrap()))
        .collect();
    let expected = ["sign.pem", "issuing.pem", "root.pem"].map(|name| trim(&office.file(name)));
    assert_eq!(chain, expected, "the root comes from the trust directory");
    let encryption = credential["encryption_certificate"].as_str().unwrap();
    assert_eq!(trim(encryption), trim(&office.file("encrypt.pem")));
    assert_eq!(version["ca_class"], "licensed");
    people::register(&office.house, &office.cast, &office.seal);
    let code = made["code"].as_str().unwrap();
    let status = office.house.get("", &format!("/public/seals/{code}/status")).expect(200);
    assert_eq!(
        (&status["ca_class"], &status["internal_only"]),
        (&json!("licensed"), &json!(false))
    );
}

#[test]
fn what_is_missing_above_comes_from_the_store() {
    let mut office = Office::open("e-government", "");
    let trust = office.house.token.directory.path().join("trust/e-government");
    fs::copy(office.directory.join("issuing.pem"), trust.join("issuing.pem")).unwrap();
    office.house.stop();
    office.house.start();
    for bundle in ["leaf.b64", "sign.b64"] {
        let decoded = base64ct::Base64::decode_vec(&office.file(bundle).replace('\n', ""));
        assert!(decoded.is_ok(), "{bundle}");
    }
    let made = office.make(&[office.file("leaf.b64")]).expect(200);
    let version = &made["versions"][0];
    // The issuing authority is trusted itself here; what stands above it is not needed.
    assert_eq!(version["credentials"][0]["certificate_chain"].as_array().unwrap().len(), 2);
    assert_eq!(version["ca_class"], "e-government");
}

#[test]
fn the_class_of_an_authority_fits_the_owner() {
    let rule = "owners = { \"1\" = [\"e-government\"] }";
    let office = Office::open("licensed", rule);
    let bundle = [office.file("all.p7b")];
    let refused = office.make(&bundle);
    assert_eq!(refused.problem(422), "certificate-class-unfit");
    assert_eq!(office.make(&[]).problem(422), "certificate-class-unfit", "ours is internal");
    // Two persons may let it through.
    let (_, security) =
        people::person(&office.house, &office.cast.organization, "security-administrator");
    let body = json!({
        "code": "certificate-class-unfit", "certificate": office.file("sign.pem"), "reason": "过渡期",
    });
    let path = format!("/v1/seals/{}/waivers", office.seal);
    let proposal = office.house.post(&office.cast.maker, &path, &body).expect(201);
    let confirm = format!("/v1/proposals/{}/confirm", id(&proposal));
    office.house.post(&security, &confirm, &json!({})).expect(200);
    office.make(&bundle).expect(200);
}

#[test]
fn a_look_alike_of_the_root_changes_nothing() {
    let rule = "owners = { \"1\" = [\"e-government\", \"licensed\"] }";
    let office = Office::open("internal", rule);
    // The root's name and key, under nobody's signature.
    let script = "openssl pkey -in root.key -pubout -out root.pub && \
        openssl req -new -key issuing.key -subj /CN=Root -out fake.csr && \
        openssl x509 -req -in fake.csr -force_pubkey root.pub -signkey issuing.key \
            -extfile ca.ext -days 30 -out fake.pem";
    shell(&office.directory, script);
    let bundle = ["sign.pem", "fake.pem", "issuing.pem"].map(|name| office.file(name)).join("");
    assert_eq!(office.make(&[bundle]).problem(422), "certificate-class-unfit");
}

#[test]
fn revocation_elsewhere_is_followed_until_it_is_done() {
    let mut office = Office::open("", "");
    office.make(&[office.file("all.p7b")]).expect(200);
    people::register(&office.house, &office.cast, &office.seal);
    let (house, cast) = (&office.house, &office.cast);
    let open = |house: &House| -> Vec<Value> {
        let path = "/v1/certificate-revocations?open=true";
        house.get(&cast.auditor, path).expect(200)["items"].as_array().unwrap().clone()
    };
    assert!(open(house).is_empty());
    let end = json!({ "reason": "非法制作" });
    let path = format!("/v1/seals/{}/invalidate", office.seal);
    house.post(&cast.registrar, &path, &end).expect(200);
    let waiting = open(house);
    assert_eq!((waiting.len(), &waiting[0]["reason"]), (1, &json!(9)));
    let due = house.get(&cast.auditor, "/v1/deadlines?within_days=20").expect(200);
    let items = due["items"].as_array().unwrap();
    assert!(items.iter().any(|item| item["kind"] == "certificate-revocation"), "{due}");
    let path = format!("/v1/certificate-revocations/{}/done", id(&waiting[0]));
    let done = json!({ "reference": "受理号 2026-1" });
    assert_eq!(house.post(&cast.keeper, &path, &done).problem(403), "denied-by-policy");
    // The authority's own list says it; nobody has to.
    let script = r#"set -e
        mkdir -p db; : > db/index.txt; echo 01 > db/crlnumber
        printf '[ca]\ndefault_ca=d\n[d]\ndatabase=db/index.txt\ncrlnumber=db/crlnumber\ndefault_md=sha256\ndefault_crl_days=10\n' > db/conf
        openssl ca -config db/conf -cert issuing.pem -keyfile issuing.key -revoke sign.pem
        openssl ca -config db/conf -cert issuing.pem -keyfile issuing.key -gencrl -out list.pem
        openssl crl -in list.pem -outform DER -out list.crl"#;
    shell(&office.directory, script);
    let trust = house.token.directory.path().join("trust");
    fs::copy(office.directory.join("list.crl"), trust.join("list.crl")).unwrap();
    office.house.stop();
    office.house.start();
    let house = &office.house;
    support::until("the list is read", || open(house).is_empty().then_some(()));
    let all = house.get(&cast.auditor, "/v1/certificate-revocations").expect(200);
    let reference = all["items"][0]["reference"].as_str().unwrap();
    assert!(reference.contains("revoked at"), "{reference}");
    assert_eq!(house.post(&cast.registrar, &path, &done).problem(409), "changed-meanwhile");
}
