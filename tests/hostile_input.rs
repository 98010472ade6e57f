//! What hostile files and connections may cost: each ends with a reason, within its limits.

mod support;

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    process::Command,
};

use sealwright::{
    domain::{
        Clock, SystemClock,
        source::{ReadAt, Source},
    },
    formats::pdf::{inspect, raw::Document, warnings},
    pki::{
        Certificate, TrustStore,
        path::PathError,
        revocation::Crl,
        validation::{Demands, Question, StatusDemand, validate},
    },
};
use serde_json::json;
use support::{
    database::Engine,
    people,
    revision::{Revision, stream},
    run,
    server::House,
};

/// A file of cross-reference sections, each a trailer's text that may name the offset of the
/// section before and of a stream beside it.
fn chain(sections: usize, trailer: impl Fn(usize, &[usize]) -> String) -> Source {
    let mut file = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\n".to_vec();
    let mut offsets = Vec::new();
    for number in 0..sections {
        let text = trailer(number, &offsets);
        offsets.push(file.len());
        file.extend_from_slice(b"xref\n0 2\n0000000000 65535 f \n0000000009 00000 n \ntrailer\n");
        file.extend_from_slice(format!("<</Size 2/Root 1 0 R{text}>>\n").as_bytes());
    }
    let last = offsets.last().unwrap();
    file.extend_from_slice(format!("startxref\n{last}\n%%EOF\n").as_bytes());
    Source::memory(file)
}

fn refusal(source: &Source) -> String {
    inspect(source).expect_err("it was taken for good").to_string()
}

#[test]
fn cross_reference_tricks_end_with_a_reason() {
    let plain = |n: usize, before: &[usize]| match before.last() {
        Some(offset) if n > 0 => format!("/Prev {offset}"),
        _ => String::new(),
    };
    inspect(&chain(3, plain)).expect("a chain of three is nothing special");
    assert!(refusal(&chain(2000, plain)).contains("1024"));
    let circle = chain(1, |_, _| "/Prev 42".to_owned());
    assert!(refusal(&circle).contains("circle"), "{}", refusal(&circle));

    // Two tables that name the same stream beside them.
    let data = [0_u8, 0, 0];
    let mut file = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\n".to_vec();
    let stream = file.len();
    file.extend_from_slice(b"2 0 obj\n<</Type/XRef/Size 3/W[1 1 1]/Index[0 1]/Length 3>>stream\n");
    file.extend_from_slice(&data);
    file.extend_from_slice(b"\nendstream\nendobj\n");
    let mut previous = String::new();
    for _ in 0..2 {
        let offset = file.len();
        let text = format!(
            "xref\n0 1\n0000000000 65535 f \ntrailer\n<</Size 3/Root 1 0 R/XRefStm {stream}{previous}>>\n"
        );
        file.extend_from_slice(text.as_bytes());
        previous = format!("/Prev {offset}");
    }
    let last = previous.trim_start_matches("/Prev ").to_owned();
    file.extend_from_slice(format!("startxref\n{last}\n%%EOF\n").as_bytes());
    assert!(refusal(&Source::memory(file)).contains("share"));
}

#[test]
fn a_cross_reference_stream_that_unpacks_to_gigabytes_is_refused() {
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    let zeros = vec![0; 1 << 20];
    for _ in 0..1024 {
        packed.write_all(&zeros).unwrap();
    }
    let packed = packed.finish().unwrap();
    let mut file = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\n".to_vec();
    let offset = file.len();
    let head = format!(
        "2 0 obj\n<</Type/XRef/Size 350000000/W[1 1 1]/Root 1 0 R/Filter/FlateDecode/Length {}>>stream\n",
        packed.len()
    );
    file.extend_from_slice(head.as_bytes());
    file.extend_from_slice(&packed);
    file.extend_from_slice(format!("\nendstream\nendobj\nstartxref\n{offset}\n%%EOF\n").as_bytes());
    assert!(!refusal(&Source::memory(file)).is_empty());
}

