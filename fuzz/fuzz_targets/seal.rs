//! Sealing any bytes ends with a clear error or with a document that begins with them; without a
//! panic, in bounded memory.
#![no_main]

use sealwright::{
    crypto::DigestAlgorithm,
    domain::{
        Timestamp,
        placement::{AcrossPages, LaterField, Pages, Placement, Target},
        source::{Received, Source},
    },
    formats::pdf::{self, Appearance, SealingRequest},
};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((choice, document)) = data.split_first() else { return };
    let appearance = Appearance::new(1, 1, &[200, 0, 0, 255], (10.0, 10.0)).unwrap();
    let on_page = Placement::at(1, 20.0, 20.0).target().unwrap();
    let target = match choice % 4 {
        0 => on_page,
        1 => Target::Invisible,
        2 => Target::Field("Second".to_owned(), true),
        _ => Placement { pages: Some("all".into()), page: None, ..Placement::at(1, 20.0, 20.0) }
            .target()
            .unwrap(),
    };
    let across = AcrossPages::default();
    let all = Pages::all();
    let later = [LaterField {
        name: "Later".to_owned(),
        page: 1,
        x_mm: 30.0,
        y_mm: 30.0,
        from: Default::default(),
        width_mm: 10.0,
        height_mm: 10.0,
    }];
    let request = SealingRequest {
        sub_filter: "ETSI.CAdES.detached",
        target: &target,
        across: (choice & 4 != 0).then_some((&across, &all)),
        caption: None,
        certify: None,
        later_fields: if choice & 8 != 0 { &later } else { &[] },
        password: (choice & 16 != 0).then_some("user"),
        appearance: &appearance,
        name: "示例",
        reason: Some("fuzz"),
        signing_time: Timestamp::from_seconds(1_780_000_000),
        unique: "FUZZ",
        seed: [7; 32],
        room: 64,
        digest: DigestAlgorithm::Sha256,
    };
    let received = Received::read(Source::memory(document.to_vec())).unwrap();
    if let Ok(prepared) = pdf::prepare(&received, &request) {
        // A document that could be prepared reads back.
        prepared.embed(&[0x30, 0x02, 0x05, 0x00]).expect("what was prepared reads back");
    }
});
