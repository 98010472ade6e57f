//! Where a seal is put on a page.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The corner of the visible page from which millimetres are counted.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Corner {
    /// x to the right, y downward.
    #[default]
    TopLeft,
    /// x to the left, y downward.
    TopRight,
    /// x to the right, y upward.
    BottomLeft,
    /// x to the left, y upward.
    BottomRight,
}

/// A page and the centre of the seal on it, as a reader sees the page.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Placement {
    /// The page, from 1.
    #[schema(minimum = 1)]
    pub page: u32,
    /// Horizontal distance of the seal's centre from the corner, millimetres.
    pub x_mm: f64,
    /// Vertical distance of the seal's centre from the corner, millimetres.
    pub y_mm: f64,
    /// The corner.
    #[serde(default)]
    pub from: Corner,
}
