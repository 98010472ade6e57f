//! Any bytes as an uploaded picture.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = sealwright::pictures::read_png(data);
});
