//! Reading one object from bytes (ISO 32000-2 §7.2, §7.3).

use std::collections::HashSet;

use super::{
    DEEPEST, MOST_ELEMENTS,
    object::{Dictionary, Object, ObjectId, PdfString},
};

/// Why bytes are not an object.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum LexError {
    /// The bytes end within the object; with more bytes it might be one.
    More,
    /// It is none.
    Bad(&'static str),
}

type Result<T> = std::result::Result<T, LexError>;

/// A reading position in bytes that begin at `base` in the file.
pub(crate) struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Offset of the first byte in the file; `None` inside an object stream.
    base: Option<u64>,
    /// How many objects were read, inner ones included.
    elements: usize,
}

const SPACE: u8 = 1;
const DELIMITER: u8 = 2;

/// What each byte is; 0 for those that stand within words.
#[expect(clippy::indexing_slicing, reason = "there is a place for every byte")]
static KINDS: [u8; 256] = {
    const fn mark(mut kinds: [u8; 256], mut bytes: &[u8], kind: u8) -> [u8; 256] {
        while let [byte, rest @ ..] = bytes {
            kinds[*byte as usize] = kind;
            bytes = rest;
        }
        kinds
    }
    mark(mark([0; 256], b"\0\t\n\x0c\r ", SPACE), b"()<>[]{}/%", DELIMITER)
};

fn kind(byte: u8) -> u8 {
    KINDS.get(usize::from(byte)).copied().unwrap_or_default()
}

/// White space (ISO 32000-2 table 1).
pub(crate) fn is_space(byte: u8) -> bool {
    kind(byte) == SPACE
}

/// Delimiters (ISO 32000-2 table 2).
pub(crate) fn is_delimiter(byte: u8) -> bool {
    kind(byte) == DELIMITER
}

