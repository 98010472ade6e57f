//! Reading a `SignedData` of any maker, keeping the bytes that were signed.

use const_oid::ObjectIdentifier;

use super::{ID_SIGNED_DATA, ID_SIGNING_CERTIFICATE, ID_SIGNING_CERTIFICATE_V2};
use crate::{
    crypto::DigestAlgorithm,
    pki::{
        Certificate,
        tlv::{self, Reader, TlvError},
    },
};

/// Why bytes are not a `SignedData` that can be judged.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CmsError {
    /// The structure is not what RFC 5652 says.
    #[error("not a CMS SignedData: {0}")]
    Structure(#[from] TlvError),
    /// It is CMS of another kind.
    #[error("the CMS content is not SignedData")]
    OtherContent,
    /// An object identifier is malformed.
    #[error("an object identifier is malformed")]
    Oid,
}

/// A `SignedData`.
#[derive(Clone, Debug)]
pub struct SignedData {
    /// The version as it stands; nothing when it is more than a byte.
    pub version: Option<u8>,
    /// The digest algorithms that are announced.
    pub digest_algorithms: Vec<ObjectIdentifier>,
    /// The type of the content.
    pub content_type: ObjectIdentifier,
    /// The content, where it stands inside.
    pub content: Option<Vec<u8>>,
    /// The certificates that could be read.
    pub certificates: Vec<Certificate>,
    /// The signers.
    pub signers: Vec<SignerInfo>,
}

/// How a signer is named.
#[derive(Clone, Debug, PartialEq)]
pub enum SignerIdentifier {
    /// Issuer (DER) and serial number (without leading zeros).
    IssuerAndSerial(Vec<u8>, Vec<u8>),
    /// Subject key identifier.
    KeyIdentifier(Vec<u8>),
}

/// One signer.
#[derive(Clone, Debug)]
pub struct SignerInfo {
    /// The version as it stands; nothing when it is more than a byte.
    pub version: Option<u8>,
    /// Which certificate.
    pub identifier: SignerIdentifier,
    /// The digest algorithm.
    pub digest_algorithm: ObjectIdentifier,
    /// The signed attributes as the `SET` that was signed; none where the content itself was.
    pub signed_attributes: Option<Vec<u8>>,
    /// The signature algorithm.
    pub signature_algorithm: ObjectIdentifier,
    /// The signature value.
    pub signature: Vec<u8>,
    /// The unsigned attributes as a `SET`.
    pub unsigned_attributes: Option<Vec<u8>>,
}

impl SignedData {
    /// Reads a `ContentInfo` around a `SignedData`.
    ///
    /// # Errors
    /// See [`CmsError`].
    pub fn from_der(der: &[u8]) -> Result<Self, CmsError> {
        Self::of_type(ID_SIGNED_DATA, der)
    }

    /// As [`SignedData::from_der`], where the structure goes by another identifier.
    pub(crate) fn of_type(kind: ObjectIdentifier, der: &[u8]) -> Result<Self, CmsError> {
        let mut info = Reader::new(tlv::only(der, tlv::SEQUENCE)?.content);
        if read_oid(info.expect(tlv::OID)?.content)? != kind {
            return Err(CmsError::OtherContent);
        }
        let explicit = info.expect(0xa0)?;
        let mut data = Reader::new(tlv::only(explicit.content, tlv::SEQUENCE)?.content);
        let version = version(data.expect(tlv::INTEGER)?.content);
        let mut announced = Reader::new(data.expect(tlv::SET)?.content);
        let mut digest_algorithms = Vec::new();
        while announced.peek().is_some() {
            digest_algorithms.push(algorithm(&mut announced)?);
        }
        let mut encapsulated = Reader::new(data.expect(tlv::SEQUENCE)?.content);
        let content_type = read_oid(encapsulated.expect(tlv::OID)?.content)?;
        let content = match encapsulated.optional(0xa0)? {
            Some(content) => Some(tlv::only(content.content, tlv::OCTET_STRING)?.content.to_vec()),
            None => None,
        };
        let mut certificates = Vec::new();
        if let Some(set) = data.optional(0xa0)? {
            let mut set = Reader::new(set.content);
            while set.peek().is_some() {
                // A certificate of another kind, or a malformed one, is simply not there.
                certificates.extend(Certificate::from_der(set.read()?.raw));
            }
        }
        data.optional(0xa1)?;
        let mut infos = Reader::new(data.expect(tlv::SET)?.content);
        let mut signers = Vec::new();
        while infos.peek().is_some() {
            signers.push(read_signer(infos.expect(tlv::SEQUENCE)?.content)?);
        }
        Ok(Self { version, digest_algorithms, content_type, content, certificates, signers })
    }
}

