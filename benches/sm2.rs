//! What SM2 and OFD cost, as ratios to OpenSSL in the same run: signing in the device layer and
//! verifying, a one-page OFD through the library, and a large one against hashing its bytes.

#[path = "../tests/support/mod.rs"]
mod support;

use std::{hint::black_box, io::Read, process::Command, time::Instant};

use sealwright::{
    containers::ses::{Picture, SealInfo, SesVersion, SignerList, UnsignedSeal, UnsignedSignature},
    crypto::{Scheme, digest::sha256, verify_digest},
    devices::{Devices, Token},
    domain::{
        Clock, SystemClock, Timestamp,
        id::KeyId,
        placement::Placement,
        seal::{Key, KeyPurpose},
        source::{Received, Source},
    },
    formats::ofd::{self, SealingRequest},
    pki::{
        Certificate,
        extension::Subject,
        issue::{CertificateTemplate, StatusUris, assemble, signer_extensions},
    },
    verification::verify,
};
use support::{archive::stored, token::TestToken, trusting_nobody};

/// Microseconds for each of `count` runs, the best of three.
#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
fn each(count: u32, mut work: impl FnMut()) -> f64 {
    let mut run = || {
        let start = Instant::now();
        (0..count).for_each(|_| work());
        start.elapsed().as_secs_f64() * 1e6 / f64::from(count)
    };
    (0..3).map(|_| run()).fold(f64::INFINITY, f64::min)
}

/// Microseconds that OpenSSL takes to sign and to verify with SM2.
fn openssl() -> (f64, f64) {
    let text = support::run(Command::new("openssl").args(["speed", "-seconds", "3", "sm2"]));
    let line = text.lines().find(|line| line.contains("SM2") && line.contains("bits")).unwrap();
    let numbers: Vec<f64> = line.split_whitespace().rev().filter_map(|n| n.parse().ok()).collect();
    (1e6 / numbers[1], 1e6 / numbers[0])
}

/// An SM2 key under a token, with what is needed to seal.
struct Signer {
    devices: Devices,
    key: Key,
    runtime: tokio::runtime::Runtime,
    now: Timestamp,
}

impl Signer {
    fn new(token: &TestToken) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let devices = Devices::new(Token::start(token.config()));
        let now = SystemClock.now();
        let id = |n: u8| KeyId::new(now, [n; 10]);
        let purpose = KeyPurpose::CredentialWrapping;
        let wrapping =
            Key { id: id(1), purpose, scheme: None, public_point: Vec::new(), wrapped: None };
        let key = runtime.block_on(async {
            devices.token().generate_wrapping(&wrapping.id, purpose).await.unwrap();
            let made = devices.generate_wrapped(&id(2), KeyPurpose::Seal, &wrapping).await.unwrap();
            let scheme = Some(Scheme::Sm2);
            let (public_point, wrapped) = (made.0, Some(made.1));
            Key { id: id(2), purpose: KeyPurpose::Seal, scheme, public_point, wrapped }
        });
        Self { devices, key, runtime, now }
    }

    fn sign(&self, digest: [u8; 32]) -> Vec<u8> {
        let signing = self.devices.sign(&self.key, KeyPurpose::Seal, digest, self.now);
        self.runtime.block_on(signing).unwrap()
    }

    fn certificate(&self) -> Certificate {
        let subject = Subject {
            organization: "Bench".to_owned(),
            common_name: "Bench".to_owned(),
            ..Subject::default()
        };
        let point = &self.key.public_point;
        let uris = StatusUris {
            crl: "http://localhost/a.crl".to_owned(),
            ocsp: "http://localhost/a".to_owned(),
        };
        let template = CertificateTemplate {
            serial: vec![1],
            issuer: subject.to_der(),
            subject,
            not_before: self.now.plus_seconds(-60),
            not_after: self.now.plus_seconds(86_400),
            scheme: Scheme::Sm2,
            point: point.clone(),
            extensions: signer_extensions(point, point, &uris),
        };
        let to_be_signed = template.to_be_signed(Scheme::Sm2);
        let e = sealwright::crypto::sm2::e(point, &to_be_signed).unwrap().try_into().unwrap();
        Certificate::from_der(&assemble(&to_be_signed, Scheme::Sm2, &self.sign(e))).unwrap()
    }

    fn seal(&self, certificate: &Certificate) -> Vec<u8> {
        let info = SealInfo {
            id: "1".to_owned(),
            kind: 1,
            name: "Bench".to_owned(),
            signers: SignerList::Certificates(vec![certificate.der().to_vec()]),
            created: self.now,
            valid_from: self.now,
            valid_until: self.now.plus_seconds(86_400),
            picture: Picture {
                format: "png".to_owned(),
                data: vec![7; 4000],
                width: 40,
                height: 40,
            },
        };
        let unsigned = UnsignedSeal::begin(&info, SesVersion::V4, certificate.clone());
        let value = self.sign(unsigned.digest().unwrap());
        unsigned.finish(&value, None)
    }
}

