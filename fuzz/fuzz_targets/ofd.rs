//! A sealed package with one part replaced by any bytes, and any bytes as a package: verified, and
//! prepared for another seal, without a panic.
#![no_main]

#[path = "../../tests/support/archive.rs"]
mod archive;

use std::sync::LazyLock;

use sealwright::{
    domain::{
        Timestamp,
        placement::{AcrossPages, Pages, Placement},
        source::{Received, Source},
    },
    formats::ofd::{self, Package, SealingRequest},
    verification::{Options, verify},
};

static PARTS: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let sealed = include_bytes!("../../test-vectors/sealed/licence.ofd").as_slice();
    let package = Package::open(&sealed).unwrap();
    package.files().map(|name| (name.clone(), package.read(&name).unwrap())).collect()
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = data.split_first() else { return };
    let mut parts = PARTS.clone();
    let bytes = match parts.get_mut(usize::from(*choice)) {
        Some(part) => {
            part.1 = rest.to_vec();
            archive::stored(&parts)
        }
        None => rest.to_vec(),
    };
    let options = Options::trusting_nobody(Timestamp::from_seconds(1_800_000_000));
    let _ = verify(&bytes.as_slice(), &options);
    let keyword = Placement { keyword: Some("登记".to_owned()), ..Placement::default() };
    let all = Pages::all();
    for placement in [Placement::at(1, 60.0, 60.0), keyword] {
        let across = AcrossPages::default();
        let request = SealingRequest {
            target: &placement.target().unwrap(),
            across: (choice % 2 == 0).then_some((&across, &all)),
            size_mm: (40.0, 40.0),
            seal: Some(b"a seal"),
            is_final: choice % 3 == 0,
            signing_time: Timestamp::from_seconds(1_800_000_000),
        };
        let received = Received::read(Source::memory(bytes.clone())).unwrap();
        if let Ok(prepared) = ofd::prepare(&received, &request) {
            // What can be prepared can be finished.
            prepared.embed(b"0\x03\x02\x01\x01").unwrap();
        }
    }
});
