//! Any bytes as what OCSP responders are asked and answer.
#![no_main]

use sealwright::pki::{ocsp::OcspQuestion, revocation::OcspResponse};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Some(response) = OcspResponse::from_der(data) {
        let _ = response.to_der();
    }
    let _ = OcspQuestion::from_der(data);
});
