//! Verification of any bytes as a document ends, without a panic.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let at = sealwright::domain::Timestamp::from_seconds(1_780_000_000);
    let options = sealwright::verification::Options::trusting_nobody(at);
    let _ = sealwright::verification::verify(&data, &options);
});
