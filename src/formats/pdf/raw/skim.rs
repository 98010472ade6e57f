//! Passing over objects without building them: where an object ends, and what it refers to. A million small objects are passed over in the time that it takes to look
//! at their bytes.

use super::{
    DEEPEST, LARGEST_OBJECT, ObjectId,
    lexer::{LexError, is_delimiter, is_regular, is_space},
};
use crate::{domain::source::ReadAt, formats::pdf::PdfError};

/// Bytes that are read at once.
const PIECE: usize = 1 << 20;

/// What was seen in passing.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Skimmed {
    /// Bytes up to behind `endobj`, up to behind `stream`, or up to the end of what was given.
    pub(crate) length: usize,
    /// Whether the data of a stream follow.
    pub(crate) stream: bool,
}

/// Passes over what follows `N G obj`, up to `endobj` or `stream`; every reference goes to `visit`.
///
/// `visit` also gets the key that the reference directly stands under; empty within arrays.
pub(crate) fn skim(
    bytes: &[u8],
    visit: &mut impl FnMut(ObjectId, &[u8]),
) -> Result<Skimmed, LexError> {
    pass(bytes, false, visit)
}

/// Passes over a whole object of an object stream, which ends with the bytes.
pub(crate) fn skim_bare(
    bytes: &[u8],
    visit: &mut impl FnMut(ObjectId, &[u8]),
) -> Result<Skimmed, LexError> {
    pass(bytes, true, visit)
}

fn pass(
    bytes: &[u8],
    bare: bool,
    visit: &mut impl FnMut(ObjectId, &[u8]),
) -> Result<Skimmed, LexError> {
    let mut seen = Skimmed::default();
    let (mut at, mut depth) = (0_usize, 0_usize);
    // The last two whole numbers, as long as nothing else came between.
    let mut numbers: [Option<u32>; 2] = [None; 2];
    // The name before these, and what stands between it and them.
    let (mut key, mut words): (&[u8], usize) = (b"", 0);
    loop {
        let Some(&byte) = bytes.get(at) else {
            if bare && depth == 0 {
                seen.length = at;
                return Ok(seen);
            }
            return Err(LexError::More);
        };
        if is_space(byte) {
            at += 1;
            continue;
        }
        if byte == b'%' {
            at = end_of_comment(bytes, at);
            continue;
        }
        if byte.is_ascii_digit() {
            // Most words of most objects.
            let (value, end) = digits(bytes, at);
            if bytes.get(end).is_some_and(|next| !is_regular(*next)) {
                numbers = [numbers[1], value];
                words += 1;
                at = end;
                continue;
            }
        }
        if !is_delimiter(byte) {
            let end = end_of_word(bytes, at);
            if end == bytes.len() && !bare {
                return Err(LexError::More);
            }
            let word = bytes.get(at..end).unwrap_or_default();
            at = end;
            match word {
                b"R" => {
                    let [Some(number), Some(generation)] = numbers else {
                        return Err(LexError::Bad("a reference without two numbers"));
                    };
                    let generation = u16::try_from(generation)
                        .map_err(|_| LexError::Bad("generation too large"))?;
                    visit(ObjectId { number, generation }, if words == 2 { key } else { b"" });
                    numbers = [None; 2];
                    words = 3;
                }
                b"endobj" | b"stream" if !bare && depth == 0 => {
                    seen.length = at;
                    seen.stream = word == b"stream";
                    return Ok(seen);
                }
                b"obj" | b"endobj" | b"endstream" => {
                    return Err(LexError::Bad("an object within an object"));
                }
                b"true" | b"false" | b"null" => {
                    numbers = [None; 2];
                    words = 3;
                }
                word if is_number(word) => {
                    numbers = [None; 2];
                    words = 3;
                }
                _ => return Err(LexError::Bad("no object begins like this")),
            }
            continue;
        }
        numbers = [None; 2];
        words = 3;
        match byte {
            b'/' => {
                let end = end_of_word(bytes, at + 1);
                key = bytes.get(at + 1..end).unwrap_or_default();
                words = 0;
                at = end;
            }
            b'(' => at = end_of_literal(bytes, at)?,
            b'<' if bytes.get(at + 1) == Some(&b'<') => {
                depth += 1;
                at += 2;
            }
            b'<' => {
                let rest = bytes.get(at..).unwrap_or_default();
                at += rest.iter().position(|byte| *byte == b'>').ok_or(LexError::More)? + 1;
            }
            b'[' => {
                depth += 1;
                at += 1;
            }
            b']' | b'>' => {
                at += if byte == b'>' { 2 } else { 1 };
                depth = depth.checked_sub(1).ok_or(LexError::Bad("a bracket too many"))?;
            }
            _ => return Err(LexError::Bad("no object begins like this")),
        }
        if depth > DEEPEST {
            return Err(LexError::Bad("nested too deeply"));
        }
    }
}

