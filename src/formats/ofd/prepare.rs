//! Sealing: a new `Sign_N` with Signature.xml and Seal.esl, and a place for the signature value.

use std::collections::BTreeSet;

use base64ct::{Base64, Encoding};

use super::{
    OfdError, Package, PartState,
    document::OfdDocument,
    inspect::{Compare, find_signatures, inspect},
    list,
    package::{Addition, Rewritten, rewrite},
    signature_xml::StampAnnot,
    stamp::{Stamp, stamps},
    xml::{self, attribute, child, children},
};
use crate::{
    crypto::DigestAlgorithm,
    domain::{
        Timestamp,
        placement::{AcrossPages, Pages, Target},
        source::{ReadAt, Received},
    },
    formats::sealed::Sealed,
};

const NAMESPACE: &str = "http://www.ofdspec.org/2016";
const ALGORITHM: DigestAlgorithm = DigestAlgorithm::Sm3;

/// What is to be put into the document.
#[derive(Clone, Copy, Debug)]
pub struct SealingRequest<'a> {
    /// Where the seal is shown.
    pub target: &'a Target,
    /// Slices of it across the edges of pages, and which pages.
    pub across: Option<(&'a AcrossPages, &'a Pages)>,
    /// The size of its picture, millimetres.
    pub size_mm: (f64, f64),
    /// The seal, DER; none for a plain signature, which shows nothing.
    pub seal: Option<&'a [u8]>,
    /// Whether the list of signatures is protected, too: then nobody can add one.
    pub is_final: bool,
    /// The claimed time.
    pub signing_time: Timestamp,
}

/// A document that lacks its signature value. Giving it consumes it.
#[derive(Debug)]
pub struct Prepared {
    received: Received,
    /// The path of the new Signature.xml, from the root, with a leading slash.
    path: String,
    content_digest: Vec<u8>,
    additions: Vec<Addition>,
}

/// Prepares a document for sealing.
///
/// # Errors
/// See [`OfdError`]; nothing is written anywhere.
pub fn prepare(received: &Received, request: &SealingRequest<'_>) -> Result<Prepared, OfdError> {
    let package = Package::open(&received.source)?;
    if let Some(finding) = package.findings().first() {
        return Err(OfdError::Damaged(finding.clone()));
    }
    let document = OfdDocument::read(&package)?;
    check_earlier(&received.source, &document)?;
    let stamps = stamps(&package, &document, request.target, request.across, request.size_mm)?;
    let place = Place::choose(&package, &document)?;
    let mut additions = Vec::new();
    if document.signatures.is_none() {
        let text = name_list(&document, &place.list)?;
        additions.push(Addition { name: document.root.clone(), content: text.into_bytes() });
    }
    let (list, ids) = extend_list(&package, &document, &place, request, stamps.len())?;
    additions.push(Addition { name: place.list.clone(), content: list.into_bytes() });
    if let Some(seal) = request.seal {
        additions.push(Addition { name: place.file("Seal.esl"), content: seal.to_vec() });
    }
    let references = references(&package, &additions, &place, request.is_final)?;
    let stamps = stamps.iter().zip(ids).map(|(stamp, id): (&Stamp, _)| stamp.annotation(id));
    let text = signature_xml(request, &place, &references, &stamps.collect::<Vec<_>>());
    let content_digest = ALGORITHM.digest(text.as_bytes());
    let name = place.file("Signature.xml");
    let path = format!("/{name}");
    additions.push(Addition { name, content: text.into_bytes() });
    Ok(Prepared { received: received.clone(), path, content_digest, additions })
}

