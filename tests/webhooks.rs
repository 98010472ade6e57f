//! Events that others are told: by HTTP, judged by the library of the Standard Webhooks project, and
//! by e-mail, taken by somebody else's mail server.

mod support;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU16, Ordering},
    },
};

use serde_json::{Value, json};
use support::{
    database::Engine,
    people::{self, Cast, id},
    python_tool, run,
    server::House,
};

/// A receiver that answers with a status and keeps what it is sent.
struct Receiver {
    url: String,
    status: Arc<AtomicU16>,
    received: Arc<Mutex<Vec<Request>>>,
}

#[derive(Clone)]
struct Request {
    headers: Vec<(String, String)>,
    body: String,
}

impl Request {
    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    fn event(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

impl Receiver {
    fn open(status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (status, received) = (Arc::new(AtomicU16::new(status)), Arc::default());
        let (answers, kept) = (Arc::clone(&status), Arc::clone(&received));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = take(stream, answers.load(Ordering::SeqCst), &kept);
            }
        });
        Self { url, status, received }
    }

    fn received(&self) -> Vec<Request> {
        self.received.lock().unwrap().clone()
    }
}

fn take(stream: TcpStream, status: u16, kept: &Mutex<Vec<Request>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(&stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    kept.lock().unwrap().push(Request { headers, body: String::from_utf8(body).unwrap() });
    let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    (&stream).write_all(answer.as_bytes())
}

const OPEN: &str = "[webhooks]\nprivate_addresses = true\nplain_http = true\n";

fn open(engine: Engine, webhooks: &str) -> (House, Cast) {
    let mut house = House::new(engine);
    house.configure("[ca]\n", &format!("{webhooks}[ca]\n"));
    house.start();
    let cast = Cast::hire(&house);
    (house, cast)
}

fn subscribe(house: &House, organization: &str, url: &str, events: Value) -> Value {
    let new = json!({ "organization_id": organization, "url": url, "events": events });
    house.post(&house.administrator, "/v1/webhooks", &new).expect(201)
}

/// What the project's own library says of a delivery.
fn judge(secret: &str, request: &Request) -> String {
    let program = "import sys, json\nfrom standardwebhooks import Webhook\n\
        h = {k: sys.argv[i] for i, k in enumerate(('webhook-id', 'webhook-timestamp', 'webhook-signature'), 3)}\n\
        print('good', json.dumps(Webhook(sys.argv[1]).verify(sys.argv[2], h), ensure_ascii=False))";
    let headers = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    let (_, text) = support::try_run(
        python_tool("python")
            .args(["-c", program, secret, &request.body])
            .args(headers.map(|name| request.header(name))),
    );
    text
}

fn told(engine: Engine) {
    let (house, cast) = open(engine, OPEN);
    let receiver = Receiver::open(204);
    let webhook = subscribe(&house, &house.root, &receiver.url, json!(["seal-version.*"]));
    let secret = webhook["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_"));
    let listed = house.get(&house.administrator, "/v1/webhooks").expect(200);
    assert!(listed["items"][0].get("secret").is_none(), "{listed}");
    // What belongs to somebody beside is not told.
    let beside = Cast::hire_in(&house, "11990102MAEXAMPL4W", "示例市公安局");
    let other = Receiver::open(204);
    subscribe(&house, &beside.organization, &other.url, json!([]));

    let seal = people::active(&house, &cast);
    let all = support::until("three events", || {
        let received = receiver.received();
        (received.len() >= 3).then_some(received)
    });
    let types: Vec<_> =
        all.iter().map(|one| one.event()["type"].as_str().unwrap().to_owned()).collect();
    let expected = ["generate-key", "make", "register"].map(|verb| format!("seal-version.{verb}"));
    assert_eq!(types, expected);
    for request in &all {
        assert!(judge(secret, request).starts_with("good"), "{}", judge(secret, request));
        assert_eq!(request.event()["data"]["organization_id"], json!(cast.organization));
    }
    let mut forged = all[0].clone();
    forged.body = forged.body.replace("generate-key", "register");
    assert!(!judge(secret, &forged).starts_with("good"));
    assert!(!judge("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &all[0]).starts_with("good"));
    let own = |one: &Request| one.event()["data"]["organization_id"] == json!(beside.organization);
    assert!(other.received().iter().all(own), "others are told of their own");
    // Disabled, it is told nothing any more.
    let path = format!("/v1/webhooks/{}/disable", id(&webhook));
    house.post(&house.administrator, &path, &json!({})).expect(200);
    let why = json!({ "reason": "盘点" });
    house.post(&cast.registrar, &format!("/v1/seals/{seal}/suspend"), &why).expect(200);
    let path = format!("/v1/webhooks/{}/deliveries", id(&webhook));
    let kept = house.get(&house.administrator, &path).expect(200);
    assert_eq!(kept["items"].as_array().unwrap().len(), 3);
}

#[test]
fn events_are_told_and_others_verify_them_on_sqlite() {
    told(Engine::Sqlite);
}

#[test]
fn events_are_told_and_others_verify_them_on_postgres() {
    told(Engine::Postgres);
}

#[test]
fn a_receiver_that_fails_loses_nothing() {
    let pauses = "retry_seconds = [0, 0, 0, 3600]\n";
    let (mut house, cast) = open(Engine::Sqlite, &format!("{OPEN}{pauses}"));
    let receiver = Receiver::open(500);
    let webhook =
        subscribe(&house, &cast.organization, &receiver.url, json!(["application.apply"]));
    let new = json!({
        "organization_id": cast.organization, "kind": "create", "seal_kind": "finance",
        "seal_name": "财务专用章", "reason": "需要",
    });
    people::apply(&house, &cast.applicant, &new).expect(201);
    let path = format!("/v1/webhooks/{}/deliveries", id(&webhook));
    let first = |house: &House| {
        let all = house.get(&house.administrator, &path).expect(200);
        all["items"].as_array().unwrap().first().cloned()
    };
    // Four tries fail at once; then it waits an hour, whatever becomes of the service.
    let waiting = support::until("four tries", || first(&house).filter(|d| d["attempts"] == 4));
    assert_eq!((&waiting["state"], receiver.received().len()), (&json!("pending"), 4));
    assert_eq!(waiting["last_error"], "it answers with status 500");
    house.kill();
    house.start();
    receiver.status.store(200, Ordering::SeqCst);
    let replay = format!("{path}/{}/replay", id(&waiting));
    let early = house.post(&house.administrator, &replay, &json!({}));
    assert_eq!(early.problem(409), "delivery-not-replayable", "it is tried again by itself");
    // The hour passes.
    house.stop();
    let database = house.database.trim_start_matches("sqlite://").split('?').next().unwrap();
    let script = format!(
        "import sqlite3; c = sqlite3.connect('{database}'); \
         c.execute(\"UPDATE deliveries SET next_at = next_at - 3600000000\"); c.commit()"
    );
    run(python_tool("python").args(["-c", &script]));
    house.start();
    support::until("the delivery", || first(&house).filter(|d| d["state"] == "delivered"));
    let all = receiver.received();
    assert_eq!(all.len(), 5);
    let ids: Vec<_> = all.iter().map(|one| one.header("webhook-id").to_owned()).collect();
    assert!(ids.iter().all(|one| *one == ids[0]), "the receiver can tell that it is the same");
    assert!(all.iter().all(|one| one.body == all[0].body));

    // Given up, it is a dead letter, and can be replayed.
    house.stop();
    house.configure("[0, 0, 0, 3600]", "[0]");
    house.start();
    receiver.status.store(503, Ordering::SeqCst);
    let mut next = new.clone();
    next["seal_name"] = json!("财务专用章（2）");
    people::apply(&house, &cast.applicant, &next).expect(201);
    let dead = format!("{path}?state=dead");
    let letter = support::until("a dead letter", || {
        let all = house.get(&house.administrator, &dead).expect(200);
        all["items"].as_array().unwrap().first().cloned()
    });
    receiver.status.store(200, Ordering::SeqCst);
    let replay = format!("{path}/{}/replay", id(&letter));
    assert_eq!(house.post(&cast.registrar, &replay, &json!({})).problem(403), "denied-by-policy");
    house.post(&house.administrator, &replay, &json!({})).expect(200);
    support::until("the replay", || {
        let all = house.get(&house.administrator, &dead).expect(200);
        all["items"].as_array().unwrap().is_empty().then_some(())
    });
    // Who answers 410 wants no more.
    receiver.status.store(410, Ordering::SeqCst);
    next["seal_name"] = json!("财务专用章（3）");
    people::apply(&house, &cast.applicant, &next).expect(201);
    support::until("the end", || {
        let all = house.get(&house.administrator, "/v1/webhooks").expect(200);
        all["items"][0]["disabled_at"].is_string().then_some(())
    });
}

#[test]
fn webhooks_go_where_they_may() {
    let (house, cast) = open(Engine::Sqlite, "");
    let refuse = |url: &str, events: Value| {
        let new = json!({ "organization_id": cast.organization, "url": url, "events": events });
        house.post(&house.administrator, "/v1/webhooks", &new).problem(422)
    };
    for url in [
        "http://example.com/",
        "ftp://example.com/",
        "https://",
        "https://a:b@example.com/",
        "mailto:a@example.com",
        "https://example.com/ x",
    ] {
        assert_eq!(refuse(url, json!([])), "invalid-webhook-url", "{url}");
    }
    assert_eq!(refuse("https://example.com/", json!(["*"])), "invalid-event-type");
    let new = json!({ "organization_id": cast.organization, "url": "https://example.com/" });
    let denied = house.post(&cast.registrar, "/v1/webhooks", &new);
    assert_eq!(denied.problem(403), "denied-by-policy");
    // A name that leads into one's own network is not called.
    let receiver = Receiver::open(200);
    let local = receiver.url.replace("http://127.0.0.1", "https://localhost");
    let webhook = subscribe(&house, &cast.organization, &local, json!([]));
    let path = format!("/v1/webhooks/{}/deliveries", id(&webhook));
    let why = support::until("a try", || {
        let all = house.get(&house.administrator, &path).expect(200);
        all["items"][0]["last_error"].as_str().map(str::to_owned)
    });
    assert_eq!(why, "its name leads to no address that may be called");
    assert!(receiver.received().is_empty());
}

/// Somebody else's mail server, which prints what it is sent.
struct MailServer {
    child: Child,
    port: u16,
    received: Arc<Mutex<String>>,
}

impl MailServer {
    fn open() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let program = format!(
            "import asyncio, sys\nfrom aiosmtpd.controller import Controller\n\
             from aiosmtpd.handlers import Debugging\n\
             c = Controller(Debugging(sys.stdout), hostname='127.0.0.1', port={port})\n\
             c.start(); print('ready', flush=True); sys.stdin.read()"
        );
        let mut child = python_tool("python")
            .args(["-u", "-c", &program])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut ready = String::new();
        lines.read_line(&mut ready).unwrap();
        assert_eq!(ready.trim(), "ready");
        let received = Arc::<Mutex<String>>::default();
        let kept = Arc::clone(&received);
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                kept.lock().unwrap().push_str(&format!("{line}\n"));
            }
        });
        Self { child, port, received }
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn reminders_come_by_mail_once_for_each_step() {
    let server = MailServer::open();
    let mail = format!(
        "{OPEN}[mail]\nserver = \"127.0.0.1\"\nport = {}\nencryption = \"none\"\n\
         from = \"Sealwright <seals@example.gov.cn>\"\n",
        server.port
    );
    let mut house = House::new(Engine::Sqlite);
    house.configure("[ca]\n", &format!("{mail}[ca]\nseal_days = 20\n"));
    house.start();
    let cast = Cast::hire(&house);
    let webhook =
        subscribe(&house, &cast.organization, "mailto:clerk@example.gov.cn", json!(["reminder.*"]));
    let seal = people::active(&house, &cast);
    // The clock's turn comes at every start.
    for _ in 0..2 {
        house.stop();
        house.start();
        let path = format!("/v1/webhooks/{}/deliveries?state=delivered", id(&webhook));
        let all = support::until("the reminder", || {
            let all = house.get(&house.administrator, &path).expect(200);
            let all = all["items"].as_array().unwrap().clone();
            (!all.is_empty()).then_some(all)
        });
        assert_eq!(all.len(), 1, "{all:?}");
        let body: Value = serde_json::from_str(all[0]["body"].as_str().unwrap()).unwrap();
        assert_eq!(body["type"], "reminder.seal-expiry");
        assert_eq!(
            (&body["data"]["days"], &body["data"]["subject"]),
            (&json!(30), &json!(format!("seal:{seal}")))
        );
    }
    let text = support::until("the letter", || {
        let text = server.received.lock().unwrap().clone();
        text.contains("END MESSAGE").then_some(text)
    });
    assert!(text.contains("clerk@example.gov.cn") && text.contains("Subject: "), "{text}");
    assert_eq!(text.matches("END MESSAGE").count(), 1);
}
