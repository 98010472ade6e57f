//! Sealing PDF files of many kinds and origins, each as first and second seal, certified, and across
//! pages, judged by other people's programs.

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};
use support::{
    database::Engine,
    people::{self, Cast},
    python_tool, run,
    server::{House, Reply, send},
};

struct Press {
    house: House,
    /// Two organizations, each with its caller and its seal.
    parties: [(Cast, String); 2],
    directory: PathBuf,
    /// What other people's programs have to judge.
    jobs: Vec<Value>,
    /// How many files our own verifier has looked at.
    verified: u32,
    /// What went otherwise than expected.
    wrong: Vec<String>,
}

impl Press {
    fn new() -> Self {
        let mut house = House::new(Engine::Sqlite);
        house.start();
        let casts =
            [Cast::hire(&house), Cast::hire_in(&house, "11990102MAEXAMPL4W", "示例市公安局")];
        let parties = casts.map(|cast| {
            let seal = people::granted(&house, &cast);
            (cast, seal)
        });
        let directory = house.token.directory.path().join("kinds");
        fs::create_dir(&directory).unwrap();
        Self { house, parties, directory, jobs: Vec::new(), verified: 0, wrong: Vec::new() }
    }

    /// Seals `before` and hands the result to the judges, if it was sealed.
    fn seal(&mut self, kind: &Value, what: &str, before: &Path, more: &Value) -> Option<PathBuf> {
        // The second seal of a document is another organization's.
        let (cast, seal) = &self.parties[usize::from(more["signatures_expected"] == 2)];
        let mut request = people::request(seal);
        for (key, value) in more["request"].as_object().unwrap() {
            request[key] = value.clone();
        }
        if let Some(password) = kind.get("password") {
            request["password"] = password.clone();
        }
        let document = fs::read(before).unwrap();
        let reply = self.house.seal(&cast.caller, &request, &document, None);
        let name = format!("{}+{what}", kind["name"].as_str().unwrap());
        if let Some(code) = kind["refused"].as_str() {
            let problem = String::from_utf8_lossy(&reply.body).into_owned();
            if reply.status != 422 || reply.json()["code"] != code {
                self.wrong.push(format!("{name}: {} {problem}, not {code}", reply.status));
            }
            return None;
        }
        if reply.status != 201 {
            let problem = String::from_utf8_lossy(&reply.body).into_owned();
            self.wrong.push(format!("{name}: {} {problem}", reply.status));
            return None;
        }
        Some(self.judge(kind, &name, before, more, &reply))
    }

    fn judge(
        &mut self,
        kind: &Value,
        name: &str,
        before: &Path,
        more: &Value,
        reply: &Reply,
    ) -> PathBuf {
        let file = self.directory.join(format!("{name}.pdf"));
        fs::write(&file, &reply.body).unwrap();
        let mut job = kind.clone();
        job["file"] = json!(file);
        job["before"] = json!(before);
        job["signatures"] = more["signatures_expected"].clone();
        job["owner"] = json!(kind["password"] == "owner");
        job["sealed"] = more["sealed"].clone();
        self.jobs.push(job);
        self.verify(kind, name, &reply.body);
        file
    }
}

impl Press {
    /// Our own verifier has nothing to say against what we seal, nor against what others signed
    /// before; whom others trust is theirs to know.
    fn verify(&mut self, kind: &Value, name: &str, sealed: &[u8]) {
        let reply = send(self.house.url(), "POST", "/public/verify", &[], sealed).unwrap();
        let report = reply.expect(200);
        // Without the password nothing can be said of what a file shows.
        let locked = report["detail"].as_str().is_some_and(|detail| detail.contains("password"));
        let others = kind.get("signed").is_some();
        let checks = report["signatures"].as_array().unwrap().iter().flat_map(|signature| {
            let kind = signature["kind"].clone();
            let checks = signature["checks"].as_array().unwrap().clone();
            checks.into_iter().map(move |check| (kind.clone(), check))
        });
        for (kind, check) in checks {
            const ASKED: [&str; 3] = ["byte-range", "coverage", "changes-after-signing"];
            let asked = ASKED.iter().any(|name| check["name"] == *name);
            if asked && check["passed"] != true && !(locked && check["passed"].is_null()) {
                self.wrong.push(format!(
                    "{name}, {kind}: {check}, {}",
                    report["signatures"][0]["modifications"]
                ));
            }
        }
        if !locked && !others && report["conclusion"] != "valid" {
            self.wrong.push(format!("{name} is {}", report["conclusion"]));
        }
        self.verified += 1;
    }
}

fn request(signatures: u32, placement: Value, sealed: Value, more: Value) -> Value {
    let mut all = json!({ "placement": placement });
    for (key, value) in more.as_object().unwrap() {
        all[key] = value.clone();
    }
    json!({ "request": all, "signatures_expected": signatures, "sealed": sealed })
}

/// Where a seal of 40 mm around a centre is drawn.
fn around(page: u64, x: f64, y: f64) -> Value {
    json!([page, x - 20.0, y - 20.0, x + 20.0, y + 20.0])
}