/// Seals through the library.
fn seal(
    signer: &Signer,
    received: &Received,
    (seal, leaf): (&[u8], &Certificate),
) -> sealwright::formats::Sealed {
    let placement = Placement::at(1, 60.0, 60.0);
    let request = SealingRequest {
        target: &placement.target().unwrap(),
        across: None,
        size_mm: (40.0, 40.0),
        seal: Some(seal),
        is_final: false,
        signing_time: signer.now,
    };
    let prepared = ofd::prepare(received, &request).unwrap();
    let about = (prepared.content_digest(), prepared.path());
    let unsigned = UnsignedSignature::begin(seal, SesVersion::V4, leaf.clone(), signer.now, about);
    let digest = unsigned.digest().unwrap();
    let value = signer.sign(digest);
    // As the service does before anything leaves.
    verify_digest(Scheme::Sm2, leaf.public_key(), &digest, &value).unwrap();
    prepared.embed(&unsigned.finish(&value, None)).unwrap()
}

fn sample() -> Vec<(String, Vec<u8>)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/test-vectors/samples/licence.ofd");
    let source = Source::memory(std::fs::read(path).unwrap());
    let package = ofd::Package::open(&source).unwrap();
    package.files().map(|name| (name.clone(), package.read(&name).unwrap())).collect()
}

#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
fn main() {
    let token = TestToken::softhsm();
    let signer = Signer::new(&token);
    let digest = sha256(b"bench");
    let signature = signer.sign(digest);
    let sign = each(3000, || drop(black_box(signer.sign(digest))));
    let verified = each(3000, || {
        verify_digest(Scheme::Sm2, &signer.key.public_point, &digest, &signature).unwrap();
    });
    let (openssl_sign, openssl_verify) = openssl();
    println!(
        "sign    {sign:7.1} µs; OpenSSL {openssl_sign:7.1} µs: {:.1} times as fast",
        openssl_sign / sign
    );
    println!(
        "verify  {verified:7.1} µs; OpenSSL {openssl_verify:7.1} µs: {:.1} times as fast",
        openssl_verify / verified
    );

    let leaf = signer.certificate();
    let structure = signer.seal(&leaf);
    let mut parts = sample();
    parts.push(("Doc_0/Res/picture.jpg".to_owned(), vec![7; 10_000]));
    let small = stored(&parts);
    let size = small.len() as f64 / 1000.0;
    let received = Received::read(Source::memory(small)).unwrap();
    let sealing = each(300, || drop(black_box(seal(&signer, &received, (&structure, &leaf)))));
    let mut sealed = Vec::new();
    seal(&signer, &received, (&structure, &leaf)).into_reader().read_to_end(&mut sealed).unwrap();
    let (source, options) = (Source::memory(sealed), trusting_nobody());
    let verifying = each(300, || drop(black_box(verify(&source, &options))));
    println!("a one-page OFD of {size:.0} KB: seal {sealing:.0} µs, verify {verifying:.0} µs");

    let folder = token.directory.path();
    let mut parts = sample();
    for n in 0..10 {
        parts.push((format!("Doc_0/Res/{n}.jpg"), vec![n; 5 << 20]));
    }
    let large = folder.join("large.ofd");
    std::fs::write(&large, stored(&parts)).unwrap();
    let whole = |path: &std::path::Path| {
        let start = Instant::now();
        let source = Source::file(std::fs::File::open(path).unwrap()).unwrap();
        let received = Received::read(source).unwrap();
        let sealed = seal(&signer, &received, (&structure, &leaf));
        let digest = sealed.digest().unwrap();
        let mut out = std::fs::File::create(folder.join("sealed.ofd")).unwrap();
        std::io::copy(&mut sealed.into_reader(), &mut out).unwrap();
        black_box(digest);
        start.elapsed().as_secs_f64() * 1e3
    };
    let hashing = |path: &std::path::Path| {
        let start = Instant::now();
        support::run(Command::new("openssl").args(["dgst", "-sm3"]).arg(path));
        start.elapsed().as_secs_f64() * 1e3
    };
    let best = |f: &dyn Fn(&std::path::Path) -> f64| {
        (0..5).map(|_| f(&large)).fold(f64::INFINITY, f64::min)
    };
    let (ours, theirs) = (best(&whole), best(&hashing));
    println!(
        "a 50 MB OFD of stored parts: {ours:.0} ms; openssl dgst -sm3 {theirs:.0} ms: {:.2} ×",
        ours / theirs
    );
}
