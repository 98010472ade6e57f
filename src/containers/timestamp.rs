//! Timestamp tokens (RFC 3161 §2.4.2): a `SignedData` around a `TSTInfo`. Whether the authority is
//! trusted is told by the chain, which is not judged here.

use const_oid::ObjectIdentifier;

use crate::{
    containers::cms::{
        self, CmsError, ID_CONTENT_TYPE, ID_MESSAGE_DIGEST, SignedData, SignerIdentifier, Unsigned,
    },
    crypto::{DigestAlgorithm, ForeignDigest, Scheme, VerifyError, verify_message},
    pki::{
        Certificate,
        algorithms::Strength,
        timestamp::{ID_TIME_STAMPING, ID_TST_INFO, TimestampInfo},
        tlv,
    },
};

/// Why bytes are not a good token.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TokenError {
    /// It is no CMS.
    #[error("the timestamp token: {0}")]
    Cms(#[from] CmsError),
    /// It is CMS, but no token.
    #[error("the timestamp token {0}")]
    Structure(&'static str),
    /// Its signature is wrong.
    #[error("the signature of the timestamp token: {0}")]
    Signature(#[from] VerifyError),
}

/// A token whose signature fits its certificate.
#[derive(Clone, Debug)]
pub struct TimestampToken {
    /// The token as it was given.
    pub der: Vec<u8>,
    /// What it says.
    pub info: TimestampInfo,
    /// The algorithm of its signature.
    pub signature_algorithm: ObjectIdentifier,
    /// The digest that was signed.
    pub digest_algorithm: DigestAlgorithm,
    /// The authority's certificate.
    pub certificate: Certificate,
    /// The certificates that came with it.
    pub others: Vec<Certificate>,
}

/// Begins a token; the certificates stand in it where they are `wanted`.
pub fn begin(
    info: &TimestampInfo,
    chain: &[Certificate],
    scheme: Scheme,
    wanted: bool,
) -> Option<Unsigned> {
    cms::begin_around((ID_TST_INFO, info.to_der()), chain, scheme, wanted)
}

/// The size of a token at most, bytes.
pub fn size_hint(chain: &[Certificate]) -> usize {
    // The info with the longest digest, policy and nonce takes under 300 bytes.
    cms::size_hint(chain) + 300
}

impl TimestampToken {
    /// Reads a token and checks its signature by the certificate that it holds.
    ///
    /// # Errors
    /// See [`TokenError`].
    pub fn from_der(der: &[u8]) -> Result<Self, TokenError> {
        use TokenError::Structure;
        let cms = SignedData::from_der(der)?;
        let content = cms.content.as_deref().filter(|_| cms.content_type == ID_TST_INFO);
        let content = content.ok_or(Structure("does not hold what a token holds"))?;
        let info = TimestampInfo::from_der(content)
            .ok_or(Structure("is malformed, or its digest algorithm is not accepted"))?;
        let [signer] = cms.signers.as_slice() else {
            return Err(Structure("does not have exactly one signer"));
        };
        let certificate = signer
            .certificate(&cms.certificates)
            .ok_or(Structure("does not hold its certificate"))?;
        // RFC 5652 §5.1 and §5.3: nothing may stand there that is not signed and could be changed.
        let named_by_issuer = matches!(signer.identifier, SignerIdentifier::IssuerAndSerial(..));
        if cms.version != Some(3)
            || signer.version != Some(if named_by_issuer { 1 } else { 3 })
            || cms.digest_algorithms != [signer.digest_algorithm]
        {
            return Err(Structure("has other versions or algorithms than a token has"));
        }
        if signer.names_certificate(certificate) != Some(true) {
            return Err(Structure("does not name its certificate"));
        }
        let algorithm = DigestAlgorithm::from_oid(signer.digest_algorithm)
            .ok_or(Structure("uses a digest algorithm that is not accepted"))?;
        let signed = tlv::tlv(tlv::OCTET_STRING, &algorithm.digest(content));
        let attributes = signer.signed_attributes.as_deref();
        let attributes = attributes.ok_or(Structure("has no signed attributes"))?;
        if signer.attribute(ID_MESSAGE_DIGEST) != Some(signed)
            || signer.attribute(ID_CONTENT_TYPE) != Some(tlv::oid(ID_TST_INFO))
        {
            return Err(Structure("says something else than was signed"));
        }
        verify_message(
            &certificate.spki_der(),
            signer.signature_algorithm,
            Some(algorithm),
            attributes,
            &signer.signature,
        )?;
        // RFC 3161 §2.3: for this purpose and no other.
        if certificate.extended_key_usage().as_deref() != Some(&[ID_TIME_STAMPING]) {
            return Err(Structure("is signed by a key that is not for timestamps alone"));
        }
        let certificate = certificate.clone();
        let (signature_algorithm, digest_algorithm) = (signer.signature_algorithm, algorithm);
        let (der, others) = (der.to_vec(), cms.certificates);
        Ok(Self { der, info, signature_algorithm, digest_algorithm, certificate, others })
    }

    /// What its signature was made with.
    pub fn strength(&self) -> Strength {
        let digest = Some(ForeignDigest::Accepted(self.digest_algorithm));
        Strength::of_signature(self.signature_algorithm, digest, &self.certificate)
    }

    /// Whether it is a token for these bytes.
    pub fn stamps(&self, data: &[u8]) -> bool {
        self.info.algorithm.digest(data) == self.info.imprint
    }
}
