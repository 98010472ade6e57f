//! Documents that an attacker prepared before somebody else signed them in good faith, and what the
//! attacker does to them afterwards.

use std::collections::BTreeMap;

use super::revision::{Revision, object, stream, with};

type Attack = Box<dyn Fn(&[u8]) -> Vec<u8>>;

/// A document, how it is signed, and what follows.
pub struct Prepared {
    pub name: &'static str,
    /// Whether it is certified, with no changes allowed.
    pub is_final: bool,
    pub document: Vec<u8>,
    pub attack: Attack,
}

const HONEST: &str = "BT /F1 14 Tf 72 700 Td (The rent is 1000 a month) Tj ET";
const FORGED: &str = "BT /F1 14 Tf 72 700 Td (The rent is 9000 a month) Tj ET";
const NOTE: &str = "/Type /Annot /Subtype /Text /Rect [0 0 9 9] /Contents (seen)";
const WIDGET: &str = "/Type /Annot /Subtype /Widget /F 4 /P 3 0 R /Rect [150 694 350 714]";

/// A form that can be drawn.
fn drawn(content: &str) -> String {
    let entries =
        "/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources <</Font <</F1 8 0 R>>>>";
    stream(entries, content)
}

/// Text in the look of a field.
fn text(words: &str) -> String {
    drawn(&format!("BT /F1 14 Tf 2 6 Td ({words}) Tj ET"))
}

/// A page with one sentence; each of `parts` stands at the end of an object's dictionary.
#[derive(Default)]
struct Draft {
    catalog: String,
    page: String,
    resources: String,
    content: String,
    contents: Option<&'static str>,
    annotations: &'static str,
    form: &'static str,
    fields: &'static str,
    more: BTreeMap<u32, String>,
    /// Entries of the cross-reference that lead anywhere.
    points: BTreeMap<u32, usize>,
    size: Option<u32>,
}

impl Draft {
    fn write(&self) -> Vec<u8> {
        let contents = self.contents.unwrap_or("6 0 R");
        let mut objects = BTreeMap::from([
            (1, format!("<</Type /Catalog /Pages 2 0 R /AcroForm 20 0 R {}>>", self.catalog)),
            (2, "<</Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 595 842]>>".to_owned()),
            (
                3,
                format!(
                    "<</Type /Page /Parent 2 0 R /Contents {contents} /Annots [{}] /Resources \
                     <</Font <</F1 8 0 R>> {}>> {}>>",
                    self.annotations, self.resources, self.page
                ),
            ),
            (6, stream("", &format!("{HONEST} {}", self.content))),
            (8, "<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>".to_owned()),
            (
                20,
                format!(
                    "<</Fields [{}] /DA (/Helv 14 Tf 0 g) /DR <</Font <</Helv 8 0 R>>>> {}>>",
                    self.fields, self.form
                ),
            ),
        ]);
        objects.extend(self.more.clone());
        let mut file = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
        let mut offsets = self.points.clone();
        for (number, body) in &objects {
            offsets.insert(*number, file.len());
            file.extend(format!("{number} 0 obj\n{body}\nendobj\n").bytes());
        }
        let start = file.len();
        let highest = *offsets.keys().max().unwrap();
        file.extend(format!("xref\n0 {}\n", highest + 1).bytes());
        for number in 0..=highest {
            let row = match offsets.get(&number) {
                Some(offset) => format!("{offset:010} 00000 n \n"),
                None => "0000000000 65535 f \n".to_owned(),
            };
            file.extend(row.bytes());
        }
        let size = self.size.unwrap_or(highest + 1);
        let trailer = format!("<</Size {size} /Root 1 0 R /ID [<0102> <0102>]>>");
        file.extend(format!("trailer\n{trailer}\nstartxref\n{start}\n%%EOF\n").bytes());
        file
    }
}

fn more<const N: usize>(objects: [(u32, String); N]) -> BTreeMap<u32, String> {
    BTreeMap::from(objects)
}

/// A revision that sets entries of one object, with another object that can be drawn.
fn draws(number: u32, entry: &'static str) -> Attack {
    Box::new(move |file| {
        let mut revision = Revision::of(file);
        let look = revision.add(&drawn(FORGED));
        let body = with(&object(file, number), &[(entry, &format!("{look} 0 R"))]);
        revision.set(number, &body).finish()
    })
}

