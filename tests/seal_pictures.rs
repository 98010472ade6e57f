//! Seals drawn by the service 印模: by command, seen before they are made, made, and measured.

mod support;

use std::{fs, process::Command};

use sealwright::pictures::read_png;
use serde_json::{Value, json};
use support::{
    database::Engine,
    people::{self, Cast},
    server::House,
    try_run,
};

fn round(size: &str, value: impl Into<Value>) -> Value {
    let mut picture = json!({ "from": "round" });
    picture[size] = value.into();
    picture
}

fn with(mut picture: Value, more: &[(&str, &str)]) -> Value {
    for (key, value) in more {
        picture[*key] = json!(value);
    }
    picture
}

/// Seals of every rank, kind and length of name, with width and height in millimetres.
fn sheet() -> Vec<(&'static str, Value, (f64, f64))> {
    let special = || round("rank", "special");
    let oval = |w: f64, h: f64| json!({ "from": "oval", "width_mm": w, "height_mm": h });
    let square = |side: f64| json!({ "from": "square", "side_mm": side });
    let line = |text| [("line", text)];
    vec![
        ("国务院", round("rank", "state-council"), (60.0, 60.0)),
        ("示例省人民政府", round("rank", "province"), (50.0, 50.0)),
        ("示例省住房和城乡建设厅", round("rank", "province"), (50.0, 50.0)),
        ("示例国家局", round("rank", "vice-ministry"), (45.0, 45.0)),
        ("示例市人民政府", round("rank", "city"), (45.0, 45.0)),
        ("示例镇人民政府", round("rank", "township"), (42.0, 42.0)),
        ("示例街道办事处", round("rank", "township"), (42.0, 42.0)),
        ("示例学校", round("rank", "institution"), (42.0, 42.0)),
        ("示例市市场监督管理局", round("diameter_mm", 42.0), (42.0, 42.0)),
        ("示例市行政审批服务管理局", round("diameter_mm", 40.0), (40.0, 40.0)),
        ("示例局行政审批专用章", with(special(), &line("行政审批专用章")), (38.0, 38.0)),
        ("示例公司合同专用章", with(special(), &line("合同专用章")), (38.0, 38.0)),
        ("示例公司财务专用章", with(special(), &line("财务专用章")), (38.0, 38.0)),
        (
            "示例市住房公积金管理中心业务专用章",
            with(special(), &[("line", "业务专用章"), ("number", "1199010012345")]),
            (38.0, 38.0),
        ),
        ("示例公司", with(special(), &[("emblem", "none")]), (38.0, 38.0)),
        ("示例新疆维吾尔自治区伊犁哈萨克自治州", round("rank", "city"), (45.0, 45.0)),
        ("示例省示例市高新技术产业开发区管理委员会", round("rank", "city"), (45.0, 45.0)),
        (
            "示例省示例市高新技术产业开发区管理委员会自然资源和规划建设管理局",
            round("rank", "city"),
            (45.0, 45.0),
        ),
        (
            "示例省示例市示例县示例镇人民政府便民服务中心政务服务大厅综合窗口办理专用",
            with(round("rank", "city"), &line("业务专用章")),
            (45.0, 45.0),
        ),
        (
            "示例公司发票专用章",
            with(oval(40.0, 30.0), &[("line", "发票专用章"), ("middle", "91990100MAEXAMPL1X")]),
            (40.0, 30.0),
        ),
        ("示例市税务局第一税务所", oval(30.0, 20.0), (30.0, 20.0)),
        ("示例集团股份有限公司合同专用章", oval(45.0, 30.0), (45.0, 30.0)),
        ("张三", square(18.0), (18.0, 18.0)),
        ("李四印", square(20.0), (20.0, 20.0)),
        ("欧阳明月", square(22.0), (22.0, 22.0)),
        ("阿卜杜拉江之印", square(22.0), (22.0, 22.0)),
    ]
}

/// Width and height of what is inked, millimetres at 600 dpi.
fn measured(png: &[u8]) -> (f64, f64) {
    let pixels = read_png(png).unwrap();
    let inked = |x: u32, y: u32| pixels.rgba[((y * pixels.width + x) * 4 + 3) as usize] > 127;
    let columns: Vec<u32> =
        (0..pixels.width).filter(|x| (0..pixels.height).any(|y| inked(*x, y))).collect();
    let rows: Vec<u32> =
        (0..pixels.height).filter(|y| (0..pixels.width).any(|x| inked(x, *y))).collect();
    let mm = |all: &[u32]| f64::from(all.last().unwrap() - all[0] + 1) * 25.4 / 600.0;
    (mm(&columns), mm(&rows))
}

