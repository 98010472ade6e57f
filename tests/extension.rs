//! Documents that carry with them what their validation rests upon: made at sealing time and later, judged
//! by pyHanko when the seal's certificate has ended and nobody answers any more.

mod support;

use std::{
    ffi::OsStr,
    fs,
    os::unix::{
        ffi::OsStrExt,
        fs::{MetadataExt, PermissionsExt, symlink},
    },
    path::Path,
    process::Command,
};

use sealwright::domain::{Clock, SystemClock, Timestamp};
use serde_json::{Value, json};
use support::{
    ahead,
    database::Engine,
    parties::Signed,
    people::{self, Cast},
    run,
    server::{House, send},
    try_run, until,
};

/// A house whose seals end after three days, and whose lists hold for a day; with the root of its CA.
fn house(level: &str) -> House {
    let mut house = House::new(Engine::Sqlite);
    house.configure("[ca]\n", "[ca]\nseal_days = 3\ncrl_hours = 24\n");
    house.set_level(level);
    house.start();
    let known = send(house.url(), "GET", "/.well-known/sealwright", &[], &[]).unwrap().json();
    let root = known["root_certificates"][0].as_str().unwrap();
    let trust = house.token.directory.path().join("trust");
    fs::create_dir(&trust).unwrap();
    fs::write(trust.join("root.pem"), root).unwrap();
    house
}

fn sealed(house: &House) -> (Cast, Vec<u8>, String) {
    let cast = Cast::hire(house);
    let seal = people::granted(house, &cast);
    let reply = house.seal(&cast.caller, &people::request(&seal), &people::licence(), None);
    assert_eq!(reply.status, 201, "{}", String::from_utf8_lossy(&reply.body));
    let record = reply.header("location").unwrap().to_owned();
    (cast, reply.body, record)
}

/// So many days later: the house runs with another clock, and its newest revocation list is at hand.
fn later(house: &mut House, days: u32) {
    house.stop();
    let environment = ahead(days);
    house.start_with(&environment.each_ref().map(|(name, value)| (*name, value.as_str())));
    let due = now().plus_seconds(i64::from(days) * 86_400);
    let list = until("the newest list is published", || {
        let list = send(house.url(), "GET", "/public/crl/p256.crl", &[], &[]).unwrap().body;
        let crl = sealwright::pki::revocation::Crl::from_der(&list)?;
        crl.next_update().is_some_and(|next| next > due).then_some(list)
    });
    fs::write(house.token.directory.path().join("trust/p256.crl"), list).unwrap();
}

fn now() -> Timestamp {
    SystemClock.now()
}

/// What pyHanko says with nothing but the file and the root.
fn judged_by_others(house: &House, file: &Path, days: u32) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let trust = house.token.directory.path().join("trust");
    let python = root.join(".venv/bin/python");
    let script = root.join("tests/tools/judge_ltv.py");
    let mut command = Command::new(python);
    command.envs(ahead(days)).arg(script);
    try_run(command.arg(trust.join("root.pem")).arg(file)).1
}

fn by_us(house: &House, file: &Path, days: u32) -> Value {
    let at = now().plus_seconds(i64::from(days) * 86_400).to_string();
    let trust = house.token.directory.path().join("trust");
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealwright"));
    command.args(["--json", "verify", "--offline", "--at", &at, "--trust"]).arg(trust).arg(file);
    let (output, text) = try_run(&mut command);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{text}"))
}

fn passes_everywhere(house: &House, file: &Path, (days, signatures): (u32, usize)) {
    let report = by_us(house, file, days);
    assert_eq!(report["conclusion"], "valid", "+{days} days: {report:#}");
    assert_eq!(report["signatures"].as_array().unwrap().len(), signatures);
    let said = judged_by_others(house, file, days);
    assert!(said.contains("lta: AdESPassed.OK"), "+{days} days: {said}");
    run(Command::new("qpdf").arg("--check").arg(file));
}

#[test]
fn a_document_sealed_for_long_needs_nobody_when_its_certificate_has_ended() {
    let mut house = house("B-LTA");
    let (_, document, _) = sealed(&house);
    let file = house.token.directory.path().join("sealed.pdf");
    fs::write(&file, &document).unwrap();
    passes_everywhere(&house, &file, (0, 2));
    let report = by_us(&house, &file, 0);
    assert_eq!(report["signatures"][0]["modification_level"], "long-term-validation");
    assert_eq!(report["verdict"]["reason"], "valid");
    for days in [5, 700] {
        later(&mut house, days);
        passes_everywhere(&house, &file, (days, 2));
    }
}

