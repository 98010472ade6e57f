//! Objects in object streams (ISO 32000-2 §7.5.7).

use std::ops::Range;

use super::{
    LARGEST_OBJECT,
    document::{Document, Window, raw_data, within_parsed, within_sum},
    filter,
    lexer::{LexError, Lexer},
    object::{Object, ObjectId},
    section::Entry,
};
use crate::formats::pdf::PdfError;

/// An object in an object stream: its number, and its bytes among those decoded.
type Place = (u32, Range<usize>);

impl Document<'_> {
    pub(super) fn object_in_stream(
        &mut self,
        number: u32,
        stream: u32,
        index: u32,
    ) -> Result<Object, PdfError> {
        if !self.streams.contains_key(&stream) {
            let objects = self.decode_object_stream(stream)?;
            // Two dozen streams at hand are plenty for walking; older ones are decoded again.
            if self.streams.len() >= 24 {
                self.streams.clear();
            }
            self.streams.insert(stream, objects);
        }
        let objects = self.streams.get(&stream).map(Vec::as_slice).unwrap_or_default();
        match usize::try_from(index).ok().and_then(|index| objects.get(index)) {
            Some((found, size, object)) if *found == number => {
                self.parsed = within_parsed(self.parsed, *size)?;
                Ok(object.clone())
            }
            _ => Err(not_in_stream(number)),
        }
    }

    fn decode_object_stream(&mut self, stream: u32) -> Result<Vec<(u32, u64, Object)>, PdfError> {
        let (body, places) = self.open_object_stream(stream)?;
        let mut objects = Vec::new();
        for (number, place) in places {
            let padded = [body.get(place).unwrap_or_default(), b" "].concat();
            let mut lexer = Lexer::new(&padded, None);
            let object = lexer.object().map_err(|_| damaged_stream(stream))?;
            // An element takes a hundred times the memory of the byte that may stand for it.
            self.decoded = within_sum(self.decoded, lexer.elements().saturating_mul(96))?;
            objects.push((number, padded.len() as u64, object));
        }
        Ok(objects)
    }

    /// The decoded objects of an object stream, and where in them each one stands.
    ///
    /// # Errors
    /// The stream is damaged or too large.
    pub(crate) fn open_object_stream(
        &mut self,
        stream: u32,
    ) -> Result<(Vec<u8>, Vec<Place>), PdfError> {
        let bad = || damaged_stream(stream);
        // ISO 32000-2 §7.5.7: their generation is zero.
        let Entry::InFile(offset, 0) = self.chain.entry(self.source, stream)? else {
            return Err(bad());
        };
        let (id, object, _) = Window::new(self.source, offset)?.indirect_object()?;
        let Object::Stream(dictionary, data) = object else { return Err(bad()) };
        if id != (ObjectId { number: stream, generation: 0 })
            || !dictionary.is_name("Type", "ObjStm")
        {
            return Err(bad());
        }
        let length = match dictionary.get("Length") {
            // An indirect length must be a plain object; a compressed one could lead back here.
            Object::Reference(length) => match self.chain.entry(self.source, length.number)? {
                Entry::InFile(..) => self.object(*length)?.as_integer(),
                _ => None,
            },
            other => other.as_integer(),
        };
        let mut bytes = raw_data(self.source, data, length)?;
        if let Some(security) = &self.security {
            bytes = security.decrypt_stream(id, &bytes).ok_or_else(bad)?;
        }
        let mut header = filter::decode(&dictionary, &bytes)?;
        self.decoded = within_sum(self.decoded, header.len())?;
        let whole = |key| dictionary.get(key).as_integer().and_then(|v| usize::try_from(v).ok());
        let (count, first) = whole("N").zip(whole("First")).ok_or_else(bad)?;
        if first > header.len() {
            return Err(bad());
        }
        let body = header.split_off(first);
        header.push(b' ');
        let mut lexer = Lexer::new(&header, None);
        // Offsets must grow, so that every byte belongs to one object and the work is linear.
        let mut places: Vec<(u32, usize)> = Vec::new();
        for _ in 0..count {
            let mut number = || -> Result<u64, LexError> {
                lexer.skip_space()?;
                lexer.unsigned()
            };
            let (number, offset) = number().ok().zip(number().ok()).ok_or_else(bad)?;
            let offset = usize::try_from(offset).map_err(|_| bad())?;
            if places.last().is_some_and(|(_, before)| offset <= *before) {
                return Err(bad());
            }
            places.push((u32::try_from(number).map_err(|_| bad())?, offset));
        }
        let ends: Vec<_> = places.iter().skip(1).map(|(_, at)| *at).chain([body.len()]).collect();
        let mut ranges = Vec::with_capacity(places.len());
        for ((number, offset), end) in places.into_iter().zip(ends) {
            let slice = body.get(offset..end).ok_or_else(bad)?;
            if slice.len() > LARGEST_OBJECT {
                return Err(PdfError::Limit("an object is over 8 MiB".to_owned()));
            }
            ranges.push((number, offset..end));
        }
        Ok((body, ranges))
    }
}

pub(super) fn damaged_stream(stream: u32) -> PdfError {
    PdfError::damaged(format!("object stream {stream} is damaged"))
}

pub(super) fn not_in_stream(number: u32) -> PdfError {
    PdfError::damaged(format!("object {number} is not in its object stream"))
}
