//! Attacks on signed PDF files, by class. Each takes the signed contract of `pdf_parties.py` and
//! makes of it what an attacker would; the word is what the report has to say.

use sealwright::{
    containers::cms::SignedData,
    formats::pdf::{
        inspect,
        raw::{Document, Object, ObjectId},
    },
    pki::tlv::{self, Reader},
};

use super::revision::{Revision, find, object, stream, with, written};

type Attack = Box<dyn Fn(&[u8]) -> Option<Vec<u8>>>;

/// An attack: what it is, a word that the report has to say, and how it is made; none where it does
/// not make sense for a file.
pub struct Named {
    pub name: &'static str,
    pub word: &'static str,
    pub make: Attack,
}

fn attack(
    name: &'static str,
    word: &'static str,
    make: impl Fn(&[u8]) -> Option<Vec<u8>> + 'static,
) -> Named {
    Named { name, word, make: Box::new(make) }
}

/// A revision that sets an object found by its path to what `change` makes of it.
fn change(
    name: &'static str,
    word: &'static str,
    path: &'static str,
    change: impl Fn(&mut Revision, &Object) -> String + 'static,
) -> Named {
    attack(name, word, move |file| {
        let (number, found) = find(file, path)?;
        let mut revision = Revision::of(file);
        let body = change(&mut revision, &found);
        Some(revision.set(number, &body).finish())
    })
}

/// A revision that sets entries of a dictionary found by its path.
fn entries(
    name: &'static str,
    word: &'static str,
    path: &'static str,
    entries: &'static [(&'static str, &'static str)],
) -> Named {
    change(name, word, path, move |_, object| with(object, entries))
}

const PAGE: &str = "Root/Pages/Kids/0";
const FORGED: &str = "BT /F1 14 Tf 72 700 Td (Page 1: the rent is 9000 a month) Tj ET";

fn forged() -> String {
    stream("", FORGED)
}

/// The number of a form field's object by its name.
fn field(file: &[u8], name: &str) -> Option<(u32, Object)> {
    let mut document = Document::open(&file).unwrap();
    (1..document.first_free_number()).find_map(|number| {
        let found = document.object(ObjectId { number, generation: 0 }).ok()?;
        let title = found.as_dictionary()?.get("T").as_string()?.bytes.clone();
        let is_field = found.as_dictionary()?.has("FT");
        (is_field && title == name.as_bytes()).then_some((number, found))
    })
}

/// The first signed field: its number, itself, and its signature's number.
fn signed_field(file: &[u8]) -> Option<(u32, Object, u32)> {
    let mut document = Document::open(&file).unwrap();
    (1..document.first_free_number()).find_map(|number| {
        let found = document.object(ObjectId { number, generation: 0 }).ok()?;
        let dictionary = found.as_dictionary()?;
        let value = dictionary.get("V").as_reference()?;
        (dictionary.is_name("FT", "Sig")).then_some((number, found.clone(), value.number))
    })
}

/// What an annotation of one's own looks like that covers a rectangle with a text.
fn cover(revision: &mut Revision, subtype: &str, more: &str) -> u32 {
    let look = stream(
        "/Type /XObject /Subtype /Form /BBox [0 0 400 30] /Resources <</Font <</F1 8 0 R>>>>",
        "1 g 0 0 400 30 re f 0 g BT /F1 14 Tf 0 8 Td (Page 1: the rent is 9000 a month) Tj ET",
    );
    let look = revision.add(&look);
    revision.add(&format!(
        "<</Type /Annot /Subtype /{subtype} /F 4 /Rect [72 692 472 722] /AP <</N {look} 0 R>>{more}>>"
    ))
}

/// Puts something among the annotations of the first page.
fn annotate(file: &[u8], make: impl Fn(&mut Revision) -> u32) -> Option<Vec<u8>> {
    let (number, page) = find(file, PAGE)?;
    let (holder, list) = find(file, &format!("{PAGE}/Annots"))?;
    let mut revision = Revision::of(file);
    let new = make(&mut revision);
    let mut all = list.as_array()?.to_vec();
    all.push(Object::Reference(ObjectId { number: new, generation: 0 }));
    let all = written(&Object::Array(all));
    if holder == number {
        let body = with(&page, &[("Annots", &all)]);
        revision.set(number, &body);
    } else {
        revision.set(holder, &all);
    }
    Some(revision.finish())
}

/// Puts something among the fields of the form.
fn enlist(file: &[u8], revision: &mut Revision, new: u32) -> Option<()> {
    let (root, catalog) = find(file, "Root")?;
    let (holder, form) = find(file, "Root/AcroForm")?;
    let (_, fields) = find(file, "Root/AcroForm/Fields")?;
    let mut all = fields.as_array()?.to_vec();
    all.push(Object::Reference(ObjectId { number: new, generation: 0 }));
    let form = with(&form, &[("Fields", &written(&Object::Array(all)))]);
    if holder == root {
        let body = with(&catalog, &[("AcroForm", &form)]);
        revision.set(root, &body);
    } else {
        revision.set(holder, &form);
    }
    Some(())
}

/// The signature dictionary that is seen last, with entries set anew.
fn signature(
    name: &'static str,
    word: &'static str,
    entries: &'static [(&'static str, &'static str)],
) -> Named {
    attack(name, word, move |file| {
        let (_, _, number) = signed_field(file)?;
        let value = object(file, number);
        Some(Revision::of(file).set(number, &with(&value, entries)).finish())
    })
}

/// Changes the blob of the first signature, which no signature protects.
fn blob(
    name: &'static str,
    word: &'static str,
    change: impl Fn(Vec<u8>) -> Option<Vec<u8>> + 'static,
) -> Named {
    attack(name, word, move |file| {
        let inspection = inspect(&file).ok()?;
        let found = inspection.signatures.first()?;
        let gap = found.gap.ok()?;
        let room = usize::try_from(gap.end - gap.start).unwrap() - 2;
        let mut digits = sealwright::crypto::digest::hex(&change(found.blob())?);
        if digits.len() > room {
            return None;
        }
        digits.push_str(&"0".repeat(room - digits.len()));
        let mut changed = file.to_vec();
        let start = usize::try_from(gap.start).unwrap() + 1;
        changed[start..start + room].copy_from_slice(digits.as_bytes());
        Some(changed)
    })
}

