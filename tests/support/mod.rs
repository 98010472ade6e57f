//! What tests share: private tokens, databases, a running service, other people's verifiers.
#![expect(clippy::allow_attributes, reason = "see next line")]
#![allow(dead_code, reason = "each test file uses another part")]

pub mod token;
