//! XML of a package, read within limits: UTF-8, no document type, so no entities of its own, bounded
//! work. What two readers could understand differently is refused: the same element or attribute
//! twice, one of a foreign namespace under a name that is looked for, text broken up by comments.

use roxmltree::{Document, Node, ParsingOptions};

use super::OfdError;

/// The most nodes of a document.
const MOST_NODES: u32 = 1_000_000;
/// The most attributes of an element.
const MOST_ATTRIBUTES: usize = 256;
/// The deepest nesting.
const DEEPEST: usize = 256;
/// The most namespace declarations that the parser has to copy: those in force at every element that
/// declares one, together.
const MOST_DECLARED: usize = 200_000;
/// The namespaces of OFD; some makers write none.
const NAMESPACES: [&str; 2] = ["http://www.ofdspec.org/2016", "http://www.ofdspec.org"];

/// The text of a part.
pub(super) fn text<'a>(bytes: &'a [u8], name: &str) -> Result<&'a str, OfdError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes)
        .map_err(|_| OfdError::Damaged(format!("{name} is not text in UTF-8")))
}

/// Parses the text of a part.
pub(super) fn parse<'a>(text: &'a str, name: &str) -> Result<Document<'a>, OfdError> {
    if !is_bounded(text) {
        let text = format!("{name} is nested too deep or has too many attributes");
        return Err(OfdError::Limit(text));
    }
    let options =
        ParsingOptions { allow_dtd: false, nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    Document::parse_with_options(text, options)
        .map_err(|error| OfdError::Damaged(format!("{name} is not well-formed: {error}")))
}

/// Whether parsing takes no more than its share of time: the parser compares attributes with each
/// other, and copies the namespaces in force. What is not well-formed is left to the parser.
fn is_bounded(text: &str) -> bool {
    let mut open: Vec<usize> = Vec::new();
    let mut copied = 0;
    let mut rest = text;
    while let Some((_, behind)) = rest.split_once('<') {
        let skip = |end: &str| behind.split_once(end).map_or("", |(_, after)| after);
        if behind.starts_with("!--") {
            rest = skip("-->");
            continue;
        }
        if behind.starts_with("![CDATA[") {
            rest = skip("]]>");
            continue;
        }
        if behind.starts_with(['?', '!']) {
            rest = skip(">");
            continue;
        }
        let Some((tag, after)) = split_tag(behind) else { return true };
        rest = after;
        if tag.starts_with('/') {
            open.pop();
            continue;
        }
        let attributes = tag.matches('=').count();
        let declared = tag.matches("xmlns").count();
        let in_force = open.last().copied().unwrap_or(0) + declared;
        if declared > 0 {
            copied += in_force;
        }
        if !tag.ends_with('/') {
            open.push(in_force);
        }
        if attributes > MOST_ATTRIBUTES || open.len() > DEEPEST || copied > MOST_DECLARED {
            return false;
        }
    }
    true
}

/// A tag up to the angle bracket that ends it, which none in quotes does.
fn split_tag(text: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    let end = text.char_indices().find(|(_, c)| {
        match (quote, *c) {
            (None, '"' | '\'') => quote = Some(*c),
            (Some(open), c) if open == c => quote = None,
            (None, '>') => return true,
            _ => {}
        }
        false
    });
    let (at, _) = end?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

fn ambiguous(node: Node<'_, '_>, what: &str) -> OfdError {
    let text = format!("{} has {what}; readers may differ", node.tag_name().name());
    OfdError::Damaged(text)
}

/// Whether an element is one of OFD.
pub(super) fn is_ofd(node: Node<'_, '_>) -> bool {
    node.tag_name().namespace().is_none_or(|namespace| NAMESPACES.contains(&namespace))
}

/// The child elements of a name.
pub(super) fn children<'a, 'i: 'a>(
    node: Node<'a, 'i>,
    name: &str,
) -> Result<Vec<Node<'a, 'i>>, OfdError> {
    let named = |child: &Node<'_, '_>| child.is_element() && child.tag_name().name() == name;
    let all: Vec<_> = node.children().filter(named).collect();
    match all.iter().all(|child| is_ofd(*child)) {
        true => Ok(all),
        false => Err(ambiguous(node, &format!("a {name} of a foreign namespace"))),
    }
}

