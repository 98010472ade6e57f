//! What the appearance of a widget is drawn with, as far as this tells whether it can hide or say
//! something: text, and anything painted.

use crate::formats::pdf::{
    PdfError,
    raw::{Document, Object},
};

/// The most streams of one appearance.
const MOST_STREAMS: usize = 64;

/// What an appearance is drawn with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Look {
    /// Whether there is one.
    pub(super) is_there: bool,
    /// Whether it shows text.
    pub(super) writes: bool,
    /// Whether it fills, strokes, shades, or draws images or forms.
    pub(super) paints: bool,
    /// Whether all of it could be read, and is built as it should be.
    pub(super) known: bool,
}

/// Looks at `/AP`.
pub(super) fn look(document: &mut Document<'_>, appearance: &Object) -> Result<Look, PdfError> {
    let mut look = Look { is_there: false, writes: false, paints: false, known: true };
    let kinds = match document.resolve(appearance)? {
        Object::Null => return Ok(look),
        Object::Dictionary(kinds) => kinds,
        _ => {
            look.known = false;
            return Ok(look);
        }
    };
    let mut streams = Vec::new();
    for (key, value) in kinds.iter() {
        look.known &= [&b"N"[..], b"R", b"D"].contains(&key);
        match document.resolve(value)? {
            Object::Null => {}
            Object::Dictionary(states) => {
                streams.extend(states.iter().map(|(_, stream)| stream.clone()));
            }
            _ => streams.push(value.clone()),
        }
    }
    look.is_there = !streams.is_empty();
    look.known &= streams.len() <= MOST_STREAMS;
    for stream in streams.iter().take(MOST_STREAMS) {
        let is_stream = matches!(document.resolve(stream)?, Object::Stream(..));
        let data = match stream.as_reference().filter(|_| is_stream) {
            Some(id) => document.stream_data(id)?,
            None => None,
        };
        match data {
            Some(data) => see(&data, &mut look),
            None => look.known = false,
        }
    }
    Ok(look)
}

/// The operators of a content stream (ISO 32000-2 annex A).
fn see(content: &[u8], look: &mut Look) {
    let mut at = 0;
    while let Some(&byte) = content.get(at) {
        match byte {
            b'(' => {
                let mut open = 0_usize;
                while let Some(&inner) = content.get(at) {
                    match inner {
                        b'\\' => at += 1,
                        b'(' => open += 1,
                        b')' => open -= 1,
                        _ => {}
                    }
                    at += 1;
                    if open == 0 {
                        break;
                    }
                }
            }
            b'%' => {
                let rest = content.get(at..).unwrap_or_default();
                at += rest.iter().position(|b| matches!(b, 10 | 13)).unwrap_or(rest.len());
            }
            b'/' => at += 1 + word(content, at + 1).len(),
            _ => {
                let word = word(content, at);
                match word {
                    b"Tj" | b"TJ" | b"'" | b"\"" => look.writes = true,
                    b"f" | b"F" | b"f*" | b"B" | b"B*" | b"b" | b"b*" | b"s" | b"S" | b"sh"
                    | b"Do" => {
                        look.paints = true;
                    }
                    b"BI" => {
                        // What follows is the data of an image.
                        look.paints = true;
                        return;
                    }
                    _ => {}
                }
                at += word.len().max(1);
            }
        }
    }
}

fn word(content: &[u8], at: usize) -> &[u8] {
    let rest = content.get(at..).unwrap_or_default();
    let ends =
        |byte: &u8| crate::formats::pdf::raw::is_space(*byte) || b"()<>[]{}/%".contains(byte);
    rest.get(..rest.iter().position(ends).unwrap_or(rest.len())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(content: &str) -> (bool, bool) {
        let mut look = Look { is_there: true, writes: false, paints: false, known: true };
        see(content.as_bytes(), &mut look);
        (look.writes, look.paints)
    }

    #[test]
    fn operators_are_told_from_operands() {
        assert_eq!(seen("/Tx BMC EMC"), (false, false));
        assert_eq!(seen("BT /Do 10 Tf (f \\) S (Do)) Tj ET"), (true, false));
        assert_eq!(seen("% f\n/f gs <66> pop [(x)]TJ"), (true, false));
        assert_eq!(seen("0 0 1 1 re f"), (false, true));
        assert_eq!(seen("BI /W 1 ID Tj EI"), (false, true));
    }
}