#[test]
fn what_was_sealed_before_is_extended_and_renewed_by_its_record() {
    let mut house = house("B-T");
    let (cast, document, record) = sealed(&house);
    let directory = house.token.directory.path().to_owned();
    let extend = |body: &[u8], query: &str| {
        let authorization = format!("Bearer {}", cast.caller);
        let headers =
            [("authorization", authorization.as_str()), ("content-type", "application/pdf")];
        send(house.url(), "POST", &format!("{record}/extend{query}"), &headers, body).unwrap()
    };
    let long_term = extend(&document, "?level=B-LT&vri=true");
    assert_eq!(long_term.status, 200, "{}", String::from_utf8_lossy(&long_term.body));
    assert!(long_term.body.starts_with(&document));
    let vri = b"/VRI";
    assert!(long_term.body.windows(4).any(|bytes| bytes == vri));
    // What is there already is not put in again.
    assert_eq!(extend(&long_term.body, "?level=B-LT&vri=true").body, long_term.body);
    let archived = extend(&long_term.body, "");
    let renewed = extend(&archived.body, "");
    assert!(renewed.body.starts_with(&archived.body) && archived.body.starts_with(&long_term.body));
    // Another document, a changed one, another level.
    let mut changed = document.clone();
    changed[1000] ^= 1;
    assert_eq!(extend(&changed, "").problem(409), "not-extendable");
    assert_eq!(extend(&people::licence(), "").problem(409), "not-this-signature");
    assert_eq!(extend(&document, "?level=B-XL").status, 400);
    let stranger = Cast::hire_in(&house, "91330100799655058B", "别的单位");
    let authorization = format!("Bearer {}", stranger.caller);
    let headers = [("authorization", authorization.as_str())];
    let path = format!("{record}/extend");
    let refused = send(house.url(), "POST", &path, &headers, &document).unwrap();
    assert!([403, 404].contains(&refused.status), "{}", refused.status);
    // The register knows the signature as before.
    let report = send(house.url(), "POST", "/public/verify", &[], &renewed.body).unwrap().json();
    assert_eq!(
        (&report["conclusion"], &report["verdict"]["reason"]),
        (&json!("valid"), &json!("valid"))
    );
    assert_eq!(report["signatures"][0]["seal"]["state_then"], "active");
    let void = json!({ "reason": "x" });
    house.post(&cast.caller, &format!("{record}/void"), &void).expect(200);
    assert_eq!(extend(&document, "").problem(409), "not-extendable");
    let files = [("archived", &archived.body, 2), ("renewed", &renewed.body, 3)];
    for days in [0, 5] {
        if days > 0 {
            later(&mut house, days);
        }
        for (name, bytes, signatures) in files {
            let file = directory.join(format!("{name}.pdf"));
            fs::write(&file, bytes).unwrap();
            passes_everywhere(&house, &file, (days, signatures));
        }
    }
    // Without a timestamp over its data, a document is worth what its data say now.
    let file = directory.join("long-term.pdf");
    fs::write(&file, &long_term.body).unwrap();
    let said = by_us(&house, &file, 5);
    assert_eq!(said["signatures"][0]["indication"], "TOTAL-PASSED", "the CA says so still");
}

#[test]
fn a_stranger_before_us_keeps_nobody_from_extending_unless_his_signature_is_certainly_wrong() {
    let house = house("B-LTA");
    let cast = Cast::hire(&house);
    let seal = people::granted(&house, &cast);
    let seal = |document: &[u8]| house.seal(&cast.caller, &people::request(&seal), document, None);
    let strangers = Signed::new([("licence", people::licence())]).file("licence");
    let reply = seal(&strangers);
    assert_eq!(reply.status, 201, "{}", String::from_utf8_lossy(&reply.body));
    let file = house.token.directory.path().join("both.pdf");
    fs::write(&file, &reply.body).unwrap();
    let report = by_us(&house, &file, 0);
    let said = |index: usize| report["signatures"][index]["verdict"]["reason"].clone();
    assert_eq!(
        (said(0), said(1), said(2)),
        ("unknown-issuer".into(), "valid".into(), "stamped".into())
    );
    // In the middle of what he signed.
    let mut wrong = strangers;
    let at = people::licence().len() / 2;
    wrong[at] ^= 1;
    let reply = seal(&wrong);
    assert_eq!(reply.problem(409), "not-extendable", "{}", String::from_utf8_lossy(&reply.body));
}

