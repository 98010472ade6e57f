//! Any bytes as a certificate, alone or among others.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = sealwright::pki::Certificate::from_der(data);
    let _ = sealwright::pki::bundle::of_bytes(data);
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = sealwright::pki::Certificate::from_pem(text);
        let _ = sealwright::pki::bundle::certificates(text);
    }
});
