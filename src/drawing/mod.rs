//! What the pages of a PDF look like, then and now: a second opinion beside the rules of
//! `formats::pdf`, by another reader (`hayro`). Files come from anybody, so they are drawn in a
//! process of its own that has no more than its bounds allow: [`Drawer`] here, [`draw`] there.
//! Nothing that is seen in a picture can make a file valid.

mod child;
mod ink;
mod page;
mod parent;

use serde::{Deserialize, Serialize};

use crate::domain::report::PageDifference;
pub use child::draw;
pub use parent::{Drawer, Drawing};

/// What one drawing may take.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Time on a processor, seconds.
    pub seconds: u64,
    /// Memory, bytes.
    pub memory: u64,
}

/// What the child is asked for.
#[derive(Clone, Debug)]
pub struct Order {
    /// Where the revisions end that are compared with the whole file, bytes.
    pub ends: Vec<u64>,
    /// For how many pages of a revision the pictures are wanted.
    pub pictures: usize,
    /// What it may take.
    pub bounds: Bounds,
}

/// A line of what the child says.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Line {
    /// How many pages a revision has, how many the file has, and how many seem to be changed; these
    /// are drawn first.
    Pages { revision: usize, signed: usize, shown: usize, changed: usize },
    /// A page looks as it did.
    Same { revision: usize },
    /// A page looks different.
    Different { revision: usize, page: PageDifference },
}

/// What a revision looks like beside the whole file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// How many pages it has; none where it could not be drawn.
    pub pages_signed: Option<usize>,
    /// How many pages the file has now.
    pub pages_shown: Option<usize>,
    /// How many pages seem to be changed; they are compared first.
    pub changed: usize,
    /// How many pages of both were compared.
    pub compared: usize,
    /// Those that look different.
    pub different: Vec<PageDifference>,
}

impl Comparison {
    /// Whether everything there is was compared.
    pub fn is_complete(&self) -> bool {
        let fewer = self.pages_signed.zip(self.pages_shown).map(|(then, now)| then.min(now));
        fewer == Some(self.compared)
    }
}
