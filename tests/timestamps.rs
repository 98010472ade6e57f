//! The built-in time-stamping authority and B-T signatures, judged by OpenSSL and pyHanko.

mod support;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use support::{
    database::Engine,
    people::{self, Cast},
    python_tool, run,
    server::{House, Reply, send},
    try_run,
};

fn house() -> (House, PathBuf) {
    let mut house = House::new(Engine::Sqlite);
    house.start();
    let root = root_of(&house);
    (house, root)
}

fn root_of(house: &House) -> PathBuf {
    let path = house.token.directory.path().join("root.pem");
    let known = send(house.url(), "GET", "/.well-known/sealwright", &[], &[]).unwrap().expect(200);
    fs::write(&path, known["root_certificates"][0].as_str().unwrap()).unwrap();
    path
}

fn query(directory: &Path, data: &Path, arguments: &[&str]) -> Vec<u8> {
    let path = directory.join("query.tsq");
    run(Command::new("openssl")
        .args(["ts", "-query", "-data"])
        .arg(data)
        .args(arguments)
        .arg("-out")
        .arg(&path));
    fs::read(path).unwrap()
}

fn ask(house: &House, query: &[u8]) -> Reply {
    let kind = [("content-type", "application/timestamp-query")];
    send(house.url(), "POST", "/tsa", &kind, query).unwrap()
}

#[test]
fn openssl_verifies_our_tokens() {
    let (house, root) = house();
    let directory = house.token.directory.path();
    let (data, reply) = (directory.join("data"), directory.join("reply.tsr"));
    for digest in ["-sha256", "-sha384", "-sha512", "-sm3"] {
        for more in [&["-cert"][..], &["-cert", "-no_nonce"]] {
            fs::write(&data, b"what is stamped").unwrap();
            let query = query(directory, &data, &[&[digest], more].concat());
            let answer = ask(&house, &query);
            assert_eq!(answer.status, 200);
            assert_eq!(answer.header("content-type"), Some("application/timestamp-reply"));
            fs::write(&reply, &answer.body).unwrap();
            let verify = |what: [&str; 2]| {
                let mut command = Command::new("openssl");
                command.args(["ts", "-verify", "-in"]).arg(&reply).args(what);
                try_run(command.arg("-CAfile").arg(&root))
            };
            let by_query = verify(["-queryfile", directory.join("query.tsq").to_str().unwrap()]);
            assert!(by_query.1.contains("Verification: OK"), "{digest}: {}", by_query.1);
            let (output, text) = verify(["-data", data.to_str().unwrap()]);
            assert!(output.status.success(), "{text}");
            fs::write(&data, b"something else").unwrap();
            let (output, _) = verify(["-data", data.to_str().unwrap()]);
            assert!(!output.status.success(), "this judge can say no");
        }
    }
    // Without the certificate in it, whoever has the certificate can verify it.
    let query = query(directory, &data, &["-sha256"]);
    let small = ask(&house, &query).body;
    let text = |reply: &[u8]| {
        let path = directory.join("text.tsr");
        fs::write(&path, reply).unwrap();
        run(Command::new("openssl").args(["ts", "-reply", "-text", "-in"]).arg(path))
    };
    assert!(small.len() < 700, "{} bytes", small.len());
    for wanted in ["Status: Granted", "Policy OID: 1.3.6.1.4.1.32473.1.1", "Accuracy: 0x01 seconds"]
    {
        assert!(text(&small).contains(wanted), "{wanted}: {}", text(&small));
    }
    // Nobody's serial number is anybody else's.
    let serials: BTreeSet<String> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..16)
            .map(|_| scope.spawn(|| (0..4).map(|_| ask(&house, &query).body).collect::<Vec<_>>()))
            .collect();
        let replies = asking.into_iter().flat_map(|thread| thread.join().unwrap());
        replies
            .enumerate()
            .map(|(n, reply)| {
                let path = directory.join(format!("{n}.tsr"));
                fs::write(&path, reply).unwrap();
                let text =
                    run(Command::new("openssl").args(["ts", "-reply", "-text", "-in"]).arg(path));
                text.lines().find(|line| line.contains("Serial number")).unwrap().to_owned()
            })
            .collect()
    });
    assert_eq!(serials.len(), 64);
}

