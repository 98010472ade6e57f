//! Certificates, requests, revocation lists, paths and trust: bytes in, verdict out, at a given
//! time. Nothing here fetches, stores or signs; whoever wants a certificate signed gets the bytes
//! to be signed and hands back the signature.

pub mod algorithms;
pub mod ber;
pub mod bundle;
pub mod certificate;
pub mod crl;
pub mod effort;
pub mod extension;
pub mod issue;
pub mod ocsp;
pub mod path;
pub mod proofs;
pub mod request;
pub mod revocation;
pub mod timestamp;
pub mod tlv;
pub mod trust;
pub mod validation;

pub use certificate::{Certificate, CertificateError};
pub use trust::TrustStore;
