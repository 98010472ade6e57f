//! Fetching what certificates name: from servers that answer well, badly, never or for ever, and that
//! send whoever asks to addresses where nobody may go.

mod support;

use std::{
    fs,
    process::{Child, Command, Stdio},
    sync::Arc,
};

use sealwright::{
    app,
    clients::guard::Network,
    config::FetchingConfig,
    domain::{
        SystemClock,
        report::{Report, SubIndication},
        source::Source,
    },
    pki::Certificate,
    verification::{self, Fetching, Options},
};
use serde_json::Value;
use support::{python_tool, server::send, try_run, until};

struct Elsewhere {
    directory: tempfile::TempDir,
    server: Child,
    port: String,
}

impl Elsewhere {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/fetching.py");
        let mut command = python_tool("python");
        let server =
            command.arg(script).arg(directory.path()).stdin(Stdio::piped()).spawn().unwrap();
        let ready = directory.path().join("ready");
        let port = until("the servers are ready", || fs::read_to_string(&ready).ok());
        Self { directory, server, port }
    }

    fn judge(&self, manner: &str, fetching: &Arc<Fetching>) -> Report {
        let read = |name: &str| fs::read(self.directory.path().join(name)).unwrap();
        let root = String::from_utf8(read("root.pem")).unwrap();
        let mut options = Options::trusting_nobody(sealwright::domain::Clock::now(&SystemClock));
        options.trust.roots = Certificate::from_pem(&root).unwrap();
        options.signature = Some(read(&format!("{manner}.p7s")));
        options.fetching = Some(Arc::clone(fetching));
        verification::verify(&Source::memory(read("document")), &options).report
    }

    /// Which paths were asked for, at which addresses.
    fn hits(&self) -> Vec<(String, String)> {
        let url = format!("http://127.0.0.1:{}", self.port);
        let hits = send(&url, "GET", "/hits", &[], &[]).unwrap().json();
        serde_json::from_value(hits).unwrap()
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        drop(self.server.stdin.take());
        let _ = self.server.wait();
    }
}

fn fetching(networks: &[&str]) -> Arc<Fetching> {
    let networks = networks.iter().map(|text| Network::parse(text).unwrap()).collect();
    let config = FetchingConfig { networks, timeout_ms: 1500, ..FetchingConfig::default() };
    app::fetching(&config, Arc::new(SystemClock)).unwrap()
}

#[test]
fn every_manner_of_serving_ends_as_it_must() {
    let elsewhere = Elsewhere::start();
    let here = fetching(&["127.0.0.1/32"]);
    let ok: Option<&str> = None;
    let later = Some(SubIndication::TryLater);
    let cases = [
        ("list", None, ok),
        ("list-revoked", Some(SubIndication::RevokedNoPoe), ok),
        ("answer", None, ok),
        ("answer-revoked", Some(SubIndication::RevokedNoPoe), ok),
        // It is had, and nobody is believed who may not answer.
        ("answer-forged", later, ok),
        ("redirected", None, ok),
        ("redirected-away", later, Some("leads to no address that may be called")),
        ("redirected-to-metadata", later, Some("leads to no address that may be called")),
        // No other way of reaching things is known.
        ("redirected-to-file", later, Some("answers with status 404")),
        ("redirected-in-circles", later, Some("redirects too often")),
        ("endless", later, Some("is over 33554432 bytes")),
        ("huge", later, Some("is over 33554432 bytes")),
        ("slow", later, Some("does not answer in time")),
        ("silent", later, Some("does not answer in time")),
        ("absent", later, Some("answers with status 404")),
        ("nonsense", later, Some("cannot be read")),
        ("other-host", later, Some("leads to no address that may be called")),
        ("directory", later, Some("is not reached by HTTP")),
    ];
    let mut wrong = Vec::new();
    for (manner, expected, error) in cases {
        let report = elsewhere.judge(manner, &here);
        let told: Vec<_> = report.fetched.iter().map(|one| one.error.as_deref()).collect();
        let sub = report.signatures[0].sub_indication;
        let as_told = match (told.as_slice(), error) {
            ([None], None) => true,
            ([Some(told)], Some(expected)) => told.contains(expected),
            _ => false,
        };
        if sub != expected || !as_told {
            wrong.push(format!("{manner}: {sub:?}, {told:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Nobody went where he may not, and nothing was fetched twice.
    let hits = elsewhere.hits();
    assert!(hits.iter().all(|(address, _)| address == "127.0.0.1"), "{hits:?}");
    let count = |path: &str| hits.iter().filter(|(_, asked)| asked == path).count();
    assert_eq!((count("/answer"), count("/absent")), (1, 1));
    elsewhere.judge("answer", &here);
    elsewhere.judge("absent", &here);
    let again = elsewhere.hits();
    assert_eq!(again.len(), hits.len() + 1, "only that this was asked");
}

#[test]
fn nobody_goes_to_addresses_of_ones_own_network_unasked() {
    let elsewhere = Elsewhere::start();
    let outside = fetching(&[]);
    // A name counts by what it leads to, when it is called.
    for manner in ["list", "answer", "other-host", "by-name"] {
        let report = elsewhere.judge(manner, &outside);
        assert_eq!(report.signatures[0].sub_indication, Some(SubIndication::TryLater));
        let error = report.fetched[0].error.as_deref().unwrap();
        assert!(error.contains("no address that may be called"), "{error}");
    }
    assert_eq!(elsewhere.hits().len(), 1);
    // Nor does anybody go anywhere for a certificate that leads to nobody who is trusted.
    let read = |name: &str| fs::read(elsewhere.directory.path().join(name)).unwrap();
    let mut options = Options::trusting_nobody(sealwright::domain::Clock::now(&SystemClock));
    options.signature = Some(read("list.p7s"));
    options.fetching = Some(fetching(&["127.0.0.0/8"]));
    let report = verification::verify(&Source::memory(read("document")), &options).report;
    assert!(report.fetched.is_empty());
}

#[test]
fn the_command_line_fetches_unless_it_is_told_not_to() {
    let elsewhere = Elsewhere::start();
    let directory = elsewhere.directory.path();
    let trust = directory.join("trust");
    fs::create_dir(&trust).unwrap();
    fs::copy(directory.join("root.pem"), trust.join("root.pem")).unwrap();
    let verify = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealwright"));
        command.args(["--json", "verify"]).arg(directory.join("document")).arg("--signature");
        command.arg(directory.join("list.p7s")).arg("--trust").arg(&trust).args(arguments);
        let (output, text) = try_run(&mut command);
        let report: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{text}"));
        (output.status.code(), report)
    };
    let (code, report) = verify(&["--allow", "127.0.0.0/8"]);
    assert_eq!((code, &report["fetched"][0]["error"]), (Some(0), &Value::Null), "{report}");
    assert_eq!(verify(&[]).0, Some(5));
    // What could not be had stands in every form.
    for (form, told) in
        [("--lang=en", "[??] revocation list (CRL), http://"), ("--html", "未能取得")]
    {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealwright"));
        command.arg("verify").arg(directory.join("document")).arg("--signature");
        command.arg(directory.join("absent.p7s")).arg("--trust").arg(&trust);
        let (_, text) = try_run(command.args(["--allow", "127.0.0.0/8", form]));
        assert!(text.contains(told) && text.contains("answers with status 404"), "{text}");
    }
    let (code, report) = verify(&["--offline"]);
    assert_eq!((code, report["fetched"].as_array().unwrap().len()), (Some(5), 0));
}
