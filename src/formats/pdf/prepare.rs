//! Sealing: a new revision with a signature field and a hole.

use std::collections::BTreeMap;

use super::{
    Appearance, CaptionText, PdfError,
    appearance::{POINTS_PER_MM, captioned},
    fields::signature_fields,
    form::{self, EmptyField},
    keyword,
    page::{self, Page},
    raw::{Dictionary, Document, Object, ObjectId},
    restrictions::{self, Rules},
    revision::Revision,
    sealed::{Prepared, digest_and_close, write_signature},
    slices::slices,
    stamp::{Drawing, Ink},
};
use crate::{
    crypto::DigestAlgorithm,
    domain::{
        Timestamp,
        placement::{AcrossPages, Certification, LaterField, Pages, Position, Target},
        source::{ReadAt, Received},
    },
};

/// What is to be put into the document.
#[derive(Clone, Copy, Debug)]
pub struct SealingRequest<'a> {
    /// Where the seal is drawn.
    pub target: &'a Target,
    /// Slices of it across the edges of pages, and which pages.
    pub across: Option<(&'a AcrossPages, &'a Pages)>,
    /// What is written below it.
    pub caption: Option<&'a CaptionText>,
    /// What may change afterwards, where the seal certifies the document.
    pub certify: Option<Certification>,
    /// Empty fields for those who seal later.
    pub later_fields: &'a [LaterField],
    /// The document's password, the user's or the owner's.
    pub password: Option<&'a str>,
    /// How it looks.
    pub appearance: &'a Appearance,
    /// The name of the signer, `/Name`.
    pub name: &'a str,
    /// Why it is sealed, `/Reason`.
    pub reason: Option<&'a str>,
    /// The claimed time, `/M`.
    pub signing_time: Timestamp,
    /// A word that no other field of the document bears, for the field's name.
    pub unique: &'a str,
    /// 32 random bytes, for the encryption of what is written into an encrypted document.
    pub seed: [u8; 32],
    /// Bytes to keep for the signature blob.
    pub room: usize,
    /// The digest of the signature scheme.
    pub digest: DigestAlgorithm,
    /// What the signature blob is, `/SubFilter`.
    pub sub_filter: &'a str,
}

/// Prepares a document for sealing.
///
/// # Errors
/// See [`PdfError`]; nothing is written anywhere.
pub fn prepare(received: &Received, request: &SealingRequest<'_>) -> Result<Prepared, PdfError> {
    let source = &received.source;
    if source.size() > 9_000_000_000 {
        return Err(PdfError::Limit("the file is over 9 GB".to_owned()));
    }
    let mut document = Document::open_with(source, request.password)?;
    if document.reaches_beyond_size()? {
        return Err(PdfError::damaged(
            "objects stand at numbers beyond /Size, which some readers do not show",
        ));
    }
    let security = document.security().cloned();
    let root = document
        .trailer()
        .get("Root")
        .as_reference()
        .ok_or_else(|| PdfError::damaged("/Root is not a reference"))?;
    let Object::Dictionary(mut catalog) = document.object(root)? else {
        return Err(PdfError::damaged("the catalog is not a dictionary"));
    };
    let plan = plan(&mut document, &catalog, source, request)?;

    let mut revision = Revision::new(&document, source.size(), security.as_ref(), request.seed);
    let signature = revision.reserve();
    let references = references(request, &plan, root);
    let entries = signature_entries(request, references);
    let hole = write_signature(&mut revision, signature, source.size(), entries, request.room)?;
    let mut catalog_changed = request.certify.is_some();
    if catalog_changed {
        let certified: Dictionary =
            [("DocMDP", Object::Reference(signature))].into_iter().collect();
        catalog.set("Perms", Object::Dictionary(certified));
    }
    let added = write_plan(&mut document, &mut revision, request, plan, signature)?;
    catalog_changed |= form::add_fields(&mut document, &mut revision, &mut catalog, &added)?;
    if catalog_changed {
        revision.write(root, Object::Dictionary(catalog))?;
    }
    let tail = revision.finish(&document)?;
    let (content_digest, tail) = digest_and_close(received, tail, hole, request.digest)?;
    Ok(Prepared {
        received: received.clone(),
        tail,
        hole,
        content_digest,
        algorithm: request.digest,
        signature,
        security,
    })
}

/// The name of a new field.
fn field_name(request: &SealingRequest<'_>) -> String {
    format!("Seal-{}", request.unique)
}

/// Everything that will be drawn and where, after everything was found to be allowed.
struct Plan {
    place: Place,
    /// Pages whose content is drawn upon.
    drawings: BTreeMap<u32, (Page, Vec<Drawing>)>,
    later: Vec<(Page, [f64; 4], String)>,
}

