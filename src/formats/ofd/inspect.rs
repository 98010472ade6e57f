//! Finding the signatures of an OFD: facts, no judgement.

use std::collections::{BTreeSet, HashMap};

use super::{
    OfdError, Package, SignatureXml, path,
    signature_xml::Reference,
    xml::{self, attribute, child_text, children},
};
use crate::{crypto::DigestAlgorithm, domain::source::ReadAt};

/// The most signatures that are looked at.
const MOST_SIGNATURES: usize = 64;
/// The most documents in one package.
const MOST_DOCUMENTS: usize = 64;

/// What was found in a package.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// The signatures, in the order of their lists.
    pub signatures: Vec<FoundSignature>,
    /// What is ambiguous or hidden, in words.
    pub findings: Vec<String>,
    /// What is odd and misleads nobody, in words.
    pub notes: Vec<String>,
}

/// One signature of a list.
#[derive(Clone, Debug)]
pub struct FoundSignature {
    /// Its identifier in the list.
    pub id: String,
    /// Whether the list calls it a seal; else a plain signature.
    pub is_seal: bool,
    /// The path of its Signature.xml.
    pub path: String,
    /// The bytes of its Signature.xml.
    pub bytes: Vec<u8>,
    /// What it says.
    pub xml: SignatureXml,
    /// The path of its value.
    pub value_path: String,
    /// Its value.
    pub value: Vec<u8>,
    /// The path and content of the seal that stands beside it.
    pub seal_file: Option<(String, Vec<u8>)>,
    /// The parts that it protects, each with what became of it.
    pub parts: Vec<ProtectedPart>,
    /// The parts that it does not protect, beside what belongs to signatures.
    pub unprotected: Vec<String>,
    /// Whether other signatures came after it, which it does not protect.
    pub is_followed: bool,
}

/// A protected part, compared with what is there now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProtectedPart {
    /// Its path, as it is named.
    pub file: String,
    /// What became of it.
    pub state: PartState,
}

/// What became of a protected part.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PartState {
    /// It is what was signed.
    Unchanged,
    /// It is another than was signed.
    Changed,
    /// It is not there any more.
    Missing,
    /// Its digest was made in a way that is not accepted, or cannot be read.
    Unknown,
}

/// Finds every signature of a package.
///
/// # Errors
/// The package cannot be read without guessing; then nothing can be said of it.
pub fn inspect(source: &dyn ReadAt) -> Result<Inspection, OfdError> {
    find_signatures(source, Compare::Digests)
}

/// How far protected parts are looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Compare {
    /// Whether they are what was signed.
    Digests,
    /// Whether they are there; their state is unknown then.
    NamesOnly,
}

pub(super) fn find_signatures(
    source: &dyn ReadAt,
    compare: Compare,
) -> Result<Inspection, OfdError> {
    let package = Package::open(source)?;
    let root = package.find("OFD.xml").ok_or(OfdError::NotOfd)?;
    let bytes = package.read(&root)?;
    let document = xml::parse(xml::text(&bytes, &root)?, &root)?;
    let mut lists: Vec<String> = Vec::new();
    for body in children(document.root_element(), "DocBody").take(MOST_DOCUMENTS) {
        if let Some(location) = child_text(body, "Signatures") {
            let list = locate(&package, &root, &location)?;
            if !lists.contains(&list) {
                lists.push(list);
            }
        }
    }
    let mut listed = Vec::new();
    for list in &lists {
        listed.extend(read_list(&package, list)?);
    }
    if listed.len() > MOST_SIGNATURES {
        return Err(OfdError::Limit("over 64 signatures".to_owned()));
    }
    let mut own: Vec<BTreeSet<String>> = Vec::new();
    let mut digests = Digests { package: &package, known: HashMap::new(), compare };
    let mut signatures = Vec::new();
    for entry in listed {
        let (found, files) = read_signature(&package, &mut digests, entry)?;
        signatures.push(found);
        own.push(files);
    }
    let files: BTreeSet<String> = package.files().collect();
    for (index, signature) in signatures.iter_mut().enumerate() {
        let protected: BTreeSet<String> = signature
            .parts
            .iter()
            .filter_map(|part| resolve(&package, &signature.path, &part.file))
            .collect();
        let of_others = |file: &String| {
            own.iter().enumerate().any(|(i, files)| i != index && files.contains(file))
        };
        for file in files.difference(&protected) {
            let of_itself = own.get(index).is_some_and(|own| own.contains(file));
            if of_others(file) && !of_itself {
                signature.is_followed = true;
            } else if !of_itself && !lists.contains(file) {
                signature.unprotected.push(file.clone());
            }
        }
    }
    Ok(Inspection {
        signatures,
        findings: package.findings().to_vec(),
        notes: package.notes().to_vec(),
    })
}

