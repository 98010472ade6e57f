//! The cross-reference chain: tables, streams and hybrids, newest first (ISO 32000-2 §7.5.4,
//! §7.5.8). How one section is read is in `section`.

use std::collections::{BTreeSet, HashSet};

use super::{
    MOST_OBJECTS, MOST_RUNS, MOST_SECTIONS,
    document::{Named, within_sum},
    object::{Dictionary, Object},
    section::{Entry, Run, Section, XrefKind, read_section},
};
use crate::{domain::source::ReadAt, formats::pdf::PdfError};

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

#[cfg(test)]
mod tests {
    use super::{super::section::Rows, *};

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
