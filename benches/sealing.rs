//! What a durable signature costs the server, as ratios to what cannot be had for less, all
//! measured in one run: the raw token, a verification, an HTTP answer, and pyHanko on the same file.

#[path = "../tests/support/mod.rs"]
mod support;

use std::{
    fs,
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
};

use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    mechanism::Mechanism,
    object::{Attribute, ObjectClass},
    session::UserType,
    types::AuthPin,
};
use sealwright::crypto::{
    Scheme,
    digest::{hex, sha256},
    verify_digest,
};
use serde_json::json;
use support::{
    database::Engine,
    people::{self, Cast},
    server::House,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const CALLERS: usize = 64;

/// CPU seconds that a process has used so far.
fn cpu(process: &str) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    ticks / 100.0
}

/// Microseconds of CPU for each of `count` runs.
fn each(process: &str, count: usize, work: impl FnOnce()) -> f64 {
    let before = cpu(process);
    work();
    (cpu(process) - before) * 1e6 / count as f64
}

/// Lets 64 callers, each with a connection of its own, share `count` requests. They are tasks of one
/// thread, so that the load disturbs what it measures as little as can be.
fn share(url: &str, count: usize, status: &str, request: impl Fn(usize) -> Vec<u8>) {
    let address = url.trim_start_matches("http://");
    let next = AtomicUsize::new(0);
    let caller = || async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let mut answer = Vec::new();
        loop {
            let turn = next.fetch_add(1, Ordering::Relaxed);
            if turn >= count {
                return;
            }
            stream.write_all(&request(turn)).await.unwrap();
            answer.clear();
            while !is_whole(&answer) {
                assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "closed");
            }
            assert!(answer.starts_with(status.as_bytes()), "{:?}", answer.get(..300));
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let local = tokio::task::LocalSet::new();
    let callers = (0..CALLERS).map(|_| caller());
    runtime.block_on(local.run_until(futures_util::future::join_all(callers)));
}

/// Whether an HTTP answer with a `content-length` is there to its end.
fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return false;
    };
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.map_or(0, |text| text.trim().parse().unwrap());
    answer.len() >= end + 4 + length
}

/// The text of a request with a body of at least 1 KB, filled up with blanks.
fn text(method: &str, path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = if body.is_empty() { 0 } else { body.len().max(1024) };
    let mut text = format!(
        "{method} {path} HTTP/1.1\r\nhost: bench\r\n{headers}content-length: {length}\r\n\r\n"
    )
    .into_bytes();
    text.extend_from_slice(body);
    text.resize(text.len() + length - body.len(), b' ');
    text
}

/// The raw token: `C_Sign` with a token object in a loop, and one verification in software.
fn raw(house: &House) -> (f64, f64) {
    const COUNT: usize = 4000;
    house.token.adopt();
    let module = Pkcs11::new(&house.token.module).unwrap();
    module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).unwrap();
    let slot = module
        .get_slots_with_token()
        .unwrap()
        .into_iter()
        .find(|slot| module.get_token_info(*slot).unwrap().label() == house.token.label)
        .unwrap();
    let session = module.open_rw_session(slot).unwrap();
    session.login(UserType::User, Some(&AuthPin::new("1234".into()))).unwrap();
    let find = |class| {
        let id = Attribute::Id(b"sealwright-probe-p256".to_vec());
        session.find_objects(&[Attribute::Class(class), id]).unwrap()[0]
    };
    let (key, public) = (find(ObjectClass::PRIVATE_KEY), find(ObjectClass::PUBLIC_KEY));
    let digest = sha256(b"bench");
    let mut signature = Vec::new();
    let sign = each("self", COUNT, || {
        for _ in 0..COUNT {
            signature = session.sign(&Mechanism::Ecdsa, key, &digest).unwrap();
        }
    });
    let point =
        session.get_attributes(public, &[cryptoki::object::AttributeType::EcPoint]).unwrap();
    let Some(Attribute::EcPoint(point)) = point.first() else { panic!("no point") };
    let der = sealwright::crypto::rs_to_der(&signature).unwrap();
    let verify = each("self", COUNT, || {
        for _ in 0..COUNT {
            verify_digest(Scheme::P256, &point[2..], &digest, &der).unwrap();
        }
    });
    (sign, verify)
}