/// The only child element of a name, if there is one.
pub(super) fn child<'a, 'i: 'a>(
    node: Node<'a, 'i>,
    name: &str,
) -> Result<Option<Node<'a, 'i>>, OfdError> {
    match children(node, name)?.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(*one)),
        _ => Err(ambiguous(node, &format!("more than one {name}"))),
    }
}

/// The text of an element, without the blanks around it; nothing but text may be in it.
pub(super) fn own_text(node: Node<'_, '_>) -> Result<String, OfdError> {
    if node.children().any(|part| !part.is_text()) {
        return Err(ambiguous(node, "something else in its text"));
    }
    let text: String = node.children().filter_map(|part| part.text()).collect();
    Ok(text.trim().to_owned())
}

/// The text in the only child element of a name; none where it is missing or empty.
pub(super) fn child_text(node: Node<'_, '_>, name: &str) -> Result<Option<String>, OfdError> {
    let text = child(node, name)?.map(own_text).transpose()?;
    Ok(text.filter(|text| !text.is_empty()))
}

/// An attribute by its name, with or without a prefix.
pub(super) fn attribute(node: Node<'_, '_>, name: &str) -> Result<Option<String>, OfdError> {
    let mut found = node.attributes().filter(|attribute| attribute.name() == name);
    match (found.next(), found.next()) {
        (one, None) => Ok(one.map(|attribute| attribute.value().trim().to_owned())),
        (_, Some(_)) => Err(ambiguous(node, &format!("{name} twice"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_readers_may_read_differently_is_refused() {
        let texts = [
            ("<a><b>x</b></a>", Some("x")),
            ("<a><b> x </b></a>", Some("x")),
            ("<a><b><![CDATA[x]]></b></a>", Some("x")),
            ("<o:a xmlns:o='http://www.ofdspec.org'><o:b>x</o:b></o:a>", Some("x")),
            ("<a><b>x<!-- y -->z</b></a>", None),
            ("<a><b>x<c/></b></a>", None),
            ("<a><b>x<?y z?></b></a>", None),
            ("<a><b>x</b><b>y</b></a>", None),
            ("<a><b xmlns='urn:x'>x</b></a>", None),
            ("<a><b>y</b><o:b xmlns:o='urn:x'>x</o:b></a>", None),
        ];
        for (text, expected) in texts {
            let document = parse(text, "a").unwrap();
            let found = child_text(document.root_element(), "b").ok().flatten();
            assert_eq!(found.as_deref(), expected, "{text}");
        }
        let twice = parse("<a xmlns:o='urn:x' o:b='1' b='2'/>", "a").unwrap();
        assert!(attribute(twice.root_element(), "b").is_err());
        assert!(parse("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "a").is_err());
    }

    #[test]
    fn work_is_bounded() {
        let attributes = |count| {
            let all: String = (0..count).map(|n| format!(" a{n}='>'")).collect();
            format!("<a{all}/>")
        };
        assert!(parse(&attributes(256), "a").is_ok());
        assert!(parse(&attributes(257), "a").is_err());
        let nested = |depth| {
            let open: String = (0..depth).map(|n| format!("<a xmlns:n{n}='urn:{n}'>")).collect();
            format!("{open}{}", "</a>".repeat(depth))
        };
        assert!(parse(&nested(256), "a").is_ok());
        assert!(parse(&nested(257), "a").is_err());
        // One after another they do no harm.
        let flat = "<a xmlns:n='urn:n'/>".repeat(5000);
        assert!(parse(&format!("<b>{flat}</b>"), "a").is_ok());
    }
}
