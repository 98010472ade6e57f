//! Where a seal is put in a document.

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

/// Where a seal is drawn, as a reader sees the pages: `page` (or `pages`) with `x_mm` and `y_mm`;
/// or `keyword`; or `field`; or `invisible`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Placement {
    /// The page, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub page: Option<u32>,
    /// Several pages: numbers, ranges, `odd`, `even`, `last` or `all`, separated by commas. The
    /// signature is one; its picture is on every page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "1,3-5,last")]
    pub pages: Option<String>,
    /// Horizontal distance of the seal's centre from the corner, millimetres; with a keyword, from
    /// the keyword's centre to the right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x_mm: Option<f64>,
    /// Vertical distance of the seal's centre from the corner, millimetres; with a keyword, from the
    /// keyword's centre downward.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y_mm: Option<f64>,
    /// The corner.
    #[serde(default)]
    pub from: Corner,
    /// Words in the text of a page 关键字; the seal's centre lies on theirs. `page` or `pages` say
    /// where to look, all pages if neither is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyword: Option<String>,
    /// Which occurrence of the keyword, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub occurrence: Option<u32>,
    /// The full name of an empty signature field that is there already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Whether the picture may be made smaller than its true size to lie within the field.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shrink: bool,
    /// Whether nothing is drawn.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub invisible: bool,
}

/// A placement that says one thing.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// On pages; the first of them bears the signature.
    At(Pages, Position),
    /// On a keyword.
    Keyword(Keyword),
    /// In a field, perhaps smaller.
    Field(String, bool),
    /// Nowhere.
    Invisible,
}

/// A point on a page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Position {
    /// Horizontal distance from the corner, millimetres.
    pub x_mm: f64,
    /// Vertical distance from the corner, millimetres.
    pub y_mm: f64,
    /// The corner.
    pub from: Corner,
}

/// Words to be found in the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Keyword {
    /// The words; white space does not count.
    pub text: String,
    /// Which occurrence, from 1.
    pub occurrence: u32,
    /// Where to look.
    pub pages: Pages,
    /// From the words' centre to the seal's centre, millimetres to the right.
    pub right_mm: f64,
    /// From the words' centre to the seal's centre, millimetres downward.
    pub down_mm: f64,
}

impl Placement {
    /// On one page, from its top left corner.
    pub fn at(page: u32, x_mm: f64, y_mm: f64) -> Self {
        Self { page: Some(page), x_mm: Some(x_mm), y_mm: Some(y_mm), ..Self::default() }
    }

    /// What it says.
    ///
    /// # Errors
    /// It says several things, or half of one; the reason is for the caller's eyes.
    pub fn target(&self) -> Result<Target, &'static str> {
        let finite = |value: Option<f64>| value.is_none_or(f64::is_finite);
        if !finite(self.x_mm) || !finite(self.y_mm) {
            return Err("x_mm and y_mm are numbers");
        }
        let on_page = self.page.is_some()
            || self.pages.is_some()
            || self.x_mm.is_some()
            || self.y_mm.is_some();
        match (&self.keyword, &self.field, self.invisible) {
            (None, None, true) if !on_page => Ok(Target::Invisible),
            (None, Some(name), false) if !on_page => Ok(Target::Field(name.clone(), self.shrink)),
            (Some(text), None, false) => self.keyword(text),
            (None, None, false) => match (self.x_mm, self.y_mm) {
                (Some(x_mm), Some(y_mm)) => {
                    let pages = self.some_pages()?.ok_or("a placement needs page or pages")?;
                    Ok(Target::At(pages, Position { x_mm, y_mm, from: self.from }))
                }
                _ => Err("a placement on a page needs x_mm and y_mm"),
            },
            _ => Err("a placement is on pages, on a keyword, in a field or invisible: one of them"),
        }
    }

    fn keyword(&self, text: &str) -> Result<Target, &'static str> {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        if text.is_empty() || text.chars().count() > 256 {
            return Err("a keyword has 1 to 256 characters");
        }
        let occurrence = self.occurrence.unwrap_or(1);
        if occurrence == 0 {
            return Err("occurrences are counted from 1");
        }
        let pages = self.some_pages()?.unwrap_or_else(Pages::all);
        let (right_mm, down_mm) = (self.x_mm.unwrap_or(0.0), self.y_mm.unwrap_or(0.0));
        Ok(Target::Keyword(Keyword { text, occurrence, pages, right_mm, down_mm }))
    }

    fn some_pages(&self) -> Result<Option<Pages>, &'static str> {
        match (self.page, &self.pages) {
            (Some(_), Some(_)) => Err("page and pages do not go together"),
            (Some(0), None) => Err("pages are counted from 1"),
            (Some(page), None) => Ok(Some(Pages::one(page))),
            (None, Some(text)) => Pages::parse(text).map(Some),
            (None, None) => Ok(None),
        }
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Span {
    Range(u32, u32),
    Odd,
    Even,
    Last,
}

