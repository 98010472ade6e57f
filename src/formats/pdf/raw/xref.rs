//! The cross-reference chain: tables, streams and hybrids, newest first (ISO 32000-2 §7.5.4,
//! §7.5.8).

use std::{
    collections::{BTreeSet, HashSet},
    ops::Range,
    sync::Arc,
};

use super::{
    MOST_OBJECTS, MOST_RUNS, MOST_SECTIONS,
    document::{Named, Window, raw_data, within_sum},
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

/// The whole chain: where every entry can be found, newest section first.
#[derive(Debug)]
pub(crate) struct Chain {
    sections: Vec<Vec<Run>>,
    /// Where each section stands.
    places: Vec<u64>,
    /// The newest trailer.
    pub(crate) trailer: Dictionary,
    /// The newest section's kind.
    pub(crate) kind: XrefKind,
    /// Offsets of all sections, newest first.
    pub(crate) offsets: Vec<u64>,
    /// The numbers of cross-reference streams.
    own_numbers: HashSet<u32>,
    /// The highest number in any section, those of cross-reference streams themselves included.
    pub(crate) highest: u32,
}

/// Entries of consecutive object numbers.
#[derive(Debug)]
struct Run {
    first: u32,
    count: u32,
    /// Whether its rows are as long as they must be.
    is_exact: bool,
    rows: Rows,
}

/// How the entries of a run are kept. A file with a million objects costs no more memory than the
/// cross-reference itself takes, and that of a classic table none at all.
#[derive(Debug)]
enum Rows {
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

struct Section {
    kind: XrefKind,
    runs: Vec<Run>,
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
            sections: Vec::new(),
            places: Vec::new(),
            trailer: section.trailer.clone(),
            kind: section.kind,
            offsets: Vec::new(),
            own_numbers: HashSet::new(),
            highest: 0,
        });
        chain.offsets.push(offset);
        chain.add(section, offset)?;
        if let Some(beside) = beside {
            if !seen.insert(beside) {
                return Err(PdfError::damaged("two sections share a cross-reference stream"));
            }
            let section = read_section(source, beside)?;
            read = within_sum(read, section.cost)?;
            chain.add(section, beside)?;
        }
        next = previous;
    }
    chain.ok_or_else(|| PdfError::damaged("there is no cross-reference"))
}

impl Chain {
    fn add(&mut self, mut section: Section, place: u64) -> Result<(), PdfError> {
        section.runs.retain(|run| run.count > 0);
        section.runs.sort_by_key(|run| run.first);
        let twice = section.runs.windows(2).any(|pair| match pair {
            [a, b] => u64::from(a.first) + u64::from(a.count) > u64::from(b.first),
            _ => false,
        });
        if twice {
            return Err(PdfError::damaged("a cross-reference section names an object twice"));
        }
        let last = section.runs.last().map(|run| run.first.saturating_add(run.count - 1));
        self.own_numbers.insert(section.own_number);
        self.highest = self.highest.max(section.own_number).max(last.unwrap_or(0));
        self.sections.push(section.runs);
        self.places.push(place);
        let runs = self.sections.iter().map(Vec::len).sum::<usize>();
        let entries = self.sections.iter().flatten().map(|run| u64::from(run.count)).sum::<u64>();
        if runs > MOST_RUNS || entries > MOST_OBJECTS as u64 {
            return Err(PdfError::Limit("over four million objects".to_owned()));
        }
        Ok(())
    }

