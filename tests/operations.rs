//! The service under an operator's hands: a token in trouble, health, doctor, graceful ends, TLS.

mod support;

use std::{fs, io::Write, net::TcpStream, process::Command};

use serde_json::{Value, json};
use support::{
    database::Engine,
    people::{self, Cast},
    server::{House, send},
    token::TestToken,
    try_run, until,
};

/// Each misbehaviour of the token: what callers are told, and that service goes on afterwards
/// without a restart.
#[test]
fn every_trouble_of_the_token_has_its_answer() {
    let mut house = House::with(Engine::Sqlite, TestToken::double(), "");
    house.start();
    let cast = Cast::hire(&house);
    let seal = people::granted(&house, &cast);
    let licence = people::licence();
    let request = people::request(&seal);
    let ready = || send(house.url(), "GET", "/readyz", &[], &[]).unwrap();
    for (command, codes) in [
        ("removed=1", &["token-unavailable"][..]),
        ("wrong_signature=1", &["token-fault", "token-unavailable"]),
        ("garbage_length=1", &["token-fault", "token-unavailable"]),
        ("hang=1", &["token-timeout", "token-unavailable"]),
    ] {
        assert_eq!(ready().status, 200, "before {command}");
        house.token.control(command);
        let reply = house.seal(&cast.caller, &request, &licence, None);
        let code = reply.problem(503);
        assert!(codes.contains(&code.as_str()), "{command}: {code}");
        assert!(reply.header("retry-after").is_some());
        assert_eq!(reply.json()["retryable"], true);
        until("it is not ready", || (ready().status == 503).then_some(()));
        assert_eq!(send(house.url(), "GET", "/healthz", &[], &[]).unwrap().status, 200);
        house.token.control("");
        until("it serves again", || {
            (house.seal(&cast.caller, &request, &licence, None).status == 201).then_some(())
        });
        until("it is ready again", || (ready().status == 200).then_some(()));
    }
    let open = house.get(&cast.auditor, "/v1/signatures?state=intended").expect(200);
    assert_eq!(open["items"].as_array().unwrap().len(), 0, "nothing is left under way");
}

#[test]
fn a_lost_key_is_a_question_for_a_person() {
    let mut house = House::new(Engine::Sqlite);
    house.start();
    let cast = Cast::hire(&house);
    let seal = people::granted(&house, &cast);
    house.stop();
    house.token.init_softhsm();
    house.start();
    let reply = house.seal(&cast.caller, &people::request(&seal), &people::licence(), None);
    assert_eq!(reply.problem(503), "key-missing");
    let key = house.get(&cast.auditor, &format!("/v1/seals/{seal}")).expect(200);
    assert_eq!(key["versions"][0]["state"], "active", "nothing was deleted or changed");
}

#[test]
fn doctor_tells_what_fails_and_what_to_do() {
    let house = House::with(Engine::Sqlite, TestToken::double(), "");
    let doctor = || -> (Option<i32>, Value) {
        let output = house.command().args(["--json", "doctor"]).output().unwrap();
        (output.status.code(), serde_json::from_slice(&output.stdout).unwrap())
    };
    assert_eq!(doctor().0, Some(0));
    house.token.control("sm2_as_ecdsa=1");
    let (code, findings) = doctor();
    assert_eq!(code, Some(4));
    let bad: Vec<_> =
        findings.as_array().unwrap().iter().filter(|finding| finding["good"] == false).collect();
    assert_eq!(bad.len(), 1);
    assert!(bad[0]["detail"].as_str().unwrap().contains("not SM2DSA"));
    assert!(bad[0]["remedy"].is_string());
    let (output, text) = try_run(house.command().args(["token", "probe"]));
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains("p256: offered") && text.contains("sm2: REFUSED"), "{text}");
    house.token.control("");
    fs::write(&house.token.pin_file, "9999").unwrap();
    let (code, findings) = doctor();
    assert_eq!(code, Some(4));
    assert!(!findings.to_string().contains("9999"), "the PIN is in no message");
    let (output, _) = try_run(house.command().args([
        "init",
        "--organization",
        "x",
        "--uscc",
        "1",
        "--administrator",
        "y",
    ]));
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_graceful_end_lets_requests_finish() {
    let mut house = House::with(Engine::Sqlite, TestToken::double(), "");
    house.start();
    let cast = Cast::hire(&house);
    let seal = people::granted(&house, &cast);
    let (url, licence, request) =
        (house.url().to_owned(), people::licence(), people::request(&seal));
    house.token.control("hang=1");
    let control = house.token.directory.path().join("control");
    let status = std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            support::server::try_seal(&url, &cast.caller, &request, &licence, None).unwrap().status
        });
        until("it is under way", || {
            let open = house.get(&cast.auditor, "/v1/signatures?state=intended").expect(200);
            (open["items"].as_array().unwrap().len() == 1).then_some(())
        });
        let stopping = scope.spawn(|| house.stop());
        until("it takes no new requests", || send(&url, "GET", "/healthz", &[], &[]).err());
        fs::write(control, "").unwrap();
        stopping.join().unwrap();
        asking.join().unwrap()
    });
    assert_eq!(status, 201, "the request under way was finished before the end");
}