#[test]
fn the_command_line_extends_what_is_due() {
    let house = house("B-T");
    let (_, document, _) = sealed(&house);
    let directory = house.token.directory.path();
    let folder = directory.join("in");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("sealed.pdf"), &document).unwrap();
    fs::write(folder.join("plain.pdf"), people::licence()).unwrap();
    let extend = |from: &Path, files: &[&str], to: &str, more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealwright"));
        command.arg("extend").args(files.iter().map(|name| from.join(name)));
        command.arg("--trust").arg(directory.join("trust")).arg("--out").arg(directory.join(to));
        command.args(["--tsa", &format!("{}/tsa", house.url()), "--allow", "127.0.0.1"]).args(more);
        let (output, text) = try_run(&mut command);
        (output.status.code(), text)
    };
    let (code, text) = extend(&folder, &["sealed.pdf", "plain.pdf"], "out", &[]);
    assert_eq!(code, Some(5), "{text}");
    assert!(text.contains("plain.pdf: Unsigned"), "{text}");
    let out = directory.join("out");
    passes_everywhere(&house, &out.join("sealed.pdf"), (0, 2));
    assert!(!out.join("plain.pdf").exists());
    // Nothing is written over; what lasts is not due.
    assert_eq!(extend(&folder, &["sealed.pdf"], "out", &[]).0, Some(2));
    let (code, text) = extend(&out, &["sealed.pdf"], "again", &["--due", "30"]);
    assert!(code == Some(0) && text.contains("not due yet"), "{text}");
    // Another of the same authority makes it last no longer.
    let (code, text) = extend(&out, &["sealed.pdf"], "again", &["--due", "36500"]);
    assert!(code == Some(5) && text.contains("ends no later"), "{text}");
    let (code, text) = extend(&out, &["sealed.pdf"], "again", &[]);
    assert_eq!(code, Some(0), "{text}");
    passes_everywhere(&house, &directory.join("again/sealed.pdf"), (0, 3));
}

#[test]
fn documents_of_the_archive_are_renewed_in_their_places() {
    let mut house = house("B-T");
    let (_, document, _) = sealed(&house);
    let archive = house.token.directory.path().join("archive");
    fs::create_dir_all(archive.join("2026")).unwrap();
    let file = archive.join("2026/sealed.pdf");
    fs::write(&file, &document).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    if file.metadata().unwrap().uid() == 0 {
        std::os::unix::fs::chown(&file, Some(65_534), None).unwrap();
    }
    fs::write(archive.join("plain.pdf"), people::licence()).unwrap();
    fs::write(archive.join("broken.pdf"), &document[..5000]).unwrap();
    fs::write(archive.join("notes.txt"), "nothing to do").unwrap();
    // A name that is no UTF-8, and what is no file.
    let latin = archive.join(OsStr::from_bytes(b"latin\xe9.pdf"));
    fs::write(&latin, &document).unwrap();
    symlink(&file, archive.join("link.pdf")).unwrap();
    let known = || fs::read(archive.join("renewal.json")).ok();
    let known = || known().map(|text| serde_json::from_slice::<Value>(&text).unwrap());
    let place = archive.display();
    let wanted = format!("[archive]\ndirectory = \"{place}\"\ndue_days = 30\n[ca]\n");
    begin_again(&mut house, "[ca]\n", &wanted);
    let index = until("the archive was looked through", known);
    assert_eq!(index.as_object().unwrap().len(), 4, "{index:#}");
    assert!(fs::read(&latin).unwrap().len() > document.len());
    let problem = |name: &str| index[name]["problem"].as_str().unwrap_or_default().to_owned();
    assert_eq!(index["2026/sealed.pdf"]["problem"], Value::Null);
    assert!(problem("plain.pdf").starts_with("Unsigned"), "{index:#}");
    assert!(!problem("broken.pdf").is_empty());
    let renewed = fs::read(&file).unwrap();
    assert!(renewed.starts_with(&document));
    passes_everywhere(&house, &file, (0, 2));
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&archive.join("renewal.json")), 0o600, "names are nobody else's");
    let owner = archive.metadata().unwrap().uid();
    assert_eq!(file.metadata().unwrap().uid(), if owner == 0 { 65_534 } else { owner });
    assert_eq!(mode(&file), 0o640);
    assert_eq!(fs::read(archive.join("plain.pdf")).unwrap(), people::licence());
    // What lasts stays as it is: a new document is seen, and the old one is not touched.
    fs::write(archive.join("another.pdf"), &document).unwrap();
    begin_again(&mut house, "due_days = 30", "due_days = 31");
    until("the other one was looked into", || known().filter(|k| k["another.pdf"].is_object()));
    assert_eq!(fs::read(&file).unwrap(), renewed);
    // Another timestamp of an authority that ends as soon would help nobody.
    begin_again(&mut house, "due_days = 31", "due_days = 36500");
    let why = until("it is looked into", || {
        known()?["2026/sealed.pdf"]["problem"].as_str().map(str::to_owned)
    });
    assert!(why.contains("ends no later"), "{why}");
    house.stop();
    assert_eq!(fs::read(&file).unwrap(), renewed);
}

fn begin_again(house: &mut House, find: &str, replace: &str) {
    house.stop();
    house.configure(find, replace);
    house.start();
}
