//! Pictures in all their forms, beside the physical impression, in the right colour; and seals that
//! are for tests only.

mod support;

use std::fs;

use base64ct::{Base64, Encoding};
use sealwright::{
    domain::source::Source,
    formats::ofd::Package,
    pictures::{Vector, read_png},
};
use serde_json::{Value, json};
use support::{
    database::Engine,
    people::{self, Cast, id},
    server::{House, send},
};

fn open() -> (House, Cast) {
    let mut house = House::new(Engine::Sqlite);
    house.start();
    let cast = Cast::hire(&house);
    (house, cast)
}

fn make(house: &House, cast: &Cast, seal: &str, picture: &Value) -> support::server::Reply {
    let body = json!({ "picture": picture });
    house.post(&cast.maker, &format!("/v1/seals/{seal}/make"), &body)
}

fn round() -> Value {
    json!({ "from": "round", "diameter_mm": 40.0 })
}

/// The share of the ink by which two pictures differ.
fn difference(one: &[u8], other: &[u8]) -> f64 {
    let (one, other) = (read_png(one).unwrap(), read_png(other).unwrap());
    assert_eq!((one.width, one.height), (other.width, other.height));
    let alphas =
        |pixels: &[u8]| pixels.iter().skip(3).step_by(4).map(|a| f64::from(*a)).collect::<Vec<_>>();
    let (one, other) = (alphas(&one.rgba), alphas(&other.rgba));
    let apart: f64 = one.iter().zip(&other).map(|(a, b)| (a - b).abs()).sum();
    apart / one.iter().sum::<f64>()
}

#[test]
fn the_outlines_of_an_ofd_are_those_of_the_master() {
    let (house, cast) = open();
    let seal = people::key_ready(&house, &cast);
    make(&house, &cast, &seal, &round()).expect(200);
    let form = |form: &str| {
        let reply = house.get(&cast.auditor, &format!("/v1/seals/{seal}/picture?form={form}"));
        assert_eq!(reply.status, 200);
        reply
    };
    let png = form("png");
    assert_eq!(png.header("content-type"), Some("image/png"));
    let svg = String::from_utf8(form("svg").body).unwrap();
    assert!(svg.starts_with("<svg "));
    let ofd = form("ofd");
    assert_eq!(ofd.header("content-type"), Some("application/ofd"));
    // Somebody else's archiver reads the package.
    let path = house.token.directory.path().join("picture.ofd");
    fs::write(&path, &ofd.body).unwrap();
    let program = "import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None\n\
        print(z.read('Doc_0/Pages/Page_0/Content.xml').decode())";
    let page = support::run(support::python_tool("python").args(["-c", program]).arg(&path));
    let source = Source::memory(ofd.body);
    assert!(Package::open(&source).unwrap().entries().len() == 3);
    // Its path objects as an SVG, drawn again, show the same.
    let mut shapes = String::new();
    let attribute = |element: &str, name: &str| -> Option<String> {
        let (_, rest) = element.split_once(&format!(" {name}=\""))?;
        Some(rest.split('"').next().unwrap().to_owned())
    };
    for element in page.split("<ofd:PathObject").skip(1) {
        let data = element.split("<ofd:AbbreviatedData>").nth(1).unwrap();
        let data = data.split('<').next().unwrap().replace('C', "Z").replace('B', "C");
        let fill = if attribute(element, "Fill").unwrap() == "true" { "#d01010" } else { "none" };
        let rule = attribute(element, "Rule").map_or("", |_| " fill-rule=\"evenodd\"");
        let stroke = attribute(element, "LineWidth")
            .map(|wide| format!(" stroke=\"#d01010\" stroke-width=\"{wide}\""))
            .unwrap_or_default();
        shapes.push_str(&format!("<path d=\"{data}\" fill=\"{fill}\"{rule}{stroke}/>"));
        assert!(element.contains("Value=\"208 16 16\""), "{element}");
    }
    let again = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"40\" height=\"40\" viewBox=\"0 0 40 40\">{shapes}</svg>"
    );
    let again = Vector::read(&again).unwrap().to_png(40.0).unwrap();
    let apart = difference(&png.body, &again);
    assert!(apart < 0.01, "{apart}");
    assert_eq!(house.get(&cast.auditor, "/v1/seals/x/picture?form=ofd").problem(422), "invalid-id");
}