    /// Whether an object stands at a number that `/Size` says there is none: readers differ in
    /// whether it is there. The numbers of cross-reference streams themselves do not count.
    pub(crate) fn reaches_beyond_size(&self, source: &dyn ReadAt) -> Result<bool, PdfError> {
        const MOST: u32 = 10_000;
        let size = self.trailer.get("Size").as_integer();
        let Some(size) = size.and_then(|size| u32::try_from(size).ok()) else { return Ok(true) };
        if self.highest.saturating_sub(size) > MOST {
            return Ok(true);
        }
        for number in size..=self.highest {
            if !self.own_numbers.contains(&number) && self.entry(source, number)? != Entry::Free {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The sections that continue an earlier chain; `None` where this one does not lead to it.
    fn sections_since(&self, earlier: &Self) -> Option<&[Vec<Run>]> {
        if !self.offsets.ends_with(&earlier.offsets) {
            return None;
        }
        self.sections.get(..self.sections.len().checked_sub(earlier.sections.len())?)
    }

    /// The numbers that the sections behind an earlier chain define or free; `None` where this chain
    /// does not lead to it.
    pub(crate) fn numbers_since(&self, earlier: &Self) -> Option<BTreeSet<u32>> {
        let runs = self.sections_since(earlier)?.iter().flatten();
        Some(runs.flat_map(|run| run.first..run.first.saturating_add(run.count)).collect())
    }

    /// Whether all tables behind an earlier chain have rows of exactly 20 bytes, so that every
    /// reader takes them as they stand.
    pub(crate) fn is_exact_since(&self, earlier: &Self) -> bool {
        let sections = self.sections_since(earlier).unwrap_or_default();
        sections.iter().flatten().all(|run| run.is_exact)
    }

    /// Whether a section behind an earlier chain is of two halves, a table and a stream, of which
    /// some readers see only one.
    pub(crate) fn is_hybrid_since(&self, earlier: &Self) -> bool {
        let sections = self.sections.len().saturating_sub(earlier.sections.len());
        sections != self.offsets.len().saturating_sub(earlier.offsets.len())
    }

    /// The newest entry of an object number.
    pub(crate) fn entry(&self, source: &dyn ReadAt, number: u32) -> Result<Entry, PdfError> {
        for runs in &self.sections {
            let at = runs.partition_point(|run| run.first <= number);
            let run = at.checked_sub(1).and_then(|before| runs.get(before));
            if let Some(run) = run.filter(|run| number - run.first < run.count) {
                return run.entry(source, number - run.first);
            }
        }
        Ok(Entry::Free)
    }

    /// Hands over every object number with its newest entry, those of the newest section first.
    pub(crate) fn each_entry(
        &self,
        source: &dyn ReadAt,
        mut visit: impl FnMut(u32, Entry),
    ) -> Result<(), PdfError> {
        // Numbers of newer sections, as intervals in order that do not touch.
        let mut newer: Vec<(u32, u32)> = Vec::new();
        for runs in &self.sections {
            for run in runs {
                let (mut at, end) = (run.first, run.first.saturating_add(run.count));
                while at < end {
                    let next = newer.partition_point(|(_, last)| *last <= at);
                    let (skip, until) = newer.get(next).copied().unwrap_or((end, end));
                    if skip > at {
                        run.each(
                            source,
                            at - run.first..skip.min(end) - run.first,
                            |index, entry| {
                                visit(run.first.saturating_add(index), entry);
                            },
                        )?;
                    }
                    at = until.max(skip.min(end));
                }
            }
            newer.extend(runs.iter().map(|run| (run.first, run.first.saturating_add(run.count))));
            newer.sort_unstable();
            newer.dedup_by(|later, earlier| {
                let touch = later.0 <= earlier.1;
                if touch {
                    earlier.1 = earlier.1.max(later.1);
                }
                touch
            });
        }
        Ok(())
    }

    /// Offsets of all sections, and of all objects that sections behind an offset name with number
    /// and generation, in order.
    pub(crate) fn named_offsets(
        &self,
        source: &dyn ReadAt,
        from: u64,
    ) -> Result<Vec<Named>, PdfError> {
        let mut offsets: Vec<_> = self.offsets.iter().map(|offset| (*offset, None)).collect();
        let later = self.sections.iter().zip(&self.places).filter(|(_, place)| **place >= from);
        for run in later.flat_map(|(runs, _)| runs) {
            run.each(source, 0..run.count, |index, entry| {
                if let Entry::InFile(offset, generation) = entry {
                    offsets.push((offset, Some((run.first.saturating_add(index), generation))));
                }
            })?;
        }
        offsets.sort_unstable();
        offsets.dedup();
        Ok(offsets)
    }
}

impl Run {
    /// Hands over entries with their index; a table is read in large pieces.
    fn each(
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

    fn entry(&self, source: &dyn ReadAt, index: u32) -> Result<Entry, PdfError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(sections: &[&[(u32, u32)]]) -> Chain {
        let run = |age: usize, &(first, count): &(u32, u32)| {
            let entry = |index| Entry::InStream(u32::try_from(age).unwrap(), first + index);
            Run {
                first,
                count,
                is_exact: true,
                rows: Rows::Listed((0..count).map(entry).collect()),
            }
        };
        let sections = sections
            .iter()
            .enumerate()
            .map(|(age, runs)| runs.iter().map(|r| run(age, r)).collect())
            .collect();
        Chain {
            places: vec![0; 4],
            sections,
            trailer: Dictionary::default(),
            kind: XrefKind::Table,
            offsets: Vec::new(),
            own_numbers: HashSet::new(),
            highest: 0,
        }
    }

    #[test]
    fn every_number_is_handed_over_once_with_its_newest_entry() {
        let source: &[u8] = b"";
        let sections: [&[(u32, u32)]; 4] =
            [&[(3, 1), (7, 2)], &[(0, 4), (9, 1)], &[(0, 12)], &[(5, 20)]];
        let chain = chain(&sections);
        let mut found = Vec::new();
        chain.each_entry(&source, |number, entry| found.push((number, entry))).unwrap();
        found.sort_by_key(|(number, _)| *number);
        let numbers: Vec<u32> = found.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, (0..25).collect::<Vec<_>>());
        for (number, entry) in found {
            assert_eq!(entry, chain.entry(&source, number).unwrap(), "{number}");
        }
    }
}
