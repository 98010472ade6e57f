//! Where a seal lies, and where it may not: measured on renderings by other people's programs.

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};
use support::{desk::Desk, people, python_tool, run};

impl Desk {
    fn request(&self, more: &Value) -> Value {
        let mut request = json!({ "seal_id": self.seal, "document_type": "licence" });
        for (key, value) in more.as_object().unwrap() {
            request[key] = value.clone();
        }
        request
    }

    fn seal(&self, document: &[u8], more: &Value) -> Vec<u8> {
        let reply = self.house.seal(&self.cast.caller, &self.request(more), document, None);
        assert_eq!(reply.status, 201, "{more}: {}", String::from_utf8_lossy(&reply.body));
        assert!(reply.body.starts_with(document));
        reply.body
    }

    fn refused(&self, document: &[u8], more: &Value) -> String {
        self.house.seal(&self.cast.caller, &self.request(more), document, None).problem(422)
    }

    fn file(&self, name: &str, document: &[u8]) -> PathBuf {
        let path = self.directory.join(name);
        fs::write(&path, document).unwrap();
        path
    }

    /// Renders a page by MuPDF, which heeds `/UserUnit`.
    fn render(&self, document: &[u8], page: u32, dpi: u32) -> Image {
        let path = self.file("render.pdf", document);
        let target = self.directory.join("render.png");
        run(Command::new("mutool")
            .args(["draw", "-q", "-c", "rgb", "-r", &dpi.to_string(), "-o"])
            .arg(&target)
            .arg(&path)
            .arg(page.to_string()));
        Image::read(&target, f64::from(dpi) / 25.4)
    }

    /// Both judges find `count` good signatures.
    fn good(&self, document: &[u8], count: usize) {
        let path = self.file("good.pdf", document);
        self.pyhanko_finds("good.pdf", count);
        let text = run(Command::new("pdfsig").args(["-nocert"]).arg(&path));
        assert_eq!(text.matches("Signature is Valid").count(), count, "{text}");
        run(Command::new("qpdf").arg("--check").arg(&path));
    }
}

/// A rendered page.
struct Image {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
    /// Pixels per millimetre.
    scale: f64,
}

impl Image {
    fn read(path: &Path, scale: f64) -> Self {
        let file = std::io::BufReader::new(fs::File::open(path).unwrap());
        let mut reader = png::Decoder::new(file).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let frame = reader.next_frame(&mut pixels).unwrap();
        assert_eq!(frame.color_type, png::ColorType::Rgb);
        Self { width: frame.width as usize, height: frame.height as usize, pixels, scale }
    }

    fn is_red(&self, x: usize, y: usize) -> bool {
        let at = (y * self.width + x) * 3;
        self.pixels[at] > 150 && self.pixels[at + 1] < 120 && self.pixels[at + 2] < 120
    }

    /// The box around everything red, millimetres: left, top, right, bottom.
    fn red_box(&self) -> Option<[f64; 4]> {
        let red: Vec<(usize, usize)> = (0..self.height)
            .flat_map(|y| (0..self.width).map(move |x| (x, y)))
            .filter(|(x, y)| self.is_red(*x, *y))
            .collect();
        let x = red.iter().map(|(x, _)| *x);
        let y = red.iter().map(|(_, y)| *y);
        let mm = |pixel: usize| pixel as f64 / self.scale;
        Some([mm(x.clone().min()?), mm(y.clone().min()?), mm(x.max()? + 1), mm(y.max()? + 1)])
    }
}

fn near(found: [f64; 4], wanted: [f64; 4], what: &str) {
    for (found, wanted) in found.iter().zip(wanted) {
        assert!((found - wanted).abs() <= 0.2, "{what}: {found:.2} mm, not {wanted:.2} mm");
    }
}

/// A document of pages with nothing on them.
fn blank(page: &str, count: u32) -> Vec<u8> {
    let kids: Vec<_> = (0..count).map(|n| format!("{} 0 R", n + 3)).collect();
    let mut objects = vec![
        "<</Type /Catalog /Pages 2 0 R>>".to_owned(),
        format!("<</Type /Pages /Kids [{}] /Count {count}>>", kids.join(" ")),
    ];
    objects.extend((0..count).map(|_| format!("<</Type /Page /Parent 2 0 R {page}>>")));
    plain(&objects)
}

