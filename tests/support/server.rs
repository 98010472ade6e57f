//! The real program, serving HTTP on a port of its own.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use serde_json::Value;

use super::{
    database::{self, Engine},
    token::TestToken,
};

/// An initialised service with its database and token, running or not.
pub struct House {
    pub token: TestToken,
    pub database: String,
    pub config: PathBuf,
    pub administrator: String,
    pub root: String,
    environment: Vec<(String, String)>,
    running: Option<Running>,
}

struct Running {
    child: Child,
    url: String,
}

/// An answer of the service.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub body: Vec<u8>,
    pub headers: Vec<(String, String)>,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("{} {}", self.status, String::from_utf8_lossy(&self.body)))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body, where the status is as wanted.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// The code of a problem document, where the status is as wanted.
    #[track_caller]
    pub fn problem(&self, status: u16) -> String {
        let body = self.expect(status);
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        body["code"].as_str().expect("a problem has a code").to_owned()
    }
}

impl House {
    /// A fresh service on SoftHSM.
    pub fn new(engine: Engine) -> Self {
        Self::with(engine, TestToken::softhsm(), "")
    }

    /// A fresh service on a token, with more lines of configuration for `[sealing]`.
    pub fn with(engine: Engine, token: TestToken, sealing: &str) -> Self {
        let directory = token.directory.path().to_owned();
        let database = database::fresh(engine, &directory);
        let config = directory.join("service.toml");
        let port = free_port();
        fs::write(
            &config,
            format!(
                "[http]\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"http://127.0.0.1:{port}\"\n\
                 public_requests_per_minute = 100000\npublic_verifications = 64\n\
                 [database]\nurl = \"{database}\"\n[sealing]\nlease_seconds = 1\n{sealing}\n\
                 [ca]\norganization = \"Test Authority\"\n[token]\n{}",
                token.toml()
            ),
        )
        .unwrap();
        let mut house = Self {
            environment: token.environment.clone(),
            token,
            database,
            config,
            administrator: String::new(),
            root: String::new(),
            running: None,
        };
        let text = super::run(house.command().args([
            "--json",
            "init",
            "--organization",
            "示例市行政审批局",
            "--uscc",
            "11990100MAEXAMPL2R",
            "--administrator",
            "管理员",
        ]));
        let first: Value = serde_json::from_str(&text).unwrap();
        house.administrator = first["access_key"].as_str().unwrap().to_owned();
        house.root = first["organization"]["id"].as_str().unwrap().to_owned();
        house
    }

    /// Changes the configuration, before the service starts.
    pub fn configure(&self, find: &str, replace: &str) {
        let text = fs::read_to_string(&self.config).unwrap();
        assert!(text.contains(find), "{find}");
        fs::write(&self.config, text.replacen(find, replace, 1)).unwrap();
    }

    /// Sets the level of all signatures, before the service starts.
    pub fn set_level(&self, level: &str) {
        self.set_policy("levels.toml", |_| format!("default = \"{level}\"\n"));
    }

    /// Changes a file of the policies, before the service starts.
    pub fn set_policy(&self, file: &str, change: impl FnOnce(String) -> String) {
        let policies = self.token.directory.path().join("policies");
        let first = !policies.exists();
        if first {
            let own = concat!(env!("CARGO_MANIFEST_DIR"), "/policies");
            super::run(Command::new("cp").args(["-r", own]).arg(&policies));
        }
        let path = policies.join(file);
        let text = fs::read_to_string(&path).unwrap();
        let changed = change(text.clone());
        assert_ne!(changed, text, "{file}");
        fs::write(path, changed).unwrap();
        if !first {
            return;
        }
        let line = format!("[policy]\ndirectory = \"{}\"\n[ca]\n", policies.display());
        self.configure("[ca]\n", &line);
    }

