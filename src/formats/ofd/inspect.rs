//! Finding the signatures of an OFD: facts, no judgement.

use std::collections::{BTreeSet, HashMap};

use super::{
    OfdError, Package, SignatureXml,
    list::{self, Listed, MOST_SIGNATURES},
    path,
    signature_xml::Reference,
    xml::{self, child_text, children},
};
use crate::{crypto::DigestAlgorithm, domain::source::ReadAt};

/// The largest Signature.xml, bytes.
const LARGEST_XML: u64 = 4 << 20;
/// The largest signature value and the largest seal, bytes.
const LARGEST_VALUE: u64 = 4 << 20;
/// All of them together, bytes.
const MOST_BYTES: u64 = 32 << 20;
/// All that is digested, bytes, counted anew for each algorithm.
const MOST_DIGESTED: u64 = 2 << 30;
/// The most documents in one package.
const MOST_DOCUMENTS: usize = 64;

/// What was found in a package.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// The signatures, in the order of their lists.
    pub signatures: Vec<FoundSignature>,
    /// The path of every file.
    pub files: Vec<String>,
    /// The lists of signatures.
    pub lists: BTreeSet<String>,
    /// What looks like a signature and stands in no list.
    pub unlisted: Vec<String>,
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
    /// The paths of those that are there.
    pub protected: BTreeSet<String>,
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
    let bodies = children(document.root_element(), "DocBody")?;
    if bodies.len() > MOST_DOCUMENTS {
        return Err(OfdError::Limit(format!("over {MOST_DOCUMENTS} documents")));
    }
    let mut lists = BTreeSet::new();
    let mut listed = Vec::new();
    for body in bodies {
        let Some(location) = child_text(body, "Signatures")? else { continue };
        let path = locate(&package, &root, &location)?;
        if lists.insert(path.clone()) {
            let bytes = list::read_bytes(&package, &path)?;
            let document = xml::parse(xml::text(&bytes, &path)?, &path)?;
            listed.extend(list::read(&package, &path, document.root_element())?);
        }
    }
    if listed.len() > MOST_SIGNATURES {
        return Err(OfdError::Limit("over 64 signatures".to_owned()));
    }
    let mut work = Work {
        package: &package,
        known: HashMap::new(),
        compare,
        bytes: MOST_BYTES,
        digested: MOST_DIGESTED,
    };
    let mut signatures: Vec<FoundSignature> = Vec::new();
    for entry in listed {
        if signatures.iter().any(|other| other.path == entry.path) {
            return Err(OfdError::Damaged(format!("{} is listed twice", entry.path)));
        }
        signatures.push(work.read_signature(entry)?);
    }
    let known: BTreeSet<&str> = signatures.iter().map(|found| found.path.as_str()).collect();
    let mut unlisted = Vec::new();
    for file in package.files().filter(|file| !known.contains(file.as_str())) {
        if work.is_signature(&file)? {
            unlisted.push(file);
        }
    }
    Ok(Inspection {
        signatures,
        files: package.files().collect(),
        lists,
        unlisted,
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

/// Reading signatures, with what is left of the work that a package may ask for.
struct Work<'p, 'a> {
    package: &'p Package<'a>,
    /// Digests of parts, each taken once however many signatures protect it.
    known: HashMap<(String, DigestAlgorithm), Vec<u8>>,
    compare: Compare,
    bytes: u64,
    digested: u64,
}

impl Work<'_, '_> {
    fn read(&mut self, name: &str, most: u64) -> Result<Vec<u8>, OfdError> {
        let bytes = self.package.read_up_to(name, most)?;
        let left = self.bytes.checked_sub(bytes.len() as u64);
        self.bytes = left
            .ok_or_else(|| OfdError::Limit("the signatures are too large together".to_owned()))?;
        Ok(bytes)
    }

    fn digest(&mut self, part: String, algorithm: DigestAlgorithm) -> Result<&[u8], OfdError> {
        let (package, left) = (self.package, &mut self.digested);
        Ok(match self.known.entry((part, algorithm)) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(place) => {
                let name = &place.key().0;
                *left = left.checked_sub(package.size(name)).ok_or_else(|| {
                    OfdError::Limit("the parts are too large to be digested".to_owned())
                })?;
                let digest = package.digest(name, algorithm)?;
                place.insert(digest)
            }
        })
    }

    fn read_signature(&mut self, listed: Listed) -> Result<FoundSignature, OfdError> {
        let package = self.package;
        let bytes = self.read(&listed.path, LARGEST_XML)?;
        let xml = SignatureXml::read(&bytes, &listed.path)?;
        let location = xml.signed_value.as_deref().unwrap_or("SignedValue.dat");
        let value_path = locate(package, &listed.path, location)?;
        let value = self.read(&value_path, LARGEST_VALUE)?;
        let seal_file = match &xml.seal {
            Some(location) => {
                let place = locate(package, &listed.path, location)?;
                let content = self.read(&place, LARGEST_VALUE)?;
                Some((place, content))
            }
            None => None,
        };
        let algorithm = xml.digest_algorithm();
        let (mut parts, mut protected) = (Vec::new(), BTreeSet::new());
        for reference in &xml.references {
            let state = state(self, &listed.path, reference, algorithm)?;
            parts.push(ProtectedPart { file: reference.file.clone(), state });
            protected.extend(resolve(package, &listed.path, &reference.file));
        }
        Ok(FoundSignature {
            id: listed.id,
            is_seal: listed.is_seal,
            path: listed.path,
            bytes,
            xml,
            value_path,
            value,
            seal_file,
            parts,
            protected,
        })
    }

    /// Whether a part is a Signature.xml, by where it stands and what it says.
    fn is_signature(&mut self, file: &str) -> Result<bool, OfdError> {
        let name = file.to_lowercase();
        let looks_so = name.ends_with("signature.xml") || name.contains("/signs/");
        if !looks_so || !name.ends_with(".xml") {
            return Ok(false);
        }
        let bytes = match self.read(file, LARGEST_XML) {
            Ok(bytes) => bytes,
            // What is damaged is told where it is protected.
            Err(OfdError::Damaged(_)) => return Ok(false),
            Err(error) => return Err(error),
        };
        Ok(SignatureXml::read(&bytes, file).is_ok())
    }
}

fn state(
    work: &mut Work<'_, '_>,
    from: &str,
    reference: &Reference,
    algorithm: Option<DigestAlgorithm>,
) -> Result<PartState, OfdError> {
    let Some(part) = resolve(work.package, from, &reference.file) else {
        return Ok(PartState::Missing);
    };
    let (Some(algorithm), Some(signed), Compare::Digests) =
        (algorithm, &reference.digest, work.compare)
    else {
        return Ok(PartState::Unknown);
    };
    // A content that cannot be inflated is not what was signed.
    match work.digest(part, algorithm) {
        Ok(digest) if digest == signed => Ok(PartState::Unchanged),
        Ok(_) | Err(OfdError::Damaged(_)) => Ok(PartState::Changed),
        Err(error) => Err(error),
    }
}
