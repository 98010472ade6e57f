//! Which roots are trusted, and the revocation lists at hand.

use super::{Certificate, revocation::Crl};

/// Roots and revocation lists given for a verification.
#[derive(Clone, Debug, Default)]
pub struct TrustStore {
    /// Trusted roots.
    pub roots: Vec<Certificate>,
    /// Revocation lists; each is believed only after its signature was checked.
    pub crls: Vec<Crl>,
}

impl TrustStore {
    /// Whether the very certificate is a trusted root.
    pub fn contains(&self, certificate: &Certificate) -> bool {
        self.roots.iter().any(|root| root.der() == certificate.der())
    }
}
