//! SM2 cryptographic message syntax, GB/T 35275-2017 (GM/T 0010): the frame of PKCS #7 with
//! identifiers of its own. Two ways of signing are found in the field, with signed attributes and
//! without; both are read.

mod build;

pub use build::{Unsigned, begin, begin_file, size_hint};

use const_oid::ObjectIdentifier;

use super::cms::{CmsError, ID_MESSAGE_DIGEST, SignedData, SignerInfo};
use crate::{
    crypto::{DigestAlgorithm, VerifyError, verify_message},
    pki::{Certificate, tlv},
};

/// `data`, GB/T 35275 clause 6.
pub const ID_GM_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.156.10197.6.1.4.2.1");
/// `signedData`, GB/T 35275 clause 6.
pub const ID_GM_SIGNED_DATA: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.156.10197.6.1.4.2.2");

/// A `SignedData` of GB/T 35275 with its one signer.
#[derive(Clone, Debug)]
pub struct GmSignedData {
    /// The content, where it stands inside.
    pub content: Option<Vec<u8>>,
    /// The certificates that could be read.
    pub certificates: Vec<Certificate>,
    /// The signer.
    pub signer: SignerInfo,
}

/// Why bytes are not a `SignedData` that can be judged.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum GmError {
    /// The structure is wrong.
    #[error(transparent)]
    Structure(#[from] CmsError),
    /// Which of several signers is meant cannot be told.
    #[error("a signature has one signer, this has {0}")]
    Signers(usize),
}

impl GmSignedData {
    /// Reads a `ContentInfo` around a `SignedData`.
    ///
    /// # Errors
    /// See [`GmError`].
    pub fn from_der(der: &[u8]) -> Result<Self, GmError> {
        let data = SignedData::of_type(ID_GM_SIGNED_DATA, der)?;
        let count = data.signers.len();
        let [signer] =
            <[SignerInfo; 1]>::try_from(data.signers).map_err(|_| GmError::Signers(count))?;
        Ok(Self { content: data.content, certificates: data.certificates, signer })
    }

    /// The signer's certificate, if it stands inside.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.signer.certificate(&self.certificates)
    }

    /// Whether it was signed that `data` has the digest; both are given because makers differ: the
    /// content is the digest, or the data, or absent and the attributes hold the digest.
    pub fn is_over(&self, data: &[u8]) -> bool {
        let digest = DigestAlgorithm::Sm3.digest(data);
        self.is_over_digest(&digest) || (self.without_attributes() == Some(data))
    }

    /// The same for data of which only SM3 is at hand.
    pub fn is_over_digest(&self, digest: &[u8]) -> bool {
        match &self.signer.signed_attributes {
            Some(_) => {
                let stated = self.signer.attribute(ID_MESSAGE_DIGEST);
                let inside = self.content.as_deref();
                // A content of its own beside the attributes must say the same.
                stated == Some(tlv::tlv(tlv::OCTET_STRING, digest))
                    && inside.is_none_or(|content| {
                        content == digest || DigestAlgorithm::Sm3.digest(content) == digest
                    })
            }
            None => self.content.as_deref() == Some(digest),
        }
    }

    fn without_attributes(&self) -> Option<&[u8]> {
        self.content.as_deref().filter(|_| self.signer.signed_attributes.is_none())
    }

    /// Whether the signature value fits the certificate and what was signed: the attributes where
    /// there are any, else the content. `None` where neither stands inside.
    pub fn verify(&self, certificate: &Certificate) -> Option<Result<(), VerifyError>> {
        let signed = self.signer.signed_attributes.as_deref().or(self.content.as_deref())?;
        Some(verify_message(
            &certificate.spki_der(),
            self.signer.signature_algorithm,
            DigestAlgorithm::from_oid(self.signer.digest_algorithm),
            signed,
            &self.signer.signature,
        ))
    }
}