/// All of them.
pub fn all() -> Vec<Prepared> {
    let mut all = things_that_are_something_else();
    all.extend(structures());
    all.extend(bytes_to_come());
    all.extend(forms());
    all
}

/// A part of the structure that grows by a new one, and is something else as well: `grown` is what
/// becomes of object 61, with the number of the new part for `NEW`.
fn structure(name: &'static str, draft: Draft, grown: &'static str) -> Prepared {
    let catalog = format!("/StructTreeRoot 60 0 R {}", draft.catalog);
    Prepared {
        name,
        is_final: true,
        document: Draft { catalog, ..draft }.write(),
        attack: Box::new(move |file| {
            let mut revision = Revision::of(file);
            let note = revision.add(&format!("<<{NOTE}>>"));
            let label = revision.add("(9000)");
            let new = revision.add(&format!(
                "<</Type /StructElem /S /Annot /P {} 0 R /K <</Type /OBJR /Obj {note} 0 R>>>>",
                if name == "a-part-is-the-label-of-a-page" { label } else { 60 }
            ));
            revision.set(61, &grown.replace("NEW", &format!("{new} 0 R"))).finish()
        }),
    }
}

/// Documents whose structure is something else as well.
fn structures() -> Vec<Prepared> {
    const ROOT: &str = "<</Type /StructTreeRoot /K 62 0 R /ParentTree 63 0 R>>";
    const PART: &str = "<</Type /StructElem /S /Document /P 60 0 R>>";
    let draft = |content: &'static str, resources: &str, part: &str, objects: &[(u32, String)]| {
        let mut more = more([
            (60, ROOT.to_owned()),
            (61, part.to_owned()),
            (62, PART.to_owned()),
            (63, "<</Kids [61 0 R]>>".to_owned()),
        ]);
        more.extend(objects.iter().cloned());
        Draft {
            content: content.to_owned(),
            resources: resources.to_owned(),
            more,
            ..Draft::default()
        }
    };
    let picture = "/Type /XObject /Subtype /Image /Width 8 /Height 1 /BitsPerComponent 1 \
                   /ImageMask true /Filter [/CCITTFaxDecode] /DecodeParms [61 0 R]";
    let picture = || (50, stream(picture, "&\u{a0}"));
    let image = ("q 90 0 0 20 150 694 cm /Im1 Do Q", "/XObject <</Im1 50 0 R>>");
    let colour = "<</FunctionType 2 /Domain [0 1] /C0 [1] /C1 [0] /N 1>>";
    let layers = [
        (64, "<</Type /OCG /Name (shown)>>".to_owned()),
        (65, "<</Type /OCG /Name (hidden)>>".to_owned()),
        (66, "<</Type /OCMD /VE [/And [/Or 64 0 R] 61 0 R]>>".to_owned()),
    ];
    vec![
        structure(
            "a-part-is-how-to-unpack-a-picture",
            draft(image.0, image.1, "<</S /P /P 60 0 R /K -1 /Columns 8 /Rows 1>>", &[picture()]),
            "<</S /P /P 60 0 R /K [-1 NEW] /Columns 8 /Rows 1>>",
        ),
        structure(
            "a-part-is-how-to-unpack-by-a-number-elsewhere",
            draft(
                image.0,
                image.1,
                "<</S /P /P 60 0 R /K 70 0 R /Columns 8 /Rows 1>>",
                &[picture(), (70, "-1".to_owned())],
            ),
            "<</S /P /P 60 0 R /K [70 0 R NEW] /Columns 8 /Rows 1>>",
        ),
        structure(
            "a-part-is-drawn",
            draft(
                "/K Do",
                "/XObject 61 0 R",
                "<</Type /StructElem /S /P /P 60 0 R /K [50 0 R]>>",
                &[(50, drawn(""))],
            ),
            "<</Type /StructElem /S /P /P 60 0 R /K [50 0 R NEW]>>",
        ),
        structure(
            "a-list-of-parts-is-a-colour",
            draft(
                "/K cs 0 scn 150 694 90 20 re f",
                "/ColorSpace <</K 61 0 R>>",
                "[/Separation /Spot /DeviceGray 50 0 R]",
                &[(50, colour.to_owned())],
            ),
            "[/Separation /Spot /DeviceGray 50 0 R NEW]",
        ),
        structure(
            "a-list-of-parts-says-what-is-hidden",
            Draft {
                catalog: "/OCProperties <</OCGs [64 0 R 65 0 R] /D <</OFF [65 0 R]>>>>".to_owned(),
                ..draft(
                    "/OC /M BDC 1 g 150 694 90 20 re f EMC",
                    "/Properties <</M 66 0 R>>",
                    "[/Or 65 0 R]",
                    &layers,
                )
            },
            "[/Or 65 0 R NEW]",
        ),
        structure(
            "a-part-is-the-label-of-a-page",
            Draft {
                catalog: "/PageLabels <</Kids [61 0 R]>>".to_owned(),
                ..draft("", "", "<</Nums [] /Limits [0 0]>>", &[])
            },
            "<</Nums [0 NEW] /Limits [0 0]>>",
        ),
        structure(
            "a-node-of-the-structure-is-one-of-names",
            Draft {
                catalog: "/Names <</Dests <</Kids [61 0 R]>>>>".to_owned(),
                ..draft("", "", "<</Names [(a) [3 0 R /Fit]] /Limits [(a) (a)]>>", &[])
            },
            "<</Names [(a) [3 0 R /Fit]] /Limits [(b) (b)]>>",
        ),
    ]
}

