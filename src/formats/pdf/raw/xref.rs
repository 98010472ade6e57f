//! The cross-reference chain: tables, streams and hybrids, newest first (ISO 32000-2 §7.5.4,
//! §7.5.8).

use std::collections::{BTreeMap, HashSet};

use super::{
    MOST_OBJECTS, MOST_SECTIONS,
    document::{Window, data_of_stream, within_sum},
    lexer::Lexer,
    object::{Dictionary, Object},
};
use crate::{domain::source::ReadAt, formats::pdf::PdfError};

/// Where an object is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Entry {
    /// Nowhere: the number is free.
    Free,
    /// At an offset in the file, with a generation.
    InFile(u64, u16),
    /// In an object stream, at an index.
    InStream(u32, u32),
}

/// The kind of a cross-reference section.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum XrefKind {
    /// A classic table, perhaps with a stream beside it.
    Table,
    /// A stream.
    Stream,
}

/// The whole chain, merged.
#[derive(Debug)]
pub(crate) struct Chain {
    pub(crate) entries: BTreeMap<u32, Entry>,
    /// The newest trailer.
    pub(crate) trailer: Dictionary,
    /// The newest section's kind.
    pub(crate) kind: XrefKind,
    /// The newest section's offset.
    pub(crate) newest: u64,
    /// The highest number in use, those of cross-reference streams themselves included.
    pub(crate) highest: u32,
    /// Offsets of all sections, newest first.
    pub(crate) sections: Vec<u64>,
}

struct Section {
    kind: XrefKind,
    entries: Vec<(u32, Entry)>,
    trailer: Dictionary,
    own_number: u32,
    /// Bytes that had to be read or decoded for it.
    cost: usize,
}

/// Follows the chain from the newest section.
pub(crate) fn read_chain(source: &dyn ReadAt, start: u64) -> Result<Chain, PdfError> {
    let mut chain: Option<Chain> = None;
    let mut seen = HashSet::new();
    let mut next = Some(start);
    let mut read = 0;
    while let Some(offset) = next {
        if !seen.insert(offset) {
            return Err(PdfError::damaged("the cross-reference chain runs in a circle"));
        }
        if seen.len() > MOST_SECTIONS {
            return Err(PdfError::Limit("over 1024 cross-reference sections".to_owned()));
        }
        let section = read_section(source, offset)?;
        read = within_sum(read, section.cost)?;
        let previous = offset_of(&section.trailer, "Prev")?;
        // The stream of a hybrid file stands between its table and the table before.
        let beside = match section.kind {
            XrefKind::Table => offset_of(&section.trailer, "XRefStm")?,
            XrefKind::Stream => None,
        };
        let chain = chain.get_or_insert_with(|| Chain {
            entries: BTreeMap::new(),
            trailer: section.trailer.clone(),
            kind: section.kind,
            newest: offset,
            highest: 0,
            sections: Vec::new(),
        });
        chain.sections.push(offset);
        chain.add(section)?;
        if let Some(beside) = beside {
            if !seen.insert(beside) {
                return Err(PdfError::damaged("two sections share a cross-reference stream"));
            }
            let section = read_section(source, beside)?;
            read = within_sum(read, section.cost)?;
            chain.add(section)?;
        }
        next = previous;
    }
    chain.ok_or_else(|| PdfError::damaged("there is no cross-reference"))
}

impl Chain {
    fn add(&mut self, section: Section) -> Result<(), PdfError> {
        self.highest = self.highest.max(section.own_number);
        for (number, entry) in section.entries {
            self.highest = self.highest.max(number);
            self.entries.entry(number).or_insert(entry);
        }
        if self.entries.len() > MOST_OBJECTS {
            return Err(PdfError::Limit("over four million objects".to_owned()));
        }
        Ok(())
    }
}

fn offset_of(trailer: &Dictionary, key: &str) -> Result<Option<u64>, PdfError> {
    match trailer.get(key) {
        Object::Null => Ok(None),
        other => other
            .as_integer()
            .and_then(|value| u64::try_from(value).ok())
            .map(Some)
            .ok_or_else(|| PdfError::damaged(format!("/{key} of a trailer is not an offset"))),
    }
}

fn read_section(source: &dyn ReadAt, offset: u64) -> Result<Section, PdfError> {
    let mut window = Window::new(source, offset)?;
    let is_table = window.parse(|lexer| {
        lexer.skip_space()?;
        Ok(lexer.peek()? == b'x')
    })?;
    if is_table { read_table(source, offset) } else { read_stream(source, offset) }
}

