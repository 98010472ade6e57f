//! Sealed OFD files that somebody changed so that a reader could be misled, and seals that somebody
//! made himself. None of them is valid, whoever is trusted.

mod support;

use base64ct::{Base64, Encoding};
use sealwright::{
    containers::ses::{Picture, SealInfo, SesVersion, SignerList, UnsignedSeal, UnsignedSignature},
    crypto::digest::{DigestAlgorithm, hex},
    domain::{Clock, SystemClock, Timestamp, source::Source},
    formats::ofd::Package,
    pki::{Certificate, TrustStore, revocation::Crl},
    verification::{self, Options},
};
use serde_json::{Value, json};
use support::{
    archive::stored,
    database::Engine,
    people::{self, Cast},
    server::House,
};

type Parts = Vec<(String, Vec<u8>)>;

const LIST: &str = "Doc_0/Signs/Signatures.xml";
const SIGNATURE: &str = "Doc_0/Signs/Sign_0/Signature.xml";
const PAGE: &str = "Doc_0/Pages/Page_0/Content.xml";

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

    fn sealed(&self, document: &[u8], seal: &str) -> Vec<u8> {
        let reply = self.house.seal(&self.cast.caller, &people::request(seal), document, None);
        assert_eq!(reply.status, 201);
        reply.body
    }

    fn options(&self) -> Options {
        let known = self.house.get("", "/.well-known/sealwright").expect(200);
        let pem = |index: usize| known["root_certificates"][index].as_str().unwrap().to_owned();
        let root = |index| Certificate::from_pem(&pem(index)).unwrap().remove(0);
        let crl = |ca: &str| {
            Crl::from_der(&self.house.get("", &format!("/public/crl/{ca}.crl")).body).unwrap()
        };
        let trust =
            TrustStore { roots: vec![root(0), root(1)], crls: vec![crl("p256"), crl("sm2")] };
        Options {
            trust: trust.clone(),
            seal_trust: trust.clone(),
            tsa_trust: trust,
            ..Options::trusting_nobody(SystemClock.now())
        }
    }

    /// The seal's SM2 key signs a digest for its caller, who must not get more by it than that.
    fn signs(&self, e: [u8; 32]) -> Vec<u8> {
        let body = json!({
            "seal_id": self.seal, "document_type": "report", "digest": hex(&e), "scheme": "sm2",
            "digest_kind": "e",
        });
        let signed = self.house.post(&self.cast.caller, "/v1/digests", &body).expect(201);
        Base64::decode_vec(signed["value"].as_str().unwrap()).unwrap()
    }

    fn certificate(&self) -> Certificate {
        let path = format!("/v1/seals/{}/credentials", self.seal);
        let all = self.house.get(&self.cast.keeper, &path).expect(200);
        Certificate::from_pem(all[1]["certificate_chain"][0].as_str().unwrap()).unwrap().remove(0)
    }
}

fn sample() -> Vec<u8> {
    std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/test-vectors/samples/licence.ofd")).unwrap()
}

fn parts(archive: Vec<u8>) -> Parts {
    let source = Source::memory(archive);
    let package = Package::open(&source).unwrap();
    package.files().map(|name| (name.clone(), package.read(&name).unwrap())).collect()
}

fn judge(bytes: Vec<u8>, options: &Options) -> Value {
    let outcome = verification::verify(&Source::memory(bytes), options);
    serde_json::to_value(outcome.report).unwrap()
}

fn part<'a>(parts: &'a mut Parts, name: &str) -> &'a mut Vec<u8> {
    &mut parts.iter_mut().find(|(known, _)| known == name).unwrap().1
}

fn replaced(parts: &Parts, name: &str, from: &str, to: &str) -> Parts {
    let mut parts = parts.clone();
    let content = part(&mut parts, name);
    let text = String::from_utf8(content.clone()).unwrap();
    assert!(text.contains(from), "{from} in {text}");
    *content = text.replacen(from, to, 1).into_bytes();
    parts
}

fn answer(report: &Value, name: &str) -> Value {
    let checks = report["signatures"][0]["checks"].as_array().unwrap();
    checks.iter().find(|check| check["name"] == name).unwrap()["passed"].clone()
}