/// A field, page or catalog that is a dictionary of resources as well.
fn things_that_are_something_else() -> Vec<Prepared> {
    vec![
        Prepared {
            name: "a-field-is-drawn",
            is_final: true,
            document: Draft {
                content: "/M Do".to_owned(),
                fields: "21 0 R",
                annotations: "21 0 R",
                resources: "/XObject 21 0 R".to_owned(),
                more: more([
                    (21, format!("<</FT /Tx /T (remark) {WIDGET} /M 50 0 R>>")),
                    (50, drawn("")),
                ]),
                ..Draft::default()
            }
            .write(),
            attack: draws(21, "M"),
        },
        Prepared {
            name: "the-catalog-is-drawn",
            is_final: true,
            document: Draft {
                content: "/DSS Do".to_owned(),
                catalog: "/DSS 50 0 R".to_owned(),
                resources: "/XObject 1 0 R".to_owned(),
                more: more([(50, drawn(""))]),
                ..Draft::default()
            }
            .write(),
            attack: draws(1, "DSS"),
        },
        Prepared {
            name: "the-page-is-drawn",
            is_final: true,
            document: Draft {
                content: "/Tabs Do".to_owned(),
                page: "/Tabs 50 0 R".to_owned(),
                resources: "/XObject 3 0 R".to_owned(),
                more: more([(50, drawn(""))]),
                ..Draft::default()
            }
            .write(),
            attack: draws(3, "Tabs"),
        },
        Prepared {
            name: "a-group-of-fields-is-a-name-tree",
            is_final: false,
            document: Draft {
                catalog: "/Names <</JavaScript 25 0 R>>".to_owned(),
                fields: "25 0 R",
                more: more([
                    (25, "<</T (group) /FT /Sig /Kids [26 0 R]>>".to_owned()),
                    (26, "<</T (a) /FT /Sig /Parent 25 0 R /Names []>>".to_owned()),
                ]),
                ..Draft::default()
            }
            .write(),
            attack: Box::new(|file| {
                let mut revision = Revision::of(file);
                let script = revision.add("<</S /JavaScript /JS (app.alert\\(1\\))>>");
                let kid = revision.add(&format!(
                    "<</T (b) /FT /Sig /Parent 25 0 R /Limits [(x) (x)] /Names [(x) {script} 0 R]>>"
                ));
                let kids = format!("[26 0 R {kid} 0 R]");
                let body = with(&object(file, 25), &[("Kids", &kids)]);
                revision.set(25, &body).finish()
            }),
        },
        Prepared {
            name: "the-look-between-is-drawn",
            is_final: false,
            document: Draft {
                content: "/N Do".to_owned(),
                fields: "21 0 R",
                annotations: "21 0 R",
                resources: "/XObject 51 0 R".to_owned(),
                more: more([
                    (21, format!("<</FT /Tx /T (remark) {WIDGET} /AP 51 0 R>>")),
                    (50, drawn("")),
                    (51, "<</N 50 0 R>>".to_owned()),
                ]),
                ..Draft::default()
            }
            .write(),
            attack: Box::new(|file| {
                let value = with(&object(file, 21), &[("V", "(x)")]);
                Revision::of(file).set(21, &value).set(50, &text("x")).finish()
            }),
        },
    ]
}

