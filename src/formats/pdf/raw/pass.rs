//! One pass over every object in use, in the order of the file.

use std::collections::BTreeMap;

use super::{
    document::{Document, misplaced},
    lexer::Lexer,
    object::{Object, ObjectId},
    object_stream::{damaged_stream, not_in_stream},
    section::Entry,
    skim::{Tape, skim, skim_bare},
};
use crate::formats::pdf::PdfError;

/// Where an object stands: offset, number, generation.
type Place = (u64, u32, u16);

/// Places in long runs that are in order: most tables have one, and one for each revision.
#[derive(Default)]
struct Runs(Vec<Vec<Place>>);

impl Runs {
    fn push(&mut self, place: Place) {
        match self.0.last_mut() {
            Some(run) if run.last().is_some_and(|last| *last <= place) => run.push(place),
            _ => self.0.push(vec![place]),
        }
    }

    /// All of them in order.
    fn in_order(mut self) -> impl Iterator<Item = Place> {
        self.0.sort_unstable();
        let apart = self.0.is_sorted_by(|a, b| a.last() <= b.first());
        if !apart {
            let mut all = self.0.concat();
            all.sort();
            self.0 = vec![all];
        }
        self.0.into_iter().flatten()
    }
}

impl Document<'_> {
    /// Passes once over every object in use, in the order of the file: `visit` gets every reference
    /// to a number that `is_watched`: who holds it, what it refers to, and what `classify` says of the
    /// key that it directly stands under (empty within arrays).
    ///
    /// # Errors
    /// Something else stands where the cross-reference says that an object stands, or the document
    /// ends within an object.
    pub(crate) fn pass_over<K: Copy>(
        &mut self,
        is_watched: impl Fn(u32) -> bool,
        classify: impl Fn(&[u8]) -> K,
        mut visit: impl FnMut(ObjectId, ObjectId, K),
    ) -> Result<(), PdfError> {
        let mut in_file = Runs::default();
        let mut in_streams: BTreeMap<u32, Vec<(u32, u32)>> = BTreeMap::new();
        self.chain.each_entry(self.source, |number, entry| match entry {
            Entry::Free => {}
            Entry::InFile(offset, generation) => in_file.push((offset, number, generation)),
            Entry::InStream(stream, index) => {
                in_streams.entry(stream).or_default().push((index, number));
            }
        })?;
        let mut tape = Tape::new(self.source);
        let mut references = Vec::new();
        for (offset, number, generation) in in_file.in_order() {
            let id = ObjectId { number, generation };
            let is_section = self.chain.offsets.contains(&offset);
            let (found, stream) = tape.read(offset, |bytes| {
                let mut lexer = Lexer::new(bytes, None);
                lexer.skip_space()?;
                let found = lexer.object_header()?;
                let rest = bytes.get(lexer.position()..).unwrap_or_default();
                references.clear();
                let seen = skim(rest, &mut |to, key| {
                    if !is_watched(to.number) {
                        return;
                    }
                    // A cross-reference stream refers to these as a trailer does.
                    if !(is_section && [&b"Root"[..], b"Info", b"Encrypt", b"ID"].contains(&key)) {
                        references.push((to, classify(key)));
                    }
                })?;
                // Room for the end of the line behind `stream`.
                let data = offset + (lexer.position() + seen.length) as u64 + 1;
                let stream = if seen.stream { Some((lexer.object()?, data)) } else { None };
                Ok((found, stream))
            })?;
            if found != id {
                return Err(misplaced(found, id));
            }
            if let Some((Object::Dictionary(dictionary), data)) = stream {
                self.stream_place(&dictionary, data)?;
            }
            references.iter().for_each(|(to, key)| visit(id, *to, *key));
        }
        if self.locked {
            return Ok(());
        }
        for (stream, objects) in in_streams {
            let (body, places) = self.open_object_stream(stream)?;
            for (index, number) in objects {
                let place = usize::try_from(index).ok().and_then(|index| places.get(index));
                let place = place.filter(|(found, _)| *found == number);
                let (_, place) = place.ok_or_else(|| not_in_stream(number))?;
                let bytes = body.get(place.clone()).unwrap_or_default();
                let holder = ObjectId { number, generation: 0 };
                let seen = skim_bare(bytes, &mut |to, key| {
                    if is_watched(to.number) {
                        visit(holder, to, classify(key));
                    }
                });
                seen.map_err(|_| damaged_stream(stream))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn runs_come_in_order(places in proptest::collection::vec((0_u64..50, 0_u32..9), 0..40)) {
            let mut runs = Runs::default();
            let mut sorted: Vec<Place> = places.into_iter().map(|(o, n)| (o, n, 0)).collect();
            sorted.iter().for_each(|place| runs.push(*place));
            sorted.sort();
            prop_assert_eq!(runs.in_order().collect::<Vec<_>>(), sorted);
        }
    }
}