/// Where the signature's field is.
enum Place {
    /// A new field on a page, drawn in a rectangle as shown or not at all.
    New(Page, Option<[f64; 4]>),
    /// A field that is there.
    Existing(Box<EmptyField>),
}

fn plan(
    document: &mut Document<'_>,
    catalog: &Dictionary,
    source: &dyn ReadAt,
    request: &SealingRequest<'_>,
) -> Result<Plan, PdfError> {
    let fields = signature_fields(document)?;
    let rules = restrictions::rules(document, catalog, &fields)?;
    if request.certify.is_some() {
        rules.unsigned("a certification")?;
    }
    let mut drawings: BTreeMap<u32, (Page, Vec<Drawing>)> = BTreeMap::new();
    let place = match request.target {
        Target::Field(name, _) => {
            rules.fill(name)?;
            Place::Existing(Box::new(form::empty_field(document, catalog, &fields, name)?))
        }
        Target::Invisible => {
            rules.new_field(false, &field_name(request))?;
            Place::New(page::one(document, catalog, 1)?, None)
        }
        Target::Keyword(keyword) => {
            rules.new_field(true, &field_name(request))?;
            let (page, at) = keyword::find(document, catalog, source, request.password, keyword)?;
            let rect = page.place_shown(&at, request.appearance.size_mm())?;
            Place::New(page, Some(rect))
        }
        Target::At(pages, position) => {
            rules.new_field(true, &field_name(request))?;
            on_pages(document, catalog, request, (pages, position), &mut drawings)?
        }
    };
    if let Some((across, pages)) = request.across {
        let pages = page::find(document, catalog, pages)?;
        for (page, drawing) in
            pages.iter().zip(slices(&pages, across, request.appearance.size_mm())?)
        {
            drawings
                .entry(page.number)
                .or_insert_with(|| (page.clone(), Vec::new()))
                .1
                .push(drawing);
        }
    }
    if !drawings.is_empty() {
        rules.unsigned("drawing on several pages")?;
    }
    let later = later_fields(document, catalog, &rules, request)?;
    let fills = matches!(place, Place::Existing(_)) && later.is_empty();
    restrictions::check_permissions(document, fills, !drawings.is_empty())?;
    Ok(Plan { place, drawings, later })
}

/// The first of the pages bears the signature; on the others the picture is drawn as content.
fn on_pages(
    document: &mut Document<'_>,
    catalog: &Dictionary,
    request: &SealingRequest<'_>,
    (pages, position): (&Pages, &Position),
    drawings: &mut BTreeMap<u32, (Page, Vec<Drawing>)>,
) -> Result<Place, PdfError> {
    let mut pages = page::find(document, catalog, pages)?.into_iter();
    let first = pages.next().ok_or(PdfError::NoSuchPage { wanted: 1, pages: 0 })?;
    let size = request.appearance.size_mm();
    let rect = first.place_shown(position, size)?;
    for page in pages {
        let [left, bottom, ..] = page.place_shown(position, size)?;
        let drawing = Drawing { corner: (left, bottom), clip: None };
        drawings.insert(page.number, (page, vec![drawing]));
    }
    Ok(Place::New(first, Some(rect)))
}

fn later_fields(
    document: &mut Document<'_>,
    catalog: &Dictionary,
    rules: &Rules,
    request: &SealingRequest<'_>,
) -> Result<Vec<(Page, [f64; 4], String)>, PdfError> {
    let mut later: Vec<(Page, [f64; 4], String)> = Vec::new();
    for field in request.later_fields {
        rules.new_field(true, &field.name)?;
        let taken = later.iter().any(|(_, _, name)| *name == field.name);
        if taken || !form::is_free(document, &field.name)? {
            return Err(PdfError::Field(format!("{}: a field bears this name", field.name)));
        }
        let page = page::one(document, catalog, field.page)?;
        let at = Position { x_mm: field.x_mm, y_mm: field.y_mm, from: field.from };
        let shown = page.place_shown(&at, (field.width_mm, field.height_mm))?;
        later.push((page, shown, field.name.clone()));
    }
    Ok(later)
}