/// What is signed reaches beyond its own end.
fn bytes_to_come() -> Vec<Prepared> {
    const FAR: usize = 60_000;
    vec![
        Prepared {
            name: "a-stream-is-longer-than-the-file",
            is_final: false,
            document: Draft {
                more: more([(6, format!("<</Length {FAR}>>\nstream\n{HONEST}\nendstream"))]),
                ..Draft::default()
            }
            .write(),
            attack: Box::new(|file| {
                let mut revision = Revision::of(file);
                let rest = format!("{FORGED}\n").repeat(FAR / FORGED.len());
                revision.set(900, &stream("", &rest)).finish()
            }),
        },
        Prepared {
            name: "an-entry-leads-to-what-is-to-come",
            is_final: false,
            document: Draft {
                contents: Some("[6 0 R 50 0 R]"),
                points: BTreeMap::from([(50, FAR)]),
                ..Draft::default()
            }
            .write(),
            attack: Box::new(|file| {
                let mut revision = Revision::of(file);
                revision.raw(&" ".repeat(FAR - revision.length()));
                revision.raw(&format!("50 0 obj\n{}\nendobj\n", stream("", FORGED)));
                revision.set(900, "(x)").finish()
            }),
        },
        Prepared {
            name: "an-object-above-the-size",
            is_final: false,
            document: Draft {
                contents: Some("[6 0 R 50 0 R]"),
                more: more([(50, stream("", FORGED))]),
                size: Some(30),
                ..Draft::default()
            }
            .write(),
            attack: Box::new(|file| Revision::of(file).set(900, "(x)").finish()),
        },
    ]
}

