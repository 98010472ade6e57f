//! What came after a signature: changes that the cross-reference leads to, and bytes that it does
//! not lead to. Facts, no judgement.

use super::{
    PdfError,
    difference::{self, Change, Difference},
    fields::signature_fields,
    found::{FoundSignature, Gap},
    inspect::Damage,
    prefix::Prefix,
    raw::{Document, Finding},
    restrictions::{Permissions, permissions},
};
use crate::domain::source::{ReadAt, for_each_chunk};

/// What came after one signature.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// What is different in the document.
    pub difference: Difference,
    /// What some readers may see in the later bytes that others do not.
    pub findings: Vec<Finding>,
    /// What the signatures of the signed revision allow.
    pub permissions: Permissions,
    /// Whether the signature stands in the revision that it covers, in the same field.
    pub belongs: bool,
}

/// Compares the revision that a signature covers with the file; `None` where the file ends with it.
///
/// # Errors
/// The medium fails. Whatever is wrong with the document is a part of the answer.
pub fn history(
    source: &dyn ReadAt,
    found: &FoundSignature,
    gap: Gap,
    damage: Option<&Damage>,
) -> Result<Option<History>, PdfError> {
    /// White space behind the end, bytes, that no reader minds.
    const NO_MATTER: u64 = 16;
    let mut rest_is_space = source.size() - gap.end_of_range <= NO_MATTER;
    for_each_chunk(source, gap.end_of_range, source.size(), |chunk| {
        rest_is_space &= chunk.iter().all(|byte| super::raw::is_space(*byte));
    })?;
    if rest_is_space && damage.is_none() {
        return Ok(None);
    }
    let signed = Prefix { source, size: gap.end_of_range };
    let size = damage.map_or(source.size(), |damage| damage.sound);
    let whole = Prefix { source, size };
    let mut history = match compare(&signed, &whole, found) {
        Ok(history) => history,
        Err(PdfError::Io(error)) => return Err(error.into()),
        Err(error) => History {
            difference: Difference { changes: Vec::new(), unclear: Some(error.to_string()) },
            belongs: true,
            ..History::default()
        },
    };
    if let Some(damage) = damage {
        if damage.lures {
            let objects: Vec<_> = damage.objects.iter().map(u32::to_string).collect();
            let objects = match objects.as_slice() {
                [] => String::new(),
                objects => format!(" (objects {})", objects.join(", ")),
            };
            history.difference.changes.push(Change::other(format!(
                "behind byte {} stands what no strict reader reads, and others may show{objects}: {}",
                damage.sound, damage.reason
            )));
        } else {
            history.difference.unclear = Some(format!(
                "the file goes on behind its last revision, from byte {}: {}",
                damage.sound, damage.reason
            ));
        }
    }
    Ok(Some(history))
}

fn compare(
    signed: &Prefix<'_>,
    whole: &Prefix<'_>,
    found: &FoundSignature,
) -> Result<History, PdfError> {
    let mut then = Document::open(signed)?;
    let trailer = then.trailer().clone();
    let fields = signature_fields(&mut then)?;
    let span = found.contents.as_ref().and_then(|contents| contents.span);
    let belongs = then.is_locked()
        || fields.iter().any(|field| {
            let value = field.value.as_ref().map(|(value, _)| value.get("Contents"));
            let here = value.and_then(|value| value.as_string()).and_then(|value| value.span);
            Some(&field.name) == found.field.as_ref() && here.is_some() && here == span
        });
    let permissions = if then.is_locked() {
        Permissions::default()
    } else {
        let catalog = then.dictionary_at(&trailer, "Root")?;
        permissions(&mut then, &catalog, &fields)?
    };
    let mut now = Document::open(whole)?;
    let difference = difference::compare(&mut then, &mut now)?;
    let findings = now.findings(signed.size, whole.size)?;
    Ok(History { difference, findings, permissions, belongs })
}