/// Takes a CMS apart into the parts of its `SignedData`, and puts it together again.
fn with_parts(der: &[u8], change: impl Fn(&mut Vec<Vec<u8>>) -> Option<()>) -> Option<Vec<u8>> {
    let mut outer = Reader::new(tlv::only(der, tlv::SEQUENCE).ok()?.content);
    let kind = outer.read().ok()?.raw.to_vec();
    let explicit = outer.read().ok()?.content;
    let mut data = Reader::new(tlv::only(explicit, tlv::SEQUENCE).ok()?.content);
    let mut parts = Vec::new();
    while data.peek().is_some() {
        parts.push(data.read().ok()?.raw.to_vec());
    }
    change(&mut parts)?;
    Some(tlv::sequence(&[kind, tlv::tlv(0xa0, &tlv::sequence(&parts))]))
}

/// Replaces bytes by others of the same length.
fn swap(bytes: &[u8], old: &[u8], new: &[u8], last: bool) -> Option<Vec<u8>> {
    let mut places = bytes.windows(old.len());
    let at = if last {
        places.rposition(|window| window == old)
    } else {
        places.position(|window| window == old)
    }?;
    Some([&bytes[..at], new, &bytes[at + old.len()..]].concat())
}

const SHA256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
const SHA512: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03];

/// All attacks.
pub fn all() -> Vec<Named> {
    let mut all = incremental_saving();
    all.extend(wrapping_and_forgery());
    all.extend(shadows());
    all.extend(certified_documents());
    all.extend(spoofed_signatures());
    all.extend(containers());
    all.extend(pages_and_resources());
    all.extend(document_entries());
    all.extend(hidden_bytes());
    all.extend(looks_and_types());
    all.extend(repairs());
    all
}

/// Content changed by a revision, well made and less well made (ISA).
fn incremental_saving() -> Vec<Named> {
    vec![
        change(
            "isa: content replaced",
            "page 1 /Contents",
            "Root/Pages/Kids/0/Contents",
            |_, _| forged(),
        ),
        change("isa: page leads to new content", "page 1: entry /Contents", PAGE, |r, page| {
            let new = r.add(&forged());
            with(page, &[("Contents", &format!("{new} 0 R"))])
        }),
        change("isa: content added", "page 1: entry /Contents", PAGE, |r, page| {
            let new = r.add(&forged());
            with(page, &[("Contents", &format!("[6 0 R {new} 0 R]"))])
        }),
        change("isa: inherited box moved", "node 2", "Root/Pages", |_, pages| {
            with(pages, &[("MediaBox", "[0 0 300 300]")])
        }),
        attack("isa: objects without cross-reference", "stands what no strict reader", |file| {
            Some(Revision::of(file).set(6, &forged()).raw("\n%%EOF\n").file())
        }),
        attack("isa: trailer without cross-reference", "stands what no strict reader", |file| {
            let tail = "trailer\n<</Size 60 /Root 1 0 R>>\nstartxref\n0\n%%EOF\n";
            Some(Revision::of(file).set(6, &forged()).raw(tail).file())
        }),
        attack("isa: objects hidden behind the old cross-reference", "", |file| {
            let offset = Document::open(&file).unwrap().xref_offset();
            let tail = format!("startxref\n{offset}\n%%EOF\n");
            Some(Revision::of(file).set(6, &forged()).raw(&tail).file())
        }),
        attack("isa: cross-reference without trailer", "stands what no strict reader", |file| {
            let mut revision = Revision::of(file);
            revision.set(6, &forged());
            let start = revision.length();
            let tail = format!("xref\n0 1\n0000000000 65535 f \nstartxref\n{start}\n%%EOF\n");
            Some(revision.raw(&tail).file())
        }),
        attack("isa: the end cut off", "stands what no strict reader", |file| {
            let whole = Revision::of(file).set(6, &forged()).finish();
            Some(whole[..whole.len() - 8].to_vec())
        }),
        attack("isa: a second document behind", "", |file| {
            Some([file, &super::people::licence()[..]].concat())
        }),
        attack("isa: the signed revision passed by", "does not continue", |file| {
            let first = (0..file.len()).find_map(|end| {
                let is_end = file[..end].ends_with(b"%%EOF");
                is_end.then(|| Document::open(&&file[..end]).ok().map(|d| d.xref_offset()))?
            })?;
            Some(Revision::of(file).prev(first).set(6, &forged()).finish())
        }),
        attack("isa: another root", "catalog", |file| {
            let (_, catalog) = find(file, "Root")?;
            let mut revision = Revision::of(file);
            let new = revision.add(&with(&catalog, &[("Lang", "(zh)")]));
            let root = Object::Reference(ObjectId { number: new, generation: 0 });
            Some(revision.trailer("Root", root).finish())
        }),
        attack("isa: the number used again", "page 1 /Contents", |file| {
            Some(Revision::of(file).set_at(6, 1, &forged()).finish())
        }),
        attack("isa: the content freed", "page 1 /Contents", |file| {
            Some(Revision::of(file).free(6).finish())
        }),
        attack("isa: the entry leads elsewhere", "where object 6 should", |file| {
            let other = file.windows(9).position(|w| w == b"\n40 0 obj")?;
            let at = other + 1;
            // A reader that does not compare the numbers shows object 40.
            Some(Revision::of(file).point(6, at).finish())
        }),
    ]
}

