//! Verification reports for their readers: a page and plain text in Chinese and English for people, XML
//! by ETSI TS 119 102-2 for validators. What is said was decided before; here it is only written down.

mod etsi;
mod language;
mod page;
mod schema;
mod text;

pub use etsi::etsi;
pub use language::Language;
pub use page::page;
pub use schema::schema;
pub use text::text;

use crate::domain::report::{PageDifference, SignatureReport};
use language::{Words, words};

/// What files say may move the cursor, or turn the direction of writing, to make a report look like
/// another.
pub fn shown(text: &str) -> String {
    let harmless = |c: char| {
        !c.is_control()
            && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    text.chars()
        .flat_map(|c| if harmless(c) { vec![c] } else { c.escape_unicode().collect() })
        .collect()
}

/// Whose signature it is, as far as it says.
fn signer(signature: &SignatureReport) -> Option<String> {
    signature.signer.name.as_ref().or(signature.signer.subject.as_ref()).map(|name| shown(name))
}

/// Where and how a page looks different.
fn difference(page: &PageDifference, words: &Words) -> String {
    let what = match (page.content, page.hidden) {
        (true, _) => words.page_itself,
        (false, true) => words.page_hidden,
        (false, false) => words.page_fields,
    };
    let area = &page.area;
    format!(
        "{} {}: {what} ({}×{} mm, {} mm / {} mm)",
        words.page, page.number, area.width_mm, area.height_mm, area.left_mm, area.top_mm
    )
}