/// Forty certificates of the same name and key vouch for each other: there are more paths than
/// anybody can walk, and the search ends all the same.
#[test]
fn a_thicket_of_cross_certificates_ends() {
    let directory = tempfile::tempdir().unwrap();
    let script = "set -e
        openssl ecparam -name prime256v1 -genkey -noout -out ca.key
        openssl req -new -key ca.key -subj /CN=Thicket -out ca.csr
        openssl ecparam -name prime256v1 -genkey -noout -out leaf.key
        openssl req -new -key leaf.key -subj /CN=Leaf -out leaf.csr
        printf 'basicConstraints=critical,CA:TRUE\\nkeyUsage=critical,keyCertSign\\n' > ca.ext
        for n in $(seq 40); do
            openssl x509 -req -in ca.csr -signkey ca.key -days 9 -set_serial $n -extfile ca.ext -out $n.pem 2>/dev/null
        done
        openssl x509 -req -in leaf.csr -CA 1.pem -CAkey ca.key -days 9 -set_serial 99 -out leaf.pem 2>/dev/null";
    run(Command::new("bash").args(["-c", script]).current_dir(directory.path()));
    let read = |name: String| {
        let text = fs::read_to_string(directory.path().join(name)).unwrap();
        Certificate::from_pem(&text).unwrap().remove(0)
    };
    let leaf = read("leaf.pem".to_owned());
    let others: Vec<_> = (1..=40).map(|n| read(format!("{n}.pem"))).collect();
    let now = SystemClock.now();
    let nobody = TrustStore { roots: Vec::new(), crls: Vec::new() };
    assert!(validate(&leaf, Question::new(&others, &nobody, now)).is_err());
    let trusted = TrustStore { roots: vec![others[0].clone()], crls: Vec::new() };
    assert!(validate(&leaf, Question::new(&others, &trusted, now)).is_ok());
}

/// Lists of somebody who bears the name of an authority, and certificates of his that might have
/// signed them, by the hundred: none counts, and asking ends.
#[test]
fn a_thicket_of_revocation_lists_ends() {
    let directory = tempfile::tempdir().unwrap();
    let script = "set -e
        printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n' > ca.ext
        for who in root forger leaf; do
            openssl ecparam -name prime256v1 -genkey -noout -out $who.key
            openssl req -new -key $who.key -subj /CN=$([ $who = leaf ] && echo Leaf || echo Authority) -out $who.csr
        done
        issue() { openssl x509 -req -in $1.csr $2 -days 9 -set_serial $3 $4 -out $5.pem 2>/dev/null; }
        issue root '-signkey root.key' 1 '-extfile ca.ext' root
        issue leaf '-CA root.pem -CAkey root.key' 99 '' leaf
        for n in $(seq 60); do issue forger '-signkey forger.key' $n '-extfile ca.ext' $n; done
        : > index.txt; echo 01 > crlnumber
        printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=sha256\ndefault_crl_days=9\n' > ca.cnf
        openssl ca -gencrl -config ca.cnf -cert 1.pem -keyfile forger.key -out list.pem 2>/dev/null
        openssl crl -in list.pem -outform DER -out list.crl";
    run(Command::new("bash").args(["-c", script]).current_dir(directory.path()));
    let read = |name: &str| {
        let text = fs::read_to_string(directory.path().join(format!("{name}.pem"))).unwrap();
        Certificate::from_pem(&text).unwrap().remove(0)
    };
    let list = Crl::from_der(&fs::read(directory.path().join("list.crl")).unwrap()).unwrap();
    let others: Vec<_> = (1..=60).map(|n| read(&n.to_string())).collect();
    let trust = TrustStore { roots: vec![read("root")], crls: vec![list; 500] };
    let demands = Demands { status: StatusDemand::Always, ..Demands::default() };
    let question =
        Question { demands: &demands, ..Question::new(&others, &trust, SystemClock.now()) };
    let error = validate(&read("leaf"), question).unwrap_err();
    assert!(matches!(error, PathError::RevocationUnknown { .. }), "{error:?}");
}

