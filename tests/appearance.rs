//! What the pages look like: the pages of files that were changed after signing, as signed and as
//! shown, drawn by a process of its own; and what that process may take.

mod support;

use std::{fs, process::Command};

use base64ct::{Base64, Encoding};
use sealwright::{
    domain::{
        report::{Appearance, Conclusion, Report},
        source::Source,
    },
    drawing::{Bounds, Drawer, Drawing},
    verification::{self, Options},
};
use serde_json::json;
use support::{
    attacks,
    database::Engine,
    parties::{Parties, Signed, complaints},
    revision::{Revision, object, reference, relist, stream, with},
    server::{House, send},
};

const BOUNDS: Bounds = Bounds { seconds: 10, memory: 1 << 30 };
const ASKED: &str = "appearance-after-signing";

fn answer(report: &Report, index: usize) -> Option<Option<bool>> {
    let checks = &report.signatures[index].checks;
    checks.iter().find(|check| check.name.as_str() == ASKED).map(|check| check.passed)
}

fn appearance(report: &Report) -> &Appearance {
    report.signatures[0].appearance.as_ref().expect("the pages were drawn")
}

#[test]
fn what_is_allowed_looks_as_it_should() {
    let mut parties = Parties::new();
    parties.options.drawing = support::drawing(BOUNDS);
    let mut drawn = 0;
    for entry in &parties.manifest {
        let name = entry["name"].as_str().unwrap();
        let report = parties.judge(&parties.file(name));
        assert_eq!(report.conclusion, Conclusion::Valid, "{name}: {}", complaints(&report));
        for (index, signature) in report.signatures.iter().enumerate() {
            let changed = signature.modification_level.is_some_and(|l| l.to_string() != "none");
            let answer = answer(&report, index);
            assert_eq!(answer, changed.then_some(Some(true)), "{name} {index}");
            drawn += usize::from(changed);
        }
    }
    assert!(drawn > 80, "{drawn}");
    // Where something was filled in, it is told where.
    let filled = parties.judge(&parties.file("contract-filled"));
    let look = appearance(&filled);
    assert_eq!((look.pages_signed, look.pages_shown, look.pages_compared), (Some(3), Some(3), 3));
    let [page] = look.different.as_slice() else { panic!("{look:?}") };
    assert_eq!((page.number, page.content, page.hidden), (1, false, false));
    // The field stands 72 to 272 points from the left and 362 to 382 from above.
    let area = &page.area;
    assert!(area.left_mm >= 25.4 && area.left_mm + area.width_mm <= 96.0, "{area:?}");
    assert!(area.top_mm >= 127.7 && area.top_mm + area.height_mm <= 134.8, "{area:?}");
    let pictures = page.pictures.as_ref().expect("one page was asked for");
    assert_ne!(pictures.signed, pictures.shown);
}

/// A further signature, trusted, whose look is a patch over the text: allowed by the rules.
#[test]
fn a_look_that_hides_what_was_signed_is_noticed() {
    let mut parties = Parties::new();
    for name in ["contract-covered", "contract-patched", "contract-greyed"] {
        let file = parties.file(name);
        parties.options.drawing = None;
        assert_eq!(
            parties.judge(&file).conclusion,
            Conclusion::Valid,
            "{name}, by the rules alone"
        );
        parties.options.drawing = support::drawing(BOUNDS);
        let report = parties.judge(&file);
        assert_eq!(report.conclusion, Conclusion::Indeterminate, "{}", complaints(&report));
        assert_eq!((answer(&report, 0), answer(&report, 1)), (Some(None), None));
        let page = &appearance(&report).different[0];
        assert_eq!((page.number, page.content, page.hidden), (1, false, true), "{name}");
    }
}

