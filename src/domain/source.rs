//! Documents as read-and-seek sources: a file of a gigabyte costs a page of memory.

use std::{fs::File, io, os::unix::fs::FileExt, sync::Arc};

use crate::crypto::{DigestAlgorithm, Hasher};

/// Bytes that can be read at any offset.
pub trait ReadAt: Send + Sync {
    /// The length in bytes.
    fn size(&self) -> u64;

    /// Fills `buffer` from `offset`.
    ///
    /// # Errors
    /// The medium fails, or fewer bytes are there than asked for.
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;
}

/// A document handed in: in memory where it is small, in a spool file where it is not.
#[derive(Clone, Debug)]
pub enum Source {
    /// In memory.
    Memory(Arc<Vec<u8>>),
    /// In a file, with its length when it was opened.
    File(Arc<File>, u64),
    /// A document with more behind it.
    Joined(Arc<(Self, Vec<u8>)>),
}

impl Source {
    /// A document in memory.
    pub fn memory(bytes: Vec<u8>) -> Self {
        Self::Memory(Arc::new(bytes))
    }

    /// A document in an open file.
    ///
    /// # Errors
    /// The file's length cannot be read.
    pub fn file(file: File) -> io::Result<Self> {
        let size = file.metadata()?.len();
        Ok(Self::File(Arc::new(file), size))
    }
}

/// A document as it was received, with SHA-256 over all of it under way: what is appended can be
/// digested without reading it all again.
#[derive(Clone, Debug)]
pub struct Received {
    /// The bytes.
    pub source: Source,
    sha256: Hasher,
    checksum: Checksum,
}

/// A document that is coming in.
#[derive(Clone, Debug)]
pub struct Receiving {
    sha256: Hasher,
    checksum: Checksum,
}

/// Tells whether a medium gives back what was put on it. CRC-32: against faults, not against
/// people; a document that somebody changed has a seal that does not fit it.
#[derive(Clone, Debug, Default)]
pub struct Checksum(crc32fast::Hasher);

impl Checksum {
    /// The next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Whether both have seen the same bytes.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] if they have not.
    pub fn compare(self, other: Self) -> io::Result<()> {
        if self.0.finalize() == other.0.finalize() {
            return Ok(());
        }
        let why = "the document on its medium is not what was received";
        Err(io::Error::new(io::ErrorKind::InvalidData, why))
    }
}

impl Default for Receiving {
    fn default() -> Self {
        Self { sha256: Hasher::new(DigestAlgorithm::Sha256), checksum: Checksum::default() }
    }
}

impl Receiving {
    /// The next bytes of the document.
    pub fn update(&mut self, chunk: &[u8]) {
        self.sha256.update(chunk);
        self.checksum.update(chunk);
    }

    /// The document has come in; `source` holds what was told of, all of it and nothing else.
    pub fn finish(self, source: Source) -> Received {
        Received { source, sha256: self.sha256, checksum: self.checksum }
    }
}

impl Received {
    /// Reads and hashes a document that is there already.
    ///
    /// # Errors
    /// The medium fails.
    pub fn read(source: Source) -> io::Result<Self> {
        let mut receiving = Receiving::default();
        for_each_chunk(&source, 0, source.size(), |chunk| receiving.update(chunk))?;
        Ok(receiving.finish(source))
    }

    /// The document with more behind it, without reading it again.
    #[must_use]
    pub fn followed_by(&self, tail: Vec<u8>) -> Self {
        let (mut sha256, mut checksum) = (self.sha256.clone(), self.checksum.clone());
        sha256.update(&tail);
        checksum.update(&tail);
        Self { source: Source::Joined(Arc::new((self.source.clone(), tail))), sha256, checksum }
    }

    /// SHA-256 of the document.
    pub fn digest(&self) -> Vec<u8> {
        self.sha256.clone().finish()
    }

    /// SHA-256 that has seen the document and takes more.
    pub fn sha256(&self) -> Hasher {
        self.sha256.clone()
    }

    /// The checksum of what was received.
    pub fn checksum(&self) -> Checksum {
        self.checksum.clone()
    }

    /// A digest that has seen the document and takes more.
    ///
    /// # Errors
    /// The medium fails; it is read again only for another algorithm than SHA-256.
    pub fn hasher(&self, algorithm: DigestAlgorithm) -> io::Result<Hasher> {
        if algorithm == DigestAlgorithm::Sha256 {
            return Ok(self.sha256.clone());
        }
        let mut hasher = Hasher::new(algorithm);
        for_each_chunk(&self.source, 0, self.source.size(), |chunk| hasher.update(chunk))?;
        Ok(hasher)
    }
}

/// Hands the bytes of a range to `sink`, in pieces of at most 64 KiB.
///
/// # Errors
/// The medium fails or the range is not in it.
pub fn for_each_chunk(
    source: &dyn ReadAt,
    start: u64,
    end: u64,
    mut sink: impl FnMut(&[u8]),
) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    let mut at = start;
    while at < end {
        let wanted = usize::try_from(end - at).unwrap_or(usize::MAX).min(buffer.len());
        let Some(piece) = buffer.get_mut(..wanted) else { break };
        source.read_exact_at(piece, at)?;
        sink(piece);
        at += wanted as u64;
    }
    Ok(())
}

impl ReadAt for Source {
    fn size(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.as_slice().size(),
            Self::File(_, size) => *size,
            Self::Joined(parts) => parts.0.size() + parts.1.len() as u64,
        }
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        match self {
            Self::Memory(bytes) => bytes.as_slice().read_exact_at(buffer, offset),
            Self::File(file, _) => file.as_ref().read_exact_at(buffer, offset),
            Self::Joined(parts) => {
                let (first, tail) = parts.as_ref();
                let inside = first.size().saturating_sub(offset).min(buffer.len() as u64);
                let (head, rest) = buffer.split_at_mut(usize::try_from(inside).unwrap_or(0));
                if !head.is_empty() {
                    first.read_exact_at(head, offset)?;
                }
                let behind = (offset + inside).saturating_sub(first.size());
                if rest.is_empty() { Ok(()) } else { tail.as_slice().read_exact_at(rest, behind) }
            }
        }
    }
}

impl ReadAt for &[u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let piece = usize::try_from(offset)
            .ok()
            .and_then(|start| self.get(start..)?.get(..buffer.len()))
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(piece);
        Ok(())
    }
}