fn plain(objects: &[String]) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f\r\n", objects.len() + 1);
    for (number, object) in objects.iter().enumerate() {
        table.push_str(&format!("{:010} 00000 n\r\n", file.len()));
        file.extend_from_slice(format!("{} 0 obj\n{object}\nendobj\n", number + 1).as_bytes());
    }
    let (start, size) = (file.len(), objects.len() + 1);
    let end = format!("{table}trailer\n<</Root 1 0 R /Size {size}>>\nstartxref\n{start}\n%%EOF\n");
    file.extend_from_slice(end.as_bytes());
    file
}

#[test]
fn a_seal_is_upright_in_place_and_of_true_size_however_the_page_is_turned() {
    let desk = Desk::new();
    for boxes in [
        "/MediaBox [0 0 595 842]",
        "/MediaBox [-100 -50 700 950] /CropBox [20 30 615 872]",
        "/MediaBox [0 0 298 421] /UserUnit 2",
    ] {
        for rotate in [0, 90, 180, 270] {
            let document = blank(&format!("{boxes} /Rotate {rotate}"), 1);
            let placement = json!({ "page": 1, "x_mm": 50.0, "y_mm": 60.0 });
            let sealed = desk.seal(&document, &json!({ "placement": placement }));
            let image = desk.render(&sealed, 1, 254);
            let what = format!("{boxes} /Rotate {rotate}");
            near(image.red_box().unwrap(), [30.0, 40.0, 70.0, 80.0], &what);
            // The first row of the picture is a bar with a gap to the right: it tells up from down.
            let corner = json!({ "page": 1, "x_mm": 50.0, "y_mm": 60.0, "from": "bottom-right" });
            let sealed = desk.seal(&document, &json!({ "placement": corner }));
            let image = desk.render(&sealed, 1, 254);
            let (width, height) = (image.width as f64 / 10.0, image.height as f64 / 10.0);
            let wanted = [width - 70.0, height - 80.0, width - 30.0, height - 40.0];
            near(image.red_box().unwrap(), wanted, &what);
        }
    }
}

#[test]
fn slices_of_a_seal_across_nine_pages_are_the_seal_again() {
    let desk = Desk::new();
    let document = blank("/MediaBox [0 0 595 842]", 9);
    let invisible = json!({ "invisible": true });
    let across = json!({ "first_slice_percent": 20.0, "position_mm": 100.0 });
    let sealed = desk.seal(&document, &json!({ "placement": invisible, "across_pages": across }));
    desk.good(&sealed, 1);
    let mut joined: Vec<Vec<bool>> = Vec::new();
    for page in 1..=9 {
        let image = desk.render(&sealed, page, 254);
        // 40 mm high around 100 mm; 8 mm wide on the first page, 4 mm on the others.
        let wide = if page == 1 { 80 } else { 40 };
        for x in image.width - wide..image.width {
            joined.push((800..1200).map(|y| image.is_red(x, y)).collect());
        }
        let others =
            (0..image.width - wide - 1).any(|x| (0..image.height).any(|y| image.is_red(x, y)));
        assert!(!others, "page {page}: something else is red");
    }
    assert_eq!(joined.len(), 400);
    // The seal itself, sealed on a page of its own.
    let at = json!({ "placement": { "page": 1, "x_mm": 20.0, "y_mm": 20.0 } });
    let whole = desk.render(&desk.seal(&blank("/MediaBox [0 0 595 842]", 1), &at), 1, 254);
    let unlike = (0..400)
        .flat_map(|x| (0..400).map(move |y| (x, y)))
        .filter(|(x, y)| joined[*x][*y] != whole.is_red(*x, *y))
        .count();
    assert!(unlike < 400 * 20, "{unlike} of 160000 pixels differ: more than the seams");
}

