//! A file of any kind: the signature stands beside it, or around it.

use crate::{
    crypto::DigestAlgorithm,
    domain::source::{ReadAt, Received},
    formats::sealed::Sealed,
};

/// The largest file that is put into its signature, bytes.
pub const LARGEST_INSIDE: u64 = 16 << 20;

/// A file that lacks its signature. Giving it consumes it.
#[derive(Debug)]
pub struct Prepared {
    received: Received,
    content_digest: Vec<u8>,
    content: Option<Vec<u8>>,
}

/// Digests a file, and reads it where it is to stand `inside` the signature.
///
/// # Errors
/// The medium fails.
pub fn prepare(
    received: &Received,
    algorithm: DigestAlgorithm,
    inside: bool,
) -> std::io::Result<Prepared> {
    let content = if inside {
        let size = usize::try_from(received.source.size()).unwrap_or(usize::MAX);
        let mut bytes = vec![0; size];
        received.source.read_exact_at(&mut bytes, 0)?;
        Some(bytes)
    } else {
        None
    };
    let content_digest = received.hasher(algorithm)?.finish();
    Ok(Prepared { received: received.clone(), content_digest, content })
}

impl Prepared {
    /// The digest of the file.
    pub fn content_digest(&self) -> &[u8] {
        &self.content_digest
    }

    /// The file, where it is to stand inside.
    pub fn content(&self) -> Option<&[u8]> {
        self.content.as_deref()
    }

    /// The signature in place of the file.
    pub fn embed(self, signature: &[u8]) -> Sealed {
        let size = self.received.source.size();
        let dropped = (size > 0).then_some(0..size).into_iter().collect();
        Sealed { received: self.received, dropped, tail: signature.to_vec() }
    }
}