#[test]
fn the_open_list_cannot_be_made_to_say_something_else() {
    let office = Office::open();
    let options = office.options();
    let good = parts(office.sealed(&sample(), &office.seal));
    assert_eq!(judge(stored(&good), &options)["conclusion"], "valid");
    let own = "BaseLoc=\"/Doc_0/Signs/Sign_0/Signature.xml\"";
    let with = |from: &str, to: &str| replaced(&good, LIST, from, to);
    let attacks: Vec<(&str, Parts)> = vec![
        ("an element more", with("<ofd:MaxSignId>", "<ofd:Page/><ofd:MaxSignId>")),
        ("text", with("<ofd:MaxSignId>", "text<ofd:MaxSignId>")),
        ("an attribute more", with(own, &format!("{own} x=\"1\""))),
        ("a second location", with(own, &format!("xmlns:x=\"urn:x\" x:BaseLoc=\"/a\" {own}"))),
        ("a child", with(&format!("{own}/>"), &format!("{own}><ofd:a/></ofd:Signature>"))),
        ("twice", {
            let entry = format!("<ofd:Signature ID=\"s001\" Type=\"Seal\" {own}/>");
            with(&entry, &format!("{entry}{}", entry.replace("s001", "s009")))
        }),
        ("a seal called plain", with("Type=\"Seal\"", "Type=\"Sign\"")),
        ("another type", with("Type=\"Seal\"", "Type=\"Other\"")),
        ("a foreign namespace", with("http://www.ofdspec.org/2016", "urn:x")),
        ("a page as the list", {
            let page = String::from_utf8(part(&mut good.clone(), PAGE).clone()).unwrap();
            let entry = format!("<ofd:Signature ID=\"s001\" Type=\"Seal\" {own}/>");
            let mut changed = good.clone();
            let list = page.replace("</ofd:Page>", &format!("{entry}</ofd:Page>"));
            *part(&mut changed, LIST) = list.into_bytes();
            changed
        }),
        ("a list that ends early", with("</ofd:Signatures>", "")),
    ];
    for (what, attacked) in attacks {
        let report = judge(stored(&attacked), &options);
        assert_ne!(report["conclusion"], "valid", "{what}: {report}");
    }
}

#[test]
fn a_document_that_brings_a_strange_list_is_not_sealed() {
    let office = Office::open();
    let sample = parts(sample());
    let bring = |location: &str| {
        let element = format!("</ofd:DocRoot>{location}");
        stored(&replaced(&sample, "OFD.xml", "</ofd:DocRoot>", &element))
    };
    for location in [
        format!("<ofd:Signatures>/{PAGE}</ofd:Signatures>"),
        "<ofd:Signatures>/nowhere.xml</ofd:Signatures>".to_owned(),
        "<x:Signatures xmlns:x=\"urn:x\">/a.xml</x:Signatures>".to_owned(),
        format!("<ofd:Signatures>/<!-- a -->{PAGE}</ofd:Signatures>"),
    ] {
        let reply = office.house.seal(
            &office.cast.caller,
            &people::request(&office.seal),
            &bring(&location),
            None,
        );
        assert_eq!(reply.problem(422), "ofd-damaged", "{location}");
    }
}

#[test]
fn a_seal_that_was_taken_out_of_the_list_is_missed() {
    let office = Office::open();
    let options = office.options();
    let other = people::granted_dual(&office.house, &office.cast);
    let once = office.sealed(&sample(), &office.seal);
    let twice = parts(office.sealed(&once, &other));
    assert_eq!(judge(stored(&twice), &options)["conclusion"], "valid");
    let entry = format!("<ofd:Signature ID=\"s001\" Type=\"Seal\" BaseLoc=\"/{SIGNATURE}\"/>");
    let hidden = replaced(&twice, LIST, &entry, "");
    let report = judge(stored(&hidden), &options);
    assert_eq!(report["conclusion"], "invalid", "{report}");
    assert_eq!(answer(&report, "signature-list"), false);
}

