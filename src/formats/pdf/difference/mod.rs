//! What changed after a signature: a signed revision compared with the whole file, object by object
//! (ISO 32000-2 §12.8.2.2). Facts in words; what of them is allowed is judged in `verification`.
//!
//! Only what the file's own cross-reference leads to is compared here. Bytes that no
//! cross-reference leads to, and readers that would find them, are the matter of `raw::layout`.

mod catalog;
mod change;
mod field;
mod fill;
mod form;
mod look;
mod mark;
mod page;
mod pair;
mod structure;
mod words;

pub use change::{Annotation, Change, ChangeKind, Difference};

use super::{PdfError, raw::Document};
use pair::Pair;

/// Compares a signed revision with the document that continues it.
///
/// # Errors
/// Either document is damaged, or a limit was reached.
pub fn compare(then: &mut Document<'_>, now: &mut Document<'_>) -> Result<Difference, PdfError> {
    let Some(numbers) = now.numbers_since(then) else {
        let what =
            "the file does not continue the signed revision: its cross-reference passes it by";
        return Ok(Difference { changes: vec![Change::other(what)], unclear: None });
    };
    let mut unclear = None;
    if now.is_hybrid_since(then) {
        unclear = Some(
            "a later revision has a cross-reference of two halves, of which some \
                        readers see only one"
                .to_owned(),
        );
    }
    if !now.is_exact_since(then) {
        unclear = Some("a later cross-reference has rows that some readers do not take".to_owned());
    }
    if then.reaches_beyond_size()? || now.reaches_beyond_size()? {
        unclear = Some("objects stand at numbers that /Size says there are none".to_owned());
    }
    if then.is_locked() || now.is_locked() {
        unclear = Some("the file is encrypted, and what changed cannot be read".to_owned());
    }
    if unclear.is_some() {
        return Ok(Difference { changes: Vec::new(), unclear });
    }
    let mut pair = Pair::new(then, now, numbers.into_iter())?;
    catalog::compare(&mut pair)?;
    let unexplained = pair.unexplained()?;
    for what in words::of_references(&mut pair, &unexplained)? {
        pair.other(what);
    }
    Ok(pair.into_difference())
}
