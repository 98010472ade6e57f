//! Annotations and fields over what is there, and allowed kinds of change that are used for something
//! else.

use super::*;

/// Annotations (EAA) and signature fields (SSA) over what is there.
pub fn certified_documents() -> Vec<Named> {
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

/// Allowed kinds of change that are used for something else.
pub fn looks_and_types() -> Vec<Named> {
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
                let new: Vec<u32> = (0..200)
                    .map(|n| {
                        revision.add(&format!(
                            "<</FT /Sig /T (S{n}) /Type /Annot /Subtype /Widget /F 2 /Rect [0 0 0 0]>>"
                        ))
                    })
                    .collect();
                let new = new.into_iter().map(reference);
                relist(file, &mut revision, FIELDS, |all| all.extend(new))?;
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