#[test]
fn what_is_not_a_fitting_query_is_refused_in_the_protocols_own_words() {
    let (house, _) = house();
    let directory = house.token.directory.path();
    let data = directory.join("data");
    fs::write(&data, b"what is stamped").unwrap();
    let text = |query: &[u8]| {
        let reply = ask(&house, query);
        assert_eq!(reply.status, 200);
        let path = directory.join("refusal.tsr");
        fs::write(&path, reply.body).unwrap();
        run(Command::new("openssl").args(["ts", "-reply", "-text", "-in"]).arg(path))
    };
    let sha1 = text(&query(directory, &data, &["-sha1"]));
    assert!(
        sha1.contains("Rejected") && sha1.contains("unrecognized or unsupported algorithm"),
        "{sha1}"
    );
    let policy = text(&query(directory, &data, &["-sha256", "-tspolicy", "1.2.3.4"]));
    assert!(policy.contains("the requested TSA policy is not supported"), "{policy}");
    let garbage = text(b"garbage");
    assert!(garbage.contains("the data submitted has the wrong format"), "{garbage}");
    let plain = send(house.url(), "POST", "/tsa", &[("content-type", "text/plain")], b"x").unwrap();
    assert_eq!(plain.problem(415), "timestamp-query-expected");
    assert_eq!(ask(&house, &[0; 5000]).problem(413), "body-too-large");
}

#[test]
fn pyhanko_signs_with_our_timestamps() {
    let (house, root) = house();
    let directory = house.token.directory.path();
    let script = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
        -subj /CN=Someone -addext keyUsage=critical,digitalSignature,nonRepudiation \
        -keyout key.pem -out cert.pem 2>/dev/null";
    run(Command::new("bash").args(["-c", script]).current_dir(directory));
    let signed = directory.join("theirs.pdf");
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/test-vectors/samples/licence.pdf");
    let url = format!("{}/tsa", house.url());
    run(python_tool("pyhanko")
        .args(["sign", "addsig", "--field", "Theirs", "--use-pades", "--timestamp-url", &url])
        .args(["pemder", "--no-pass", "--key", "key.pem", "--cert", "cert.pem", sample])
        .arg(&signed)
        .current_dir(directory));
    let text = run(python_tool("pyhanko")
        .args(["sign", "validate", "--pretty-print", "--trust"])
        .arg(&root)
        .args(["--trust", "cert.pem"])
        .arg(&signed)
        .current_dir(directory));
    let good = ["judged VALID", "The TSA certificate is trusted"];
    assert!(good.iter().all(|wanted| text.contains(wanted)), "{text}");
}

#[test]
fn a_timestamped_seal_outlives_its_certificate() {
    let mut house = House::new(Engine::Sqlite);
    house.configure("[ca]\n", "[ca]\nseal_days = 1\ncrl_hours = 96\n");
    house.start();
    let root = root_of(&house);
    let cast = Cast::hire(&house);
    let seal = people::granted(&house, &cast);
    let file = house.token.directory.path().join("sealed.pdf");
    let reply = house.seal(&cast.caller, &people::request(&seal), &people::licence(), None);
    assert_eq!(reply.status, 201, "{}", String::from_utf8_lossy(&reply.body));
    fs::write(&file, &reply.body).unwrap();
    // pyHanko is asked as of now and a day after the certificate expired; it fetches the revocation
    // list from the running service either time.
    for days in [0, 2] {
        let pyhanko = Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/bin/pyhanko");
        let (output, text) = try_run(
            Command::new(pyhanko)
                .envs(support::ahead(days))
                .args(["sign", "adesverify", "--pretty-print", "--trust"])
                .args([&root, &file]),
        );
        let good = ["judged VALID", "The TSA certificate is trusted"];
        let said = good.iter().all(|wanted| text.contains(wanted));
        assert!(output.status.success() && said, "+{days} days: {text}");
    }
    let report = house.command().args(["--json", "verify"]).arg(&file).output().unwrap();
    let report: Value = serde_json::from_slice(&report.stdout).unwrap();
    let named = |name: &str| {
        let checks = report["signatures"][0]["checks"].as_array().unwrap();
        checks.iter().find(|check| check["name"] == name).unwrap()["passed"].clone()
    };
    assert_eq!(named("timestamp"), Value::Null, "nobody is trusted here");
}