/// Earlier signatures must protect something that is still as it was, and must not be broken by
/// another. Whether their values hold is for those to tell who know what they are.
fn check_earlier(source: &dyn ReadAt, document: &OfdDocument) -> Result<(), OfdError> {
    let Some(list) = &document.signatures else { return Ok(()) };
    let damaged = |text: String| Err(OfdError::Damaged(text));
    for earlier in inspect(source)?.signatures {
        let state = |wanted| earlier.parts.iter().find(|part| part.state == wanted);
        if earlier.parts.is_empty() {
            return damaged(format!("the earlier signature {} protects nothing", earlier.id));
        }
        if let Some(part) = state(PartState::Changed).or_else(|| state(PartState::Missing)) {
            let text = "an earlier signature does not hold: {} was changed";
            return damaged(text.replace("{}", &part.file));
        }
        if let Some(part) = state(PartState::Unknown) {
            let text = "what an earlier signature protects cannot be compared: {}";
            return damaged(text.replace("{}", &part.file));
        }
        if earlier.protected.contains(list) {
            return Err(OfdError::Closed(earlier.id));
        }
    }
    Ok(())
}

/// Where the new signature is put.
struct Place {
    /// The path of the list of signatures.
    list: String,
    /// The folder of the new signature.
    folder: String,
}

impl Place {
    fn choose(package: &Package<'_>, document: &OfdDocument) -> Result<Self, OfdError> {
        let parent = |path: &str| path.rsplit_once('/').map_or("", |(parent, _)| parent).to_owned();
        let list = match &document.signatures {
            Some(list) => list.clone(),
            None => match parent(&document.path).as_str() {
                "" => "Signs/Signatures.xml".to_owned(),
                folder => format!("{folder}/Signs/Signatures.xml"),
            },
        };
        if document.signatures.is_none() && package.find(&list).is_some() {
            let text = format!("there is a {list} that the document does not name");
            return Err(OfdError::Damaged(text));
        }
        let base = match parent(&list).as_str() {
            "" => String::new(),
            folder => format!("{folder}/"),
        };
        let taken: BTreeSet<String> = package.files().map(|file| file.to_lowercase()).collect();
        let free = |number: &u32| {
            let folder = format!("{base}sign_{number}/").to_lowercase();
            !taken.iter().any(|file| file.starts_with(&folder))
        };
        let number = (0..100_000).find(free);
        let number = number.ok_or_else(|| OfdError::Limit("too many signatures".to_owned()))?;
        Ok(Self { list, folder: format!("{base}Sign_{number}") })
    }

    fn file(&self, name: &str) -> String {
        format!("{}/{name}", self.folder)
    }
}

/// OFD.xml with the list of signatures named in it.
fn name_list(document: &OfdDocument, list: &str) -> Result<String, OfdError> {
    let text = &document.root_text;
    let parsed = xml::parse(text, &document.root)?;
    let missing = || OfdError::Damaged("OFD.xml has no DocRoot".to_owned());
    let body = child(parsed.root_element(), "DocBody")?.ok_or_else(missing)?;
    // GB/T 33190 §7.4: behind DocRoot and Versions.
    let before = match child(body, "Versions")? {
        Some(versions) => versions,
        None => child(body, "DocRoot")?.ok_or_else(missing)?,
    };
    let prefix = prefix_of(text, before.range().start);
    let element = format!("<{prefix}Signatures>/{}</{prefix}Signatures>", escape(list));
    Ok(inserted(text, before.range().end, &element))
}

