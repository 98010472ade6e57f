//! Every byte of a part of the file, in order: objects, cross-references, trailers, comments, and
//! what is none of these. What the cross-reference does not lead to is a finding: a reader that
//! repairs files could find it there, and show it.

use super::{
    document::Document,
    lexer::{LexError, Lexer, is_space},
    object::{Dictionary, Object, ObjectId},
    skim::{Tape, end_of_comment, skim},
};
use crate::formats::pdf::PdfError;

/// The most findings that are told.
const MOST_TOLD: usize = 50;
/// The most beginnings of objects that are none: each may be looked at up to its limit.
const MOST_TANGLED: usize = 64;
/// The longest comment, bytes.
const LONGEST_COMMENT: usize = 1 << 20;
/// How far from the beginning the part may begin that is looked at for the whole file, bytes.
const HEADER: u64 = 1024;
/// Words that a reader looks for when it repairs a file.
const LURES: [&[u8]; 6] = [b" obj", b"xref", b"trailer", b"endstream", b"%PDF-", b"endobj"];

/// Something that readers may take differently.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// Where it begins in the file.
    pub offset: u64,
    /// In words.
    pub what: String,
}

/// What stands next.
enum Item {
    Space(usize),
    Comment { length: usize, lure: bool },
    Object { id: ObjectId, length: usize, stream: Option<Dictionary>, lured: bool },
    Table(usize),
    Start { length: usize, offset: u64 },
    Junk(usize),
}

impl Document<'_> {
    /// Looks at all bytes from one offset to another, which stand outside of any object.
    ///
    /// # Errors
    /// The medium fails, or the cross-reference is damaged.
    pub fn findings(&mut self, from: u64, to: u64) -> Result<Vec<Finding>, PdfError> {
        let named = self.named_offsets(from)?;
        // Whether an object with this identifier, or a section, is said to stand there; the stream of
        // a section need not name itself.
        let is_named = |since: u64, at: u64, id: Option<ObjectId>| {
            let first = named.partition_point(|(offset, _)| *offset < since);
            let here = named.iter().skip(first).take_while(|(offset, _)| *offset <= at);
            let mut here = here.map(|(_, named)| *named).peekable();
            let wanted = id.map(|id| (id.number, id.generation));
            here.peek().is_some() && here.all(|named| named.is_none() || named == wanted)
        };
        let mut found = Vec::new();
        let mut tape = Tape::new(self.source());
        // `since` is the end of the last thing: a cross-reference may lead to the space behind it.
        let (mut at, mut since) = (from, from);
        let (mut in_junk, mut tangled) = (false, 0);
        while at < to && found.len() < MOST_TOLD {
            let mut tell = |what: String| found.push(Finding { offset: at, what });
            let item = next(&mut tape, at)?;
            // Words that belong to nothing are told of once where they begin.
            let goes_on = in_junk && matches!(item, Item::Junk(_));
            in_junk = matches!(item, Item::Junk(_)) || in_junk && matches!(item, Item::Space(_));
            let length = match item {
                Item::Space(length) => {
                    at += length as u64;
                    continue;
                }
                Item::Comment { length, lure } => {
                    if lure {
                        tell("a comment holds what some readers take for an object".to_owned());
                    }
                    length as u64
                }
                Item::Object { id, length, stream, lured } => {
                    let number = id.number;
                    if !is_named(since, at, Some(id)) {
                        tell(format!(
                            "there is an object {number} that no cross-reference leads to"
                        ));
                    }
                    if lured {
                        tell(format!("object {number} holds what some readers take for another"));
                    }
                    match stream {
                        None => length as u64,
                        Some(dictionary) => {
                            let data = at + length as u64;
                            match self.end_of_stream(&mut tape, &dictionary, data)? {
                                Some(end) => {
                                    if has_lure(&mut tape, data, end)? {
                                        tell(format!(
                                            "the data of stream {number} hold what some readers \
                                             take for another object"
                                        ));
                                    }
                                    end - at
                                }
                                None => {
                                    tell(format!(
                                        "the data of stream {number} do not end where they should"
                                    ));
                                    length as u64
                                }
                            }
                        }
                    }
                }
                Item::Table(length) => {
                    if !is_named(since, at, None) {
                        tell("there is a cross-reference that nothing leads to".to_owned());
                    }
                    length as u64
                }
                Item::Start { length, offset } => {
                    // The first part of a linearized file says 0 (ISO 32000-2 annex F.3.4).
                    let linearized = from < HEADER && offset == 0;
                    if !linearized && !self.xref_offsets().contains(&offset) {
                        tell("a startxref leads to no cross-reference of the file".to_owned());
                    }
                    length as u64
                }
                Item::Junk(length) => {
                    if !goes_on {
                        tell("there are bytes that belong to no object".to_owned());
                    }
                    let first = tape.from(at, 1)?.first().copied().unwrap_or_default();
                    tangled += usize::from(matches!(first, b'0'..=b'9' | b'x' | b's'));
                    if tangled > MOST_TANGLED {
                        let what = "the bytes from here on are too tangled to be looked through";
                        found.push(Finding { offset: at, what: what.to_owned() });
                        break;
                    }
                    length as u64
                }
            };
            at += length.max(1);
            since = at;
        }
        Ok(found)
    }

    /// Behind `endobj` of a stream whose data begin at an offset, if all of that is as it must be.
    fn end_of_stream(
        &mut self,
        tape: &mut Tape<'_>,
        dictionary: &Dictionary,
        data: u64,
    ) -> Result<Option<u64>, PdfError> {
        let line = tape.from(data, 2)?;
        let data = data
            + match line {
                [b'\r', b'\n', ..] => 2,
                [b'\n', ..] => 1,
                _ => return Ok(None),
            };
        let Ok((_, end)) = self.stream_place(dictionary, data) else { return Ok(None) };
        let behind = tape.read(end, |bytes| {
            let mut lexer = Lexer::new(bytes, None);
            lexer.skip_space()?;
            lexer.keyword("endstream")?;
            lexer.skip_space()?;
            lexer.keyword("endobj")?;
            Ok(lexer.position() as u64)
        });
        match behind {
            Ok(length) => Ok(Some(end + length)),
            Err(PdfError::Io(error)) => Err(error.into()),
            Err(_) => Ok(None),
        }
    }
}