/// Whether a byte stands within a word: a number, a keyword or a name.
pub(crate) fn is_regular(byte: u8) -> bool {
    kind(byte) == 0
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(bytes: &'a [u8], base: Option<u64>) -> Self {
        Self { bytes, at: 0, base, elements: 0 }
    }

    /// How many objects were read, inner ones included.
    pub(crate) fn elements(&self) -> usize {
        self.elements
    }

    /// How many bytes were read.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    pub(crate) fn peek(&self) -> Result<u8> {
        self.bytes.get(self.at).copied().ok_or(LexError::More)
    }

    fn next(&mut self) -> Result<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Ok(byte)
    }

    /// Passes over white space and comments.
    pub(crate) fn skip_space(&mut self) -> Result<()> {
        loop {
            match self.peek()? {
                b'%' => {
                    while !matches!(self.peek()?, 10 | 13) {
                        self.at += 1;
                    }
                }
                byte if is_space(byte) => self.at += 1,
                _ => return Ok(()),
            }
        }
    }

    /// Passes over one word, or at least one byte.
    pub(crate) fn skip_word(&mut self) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let word = rest.iter().take_while(|byte| is_regular(**byte)).count();
        self.at += word.max(1);
    }

    /// Reads a keyword exactly.
    pub(crate) fn keyword(&mut self, word: &'static str) -> Result<()> {
        for expected in word.bytes() {
            if self.next()? != expected {
                return Err(LexError::Bad("another keyword was expected"));
            }
        }
        Ok(())
    }

    /// Reads digits only.
    pub(crate) fn unsigned(&mut self) -> Result<u64> {
        let mut value: u64 = 0;
        let start = self.at;
        loop {
            let byte = self.peek()?;
            if !byte.is_ascii_digit() {
                break;
            }
            value = value
                .checked_mul(10)
                .and_then(|v| v.checked_add(u64::from(byte - b'0')))
                .ok_or(LexError::Bad("a number is too large"))?;
            self.at += 1;
        }
        if self.at == start { Err(LexError::Bad("a number was expected")) } else { Ok(value) }
    }

    /// Reads `N G obj`.
    pub(crate) fn object_header(&mut self) -> Result<ObjectId> {
        let number = self.unsigned()?;
        self.skip_space()?;
        let generation = self.unsigned()?;
        self.skip_space()?;
        self.keyword("obj")?;
        Ok(ObjectId {
            number: u32::try_from(number).map_err(|_| LexError::Bad("object number too large"))?,
            generation: u16::try_from(generation)
                .map_err(|_| LexError::Bad("generation too large"))?,
        })
    }

    /// Reads any object but a stream.
    pub(crate) fn object(&mut self) -> Result<Object> {
        self.object_at(0)
    }

    fn object_at(&mut self, depth: usize) -> Result<Object> {
        if depth > DEEPEST {
            return Err(LexError::Bad("nested too deeply"));
        }
        self.elements += 1;
        if self.elements > MOST_ELEMENTS {
            return Err(LexError::Bad("an object has too many elements"));
        }
        self.skip_space()?;
        match self.peek()? {
            b'/' => self.name().map(Object::Name),
            b'(' => self.literal_string(),
            b'[' => self.array(depth),
            b'<' => {
                if *self.bytes.get(self.at + 1).ok_or(LexError::More)? == b'<' {
                    self.dictionary(depth).map(Object::Dictionary)
                } else {
                    self.hexadecimal_string()
                }
            }
            b'+' | b'-' | b'.' | b'0'..=b'9' => self.number_or_reference(),
            b't' => self.keyword("true").map(|()| Object::Boolean(true)),
            b'f' => self.keyword("false").map(|()| Object::Boolean(false)),
            b'n' => self.keyword("null").map(|()| Object::Null),
            _ => Err(LexError::Bad("no object begins like this")),
        }
    }

    fn name(&mut self) -> Result<Vec<u8>> {
        self.at += 1;
        let mut name = Vec::new();
        loop {
            let byte = self.peek()?;
            if is_space(byte) || is_delimiter(byte) {
                return Ok(name);
            }
            self.at += 1;
            if byte == b'#' {
                let (high, low) = (self.next()?, self.next()?);
                let digits = hex_digit(high).zip(hex_digit(low));
                let (high, low) = digits.ok_or(LexError::Bad("bad escape in a name"))?;
                name.push(high << 4 | low);
            } else {
                name.push(byte);
            }
        }
    }

    fn span(&self, start: usize) -> Option<(u64, u64)> {
        self.base.map(|base| (base + start as u64, base + self.at as u64))
    }

    fn literal_string(&mut self) -> Result<Object> {
        let start = self.at;
        self.at += 1;
        let mut bytes = Vec::new();
        let mut open = 1;
        loop {
            match self.next()? {
                b'(' => {
                    open += 1;
                    bytes.push(b'(');
                }
                b')' => {
                    open -= 1;
                    if open == 0 {
                        break;
                    }
                    bytes.push(b')');
                }
                b'\\' => self.escape(&mut bytes)?,
                13 => {
                    if self.peek()? == 10 {
                        self.at += 1;
                    }
                    bytes.push(10);
                }
                byte => bytes.push(byte),
            }
        }
        Ok(Object::String(PdfString { bytes, hexadecimal: false, span: self.span(start) }))
    }

    fn escape(&mut self, bytes: &mut Vec<u8>) -> Result<()> {
        match self.next()? {
            b'n' => bytes.push(10),
            b'r' => bytes.push(13),
            b't' => bytes.push(9),
            b'b' => bytes.push(8),
            b'f' => bytes.push(12),
            10 => {}
            13 => {
                if self.peek()? == 10 {
                    self.at += 1;
                }
            }
            first @ b'0'..=b'7' => {
                let mut value = u32::from(first - b'0');
                for _ in 0..2 {
                    let byte = self.peek()?;
                    if !(b'0'..=b'7').contains(&byte) {
                        break;
                    }
                    value = value * 8 + u32::from(byte - b'0');
                    self.at += 1;
                }
                bytes.push((value & 0xff) as u8);
            }
            other => bytes.push(other),
        }
        Ok(())
    }

    fn hexadecimal_string(&mut self) -> Result<Object> {
        let start = self.at;
        self.at += 1;
        let mut digits = Vec::new();
        loop {
            match self.next()? {
                b'>' => break,
                byte if is_space(byte) => {}
                byte => digits.push(hex_digit(byte).ok_or(LexError::Bad("not hexadecimal"))?),
            }
        }
        let bytes = digits
            .chunks(2)
            .map(|pair| match pair {
                [high, low] => high << 4 | low,
                [high] => high << 4,
                _ => 0,
            })
            .collect();
        Ok(Object::String(PdfString { bytes, hexadecimal: true, span: self.span(start) }))
    }

    fn array(&mut self, depth: usize) -> Result<Object> {
        self.at += 1;
        let mut elements = Vec::new();
        loop {
            self.skip_space()?;
            if self.peek()? == b']' {
                self.at += 1;
                return Ok(Object::Array(elements));
            }
            elements.push(self.object_at(depth + 1)?);
        }
    }

    fn dictionary(&mut self, depth: usize) -> Result<Dictionary> {
        self.at += 2;
        let mut dictionary = Dictionary::default();
        let mut keys = HashSet::new();
        loop {
            self.skip_space()?;
            match self.peek()? {
                b'>' => {
                    self.keyword(">>")?;
                    return Ok(dictionary);
                }
                b'/' => {
                    let key = self.name()?;
                    let value = self.object_at(depth + 1)?;
                    if !keys.insert(key.clone()) {
                        return Err(LexError::Bad("a dictionary has a key twice"));
                    }
                    dictionary.push(key, value);
                }
                _ => return Err(LexError::Bad("a key was expected in a dictionary")),
            }
        }
    }

    /// A whole number may be the beginning of a reference `N G R`.
    fn number_or_reference(&mut self) -> Result<Object> {
        let start = self.at;
        let number = self.number()?;
        let Object::Integer(value @ 0..) = number else { return Ok(number) };
        let signed = self.bytes.get(start).is_some_and(|byte| !byte.is_ascii_digit());
        let after = self.at;
        match self.rest_of_reference() {
            Ok(Some(generation)) if !signed => Ok(Object::Reference(ObjectId {
                number: u32::try_from(value)
                    .map_err(|_| LexError::Bad("object number too large"))?,
                generation,
            })),
            // A number at the very end of the bytes may yet turn out to be a reference.
            Err(LexError::More) => Err(LexError::More),
            _ => {
                self.at = after;
                Ok(number)
            }
        }
    }

    fn rest_of_reference(&mut self) -> Result<Option<u16>> {
        self.skip_space()?;
        if !self.peek()?.is_ascii_digit() {
            return Ok(None);
        }
        let generation = self.unsigned()?;
        self.skip_space()?;
        if self.next()? != b'R' {
            return Ok(None);
        }
        let next = self.peek()?;
        let ends = is_space(next) || is_delimiter(next);
        Ok(u16::try_from(generation).ok().filter(|_| ends))
    }

    fn number(&mut self) -> Result<Object> {
        let start = self.at;
        if matches!(self.peek()?, b'+' | b'-') {
            self.at += 1;
        }
        let mut points = 0;
        let mut digits = 0;
        loop {
            match self.peek()? {
                b'.' => points += 1,
                b'0'..=b'9' => digits += 1,
                byte if is_space(byte) || is_delimiter(byte) => break,
                _ => return Err(LexError::Bad("bad number")),
            }
            self.at += 1;
        }
        let raw = self.bytes.get(start..self.at).unwrap_or_default();
        let text = std::str::from_utf8(raw).map_err(|_| LexError::Bad("bad number"))?;
        match (points, digits) {
            (0, 1..) => text.parse().map(Object::Integer).map_err(|_| LexError::Bad("bad number")),
            (1, 1..) => Ok(Object::Real(text.to_owned())),
            _ => Err(LexError::Bad("bad number")),
        }
    }
}

