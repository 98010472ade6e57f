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

/// Lets 64 callers share `count` requests.
fn share(count: usize, ask: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| {
                loop {
                    let turn = next.fetch_add(1, Ordering::Relaxed);
                    if turn >= count {
                        return;
                    }
                    ask(turn);
                }
            });
        }
    });
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
    let url = house.url().to_owned();
    let bearer = format!("Bearer {}", cast.caller);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let (sign, verify) = raw(house);
    let agent = support::server::agent();
    let ask = |method: &str, path: &str, headers: &[(&str, &str)], body: &[u8], status: u16| {
        let reply = support::server::send_by(&agent, &url, method, path, headers, body).unwrap();
        assert_eq!(reply.status, status);
    };
    let echo = each(&process, 6000, || {
        share(6000, |_| ask("GET", "/healthz", &[], &[], 200));
    });
    let sign_digest = |turn: usize| {
        let digest = hex(&sha256(&turn.to_be_bytes()));
        let body = json!({ "seal_id": seal, "digest": digest, "document_type": "x" });
        ask("POST", "/v1/digests", &headers, body.to_string().as_bytes(), 201);
    };
    let durable = each(&process, 12_000, || share(12_000, sign_digest));
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
    let process = house.process().to_string();
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/test-vectors/samples/licence.pdf");
    let licence = people::licence();
    let request = people::request(seal);
    assert_eq!(house.seal(&cast.caller, &request, &licence, None).status, 201);
    let sealing = each(&process, 300, || {
        for _ in 0..300 {
            assert_eq!(house.seal(&cast.caller, &request, &licence, None).status, 201);
        }
    });
    let peer = pyhanko(house, document);
    println!(
        "seal a {} KB PDF            {sealing:8.1} µs CPU = 1/{:.1} of pyHanko's {peer:.0} µs",
        licence.len() / 1024,
        peer / sealing
    );
}
