//! What the appearance of a widget is drawn with, as far as this tells whether it can hide or say
//! something: text, and anything painted.

use super::pair::Pair;
use crate::formats::pdf::{
    PdfError,
    raw::{Dictionary, Document, Object},
};

/// The most streams of one appearance.
const MOST_STREAMS: usize = 64;
/// The fonts that every reader has (ISO 32000-1 §9.6.2.2).
const STANDARD: [&str; 14] = [
    "Helvetica",
    "Helvetica-Bold",
    "Helvetica-Oblique",
    "Helvetica-BoldOblique",
    "Times-Roman",
    "Times-Bold",
    "Times-Italic",
    "Times-BoldItalic",
    "Courier",
    "Courier-Bold",
    "Courier-Oblique",
    "Courier-BoldOblique",
    "Symbol",
    "ZapfDingbats",
];

/// What an appearance is drawn with.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Look {
    /// Whether there is one.
    pub(super) is_there: bool,
    /// The text that it shows, without white space, as bytes of its fonts' encodings.
    pub(super) text: Vec<u8>,
    /// Whether it fills or strokes.
    pub(super) paints: bool,
    /// Whether all of it could be read, and there is nothing in it but text, lines and areas.
    pub(super) known: bool,
}

/// Looks at `/AP` of the signed revision.
pub(super) fn before(pair: &mut Pair<'_, '_, '_>, appearance: &Object) -> Result<Look, PdfError> {
    let streams = streams(pair.then, appearance)?;
    look(pair.then, streams)
}

/// Looks at `/AP` as it is now; with the fonts, which must be known ones.
pub(super) fn after(pair: &mut Pair<'_, '_, '_>, appearance: &Object) -> Result<Look, PdfError> {
    let streams = streams(pair.now, appearance)?;
    let mut look = look(pair.now, streams.clone())?;
    for stream in streams.iter().flatten().take(MOST_STREAMS) {
        look.known &= has_known_resources(pair, stream)?;
    }
    Ok(look)
}

/// The streams of an appearance; none where it is not built as it should be.
fn streams(
    document: &mut Document<'_>,
    appearance: &Object,
) -> Result<Option<Vec<Object>>, PdfError> {
    let kinds = match document.resolve(appearance)? {
        Object::Null => return Ok(Some(Vec::new())),
        Object::Dictionary(kinds) => kinds,
        _ => return Ok(None),
    };
    let mut streams = Vec::new();
    for (key, value) in kinds.iter() {
        if ![&b"N"[..], b"R", b"D"].contains(&key) {
            return Ok(None);
        }
        match document.resolve(value)? {
            Object::Null => {}
            Object::Dictionary(states) => {
                streams.extend(states.iter().map(|(_, stream)| stream.clone()));
            }
            _ => streams.push(value.clone()),
        }
    }
    Ok((streams.len() <= MOST_STREAMS).then_some(streams))
}