/// Some pages of a document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pages(Vec<Span>);

impl Pages {
    /// One page.
    pub fn one(page: u32) -> Self {
        Self(vec![Span::Range(page, page)])
    }

    /// Every page.
    pub fn all() -> Self {
        Self(vec![Span::Range(1, u32::MAX)])
    }

    /// Reads numbers, ranges (`3-5`, `3-`), `odd`, `even`, `last` and `all`, separated by commas.
    ///
    /// # Errors
    /// It is something else.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const WRONG: &str =
            "pages are numbers from 1, ranges like 3-5 or 3-, odd, even, last or all, with commas";
        let number = |digits: &str| {
            let plain = digits.bytes().all(|b| b.is_ascii_digit());
            digits.parse::<u32>().ok().filter(|n| plain && *n > 0).ok_or(WRONG)
        };
        let span = |part: &str| match part.trim() {
            "odd" => Ok(Span::Odd),
            "even" => Ok(Span::Even),
            "last" => Ok(Span::Last),
            "all" => Ok(Span::Range(1, u32::MAX)),
            other => match other.split_once('-') {
                None => number(other).map(|n| Span::Range(n, n)),
                Some((first, "")) => number(first).map(|n| Span::Range(n, u32::MAX)),
                Some((first, last)) => match (number(first)?, number(last)?) {
                    (first, last) if first <= last => Ok(Span::Range(first, last)),
                    _ => Err(WRONG),
                },
            },
        };
        if text.len() > 1024 {
            return Err("pages are told in at most 1024 characters");
        }
        text.split(',').map(span).collect::<Result<_, _>>().map(Self)
    }

    /// Whether a page is meant, the last one apart.
    pub fn has(&self, page: u32) -> bool {
        self.0.iter().any(|span| match span {
            Span::Range(first, last) => (*first..=*last).contains(&page),
            Span::Odd => page % 2 == 1,
            Span::Even => page.is_multiple_of(2),
            Span::Last => false,
        })
    }

    /// Whether the last page is meant, whichever that is.
    pub fn has_last(&self) -> bool {
        self.0.contains(&Span::Last)
    }

    /// The page behind which nothing is meant, if that can be said without knowing the document.
    pub fn end(&self) -> Option<u32> {
        let end = |span: &Span| match span {
            Span::Range(_, last) if *last < u32::MAX => Some(*last),
            _ => None,
        };
        self.0.iter().map(end).collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    /// A page that is meant by its number but is not in a document of `count` pages.
    pub fn missing(&self, count: u32) -> Option<u32> {
        self.0.iter().find_map(|span| match span {
            Span::Range(first, _) if *first > count => Some(*first),
            Span::Range(_, last) if *last > count && *last < u32::MAX => Some(*last),
            _ => None,
        })
    }
}

