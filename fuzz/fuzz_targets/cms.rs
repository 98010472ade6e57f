//! Any bytes as a CMS SignedData.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = sealwright::containers::cms::SignedData::from_der(data);
});
