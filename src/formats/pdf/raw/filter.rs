//! Decoding of cross-reference and object streams: Flate with or without predictor, within limits
//! (ISO 32000-2 §7.4.4). Other filters are not used for structure by any writer we know of.

use std::io::Read;

use super::{
    LARGEST_STREAM,
    object::{Dictionary, Object},
};
use crate::formats::pdf::PdfError;

/// Decodes the data of a structure stream.
pub(super) fn decode(dictionary: &Dictionary, data: &[u8]) -> Result<Vec<u8>, PdfError> {
    let filter = single(dictionary.get("Filter"));
    let parameters = single(dictionary.get("DecodeParms"));
    match filter {
        None => Ok(data.to_vec()),
        Some(Object::Name(name)) if name == b"FlateDecode" => {
            let inflated = inflate(data)?;
            match parameters.and_then(Object::as_dictionary) {
                Some(parameters) => unpredict(parameters, inflated),
                None => Ok(inflated),
            }
        }
        Some(_) => Err(PdfError::damaged("a structure stream uses an unusual filter")),
    }
}

/// The beginning of what data decode to, as far as it goes; no more than `most` bytes are unpacked,
/// and predictors are not undone.
pub(super) fn beginning(dictionary: &Dictionary, data: &[u8], most: usize) -> Vec<u8> {
    let mut out = Vec::new();
    if single(dictionary.get("Filter")).is_some() {
        // What is cut off ends in an error, behind what could be unpacked.
        let _ = flate2::read::ZlibDecoder::new(data).take(most as u64).read_to_end(&mut out);
    } else {
        out.extend(data.iter().take(most));
    }
    out
}

/// Whether [`decode`] knows the filter.
pub(super) fn is_simple(dictionary: &Dictionary) -> bool {
    match single(dictionary.get("Filter")) {
        None => true,
        Some(filter) => filter.as_name() == Some(b"FlateDecode"),
    }
}

/// The value, or the only element of an array; `None` for null and empty arrays.
fn single(object: &Object) -> Option<&Object> {
    match object {
        Object::Null => None,
        Object::Array(elements) if elements.len() <= 1 => elements.first(),
        other => Some(other),
    }
}

fn inflate(data: &[u8]) -> Result<Vec<u8>, PdfError> {
    let mut out = Vec::new();
    let mut limited = flate2::read::ZlibDecoder::new(data).take(LARGEST_STREAM as u64 + 1);
    limited
        .read_to_end(&mut out)
        .map_err(|_| PdfError::damaged("a structure stream does not decompress"))?;
    if out.len() > LARGEST_STREAM {
        return Err(PdfError::Limit("a structure stream decompresses to over 64 MiB".to_owned()));
    }
    Ok(out)
}

fn unpredict(parameters: &Dictionary, data: Vec<u8>) -> Result<Vec<u8>, PdfError> {
    let number = |key: &str, default: i64| match parameters.get(key) {
        Object::Null => Ok(default),
        other => other.as_integer().ok_or_else(|| PdfError::damaged("bad DecodeParms")),
    };
    if number("Predictor", 1)? == 1 {
        return Ok(data);
    }
    let eight_bit_grey = number("Colors", 1)? == 1 && number("BitsPerComponent", 8)? == 8;
    let columns = usize::try_from(number("Columns", 1)?).unwrap_or(0);
    if number("Predictor", 1)? < 10 || !eight_bit_grey || !(1..=65_536).contains(&columns) {
        return Err(PdfError::damaged("a structure stream uses an unusual predictor"));
    }
    let mut out: Vec<u8> = Vec::with_capacity(data.len());
    let mut above = vec![0; columns];
    for row in data.chunks(columns + 1) {
        let Some((kind, values)) = row.split_first() else { break };
        let mut line = values.to_vec();
        line.resize(columns, 0);
        undo(*kind, &mut line, &above)?;
        out.extend(line.iter().take(values.len()));
        above = line;
    }
    Ok(out)
}

/// Undoes one PNG row filter (RFC 2083 §6) for one byte per pixel.
fn undo(kind: u8, line: &mut [u8], above: &[u8]) -> Result<(), PdfError> {
    let (mut left, mut upper_left) = (0_u8, 0_u8);
    for (value, up) in line.iter_mut().zip(above) {
        let predicted = match kind {
            0 => 0,
            1 => left,
            2 => *up,
            3 => ((u16::from(left) + u16::from(*up)) / 2) as u8,
            4 => paeth(left, *up, upper_left),
            _ => return Err(PdfError::damaged("unknown row filter")),
        };
        *value = value.wrapping_add(predicted);
        left = *value;
        upper_left = *up;
    }
    Ok(())
}

fn paeth(left: u8, up: u8, upper_left: u8) -> u8 {
    let estimate = i16::from(left) + i16::from(up) - i16::from(upper_left);
    let distance = |value: u8| (estimate - i16::from(value)).abs();
    let (a, b, c) = (distance(left), distance(up), distance(upper_left));
    if a <= b && a <= c {
        left
    } else if b <= c {
        up
    } else {
        upper_left
    }
}