fn look(document: &mut Document<'_>, streams: Option<Vec<Object>>) -> Result<Look, PdfError> {
    let Some(streams) = streams else {
        return Ok(Look { is_there: true, ..Look::default() });
    };
    let mut look = Look { is_there: !streams.is_empty(), known: true, ..Look::default() };
    for stream in streams {
        let is_stream = matches!(document.resolve(&stream)?, Object::Stream(..));
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

/// Whether a stream draws with nothing but fonts that mean what they say: those of the signed
/// revision, and those that every reader has.
fn has_known_resources(pair: &mut Pair<'_, '_, '_>, stream: &Object) -> Result<bool, PdfError> {
    let stream = pair.now.resolve(stream)?;
    let Some(dictionary) = stream.as_dictionary() else { return Ok(false) };
    if ["OC", "Group", "Ref", "OPI"].iter().any(|key| dictionary.has(key)) {
        return Ok(false);
    }
    let resources = match pair.now.resolve(dictionary.get("Resources"))? {
        Object::Null => return Ok(true),
        Object::Dictionary(resources) => resources,
        _ => return Ok(false),
    };
    for (category, value) in resources.iter() {
        let fonts = match (category, pair.now.resolve(value)?) {
            (_, Object::Null) | (b"ProcSet", _) => continue,
            (b"Font", Object::Dictionary(fonts)) => fonts,
            (_, Object::Dictionary(inner)) if inner.iter().next().is_none() => continue,
            _ => return Ok(false),
        };
        for (_, font) in fonts.iter() {
            let signed = match font.as_reference() {
                Some(id) => !pair.has_changed(id.number),
                None => false,
            };
            let font = pair.now.resolve(font)?;
            if !signed && !font.as_dictionary().is_some_and(is_standard) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

fn is_standard(font: &Dictionary) -> bool {
    let base = font.get("BaseFont").as_name().unwrap_or_default();
    let plain = matches!(font.get("Encoding"), Object::Null | Object::Name(_));
    let own = ["FontDescriptor", "ToUnicode", "Widths"].iter().any(|key| font.has(key));
    font.is_name("Subtype", "Type1")
        && plain
        && !own
        && STANDARD.iter().any(|s| s.as_bytes() == base)
}

/// The operators of a content stream (ISO 32000-2 annex A).
fn see(content: &[u8], look: &mut Look) {
    let mut at = 0;
    // Strings since the last operator.
    let mut strings = Vec::new();
    while let Some(&byte) = content.get(at) {
        match byte {
            b'(' => at = literal(content, at, &mut strings),
            b'<' if content.get(at + 1) != Some(&b'<') => {
                let rest = content.get(at..).unwrap_or_default();
                let end = rest.iter().position(|b| *b == b'>').unwrap_or(rest.len());
                let digits: String =
                    rest.get(1..end).unwrap_or_default().iter().map(|b| char::from(*b)).collect();
                match crate::crypto::digest::unhex(&digits) {
                    Some(bytes) => strings.extend(bytes),
                    None => look.known = false,
                }
                at += end + 1;
            }
            b'%' => {
                let rest = content.get(at..).unwrap_or_default();
                at += rest.iter().position(|b| matches!(b, 10 | 13)).unwrap_or(rest.len());
            }
            b'/' => at += 1 + word(content, at + 1).len(),
            _ => {
                let word = word(content, at);
                match word {
                    b"Tj" | b"TJ" | b"'" | b"\"" => look.text.append(&mut strings),
                    b"f" | b"F" | b"f*" | b"B" | b"B*" | b"b" | b"b*" | b"s" | b"S" => {
                        look.paints = true;
                    }
                    // Images, forms, shadings, states, patterns: nobody knows what these show.
                    b"BI" | b"Do" | b"sh" | b"gs" | b"scn" | b"SCN" | b"cs" | b"CS" | b"Tr" => {
                        look.known = false;
                    }
                    _ => {}
                }
                if word.first().is_some_and(u8::is_ascii_alphabetic) {
                    strings.clear();
                }
                at += word.len().max(1);
            }
        }
    }
    look.text.retain(|byte| !byte.is_ascii_whitespace());
}

/// Reads a literal string; returns the place behind it.
fn literal(content: &[u8], start: usize, found: &mut Vec<u8>) -> usize {
    let (mut at, mut open) = (start, 0_usize);
    while let Some(&byte) = content.get(at) {
        at += 1;
        match byte {
            b'\\' => {
                found.extend(content.get(at));
                at += 1;
            }
            b'(' => {
                if open > 0 {
                    found.push(byte);
                }
                open += 1;
            }
            b')' => {
                open -= 1;
                if open == 0 {
                    break;
                }
                found.push(byte);
            }
            _ => found.push(byte),
        }
    }
    at
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

    fn seen(content: &str) -> (String, bool, bool) {
        let mut look = Look { known: true, ..Look::default() };
        see(content.as_bytes(), &mut look);
        (String::from_utf8(look.text).unwrap(), look.paints, look.known)
    }

    #[test]
    fn operators_are_told_from_operands() {
        let is = |text: &str, paints, known| (text.to_owned(), paints, known);
        assert_eq!(seen("/Tx BMC EMC"), is("", false, true));
        assert_eq!(seen("BT /Do 10 Tf (f \\) S (Do)) Tj ET"), is("f)S(Do)", false, true));
        assert_eq!(seen("% f\n/f gs <66> pop [(x)-3(y)]TJ"), is("xy", false, false));
        assert_eq!(seen("0 0 1 1 re f () Tj"), is("", true, true));
        assert!(!seen("BI /W 1 ID Tj EI (a) Tj").2);
        assert_eq!(seen("<4142> Tj"), is("AB", false, true));
    }
}