#[test]
fn every_rank_kind_and_length_is_drawn_in_its_true_size() {
    let directory = tempfile::tempdir().unwrap();
    let sheet = sheet();
    assert!(sheet.len() >= 24);
    for (name, picture, (width, height)) in sheet {
        let file = directory.path().join("seal.png");
        support::run(
            Command::new(env!("CARGO_BIN_EXE_sealwright"))
                .args(["picture", name, &picture.to_string(), "--out"])
                .arg(&file),
        );
        let (wide, high) = measured(&fs::read(&file).unwrap());
        assert!((wide - width).abs() < 0.1 && (high - height).abs() < 0.1, "{name} {wide} {high}");
    }
}

#[test]
fn what_cannot_be_drawn_is_told_in_words() {
    let directory = tempfile::tempdir().unwrap();
    let complaint = |name: &str, picture: &str, file: &str| {
        let (output, text) = try_run(
            Command::new(env!("CARGO_BIN_EXE_sealwright"))
                .args(["picture", name, picture, "--out"])
                .arg(directory.path().join(file)),
        );
        assert_eq!(output.status.code(), Some(2), "{text}");
        text
    };
    let round = r#"{"from":"round","rank":"city"}"#;
    assert!(complaint("示例\u{e123}局", round, "a.png").contains("no character"));
    assert!(complaint("局", round, "a.png").contains("2 to 40 characters"));
    assert!(complaint("示例局", round, "a.jpg").contains(".svg or .png"));
    let both = r#"{"from":"round","rank":"city","diameter_mm":42}"#;
    assert!(complaint("示例局", both, "a.png").contains("either a rank or a diameter"));
    let flat = r#"{"from":"oval","width_mm":30,"height_mm":40}"#;
    assert!(complaint("示例局", flat, "a.png").contains("wider than high"));
    let emblem = r#"{"from":"round","rank":"city","emblem":{"svg":"<svg/>"}}"#;
    assert!(complaint("示例局", emblem, "a.png").contains("emblem"));
    let drawn = |svg: &str| {
        json!({ "from": "round", "rank": "city", "emblem": { "svg": svg } }).to_string()
    };
    let head = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'>";
    for (body, told) in [
        ("<style>*{}</style><path d='M1 1h3v3z'/>", "style sheet"),
        ("<path id='a' d='M1 1h3v3z'/><use href='#a'/>", "reference"),
        ("<s:text xmlns:s='http://www.w3.org/2000/svg'>章</s:text>", "outlines"),
        ("<path d='M1 1h30v3z'/>", "beyond its edge"),
        ("<path d='M1 1h3v3z' stroke='#f00' stroke-width='90'/>", "beyond its edge"),
    ] {
        let text = complaint("示例局", &drawn(&format!("{head}{body}</svg>")), "a.png");
        assert!(text.contains(told), "{text}");
    }
    for shape in ["<path d='M0 0h9v9h-9z'/>", "<path d='M4 4h1' stroke='#f00' stroke-width='90'/>"]
    {
        let svg = format!("{head}{}</svg>", shape.repeat(500));
        let heavy = json!({ "from": "svg", "svg": svg, "width_mm": 80, "height_mm": 80 });
        assert!(complaint("示例局", &heavy.to_string(), "a.png").contains("over"));
    }
    assert!(complaint("示例局", r#"{"from":"hexagon"}"#, "a.png").contains("hexagon"));
}

#[test]
fn the_maker_sees_the_picture_before_it_is_bound() {
    let mut house = House::new(Engine::Sqlite);
    house.start();
    let cast = Cast::hire(&house);
    let seal = people::key_ready(&house, &cast);
    let path = format!("/v1/seals/{seal}/picture-preview");
    let emblem = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'>\
                  <path fill='#d01010' d='M12 2l10 18H2z'/></svg>";
    let picture = json!({ "from": "round", "diameter_mm": 42, "emblem": { "svg": emblem } });
    let preview = house.post(&cast.maker, &path, &picture);
    assert_eq!(preview.status, 200);
    assert_eq!(preview.header("content-type"), Some("image/png"));
    let (wide, _) = measured(&preview.body);
    assert!((wide - 42.0).abs() < 0.1, "{wide}");
    assert_eq!(house.post(&cast.applicant, &path, &picture).status, 403);
    let wrong = json!({ "from": "round" });
    assert_eq!(house.post(&cast.maker, &path, &wrong).problem(422), "invalid-picture");
    let coarse = house.post(&cast.maker, &path, &people::picture_of(300));
    assert!(coarse.expect(422)["detail"].as_str().unwrap().contains("too coarse: 190 dots"));
    assert_eq!(house.post(&cast.maker, &path, &people::picture_of(320)).status, 200);
    let before = house.get(&cast.auditor, &format!("/v1/seals/{seal}")).expect(200);
    assert_eq!(before["versions"][0]["state"], "key-ready", "nothing was changed");

    let made =
        house.post(&cast.maker, &format!("/v1/seals/{seal}/make"), &json!({ "picture": picture }));
    let version = &made.expect(200)["versions"][0];
    assert_eq!(version["state"], "made");
    assert!(version["picture_digest"].is_string());
}
