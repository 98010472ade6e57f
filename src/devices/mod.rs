//! Who computes the raw signature. A digest goes down, a signature comes up, nothing else.

pub mod error;
pub mod pkcs11;

pub use error::DeviceError;
pub use pkcs11::Token;
