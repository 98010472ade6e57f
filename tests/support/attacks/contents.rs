//! Pages, what they are drawn with, and what was prepared to be seen.

use super::*;

/// Content that was prepared before signing, and is made to be seen after it.
pub fn shadows() -> Vec<Named> {
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
            let mut revision = Revision::of(file);
            relist(file, &mut revision, ANNOTATIONS, |all| {
                all.retain(|one| *one != reference(38))
            })?;
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

/// Pages and what they are drawn with.
pub fn pages_and_resources() -> Vec<Named> {
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
pub fn document_entries() -> Vec<Named> {
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
