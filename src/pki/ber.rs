//! BER with indefinite lengths (X.690 §8.1.3.6), as some writers put CMS into documents: the same
//! structure with definite lengths. What was definite stays byte for byte as it was, since
//! signatures were made over it.

use super::tlv::{self, OCTET_STRING};

/// Deeper nesting is refused.
const DEEPEST: usize = 32;
/// The bit of a tag that says that values follow within.
const CONSTRUCTED: u8 = 0x20;

/// The first value with definite lengths, and how many bytes it took; `None` where the bytes are no
/// such value, or end within it.
pub fn to_definite(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    value(bytes, 0)
}

fn value(bytes: &[u8], depth: usize) -> Option<(Vec<u8>, usize)> {
    if depth > DEEPEST {
        return None;
    }
    let (tag, first) = (*bytes.first()?, *bytes.get(1)?);
    if first != 0x80 {
        let mut reader = tlv::Reader::new(bytes);
        let read = reader.read().ok()?;
        if read.tag & CONSTRUCTED == 0 || !has_indefinite(read.content, depth + 1)? {
            return Some((read.raw.to_vec(), read.raw.len()));
        }
        let mut content = Vec::new();
        let mut at = 0;
        while at < read.content.len() {
            let (inner, length) = value(read.content.get(at..)?, depth + 1)?;
            content.extend_from_slice(&inner);
            at += length;
        }
        return Some((tlv::tlv(tag, &content), read.raw.len()));
    }
    if tag & CONSTRUCTED == 0 || tag & 0x1f == 0x1f {
        return None;
    }
    let (mut content, mut at) = (Vec::new(), 2);
    // A string in pieces is the string of all its pieces.
    let in_pieces = tag == OCTET_STRING | CONSTRUCTED;
    while !bytes.get(at..)?.starts_with(&[0, 0]) {
        let (inner, length) = value(bytes.get(at..)?, depth + 1)?;
        if in_pieces {
            content.extend_from_slice(tlv::only(&inner, OCTET_STRING).ok()?.content);
        } else {
            content.extend_from_slice(&inner);
        }
        at += length;
    }
    let tag = if in_pieces { OCTET_STRING } else { tag };
    Some((tlv::tlv(tag, &content), at + 2))
}

/// Whether an indefinite length stands anywhere within; `None` where the content is no run of
/// values.
fn has_indefinite(content: &[u8], depth: usize) -> Option<bool> {
    if depth > DEEPEST {
        return None;
    }
    let mut reader = tlv::Reader::new(content);
    while let [tag, first, ..] = reader.rest() {
        if *first == 0x80 {
            return Some(tag & CONSTRUCTED != 0);
        }
        // What cannot be walked has lengths of its own and is left as it is.
        let Ok(read) = reader.read() else { return Some(false) };
        if read.tag & CONSTRUCTED != 0 && has_indefinite(read.content, depth + 1)? {
            return Some(true);
        }
    }
    Some(false)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lengths_become_definite_and_strings_whole() {
        let ber = [
            0x30, 0x80, 0x02, 0x01, 0x05, 0x24, 0x80, 0x04, 0x01, b'a', 0x04, 0x02, b'b', b'c', 0,
            0, 0x31, 0x80, 0, 0, 0, 0, 0xff,
        ];
        let der = [0x30, 10, 0x02, 0x01, 0x05, 0x04, 0x03, b'a', b'b', b'c', 0x31, 0];
        assert_eq!(to_definite(&ber), Some((der.to_vec(), ber.len() - 1)));
        assert_eq!(to_definite(&der), Some((der.to_vec(), der.len())));
        assert_eq!(to_definite(&ber[..ber.len() - 2]), None);
    }

    #[test]
    fn nesting_has_an_end() {
        assert_eq!(to_definite(&[0x30, 0x80].repeat(5000)), None);
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = to_definite(&bytes);
        }
    }
}