fn hex_digit(byte: u8) -> Option<u8> {
    (byte as char).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Object> {
        Lexer::new(text.as_bytes(), Some(0)).object()
    }

    #[test]
    fn reads_what_the_standard_shows() {
        let dictionary =
            read("<< /Type /Sig /R [0 12 0 R -1.5] /S (a\\(b\\)\\101) /H <4 1> >> ").unwrap();
        let d = dictionary.as_dictionary().unwrap();
        assert!(d.is_name("Type", "Sig"));
        let array = d.get("R").as_array().unwrap();
        assert_eq!(array[0], Object::Integer(0));
        assert_eq!(array[1].as_reference(), Some(ObjectId { number: 12, generation: 0 }));
        assert_eq!(array[2].as_number(), Some(-1.5));
        assert_eq!(d.get("S").as_string().unwrap().bytes, b"a(b)A");
        let hex = d.get("H").as_string().unwrap();
        assert_eq!((hex.bytes.as_slice(), hex.span), (&b"A"[..], Some((52, 57))));
    }

    #[test]
    fn a_key_given_twice_is_refused() {
        assert_eq!(read("<< /A 1 /A 2 >> "), Err(LexError::Bad("a dictionary has a key twice")));
    }

    #[test]
    fn an_unfinished_object_asks_for_more() {
        for text in ["<< /A", "[1 2", "(abc", "12", "<41"] {
            assert_eq!(read(text), Err(LexError::More), "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Lexer::new(&bytes, None).object();
        }
    }
}