#[test]
fn authorities_elsewhere_are_asked_one_after_the_other() {
    let (authority, root) = house();
    let mut house = House::new(Engine::Sqlite);
    let trust = house.token.directory.path().join("tsa-trust");
    fs::create_dir(&trust).unwrap();
    fs::copy(&root, trust.join("root.pem")).unwrap();
    let servers = |urls: &[&str]| {
        let list: Vec<_> = urls.iter().map(|url| format!("{{ url = \"{url}\" }}")).collect();
        let (list, trust) = (list.join(", "), trust.display());
        format!(
            "[timestamps]\nsource = \"servers\"\ntrust = \"{trust}\"\nservers = [{list}]\n[ca]\n"
        )
    };
    let theirs = format!("{}/tsa", authority.url());
    // Nobody listens there; somebody listens, but is no authority; and then one.
    let dead = "http://127.0.0.1:9/tsa";
    let other = format!("{}/healthz", authority.url());
    house.configure("[ca]\n", &servers(&[dead, &other, &theirs]));
    house.start();
    let cast = Cast::hire(&house);
    let seal = people::granted(&house, &cast);
    let request = people::request(&seal);
    let seal_one = |house: &House| house.seal(&cast.caller, &request, &people::licence(), None);
    let reply = seal_one(&house);
    assert_eq!(reply.status, 201, "{}", String::from_utf8_lossy(&reply.body));
    let file = house.token.directory.path().join("sealed.pdf");
    fs::write(&file, &reply.body).unwrap();
    let own_root = root_of(&house);
    let text = run(python_tool("pyhanko")
        .args(["sign", "validate", "--pretty-print", "--trust"])
        .arg(&root)
        .arg("--trust")
        .args([&own_root, &file]));
    assert!(
        text.contains("judged VALID") && text.contains("Test Authority Time-Stamping"),
        "{text}"
    );

    // Without any, nothing is released, and the use of the grant is given back.
    house.stop();
    house.configure(&theirs, dead);
    house.start();
    assert_eq!(seal_one(&house).problem(503), "timestamp-unavailable");
    let listed = house.get(&cast.caller, "/v1/signatures?state=failed").expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let grants = house.get(&cast.keeper, &format!("/v1/seals/{seal}/grants")).expect(200);
    assert_eq!(grants[0]["used"], 1);

    // An authority that nobody trusts is none.
    house.stop();
    fs::copy(&own_root, trust.join("root.pem")).unwrap();
    house.configure(dead, &theirs);
    house.start();
    assert_eq!(seal_one(&house).problem(503), "timestamp-unavailable");
}

#[test]
fn policy_tells_which_seals_get_timestamps() {
    let mut house = House::new(Engine::Sqlite);
    house.set_level("B-B");
    house.start();
    let cast = Cast::hire(&house);
    let seal = people::granted(&house, &cast);
    let reply = house.seal(&cast.caller, &people::request(&seal), &people::licence(), None);
    assert_eq!(reply.status, 201);
    let file = house.token.directory.path().join("sealed.pdf");
    fs::write(&file, &reply.body).unwrap();
    let text = run(python_tool("pyhanko")
        .args(["sign", "validate", "--pretty-print", "--trust"])
        .args([&root_of(&house), &file]));
    assert!(text.contains("judged VALID") && !text.contains("Time-Stamping"), "{text}");
}

#[test]
fn a_service_from_before_timestamps_gets_what_it_lacks() {
    let mut house = House::new(Engine::Sqlite);
    let database = house.database.trim_start_matches("sqlite://").split('?').next().unwrap();
    let forget = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); \
                  c.execute(\"DELETE FROM service_certificates WHERE purpose = 'tsa'\"); c.commit()";
    run(python_tool("python").args(["-c", forget, database]));
    house.start();
    let directory = house.token.directory.path();
    let data = directory.join("data");
    fs::write(&data, b"x").unwrap();
    assert!(ask(&house, &query(directory, &data, &["-sha256", "-cert"])).body.len() > 1000);
}
