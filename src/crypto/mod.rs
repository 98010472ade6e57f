//! Algorithms as values: schemes, digests, public-key verification, secrets.
//!
//! Nothing here does I/O, reads a clock or holds a private key of the service: private keys live
//! in a token (`devices`). What a certificate or a signature blob looks like is told by `pki` and
//! `containers`.

pub mod cipher;
pub mod digest;
pub mod encoding;
pub mod legacy;
pub mod random;
pub mod scheme;
pub mod secret;
pub mod sm2;
pub mod strength;
pub mod verify;

pub use digest::{DigestAlgorithm, Hasher};
pub use encoding::{SignatureEncodingError, der_to_rs, rs_to_der};
pub use legacy::{ForeignDigest, foreign_digest_named_by, verify_even_weak};
pub use scheme::Scheme;
pub use secret::Pin;
pub use strength::{KeyFamily, KeyStrength};
pub use verify::{VerifyError, digest_named_by, verify_digest, verify_message};