#[test]
fn pages_are_chosen_and_the_picture_is_on_each_of_them() {
    let desk = Desk::new();
    let document = blank("/MediaBox [0 0 595 842]", 6);
    for (pages, sealed_pages) in [
        ("2,4-5", vec![2, 4, 5]),
        ("odd", vec![1, 3, 5]),
        ("even,last", vec![2, 4, 6]),
        ("last", vec![6]),
    ] {
        let placement = json!({ "pages": pages, "x_mm": 50.0, "y_mm": 60.0 });
        let sealed = desk.seal(&document, &json!({ "placement": placement }));
        desk.good(&sealed, 1);
        let found: Vec<u32> =
            (1..=6).filter(|page| desk.render(&sealed, *page, 50).red_box().is_some()).collect();
        assert_eq!(found, sealed_pages, "{pages}");
    }
    let beyond = json!({ "placement": { "pages": "5-7", "x_mm": 50.0, "y_mm": 60.0 } });
    assert_eq!(desk.refused(&document, &beyond), "pdf-no-such-page");
    let one = blank("/MediaBox [0 0 595 842]", 1);
    let across = json!({ "placement": { "invisible": true }, "across_pages": {} });
    assert_eq!(desk.refused(&one, &across), "pdf-one-page");
    let first = desk.seal(&document, &json!({ "placement": { "invisible": true } }));
    assert_eq!(desk.refused(&first, &across), "pdf-already-signed");
    let several = json!({ "placement": { "pages": "1-2", "x_mm": 50.0, "y_mm": 60.0 } });
    assert_eq!(desk.refused(&first, &several), "pdf-already-signed");
    let certify = json!({ "placement": { "invisible": true }, "certify": "no-changes" });
    assert_eq!(desk.refused(&first, &certify), "pdf-already-signed");
}

#[test]
fn keywords_are_found_in_the_text_of_other_peoples_files() {
    let desk = Desk::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("test-vectors");
    for (file, keyword) in [
        ("origins/chromium.pdf", "（盖章处）"),
        ("origins/libreoffice.pdf", "盖章处"),
        ("origins/pdftex.pdf", "Seal here"),
        ("origins/ghostscript.pdf", "Seal here"),
        ("origins/groff.pdf", "Sealhere"),
        ("samples/licence.pdf", "登记机关"),
    ] {
        let document = fs::read(root.join(file)).unwrap();
        let path = desk.file("keyword.pdf", &document);
        let words = words(&path, keyword);
        // Where poppler finds the words, moved on to where a seal has room.
        let page = words.page;
        let (right, down) = (
            words.x_mm.clamp(25.0, 180.0) - words.x_mm,
            words.y_mm.clamp(25.0, 270.0) - words.y_mm,
        );
        let placement = json!({ "keyword": keyword, "x_mm": right, "y_mm": down });
        let sealed = desk.seal(&document, &json!({ "placement": placement }));
        desk.good(&sealed, 1);
        let (before, after) = (desk.render(&document, page, 100), desk.render(&sealed, page, 100));
        let changed = reddened(&before, after);
        let (x, y) = ((changed[0] + changed[2]) / 2.0, (changed[1] + changed[3]) / 2.0);
        let (wanted_x, wanted_y) = (words.x_mm + right, words.y_mm + down);
        // The boxes of poppler are those of the font, ours those of the ink.
        assert!(
            (x - wanted_x).abs() < 2.5 && (y - wanted_y).abs() < 2.5,
            "{file}: {x:.1} {y:.1}, not {wanted_x:.1} {wanted_y:.1}"
        );
        let none = json!({ "placement": { "keyword": "没有这几个字" } });
        assert_eq!(desk.refused(&document, &none), "pdf-no-such-keyword");
    }
}

struct Words {
    page: u32,
    x_mm: f64,
    y_mm: f64,
}