/// The signed bytes moved (SWA), the values of a signature destroyed (USF).
fn wrapping_and_forgery() -> Vec<Named> {
    let wrap = |keep: &'static str| {
        move |file: &[u8]| {
            let inspection = inspect(&file).ok()?;
            let gap = inspection.signatures.first()?.gap.ok()?;
            let (start, end) =
                (usize::try_from(gap.start).unwrap(), usize::try_from(gap.end).unwrap());
            let signed_end = usize::try_from(gap.end_of_range).unwrap();
            let evil = format!("\n6 0 obj\n{}\nendobj\n", forged());
            let moved = start + (end - start) + keep.len() + evil.len() + 60;
            let range = format!("[0 {start} {moved} {}]", signed_end - end);
            let range = format!("{keep} /ByteRange {range}");
            let mut out = file[..end].to_vec();
            out.extend_from_slice(range.as_bytes());
            out.extend_from_slice(evil.as_bytes());
            out.resize(moved, b' ');
            out.extend_from_slice(&file[end..]);
            Some(out)
        }
    };
    let mut all = vec![
        attack("swa: moved behind injected bytes", "", wrap("")),
        attack("swa: moved, the dictionary closed before", "", wrap(" /X 1 >> % ")),
    ];
    const FORGERIES: [(&str, &[(&str, &str)]); 14] = [
        ("usf: no Contents", &[("Contents", "null")]),
        ("usf: empty Contents", &[("Contents", "<>")]),
        ("usf: zero Contents", &[("Contents", "<00>")]),
        ("usf: Contents of zeros", &[("Contents", "<0000000000000000>")]),
        ("usf: Contents a number", &[("Contents", "0")]),
        ("usf: no ByteRange", &[("ByteRange", "null")]),
        ("usf: empty ByteRange", &[("ByteRange", "[]")]),
        ("usf: ByteRange of zeros", &[("ByteRange", "[0 0 0 0]")]),
        ("usf: negative ByteRange", &[("ByteRange", "[0 -1 -1 -1]")]),
        ("usf: short ByteRange", &[("ByteRange", "[0 100 200 100]")]),
        ("usf: overlapping ByteRange", &[("ByteRange", "[0 5000 100 5000]")]),
        ("usf: ByteRange beyond the file", &[("ByteRange", "[0 100 200 99999999]")]),
        ("usf: three numbers", &[("ByteRange", "[0 100 200]")]),
        ("usf: another SubFilter", &[("SubFilter", "/adbe.x509.rsa_sha1")]),
    ];
    for (name, changed) in FORGERIES {
        all.push(signature(name, "", changed));
    }
    all
}

/// Content that was prepared before signing, and is made to be seen after it.
fn shadows() -> Vec<Named> {
    vec![
        change("shadow: replace, the prepared content", "page 1: entry /Contents", PAGE, |_, p| {
            with(p, &[("Contents", "40 0 R")])
        }),
        change("shadow: replace, the prepared page", "page", "Root/Pages", |_, pages| {
            with(pages, &[("Kids", "[41 0 R 4 0 R 5 0 R]")])
        }),
        change(
            "shadow: replace, the font",
            "/Font",
            "Root/Pages/Kids/0/Resources/Font/F1",
            |_, f| with(f, &[("BaseFont", "/Symbol")]),
        ),
        change(
            "shadow: replace, the encoding",
            "/Encoding",
            "Root/Pages/Kids/0/Resources/Font/F1/Encoding",
            |_, e| with(e, &[("Differences", "[49 /nine]")]),
        ),
        change(
            "shadow: hide, the image",
            "/XObject",
            "Root/Pages/Kids/0/Resources/XObject/Im1",
            |_, _| stream("/Type /XObject /Subtype /Form /BBox [0 0 1 1]", ""),
        ),
        attack("shadow: hide, the image freed", "/XObject", |file| {
            Some(Revision::of(file).free(10).finish())
        }),
        change("shadow: hide, the layer", "/OCProperties", "Root", |_, root| {
            with(root, &[("OCProperties", "<</OCGs [33 0 R] /D <</OFF [33 0 R]>>>>")])
        }),
        change(
            "shadow: hide, the layer's group",
            "object 33",
            "Root/OCProperties/OCGs/0",
            |_, g| with(g, &[("Usage", "<</Print <</PrintState /OFF>>>>")]),
        ),
        attack("shadow: an annotation taken off", "FreeText", |file| {
            let (number, page) = find(file, PAGE)?;
            let (holder, list) = find(file, &format!("{PAGE}/Annots"))?;
            let id = Object::Reference(ObjectId { number: 38, generation: 0 });
            let left: Vec<_> = list.as_array()?.iter().filter(|a| **a != id).cloned().collect();
            let left = written(&Object::Array(left));
            let mut revision = Revision::of(file);
            if holder == number {
                let body = with(&page, &[("Annots", &left)]);
                revision.set(number, &body);
            } else {
                revision.set(holder, &left);
            }
            Some(revision.finish())
        }),
        attack("shadow: the look of an annotation replaced", "/AP", |file| {
            let look = "/Type /XObject /Subtype /Form /BBox [0 0 200 20]";
            let look = stream(look, "0 0 200 20 re f");
            Some(Revision::of(file).set(42, &look).finish())
        }),
        attack("shadow: an unseen object put onto the page", "put onto page 1", |file| {
            annotate(file, |_| 42)
        }),
        attack("shadow: what nothing stood for", "page 1", |file| {
            // The contract's signer did not see that 45 stands for nothing.
            let (number, page) = find(file, PAGE)?;
            let mut revision = Revision::of(file);
            revision.set(number, &with(&page, &[("Contents", "[6 0 R 900 0 R]")]));
            revision.set(900, &forged());
            Some(revision.finish())
        }),
    ]
}