fn make_kinds(directory: &Path) -> Vec<Value> {
    let root = env!("CARGO_MANIFEST_DIR");
    run(python_tool("python")
        .arg(format!("{root}/tests/tools/make_pdfs.py"))
        .arg(format!("{root}/test-vectors/samples"))
        .arg(format!("{root}/test-vectors/origins"))
        .arg(directory));
    let manifest = fs::read(directory.join("manifest.json")).unwrap();
    serde_json::from_slice(&manifest).unwrap()
}

#[test]
fn every_kind_of_file_is_sealed_and_others_find_it_good() {
    let mut press = Press::new();
    let kinds = press.directory.join("before");
    let manifest = make_kinds(&kinds);
    assert!(manifest.len() >= 40, "{} kinds", manifest.len());
    for kind in &manifest {
        let before = kinds.join(format!("{}.pdf", kind["name"].as_str().unwrap()));
        let pages = kind["pages"].as_u64().unwrap();
        let at = |x: f64, y: f64| json!({ "page": 1, "x_mm": x, "y_mm": y });

        let first = request(1, at(60.0, 60.0), json!([around(1, 60.0, 60.0)]), json!({}));
        if let Some(first) = press.seal(kind, "first", &before, &first) {
            let sealed = json!([around(1, 110.0, 110.0)]);
            press.seal(kind, "second", &first, &request(2, at(110.0, 110.0), sealed, json!({})));
        }

        let field = json!({ "name": "Second", "page": pages, "x_mm": 110.0, "y_mm": 110.0,
            "width_mm": 44.0, "height_mm": 44.0 });
        let certified = json!({ "certify": "form-filling", "later_fields": [field] });
        let certified = request(1, at(60.0, 60.0), json!([around(1, 60.0, 60.0)]), certified);
        if let Some(certified) = press.seal(kind, "certified", &before, &certified) {
            let sealed = json!([around(pages, 110.0, 110.0)]);
            let fill = request(2, json!({ "field": "Second" }), sealed, json!({}));
            press.seal(kind, "filled", &certified, &fill);
        }

        if pages > 1 {
            // Anywhere along the right edge of every page, and the seal itself on the first.
            let mut sealed: Vec<Value> =
                (1..=pages).map(|page| json!([page, 60.0, 0.0, 400.0, 400.0])).collect();
            sealed.push(around(1, 40.0, 40.0));
            let across = json!({ "across_pages": {} });
            let across = request(1, at(40.0, 40.0), Value::Array(sealed), across);
            press.seal(kind, "across", &before, &across);
        }
    }
    assert!(press.verified >= 100, "{} files were verified", press.verified);
    complain(&press);
}

/// Files that others signed, of other origins: sealed without harm to what is there, or refused for
/// the right reason. Certification comes too late for all of them.
#[test]
fn files_that_others_signed_are_sealed_without_harm_or_refused() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/pdf/good");
    let Ok(listing) = fs::read_dir(&corpus) else {
        eprintln!("skipped: the corpus is not here");
        return;
    };
    let mut press = Press::new();
    let mut files: Vec<_> = listing.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    // Some of their pages are 51 mm high.
    let at = json!({ "page": 1, "x_mm": 60.0, "y_mm": 25.0 });
    for before in files {
        let name = before.file_stem().unwrap().to_str().unwrap();
        let refused = match name {
            "gen-cert-p1" | "gen-cert-p2" => "pdf-restricted",
            "pyhanko-signed-encrypted-pubkey-with-catalog-ref" => "pdf-encrypted",
            _ => "",
        };
        // The one without a signature value is beyond pyHanko, sealed or not.
        let readable = name != "pyhanko-base";
        let mut kind = json!({ "name": name, "pages": 1, "signed": true, "pyhanko": readable });
        if !refused.is_empty() {
            kind["refused"] = refused.into();
        }
        let sealed = json!([around(1, 60.0, 25.0)]);
        press.seal(&kind, "sealed", &before, &request(1, at.clone(), sealed, json!({})));
        if refused != "pdf-encrypted" {
            kind["refused"] = "pdf-already-signed".into();
        }
        let certify = request(1, at.clone(), json!([]), json!({ "certify": "form-filling" }));
        press.seal(&kind, "certified", &before, &certify);
    }
    complain(&press);
}

/// Lets the judges speak; nobody may complain.
fn complain(press: &Press) {
    let jobs = press.directory.join("jobs.json");
    fs::write(&jobs, serde_json::to_vec(&press.jobs).unwrap()).unwrap();
    let root = press.directory.join("root.pem");
    let reply =
        support::server::send(press.house.url(), "GET", "/.well-known/sealwright", &[], &[]);
    let known = reply.unwrap().expect(200);
    fs::write(&root, known["root_certificates"][0].as_str().unwrap()).unwrap();
    let nss = press.directory.join("nss");
    fs::create_dir(&nss).unwrap();
    run(Command::new("certutil").args(["-N", "--empty-password", "-d"]).arg(&nss));
    run(Command::new("certutil")
        .args(["-A", "-n", "r", "-t", "CT,C,C", "-d"])
        .arg(&nss)
        .arg("-i")
        .arg(&root));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/judge_pdfs.py");
    let complaints = run(python_tool("python").arg(script).args([&jobs, &root, &nss]));
    let count = press.jobs.len();
    assert!(
        press.wrong.is_empty() && complaints.is_empty(),
        "{count} files judged\n{}\n{complaints}",
        press.wrong.join("\n")
    );
}
