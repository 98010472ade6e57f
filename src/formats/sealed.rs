//! A sealed document of any format: what is kept of the original, and what stands behind it.

use std::{
    io::{self, Read},
    ops::Range,
};

use crate::{
    crypto::{DigestAlgorithm, Hasher, digest::sha256},
    domain::source::{Checksum, ReadAt, Received, for_each_chunk},
};

/// A sealed document.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// The document as it came.
    pub received: Received,
    /// Ranges of it that are left out, in order; none for PDF, whose original is a prefix.
    pub dropped: Vec<Range<u64>>,
    /// What stands behind it.
    pub tail: Vec<u8>,
}

impl Sealed {
    /// SHA-256 of the sealed document.
    ///
    /// # Errors
    /// The medium fails; it is read again only where something is left out.
    pub fn digest(&self) -> io::Result<Vec<u8>> {
        let mut hasher = if self.dropped.is_empty() {
            self.received.sha256()
        } else {
            let mut hasher = Hasher::new(DigestAlgorithm::Sha256);
            for range in self.kept() {
                let source = &self.received.source;
                for_each_chunk(source, range.start, range.end, |chunk| hasher.update(chunk))?;
            }
            hasher
        };
        hasher.update(&self.tail);
        Ok(hasher.finish())
    }

    /// The ranges of the original that are kept.
    pub fn kept(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        let starts = std::iter::once(0).chain(self.dropped.iter().map(|range| range.end));
        let size = self.received.source.size();
        let ends = self.dropped.iter().map(|range| range.start).chain([size]);
        starts.zip(ends).filter(|(start, end)| start < end).map(|(start, end)| start..end)
    }

    /// The sealed document from its beginning to its end. What was added comes only after all of
    /// the original has been read as it was received: a medium that lost it makes no sealed
    /// document.
    pub fn into_reader(self) -> SealedReader {
        SealedReader { sealed: self, at: 0, sent: 0, seen: Some(Checksum::default()) }
    }

    /// What has to be kept to make the same document again of the same original.
    pub fn keepsake(&self) -> Vec<u8> {
        let mut kept = sha256(&self.tail).to_vec();
        kept.extend((self.dropped.len() as u64).to_be_bytes());
        for range in &self.dropped {
            kept.extend(range.start.to_be_bytes());
            kept.extend(range.end.to_be_bytes());
        }
        kept.extend_from_slice(&self.tail);
        kept
    }

    /// The document of which [`Sealed::keepsake`] was made, with its original given again. `None`
    /// if these bytes are no keepsake of such an original.
    pub fn again(received: Received, keepsake: &[u8]) -> Option<Self> {
        let (digest, rest) = keepsake.split_at_checked(32)?;
        let number = |bytes: &[u8]| Some(u64::from_be_bytes(bytes.try_into().ok()?));
        let (count, mut rest) = rest.split_at_checked(8)?;
        let mut dropped = Vec::new();
        let mut reached = 0;
        for _ in 0..number(count)? {
            let (range, after) = rest.split_at_checked(16)?;
            let (start, end) = range.split_at(8);
            let range = number(start)?..number(end)?;
            if range.start < reached || range.end < range.start {
                return None;
            }
            reached = range.end;
            dropped.push(range);
            rest = after;
        }
        let fits = reached <= received.source.size() && sha256(rest) == digest;
        fits.then(|| Self { received, dropped, tail: rest.to_vec() })
    }
}

/// Reads a sealed document; see [`Sealed::into_reader`].
#[derive(Debug)]
pub struct SealedReader {
    sealed: Sealed,
    /// How far the original was read.
    at: u64,
    /// How much of the tail was read.
    sent: usize,
    /// What was read of the original; none after it was compared.
    seen: Option<Checksum>,
}