/// A caller who goes away while the token signs leaves nothing half-made: the act is finished and
/// on record, and the same key gives its answer.
#[test]
fn a_caller_who_goes_away_leaves_nothing_half_made() {
    let mut house = House::with(Engine::Sqlite, TestToken::double(), "");
    house.start();
    let cast = Cast::hire(&house);
    let seal = people::granted(&house, &cast);
    let (request, licence) = (people::request(&seal), people::licence());
    let (kind, body) = support::server::multipart(&request, &licence);
    house.token.control("hang=1");
    let mut stream = TcpStream::connect(house.url().trim_start_matches("http://")).unwrap();
    let head = format!(
        "POST /v1/signatures HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
         idempotency-key: gone\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
        cast.caller,
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&body).unwrap();
    let records = |state: &str| {
        let path = format!("/v1/signatures?state={state}");
        house.get(&cast.auditor, &path).expect(200)["items"].as_array().unwrap().len()
    };
    until("it is under way", || (records("intended") == 1).then_some(()));
    drop(stream);
    house.token.control("");
    until("it is finished", || (records("completed") == 1).then_some(()));
    assert_eq!(records("intended"), 0);
    let again = house.seal(&cast.caller, &request, &licence, Some("gone"));
    assert_eq!((again.status, again.header("idempotent-replayed")), (201, Some("true")));
    assert_eq!(records("completed"), 1);
}

#[test]
fn tls_by_certificate_files() {
    let token = TestToken::softhsm();
    let directory = token.directory.path().to_owned();
    let (pem, key) = (directory.join("tls.pem"), directory.join("tls.key"));
    support::run(Command::new("openssl").args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-subj",
        "/CN=localhost",
        "-days",
        "2",
        "-out",
        pem.to_str().unwrap(),
        "-keyout",
        key.to_str().unwrap(),
    ]));
    let mut house = House::with(Engine::Sqlite, token, "");
    let text = fs::read_to_string(&house.config).unwrap();
    let tls = format!("[http]\ntls_certificate = {pem:?}\ntls_key = {key:?}\n");
    fs::write(&house.config, text.replacen("[http]\n", &tls, 1)).unwrap();
    house.start();
    let port = house.url().rsplit(':').next().unwrap().to_owned();
    let script = format!(
        "printf 'GET /readyz HTTP/1.0\\r\\n\\r\\n' | openssl s_client -quiet -ign_eof -connect 127.0.0.1:{port} -CAfile {} 2>/dev/null",
        pem.display()
    );
    let text = support::run(Command::new("bash").args(["-c", &script]));
    assert!(text.contains("200 OK") && text.contains("ready"), "{text}");
}

#[test]
fn logs_hold_no_secrets() {
    let mut house = House::new(Engine::Sqlite);
    let directory = house.token.directory.path().to_owned();
    house.start();
    let key = house.administrator.clone();
    let new = json!({ "organization_id": house.root, "name": "张三丰" });
    house.post(&key, "/v1/persons", &new).expect(201);
    house.get(&key, "/v1/seals?code=SECRETQUERY").expect(200);
    house.stop();
    // The same once more, with the log in a file.
    let log = fs::File::create(directory.join("log")).unwrap();
    let mut child =
        house.command().arg("serve").env("RUST_LOG", "debug").stderr(log).spawn().unwrap();
    let url = fs::read_to_string(&house.config).unwrap();
    let url = url
        .lines()
        .find_map(|l| l.strip_prefix("public_url = "))
        .unwrap()
        .trim_matches('"')
        .to_owned();
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    until("it listens", || send(&url, "GET", "/healthz", &[], &[]).ok());
    send(&url, "POST", "/v1/persons", &headers, new.to_string().as_bytes()).unwrap().expect(201);
    send(&url, "GET", "/v1/seals?code=SECRETQUERY", &headers, &[]).unwrap();
    support::terminate(child.id());
    child.wait().unwrap();
    let log = fs::read_to_string(directory.join("log")).unwrap();
    assert!(log.contains("answered"));
    let pin = fs::read_to_string(&house.token.pin_file).unwrap();
    for secret in
        [key.rsplit('_').next().unwrap(), "张三丰", "SECRETQUERY", &format!("\"{}\"", pin.trim())]
    {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}