    /// The program with its configuration.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealwright"));
        command.envs(self.environment.iter().cloned()).arg("--config").arg(&self.config);
        command
    }

    /// Starts to serve and waits until it listens.
    pub fn start(&mut self) {
        self.start_with(&[]);
    }

    /// Starts to serve with more environment variables.
    pub fn start_with(&mut self, environment: &[(&str, &str)]) {
        let mut child = self
            .command()
            .arg("serve")
            .envs(environment.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (told, listening) = mpsc::channel();
        // The log is read to its end, so that the service never waits for its reader.
        std::thread::spawn(move || {
            let show = std::env::var_os("SEALWRIGHT_TEST_LOG").is_some();
            for line in lines.map_while(Result::ok) {
                if show {
                    eprintln!("{line}");
                }
                let address = line
                    .contains("\"listening\"")
                    .then(|| serde_json::from_str::<Value>(&line).ok())
                    .flatten()
                    .and_then(|line| line["fields"]["address"].as_str().map(str::to_owned));
                let _ = told.send(address.ok_or(line));
            }
        });
        let mut log = Vec::new();
        let address = loop {
            match listening.recv_timeout(Duration::from_secs(60)) {
                Ok(Ok(address)) => break address,
                Ok(Err(line)) => log.push(line),
                Err(_) => panic!("the service does not start:\n{}", log.join("\n")),
            }
        };
        self.running = Some(Running { child, url: format!("http://{address}") });
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.running.as_ref().expect("it runs").url
    }

    /// The number of its process.
    pub fn process(&self) -> u32 {
        self.running.as_ref().expect("it runs").child.id()
    }

    /// Ends it as an operator does, and expects a good end.
    pub fn stop(&mut self) {
        let Some(mut running) = self.running.take() else { return };
        super::terminate(running.child.id());
        assert!(running.child.wait().unwrap().success());
    }

    /// Kills it as a power failure does.
    pub fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
    }

    /// Waits until it has died by itself.
    pub fn wait_for_death(&mut self) {
        if let Some(mut running) = self.running.take() {
            super::until("the server's death", || running.child.try_wait().unwrap());
        }
    }

    pub fn get(&self, key: &str, path: &str) -> Reply {
        send(self.url(), "GET", path, &[("authorization", &format!("Bearer {key}"))], &[]).unwrap()
    }

    pub fn post(&self, key: &str, path: &str, body: &Value) -> Reply {
        self.post_with(key, path, body, &[])
    }

    pub fn post_with(
        &self,
        key: &str,
        path: &str,
        body: &Value,
        headers: &[(&str, &str)],
    ) -> Reply {
        let authorization = format!("Bearer {key}");
        let mut all =
            vec![("authorization", authorization.as_str()), ("content-type", "application/json")];
        all.extend(headers);
        send(self.url(), "POST", path, &all, body.to_string().as_bytes()).unwrap()
    }

    /// Has a document sealed.
    pub fn seal(
        &self,
        key: &str,
        request: &Value,
        document: &[u8],
        idempotency: Option<&str>,
    ) -> Reply {
        try_seal(self.url(), key, request, document, idempotency).unwrap()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.kill();
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The content type and the body of a request to seal.
pub fn multipart(request: &Value, document: &[u8]) -> (&'static str, Vec<u8>) {
    let head = format!(
        "--XX\r\ncontent-disposition: form-data; name=\"request\"\r\n\r\n{request}\r\n--XX\r\n\
         content-disposition: form-data; name=\"document\"; filename=\"a.pdf\"\r\n\r\n"
    );
    let body = [head.as_bytes(), document, b"\r\n--XX--\r\n"].concat();
    ("multipart/form-data; boundary=XX", body)
}

/// Has a document sealed; an error where the service died under it.
pub fn try_seal(
    url: &str,
    key: &str,
    request: &Value,
    document: &[u8],
    idempotency: Option<&str>,
) -> Result<Reply, ureq::Error> {
    let (kind, body) = multipart(request, document);
    let authorization = format!("Bearer {key}");
    let mut headers = vec![("authorization", authorization.as_str()), ("content-type", kind)];
    headers.extend(idempotency.map(|key| ("idempotency-key", key)));
    send(url, "POST", "/v1/signatures", &headers, &body)
}

/// Sends a request.
pub fn send(
    url: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<Reply, ureq::Error> {
    send_by(&agent(), url, method, path, headers, body)
}

/// A client that keeps its connections.
pub fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(120)))
        .build()
        .into()
}

/// Sends a request by a client.
pub fn send_by(
    agent: &ureq::Agent,
    url: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<Reply, ureq::Error> {
    let mut request = ureq::http::Request::builder().method(method).uri(format!("{url}{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut response = if method == "GET" {
        agent.run(request.body(()).unwrap())?
    } else {
        agent.run(request.body(body).unwrap())?
    };
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()))
        .collect();
    let mut body = Vec::new();
    response.body_mut().as_reader().read_to_end(&mut body)?;
    Ok(Reply { status: response.status().as_u16(), body, headers })
}