#[test]
fn the_character_nul_is_refused_before_it_meets_the_database() {
    let mut house = House::new(Engine::Postgres);
    house.start();
    let admin = &house.administrator;
    assert_eq!(house.get(admin, "/v1/seals?code=%00").problem(400), "nul-character");
    assert_eq!(house.get(admin, "/v1/seals/%00").problem(400), "nul-character");
    let new = json!({ "organization_id": house.root, "name": "a\u{0}b" });
    assert_eq!(house.post(admin, "/v1/persons", &new).problem(400), "nul-character");
}

/// An upload that never ends gives its place back when its time is up.
#[test]
fn a_public_upload_that_trickles_is_cut_off() {
    let mut house = House::new(Engine::Sqlite);
    let text = fs::read_to_string(&house.config).unwrap();
    let tight = "public_verifications = 1\npublic_timeout_seconds = 1\n";
    fs::write(&house.config, text.replacen("public_verifications = 64\n", tight, 1)).unwrap();
    house.start();
    let address = house.url().trim_start_matches("http://").to_owned();
    let mut slow = TcpStream::connect(address).unwrap();
    slow.write_all(
        b"POST /public/verify HTTP/1.1\r\nhost: x\r\ncontent-type: application/pdf\r\n\
          content-length: 100000\r\n\r\n%PDF-1.7\n",
    )
    .unwrap();
    let mut answer = [0; 12];
    slow.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 503");
    support::until("the place is free again", || {
        let reply = support::server::send(
            house.url(),
            "POST",
            "/public/verify",
            &[("content-type", "application/pdf")],
            &people::licence(),
        );
        (reply.unwrap().status == 200).then_some(())
    });
}

/// A refusal that comes before the body is read reaches a client that is still sending it.
#[test]
fn a_refused_upload_hears_why() {
    let mut house = House::new(Engine::Sqlite);
    house.start();
    let megabytes = vec![b'x'; 24 << 20];
    for (path, kind) in [("/v1/seals/import", "text/csv"), ("/v1/verifications", "application/pdf")]
    {
        for authorization in ["Bearer nobody", ""] {
            let headers = [("authorization", authorization), ("content-type", kind)];
            let reply = support::server::send(house.url(), "POST", path, &headers, &megabytes);
            assert_eq!(reply.unwrap().problem(401), "unauthenticated");
        }
    }
}

/// Bytes in which every line begins an object that does not end are looked at a few times, not a
/// time for each line; and streams that unpack to gigabytes are unpacked as far as is looked at.
#[test]
fn tangles_and_bombs_in_signed_bytes_end_with_a_finding() {
    let licence = people::licence();
    let mut revision = Revision::of(&licence);
    revision.raw(&"1 0 obj (\n".repeat(20_000)).add("null");
    let (from, source) = (licence.len() as u64, Source::memory(revision.finish()));
    let mut document = Document::open(&source).unwrap();
    let found = document.findings(from, source.size()).unwrap();
    assert!(found.iter().any(|finding| finding.what.contains("tangled")), "{found:?}");
    // 64 MiB of spaces a stream, sixty times.
    let mut bomb = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    bomb.write_all(&vec![b' '; 64 << 20]).unwrap();
    let bomb: String = bomb.finish().unwrap().into_iter().map(char::from).collect();
    let mut revision = Revision::of(&licence);
    let data = stream("/Filter /FlateDecode", &bomb);
    for _ in 0..60 {
        revision.add(&data);
    }
    let file = revision.finish();
    assert!(file.len() < 8 << 20);
    assert_eq!(warnings(&Source::memory(file.clone()), file.len() as u64).unwrap(), [""; 0]);
}
