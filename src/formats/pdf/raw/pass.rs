//! One pass over every object in use, in the order of the file.

use std::collections::BTreeMap;

use super::{
    document::{Document, misplaced},
    lexer::Lexer,
    object::{Object, ObjectId},
    object_stream::{damaged_stream, not_in_stream},
    skim::{Tape, skim, skim_bare},
    xref::Entry,
};
use crate::formats::pdf::PdfError;

impl Document<'_> {
    /// Passes once over every object in use, in the order of the file: `visit` gets every
    /// reference: who holds it, what it refers to, and what `is_expected` says of the key that it
    /// directly stands under (empty within arrays).
    ///
    /// # Errors
    /// Something else stands where the cross-reference says that an object stands, or the document
    /// ends within an object.
    pub(crate) fn pass_over(
        &mut self,
        is_expected: impl Fn(&[u8]) -> bool,
        mut visit: impl FnMut(ObjectId, ObjectId, bool),
    ) -> Result<(), PdfError> {
        let mut in_file = Vec::with_capacity(self.chain.count());
        let mut in_streams: BTreeMap<u32, Vec<(u32, u32)>> = BTreeMap::new();
        self.chain.each_entry(self.source, |number, entry| match entry {
            Entry::Free => {}
            Entry::InFile(offset, generation) => in_file.push((offset, number, generation)),
            Entry::InStream(stream, index) => {
                in_streams.entry(stream).or_default().push((index, number));
            }
        })?;
        // They stand in long runs that are in order, which this sort makes use of.
        in_file.sort();
        let mut tape = Tape::new(self.source);
        let mut references = Vec::new();
        for (offset, number, generation) in in_file {
            let id = ObjectId { number, generation };
            let is_section = self.chain.offsets.contains(&offset);
            let (found, stream) = tape.read(offset, |bytes| {
                let mut lexer = Lexer::new(bytes, None);
                lexer.skip_space()?;
                let found = lexer.object_header()?;
                let rest = bytes.get(lexer.position()..).unwrap_or_default();
                references.clear();
                let seen = skim(rest, &mut |to, key| {
                    // A cross-reference stream refers to these as a trailer does.
                    if !(is_section && [&b"Root"[..], b"Info", b"Encrypt", b"ID"].contains(&key)) {
                        references.push((to, is_expected(key)));
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
            references.iter().for_each(|(to, expected)| visit(id, *to, *expected));
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
                skim_bare(bytes, &mut |to, key| visit(holder, to, is_expected(key)))
                    .map_err(|_| damaged_stream(stream))?;
            }
        }
        Ok(())
    }
}
