//! Signature.xml (GB/T 33190 §18.2): what a signature protects, where it shows, and where its seal
//! and value are. Elements are found by name in any order, as makers differ.

use base64ct::{Base64, Encoding};
use roxmltree::Node;

use super::{
    OfdError,
    xml::{self, attribute, child, child_text, children},
};
use crate::crypto::DigestAlgorithm;

/// The most parts that one signature protects.
const MOST_REFERENCES: usize = 20_000;
/// The most stamps of one signature.
const MOST_STAMPS: usize = 2_000;

/// A protected part.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reference {
    /// The part as it is named.
    pub file: String,
    /// Its digest; none where it cannot be read.
    pub digest: Option<Vec<u8>>,
}

/// A place where the signature shows itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StampAnnot {
    /// Its identifier.
    pub id: String,
    /// The identifier of the page.
    pub page: String,
    /// `x y w h`, millimetres from the page's upper left corner.
    pub boundary: String,
    /// The part of the picture that is shown, in the boundary's own coordinates.
    pub clip: Option<String>,
}

/// What a Signature.xml says.
#[derive(Clone, Debug, Default)]
pub struct SignatureXml {
    /// Who made it, as far as it says.
    pub provider: String,
    /// The signature method, as it stands.
    pub method: String,
    /// When it was signed, as it stands.
    pub time: Option<String>,
    /// The digest method, as it stands; none is MD5 by the standard.
    pub check_method: Option<String>,
    /// The protected parts.
    pub references: Vec<Reference>,
    /// Where it shows.
    pub stamps: Vec<StampAnnot>,
    /// The location of the seal, if one stands beside the signature.
    pub seal: Option<String>,
    /// The location of the signature value.
    pub signed_value: Option<String>,
}

impl SignatureXml {
    /// Reads the part `name`.
    ///
    /// # Errors
    /// It is not XML within the limits, or no signature.
    pub fn read(bytes: &[u8], name: &str) -> Result<Self, OfdError> {
        let document = xml::parse(xml::text(bytes, name)?, name)?;
        let root = document.root_element();
        let damaged = |what: &str| OfdError::Damaged(format!("{name} {what}"));
        if root.tag_name().name() != "Signature" || !xml::is_ofd(root) {
            return Err(damaged("is not a signature"));
        }
        let info = child(root, "SignedInfo")?.ok_or_else(|| damaged("has no SignedInfo"))?;
        let signed_value = match child_text(root, "SignedValue")? {
            Some(location) => Some(location),
            None => child_text(info, "SignedValue")?,
        };
        let seal = child(info, "Seal")?;
        let mut read = Self {
            provider: child(info, "Provider")?.map(provider).transpose()?.unwrap_or_default(),
            method: child_text(info, "SignatureMethod")?.unwrap_or_default(),
            time: child_text(info, "SignatureDateTime")?,
            seal: seal.map(|seal| child_text(seal, "BaseLoc")).transpose()?.flatten(),
            signed_value,
            ..Self::default()
        };
        for stamp in children(info, "StampAnnot")?.into_iter().take(MOST_STAMPS + 1) {
            read.stamps.push(StampAnnot {
                id: attribute(stamp, "ID")?.unwrap_or_default(),
                page: attribute(stamp, "PageRef")?.unwrap_or_default(),
                boundary: attribute(stamp, "Boundary")?.unwrap_or_default(),
                clip: attribute(stamp, "Clip")?,
            });
        }
        if let Some(list) = child(info, "References")? {
            read.check_method = attribute(list, "CheckMethod")?;
            for reference in children(list, "Reference")?.into_iter().take(MOST_REFERENCES + 1) {
                let digest = child_text(reference, "CheckValue")?.and_then(|text| base64(&text));
                let file = attribute(reference, "FileRef")?.unwrap_or_default();
                read.references.push(Reference { file, digest });
            }
        }
        if read.references.len() > MOST_REFERENCES || read.stamps.len() > MOST_STAMPS {
            return Err(OfdError::Limit(format!("{name} has too many entries")));
        }
        Ok(read)
    }

    /// The digest algorithm of the references; `None` for one that is not accepted, MD5 among them.
    pub fn digest_algorithm(&self) -> Option<DigestAlgorithm> {
        let method = self.check_method.as_deref()?.trim();
        match method.to_ascii_uppercase().as_str() {
            // The second is what an older library writes; it means plain SM3 there.
            "SM3" | "1.2.156.10197.1.401.2" => Some(DigestAlgorithm::Sm3),
            "SHA256" | "SHA-256" => Some(DigestAlgorithm::Sha256),
            dotted => {
                const_oid::ObjectIdentifier::new(dotted).ok().and_then(DigestAlgorithm::from_oid)
            }
        }
    }
}

/// Base64, perhaps broken into lines.
fn base64(text: &str) -> Option<Vec<u8>> {
    let plain: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    Base64::decode_vec(&plain).ok()
}

/// The maker's name and version; one maker writes them as elements.
fn provider(node: Node<'_, '_>) -> Result<String, OfdError> {
    let mut all = Vec::new();
    for name in ["ProviderName", "Version", "Company"] {
        let part = match attribute(node, name)? {
            Some(part) => Some(part),
            None => child_text(node, name)?,
        };
        all.extend(part);
    }
    Ok(all.join(" "))
}