/// What one reader of archives finds, and another does not.
#[test]
fn an_archive_that_holds_two_documents_is_noticed() {
    let office = Office::open();
    let options = office.options();
    let good = stored(&parts(office.sealed(&sample(), &office.seal)));
    let forged = stored(&parts(sample()));
    let end = good.len() - 22;
    let with_comment = |comment: &[u8]| {
        let mut bytes = good.clone();
        bytes[end + 20..].copy_from_slice(&(comment.len() as u16).to_le_bytes());
        [bytes.as_slice(), comment].concat()
    };
    let extra = |id: u16| {
        // The first entry of the directory gets an extra field.
        let directory = u32::from_le_bytes(good[end + 16..end + 20].try_into().unwrap()) as usize;
        let mut bytes = good.clone();
        let name = u16::from_le_bytes(bytes[directory + 28..directory + 30].try_into().unwrap());
        bytes[directory + 30..directory + 32].copy_from_slice(&8_u16.to_le_bytes());
        let field = [id.to_le_bytes().as_slice(), &4_u16.to_le_bytes(), &[1, 2, 3, 4]].concat();
        let at = directory + 46 + usize::from(name);
        bytes.splice(at..at, field);
        let size = u32::from_le_bytes(good[end + 12..end + 16].try_into().unwrap()) + 8;
        let end = bytes.len() - 22;
        bytes[end + 12..end + 16].copy_from_slice(&size.to_le_bytes());
        bytes
    };
    assert_eq!(judge(extra(0x000a), &options)["conclusion"], "valid", "times of another system");
    assert_eq!(judge(with_comment(b"a remark"), &options)["conclusion"], "valid");
    let mut duplicate = parts(good.clone());
    duplicate.push((PAGE.to_uppercase(), b"<a/>".to_vec()));
    let mut shifted = good.clone();
    let name = good.windows(PAGE.len()).position(|w| w == PAGE.as_bytes()).unwrap();
    shifted[name] ^= 0x20;
    for (what, attacked) in [
        ("a second document before", [forged.as_slice(), &good].concat()),
        ("a PDF before", [b"%PDF-1.7 and so on ".as_slice(), &vec![b' '; 2000], &good].concat()),
        ("an archive in the comment", with_comment(&forged[forged.len() - 22..])),
        ("another name in an extra field", extra(0x7075)),
        ("other sizes in an extra field", extra(0x0001)),
        ("two parts of one name", stored(&duplicate)),
        ("another name in the local header", shifted),
    ] {
        let report = judge(attacked, &options);
        assert_ne!(report["conclusion"], "valid", "{what}: {report}");
    }
    // Bytes that are nobody's do no harm.
    let report = judge([b"a maker's own mark".as_slice(), &good].concat(), &options);
    assert_eq!(report["conclusion"], "valid", "{report}");
}

/// What somebody makes who has a seal of his own, and wants that of somebody else.
struct Forger<'a> {
    office: &'a Office,
    parts: Parts,
}

impl Forger<'_> {
    /// The sealed document with a seal and a signature of his own making.
    fn forge(&self, created: Timestamp, signed: Timestamp, property: &str) -> Vec<u8> {
        let leaf = self.office.certificate();
        let info = SealInfo {
            id: "99010000000001-1".to_owned(),
            kind: 1,
            name: "别人的印章".to_owned(),
            signers: SignerList::Certificates(vec![leaf.der().to_vec()]),
            created,
            valid_from: created,
            valid_until: created.plus_seconds(86_400 * 365),
            picture: Picture { format: "png".to_owned(), data: vec![1], width: 40, height: 40 },
        };
        let unsigned = UnsignedSeal::begin(&info, SesVersion::V4, leaf.clone());
        let value = self.office.signs(unsigned.digest().unwrap());
        let seal = unsigned.finish(&value, None);
        self.with(&seal, leaf, signed, property)
    }

    fn with(&self, seal: &[u8], leaf: Certificate, at: Timestamp, property: &str) -> Vec<u8> {
        let sm3 = |bytes: &[u8]| DigestAlgorithm::Sm3.digest(bytes);
        let mut parts = self.parts.clone();
        let esl = "Doc_0/Signs/Sign_0/Seal.esl";
        let before = Base64::encode_string(&sm3(part(&mut parts, esl)));
        *part(&mut parts, esl) = seal.to_vec();
        let mut parts = replaced(&parts, SIGNATURE, &before, &Base64::encode_string(&sm3(seal)));
        let digest = sm3(part(&mut parts, SIGNATURE));
        let about = (digest.as_slice(), property);
        let unsigned = UnsignedSignature::begin(seal, SesVersion::V4, leaf, at, about);
        let value = self.office.signs(unsigned.digest().unwrap());
        *part(&mut parts, "Doc_0/Signs/Sign_0/SignedValue.dat") = unsigned.finish(&value, None);
        stored(&parts)
    }
}

