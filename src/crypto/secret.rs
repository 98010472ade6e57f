//! Values that must not be printed, logged or left in memory.

use secrecy::{ExposeSecret, SecretString};

/// A token PIN. `Debug` shows nothing and the memory is wiped on drop.
#[derive(Clone)]
pub struct Pin(SecretString);

impl Pin {
    /// Takes over the text of a PIN.
    pub fn new(text: String) -> Self {
        Self(SecretString::from(text))
    }

    /// The PIN itself, for the one call that logs in.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// A digest by which a changed PIN is told from the same PIN, without keeping the PIN.
    pub fn digest(&self) -> [u8; 32] {
        super::digest::sha256(self.0.expose_secret().as_bytes())
    }
}

impl std::fmt::Debug for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pin(…)")
    }
}