#[test]
fn pixels_have_no_outlines_and_are_red_unless_meant_otherwise() {
    let (house, cast) = open();
    let seal = people::key_ready(&house, &cast);
    let blue = |more: Value| {
        let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"40\" height=\"40\" \
            viewBox=\"0 0 40 40\"><rect x=\"2\" y=\"2\" width=\"36\" height=\"36\" fill=\"none\" \
            stroke=\"#1010d0\" stroke-width=\"2\"/></svg>";
        let mut picture = json!({ "from": "svg", "svg": svg, "width_mm": 40.0, "height_mm": 40.0 });
        picture.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        picture
    };
    let refused = make(&house, &cast, &seal, &blue(json!({})));
    assert_eq!(refused.problem(422), "invalid-picture");
    assert!(refused.json()["detail"].as_str().unwrap().contains("red"));
    let path = format!("/v1/seals/{seal}/picture-preview");
    let meant = house.post(&cast.maker, &path, &blue(json!({ "any_colour": true })));
    assert_eq!(meant.status, 200);
    make(&house, &cast, &seal, &people::picture()).expect(200);
    let outlines = house.get(&cast.auditor, &format!("/v1/seals/{seal}/picture?form=svg"));
    assert_eq!(outlines.problem(404), "not-found");
}

#[test]
fn a_picture_is_seen_beside_the_impression() {
    let (house, cast) = open();
    let seal = people::key_ready(&house, &cast);
    let path = format!("/v1/seals/{seal}/picture-preview");
    let impression = house.post(&cast.maker, &path, &round()).body;
    let compare = |impression: &str, wide: f64| {
        let body = json!({
            "picture": round(), "impression": impression, "impression_width_mm": wide,
        });
        house.post(&cast.maker, &format!("/v1/seals/{seal}/picture-comparison"), &body)
    };
    assert_eq!(compare("&", 40.0).problem(422), "invalid-picture");
    assert_eq!(compare(&Base64::encode_string(b"no png"), 40.0).problem(422), "invalid-picture");
    assert_eq!(compare(&Base64::encode_string(&impression), 4.0).problem(422), "invalid-picture");
    let sheet = compare(&Base64::encode_string(&impression), 40.0);
    assert_eq!((sheet.status, sheet.header("content-type")), (200, Some("image/png")));
    support::show("comparison.png", &sheet.body);
    // Three cells of 40 mm with 5 mm around each, at 300 dpi.
    let reader = png::Decoder::new(std::io::Cursor::new(&sheet.body)).read_info().unwrap();
    let (wide, high) = (reader.info().width, reader.info().height);
    assert_eq!(
        (wide, high),
        ((140.0 * 300.0 / 25.4_f64).ceil() as u32, (50.0 * 300.0 / 25.4_f64).ceil() as u32)
    );
}

#[test]
fn a_test_seal_says_so_everywhere() {
    let (house, cast) = open();
    let new = json!({
        "organization_id": cast.organization, "kind": "create", "seal_kind": "business",
        "seal_name": "示例市业务专用章", "reason": "试用", "sandbox": true,
    });
    let application = people::approved(&house, &cast, &new);
    let seal = application["seal_id"].as_str().unwrap().to_owned();
    people::generate_key(&house, &cast, &seal, &id(&application));
    assert_eq!(make(&house, &cast, &seal, &people::picture()).problem(422), "invalid-picture");
    let path = format!("/v1/seals/{seal}/picture-preview");
    let preview = house.post(&cast.maker, &path, &round()).body;
    support::show("test-seal.png", &preview);
    let made = make(&house, &cast, &seal, &round()).expect(200);
    assert_eq!(made["sandbox"], true);
    people::register(&house, &cast, &seal);
    people::keep(&house, &cast, &seal);
    people::grant(&house, &cast, &seal, &json!({}));
    let sealed = house.seal(&cast.caller, &people::request(&seal), &people::licence(), None);
    assert_eq!(sealed.status, 201);
    let kind = [("content-type", "application/pdf")];
    let verdict =
        send(house.url(), "POST", "/public/verify", &kind, &sealed.body).unwrap().expect(200);
    assert_eq!(verdict["conclusion"], "indeterminate");
    let signature = &verdict["signatures"][0];
    assert_eq!(signature["integrity"], "intact");
    let checks = signature["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["name"] == "not-for-test").unwrap();
    assert!(check["detail"].as_str().unwrap().contains("测试"));
    let code = made["code"].as_str().unwrap();
    let status = house.get("", &format!("/public/seals/{code}/status")).expect(200);
    assert_eq!(status["sandbox"], true);
    // Another kind of application does not make one of a seal that is there.
    let change = json!({
        "organization_id": cast.organization, "kind": "change", "seal_id": seal, "reason": "x",
        "sandbox": true,
    });
    assert_eq!(people::apply(&house, &cast.applicant, &change).problem(422), "invalid-application");
}