#[test]
fn a_seal_of_ones_own_making_and_false_times_are_noticed() {
    let office = Office::open();
    let options = office.options();
    let parts = parts(office.sealed(&sample(), &office.seal));
    let forger = Forger { office: &office, parts };
    let now = SystemClock.now();
    let path = format!("/{SIGNATURE}");
    let report = judge(forger.forge(now, now, &path), &options);
    assert_eq!(report["conclusion"], "indeterminate", "{report}");
    assert_eq!(report["signatures"][0]["integrity"], "intact");
    assert_eq!(answer(&report, "seal-maker"), Value::Null);

    let seal =
        office.house.get(&office.cast.keeper, &format!("/v1/seals/{}/structure", office.seal));
    let genuine = |at: Timestamp, property: &str| {
        judge(forger.with(&seal.body, office.certificate(), at, property), &options)
    };
    assert_eq!(genuine(now, &path)["conclusion"], "valid");
    for at in [now.plus_seconds(86_400), now.plus_seconds(-86_400)] {
        let report = genuine(at, &path);
        assert_eq!(report["conclusion"], "indeterminate", "{report}");
        assert_eq!(answer(&report, "times"), false);
    }
    let report = genuine(now, "/Doc_1/Signs/Sign_0/Signature.xml");
    assert_eq!(report["conclusion"], "indeterminate", "{report}");
    assert_eq!(answer(&report, "signed-property"), Value::Null);
}

#[test]
fn a_broken_earlier_signature_is_not_sealed_over() {
    let office = Office::open();
    let good = parts(office.sealed(&sample(), &office.seal));
    let mut broken = good.clone();
    let value = part(&mut broken, "Doc_0/Signs/Sign_0/SignedValue.dat");
    let last = value.len() - 40;
    value[last] ^= 1;
    let mut junk = good.clone();
    *part(&mut junk, "Doc_0/Signs/Sign_0/SignedValue.dat") = b"x".to_vec();
    let mut changed = good;
    part(&mut changed, PAGE).push(b'\n');
    for attacked in [junk, changed] {
        let request = people::request(&office.seal);
        let reply = office.house.seal(&office.cast.caller, &request, &stored(&attacked), None);
        assert_eq!(reply.problem(422), "ofd-damaged");
    }
}

#[test]
fn archives_beyond_limits_or_out_of_their_place_are_refused() {
    let office = Office::open();
    let options = support::trusting_nobody();
    let sample = parts(sample());
    let with = |name: &str, content: &[u8]| {
        let mut parts = sample.clone();
        parts.push((name.to_owned(), content.to_vec()));
        stored(&parts)
    };
    // The directory calls the last entry a link of UNIX.
    let mut link = with("Doc_0/link", b"/etc/passwd");
    let entry = link.windows(10).rposition(|window| window == b"Doc_0/link").unwrap() - 46;
    link[entry + 5] = 3;
    link[entry + 38..entry + 42].copy_from_slice(&(0o120_777_u32 << 16).to_le_bytes());
    // And deflated zeros that would inflate to far more than they are.
    let mut bomb = with("Doc_0/bomb", &[0; 2000]);
    let entry = bomb.windows(10).rposition(|window| window == b"Doc_0/bomb").unwrap() - 46;
    bomb[entry + 10] = 8;
    bomb[entry + 24..entry + 28].copy_from_slice(&(1_u32 << 30).to_le_bytes());
    let mut encrypted = with("Doc_0/secret", b"x");
    let entry = encrypted.windows(12).rposition(|window| window == b"Doc_0/secret").unwrap() - 46;
    encrypted[entry + 8] |= 1;
    for (what, attacked, code) in [
        ("a path that leads out", with("../outside.xml", b"x"), "ofd-damaged"),
        ("a path that leads out", with("Doc_0/../../outside.xml", b"x"), "ofd-damaged"),
        ("a link", link, "ofd-damaged"),
        ("a bomb", bomb, "ofd-limit-exceeded"),
        ("a secret", encrypted, "ofd-encrypted"),
        (
            "a document type",
            {
                let text = "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b SYSTEM \"/etc/passwd\">]>\
                        <OFD>&b;</OFD>";
                let mut parts = sample.clone();
                *part(&mut parts, "OFD.xml") = text.as_bytes().to_vec();
                stored(&parts)
            },
            "ofd-damaged",
        ),
    ] {
        let request = people::request(&office.seal);
        let reply = office.house.seal(&office.cast.caller, &request, &attacked, None);
        assert_eq!(reply.problem(422), code, "{what}");
        assert_eq!(judge(attacked, &options)["conclusion"], "indeterminate", "{what}");
    }
}

/// Work that a stranger may ask for is bounded.
#[test]
fn many_files_that_look_like_signatures_are_too_many() {
    let mut parts = parts(sample());
    let filler = format!("<a>{}</a>", " ".repeat(4_000_000));
    for n in 0..9 {
        parts.push((format!("Doc_0/Signs/{n}/Signature.xml"), filler.clone().into_bytes()));
    }
    let report = judge(stored(&parts), &support::trusting_nobody());
    assert_eq!(report["conclusion"], "indeterminate");
    assert!(report["detail"].as_str().unwrap().contains("too large together"), "{report}");
}
