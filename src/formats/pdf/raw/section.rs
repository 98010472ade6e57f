//! One section of the cross-reference: a table or a stream (ISO 32000-2 §7.5.4, §7.5.8), kept as
//! runs of entries. How sections follow each other is in `xref`.

use std::{ops::Range, sync::Arc};

use super::{
    MOST_RUNS,
    document::{Window, raw_data},
    filter,
    lexer::{LexError, Lexer, is_space},
    object::{Dictionary, Object},
    skim::Tape,
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

/// Entries of consecutive object numbers.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) first: u32,
    pub(super) count: u32,
    /// Whether its rows are as long as they must be.
    pub(super) is_exact: bool,
    pub(super) rows: Rows,
}

/// How the entries of a run are kept. A file with a million objects costs no more memory than the
/// cross-reference itself takes, and that of a classic table none at all.
#[derive(Debug)]
pub(super) enum Rows {
    /// Read and listed.
    Listed(Vec<Entry>),
    /// Rows of [`ROW`] bytes in the file, from this offset.
    InFile(u64),
    /// Rows of a decoded stream, from this byte, and the widths of their first two fields.
    Packed { data: Arc<Vec<u8>>, start: usize, row: usize, widths: (usize, usize) },
}

/// Bytes of an entry in a classic table (ISO 32000-2 §7.5.4).
const ROW: usize = 20;
/// Longer runs of a classic table stay in the file.
const LONGEST_LISTED: u64 = 512;

/// One section of a cross-reference.
pub(super) struct Section {
    pub(super) kind: XrefKind,
    pub(super) runs: Vec<Run>,
    pub(super) trailer: Dictionary,
    /// The number of its stream; 0 for a table.
    pub(super) own_number: u32,
    /// Bytes that had to be read or decoded for it.
    pub(super) cost: usize,
}

/// Reads the table or stream at an offset.
pub(super) fn read_section(source: &dyn ReadAt, offset: u64) -> Result<Section, PdfError> {
    let mut window = Window::new(source, offset)?;
    let is_table = window.parse(|lexer| {
        lexer.skip_space()?;
        Ok(lexer.peek()? == b'x')
    })?;
    if is_table { read_table(source, offset) } else { read_stream(source, offset) }
}

/// What stands next in a classic table.
enum Part {
    /// A run of this many entries from an object number; the offset is that of its first row.
    Run(u32, u64, u64),
    Trailer(Object),
}

fn read_table(source: &dyn ReadAt, offset: u64) -> Result<Section, PdfError> {
    let mut at = Window::new(source, offset)?.parse(|lexer| {
        lexer.skip_space()?;
        lexer.keyword("xref")?;
        Ok(offset + lexer.position() as u64)
    })?;
    let (mut runs, mut cost) = (Vec::new(), 0_usize);
    loop {
        let mut window = Window::new(source, at)?;
        let part = window.parse(|lexer| {
            lexer.skip_space()?;
            if !lexer.peek()?.is_ascii_digit() {
                lexer.keyword("trailer")?;
                return Ok(Part::Trailer(lexer.object()?));
            }
            let first = lexer.unsigned()?;
            lexer.skip_space()?;
            let count = lexer.unsigned()?;
            lexer.skip_space()?;
            let first = u32::try_from(first).map_err(|_| LexError::Bad("number too large"))?;
            Ok(Part::Run(first, count, at + lexer.position() as u64))
        })?;
        let (first, count, rows) = match part {
            Part::Run(first, count, rows) => (first, count, rows),
            Part::Trailer(Object::Dictionary(trailer)) => {
                return Ok(Section { kind: XrefKind::Table, runs, trailer, own_number: 0, cost });
            }
            Part::Trailer(_) => return Err(PdfError::damaged("a trailer is not a dictionary")),
        };
        let (run, end) = read_run(source, first, count, rows)?;
        if runs.len() >= MOST_RUNS {
            return Err(PdfError::Limit(
                "a cross-reference table has over 100000 parts".to_owned(),
            ));
        }
        cost = cost.saturating_add(if let Rows::Listed(list) = &run.rows {
            list.len() * ROW
        } else {
            ROW
        });
        runs.push(run);
        at = end;
    }
}

/// Reads the rows of a run, or only looks at its ends where it is long and regular; with the offset
/// behind it.
fn read_run(
    source: &dyn ReadAt,
    first: u32,
    count: u64,
    rows: u64,
) -> Result<(Run, u64), PdfError> {
    let number = u32::try_from(count)
        .ok()
        .filter(|count| first.checked_add(*count).is_some())
        .ok_or_else(|| PdfError::damaged("a cross-reference table is impossibly long"))?;
    let regular = count > LONGEST_LISTED
        && row_in_file(source, rows, 0)?.is_some()
        && row_in_file(source, rows, count - 1)?.is_some();
    if regular {
        let run = Run { first, count: number, is_exact: true, rows: Rows::InFile(rows) };
        return Ok((run, rows + count * ROW as u64));
    }
    if count == 0 {
        let rows_none = Rows::Listed(Vec::new());
        return Ok((Run { first, count: 0, is_exact: true, rows: rows_none }, rows));
    }
    let (entries, end) = Window::new(source, rows)?.parse(|lexer| {
        let entries = (0..count).map(|_| table_entry(lexer)).collect::<Result<Vec<_>, _>>()?;
        Ok((entries, rows + lexer.position() as u64))
    })?;
    let mut is_exact = true;
    for index in 0..count {
        is_exact &= row_in_file(source, rows, index)?.is_some();
    }
    Ok((Run { first, count: number, is_exact, rows: Rows::Listed(entries) }, end))
}

