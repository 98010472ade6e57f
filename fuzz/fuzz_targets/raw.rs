//! The raw reader: every object and stream of any bytes is read or refused, without a panic.
#![no_main]

use sealwright::formats::pdf::raw::Document;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    for password in [None, Some("user")] {
        let Ok(mut document) = Document::open_with(&data, password) else { continue };
        for id in document.object_ids(1000).unwrap_or_default() {
            if document.object(id).is_ok() {
                let _ = document.stream_data(id);
            }
        }
    }
});
