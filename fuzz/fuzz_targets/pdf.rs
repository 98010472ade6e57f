//! Verification of any bytes as a document ends, without a panic.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let options = sealwright::verification::Options {
        file: None,
        signature: None,
        trust: sealwright::pki::TrustStore::default(),
        maker_trust: sealwright::pki::TrustStore::default(),
        tsa_trust: sealwright::pki::TrustStore::default(),
        at: sealwright::domain::Timestamp::from_seconds(1_780_000_000),
    };
    let _ = sealwright::verification::verify(&data, &options);
});