/// A run of digits: its value, where it is not too large, and its end.
fn digits(bytes: &[u8], start: usize) -> (Option<u32>, usize) {
    let (mut value, mut at) = (0_u64, start);
    while let Some(byte @ b'0'..=b'9') = bytes.get(at) {
        // Once it is too large it stays so.
        value = value.min(u64::from(u32::MAX) + 1) * 10 + u64::from(byte - b'0');
        at += 1;
    }
    (u32::try_from(value).ok(), at)
}

/// A number that is no part of a reference: signed, real, or too large.
fn is_number(word: &[u8]) -> bool {
    let digits = word.strip_prefix(b"+").or_else(|| word.strip_prefix(b"-")).unwrap_or(word);
    let points = digits.iter().filter(|byte| **byte == b'.').count();
    points <= 1
        && digits.len() > points
        && digits.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
}

pub(super) fn end_of_comment(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter().position(|byte| matches!(byte, 10 | 13)).map_or(bytes.len(), |end| at + end)
}

fn end_of_word(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let end = rest.iter().position(|byte| !is_regular(*byte));
    end.map_or(bytes.len(), |end| at + end)
}

fn end_of_literal(bytes: &[u8], start: usize) -> Result<usize, LexError> {
    let (mut at, mut open) = (start, 0_usize);
    loop {
        match bytes.get(at).ok_or(LexError::More)? {
            b'\\' => at += 1,
            b'(' => open += 1,
            b')' => open -= 1,
            _ => {}
        }
        at += 1;
        if open == 0 {
            return Ok(at);
        }
    }
}

/// A source that is read forwards in large pieces.
pub(crate) struct Tape<'a> {
    source: &'a dyn ReadAt,
    start: u64,
    bytes: Vec<u8>,
}

impl<'a> Tape<'a> {
    pub(crate) fn new(source: &'a dyn ReadAt) -> Self {
        Self { source, start: 0, bytes: Vec::new() }
    }

    pub(crate) fn size(&self) -> u64 {
        self.source.size()
    }

    /// The bytes from an offset: at least `wanted` of them, or all up to the end.
    pub(crate) fn from(&mut self, offset: u64, wanted: usize) -> Result<&[u8], PdfError> {
        let left = self.source.size().checked_sub(offset);
        let left = left.ok_or_else(|| PdfError::damaged("an offset points beyond the file"))?;
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(wanted);
        let held = self.start..self.start + self.bytes.len() as u64;
        if offset < held.start || offset + wanted as u64 > held.end {
            let length = usize::try_from(left).unwrap_or(usize::MAX).min(wanted.max(PIECE));
            self.bytes.resize(length, 0);
            self.source.read_exact_at(&mut self.bytes, offset)?;
            self.start = offset;
        }
        let from = usize::try_from(offset - self.start).unwrap_or(usize::MAX);
        Ok(self.bytes.get(from..).unwrap_or_default())
    }