/// Annotations (EAA) and signature fields (SSA) over what is there.
fn certified_documents() -> Vec<Named> {
    let mut all = Vec::new();
    for (name, subtype) in [
        ("eaa: free text", "FreeText"),
        ("eaa: stamp", "Stamp"),
        ("eaa: ink", "Ink"),
        ("eaa: highlight with a look of its own", "Highlight"),
        ("eaa: square", "Square"),
        ("eaa: redaction", "Redact"),
        ("eaa: watermark", "Watermark"),
        ("eaa: of no known kind", "Custom"),
        ("eaa: 3D", "3D"),
    ] {
        all.push(attack(name, "annotation", move |file| {
            annotate(file, |revision| cover(revision, subtype, ""))
        }));
    }
    all.extend([
        attack("eaa: a filled square without a look", "annotation", |file| {
            annotate(file, |revision| {
                revision.add("<</Type /Annot /Subtype /Square /F 4 /Rect [72 692 472 722] /IC [1 1 1] /C [1 1 1]>>")
            })
        }),
        attack("eaa: a link that acts", "acts", |file| {
            annotate(file, |revision| {
                revision.add("<</Type /Annot /Subtype /Link /Rect [0 0 595 842] /A <</S /URI /URI (https://evil.example/)>>>>")
            })
        }),
        attack("eaa: the text of an annotation changed", "", |file| {
            let text = with(&object(file, 38), &[("Contents", "(void)")]);
            Some(Revision::of(file).set(38, &text).finish())
        }),
        attack("eaa: a link leads elsewhere", "", |file| {
            let link = with(&object(file, 36), &[("A", "<</S /URI /URI (https://evil.example/)>>")]);
            Some(Revision::of(file).set(36, &link).finish())
        }),
        attack("ssa: a drawn field that nobody signed", "draws something", |file| {
            annotate(file, |revision| {
                let new = cover(revision, "Widget", " /FT /Sig /T (Late)");
                enlist(file, revision, new);
                new
            })
        }),
        attack("ssa: a widget that is in no field", "not into the form", |file| {
            annotate(file, |revision| cover(revision, "Widget", " /FT /Sig /T (Late)"))
        }),
        attack("ssa: a text field of one's own", "was added", |file| {
            annotate(file, |revision| {
                let new = cover(revision, "Widget", " /FT /Tx /T (late) /V (9000)");
                enlist(file, revision, new);
                new
            })
        }),
        attack("ssa: a field with a name that is taken", "another widget", |file| {
            annotate(file, |revision| {
                let new = cover(revision, "Widget", " /FT /Tx /T (tenant) /V (Li Si)");
                enlist(file, revision, new);
                new
            })
        }),
        attack("form: a field moved over the text", "/Rect", |file| {
            let moved = with(&object(file, 22), &[("Rect", "[72 692 472 722]")]);
            Some(Revision::of(file).set(22, &moved).finish())
        }),
        attack("form: a value replaced by another", "", |file| {
            let other = with(&object(file, 21), &[("V", "(Li Si)")]);
            Some(Revision::of(file).set(21, &other).finish())
        }),
        attack("form: a look that is not the value", "", |file| {
            let look = "/Type /XObject /Subtype /Form /BBox [0 0 200 20] /Resources <</Font <</Helv 8 0 R>>>>";
            let look = stream(look, "BT /Helv 10 Tf 2 5 Td (Li Si) Tj ET");
            Some(Revision::of(file).set(26, &look).finish())
        }),
        attack("form: a field acts", "/AA", |file| {
            let acts = with(&object(file, 22), &[("AA", "<</K <</S /JavaScript /JS (1)>>>>")]);
            Some(Revision::of(file).set(22, &acts).finish())
        }),
        attack("form: another name", "name", |file| {
            let other = with(&object(file, 22), &[("T", "(rent)")]);
            Some(Revision::of(file).set(22, &other).finish())
        }),
        attack("form: a font of the form replaced", "", |file| {
            let (root, catalog) = find(file, "Root")?;
            let (holder, form) = find(file, "Root/AcroForm")?;
            let mut revision = Revision::of(file);
            let font = revision.add("<</Type /Font /Subtype /Type1 /BaseFont /Symbol>>");
            let form = with(&form, &[("DR", &format!("<</Font <</Helv {font} 0 R>>>>"))]);
            if holder == root {
                let body = with(&catalog, &[("AcroForm", &form)]);
                revision.set(root, &body);
            } else {
                revision.set(holder, &form);
            }
            Some(revision.finish())
        }),
        change("form: looks made anew by the reader", "", "Root/AcroForm", |_, form| {
            with(form, &[("NeedAppearances", "true")])
        }),
        change("form: XFA", "/XFA", "Root/AcroForm", |r, form| {
            let xfa = r.add(&stream("", "<xdp/>"));
            with(form, &[("XFA", &format!("{xfa} 0 R"))])
        }),
        change("form: fields removed", "removed", "Root/AcroForm", |_, form| {
            with(form, &[("Fields", "[21 0 R]")])
        }),
        change("form: signed no more", "", "Root", |_, root| with(root, &[("AcroForm", "null")])),
    ]);
    all
}