fn read_signer(content: &[u8]) -> Result<SignerInfo, CmsError> {
    let mut info = Reader::new(content);
    let version = version(info.expect(tlv::INTEGER)?.content);
    let identifier = match info.optional(0x80)? {
        Some(key) => SignerIdentifier::KeyIdentifier(key.content.to_vec()),
        None => {
            let mut pair = Reader::new(info.expect(tlv::SEQUENCE)?.content);
            let issuer = pair.expect(tlv::SEQUENCE)?.raw.to_vec();
            let serial = pair.expect(tlv::INTEGER)?.content;
            let plain = serial.strip_prefix(&[0]).filter(|rest| !rest.is_empty());
            SignerIdentifier::IssuerAndSerial(issuer, plain.unwrap_or(serial).to_vec())
        }
    };
    let digest_algorithm = algorithm(&mut info)?;
    let signed_attributes =
        info.optional(0xa0)?.map(|attributes| tlv::tlv(tlv::SET, attributes.content));
    let signature_algorithm = algorithm(&mut info)?;
    let signature = info.expect(tlv::OCTET_STRING)?.content.to_vec();
    let unsigned_attributes =
        info.optional(0xa1)?.map(|attributes| tlv::tlv(tlv::SET, attributes.content));
    Ok(SignerInfo {
        version,
        identifier,
        digest_algorithm,
        signed_attributes,
        signature_algorithm,
        signature,
        unsigned_attributes,
    })
}

fn version(content: &[u8]) -> Option<u8> {
    match content {
        [version] => Some(*version),
        _ => None,
    }
}

fn algorithm(reader: &mut Reader<'_>) -> Result<ObjectIdentifier, CmsError> {
    let mut algorithm = Reader::new(reader.expect(tlv::SEQUENCE)?.content);
    read_oid(algorithm.expect(tlv::OID)?.content)
}

fn read_oid(content: &[u8]) -> Result<ObjectIdentifier, CmsError> {
    ObjectIdentifier::from_bytes(content).map_err(|_| CmsError::Oid)
}

/// The only value of an attribute in a `SET` of them.
fn only_value(attributes: &[u8], kind: ObjectIdentifier) -> Option<Vec<u8>> {
    let set = tlv::only(attributes, tlv::SET).ok()?;
    let mut rest = Reader::new(set.content);
    let mut found = None;
    while rest.peek().is_some() {
        let mut attribute = Reader::new(rest.expect(tlv::SEQUENCE).ok()?.content);
        if read_oid(attribute.expect(tlv::OID).ok()?.content).ok()? != kind {
            continue;
        }
        let mut values = Reader::new(attribute.expect(tlv::SET).ok()?.content);
        let value = values.read().ok()?;
        if found.is_some() || values.peek().is_some() {
            return None;
        }
        found = Some(value.raw.to_vec());
    }
    found
}

impl SignerInfo {
    /// The content of the only value of a signed attribute. An attribute that is there twice, or
    /// has several values, counts as not there.
    pub fn attribute(&self, kind: ObjectIdentifier) -> Option<Vec<u8>> {
        only_value(self.signed_attributes.as_deref()?, kind)
    }

    /// As [`SignerInfo::attribute`], of an unsigned attribute.
    pub fn unsigned_attribute(&self, kind: ObjectIdentifier) -> Option<Vec<u8>> {
        only_value(self.unsigned_attributes.as_deref()?, kind)
    }

    /// The signer's certificate among others.
    pub fn certificate<'a>(&self, all: &'a [Certificate]) -> Option<&'a Certificate> {
        all.iter().find(|certificate| match &self.identifier {
            SignerIdentifier::IssuerAndSerial(issuer, serial) => {
                certificate.issuer_der() == *issuer && certificate.serial() == serial
            }
            SignerIdentifier::KeyIdentifier(identifier) => {
                certificate.key_identifier().as_ref() == Some(identifier)
            }
        })
    }

    /// Whether the signing-certificate-v2 attribute names this certificate: `None` where there is
    /// no such attribute or its digest algorithm is unknown.
    pub fn names_certificate(&self, certificate: &Certificate) -> Option<bool> {
        let Some(value) = self.attribute(ID_SIGNING_CERTIFICATE_V2) else {
            return self.names_certificate_by_sha1(certificate);
        };
        let outer = tlv::only(&value, tlv::SEQUENCE).ok()?;
        let list = Reader::new(outer.content).expect(tlv::SEQUENCE).ok()?;
        let mut id = Reader::new(Reader::new(list.content).expect(tlv::SEQUENCE).ok()?.content);
        let digest = match id.optional(tlv::SEQUENCE).ok()? {
            None => DigestAlgorithm::Sha256,
            Some(algorithm) => {
                let oid = Reader::new(algorithm.content).expect(tlv::OID).ok()?;
                DigestAlgorithm::from_oid(read_oid(oid.content).ok()?)?
            }
        };
        let hash = id.expect(tlv::OCTET_STRING).ok()?;
        Some(digest.digest(certificate.der()) == hash.content)
    }

    /// The same by the older signing-certificate attribute.
    fn names_certificate_by_sha1(&self, certificate: &Certificate) -> Option<bool> {
        let value = self.attribute(ID_SIGNING_CERTIFICATE)?;
        let outer = tlv::only(&value, tlv::SEQUENCE).ok()?;
        let list = Reader::new(outer.content).expect(tlv::SEQUENCE).ok()?;
        let mut id = Reader::new(Reader::new(list.content).expect(tlv::SEQUENCE).ok()?.content);
        let hash = id.expect(tlv::OCTET_STRING).ok()?;
        Some(crate::crypto::digest::sha1(certificate.der()) == hash.content)
    }
}