/// `/Reference` of the signature: what it forbids from now on.
fn references(request: &SealingRequest<'_>, plan: &Plan, root: ObjectId) -> Vec<Object> {
    let reference = |method: &str, mut parameters: Dictionary| {
        parameters.set("Type", Object::name("TransformParams"));
        parameters.set("V", Object::name("1.2"));
        let entries = [
            ("Type", Object::name("SigRef")),
            ("TransformMethod", Object::name(method)),
            ("TransformParams", Object::Dictionary(parameters)),
            ("Data", Object::Reference(root)),
        ];
        Object::Dictionary(entries.into_iter().collect())
    };
    let mut references = Vec::new();
    if let Some(certification) = request.certify {
        let level = [("P", Object::Integer(certification.level()))].into_iter().collect();
        references.push(reference("DocMDP", level));
    }
    if let Place::Existing(field) = &plan.place
        && let Some(lock) = &field.lock
    {
        let mut parameters = Dictionary::default();
        for key in ["Action", "Fields", "P"] {
            if lock.has(key) {
                parameters.set(key, lock.get(key).clone());
            }
        }
        references.push(reference("FieldMDP", parameters));
    }
    references
}

/// Writes pictures, widgets and pages; returns the fields that are new.
fn write_plan(
    document: &mut Document<'_>,
    revision: &mut Revision<'_>,
    request: &SealingRequest<'_>,
    plan: Plan,
    signature: ObjectId,
) -> Result<Vec<ObjectId>, PdfError> {
    let mut picture = Picture { request, image: None };
    let mut added = Vec::new();
    // What is added to a page, whichever way: the page is written once.
    let mut annotations: BTreeMap<u32, (Page, Vec<ObjectId>)> = BTreeMap::new();
    match plan.place {
        Place::New(page, shown) => {
            let (form, shown) = match (shown, request.caption) {
                (Some(shown), Some(caption)) => {
                    let (form, all) = picture.with_caption(revision, &page, shown, caption)?;
                    (Some(form), Some(all))
                }
                (Some(shown), None) => {
                    let form = picture.form(revision, page.units_per_mm(), page.rotate)?;
                    (Some(form), Some(shown))
                }
                (None, _) => (None, None),
            };
            let rect = shown.map_or([0.0; 4], |shown| page.to_user_space(shown));
            let name = field_name(request);
            let widget = form::widget(&name, page.id, rect, Some((signature, form)));
            let id = revision.reserve();
            revision.write(id, Object::Dictionary(widget))?;
            added.push(id);
            annotations.entry(page.number).or_insert_with(|| (page, Vec::new())).1.push(id);
        }
        Place::Existing(field) => {
            let form = match (field.rect, &field.page) {
                (Some(rect), Some(page)) => Some(picture.in_field(revision, rect, page)?),
                _ => None,
            };
            field.sign(revision, signature, form)?;
        }
    }
    for (page, shown, name) in plan.later {
        let widget = form::widget(&name, page.id, page.to_user_space(shown), None);
        let id = revision.reserve();
        revision.write(id, Object::Dictionary(widget))?;
        added.push(id);
        annotations.entry(page.number).or_insert_with(|| (page, Vec::new())).1.push(id);
    }
    let mut pages: BTreeMap<u32, (Page, Dictionary)> = BTreeMap::new();
    if !plan.drawings.is_empty() {
        let form = picture.form(revision, POINTS_PER_MM, 0)?;
        let ink = Ink::new(revision, form)?;
        for (number, (page, drawings)) in plan.drawings {
            let mut changed = page.dictionary.clone();
            ink.draw(document, revision, &page, &drawings, &mut changed)?;
            if annotations.contains_key(&number) {
                pages.insert(number, (page, changed));
            } else {
                revision.write(page.id, Object::Dictionary(changed))?;
            }
        }
    }
    for (number, (page, ids)) in annotations {
        let array = annotations_with(document, &page, &ids)?;
        match page.dictionary.get("Annots") {
            Object::Reference(id) => revision.write(*id, array)?,
            _ => {
                let known = pages.entry(number);
                let dictionary = page.dictionary.clone();
                known.or_insert_with(|| (page, dictionary)).1.set("Annots", array);
            }
        }
    }
    for (page, dictionary) in pages.into_values() {
        revision.write(page.id, Object::Dictionary(dictionary))?;
    }
    Ok(added)
}

/// The picture: its image is written when it is first needed.
struct Picture<'r> {
    request: &'r SealingRequest<'r>,
    /// What its forms use, once that is written.
    image: Option<ObjectId>,
}