/// Signature dictionaries and fields changed between revisions.
fn spoofed_signatures() -> Vec<Named> {
    let field_entry = |name, word, entries: &'static [(&'static str, &'static str)]| {
        attack(name, word, move |file| {
            let (number, field, _) = signed_field(file)?;
            Some(Revision::of(file).set(number, &with(&field, entries)).finish())
        })
    };
    vec![
        signature("spoof: another reason", "", &[("Reason", "(paid in full)")]),
        signature("spoof: another name", "", &[("Name", "(The mayor)")]),
        signature("spoof: another time", "", &[("M", "(D:20200101000000Z)")]),
        signature("spoof: no restrictions", "", &[("Reference", "null"), ("X", "1")]),
        signature(
            "spoof: restrictions loosened",
            "",
            &[(
                "Reference",
                "[<</Type /SigRef /TransformMethod /DocMDP /TransformParams <</P 3 /V /1.2>>>>]",
            )],
        ),
        field_entry("spoof: the field without its signature", "", &[("V", "null")]),
        field_entry("spoof: the field under another name", "", &[("T", "(Other)")]),
        field_entry("spoof: the field moved", "/Rect", &[("Rect", "[0 0 595 842]")]),
        field_entry("spoof: the field hidden", "/F", &[("F", "2")]),
        field_entry("spoof: the field of another kind", "", &[("FT", "/Tx")]),
        attack("spoof: the seal's look replaced", "", |file| {
            let (number, field, _) = signed_field(file)?;
            let mut revision = Revision::of(file);
            let look = stream("/Type /XObject /Subtype /Form /BBox [0 0 9 9]", "0 0 9 9 re f");
            let look = revision.add(&look);
            let body = with(&field, &[("AP", &format!("<</N {look} 0 R>>"))]);
            Some(revision.set(number, &body).finish())
        }),
        attack("spoof: the field leads to a copy", "", |file| {
            let (number, field, value) = signed_field(file)?;
            let copy = written(&object(file, value));
            let mut revision = Revision::of(file);
            let copy = revision.add(&copy);
            let body = with(&field, &[("V", &format!("{copy} 0 R"))]);
            Some(revision.set(number, &body).finish())
        }),
        attack("spoof: a copy in a new field", "", |file| {
            let (_, _, value) = signed_field(file)?;
            let copy = written(&object(file, value));
            let mut revision = Revision::of(file);
            let copy = revision.add(&copy);
            let new = revision.add(&format!(
                "<</FT /Sig /T (Again) /Type /Annot /Subtype /Widget /Rect [0 0 0 0] /V {copy} 0 R>>"
            ));
            enlist(file, &mut revision, new)?;
            Some(revision.finish())
        }),
        attack("spoof: the same signature in two fields", "", |file| {
            let (_, _, value) = signed_field(file)?;
            let mut revision = Revision::of(file);
            let new = revision.add(&format!(
                "<</FT /Sig /T (Again) /Type /Annot /Subtype /Widget /Rect [0 0 0 0] /V {value} 0 R>>"
            ));
            enlist(file, &mut revision, new)?;
            Some(revision.finish())
        }),
        attack("spoof: the signed field in no form", "removed", |file| {
            let (number, _, _) = signed_field(file)?;
            let (root, catalog) = find(file, "Root")?;
            let (holder, form) = find(file, "Root/AcroForm")?;
            let (_, fields) = find(file, "Root/AcroForm/Fields")?;
            let id = Object::Reference(ObjectId { number, generation: 0 });
            let left: Vec<_> = fields.as_array()?.iter().filter(|f| **f != id).cloned().collect();
            let form = with(&form, &[("Fields", &written(&Object::Array(left)))]);
            let mut revision = Revision::of(file);
            if holder == root {
                let body = with(&catalog, &[("AcroForm", &form)]);
                revision.set(root, &body);
            } else {
                revision.set(holder, &form);
            }
            Some(revision.finish())
        }),
        attack("spoof: a document timestamp that stamps something else", "", |file| {
            let inspection = inspect(&file).ok()?;
            let stamp = inspection.signatures.iter().find(|s| s.sub_filter == "ETSI.RFC3161")?;
            let hex = sealwright::crypto::digest::hex(&stamp.blob());
            let end = file.len();
            let mut revision = Revision::of(file);
            let value = revision.add(&format!(
                "<</Type /DocTimeStamp /Filter /Adobe.PPKLite /SubFilter /ETSI.RFC3161 \
                 /ByteRange [0 {end} {end} 10] /Contents <{hex}>>>"
            ));
            let new = revision.add(&format!(
                "<</FT /Sig /T (Stamp) /Type /Annot /Subtype /Widget /Rect [0 0 0 0] /V {value} 0 R>>"
            ));
            enlist(file, &mut revision, new)?;
            Some(revision.finish())
        }),
        change("spoof: permissions taken away", "/Perms", "Root", |_, root| {
            with(root, &[("Perms", "<</X 1>>")])
        }),
    ]
}

/// The container of the signature, which no signature protects.
fn containers() -> Vec<Named> {
    vec![
        blob("container: two signers", "more than one signer", |der| {
            with_parts(&der, |parts| {
                let infos = parts.last_mut()?;
                let one = tlv::only(infos, tlv::SET).ok()?.content.to_vec();
                *infos = tlv::tlv(tlv::SET, &[one.clone(), one].concat());
                Some(())
            })
        }),
        blob("container: no signer", "no signer", |der| {
            with_parts(&der, |parts| {
                *parts.last_mut()? = tlv::tlv(tlv::SET, &[]);
                Some(())
            })
        }),
        blob("container: a content of its own", "content of its own", |der| {
            with_parts(&der, |parts| {
                let kind = parts.get(2)?.clone();
                let oid = tlv::only(&kind, tlv::SEQUENCE).ok()?.content.to_vec();
                let content = tlv::tlv(0xa0, &tlv::tlv(tlv::OCTET_STRING, b"forged"));
                *parts.get_mut(2)? = tlv::sequence(&[oid, content]);
                Some(())
            })
        }),
        blob("container: another announced digest", "announced", |der| {
            swap(&der, SHA256, SHA512, false)
        }),
        blob("container: the digest algorithm of the signer", "", |der| {
            with_parts(&der, |parts| {
                let infos = parts.last_mut()?;
                *infos = swap(infos, SHA256, SHA512, false)?;
                Some(())
            })
        }),
        blob("container: no certificate", "certificate", |der| {
            with_parts(&der, |parts| {
                let at = parts.iter().position(|part| part.first() == Some(&0xa0))?;
                parts.remove(at);
                Some(())
            })
        }),
        blob("container: something behind it", "behind the signature value", |mut der| {
            der.extend([0x30, 0x01, 0x00]);
            Some(der)
        }),
        blob("container: another value", "does not match", |mut der| {
            let value = SignedData::from_der(&der).ok()?.signers.first()?.signature.clone();
            let at = der.windows(value.len()).position(|window| window == value)?;
            der[at + value.len() - 1] ^= 1;
            Some(der)
        }),
        attack("container: of another document", "digest", |file| {
            // The signed bytes change under a signature that was made over others.
            let at = file.windows(4).position(|w| w == b"1000")?;
            let mut changed = file.to_vec();
            changed[at] = b'9';
            Some(changed)
        }),
    ]
}

