//! What verification costs: a licence of 100 KB against pyHanko on the same file, 50 MB against
//! OpenSSL hashing them, and a million objects against hashing and looking through the file, all in
//! one run.

#[path = "../tests/support/mod.rs"]
mod support;

use std::{
    fs::{self, File},
    path::Path,
    process::Command,
};

use sealwright::{
    crypto::{DigestAlgorithm, Hasher},
    domain::{
        report::Conclusion,
        source::{Source, for_each_chunk},
    },
    drawing::Bounds,
    verification::{self, Options},
};
use support::{
    large::write_pdf,
    parties::{Parties, complaints},
    python_tool, run,
};

/// CPU seconds of this process, or of its children.
fn cpu(children: bool) -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let first = if children { 13 } else { 11 };
    let ticks: f64 = fields[first..first + 2].iter().map(|f| f.parse::<f64>().unwrap()).sum();
    ticks / 100.0
}

/// Milliseconds of CPU for each of `count` runs.
fn each(children: bool, count: usize, mut work: impl FnMut()) -> f64 {
    let before = cpu(children);
    for _ in 0..count {
        work();
    }
    (cpu(children) - before) * 1e3 / count as f64
}

/// The most memory that this process used since it was asked last, MB.
fn peak() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    fs::write("/proc/self/clear_refs", "5").unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
}

fn verify(source: &Source, options: &Options) {
    let report = verification::verify(source, options).report;
    assert_eq!(report.conclusion, Conclusion::Valid, "{}", complaints(&report));
}

fn open(path: &Path) -> Source {
    Source::file(File::open(path).unwrap()).unwrap()
}

/// Hashes a file and looks for the end of every object.
fn hash_and_scan(source: &Source) {
    use sealwright::domain::source::ReadAt;
    let mut hasher = Hasher::new(DigestAlgorithm::Sha256);
    for_each_chunk(source, 0, source.size(), |chunk| hasher.update(chunk)).unwrap();
    std::hint::black_box(hasher.finish());
    let mut ends = 0;
    for_each_chunk(source, 0, source.size(), |chunk| {
        ends += memchr::memmem::find_iter(chunk, b"endobj").count();
    })
    .unwrap();
    std::hint::black_box(ends);
}

fn main() {
    let parties = Parties::new();
    let directory = parties.directory.path();
    let script = |name: &str| format!("{}/{name}", env!("CARGO_MANIFEST_DIR"));

    let small = directory.join("small.pdf");
    write_pdf(&small, |pdf| pdf.stream(80 << 10));
    let large = directory.join("large.pdf");
    write_pdf(&large, |pdf| pdf.stream(50 << 20));
    let many = directory.join("many.pdf");
    write_pdf(&many, |pdf| (0..1_000_000).for_each(|_| pdf.object(b"<</A[1 0 R 2 0 R]/B(text)>>")));
    run(python_tool("python")
        .arg(script("tests/tools/pdf_parties.py"))
        .arg(directory.join("sizes"))
        .arg("--only-sign")
        .args([&small, &large, &many]));
    let signed = |name: &str| directory.join("sizes").join(name);
    let mut options = parties.options.clone();
    options.trust = Parties::trust_in(&directory.join("sizes"));

    let file = fs::read(signed("small.pdf")).unwrap();
    let source = Source::memory(file);
    let ours = each(false, 2000, || verify(&source, &options));
    let theirs = run(python_tool("python").arg(script("benches/pyhanko_verify.py")).args([
        signed("small.pdf"),
        signed("root.der"),
        signed("root.crl"),
    ]));
    let theirs = theirs.trim().parse::<f64>().unwrap() * 1e3;
    println!("verify 100 KB {ours:.3} ms of CPU, pyHanko {theirs:.1} ms: 1/{:.0}", theirs / ours);

    // Three pages, drawn as signed and as shown, in a process of its own each time.
    let path = directory.join("contract-filled.pdf");
    let (source, mut drawing) = (open(&path), parties.options.clone());
    let rules = each(false, 100, || verify(&source, &drawing));
    drawing.drawing = support::drawing(Bounds { seconds: 10, memory: 1 << 30 });
    let here = each(false, 100, || verify(&source, &drawing));
    let there = each(true, 100, || verify(&source, &drawing));
    let poppler = each(true, 100, || {
        for _ in 0..2 {
            run(Command::new("pdftoppm").args(["-r", "96"]).arg(&path).arg(directory.join("page")));
        }
    });
    println!(
        "draw and compare three pages twice {:.1} ms of CPU beside the rules ({rules:.2} ms), \
         pdftoppm {poppler:.1} ms for drawing them twice: {:.2} x",
        here - rules + there,
        (here - rules + there) / poppler
    );

    let source = open(&signed("large.pdf"));
    let ours = each(false, 20, || verify(&source, &options));
    let openssl = each(true, 20, || {
        run(Command::new("openssl").args(["dgst", "-sha256"]).arg(signed("large.pdf")));
    });
    println!(
        "verify 50 MB {ours:.1} ms of CPU, openssl dgst {openssl:.1} ms: {:.2} x",
        ours / openssl
    );

    for (name, what) in
        [("many.pdf", "signed"), ("many-retitled.pdf", "signed, and a revision more")]
    {
        let source = open(&signed(name));
        let least = each(false, 10, || hash_and_scan(&source));
        peak();
        let ours = each(false, 5, || verify(&source, &options));
        println!(
            "verify a million objects, {what}: {ours:.0} ms of CPU, hashing and scanning {least:.0} \
             ms: {:.2} x, {:.0} MB at most",
            ours / least,
            peak()
        );
    }
}
