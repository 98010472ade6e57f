//! Pictures as page content: drawn behind everything that is on the page, in a state of graphics
//! that the page's own content cannot disturb (ISO 32000-2 §7.8.2, §8.4.2).

use super::{
    PdfError,
    page::Page,
    raw::{Dictionary, Document, Object, ObjectId},
    revision::Revision,
};

/// The most content of a page that is looked through for states left open, bytes.
const MOST_CONTENT: usize = 64 << 20;

/// A picture on a page as shown: origin at the bottom left, upright, units of user space.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drawing {
    /// The bottom left corner of the whole picture.
    pub(super) corner: (f64, f64),
    /// The only part that is drawn.
    pub(super) clip: Option<[f64; 4]>,
}

/// What is used by the content of all pages of a revision.
pub(super) struct Ink {
    /// The form that draws the picture, in points at true size.
    pub(super) form: ObjectId,
    /// A stream that saves the state of graphics.
    save: ObjectId,
}

impl Ink {
    pub(super) fn new(revision: &mut Revision<'_>, form: ObjectId) -> Result<Self, PdfError> {
        let save = revision.reserve();
        revision.write_stream(save, Dictionary::default(), b"q\n")?;
        Ok(Self { form, save })
    }

    /// Draws on a page, and enters what that needs in the page's dictionary.
    pub(super) fn draw(
        &self,
        document: &mut Document<'_>,
        revision: &mut Revision<'_>,
        page: &Page,
        drawings: &[Drawing],
        into: &mut Dictionary,
    ) -> Result<(), PdfError> {
        let (resources, name) = self.resources(document, &page.resources)?;
        into.set("Resources", Object::Dictionary(resources));
        let old = contents(document, page.dictionary.get("Contents"))?;
        let states = states(document, &old)?;
        let mut content = "Q\n".repeat(states.open + usize::from(!old.is_empty()));
        for drawing in drawings {
            content.push_str(&operators(page, drawing, &name));
        }
        let behind = revision.reserve();
        revision.write_stream(behind, Dictionary::default(), content.as_bytes())?;
        let mut all = Vec::with_capacity(old.len() + 2);
        if !old.is_empty() {
            // Once for ourselves, and once for each that the content restores and did not save.
            all.extend(std::iter::repeat_n(self.save, 1 + states.missing));
        }
        all.extend(old);
        all.push(behind);
        into.set("Contents", Object::Array(all.into_iter().map(Object::Reference).collect()));
        Ok(())
    }

    /// The page's resources with the form under a name of its own. They may be shared or inherited,
    /// so the page gets a copy.
    fn resources(
        &self,
        document: &mut Document<'_>,
        resources: &Object,
    ) -> Result<(Dictionary, String), PdfError> {
        let mut resources = match document.resolve(resources)? {
            Object::Dictionary(resources) => resources,
            Object::Null => Dictionary::default(),
            _ => return Err(PdfError::damaged("/Resources is not a dictionary")),
        };
        let mut forms = match document.resolve(resources.get("XObject"))? {
            Object::Dictionary(forms) => forms,
            Object::Null => Dictionary::default(),
            _ => return Err(PdfError::damaged("/XObject is not a dictionary")),
        };
        let name = (0_u32..).map(|n| format!("Seal{n}")).find(|name| !forms.has(name));
        let name = name.unwrap_or_default();
        forms.set(&name, Object::Reference(self.form));
        resources.set("XObject", Object::Dictionary(forms));
        Ok((resources, name))
    }
}

fn operators(page: &Page, drawing: &Drawing, name: &str) -> String {
    let [a, b, c, d, e, f] = page.matrix_of_shown();
    let mut text = format!("q {a} {b} {c} {d} {e:.4} {f:.4} cm\n");
    if let Some([left, bottom, right, top]) = drawing.clip {
        let (width, height) = (right - left, top - bottom);
        text.push_str(&format!("{left:.4} {bottom:.4} {width:.4} {height:.4} re W n\n"));
    }
    let scale = page.units_per_mm() / super::appearance::POINTS_PER_MM;
    let (x, y) = drawing.corner;
    text.push_str(&format!("{scale:.6} 0 0 {scale:.6} {x:.4} {y:.4} cm /{name} Do Q\n"));
    text
}