fn read_table(source: &dyn ReadAt, offset: u64) -> Result<Section, PdfError> {
    let mut window = Window::new(source, offset)?;
    // The whole section at once: tables are dense, and the window is bounded.
    let (entries, trailer) = window.parse(|lexer| {
        lexer.skip_space()?;
        lexer.keyword("xref")?;
        let mut entries = Vec::new();
        loop {
            lexer.skip_space()?;
            if !lexer.peek()?.is_ascii_digit() {
                break;
            }
            let first = lexer.unsigned()?;
            lexer.skip_space()?;
            let count = lexer.unsigned()?;
            for number in first..first.saturating_add(count) {
                entries.push(table_entry(lexer, number)?);
            }
        }
        lexer.keyword("trailer")?;
        Ok((entries, lexer.object()?))
    })?;
    let Object::Dictionary(trailer) = trailer else {
        return Err(PdfError::damaged("a trailer is not a dictionary"));
    };
    let cost = entries.len().saturating_mul(20);
    Ok(Section { kind: XrefKind::Table, entries, trailer, own_number: 0, cost })
}

fn table_entry(lexer: &mut Lexer<'_>, number: u64) -> Result<(u32, Entry), super::lexer::LexError> {
    use super::lexer::LexError::Bad;
    lexer.skip_space()?;
    let offset = lexer.unsigned()?;
    lexer.skip_space()?;
    let generation = lexer.unsigned()?;
    lexer.skip_space()?;
    let number = u32::try_from(number).map_err(|_| Bad("object number too large"))?;
    let in_use = lexer.peek()? == b'n';
    lexer.keyword(if in_use { "n" } else { "f" })?;
    let generation = u16::try_from(generation).map_err(|_| Bad("generation too large"))?;
    Ok((number, if in_use { Entry::InFile(offset, generation) } else { Entry::Free }))
}

fn read_stream(source: &dyn ReadAt, offset: u64) -> Result<Section, PdfError> {
    let mut window = Window::new(source, offset)?;
    let (id, object, _) = window.indirect_object()?;
    let Object::Stream(dictionary, data) = object else {
        return Err(PdfError::damaged("no cross-reference stands where one is said to stand"));
    };
    if !dictionary.is_name("Type", "XRef") {
        return Err(PdfError::damaged("a cross-reference stream is not of type XRef"));
    }
    let bytes = data_of_stream(source, &dictionary, data, dictionary.get("Length").as_integer())?;
    let entries = stream_entries(&dictionary, &bytes)?;
    Ok(Section {
        kind: XrefKind::Stream,
        entries,
        trailer: dictionary,
        own_number: id.number,
        cost: bytes.len(),
    })
}

fn stream_entries(dictionary: &Dictionary, bytes: &[u8]) -> Result<Vec<(u32, Entry)>, PdfError> {
    let bad = |what: &str| PdfError::damaged(format!("cross-reference stream: {what}"));
    let whole = |object: &Object| object.as_integer().and_then(|v| usize::try_from(v).ok());
    let widths: Option<Vec<usize>> =
        dictionary.get("W").as_array().unwrap_or_default().iter().map(whole).collect();
    let Some([w1, w2, w3]) = widths.as_deref() else { return Err(bad("bad /W")) };
    if *w1 > 1 || *w2 > 8 || *w3 > 4 || w1 + w2 + w3 == 0 {
        return Err(bad("bad /W"));
    }
    let size = whole(dictionary.get("Size")).ok_or_else(|| bad("bad /Size"))?;
    let index: Vec<usize> = match dictionary.get("Index") {
        Object::Null => vec![0, size],
        other => other
            .as_array()
            .unwrap_or_default()
            .iter()
            .map(whole)
            .collect::<Option<_>>()
            .ok_or_else(|| bad("bad /Index"))?,
    };
    let mut rows = bytes.chunks_exact(w1 + w2 + w3);
    let mut entries = Vec::new();
    for pair in index.chunks(2) {
        let [first, count] = pair else { return Err(bad("bad /Index")) };
        for number in *first..first.saturating_add(*count) {
            if entries.len() > MOST_OBJECTS {
                return Err(PdfError::Limit("over four million objects".to_owned()));
            }
            let row = rows.next().ok_or_else(|| bad("fewer entries than announced"))?;
            let number = u32::try_from(number).map_err(|_| bad("object number too large"))?;
            entries.push((number, stream_entry(row, *w1, *w2).ok_or_else(|| bad("bad entry"))?));
        }
    }
    Ok(entries)
}

fn stream_entry(row: &[u8], w1: usize, w2: usize) -> Option<Entry> {
    let value = |bytes: &[u8]| bytes.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    let (kind, rest) = row.split_at_checked(w1)?;
    let (second, third) = rest.split_at_checked(w2)?;
    let kind = if w1 == 0 { 1 } else { value(kind) };
    Some(match kind {
        0 => Entry::Free,
        1 => Entry::InFile(value(second), u16::try_from(value(third)).ok()?),
        2 => Entry::InStream(u32::try_from(value(second)).ok()?, u32::try_from(value(third)).ok()?),
        // ISO 32000-2 table 18: unknown types are references to the null object.
        _ => Entry::Free,
    })
}