/// Pages and what they are drawn with.
fn pages_and_resources() -> Vec<Named> {
    let mut all = vec![
        change("pages: one added", "page 4 was added", "Root/Pages", |r, pages| {
            let content = r.add(&forged());
            let new = r.add(&format!(
                "<</Type /Page /Parent 2 0 R /Contents {content} 0 R /Resources <</Font <</F1 8 0 R>>>>>>"
            ));
            with(pages, &[("Kids", &format!("[3 0 R 4 0 R 5 0 R {new} 0 R]")), ("Count", "4")])
        }),
        entries(
            "pages: one removed",
            "was removed",
            "Root/Pages",
            &[("Kids", "[3 0 R 4 0 R]"), ("Count", "2")],
        ),
        entries(
            "pages: another order",
            "another order",
            "Root/Pages",
            &[("Kids", "[4 0 R 3 0 R 5 0 R]")],
        ),
        entries(
            "pages: one twice",
            "",
            "Root/Pages",
            &[("Kids", "[3 0 R 3 0 R 4 0 R 5 0 R]"), ("Count", "4")],
        ),
        change("pages: the tree deeper", "", "Root/Pages", |r, pages| {
            let inner =
                r.add("<</Type /Pages /Parent 2 0 R /Kids [3 0 R 4 0 R] /Count 2 /Rotate 180>>");
            with(pages, &[("Kids", &format!("[{inner} 0 R 5 0 R]"))])
        }),
        attack("pages: another tree", "", |file| {
            let (root, catalog) = find(file, "Root")?;
            let (_, pages) = find(file, "Root/Pages")?;
            let mut revision = Revision::of(file);
            let new = revision.add(&with(&pages, &[("Rotate", "90")]));
            let body = with(&catalog, &[("Pages", &format!("{new} 0 R"))]);
            Some(revision.set(root, &body).finish())
        }),
    ];
    const CHANGES: [(&str, &[(&str, &str)]); 9] = [
        ("page: turned", &[("Rotate", "180")]),
        ("page: cropped", &[("CropBox", "[0 0 100 100]")]),
        ("page: another box", &[("MediaBox", "[0 0 200 200]")]),
        ("page: another unit", &[("UserUnit", "4")]),
        ("page: other resources", &[("Resources", "<</Font <</F1 9 0 R>>>>")]),
        ("page: acts", &[("AA", "<</O <</S /JavaScript /JS (1)>>>>")]),
        ("page: a transition", &[("Trans", "<</S /Fly>>")]),
        ("page: no content", &[("Contents", "null")]),
        ("page: of another type", &[("Type", "/Template")]),
    ];
    for (name, changed) in CHANGES {
        all.push(entries(name, "page 1: entry", PAGE, changed));
    }
    all
}

/// Entries of the catalog and the trailer.
fn document_entries() -> Vec<Named> {
    const CHANGES: [(&str, &[(&str, &str)]); 14] = [
        ("catalog: acts when opened", &[("OpenAction", "<</S /JavaScript /JS (1)>>")]),
        ("catalog: acts when printed", &[("AA", "<</WP <</S /JavaScript /JS (1)>>>>")]),
        (
            "catalog: names",
            &[("Names", "<</JavaScript <</Names [(a) <</S /JavaScript /JS (1)>>]>>>>")],
        ),
        ("catalog: labels of pages", &[("PageLabels", "<</Nums [0 <</S /r>>]>>")]),
        ("catalog: destinations", &[("Dests", "<</start [5 0 R /Fit]>>")]),
        ("catalog: layers", &[("OCProperties", "null")]),
        ("catalog: preferences", &[("ViewerPreferences", "<</HideToolbar true>>")]),
        ("catalog: outline", &[("Outlines", "<</First 900 0 R>>")]),
        ("catalog: language", &[("Lang", "(xx)")]),
        ("catalog: base address", &[("URI", "<</Base (https://evil.example/)>>")]),
        ("catalog: a collection", &[("Collection", "<</View /H>>")]),
        ("catalog: attached files", &[("AF", "[39 0 R]")]),
        ("catalog: requirements", &[("Requirements", "[<</S /EnableJavaScripts>>]")]),
        ("catalog: something unknown", &[("Sealed", "true")]),
    ];
    let mut all = Vec::new();
    for (name, changed) in CHANGES {
        all.push(entries(name, "the catalog: entry", "Root", changed));
    }
    all.extend([
        attack("files: an attachment replaced", "/EmbeddedFiles", |file| {
            let other = stream("/Type /EmbeddedFile", "another plan");
            Some(Revision::of(file).set(43, &other).finish())
        }),
        attack("files: an attachment added", "/Names", |file| {
            let (number, names) = find(file, "Root/Names")?;
            let mut revision = Revision::of(file);
            let data = revision.add(&stream("/Type /EmbeddedFile", "malware"));
            let spec =
                revision.add(&format!("<</Type /Filespec /F (b.exe) /EF <</F {data} 0 R>>>>"));
            let files = format!("<</Names [(b.exe) {spec} 0 R (plan.txt) 39 0 R]>>");
            let body = with(&names, &[("EmbeddedFiles", &files)]);
            Some(revision.set(number, &body).finish())
        }),
        attack("trailer: encrypted afterwards", "", |file| {
            let mut revision = Revision::of(file);
            let encrypt = revision.add("<</Filter /Standard /V 1 /R 2 /P -4 /O (x) /U (y)>>");
            let encrypt = Object::Reference(ObjectId { number: encrypt, generation: 0 });
            Some(revision.trailer("Encrypt", encrypt).finish())
        }),
        attack("trailer: a hidden half", "halves", |file| {
            let mut revision = Revision::of(file);
            let at = revision.length();
            let rows: String = [1_u32, 0, 0].iter().map(|_| '\0').collect();
            let dictionary = "/Type /XRef /Size 950 /W [1 2 1] /Index [940 1] /Root 1 0 R";
            revision
                .raw(&format!("941 0 obj\n{}\nendobj\n", stream(dictionary, &format!("{rows}\0"))));
            revision
                .set(900, "(x)")
                .trailer("XRefStm", Object::Integer(i64::try_from(at).unwrap()));
            Some(revision.finish())
        }),
    ]);
    all
}