/// The list of signatures with the new one in it, and identifiers for its stamps.
fn extend_list(
    package: &Package<'_>,
    document: &OfdDocument,
    place: &Place,
    request: &SealingRequest<'_>,
    stamps: usize,
) -> Result<(String, Vec<String>), OfdError> {
    let kind = if request.seal.is_some() { "Seal" } else { "Sign" };
    let location = format!("/{}", escape(&place.file("Signature.xml")));
    let known = match &document.signatures {
        Some(path) => Some((path, list::read_bytes(package, path)?)),
        None => None,
    };
    let text = known.as_ref().map(|(path, bytes)| xml::text(bytes, path)).transpose()?;
    let parsed = text.map(|text| xml::parse(text, &place.list)).transpose()?;
    let (Some(text), Some(parsed)) = (text, &parsed) else {
        let ids = Ids::behind(0, stamps);
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ofd:Signatures xmlns:ofd=\"{NAMESPACE}\">\
             <ofd:MaxSignId>{}</ofd:MaxSignId>\
             <ofd:Signature ID=\"{}\" Type=\"{kind}\" BaseLoc=\"{location}\"/></ofd:Signatures>",
            ids.last, ids.own
        );
        return Ok((text, ids.stamps));
    };
    let root = parsed.root_element();
    list::read(package, &place.list, root)?;
    let ids = Ids::behind(highest_id(root)?, stamps);
    let behind = children(root, "Signature")?.pop();
    let behind = behind.ok_or_else(|| OfdError::Damaged(format!("{} is empty", place.list)))?;
    // In the namespace of the list, whatever prefix its entries bear.
    let (prefix, declared) = match root.tag_name().namespace() {
        Some(namespace) => ("ofd:", format!(" xmlns:ofd=\"{}\"", escape(namespace))),
        None => ("", String::new()),
    };
    let entry = format!(
        "<{prefix}Signature{declared} ID=\"{}\" Type=\"{kind}\" BaseLoc=\"{location}\"/>",
        ids.own
    );
    let end = behind.range().end;
    let mut edits = vec![(end..end, entry)];
    for stated in children(root, "MaxSignId")? {
        edits.extend(stated.first_child().map(|content| (content.range(), ids.last.clone())));
    }
    // From behind to the front, so that places stay where they are.
    edits.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
    let mut text = text.to_owned();
    for (range, new) in edits {
        text.replace_range(range, &new);
    }
    let again = xml::parse(&text, &place.list)?;
    drop(again);
    Ok((text, ids.stamps))
}

/// Identifiers of a new signature and its stamps.
struct Ids {
    own: String,
    stamps: Vec<String>,
    last: String,
}

impl Ids {
    fn behind(highest: usize, stamps: usize) -> Self {
        let id = |number: usize| format!("s{:03}", highest + number);
        let stamps: Vec<String> = (2..2 + stamps).map(id).collect();
        let last = stamps.last().cloned().unwrap_or_else(|| id(1));
        Self { own: id(1), stamps, last }
    }
}

/// The highest number in any identifier of the list, and the one that it states.
fn highest_id(root: roxmltree::Node<'_, '_>) -> Result<usize, OfdError> {
    let number = |text: String| {
        let digits: String = text.chars().filter(char::is_ascii_digit).take(9).collect();
        digits.parse::<usize>().ok()
    };
    let mut highest = 0;
    for entry in children(root, "Signature")? {
        highest = highest.max(attribute(entry, "ID")?.and_then(number).unwrap_or(0));
    }
    for stated in children(root, "MaxSignId")? {
        highest = highest.max(number(xml::own_text(stated)?).unwrap_or(0));
    }
    Ok(highest)
}

/// The digest of every part that is protected.
fn references(
    package: &Package<'_>,
    additions: &[Addition],
    place: &Place,
    is_final: bool,
) -> Result<Vec<(String, Vec<u8>)>, OfdError> {
    let mut all = Vec::new();
    for file in package.files() {
        if file.contains('\u{fffd}') {
            return Err(OfdError::Damaged(format!("the name of {file} is not UTF-8")));
        }
        if !additions.iter().any(|addition| addition.name == file) {
            let digest = package.digest(&file, ALGORITHM)?;
            all.push((file, digest));
        }
    }
    for addition in additions.iter().filter(|addition| is_final || addition.name != place.list) {
        all.push((addition.name.clone(), ALGORITHM.digest(&addition.content)));
    }
    Ok(all)
}