/// The edge of a page.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Edge {
    /// The left edge.
    Left,
    /// The right edge.
    #[default]
    Right,
    /// The top edge.
    Top,
    /// The bottom edge.
    Bottom,
}

/// A seal across the edges of pages 骑缝章: its picture is cut into slices, one per page.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcrossPages {
    /// The pages, as in a placement; all if not given.
    #[serde(default = "all_pages")]
    #[schema(example = "all")]
    pub pages: String,
    /// The edge at which the slices lie.
    #[serde(default)]
    pub edge: Edge,
    /// Where along the edge the seal's centre lies, millimetres from the top or the left; in the
    /// middle if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position_mm: Option<f64>,
    /// The most slices of one picture, 2 to 100; more pages get further pictures.
    #[serde(default = "most_slices")]
    #[schema(minimum = 2, maximum = 100)]
    pub most_slices: u32,
    /// The share of the picture on the first page of each, per cent; the other pages share the rest
    /// evenly. Even shares if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_slice_percent: Option<f64>,
}

fn all_pages() -> String {
    "all".to_owned()
}

fn most_slices() -> u32 {
    20
}

impl Default for AcrossPages {
    fn default() -> Self {
        Self {
            pages: all_pages(),
            edge: Edge::default(),
            position_mm: None,
            most_slices: most_slices(),
            first_slice_percent: None,
        }
    }
}

impl AcrossPages {
    /// Checks it, and reads the pages.
    ///
    /// # Errors
    /// A number is out of bounds; the reason is for the caller's eyes.
    pub fn checked(&self) -> Result<Pages, &'static str> {
        if !(2..=100).contains(&self.most_slices) {
            return Err("most_slices is 2 to 100");
        }
        if self.first_slice_percent.is_some_and(|share| !(1.0..=90.0).contains(&share)) {
            return Err("first_slice_percent is 1 to 90");
        }
        if self.position_mm.is_some_and(|position| !position.is_finite()) {
            return Err("position_mm is a number");
        }
        Pages::parse(&self.pages)
    }

    /// The part of the picture on each of so many pages: from and to, of 1. Pages beyond the most
    /// slices begin further pictures. `None` for fewer than two pages.
    pub fn shares(&self, pages: usize) -> Option<Vec<(f64, f64)>> {
        let most = usize::try_from(self.most_slices).unwrap_or(usize::MAX);
        let each = |group| shares(group, self.first_slice_percent);
        (pages >= 2).then(|| groups(pages, most).into_iter().flat_map(each).collect())
    }
}

/// Sizes of groups of at most `most` pages, as even as can be. No page is left alone, even if a
/// group gets one page more.
fn groups(pages: usize, most: usize) -> Vec<usize> {
    let count = pages.div_ceil(most.max(2)).min(pages / 2).max(1);
    (0..count).map(|group| pages / count + usize::from(group < pages % count)).collect()
}

/// The part of the picture on each page of a group: from and to, of 1.
fn shares(pages: usize, first_percent: Option<f64>) -> Vec<(f64, f64)> {
    let first = first_percent.map_or(1.0 / pages as f64, |percent| percent / 100.0);
    let other = (1.0 - first) / (pages.max(2) - 1) as f64;
    let end = |index: usize| if index == 0 { 0.0 } else { first + other * (index - 1) as f64 };
    (0..pages).map(|index| (end(index), end(index + 1))).collect()
}

/// What may change after a document is certified (DocMDP, ISO 32000-2 table 257).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Certification {
    /// Nothing.
    NoChanges,
    /// Forms may be filled in and signature fields signed.
    FormFilling,
    /// As well as that, annotations may be made.
    Annotations,
}

impl Certification {
    /// The value of `/P`.
    pub fn level(self) -> i64 {
        match self {
            Self::NoChanges => 1,
            Self::FormFilling => 2,
            Self::Annotations => 3,
        }
    }
}