/// Bytes that only some readers see.
fn hidden_bytes() -> Vec<Named> {
    let hidden = |name, word, text: &'static str| {
        attack(name, word, move |file| {
            Some(Revision::of(file).set(900, "(x)").raw(text).set(901, "(y)").finish())
        })
    };
    let content = "6 0 obj\n<</Length 2>>\nstream\nq \nendstream\nendobj\n";
    vec![
        hidden("hidden: an object", "no cross-reference leads to", content),
        hidden("hidden: an object in a comment", "comment", "%\u{c} 6 0 obj (x) endobj\n"),
        hidden("hidden: a trailer", "belong to no object", "trailer\n<</Root 41 0 R>>\n"),
        hidden(
            "hidden: a cross-reference",
            "nothing leads to",
            "xref\n0 0\ntrailer\n<</Size 1 /Root 41 0 R>>\n",
        ),
        hidden("hidden: a startxref", "leads to no cross-reference", "startxref\n1234\n%%EOF\n"),
        hidden("hidden: junk", "belong to no object", "<html>hello</html>\n"),
        hidden("hidden: a header", "comment", "%PDF-1.4\n"),
        attack("hidden: an object without its end", "", |file| {
            let mut revision = Revision::of(file);
            let at = revision.length();
            revision.raw("900 0 obj\n(x)\n901 0 obj\n(y)\nendobj\n").point(900, at);
            Some(revision.finish())
        }),
        attack("hidden: the length of a stream is wrong", "do not end where they should", |file| {
            let body = "<</Length 3>>\nstream\nlonger than three\nendstream";
            Some(Revision::of(file).set(900, body).finish())
        }),
        attack("hidden: something before the header", "", |file| {
            Some([&b"%!PS\n"[..], file].concat())
        }),
        attack("hidden: a key twice", "", |file| {
            Some(Revision::of(file).set(900, "<</A 1 /A 2>>").finish())
        }),
    ]
}

