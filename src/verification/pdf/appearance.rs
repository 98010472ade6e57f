//! What the pages look like, as a second opinion beside the rules. A picture can raise doubts and
//! takes none away: where nothing unexpected is seen, the rules alone decide.

use crate::{
    domain::{
        report::{Appearance, Check, CheckName, Coverage, PageDifference},
        source::ReadAt,
    },
    drawing::{Comparison, Drawing},
    formats::pdf::FoundSignature,
    verification::{
        answers::{Answers, check},
        conclusion::Outline,
    },
};

/// The question whose answer is given here.
/// Compares the pages of each signed revision with those of the file, where the file goes on behind
/// it and the signature is over what it says.
pub(super) fn add(
    source: &dyn ReadAt,
    drawing: &Drawing,
    judged: &mut [(&FoundSignature, Outline, Answers)],
) {
    let mut ends = Vec::new();
    for (found, _, answers) in judged.iter() {
        ends.extend(end_to_draw(found, answers));
    }
    ends.sort_unstable();
    ends.dedup();
    if ends.is_empty() {
        return;
    }
    let compared = drawing.drawer.compare(source, &ends, drawing.pictures);
    for (found, outline, answers) in judged {
        let Some(end) = end_to_draw(found, answers) else { continue };
        match &compared {
            Ok(comparisons) => {
                let Ok(index) = ends.binary_search(&end) else { continue };
                let Some(comparison) = comparisons.get(index) else { continue };
                answers.checks.extend(judge(comparison));
                outline.appearance = Some(report(comparison));
            }
            Err(why) => {
                let detail = Some(why.clone());
                outline.appearance = Some(Appearance { detail, ..Appearance::default() });
            }
        }
    }
}

/// Where the revision ends that is to be drawn for a signature.
fn end_to_draw(found: &FoundSignature, answers: &Answers) -> Option<u64> {
    let goes_on = answers.coverage == Some(Coverage::EarlierRevision);
    let holds = answers.get(CheckName::Digest) == Some(true)
        && answers.get(CheckName::Signature) == Some(true);
    (goes_on && holds).then(|| found.gap.ok().map(|gap| gap.end_of_range)).flatten()
}

/// Nothing is answered where not all was seen and nothing strange.
fn judge(comparison: &Comparison) -> Option<Check> {
    let (signed, shown) = comparison.pages_signed.zip(comparison.pages_shown)?;
    let doubt = |text: String| Some(check(CheckName::AppearanceAfterSigning, None, text));
    if signed != shown {
        return doubt(format!("{signed} pages were signed and {shown} are shown"));
    }
    let with = |wanted: fn(&PageDifference) -> bool| {
        let numbers = comparison.different.iter().filter(|page| wanted(page));
        let numbers: Vec<_> = numbers.map(|page| page.number.to_string()).collect();
        (!numbers.is_empty()).then(|| numbers.join(", "))
    };
    if let Some(pages) = with(|page| page.content) {
        return doubt(format!("the contents of pages look different than signed: {pages}"));
    }
    if let Some(pages) = with(|page| page.hidden) {
        return doubt(format!(
            "fields or annotations hide what was visible when signed, on pages: {pages}"
        ));
    }
    if comparison.compared < comparison.changed {
        return doubt("not every page on which something was changed could be drawn".to_owned());
    }
    if !comparison.is_complete() {
        return None;
    }
    let text = match with(|_| true) {
        None => "every page looks as it was signed".to_owned(),
        Some(pages) => format!(
            "only fields and annotations look different, and hide nothing that was signed, on \
             pages: {pages}"
        ),
    };
    Some(check(CheckName::AppearanceAfterSigning, Some(true), text))
}

fn report(comparison: &Comparison) -> Appearance {
    let detail = match comparison.is_complete() {
        true => None,
        false if comparison.pages_signed.is_none() => {
            Some("the renderer cannot read it, or took more than it may".to_owned())
        }
        false => Some("the renderer took more than it may, or stumbled".to_owned()),
    };
    Appearance {
        pages_signed: comparison.pages_signed,
        pages_shown: comparison.pages_shown,
        pages_compared: comparison.compared,
        different: comparison.different.clone(),
        detail,
    }
}
