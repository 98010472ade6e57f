//! The package: a ZIP archive (APPNOTE 6.3) read from its central directory, entry by entry, with
//! the place of every byte kept. Anything that two readers could see differently is a finding.

mod directory;
mod entry;
mod write;

pub use entry::Entry;
pub(in crate::formats::ofd) use write::{Addition, Rewritten, rewrite};

use std::collections::HashMap;

use super::{OfdError, path};
use crate::{crypto::DigestAlgorithm, domain::source::ReadAt};

/// The most entries of a package.
const MOST_ENTRIES: usize = 20_000;
/// The largest part that is read into memory, bytes; larger ones are digested only.
const LARGEST_READ: u64 = 16 << 20;
/// All parts together, inflated, bytes.
const MOST_INFLATED: u64 = 2 << 30;
/// Inflated to deflated, at most, for parts of over a megabyte.
const MOST_RATIO: u64 = 1100;

/// A package.
pub struct Package<'a> {
    source: &'a dyn ReadAt,
    entries: Vec<Entry>,
    /// Index of every file by its path, as [`path::normal`] gives it.
    names: HashMap<String, usize>,
    /// The same by path in lower case, for makers that mind no case.
    lower: HashMap<String, usize>,
    findings: Vec<String>,
    notes: Vec<String>,
}

/// Whether it is a ZIP archive at all.
pub fn is_package(source: &dyn ReadAt) -> bool {
    directory::has_end(source)
}

impl<'a> Package<'a> {
    /// Reads the central directory and the local headers.
    ///
    /// # Errors
    /// It is no ZIP archive, or beyond a limit.
    pub fn open(source: &'a dyn ReadAt) -> Result<Self, OfdError> {
        let directory = directory::read(source)?;
        let mut findings = directory.findings;
        let mut names = HashMap::new();
        let mut lower = HashMap::new();
        let mut inflated = 0_u64;
        for (index, entry) in directory.entries.iter().enumerate() {
            inflated = inflated.saturating_add(entry.size);
            if entry.size > 1 << 20 && entry.size / entry.packed.max(1) > MOST_RATIO {
                return Err(OfdError::Limit(format!("{} inflates out of proportion", entry.name)));
            }
            let Some(name) = path::normal(&entry.name) else {
                findings.push(format!("the entry {:?} lies outside the package", entry.name));
                continue;
            };
            if entry.is_directory() {
                // Nothing, deflated, takes two bytes.
                if entry.size > 0 || entry.packed > 2 {
                    findings.push(format!("the directory {name} has a content"));
                }
                continue;
            }
            if lower.insert(name.to_lowercase(), index).is_some() {
                findings.push(format!("there is more than one {name}"));
            }
            names.insert(name, index);
        }
        if inflated > MOST_INFLATED {
            return Err(OfdError::Limit("the parts are over 4 GiB together".to_owned()));
        }
        Ok(Self {
            source,
            entries: directory.entries,
            names,
            lower,
            findings,
            notes: directory.notes,
        })
    }

    /// What is ambiguous or hidden in the archive, in words: two readers may see two packages.
    pub fn findings(&self) -> &[String] {
        &self.findings
    }

    /// What is odd in the archive and misleads nobody, in words.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The entries, in the order of the central directory.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The path of every file, in the order of the central directory.
    pub fn files(&self) -> impl Iterator<Item = String> + '_ {
        self.entries.iter().filter(|e| !e.is_directory()).filter_map(|e| path::normal(&e.name))
    }

    /// The path of a part as it stands in the package, for one written in any case.
    pub fn find(&self, wanted: &str) -> Option<String> {
        let name = path::normal(wanted)?;
        if self.names.contains_key(&name) {
            return Some(name);
        }
        let index = self.lower.get(&name.to_lowercase())?;
        path::normal(&self.entries.get(*index)?.name)
    }

    fn entry(&self, name: &str) -> Result<&Entry, OfdError> {
        let found = self.find(name).and_then(|name| self.names.get(&name));
        found
            .and_then(|index| self.entries.get(*index))
            .ok_or_else(|| OfdError::Damaged(format!("there is no {name} in the package")))
    }

    /// A part, inflated.
    ///
    /// # Errors
    /// It is not there, damaged or over 16 MiB.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, OfdError> {
        self.read_up_to(name, LARGEST_READ)
    }

    /// A part of at most so many bytes, inflated.
    ///
    /// # Errors
    /// It is not there, damaged or larger.
    pub(super) fn read_up_to(&self, name: &str, most: u64) -> Result<Vec<u8>, OfdError> {
        let entry = self.entry(name)?;
        if entry.size > most {
            return Err(OfdError::Limit(format!("{name} is over {most} bytes")));
        }
        let mut bytes = Vec::new();
        entry.inflate(self.source, |piece| bytes.extend_from_slice(piece))?;
        Ok(bytes)
    }

    /// The size of a part, inflated, bytes; 0 if it is not there.
    pub(super) fn size(&self, name: &str) -> u64 {
        self.entry(name).map_or(0, |entry| entry.size)
    }

    /// The digest of a part, inflated.
    ///
    /// # Errors
    /// It is not there, or damaged.
    pub fn digest(&self, name: &str, algorithm: DigestAlgorithm) -> Result<Vec<u8>, OfdError> {
        let mut hasher = crate::crypto::Hasher::new(algorithm);
        self.entry(name)?.inflate(self.source, |piece| hasher.update(piece))?;
        Ok(hasher.finish())
    }
}
