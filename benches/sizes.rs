//! What size costs: sealing large files against hashing them with OpenSSL, all in one run; the
//! server's peak memory by size; and a file with a million objects.

#[path = "../tests/support/mod.rs"]
mod support;

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use sealwright::clients::sealwright::Remote;
use support::{
    database::Engine,
    large::write_pdf,
    people::{self, Cast},
    server::House,
};

/// CPU seconds of a process and, in field 13 and 14, of its children.
fn cpu(process: &str, children: bool) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let first = if children { 13 } else { 11 };
    let ticks: f64 = fields[first..first + 2].iter().map(|f| f.parse::<f64>().unwrap()).sum();
    ticks / 100.0
}

/// Milliseconds of time and of CPU for each of `count` runs.
#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
fn each(process: &str, children: bool, count: usize, mut work: impl FnMut()) -> (f64, f64) {
    let (start, before) = (Instant::now(), cpu(process, children));
    for _ in 0..count {
        work();
    }
    let time = start.elapsed().as_secs_f64();
    let used = cpu(process, children) - before;
    (time * 1e3 / count as f64, used * 1e3 / count as f64)
}

struct Bench {
    house: House,
    key: String,
    request: String,
    directory: PathBuf,
    turn: std::cell::Cell<u32>,
}

impl Bench {
    fn seal(&self, file: &Path) {
        let key = self.key.clone().into();
        let remote = Remote::new(self.house.url(), key, None, Duration::from_secs(600)).unwrap();
        self.turn.set(self.turn.get() + 1);
        let turn = format!("bench-{}-{}", self.house.process(), self.turn.get());
        let answer = remote.seal(&self.request, File::open(file).unwrap(), &turn).unwrap();
        io::copy(&mut answer.into_reader(), &mut io::sink()).unwrap();
    }

    /// The server's peak memory, MB.
    fn peak(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.house.process())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    }
}

fn main() {
    let mut house = House::new(Engine::Sqlite);
    house.set_level("B-B");
    house.start();
    let cast = Cast::hire(&house);
    let seal = people::granted(&house, &cast);
    let directory = house.token.directory.path().to_owned();
    let request = people::request(&seal).to_string();
    let mut bench =
        Bench { house, key: cast.caller, request, directory, turn: std::cell::Cell::new(0) };
    let large = bench.directory.join("50mb.pdf");
    write_pdf(&large, |pdf| pdf.stream(50 << 20));
    let openssl = each("self", true, 20, || {
        support::run(Command::new("openssl").args(["dgst", "-sha256"]).arg(&large));
    });
    bench.seal(&large);
    let process = bench.house.process().to_string();
    let sealing = each(&process, false, 20, || bench.seal(&large));
    println!("openssl dgst -sha256 of 50 MB {:8.1} ms, {:.1} ms CPU", openssl.0, openssl.1);
    println!(
        "seal 50 MB through HTTP       {:8.1} ms = {:.2} ×, {:.1} ms CPU = {:.2} ×",
        sealing.0,
        sealing.0 / openssl.0,
        sealing.1,
        sealing.1 / openssl.1
    );
    bench.house.stop();
    bench.house.start();
    let process = bench.house.process().to_string();
    let many = bench.directory.join("million.pdf");
    write_pdf(&many, |pdf| (0..1_000_000).for_each(|_| pdf.object(b"0")));
    let hashed = each("self", true, 5, || {
        support::run(Command::new("openssl").args(["dgst", "-sha256"]).arg(&many));
    });
    let sealed = each(&process, false, 5, || bench.seal(&many));
    println!(
        "seal a million objects        {:8.1} ms = {:.2} × hashing its {} MB, peak {:.0} MB",
        sealed.0,
        sealed.0 / hashed.0,
        many.metadata().unwrap().len() >> 20,
        bench.peak()
    );
    for (name, bytes) in [("1 MB", 1_000_000), ("100 MB", 100_000_000), ("1 GB", 1_000_000_000)] {
        let file = bench.directory.join("sized.pdf");
        write_pdf(&file, |pdf| pdf.stream(bytes));
        bench.house.stop();
        bench.house.start();
        bench.seal(&file);
        println!("peak memory, {name:6}          {:8.1} MB", bench.peak());
    }
}