fn table_entry(lexer: &mut Lexer<'_>) -> Result<Entry, LexError> {
    lexer.skip_space()?;
    let offset = lexer.unsigned()?;
    lexer.skip_space()?;
    let generation = lexer.unsigned()?;
    lexer.skip_space()?;
    let kind = lexer.peek()?;
    lexer.keyword(if kind == b'n' { "n" } else { "f" })?;
    entry_of(Some(offset), Some(generation), kind).ok_or(LexError::Bad("generation too large"))
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
    let bytes = raw_data(source, data, dictionary.get("Length").as_integer())?;
    let bytes = filter::decode(&dictionary, &bytes)?;
    let cost = bytes.len();
    let runs = stream_runs(&dictionary, bytes)?;
    Ok(Section { kind: XrefKind::Stream, runs, trailer: dictionary, own_number: id.number, cost })
}

fn stream_runs(dictionary: &Dictionary, bytes: Vec<u8>) -> Result<Vec<Run>, PdfError> {
    let bad = |what: &str| PdfError::damaged(format!("cross-reference stream: {what}"));
    let whole = |object: &Object| object.as_integer().and_then(|v| usize::try_from(v).ok());
    let widths: Option<Vec<usize>> =
        dictionary.get("W").as_array().unwrap_or_default().iter().map(whole).collect();
    let Some([w1, w2, w3]) = widths.as_deref() else { return Err(bad("bad /W")) };
    if *w1 > 1 || *w2 > 8 || *w3 > 4 || w1 + w2 + w3 == 0 {
        return Err(bad("bad /W"));
    }
    let (row, widths) = (w1 + w2 + w3, (*w1, *w2));
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
    if index.len() / 2 > MOST_RUNS {
        return Err(PdfError::Limit("a cross-reference stream has over 100000 parts".to_owned()));
    }
    let data = Arc::new(bytes);
    let (mut start, mut runs) = (0_usize, Vec::new());
    for pair in index.chunks(2) {
        let [first, count] = pair else { return Err(bad("bad /Index")) };
        let end = count.checked_mul(row).and_then(|length| length.checked_add(start));
        let end = end.filter(|end| *end <= data.len());
        let end = end.ok_or_else(|| bad("fewer entries than announced"))?;
        let number = |value: usize| u32::try_from(value).map_err(|_| bad("number too large"));
        number(first.saturating_add(*count))?;
        let rows = Rows::Packed { data: Arc::clone(&data), start, row, widths };
        runs.push(Run { first: number(*first)?, count: number(*count)?, is_exact: true, rows });
        start = end;
    }
    Ok(runs)
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

impl Run {
    /// Hands over entries with their index; a table is read in large pieces.
    pub(super) fn each(
        &self,
        source: &dyn ReadAt,
        wanted: Range<u32>,
        mut visit: impl FnMut(u32, Entry),
    ) -> Result<(), PdfError> {
        let Rows::InFile(first) = &self.rows else {
            for index in wanted {
                visit(index, self.entry(source, index)?);
            }
            return Ok(());
        };
        let mut tape = Tape::new(source);
        let mut index = wanted.start;
        while index < wanted.end {
            let count = (wanted.end - index).min(4096);
            let at = first.saturating_add(u64::from(index) * ROW as u64);
            let rows = tape.from(at, count as usize * ROW)?.chunks_exact(ROW);
            let mut rows = rows.map(|row| row.first_chunk().and_then(read_row));
            for index in index..index + count {
                visit(index, rows.next().flatten().ok_or_else(malformed_entry)?);
            }
            index += count;
        }
        Ok(())
    }

    /// One entry, by its index in the run.
    pub(super) fn entry(&self, source: &dyn ReadAt, index: u32) -> Result<Entry, PdfError> {
        let place = index as usize;
        let entry = match &self.rows {
            Rows::Listed(entries) => entries.get(place).copied(),
            Rows::InFile(offset) => row_in_file(source, *offset, u64::from(index))?,
            Rows::Packed { data, start, row, widths } => {
                let at = start.saturating_add(place.saturating_mul(*row));
                data.get(at..at.saturating_add(*row))
                    .and_then(|row| stream_entry(row, widths.0, widths.1))
            }
        };
        entry.ok_or_else(malformed_entry)
    }
}

/// Reads one row of a classic table; `None` if it is not exactly one.
fn row_in_file(source: &dyn ReadAt, first: u64, index: u64) -> Result<Option<Entry>, PdfError> {
    let offset = first.saturating_add(index.saturating_mul(ROW as u64));
    if offset.saturating_add(ROW as u64) > source.size() {
        return Ok(None);
    }
    let mut row = [0; ROW];
    source.read_exact_at(&mut row, offset)?;
    Ok(read_row(&row))
}

fn malformed_entry() -> PdfError {
    PdfError::damaged("a cross-reference entry is malformed")
}

fn read_row(row: &[u8; ROW]) -> Option<Entry> {
    let digits = |range: std::ops::Range<usize>| {
        row.get(range)?.iter().try_fold(0_u64, |sum, byte| {
            byte.is_ascii_digit().then(|| sum * 10 + u64::from(byte - b'0'))
        })
    };
    let (offset, generation) = (digits(0..10), digits(11..16));
    match row {
        [.., kind, a, b]
            if row.get(10) == Some(&b' ')
                && row.get(16) == Some(&b' ')
                && is_space(*a)
                && is_space(*b) =>
        {
            entry_of(offset, generation, *kind)
        }
        _ => None,
    }
}

fn entry_of(offset: Option<u64>, generation: Option<u64>, kind: u8) -> Option<Entry> {
    let (offset, generation) = (offset?, generation?);
    match kind {
        b'n' => Some(Entry::InFile(offset, u16::try_from(generation).ok()?)),
        // Some writers count the generations of free numbers beyond what there can be.
        b'f' => Some(Entry::Free),
        _ => None,
    }
}