/// Allowed kinds of change that are used for something else.
fn looks_and_types() -> Vec<Named> {
    let look = |revision: &mut Revision, text: &str, paint: &str| {
        let entries =
            "/Type /XObject /Subtype /Form /BBox [0 0 400 40] /Resources <</Font <</F1 8 0 R>>>>";
        revision.add(&stream(entries, &format!("{paint} BT /F1 14 Tf 5 12 Td ({text}) Tj ET")))
    };
    let drawn =
        move |name, word, number: u32, entries: &'static [(&str, &str)], paint: &'static str| {
            attack(name, word, move |file| {
                let mut revision = Revision::of(file);
                let look = look(&mut revision, "Li Si", paint);
                let look = format!("<</N {look} 0 R>>");
                let mut all = entries.to_vec();
                all.push(("AP", &look));
                let body = with(&object(file, number), &all);
                Some(revision.set(number, &body).finish())
            })
        };
    let widget = |name, word, entries: &'static str| {
        attack(name, word, move |file| {
            annotate(file, |revision| {
                let look =
                    look(revision, "Page 1: the rent is 9000 a month", "1 g 0 0 400 40 re f 0 g");
                let new = revision.add(&format!(
                    "<</FT /Sig /T (Late) /Type /Annot /Subtype /Widget /Rect [60 685 460 725] {}>>",
                    entries.replace("LOOK", &format!("{look} 0 R"))
                ));
                enlist(file, revision, new);
                new
            })
        })
    };
    let mark = |name, entries: &'static str| {
        attack(name, "annotation", move |file| {
            annotate(file, |revision| {
                revision.add(&format!("<</Type /Annot /F 4 /Rect [60 680 460 730] {entries}>>"))
            })
        })
    };
    vec![
        attack(
            "many: two hundred allowed changes, and one that is not",
            "page 1 /Contents",
            |file| {
                let mut revision = Revision::of(file);
                let new: Vec<String> = (0..200)
                .map(|n| {
                    let field = format!(
                        "<</FT /Sig /T (S{n}) /Type /Annot /Subtype /Widget /F 2 /Rect [0 0 0 0]>>"
                    );
                    format!("{} 0 R", revision.add(&field))
                })
                .collect();
                let (root, catalog) = find(file, "Root")?;
                let (holder, form) = find(file, "Root/AcroForm")?;
                let (_, fields) = find(file, "Root/AcroForm/Fields")?;
                let fields = written(&fields);
                let fields = format!("{} {}]", fields.trim_end().strip_suffix(']')?, new.join(" "));
                let form = with(&form, &[("Fields", &fields)]);
                if holder == root {
                    let body = with(&catalog, &[("AcroForm", &form)]);
                    revision.set(root, &body);
                } else {
                    revision.set(holder, &form);
                }
                Some(revision.set(6, &forged()).finish())
            },
        ),
        drawn("look: of a filled field, by a choice of nothing", "look", 21, &[("I", "[0]")], ""),
        drawn("look: of a filled field, by a rich text", "look", 21, &[("RV", "(Li Si)")], ""),
        drawn("look: of an unsigned field", "unsigned field", 24, &[], ""),
        drawn("look: a filled field paints", "", 22, &[("V", "(1)")], "1 g 0 0 400 40 re f 0 g"),
        widget("field: a background of its own", "", "/F 4 /MK <</BG [1 1 1]>>"),
        widget("field: seen only in print", "", "/F 36 /AP <</N LOOK>>"),
        widget("field: a stream for a signature", "", "/F 4 /V LOOK /AP <</N LOOK>>"),
        mark(
            "mark: a line as wide as the text",
            "/Subtype /Line /L [70 705 400 705] /BS <</W 30>> /C [1 1 1]",
        ),
        mark("mark: ink", "/Subtype /Ink /InkList [[190 708 187 711 183 710]] /C [0 0 0]"),
        mark(
            "mark: a black highlight",
            "/Subtype /Highlight /QuadPoints [70 715 330 715 70 695 330 695] /C [0 0 0]",
        ),
        mark(
            "mark: dark under bright",
            "/Subtype /Highlight /C [9 0 0] /QuadPoints [70 715 330 715 70 695 330 695]",
        ),
        mark(
            "mark: one highlight on the other",
            "/Subtype /Highlight /C [0.7] /QuadPoints [70 715 330 715 70 695 330 695 70 715 330 715 70 695 330 695]",
        ),
        mark("mark: underlined", "/Subtype /Underline /QuadPoints [70 715 330 715 70 695 330 695]"),
        attack("generation: annotations by another one", "wrong generation", |file| {
            let (number, page) = find(file, "Root/Pages/Kids/2")?;
            let mut revision = Revision::of(file);
            let stamp = cover(&mut revision, "Stamp", "");
            let list = revision.add(&format!("[{stamp} 0 R]"));
            let body = with(&page, &[("Annots", &format!("{list} 1 R"))]);
            Some(revision.set(number, &body).finish())
        }),
        attack("generation: a look by another one", "wrong generation", |file| {
            annotate(file, |revision| {
                let look = revision.add(&forged());
                revision.add(&format!(
                    "<</Type /Annot /Subtype /Text /Rect [0 0 20 20] /AP <</N {look} 7 R>>>>"
                ))
            })
        }),
        attack(
            "number: an old entry leads to another object",
            "no cross-reference leads to",
            |file| {
                let mut revision = Revision::of(file);
                let at = revision.length();
                let middle = revision
                    .raw(&format!("7 0 obj\n{}\nendobj\n", forged()))
                    .point(900, at)
                    .finish();
                Some(Revision::of(&middle).set(900, "(x)").finish())
            },
        ),
        mark("mark: struck out", "/Subtype /StrikeOut /QuadPoints [70 715 330 715 70 695 330 695]"),
        change(
            "form: looks made anew, told elsewhere",
            "NeedAppearances",
            "Root/AcroForm",
            |r, form| {
                let yes = r.add("true");
                with(form, &[("NeedAppearances", &format!("{yes} 0 R"))])
            },
        ),
        attack("form: flags that stand elsewhere", "flags", |file| {
            let mut revision = Revision::of(file);
            let flags = revision.add("8192");
            let body = with(&object(file, 22), &[("Ff", &format!("{flags} 0 R"))]);
            Some(revision.set(22, &body).finish())
        }),
        attack("form: a field behind a reference", "", |file| {
            let mut revision = Revision::of(file);
            let field = revision.add("<</FT /Tx /T (side) /V (the rent is 9000)>>");
            let behind = revision.add(&format!("{field} 0 R"));
            enlist(file, &mut revision, behind)?;
            Some(revision.finish())
        }),
        attack("form: a date that is no date", "/M", move |file| {
            let mut revision = Revision::of(file);
            let look = look(&mut revision, "x", "");
            let body = with(&object(file, 22), &[("M", &format!("{look} 0 R"))]);
            Some(revision.set(22, &body).finish())
        }),
        change("catalog: data for validation that could be drawn", "/DSS", "Root", |r, root| {
            let form = "/Type /XObject /Subtype /Form /BBox [0 0 1 1]";
            let drawn = r.add(&stream(form, ""));
            with(root, &[("DSS", &format!("{drawn} 0 R"))])
        }),
        change("catalog: metadata that could be drawn", "/Metadata", "Root", |r, root| {
            let form = "/Type /XObject /Subtype /Form /BBox [0 0 1 1]";
            let drawn = r.add(&stream(form, ""));
            with(root, &[("Metadata", &format!("{drawn} 0 R"))])
        }),
    ]
}

/// Revisions that a strict reader takes, and others repair.
fn repairs() -> Vec<Named> {
    let repaired = |name, word, trick: fn(String) -> String| {
        attack(name, word, move |file| {
            let mut revision = Revision::of(file);
            let inner =
                format!("endstream\nendobj\n6 0 obj\n{}\nendobj\n9000 0 obj\n<<>>\n", forged());
            revision.add(&stream("", &inner));
            let whole = revision.finish();
            let tail: String = whole[file.len()..].iter().copied().map(char::from).collect();
            let tail: Vec<u8> = trick(tail).chars().map(|c| u8::try_from(c).unwrap()).collect();
            Some([file, &tail[..]].concat())
        })
    };
    vec![
        repaired("repair: an object in a stream", "take for another object", |tail| tail),
        repaired("repair: a comment in startxref", "", |tail| {
            tail.replace("startxref\n", "startxref\n%\n")
        }),
        repaired("repair: a comment in the table", "", |tail| {
            tail.replace("xref\n9", "xref\n%\n9")
        }),
        repaired("repair: short rows", "", |tail| tail.replace(" 00000 n \n", " 0 n\n")),
        repaired("repair: space behind the end", "", |tail| tail + &" ".repeat(1500)),
        attack("repair: nothing but space", "", |file| Some([file, &[b' '; 1500][..]].concat())),
        attack("repair: an object in a string", "take for another", |file| {
            Some(Revision::of(file).set(900, "(endobj 6 0 obj)").finish())
        }),
    ]
}
