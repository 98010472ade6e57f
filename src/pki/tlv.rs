//! Tag-length-value, the frame of DER (X.690 §8.1): composing structures from parts, and walking
//! foreign ones without re-encoding what was signed.

/// `SEQUENCE`.
pub const SEQUENCE: u8 = 0x30;
/// `SET`.
pub const SET: u8 = 0x31;
/// `BOOLEAN`.
pub const BOOLEAN: u8 = 0x01;
/// `NULL`.
pub const NULL: u8 = 0x05;
/// `INTEGER`.
pub const INTEGER: u8 = 0x02;
/// `BIT STRING`.
pub const BIT_STRING: u8 = 0x03;
/// `OCTET STRING`.
pub const OCTET_STRING: u8 = 0x04;
/// `OBJECT IDENTIFIER`.
pub const OID: u8 = 0x06;
/// `UTF8String`.
pub const UTF8_STRING: u8 = 0x0c;
/// `PrintableString`.
pub const PRINTABLE_STRING: u8 = 0x13;
/// `IA5String`.
pub const IA5_STRING: u8 = 0x16;
/// `UTCTime`.
pub const UTC_TIME: u8 = 0x17;
/// `GeneralizedTime`.
pub const GENERALIZED_TIME: u8 = 0x18;

/// Why bytes are not a run of tag-length-values.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TlvError {
    /// The bytes end within a value.
    #[error("the structure ends too early")]
    Truncated,
    /// Indefinite lengths, lengths over four bytes and tags over one byte are not DER as used here.
    #[error("the structure is not DER")]
    NotDer,
    /// Another tag was expected.
    #[error("tag {found:#04x} stands where {expected:#04x} was expected")]
    Unexpected {
        /// The tag that the structure's definition wants.
        expected: u8,
        /// The tag found.
        found: u8,
    },
}

/// One value with its frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Tlv<'a> {
    /// The tag byte.
    pub tag: u8,
    /// Tag, length and content as they stand in the source.
    pub raw: &'a [u8],
    /// The content alone.
    pub content: &'a [u8],
}

/// Walks values that stand one after another.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// A walk over `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// What was not read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// The tag of the next value, if there is one.
    pub fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// The next value.
    ///
    /// # Errors
    /// The source ends or is not DER.
    pub fn read(&mut self) -> Result<Tlv<'a>, TlvError> {
        let [tag, first, after @ ..] = self.0 else { return Err(TlvError::Truncated) };
        if tag & 0x1f == 0x1f {
            return Err(TlvError::NotDer);
        }
        let (length, body) = match first {
            0..=0x7f => (usize::from(*first), after),
            0x81..=0x84 => {
                let count = usize::from(first & 0x7f);
                let (digits, body) = after.split_at_checked(count).ok_or(TlvError::Truncated)?;
                (digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)), body)
            }
            _ => return Err(TlvError::NotDer),
        };
        let (content, rest) = body.split_at_checked(length).ok_or(TlvError::Truncated)?;
        let raw = self.0.get(..self.0.len() - rest.len()).ok_or(TlvError::Truncated)?;
        self.0 = rest;
        Ok(Tlv { tag: *tag, raw, content })
    }

    /// The next value, which must have the tag.
    ///
    /// # Errors
    /// As [`Reader::read`], or the tag is another.
    pub fn expect(&mut self, tag: u8) -> Result<Tlv<'a>, TlvError> {
        let value = self.read()?;
        if value.tag == tag {
            Ok(value)
        } else {
            Err(TlvError::Unexpected { expected: tag, found: value.tag })
        }
    }

    /// The next value if it has the tag.
    ///
    /// # Errors
    /// As [`Reader::read`].
    pub fn optional(&mut self, tag: u8) -> Result<Option<Tlv<'a>>, TlvError> {
        if self.peek() == Some(tag) { self.read().map(Some) } else { Ok(None) }
    }
}

/// The one value that `bytes` consist of.
///
/// # Errors
/// Another tag, or bytes after the value.
pub fn only(bytes: &[u8], tag: u8) -> Result<Tlv<'_>, TlvError> {
    let mut reader = Reader::new(bytes);
    let value = reader.expect(tag)?;
    if reader.rest().is_empty() { Ok(value) } else { Err(TlvError::NotDer) }
}

/// A value of the tag around the content.
pub fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len();
    if length < 0x80 {
        out.extend(u8::try_from(length));
    } else {
        let digits: Vec<u8> =
            length.to_be_bytes().into_iter().skip_while(|digit| *digit == 0).collect();
        out.extend(u8::try_from(digits.len()).map(|count| 0x80 | count));
        out.extend(digits);
    }
    out.extend_from_slice(content);
    out
}

/// A `SEQUENCE` of the parts.
pub fn sequence<P: AsRef<[u8]>>(parts: &[P]) -> Vec<u8> {
    tlv(SEQUENCE, &join(parts))
}

/// A `SET OF` the parts, in DER order.
pub fn set_of(mut parts: Vec<Vec<u8>>) -> Vec<u8> {
    parts.sort();
    tlv(SET, &join(&parts))
}

/// The parts one after another.
pub fn join<P: AsRef<[u8]>>(parts: &[P]) -> Vec<u8> {
    parts.iter().flat_map(|part| part.as_ref().iter().copied()).collect()
}

/// A `BIT STRING` of whole bytes.
pub fn bit_string(bytes: &[u8]) -> Vec<u8> {
    tlv(BIT_STRING, &join(&[&[0], bytes]))
}

/// A non-negative `INTEGER` from big-endian bytes.
pub fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let mut digits: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    if digits.first().is_none_or(|first| first & 0x80 != 0) {
        digits.insert(0, 0);
    }
    tlv(INTEGER, &digits)
}

/// An `OBJECT IDENTIFIER`.
pub fn oid(oid: const_oid::ObjectIdentifier) -> Vec<u8> {
    tlv(OID, oid.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(content in proptest::collection::vec(any::<u8>(), 0..70_000)) {
            let bytes = tlv(OCTET_STRING, &content);
            prop_assert_eq!(only(&bytes, OCTET_STRING).unwrap().content, &content[..]);
        }

        #[test]
        fn reading_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut reader = Reader::new(&bytes);
            while reader.read().is_ok() {}
        }
    }

    #[test]
    fn integers_are_minimal_and_positive() {
        assert_eq!(unsigned(&[0, 0, 0x80]), [2, 2, 0, 0x80]);
        assert_eq!(unsigned(&[0]), [2, 1, 0]);
        assert_eq!(unsigned(&[0, 5]), [2, 1, 5]);
    }

    #[test]
    fn indefinite_lengths_and_trailing_bytes_are_refused() {
        assert_eq!(only(&[0x30, 0x80, 0, 0], SEQUENCE), Err(TlvError::NotDer));
        assert_eq!(only(&[0x30, 0, 0], SEQUENCE), Err(TlvError::NotDer));
        assert_eq!(only(&[0x30, 5, 0], SEQUENCE), Err(TlvError::Truncated));
    }
}
