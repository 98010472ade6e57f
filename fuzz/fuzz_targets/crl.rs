//! Any bytes as a revocation list.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = sealwright::pki::revocation::Crl::from_der(data);
});