#[test]
fn attacks_are_seen() {
    let mut parties = Parties::new();
    parties.options.drawing = support::drawing(BOUNDS);
    let file = parties.file("contract-b");
    let mut seen = Vec::new();
    for attack in attacks::all() {
        let Some(attacked) = (attack.make)(&file) else { continue };
        let report = parties.judge(&attacked);
        assert_ne!(report.conclusion, Conclusion::Valid, "{}", attack.name);
        if (0..report.signatures.len()).any(|index| answer(&report, index) == Some(None)) {
            seen.push(attack.name);
        }
    }
    // Where another page is shown, this reader sees another page.
    for name in [
        "isa: content replaced",
        "isa: page leads to new content",
        "isa: content added",
        "isa: trailer without cross-reference",
        "isa: cross-reference without trailer",
        "isa: the end cut off",
        "isa: a second document behind",
        "isa: the signed revision passed by",
        "shadow: replace, the prepared content",
        "shadow: replace, the prepared page",
        "shadow: replace, the font",
        "shadow: hide, the image",
        "shadow: hide, the layer",
        "shadow: the look of an annotation replaced",
        "form: a look that is not the value",
        "spoof: the seal's look replaced",
        "pages: one added",
        "pages: one removed",
        "pages: another order",
        "page: turned",
        "page: cropped",
        "page: no content",
        "repair: short rows",
    ] {
        assert!(seen.contains(&name), "{name} is not among {seen:#?}");
    }
}

/// A page that draws a square a hundred million times.
fn thicket(contract: &[u8], square: &str) -> Vec<u8> {
    let mut revision = Revision::of(contract);
    for level in 0..4 {
        let below = match level {
            3 => String::new(),
            _ => format!("/Resources <</XObject <</X {} 0 R>>>>", 101 + level),
        };
        let entries = format!("/Type /XObject /Subtype /Form /BBox [0 0 595 842] {below}");
        let content = if level == 3 { square } else { "/X Do " };
        revision.set(100 + level, &stream(&entries, &content.repeat(100)));
    }
    let page = with(&object(contract, 4), &[("Resources", "<</XObject <</X 100 0 R>>>>")]);
    revision.set(4, &page).set(7, &stream("", "/X Do"));
    revision.finish()
}

#[test]
fn who_draws_takes_no_more_than_it_may() {
    let parties = Parties::new();
    let contract = parties.file("contract");
    let bombs = [("upon", "0 0 9 9 re f "), ("beside", "9000 9000 9 9 re f ")];
    let mut signed = Signed::new(bombs.map(|(name, square)| (name, thicket(&contract, square))));
    let judge = |file: &[u8], options: &Options| {
        verification::verify(&Source::memory(file.to_vec()), options).report
    };
    let said = |report: &Report| {
        assert_eq!(report.conclusion, Conclusion::Valid, "{}", complaints(report));
        assert_eq!(answer(report, 0), None, "what was not seen is no answer");
        appearance(report).detail.clone().expect("why not")
    };
    // Squares upon the page take memory, squares beside it time; the first page is drawn before, the
    // third one is not drawn any more.
    for (name, seconds) in [("upon", 10), ("beside", 1)] {
        signed.options.drawing = support::drawing(Bounds { seconds, ..BOUNDS });
        let report = signed.judge(&signed.file(&format!("{name}-retitled")));
        assert!(said(&report).contains("more than it may"), "{}", said(&report));
        let look = appearance(&report);
        assert_eq!((look.pages_signed, look.pages_compared), (Some(3), 1), "{name}");
    }
    // Where something was changed on the page that cannot be drawn, nobody knows what it shows.
    let file = signed.file("beside");
    let mut revision = Revision::of(&file);
    let note = "<</Type /Annot /Subtype /Text /Rect [500 780 520 800] /Contents (x) /P 4 0 R>>";
    let note = reference(revision.add(note));
    relist(&file, &mut revision, "Root/Pages/Kids/1/Annots", |all| all.push(note)).unwrap();
    let noted = revision.finish();
    let report = signed.judge(&noted);
    assert_eq!((report.conclusion, answer(&report, 0)), (Conclusion::Indeterminate, Some(None)));
    signed.options.drawing = None;
    assert_eq!(signed.judge(&noted).conclusion, Conclusion::Valid, "by the rules alone");
    let (file, mut options) = (parties.file("contract-retitled"), parties.options.clone());
    // Size: nobody is asked.
    let drawing = |program: &str, largest| {
        let drawer = Drawer::new(program.into(), largest, BOUNDS);
        Some(Drawing { drawer, pictures: 0 })
    };
    options.drawing = drawing(env!("CARGO_BIN_EXE_sealwright"), 1000);
    assert!(said(&judge(&file, &options)).contains("are not drawn"));
    // No program: nothing is drawn, and the rules stand.
    options.drawing = drawing("/nowhere/sealwright", 64 << 20);
    assert!(said(&judge(&file, &options)).contains("could be drawn"));
    options.drawing = support::drawing(BOUNDS);
    assert_eq!(answer(&judge(&file, &options), 0), Some(Some(true)));
}

