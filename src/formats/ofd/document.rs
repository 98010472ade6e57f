//! What sealing needs to know of a document: where its signatures are listed, and its pages with
//! their sizes.

use std::collections::BTreeSet;

use super::{
    OfdError, Package,
    inspect::locate,
    xml::{self, attribute, child, child_text, children},
};

/// The most pages of a document.
const MOST_PAGES: usize = 5_000;

/// A document of a package.
#[derive(Debug)]
pub(super) struct OfdDocument {
    /// The path of OFD.xml as it stands.
    pub(super) root: String,
    /// The text of OFD.xml.
    pub(super) root_text: String,
    /// The path of the document's Document.xml.
    pub(super) path: String,
    /// The path of the list of signatures, if there is one.
    pub(super) signatures: Option<String>,
    pages: Vec<PageEntry>,
    /// The size of pages that do not tell their own.
    page_area: Option<Area>,
}

#[derive(Debug)]
struct PageEntry {
    id: String,
    path: String,
}

/// A page with its size, as stamps are placed on it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct OfdPage {
    pub(super) id: String,
    pub(super) area: Area,
    /// The path of its content.
    pub(super) path: String,
}

/// A rectangle in millimetres: x, y of the upper left corner, width and height.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Area {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Area {
    /// Reads `x y w h`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let numbers: Option<Vec<f64>> = text
            .split_whitespace()
            .map(|n| n.parse().ok().filter(|n: &f64| n.is_finite()))
            .collect();
        match numbers?.as_slice() {
            [x, y, width, height] if *width > 0.0 && *height > 0.0 => {
                Some(Self { x: *x, y: *y, width: *width, height: *height })
            }
            _ => None,
        }
    }
}

/// The physical box of the area that a child element tells.
fn area_of(node: roxmltree::Node<'_, '_>, name: &str) -> Result<Option<Area>, OfdError> {
    let text = child(node, name)?.map(|area| child_text(area, "PhysicalBox")).transpose()?;
    Ok(text.flatten().and_then(|text| Area::parse(&text)))
}

impl OfdDocument {
    /// Reads the only document of a package.
    pub(super) fn read(package: &Package<'_>) -> Result<Self, OfdError> {
        let root = package.find("OFD.xml").ok_or(OfdError::NotOfd)?;
        let bytes = package.read(&root)?;
        let root_text = xml::text(&bytes, &root)?.to_owned();
        let parsed = xml::parse(&root_text, &root)?;
        let bodies = children(parsed.root_element(), "DocBody")?;
        let [body] = bodies.as_slice() else {
            let text = format!("the package holds {} documents; one is sealed", bodies.len());
            return Err(OfdError::Placement(text));
        };
        let missing = || OfdError::Damaged(format!("{root} does not name a document"));
        let location = child_text(*body, "DocRoot")?.ok_or_else(missing)?;
        let path = locate(package, &root, &location)?;
        let list = child_text(*body, "Signatures")?;
        let signatures = list.map(|location| locate(package, &root, &location)).transpose()?;
        let bytes = package.read(&path)?;
        let document = xml::parse(xml::text(&bytes, &path)?, &path)?;
        let element = document.root_element();
        let common = child(element, "CommonData")?;
        let page_area = common.map(|common| area_of(common, "PageArea")).transpose()?.flatten();
        let mut pages: Vec<PageEntry> = Vec::new();
        let mut seen = BTreeSet::new();
        let listed = child(element, "Pages")?.map(|pages| children(pages, "Page")).transpose()?;
        for page in listed.unwrap_or_default() {
            let id = attribute(page, "ID")?.unwrap_or_default();
            let location = attribute(page, "BaseLoc")?.unwrap_or_default();
            let part = locate(package, &path, &location)?;
            if !seen.insert(part.clone()) || pages.iter().any(|other| other.id == id) {
                return Err(OfdError::Damaged(format!("{path} names a page twice")));
            }
            pages.push(PageEntry { id, path: part });
            if pages.len() > MOST_PAGES {
                return Err(OfdError::Limit(format!("over {MOST_PAGES} pages")));
            }
        }
        drop(parsed);
        Ok(Self { root, root_text, path, signatures, pages, page_area })
    }

    /// How many pages there are.
    pub(super) fn page_count(&self) -> u32 {
        u32::try_from(self.pages.len()).unwrap_or(u32::MAX)
    }

    /// A page, by its number from 1.
    pub(super) fn page(&self, package: &Package<'_>, number: u32) -> Result<OfdPage, OfdError> {
        let index = usize::try_from(number).ok().and_then(|n| n.checked_sub(1));
        let entry = index.and_then(|index| self.pages.get(index)).ok_or_else(|| {
            let count = self.page_count();
            OfdError::Placement(format!("there is no page {number}; the document has {count}"))
        })?;
        let bytes = package.read(&entry.path)?;
        let content = xml::parse(xml::text(&bytes, &entry.path)?, &entry.path)?;
        let own = area_of(content.root_element(), "Area")?;
        let area = own
            .or(self.page_area)
            .ok_or_else(|| OfdError::Damaged(format!("page {number} does not tell its size")))?;
        Ok(OfdPage { id: entry.id.clone(), area, path: entry.path.clone() })
    }
}