/// Asks poppler for the centre of words.
fn words(path: &Path, wanted: &str) -> Words {
    let text = run(Command::new("pdftotext").args(["-bbox"]).arg(path).arg("-"));
    let wanted: String = wanted.chars().filter(|c| !c.is_whitespace()).collect();
    let mut page = 0;
    let mut boxes: Vec<(char, [f64; 4])> = Vec::new();
    for line in text.lines() {
        if line.contains("<page ") {
            page += 1;
            boxes.clear();
        }
        let Some((numbers, word)) =
            line.trim().strip_prefix("<word ").and_then(|l| l.split_once('>'))
        else {
            continue;
        };
        let mut four = [0.0; 4];
        for (slot, part) in four.iter_mut().zip(numbers.split('"').skip(1).step_by(2)) {
            *slot = part.parse().unwrap();
        }
        let word = word.trim_end_matches("</word>");
        let count = word.chars().count() as f64;
        for (at, c) in word.chars().enumerate() {
            let step = (four[2] - four[0]) / count;
            let left = four[0] + step * at as f64;
            boxes.push((c, [left, four[1], left + step, four[3]]));
        }
        let length = wanted.chars().count();
        if let Some(start) = boxes.len().checked_sub(length)
            && let Some(found) = (0..=start)
                .rev()
                .find(|at| boxes[*at..*at + length].iter().map(|(c, _)| *c).eq(wanted.chars()))
        {
            let (first, last) = (boxes[found].1, boxes[found + length - 1].1);
            let mm = 25.4 / 72.0;
            return Words {
                page,
                x_mm: (first[0] + last[2]) / 2.0 * mm,
                y_mm: (first[1] + last[3]) / 2.0 * mm,
            };
        }
    }
    panic!("{}: poppler does not find {wanted}\n{text}", path.display())
}

/// The box of what became red, millimetres.
fn reddened(before: &Image, mut after: Image) -> [f64; 4] {
    let unchanged = |(a, b): (&[u8], &[u8])| a[0].abs_diff(b[0]) < 60 && a[1].abs_diff(b[1]) < 60;
    let same: Vec<bool> =
        before.pixels.chunks(3).zip(after.pixels.chunks(3)).map(unchanged).collect();
    for (pixel, same) in after.pixels.chunks_mut(3).zip(same) {
        if same {
            pixel.fill(255);
        }
    }
    after.red_box().unwrap()
}

#[test]
fn certifications_and_locks_are_obeyed() {
    let desk = Desk::new();
    let document = blank("/MediaBox [0 0 595 842]", 2);
    let at = json!({ "page": 1, "x_mm": 50.0, "y_mm": 60.0 });
    let final_one = desk.seal(&document, &json!({ "placement": at, "certify": "no-changes" }));
    desk.good(&final_one, 1);
    for placement in [json!({ "invisible": true }), at.clone()] {
        assert_eq!(desk.refused(&final_one, &json!({ "placement": placement })), "pdf-restricted");
    }
    let field = |name: &str, page: u32| json!({ "name": name, "page": page, "x_mm": 120.0, "y_mm": 200.0, "width_mm": 50.0, "height_mm": 45.0 });
    for certify in ["form-filling", "annotations"] {
        let more = json!({ "placement": at, "certify": certify, "later_fields": [field("二审", 1), field("终审", 2)] });
        let certified = desk.seal(&document, &more);
        desk.good(&certified, 1);
        assert_eq!(desk.refused(&certified, &json!({ "placement": at })), "pdf-restricted");
        let unknown = json!({ "placement": { "field": "三审" } });
        assert_eq!(desk.refused(&certified, &unknown), "pdf-field-unusable");
        let second = desk.seal(&certified, &json!({ "placement": { "field": "二审" } }));
        desk.good(&second, 2);
        let again = json!({ "placement": { "field": "二审" } });
        assert_eq!(desk.refused(&second, &again), "pdf-field-unusable");
        let third = desk.seal(&second, &json!({ "placement": { "field": "终审" } }));
        desk.good(&third, 3);
        near(desk.render(&third, 2, 254).red_box().unwrap(), [100.0, 180.0, 140.0, 220.0], "field");
        let fourth = desk.seal(&third, &json!({ "placement": { "invisible": true } }));
        desk.good(&fourth, 4);
    }
    let small = json!({ "name": "小", "page": 1, "x_mm": 120.0, "y_mm": 200.0, "width_mm": 20.0, "height_mm": 30.0 });
    let with_field = json!({ "placement": { "invisible": true }, "later_fields": [small] });
    let document = desk.seal(&document, &with_field);
    assert_eq!(
        desk.refused(&document, &json!({ "placement": { "field": "小" } })),
        "pdf-field-unusable"
    );
    let shrunk = json!({ "placement": { "field": "小", "shrink": true } });
    let shrunk = desk.seal(&document, &shrunk);
    desk.good(&shrunk, 2);
    near(desk.render(&shrunk, 1, 254).red_box().unwrap(), [110.0, 190.0, 130.0, 210.0], "shrunk");
}