fn pyhanko(house: &House, document: &str) -> f64 {
    let directory = house.token.directory.path();
    let script = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=b \
                  -days 2 -outform DER -out b.crt -keyout b.pem && \
                  openssl pkcs8 -topk8 -nocrypt -in b.pem -outform DER -out b.key";
    support::run(Command::new("bash").args(["-c", script]).current_dir(directory));
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/pyhanko_sign.py");
    let text = support::run(
        support::python_tool("python")
            .args([program, document, "b.crt", "b.key"])
            .current_dir(directory),
    );
    text.trim().lines().last().unwrap().parse::<f64>().unwrap() * 1e6
}

fn main() {
    // `cargo bench --bench sealing -- pdf` or `-- digest` measures one of the two only.
    let only = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let wanted = |part: &str| only.as_deref().is_none_or(|only| only == part);
    let mut house = House::new(Engine::Sqlite);
    // The tests' short intervals are not what a service runs with.
    let text = fs::read_to_string(&house.config).unwrap();
    let text = text.replace("probe_interval_ms = 200\n", "").replace("lease_seconds = 1\n", "");
    fs::write(&house.config, text).unwrap();
    // pyHanko, with whom it is compared, makes no timestamps either.
    house.set_level("B-B");
    house.start();
    let cast = Cast::hire(&house);
    let seal = people::granted(&house, &cast);
    if wanted("digest") {
        digests(&house, &cast, &seal);
    }
    if wanted("pdf") {
        documents(&house, &cast, &seal);
    }
}

fn digests(house: &House, cast: &Cast, seal: &str) {
    let process = house.process().to_string();
    let url = house.url();
    let headers =
        format!("authorization: Bearer {}\r\ncontent-type: application/json\r\n", cast.caller);
    let (sign, verify) = raw(house);
    let echo = each(&process, 12_000, || {
        share(url, 12_000, "HTTP/1.1 200", |_| text("GET", "/healthz", "", b""));
    });
    let sign_digest = |turn: usize| {
        let digest = hex(&sha256(&turn.to_be_bytes()));
        let body = json!({ "seal_id": seal, "digest": digest, "document_type": "x" });
        text("POST", "/v1/digests", &headers, body.to_string().as_bytes())
    };
    let durable = each(&process, 12_000, || share(url, 12_000, "HTTP/1.1 201", sign_digest));
    let sum = sign + verify + echo;
    println!("raw C_Sign (token object)   {sign:8.1} µs CPU");
    println!("one P-256 verification      {verify:8.1} µs CPU");
    println!("one HTTP answer             {echo:8.1} µs CPU");
    println!(
        "durable signature, 64 callers {durable:6.1} µs CPU = {:.2} × the sum of {sum:.1} (+ {:.1} µs)",
        durable / sum,
        durable - sum
    );
}

fn documents(house: &House, cast: &Cast, seal: &str) {
    const COUNT: usize = 1000;
    let process = house.process().to_string();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/test-vectors/samples/notice.pdf");
    let document = fs::read(path).unwrap();
    let (kind, body) = support::server::multipart(&people::request(seal), &document);
    let request = text(
        "POST",
        "/v1/signatures",
        &format!("authorization: Bearer {}\r\ncontent-type: {kind}\r\n", cast.caller),
        &body,
    );
    let sealing = each(&process, COUNT, || {
        share(house.url(), COUNT, "HTTP/1.1 201", |_| request.clone());
    });
    let peer = pyhanko(house, path);
    println!(
        "seal a {} KB PDF            {sealing:8.1} µs CPU = 1/{:.1} of pyHanko's {peer:.0} µs",
        document.len() / 1024,
        peer / sealing
    );
}