/// An empty signature field made for somebody who seals later.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LaterField {
    /// Its name: 1 to 64 characters without a full stop.
    pub name: String,
    /// The page, from 1.
    #[schema(minimum = 1)]
    pub page: u32,
    /// Horizontal distance of its centre from the corner, millimetres.
    pub x_mm: f64,
    /// Vertical distance of its centre from the corner, millimetres.
    pub y_mm: f64,
    /// The corner.
    #[serde(default)]
    pub from: Corner,
    /// Its width, millimetres.
    pub width_mm: f64,
    /// Its height, millimetres.
    pub height_mm: f64,
}

impl LaterField {
    /// Checks it.
    ///
    /// # Errors
    /// A number or the name is out of bounds; the reason is for the caller's eyes.
    pub fn check(&self) -> Result<(), &'static str> {
        let named = (1..=64).contains(&self.name.chars().count())
            && !self.name.contains('.')
            && !self.name.chars().any(char::is_control);
        if !named {
            return Err("a field's name has 1 to 64 characters, none of them a full stop");
        }
        let numbers = [self.x_mm, self.y_mm, self.width_mm, self.height_mm];
        if self.page == 0 || numbers.iter().any(|number| !number.is_finite()) {
            return Err("a field has a page from 1, a place and a size");
        }
        if self.width_mm < 1.0 || self.height_mm < 1.0 {
            return Err("a field is at least 1 mm wide and high");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_read_as_people_write_them() {
        let pages = Pages::parse("1, 3-5,last").unwrap();
        let meant: Vec<u32> = (1..10).filter(|page| pages.has(*page)).collect();
        assert_eq!((meant, pages.has_last(), pages.end()), (vec![1, 3, 4, 5], true, None));
        assert_eq!(Pages::parse("2-4").unwrap().end(), Some(4));
        assert_eq!(Pages::parse("odd").unwrap().end(), None);
        assert_eq!(Pages::parse("2-4").unwrap().missing(3), Some(4));
        assert_eq!(Pages::parse("2-").unwrap().missing(3), None);
        assert_eq!(Pages::parse("5-").unwrap().missing(3), Some(5));
        for wrong in ["", "0", "5-3", "-2", "x", "1,,2", "+1"] {
            assert!(Pages::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_placement_says_one_thing() {
        assert!(matches!(Placement::at(1, 20.0, 30.0).target(), Ok(Target::At(..))));
        let invisible = Placement { invisible: true, ..Placement::default() };
        assert_eq!(invisible.target(), Ok(Target::Invisible));
        let keyword = Placement { keyword: Some("盖 章".into()), ..Placement::default() };
        assert!(matches!(keyword.target(), Ok(Target::Keyword(k)) if k.text == "盖章"));
        let both = Placement { field: Some("a".into()), ..Placement::at(1, 1.0, 1.0) };
        for wrong in [both, Placement::default(), Placement::at(0, 1.0, 1.0)] {
            assert!(wrong.target().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn no_page_is_left_alone() {
        assert_eq!(groups(9, 20), [9]);
        assert_eq!(groups(41, 20), [14, 14, 13]);
        assert_eq!(groups(3, 2), [3]);
        assert_eq!(groups(5, 2), [3, 2]);
        for pages in 2..300 {
            for most in 2..30 {
                let groups = groups(pages, most);
                assert_eq!(groups.iter().sum::<usize>(), pages);
                assert!(groups.iter().all(|size| (2..=most.max(3)).contains(size)));
            }
        }
    }

    #[test]
    fn shares_are_the_whole_picture() {
        for (pages, first) in [(2, None), (9, Some(30.0)), (7, None)] {
            let shares = shares(pages, first);
            assert_eq!(shares.first().unwrap().0, 0.0);
            assert!((shares.last().unwrap().1 - 1.0).abs() < 1e-9);
            assert!(shares.windows(2).all(|pair| pair[0].1 == pair[1].0));
        }
        assert!((shares(9, Some(30.0))[0].1 - 0.3).abs() < 1e-9);
    }
}