#[test]
fn locked_fields_stay_empty_and_locks_of_fields_are_passed_on() {
    let desk = Desk::new();
    let root = env!("CARGO_MANIFEST_DIR");
    let make = r#"
import sys
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import *
with open(sys.argv[1], "rb") as file:
    change = IncrementalPdfFileWriter(file)
    lock = FieldMDPSpec(FieldMDPAction.INCLUDE, fields=["B"])
    append_signature_field(change, SigFieldSpec("A", box=(60, 60, 260, 260), field_mdp_spec=lock))
    append_signature_field(change, SigFieldSpec("B", box=(300, 60, 500, 260)))
    append_signature_field(change, SigFieldSpec("C", box=(300, 300, 500, 500)))
    seed = SigSeedValueSpec(flags=SigSeedValFlags.SUBFILTER, subfilters=[SigSeedSubFilter.ADOBE_PKCS7_DETACHED])
    append_signature_field(change, SigFieldSpec("D", box=(60, 300, 260, 500), seed_value_dict=seed))
    with open(sys.argv[2], "wb") as target:
        change.write(target)
"#;
    let target = desk.directory.join("locks.pdf");
    run(python_tool("python")
        .args(["-c", make, &format!("{root}/test-vectors/samples/approval.pdf")])
        .arg(&target));
    let document = fs::read(&target).unwrap();
    let fill = |name: &str| json!({ "placement": { "field": name } });
    let first = desk.seal(&document, &fill("A"));
    desk.good(&first, 1);
    assert_eq!(desk.refused(&first, &fill("B")), "pdf-restricted");
    let second = desk.seal(&first, &fill("C"));
    desk.good(&second, 2);
    assert_eq!(desk.refused(&document, &fill("D")), "pdf-field-unusable");
}

#[test]
fn a_caption_is_text_that_others_read_and_a_code_that_they_scan() {
    let desk = Desk::new();
    for rotate in [0, 90] {
        let document = blank(&format!("/MediaBox [0 0 595 842] /Rotate {rotate}"), 1);
        let caption = json!({
            "name": true, "time": true, "reason": true, "text": "第 2 份，共 3 份",
            "qr_code": "https://seal.example/v/01M7YX",
        });
        let placement = json!({ "page": 1, "x_mm": 80.0, "y_mm": 60.0 });
        let request = json!({ "placement": placement, "caption": caption, "reason": "签发许可证" });
        let sealed = desk.seal(&document, &request);
        desk.good(&sealed, 1);
        let path = desk.file("caption.pdf", &sealed);
        let image = desk.render(&sealed, 1, 254);
        near(image.red_box().unwrap(), [60.0, 40.0, 100.0, 80.0], "the seal keeps its place");
        let text = run(Command::new("pdftotext").arg(&path).arg("-"));
        for wanted in [people::ORGANIZATION, "+08:00", "签发许可证", "第 2 份，共 3 份"] {
            assert!(text.contains(wanted), "{wanted}: {text}");
        }
        let fonts = run(Command::new("pdffonts").arg(&path));
        let line = fonts.lines().find(|line| line.contains("Caption")).unwrap();
        assert!(line.contains("Identity-H") && line.contains("yes yes yes"), "{fonts}");
        let scanned = run(Command::new("zbarimg")
            .args(["--quiet", "--raw"])
            .arg(desk.directory.join("render.png")));
        assert_eq!(scanned.lines().next(), Some("https://seal.example/v/01M7YX"));
    }
    let document = blank("/MediaBox [0 0 595 842]", 1);
    let placement = json!({ "page": 1, "x_mm": 60.0, "y_mm": 22.0, "from": "bottom-left" });
    let low = json!({ "placement": placement, "caption": { "name": true, "qr_code": "x" } });
    assert_eq!(desk.refused(&document, &low), "pdf-seal-off-page");
    let placement = json!({ "page": 1, "x_mm": 60.0, "y_mm": 60.0 });
    let strange = json!({ "placement": placement, "caption": { "text": "\u{e000}" } });
    assert_eq!(desk.refused(&document, &strange), "invalid-caption");
    let nothing = json!({ "placement": placement, "caption": {} });
    assert_eq!(desk.refused(&document, &nothing), "invalid-caption");
}

