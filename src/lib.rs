//! Sealwright: an electronic seal and signature service whose private keys live in a hardware
//! security module.

pub mod crypto;
pub mod devices;
pub mod domain;
pub mod pki;