/// A PNG of so many points, by its header.
fn size(png: &str) -> (u32, u32) {
    let bytes = Base64::decode_vec(png).unwrap();
    assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"));
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

#[test]
fn the_service_draws_and_sends_pictures() {
    let parties = Parties::new();
    let file = parties.file("contract-filled");
    let mut house = House::new(Engine::Sqlite);
    house.start();
    let ask = |query: &str, public: bool| {
        let path = if public { "/public/verify" } else { "/v1/verifications" };
        let authorization = format!("Bearer {}", house.administrator);
        let headers =
            [("authorization", authorization.as_str()), ("content-type", "application/pdf")];
        send(house.url(), "POST", &format!("{path}{query}"), &headers, &file).unwrap()
    };
    for public in [false, true] {
        let look = |query: &str| {
            let report = ask(query, public).expect(200);
            report["signatures"][0]["appearance"]["different"][0].clone()
        };
        let plain = look("");
        assert_eq!((&plain["number"], &plain["pictures"]), (&json!(1), &json!(null)));
        let pictures = look("?pictures=true")["pictures"].clone();
        for picture in ["signed", "shown"] {
            assert_eq!(size(pictures[picture].as_str().unwrap()), (793, 1122), "{picture}");
        }
        assert_eq!(ask("?pictures=perhaps", public).problem(400), "invalid-query");
    }
    house.stop();
    let none = "[drawing]\nenabled = false\n[ca]\n";
    house.configure("[ca]\n", none);
    house.start();
    let (url, headers) = (house.url(), [("content-type", "application/pdf")]);
    let report = send(url, "POST", "/public/verify", &headers, &file).unwrap().expect(200);
    assert_eq!(report["signatures"][0]["appearance"], json!(null));
}

#[test]
fn the_command_writes_pictures_and_shows_them() {
    let parties = Parties::new();
    let directory = parties.directory.path();
    let verify = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealwright"));
        let command = command.arg("verify").args(arguments).arg("contract-filled.pdf");
        support::try_run(command.current_dir(directory)).1
    };
    let text = verify(&["--pictures", "out"]);
    assert!(text.contains("page 1: fields or annotations are different"), "{text}");
    for kind in ["signed", "shown"] {
        let name = format!("out/contract-filled.pdf-signature-1-page-1-{kind}.png");
        let png = fs::read(directory.join(name)).unwrap();
        assert_eq!(size(&Base64::encode_string(&png)), (793, 1122));
    }
    let html = verify(&["--html"]);
    assert_eq!(html.matches("src=\"data:image/png;base64,").count(), 2, "{html}");
    let json = verify(&["--json"]);
    assert!(json.contains(ASKED) && !json.contains("iVBOR"), "{json}");
    assert!(!verify(&["--json", "--no-drawing"]).contains(ASKED));
}