#[test]
fn outlines_stay_outlines() {
    let mut desk = Desk::new();
    let svg = |inside: &str| {
        format!("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 400 400\">{inside}</svg>")
    };
    let frame = "<rect x=\"10\" y=\"10\" width=\"380\" height=\"380\" fill=\"none\" \
                 stroke=\"#d01010\" stroke-width=\"20\"/><path fill=\"#d01010\" d=\"M150 200h100v9h-100z\"/>";
    let (house, cast) = (&desk.house, &desk.cast);
    let seal = people::key_ready(house, cast);
    let make = |svg: String| {
        let picture = json!({ "from": "svg", "svg": svg, "width_mm": 40.0, "height_mm": 40.0 });
        let path = format!("/v1/seals/{seal}/make");
        house.post(&cast.maker, &path, &json!({ "picture": picture }))
    };
    assert_eq!(make(svg("<text>章</text>")).problem(422), "invalid-picture");
    make(svg(frame)).expect(200);
    people::register(house, cast, &seal);
    people::keep(house, cast, &seal);
    people::grant(house, cast, &seal, &json!({}));
    desk.seal = seal;
    let document = blank("/MediaBox [0 0 595 842]", 3);
    let placement = json!({ "page": 1, "x_mm": 80.0, "y_mm": 60.0 });
    let request = json!({ "placement": placement, "across_pages": {} });
    let sealed = desk.seal(&document, &request);
    desk.good(&sealed, 1);
    let path = desk.file("vector.pdf", &sealed);
    let images = run(Command::new("pdfimages").arg("-list").arg(&path));
    assert_eq!(images.lines().count(), 2, "no images: {images}");
    let mut left = desk.render(&sealed, 1, 254);
    let cut = left.width - 150;
    for y in 0..left.height {
        let row = (y * left.width + cut) * 3..(y + 1) * left.width * 3;
        left.pixels[row].fill(255);
    }
    near(left.red_box().unwrap(), [60.0, 40.0, 100.0, 80.0], "outlines");
}

#[test]
fn a_document_whose_parts_are_one_object_is_refused() {
    let desk = Desk::new();
    // The form's fields and the page's annotations are the same array.
    let objects = [
        "<</Type /Catalog /Pages 2 0 R /AcroForm <</Fields 4 0 R>>>>",
        "<</Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 595 842]>>",
        "<</Type /Page /Parent 2 0 R /Annots 4 0 R>>",
        "[]",
    ];
    let document = plain(&objects.map(str::to_owned));
    let placement = json!({ "page": 1, "x_mm": 50.0, "y_mm": 60.0 });
    assert_eq!(desk.refused(&document, &json!({ "placement": placement })), "pdf-damaged");
}

