//! Sealwright 电子印章与电子签名服务: electronic seals and signatures whose private keys live in a
//! hardware security module.
//!
//! The map of the house. A request enters at [`http`], which only translates. It becomes one verb
//! in [`service`], told top to bottom. The verb asks [`policy`] for a permit, [`formats`] for a
//! document with a hole, [`containers`] for the bytes to be signed, writes its intent through
//! [`store`], lets a device of [`devices`] sign, checks the signature, fills the hole, writes the
//! outcome and hands back a receipt. [`verification`] judges documents of any origin. Nouns and
//! their laws are in [`domain`]; certificates in [`pki`]; algorithms in [`crypto`]. [`app`] puts
//! everything together, [`jobs`] runs by the clock, [`cli`] is the command line.
//!
//! Start reading at `docs/signing-cycle.md` and `service/documents/signing_cycle.rs`.

// What comes from outside must never end the process; tests may.
#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used
)]

pub mod app;
pub mod cli;
pub mod clients;
pub mod config;
pub mod containers;
pub mod crypto;
pub mod devices;
pub mod domain;
pub mod drawing;
pub mod formats;
pub mod http;
pub mod jobs;
pub mod pictures;
pub mod pki;
pub mod policy;
pub mod reports;
pub mod service;
pub mod store;
pub mod verification;
