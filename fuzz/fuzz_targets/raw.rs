//! The raw reader: every object and stream of any bytes is read or refused, without a panic.
#![no_main]

use sealwright::formats::pdf::raw::{Document, ObjectId};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    for password in [None, Some("user")] {
        let Ok(mut document) = Document::open_with(&data, password) else { continue };
        for number in 0..1000 {
            let id = ObjectId { number, generation: 0 };
            if document.object(id).is_ok() {
                let _ = document.stream_data(id);
            }
        }
        let _ = document.findings(0, data.len() as u64);
    }
});