#[test]
fn what_a_hidden_field_would_show_is_not_sealed() {
    let desk = Desk::new();
    let field = |more: &str| {
        let objects = [
            "<</Type /Catalog /Pages 2 0 R /AcroForm <</Fields [4 0 R]>>>>".to_owned(),
            "<</Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 595 842]>>".to_owned(),
            "<</Type /Page /Parent 2 0 R /Annots [4 0 R]>>".to_owned(),
            format!(
                "<</Type /Annot /Subtype /Widget /FT /Sig /T (A) /P 3 0 R /AP <</N 5 0 R>> {more}>>"
            ),
            "<</Type /XObject /Subtype /Form /BBox [0 0 595 842] /Length 27>>\nstream\n\
             1 0 0 rg 0 0 595 842 re f  \nendstream"
                .to_owned(),
        ];
        plain(&objects)
    };
    let fill = json!({ "placement": { "field": "A" } });
    let hidden = field("/F 2 /Rect [0 0 595 842]");
    assert_eq!(desk.refused(&hidden, &fill), "pdf-field-unusable");
    // One without a size stays without a picture.
    let sealed = desk.seal(&field("/F 4 /Rect [0 0 0 0]"), &fill);
    desk.good(&sealed, 1);
    assert_eq!(desk.render(&sealed, 1, 50).red_box(), None);
}

#[test]
fn light_outlines_cover_dark_ones() {
    let mut desk = Desk::new();
    let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 400 400\">\
        <rect width=\"390\" height=\"390\" fill=\"#d01010\"/>\
        <rect x=\"100\" y=\"100\" width=\"200\" height=\"200\" fill=\"#ffffff\"/></svg>";
    let (house, cast) = (&desk.house, &desk.cast);
    let seal = people::key_ready(house, cast);
    let picture = json!({ "from": "svg", "svg": svg, "width_mm": 40.0, "height_mm": 40.0 });
    house
        .post(&cast.maker, &format!("/v1/seals/{seal}/make"), &json!({ "picture": picture }))
        .expect(200);
    people::register(house, cast, &seal);
    people::keep(house, cast, &seal);
    people::grant(house, cast, &seal, &json!({}));
    desk.seal = seal;
    let placement = json!({ "page": 1, "x_mm": 50.0, "y_mm": 60.0 });
    let sealed =
        desk.seal(&blank("/MediaBox [0 0 595 842]", 1), &json!({ "placement": placement }));
    let image = desk.render(&sealed, 1, 254);
    assert!(image.is_red(350, 450) && !image.is_red(500, 600), "白文: white on red");
}

#[test]
fn content_that_restores_too_much_does_not_move_the_slices() {
    let desk = Desk::new();
    let content = "Q Q 0.1 0 0 0.1 0 0 cm 0 0 0 0 re W n q";
    let mut objects = vec![
        "<</Type /Catalog /Pages 2 0 R>>".to_owned(),
        "<</Type /Pages /Kids [3 0 R 4 0 R] /Count 2 /MediaBox [0 0 595 842]>>".to_owned(),
        "<</Type /Page /Parent 2 0 R /Contents 5 0 R>>".to_owned(),
        "<</Type /Page /Parent 2 0 R>>".to_owned(),
    ];
    objects.push(format!("<</Length {}>>\nstream\n{content}\nendstream", content.len()));
    let placement = json!({ "invisible": true });
    let across = json!({ "position_mm": 100.0 });
    let sealed =
        desk.seal(&plain(&objects), &json!({ "placement": placement, "across_pages": across }));
    let red = desk.render(&sealed, 1, 254).red_box().unwrap();
    near([red[1], red[3], red[2], red[2]], [80.0, 120.0, 209.9, 209.9], "slice");
}

#[test]
fn sealed_files_that_open_without_a_password_verify() {
    let desk = Desk::new();
    let plain = desk.file("plain.pdf", &people::licence());
    for kind in [&["128", "--use-aes=y"][..], &["256"]] {
        let path = desk.directory.join("encrypted.pdf");
        run(Command::new("qpdf")
            .args(["--allow-weak-crypto", "--encrypt", "", "owner"])
            .args(kind)
            .arg("--")
            .args([&plain, &path]));
        let placement = json!({ "page": 1, "x_mm": 50.0, "y_mm": 60.0 });
        let sealed = desk.seal(&fs::read(&path).unwrap(), &json!({ "placement": placement }));
        let bytes = [("content-type", "application/octet-stream")];
        let report =
            support::server::send(desk.house.url(), "POST", "/public/verify", &bytes, &sealed);
        let report = report.unwrap().expect(200);
        assert_eq!(report["signatures"][0]["indication"], "TOTAL-PASSED", "{report}");
    }
}
