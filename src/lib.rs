//! Sealwright: an electronic seal and signature service whose private keys live in a hardware
//! security module.

pub mod config;
pub mod containers;
pub mod crypto;
pub mod devices;
pub mod formats;
pub mod domain;
pub mod pictures;
pub mod pki;
pub mod policy;
pub mod service;
pub mod store;
pub mod verification;