    /// Runs a reading at an offset, with more bytes as long as it asks for more.
    pub(crate) fn read<T>(
        &mut self,
        offset: u64,
        mut reading: impl FnMut(&[u8]) -> Result<T, LexError>,
    ) -> Result<T, PdfError> {
        let mut wanted = 4096;
        loop {
            let bytes = self.from(offset, wanted)?;
            let have = bytes.len();
            match reading(bytes) {
                Ok(value) => return Ok(value),
                Err(LexError::Bad(what)) => {
                    return Err(PdfError::damaged(format!("at byte {offset}: {what}")));
                }
                Err(LexError::More) if offset + have as u64 >= self.source.size() => {
                    return Err(PdfError::damaged("the file ends within an object"));
                }
                Err(LexError::More) if have >= LARGEST_OBJECT => {
                    return Err(PdfError::Limit("an object is over 8 MiB".to_owned()));
                }
                Err(LexError::More) => wanted = have.saturating_mul(4),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::formats::pdf::raw::{Object, lexer::Lexer};

    fn references(text: &str) -> (Skimmed, Vec<u32>) {
        let mut found = Vec::new();
        let seen = skim(text.as_bytes(), &mut |id, _| found.push(id.number)).unwrap();
        (seen, found)
    }

    #[test]
    fn sees_references_and_nothing_that_looks_like_one() {
        let (seen, found) = references(
            "<</A 1 0 R/B[2 0 R 3 4 0 R](5 0 R \\) (6 0 R))/C<7a>%8 0 R\n/#42yteRange 9 10 0 R>> endobj ",
        );
        assert_eq!(found, [1, 2, 4, 10]);
        assert!(!seen.stream);
        let (seen, _) = references("<</Type/ObjStm>>\nstream\n");
        assert!(seen.stream);
        assert_eq!(skim(b"<</A 1", &mut |_, _| ()), Err(LexError::More));
        assert!(matches!(skim(b"<<>> 3 0 obj ", &mut |_, _| ()), Err(LexError::Bad(_))));
    }

    #[test]
    fn tells_the_key_of_a_reference() {
        let mut found = Vec::new();
        let text = b"<</A 1 0 R/B[2 0 R]/C true 3 0 R/D<</E 4 0 R>>>> endobj ";
        skim(text, &mut |id, key| found.push((id.number, key.to_vec()))).unwrap();
        let key = |key: &str| key.as_bytes().to_vec();
        assert_eq!(found, [(1, key("A")), (2, key("")), (3, key("")), (4, key("E"))]);
    }

    #[test]
    fn refuses_what_readers_take_differently() {
        for text in
            ["[6 0 R +50 0 R]", "[6 0 R 50 0R]", "[6 0 R 50 70000 R]", "[R]", "[1 R]", "[nul]"]
        {
            let text = format!("{text} endobj ");
            assert!(
                matches!(skim(text.as_bytes(), &mut |_, _| ()), Err(LexError::Bad(_))),
                "{text}"
            );
        }
    }

    fn collect(object: &Object, found: &mut Vec<ObjectId>) {
        match object {
            Object::Reference(id) => found.push(*id),
            Object::Array(elements) => elements.iter().for_each(|e| collect(e, found)),
            Object::Dictionary(d) => d.iter().for_each(|(_, e)| collect(e, found)),
            _ => {}
        }
    }

    proptest! {
        /// Whatever the strict reader takes for an object, both find the same references in it.
        #[test]
        fn agrees_with_the_reader(text in "(<<|>>|\\[|\\]|/A|/B|/C#20| |1 0 R| 12| 0|R |\\(a\\)|<4142>|\n|%x\n|-1.5 |true ){0,40}") {
            let text = format!("<</K [{text}]>> ");
            let mut lexer = Lexer::new(text.as_bytes(), None);
            if let Ok(object) = lexer.object() {
                let (mut read, mut skimmed) = (Vec::new(), Vec::new());
                collect(&object, &mut read);
                let end = text.get(..lexer.position()).unwrap();
                if skim_bare(end.as_bytes(), &mut |id, _| skimmed.push(id)).is_ok() {
                    prop_assert_eq!(read, skimmed);
                }
            }
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = skim(&bytes, &mut |_, _| ());
            let _ = skim_bare(&bytes, &mut |_, _| ());
        }
    }
}
