//! The structure of a tagged document (ISO 32000-2 §14.7): it may grow with what is allowed to grow.

use super::pair::Pair;
use crate::formats::pdf::{PdfError, raw::Dictionary};

/// Compares what the catalog says of the structure.
pub(super) fn compare(
    pair: &mut Pair<'_, '_, '_>,
    root: u32,
    then: &Dictionary,
    now: &Dictionary,
) -> Result<(), PdfError> {
    if pair.has_changed(root) {
        let (a, b) = (then.get("StructTreeRoot"), now.get("StructTreeRoot"));
        pair.must_be_same("the catalog: entry /StructTreeRoot", a, b)?;
    }
    Ok(())
}