impl Picture<'_> {
    fn form(
        &mut self,
        revision: &mut Revision<'_>,
        units_per_mm: f64,
        rotate: i64,
    ) -> Result<ObjectId, PdfError> {
        let appearance = self.request.appearance;
        let image = match self.image {
            Some(image) => image,
            None => *self.image.insert(appearance.write_image(revision)?),
        };
        let form = revision.reserve();
        let (dictionary, content) = appearance.form(image, units_per_mm, rotate);
        revision.write_stream(form, dictionary, &content)?;
        Ok(form)
    }

    /// With words below it; returns the form and the rectangle of both, as shown.
    fn with_caption(
        &mut self,
        revision: &mut Revision<'_>,
        page: &Page,
        shown: [f64; 4],
        caption: &CaptionText,
    ) -> Result<(ObjectId, [f64; 4]), PdfError> {
        let (seal_mm, caption_mm) = (self.request.appearance.size_mm(), caption.size_mm());
        let (wide_mm, high_mm) = (seal_mm.0.max(caption_mm.0), seal_mm.1 + caption_mm.1);
        let [left, bottom, right, top] = shown;
        let scale = page.units_per_mm();
        let middle = f64::midpoint(left, right);
        let half = wide_mm * scale / 2.0;
        let all = [middle - half, bottom - caption_mm.1 * scale, middle + half, top];
        let (wide, high) = page.shown_size();
        if all[0] < -1e-6 || all[1] < -1e-6 || all[2] > wide + 1e-6 {
            return Err(PdfError::OffPage { width_mm: wide / scale, height_mm: high / scale });
        }
        let seal = self.form(revision, POINTS_PER_MM, 0)?;
        let font = caption.write_font(revision)?;
        let (wide, high) = (wide_mm * POINTS_PER_MM, high_mm * POINTS_PER_MM);
        let (x, y) = ((wide_mm - seal_mm.0) / 2.0 * POINTS_PER_MM, caption_mm.1 * POINTS_PER_MM);
        let mut content = format!("q 1 0 0 1 {x:.4} {y:.4} cm /Inner Do Q\n");
        content.push_str(&caption.operators(wide / 2.0, y));
        let units = scale / POINTS_PER_MM;
        let form = revision.reserve();
        let (dictionary, content) =
            captioned(seal, font, &content, (wide, high), (units, page.rotate));
        revision.write_stream(form, dictionary, &content)?;
        Ok((form, all))
    }

    /// In a field that is there: at true size if it fits, smaller only if that was asked for.
    fn in_field(
        &mut self,
        revision: &mut Revision<'_>,
        rect: [f64; 4],
        page: &Page,
    ) -> Result<ObjectId, PdfError> {
        let [left, bottom, right, top] = rect;
        let turned = page.rotate % 180 != 0;
        let (wide, high) =
            if turned { (top - bottom, right - left) } else { (right - left, top - bottom) };
        let scale = page.units_per_mm();
        let (width_mm, height_mm) = self.request.appearance.size_mm();
        let fitting = (wide / (width_mm * scale)).min(high / (height_mm * scale));
        let shrink = matches!(self.request.target, Target::Field(_, true));
        if fitting < 1.0 - 1e-6 && !shrink {
            return Err(PdfError::Field(format!(
                "it is {:.1} × {:.1} mm, too small for a seal of {width_mm:.1} × {height_mm:.1} mm; \
                 `shrink` draws it smaller",
                wide / scale,
                high / scale
            )));
        }
        let inner = self.form(revision, scale * fitting.min(1.0), 0)?;
        let size = (width_mm * scale * fitting.min(1.0), height_mm * scale * fitting.min(1.0));
        let (dictionary, content) =
            super::appearance::centred(inner, size, (wide, high), page.rotate);
        let form = revision.reserve();
        revision.write_stream(form, dictionary, &content)?;
        Ok(form)
    }
}

/// The annotations of a page, with more.
pub(super) fn annotations_with(
    document: &mut Document<'_>,
    page: &Page,
    added: &[ObjectId],
) -> Result<Object, PdfError> {
    let mut elements = match document.resolve(page.dictionary.get("Annots"))? {
        Object::Null => Vec::new(),
        Object::Array(elements) => elements,
        _ => return Err(PdfError::damaged("/Annots is not an array")),
    };
    elements.extend(added.iter().copied().map(Object::Reference));
    Ok(Object::Array(elements))
}

/// What the signature dictionary says beside the signature.
fn signature_entries(request: &SealingRequest<'_>, references: Vec<Object>) -> Dictionary {
    let (year, month, day, hour, minute, second) = request.signing_time.parts();
    let date = format!("D:{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z");
    let mut entries: Dictionary = [
        ("Type", Object::name("Sig")),
        ("Filter", Object::name("Adobe.PPKLite")),
        ("SubFilter", Object::name(request.sub_filter)),
        ("M", Object::text(&date)),
        ("Name", Object::text(request.name)),
    ]
    .into_iter()
    .collect();
    if let Some(reason) = request.reason {
        entries.set("Reason", Object::text(reason));
    }
    if !references.is_empty() {
        entries.set("Reference", Object::Array(references));
    }
    entries
}