/// Forms whose values and looks were made for it.
fn forms() -> Vec<Prepared> {
    let field = |entries: &str, look: Option<&str>| {
        let look_entry = if look.is_some() { "/AP <</N 50 0 R>>" } else { "" };
        let mut objects = more([(21, format!("<</T (rent) {WIDGET} {entries} {look_entry}>>"))]);
        objects.extend(look.map(|look| (50, text(look))));
        Draft { fields: "21 0 R", annotations: "21 0 R", more: objects, ..Draft::default() }.write()
    };
    let fill = |entries: &'static [(&'static str, &'static str)], look: Option<&'static str>| {
        let attack = move |file: &[u8]| {
            let mut revision = Revision::of(file);
            let look = look.map(|look| format!("<</N {} 0 R>>", revision.add(&text(look))));
            let mut all = entries.to_vec();
            all.extend(look.as_deref().map(|look| ("AP", look)));
            let body = with(&object(file, 21), &all);
            revision.set(21, &body).finish()
        };
        Box::new(attack) as Attack
    };
    vec![
        Prepared {
            name: "a-default-value-is-replaced",
            is_final: false,
            document: field("/FT /Tx /V (1000) /DV (1000)", Some("1000")),
            attack: fill(&[("V", "(9000)")], Some("9000")),
        },
        Prepared {
            name: "a-value-gets-its-first-look",
            is_final: false,
            document: field("/FT /Tx /V (1000)", None),
            attack: fill(&[], Some("9000")),
        },
        Prepared {
            name: "an-empty-field-that-says-something",
            is_final: false,
            document: field("/FT /Tx", Some("1000")),
            attack: fill(&[("V", "(9000)")], Some("9000")),
        },
        Prepared {
            name: "a-field-that-is-read-only",
            is_final: false,
            document: field("/FT /Tx /Ff 1", None),
            attack: fill(&[("V", "(9000)")], Some("9000")),
        },
        Prepared {
            name: "a-button-with-words",
            is_final: false,
            document: field("/FT /Btn /Ff 65537", Some("1000")),
            attack: fill(&[("V", "/x")], Some("9000")),
        },
        Prepared {
            name: "a-tick-that-moves",
            is_final: false,
            document: Draft {
                fields: "21 0 R",
                annotations: "22 0 R 23 0 R",
                more: more([
                    (21, "<</FT /Btn /Ff 32768 /T (rent) /V /A /Kids [22 0 R 23 0 R]>>".to_owned()),
                    (
                        22,
                        format!("<</Parent 21 0 R {WIDGET} /AS /A /AP <</N <</A 50 0 R /Off 51 0 R>>>>>>"),
                    ),
                    (
                        23,
                        format!("<</Parent 21 0 R {WIDGET} /AS /Off /AP <</N <</B 50 0 R /Off 51 0 R>>>>>>"),
                    ),
                    (50, text("X")),
                    (51, drawn("")),
                ]),
                ..Draft::default()
            }
            .write(),
            attack: Box::new(|file| {
                let mut revision = Revision::of(file);
                revision.set(22, &with(&object(file, 22), &[("AS", "/Off")]));
                revision.set(23, &with(&object(file, 23), &[("AS", "/B")]));
                revision.finish()
            }),
        },
        Prepared {
            name: "a-font-that-a-field-waits-for",
            is_final: false,
            document: field("/FT /Tx /V (1000) /DA (/Arial 14 Tf 0 g)", None),
            attack: Box::new(|file| {
                let mut revision = Revision::of(file);
                let font = revision.add("<</Type /Font /Subtype /Type1 /BaseFont /Symbol>>");
                let fonts = format!("<</Font <</Helv 8 0 R /Arial {font} 0 R>>>>");
                let body = with(&object(file, 20), &[("DR", &fonts)]);
                revision.set(20, &body).finish()
            }),
        },
        Prepared {
            name: "a-state-without-a-value",
            is_final: false,
            document: Draft {
                fields: "21 0 R",
                annotations: "21 0 R",
                more: more([
                    (
                        21,
                        format!(
                            "<</FT /Btn /T (rent) {WIDGET} /AS /A /AP <</N <</A 50 0 R /B 51 0 R>>>>>>"
                        ),
                    ),
                    (50, text("1000")),
                    (51, text("9000")),
                ]),
                ..Draft::default()
            }
            .write(),
            attack: fill(&[("AS", "/B"), ("V", "/B")], None),
        },
        Prepared {
            name: "a-look-in-a-look",
            is_final: false,
            document: Draft {
                fields: "21 0 R",
                annotations: "21 0 R",
                more: more([
                    (21, format!("<</FT /Tx /T (rent) {WIDGET} /AP <</N 50 0 R>>>>")),
                    (
                        50,
                        stream(
                            "/Type /XObject /Subtype /Form /BBox [0 0 200 20] \
                             /Resources <</XObject <</X 51 0 R>>>>",
                            "/X Do",
                        ),
                    ),
                    (51, text("1000")),
                ]),
                ..Draft::default()
            }
            .write(),
            attack: fill(&[("V", "(9000)")], Some("9000")),
        },
        Prepared {
            name: "a-look-that-says-something-else",
            is_final: false,
            document: field("/FT /Tx", None),
            attack: fill(&[("V", "(1000)")], Some("9000")),
        },
        Prepared {
            name: "a-look-with-letters-of-its-own",
            is_final: false,
            document: field("/FT /Tx", None),
            attack: Box::new(|file| {
                let mut revision = Revision::of(file);
                let font = revision.add(
                    "<</Type /Font /Subtype /Type1 /BaseFont /Helvetica \
                     /Encoding <</Differences [49 /nine]>>>>",
                );
                let look = revision.add(&stream(
                    &format!(
                        "/Type /XObject /Subtype /Form /BBox [0 0 200 20] \
                         /Resources <</Font <</F {font} 0 R>>>>"
                    ),
                    "BT /F 10 Tf (1000) Tj ET",
                ));
                let look = format!("<</N {look} 0 R>>");
                let body = with(&object(file, 21), &[("V", "(1000)"), ("AP", &look)]);
                revision.set(21, &body).finish()
            }),
        },
        Prepared {
            name: "an-array-that-readers-read-differently",
            is_final: true,
            document: Draft {
                contents: Some("40 0 R"),
                more: more([(40, "[6 0 R +50 0 R]".to_owned())]),
                ..Draft::default()
            }
            .write(),
            attack: Box::new(|file| Revision::of(file).set(50, &stream("", FORGED)).finish()),
        },
        Prepared {
            name: "the-catalog-is-a-set-of-fonts",
            is_final: true,
            document: Draft {
                resources: "/ColorSpace 1 0 R".to_owned(),
                content: "/Extensions cs".to_owned(),
                ..Draft::default()
            }
            .write(),
            attack: Box::new(|file| {
                let body = with(&object(file, 1), &[("Extensions", "<</A <</BaseVersion /1.7>>>>")]);
                Revision::of(file).set(1, &body).finish()
            }),
        },
    ]
}
