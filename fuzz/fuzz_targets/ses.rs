//! Seals, seal signatures and SignedData of GB/T 35275 of any bytes; and verification of them.
#![no_main]

use sealwright::{
    containers::{
        gbt35275::GmSignedData,
        ses::{Seal, SealSignature},
    },
    domain::Timestamp,
    formats::ofd::SignatureXml,
    verification::{Options, verify},
};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = Seal::from_der(data);
    if let Ok(signature) = SealSignature::from_der(data) {
        assert_eq!(Seal::from_der(&signature.seal.raw).as_ref(), Ok(&signature.seal));
    }
    let _ = GmSignedData::from_der(data);
    let _ = SignatureXml::read(data, "Signature.xml");
    for signature in [None, Some(data.to_vec())] {
        let at = Timestamp::from_seconds(1_800_000_000);
        let options = Options { signature, ..Options::trusting_nobody(at) };
        let _ = verify(&data, &options);
    }
});