fn next(tape: &mut Tape<'_>, at: u64) -> Result<Item, PdfError> {
    let size = tape.size();
    let read = tape.read(at, |bytes| {
        let last = at + bytes.len() as u64 >= size;
        let ends = |length: usize| {
            if length < bytes.len() || last { Ok(length) } else { Err(LexError::More) }
        };
        let spaces = bytes.iter().take_while(|byte| is_space(**byte)).count();
        if spaces > 0 {
            return Ok(Item::Space(spaces));
        }
        match bytes.first() {
            None => Err(LexError::More),
            Some(b'%') => {
                let length = end_of_comment(bytes, 0);
                let length = if length > LONGEST_COMMENT { length } else { ends(length)? };
                let text = bytes.get(..length).unwrap_or_default();
                let has = |word: &&[u8]| text.windows(word.len()).any(|window| &window == word);
                Ok(Item::Comment { length, lure: LURES.iter().any(has) })
            }
            Some(b'0'..=b'9') => object(bytes),
            Some(b'x') => table(bytes),
            Some(b's') => {
                let mut lexer = Lexer::new(bytes, None);
                lexer.keyword("startxref")?;
                lexer.skip_space()?;
                let offset = lexer.unsigned()?;
                plain(bytes, lexer.position())?;
                Ok(Item::Start { length: lexer.position(), offset })
            }
            Some(_) => Err(LexError::Bad("junk")),
        }
    });
    match read {
        Err(PdfError::Damaged(_) | PdfError::Limit(_)) => {
            // Behind a word that is none the next one may be an object again.
            let bytes = tape.from(at, 4096)?;
            let junk = bytes.iter().take_while(|byte| !is_space(**byte)).count();
            Ok(Item::Junk(junk.max(1)))
        }
        other => other,
    }
}

/// Whether bytes hold what a reader that repairs files could take for an object of its own.
fn lures(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, b"endobj").is_some()
        || memchr::memmem::find(bytes, b"endstream").is_some()
        || memchr::memmem::find_iter(bytes, b"obj").any(|at| {
            let before = bytes.get(..at).unwrap_or_default();
            let mut words = before.rsplit(|byte| is_space(*byte)).filter(|word| !word.is_empty());
            let mut number =
                || words.next().is_some_and(|word| word.iter().all(u8::is_ascii_digit));
            before.last().is_some_and(|byte| is_space(*byte)) && number() && number()
        })
}

/// The same of the data of a stream, up to its own end.
fn has_lure(tape: &mut Tape<'_>, data: u64, end: u64) -> Result<bool, PdfError> {
    /// Bytes that are looked at again, so that nothing is missed between two pieces.
    const OVERLAP: usize = 64;
    /// `endstream`, some space, and `endobj`.
    const TAIL: u64 = 24;
    let (mut at, end) = (data, end.saturating_sub(TAIL));
    while at < end {
        let length = usize::try_from(end - at).unwrap_or(usize::MAX).min(1 << 20);
        let piece = tape.from(at, length)?;
        if lures(piece.get(..length).unwrap_or_default()) {
            return Ok(true);
        }
        if at + length as u64 >= end {
            break;
        }
        at += (length - OVERLAP) as u64;
    }
    Ok(false)
}

fn object(bytes: &[u8]) -> Result<Item, LexError> {
    let mut lexer = Lexer::new(bytes, None);
    let id = lexer.object_header()?;
    let start = lexer.position();
    let seen = skim(bytes.get(start..).unwrap_or_default(), &mut |_, _| ())?;
    let stream = if seen.stream {
        let Object::Dictionary(dictionary) = lexer.object()? else {
            return Err(LexError::Bad("a stream without a dictionary"));
        };
        Some(dictionary)
    } else {
        None
    };
    // The word that ends it is not looked at.
    let inner = bytes.get(start..start + seen.length.saturating_sub(6)).unwrap_or_default();
    Ok(Item::Object { id, length: start + seen.length, stream, lured: lures(inner) })
}

/// A classic table with its trailer.
fn table(bytes: &[u8]) -> Result<Item, LexError> {
    let mut lexer = Lexer::new(bytes, None);
    lexer.keyword("xref")?;
    loop {
        lexer.skip_space()?;
        match lexer.peek()? {
            b'0'..=b'9' => {
                lexer.unsigned()?;
            }
            b'n' => lexer.keyword("n")?,
            b'f' => lexer.keyword("f")?,
            _ => break,
        }
    }
    lexer.keyword("trailer")?;
    plain(bytes, lexer.position())?;
    lexer.object()?;
    Ok(Item::Table(lexer.position()))
}

/// No comment stands in what readers look at more simply than at objects.
fn plain(bytes: &[u8], length: usize) -> Result<(), LexError> {
    if bytes.get(..length).unwrap_or_default().contains(&b'%') {
        return Err(LexError::Bad("a comment in a cross-reference"));
    }
    Ok(())
}