impl Read for SealedReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let received = &self.sealed.received;
        let size = received.source.size();
        while self.at < size {
            let around = self.sealed.dropped.iter().find(|range| range.end > self.at);
            let (end, drop) = match around {
                Some(range) if range.start <= self.at => (range.end, true),
                Some(range) => (range.start, false),
                None => (size, false),
            };
            if drop {
                // Not sent, but compared with the rest.
                let (start, mut seen) = (self.at, self.seen.take());
                for_each_chunk(&received.source, start, end, |chunk| {
                    seen.iter_mut().for_each(|seen| seen.update(chunk));
                })?;
                (self.seen, self.at) = (seen, end);
                continue;
            }
            let left = usize::try_from(end - self.at).unwrap_or(usize::MAX);
            let length = left.min(buffer.len());
            let Some(piece) = buffer.get_mut(..length) else { return Ok(0) };
            received.source.read_exact_at(piece, self.at)?;
            self.seen.iter_mut().for_each(|seen| seen.update(piece));
            self.at += length as u64;
            return Ok(length);
        }
        if let Some(seen) = self.seen.take() {
            seen.compare(received.checksum())?;
        }
        let rest = self.sealed.tail.get(self.sent..).unwrap_or_default();
        let length = rest.len().min(buffer.len());
        if let Some((piece, rest)) = buffer.get_mut(..length).zip(rest.get(..length)) {
            piece.copy_from_slice(rest);
        }
        self.sent += length;
        Ok(length)
    }
}

impl ReadAt for Sealed {
    fn size(&self) -> u64 {
        let dropped: u64 = self.dropped.iter().map(|range| range.end - range.start).sum();
        self.received.source.size() - dropped + self.tail.len() as u64
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let mut buffer = buffer;
        // Where the range at hand begins in the sealed document.
        let mut place = 0;
        let mut offset = offset;
        for range in self.kept() {
            let length = range.end - range.start;
            if offset < place + length && !buffer.is_empty() {
                let start = range.start + (offset - place);
                let here = usize::try_from(range.end - start).unwrap_or(usize::MAX);
                let (first, rest) = buffer.split_at_mut(here.min(buffer.len()));
                self.received.source.read_exact_at(first, start)?;
                offset += first.len() as u64;
                buffer = rest;
            }
            place += length;
        }
        if buffer.is_empty() {
            return Ok(());
        }
        self.tail.as_slice().read_exact_at(buffer, offset - place)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;

    use super::*;
    use crate::domain::source::Source;

    fn sealed(dropped: Vec<Range<u64>>) -> (std::fs::File, Sealed) {
        let file = tempfile::tempfile().unwrap();
        let bytes: Vec<u8> = (0..100_000_u32).map(|n| (n % 251) as u8).collect();
        file.write_all_at(&bytes, 0).unwrap();
        let source = Source::file(file.try_clone().unwrap()).unwrap();
        let received = Received::read(source).unwrap();
        (file, Sealed { received, dropped, tail: b"the seal".to_vec() })
    }

    fn bytes(sealed: &Sealed) -> Vec<u8> {
        let mut read = Vec::new();
        sealed.clone().into_reader().read_to_end(&mut read).unwrap();
        read
    }

    #[test]
    fn a_sealed_document_is_read_the_same_in_every_way() {
        for dropped in [vec![], vec![0..7, 500..70_000, 99_000..100_000], vec![3..4, 9..9]] {
            let (_file, sealed) = sealed(dropped);
            let read = bytes(&sealed);
            assert_eq!(read.len() as u64, sealed.size());
            assert!(read.ends_with(b"the seal"));
            assert_eq!(sealed.digest().unwrap(), sha256(&read));
            for (start, length) in
                [(0, 10), (490, 600), (read.len() - 12, 12), (read.len() - 700, 600)]
            {
                let mut piece = vec![0; length];
                sealed.read_exact_at(&mut piece, start as u64).unwrap();
                assert_eq!(piece, read[start..start + length]);
            }
            let again = Sealed::again(sealed.received.clone(), &sealed.keepsake()).unwrap();
            assert_eq!(bytes(&again), read);
        }
    }

    #[test]
    fn a_keepsake_of_something_else_is_none() {
        let (_file, sealed) = sealed(vec![5..9, 20..30]);
        let mut keepsake = sealed.keepsake();
        assert!(Sealed::again(sealed.received.clone(), &keepsake[..40]).is_none());
        keepsake[50] ^= 1;
        assert!(Sealed::again(sealed.received.clone(), &keepsake).is_none());
    }

    #[test]
    fn a_medium_that_lost_a_bit_yields_no_seal() {
        for (dropped, kept) in [(vec![], 100_000), (vec![1..2, 69_990..70_100], 99_889)] {
            let (file, sealed) = sealed(dropped);
            file.write_all_at(&[255], 70_000).unwrap();
            let mut read = Vec::new();
            let error = sealed.into_reader().read_to_end(&mut read).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
            assert_eq!(read.len(), kept, "nothing of what was added");
        }
    }
}