/// The part that a location means, if it is there.
fn resolve(package: &Package<'_>, from: &str, location: &str) -> Option<String> {
    path::candidates(from, location).iter().find_map(|candidate| package.find(candidate))
}

/// The part that a location means.
pub(super) fn locate(
    package: &Package<'_>,
    from: &str,
    location: &str,
) -> Result<String, OfdError> {
    resolve(package, from, location)
        .ok_or_else(|| OfdError::Damaged(format!("{from} names {location:?}, which is not there")))
}

struct Listed {
    id: String,
    is_seal: bool,
    path: String,
}

fn read_list(package: &Package<'_>, list: &str) -> Result<Vec<Listed>, OfdError> {
    let bytes = package.read(list)?;
    let document = xml::parse(xml::text(&bytes, list)?, list)?;
    children(document.root_element(), "Signature")
        .take(MOST_SIGNATURES + 1)
        .map(|entry| {
            let location = attribute(entry, "BaseLoc").unwrap_or_default();
            Ok(Listed {
                id: attribute(entry, "ID").unwrap_or_default(),
                is_seal: attribute(entry, "Type").is_none_or(|kind| kind != "Sign"),
                path: locate(package, list, &location)?,
            })
        })
        .collect()
}

/// Digests of parts, each taken once however many signatures protect it.
struct Digests<'p, 'a> {
    package: &'p Package<'a>,
    known: HashMap<(String, DigestAlgorithm), Vec<u8>>,
    compare: Compare,
}

impl Digests<'_, '_> {
    fn of(&mut self, part: String, algorithm: DigestAlgorithm) -> Result<&[u8], OfdError> {
        let package = self.package;
        Ok(match self.known.entry((part, algorithm)) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(place) => {
                let digest = package.digest(&place.key().0, algorithm)?;
                place.insert(digest)
            }
        })
    }
}

fn read_signature(
    package: &Package<'_>,
    digests: &mut Digests<'_, '_>,
    listed: Listed,
) -> Result<(FoundSignature, BTreeSet<String>), OfdError> {
    let bytes = package.read(&listed.path)?;
    let xml = SignatureXml::read(&bytes, &listed.path)?;
    let value_path = match &xml.signed_value {
        Some(location) => locate(package, &listed.path, location)?,
        None => locate(package, &listed.path, "SignedValue.dat")?,
    };
    let value = package.read(&value_path)?;
    let mut own = BTreeSet::from([listed.path.clone(), value_path.clone()]);
    let seal_file = match &xml.seal {
        Some(location) => {
            let place = locate(package, &listed.path, location)?;
            own.insert(place.clone());
            let content = package.read(&place)?;
            Some((place, content))
        }
        None => None,
    };
    let algorithm = xml.digest_algorithm();
    let mut parts = Vec::new();
    for reference in &xml.references {
        let state = state(package, digests, &listed.path, reference, algorithm)?;
        parts.push(ProtectedPart { file: reference.file.clone(), state });
    }
    let found = FoundSignature {
        id: listed.id,
        is_seal: listed.is_seal,
        path: listed.path,
        bytes,
        xml,
        value_path,
        value,
        seal_file,
        parts,
        unprotected: Vec::new(),
        is_followed: false,
    };
    Ok((found, own))
}

fn state(
    package: &Package<'_>,
    digests: &mut Digests<'_, '_>,
    from: &str,
    reference: &Reference,
    algorithm: Option<DigestAlgorithm>,
) -> Result<PartState, OfdError> {
    let Some(part) = resolve(package, from, &reference.file) else {
        return Ok(PartState::Missing);
    };
    let (Some(algorithm), Some(signed), Compare::Digests) =
        (algorithm, &reference.digest, digests.compare)
    else {
        return Ok(PartState::Unknown);
    };
    // A content that cannot be inflated is not what was signed.
    match digests.of(part, algorithm) {
        Ok(digest) if digest == signed => Ok(PartState::Unchanged),
        Ok(_) | Err(OfdError::Damaged(_)) => Ok(PartState::Changed),
        Err(error) => Err(error),
    }
}