/// The streams of `/Contents`.
fn contents(document: &mut Document<'_>, entry: &Object) -> Result<Vec<ObjectId>, PdfError> {
    let bad = || PdfError::damaged("/Contents is neither a stream nor an array of streams");
    match (document.resolve(entry)?, entry.as_reference()) {
        (Object::Null, _) => Ok(Vec::new()),
        (Object::Stream(..), Some(id)) => Ok(vec![id]),
        (Object::Array(parts), _) => {
            parts.iter().map(|part| part.as_reference().ok_or_else(bad)).collect()
        }
        _ => Err(bad()),
    }
}

/// What the content does to the stack of graphics states.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct States {
    /// Saved and not restored at the end.
    open: usize,
    /// Restored and not saved before.
    missing: usize,
}

/// The most states that are put in order.
const MOST_STATES: usize = 1000;

/// Counts the states of content. One that uses other filters than Flate is taken to be in order.
fn states(document: &mut Document<'_>, streams: &[ObjectId]) -> Result<States, PdfError> {
    let mut content = Vec::new();
    for id in streams {
        match document.stream_data(*id)? {
            Some(data) if content.len() + data.len() <= MOST_CONTENT => {
                content.extend_from_slice(&data);
                content.push(b'\n');
            }
            Some(_) => {
                let what = "the content of a page to be drawn upon is over 64 MiB";
                return Err(PdfError::Limit(what.to_owned()));
            }
            None => return Ok(States::default()),
        }
    }
    let states = count_states(&content);
    if states.open > MOST_STATES || states.missing > MOST_STATES {
        return Err(PdfError::damaged("the content of a page saves states without end"));
    }
    Ok(states)
}

/// Counts `q` without `Q` and `Q` without `q` in content (ISO 32000-2 §7.8.2).
fn count_states(content: &[u8]) -> States {
    let mut states = States::default();
    let mut rest = content;
    while let Some((first, behind)) = rest.split_first() {
        rest = match first {
            b'(' => behind_string(behind),
            b'%' => behind_any(behind, |byte| matches!(byte, b'\n' | b'\r')),
            b'<' if behind.first() != Some(&b'<') => behind_any(behind, |byte| byte == b'>'),
            byte if is_regular(*byte) => {
                let end = rest.iter().position(|b| !is_regular(*b)).unwrap_or(rest.len());
                let (word, behind) = rest.split_at(end);
                match word {
                    b"q" => states.open = states.open.saturating_add(1),
                    b"Q" if states.open > 0 => states.open -= 1,
                    b"Q" => states.missing = states.missing.saturating_add(1),
                    _ => {}
                }
                if word == b"ID" { behind_inline_image(behind) } else { behind }
            }
            b'/' => {
                let end = behind.iter().position(|b| !is_regular(*b)).unwrap_or(behind.len());
                behind.get(end..).unwrap_or_default()
            }
            _ => behind,
        };
    }
    states
}

fn is_regular(byte: u8) -> bool {
    !matches!(
        byte,
        0 | 9
            | 10
            | 12
            | 13
            | 32
            | b'('
            | b')'
            | b'<'
            | b'>'
            | b'['
            | b']'
            | b'{'
            | b'}'
            | b'/'
            | b'%'
    )
}

fn behind_any(bytes: &[u8], end: impl Fn(u8) -> bool) -> &[u8] {
    let at = bytes.iter().position(|byte| end(*byte)).map_or(bytes.len(), |at| at + 1);
    bytes.get(at..).unwrap_or_default()
}

fn behind_string(bytes: &[u8]) -> &[u8] {
    let (mut depth, mut at) = (1_usize, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            break;
        }
    }
    bytes.get(at..).unwrap_or_default()
}

/// The data of an inline image end at `EI` between white space.
fn behind_inline_image(bytes: &[u8]) -> &[u8] {
    let is_end = |window: &[u8]| match window {
        [before, b'E', b'I', behind] => !is_regular(*before) && !is_regular(*behind),
        _ => false,
    };
    let at = bytes.windows(4).position(is_end).map_or(bytes.len(), |at| at + 3);
    bytes.get(at..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_counted_where_they_are_operators() {
        for (content, open, missing) in [
            (&b"q 1 0 0 1 0 0 cm q /q Do Q"[..], 1, 0),
            (b"q Q q Q", 0, 0),
            (b"Q Q q", 1, 2),
            (b"(q \\) q (q)) Tj % q\n[<71> (q)] TJ", 0, 0),
            (b"BI /W 1 ID q q\xff q EI q", 1, 0),
            (b"q", 1, 0),
            (b"", 0, 0),
        ] {
            let text = String::from_utf8_lossy(content);
            assert_eq!(count_states(content), States { open, missing }, "{text}");
        }
    }
}
