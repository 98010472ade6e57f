//! XML of a package, read within limits: UTF-8, no document type, so no entities of its own, a
//! bounded number of nodes. Names are compared without namespace: makers use several.

use roxmltree::{Document, Node, ParsingOptions};

use super::OfdError;

/// The most nodes of a document; content pages are not read as XML here.
const MOST_NODES: u32 = 1_000_000;

/// The text of a part.
pub(super) fn text<'a>(bytes: &'a [u8], name: &str) -> Result<&'a str, OfdError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes)
        .map_err(|_| OfdError::Damaged(format!("{name} is not text in UTF-8")))
}

/// Parses the text of a part.
pub(super) fn parse<'a>(text: &'a str, name: &str) -> Result<Document<'a>, OfdError> {
    let options =
        ParsingOptions { allow_dtd: false, nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    Document::parse_with_options(text, options)
        .map_err(|error| OfdError::Damaged(format!("{name} is not well-formed: {error}")))
}

/// The child elements of a name.
pub(super) fn children<'a, 'i: 'a>(
    node: Node<'a, 'i>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(move |child| child.is_element() && child.tag_name().name() == name)
}

/// The first child element of a name.
pub(super) fn child<'a, 'i: 'a>(node: Node<'a, 'i>, name: &'static str) -> Option<Node<'a, 'i>> {
    children(node, name).next()
}

/// The text in a child element, without the blanks around it.
pub(super) fn child_text(node: Node<'_, '_>, name: &'static str) -> Option<String> {
    let text: String =
        child(node, name)?.children().filter_map(|part| part.text()).collect::<String>();
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// An attribute by its name, whatever its namespace.
pub(super) fn attribute(node: Node<'_, '_>, name: &str) -> Option<String> {
    let found = node.attributes().find(|attribute| attribute.name() == name)?;
    Some(found.value().trim().to_owned())
}
