//! What pages look like.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the pages of a PDF looked like when it was signed, beside what they look like now, as one
/// renderer draws both.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Appearance {
    /// How many pages the signed revision has; null where it could not be drawn.
    pub pages_signed: Option<usize>,
    /// How many pages the file has now.
    pub pages_shown: Option<usize>,
    /// How many pages of both were compared.
    pub pages_compared: usize,
    /// The pages that look different.
    pub different: Vec<PageDifference>,
    /// Why not everything was compared, where it was not.
    pub detail: Option<String>,
}

/// A page that does not look as it did.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct PageDifference {
    /// Its number, from 1.
    pub number: usize,
    /// Where.
    pub area: PageArea,
    /// Whether the page itself looks different, and not only annotations and fields upon it.
    pub content: bool,
    /// Whether something is no longer visible that was.
    pub hidden: bool,
    /// Both pictures, where they were asked for.
    pub pictures: Option<PagePictures>,
}

/// The smallest upright area around all that is different on a page as it is shown.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct PageArea {
    /// From the left edge of the page, millimetres.
    pub left_mm: f64,
    /// From its upper edge, millimetres.
    pub top_mm: f64,
    /// Millimetres.
    pub width_mm: f64,
    /// Millimetres.
    pub height_mm: f64,
}

/// A page, twice: PNG in base64, 96 dots per inch or less.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct PagePictures {
    /// As it was signed.
    pub signed: String,
    /// As a reader shows it now.
    pub shown: String,
}