fn signature_xml(
    request: &SealingRequest<'_>,
    place: &Place,
    references: &[(String, Vec<u8>)],
    stamps: &[StampAnnot],
) -> String {
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ofd:Signature xmlns:ofd=\"{NAMESPACE}\">\
         <ofd:SignedInfo><ofd:Provider ProviderName=\"Sealwright\" Version=\"{}\" \
         Company=\"Sealwright\"/><ofd:SignatureMethod>1.2.156.10197.1.501</ofd:SignatureMethod>\
         <ofd:SignatureDateTime>{}</ofd:SignatureDateTime>\
         <ofd:References CheckMethod=\"1.2.156.10197.1.401\">",
        env!("CARGO_PKG_VERSION"),
        time(request.signing_time)
    );
    for (file, digest) in references {
        text.push_str(&format!(
            "<ofd:Reference FileRef=\"/{}\"><ofd:CheckValue>{}</ofd:CheckValue></ofd:Reference>",
            escape(file),
            Base64::encode_string(digest)
        ));
    }
    text.push_str("</ofd:References>");
    for stamp in stamps {
        let clip = stamp.clip.as_ref().map(|clip| format!(" Clip=\"{clip}\"")).unwrap_or_default();
        text.push_str(&format!(
            "<ofd:StampAnnot ID=\"{}\" PageRef=\"{}\" Boundary=\"{}\"{clip}/>",
            stamp.id,
            escape(&stamp.page),
            stamp.boundary
        ));
    }
    if request.seal.is_some() {
        let seal = escape(&place.file("Seal.esl"));
        text.push_str(&format!("<ofd:Seal><ofd:BaseLoc>/{seal}</ofd:BaseLoc></ofd:Seal>"));
    }
    let value = escape(&place.file("SignedValue.dat"));
    text.push_str(&format!(
        "</ofd:SignedInfo><ofd:SignedValue>/{value}</ofd:SignedValue></ofd:Signature>"
    ));
    text
}

/// As `GeneralizedTime` is written, which other makers do here.
fn time(at: Timestamp) -> String {
    let (year, month, day, hour, minute, second) = at.parts();
    format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z")
}

/// The namespace prefix of the element that begins at a place, with its colon.
fn prefix_of(text: &str, start: usize) -> String {
    let name = text.get(start + 1..).unwrap_or_default();
    let name = name.split(|c: char| c.is_whitespace() || c == '>' || c == '/').next();
    let prefix = name.and_then(|name| name.split_once(':'));
    prefix.map(|(prefix, _)| format!("{prefix}:")).unwrap_or_default()
}

fn inserted(text: &str, at: usize, what: &str) -> String {
    let (before, behind) = text.split_at(at);
    format!("{before}{what}{behind}")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

impl Prepared {
    /// The digest of Signature.xml: what the signature value has to vouch for.
    pub fn content_digest(&self) -> &[u8] {
        &self.content_digest
    }

    /// The path of Signature.xml, which a seal signature names as what was signed.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Adds the signature value, then opens the result as a stranger would and compares what the
    /// new signature protects with what is there.
    ///
    /// # Errors
    /// The document does not read back as it was written, or its medium fails.
    pub fn embed(mut self, value: &[u8]) -> Result<Sealed, OfdError> {
        let folder = self.path.trim_start_matches('/').rsplit_once('/');
        let folder = folder.map_or("", |(folder, _)| folder);
        let name = format!("{folder}/SignedValue.dat");
        self.additions.push(Addition { name, content: value.to_vec() });
        let package = Package::open(&self.received.source)?;
        let size = self.received.source.size();
        let Rewritten { dropped, tail } = rewrite(&package, size, &self.additions)?;
        drop(package);
        let sealed = Sealed { received: self.received, dropped, tail };
        let unlike = || OfdError::Damaged("the sealed document does not read back".to_owned());
        let found = find_signatures(&sealed, Compare::NamesOnly)?;
        let path = self.path.trim_start_matches('/');
        let own = found.signatures.iter().find(|s| s.path == path).ok_or_else(unlike)?;
        // The digests were taken from the very bytes that are kept; that the medium still holds
        // them is seen when they leave.
        let intact = own.parts.iter().all(|part| part.state != PartState::Missing);
        let same = own.value == value && ALGORITHM.digest(&own.bytes) == self.content_digest;
        let complete = found.files.iter().all(|file| {
            own.protected.contains(file)
                || [&own.path, &own.value_path].contains(&file)
                || found.lists.contains(file)
        });
        if !intact || !same || !complete || !found.findings.is_empty() {
            return Err(unlike());
        }
        Ok(sealed)
    }
}
