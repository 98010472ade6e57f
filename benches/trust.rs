//! What it costs to follow certificates and their revocation, warm, beside the signatures that have to be
//! verified for it at least; and what two processors bring for a folder of a thousand files. All in one
//! run.

#[path = "../tests/support/mod.rs"]
mod support;

use std::{fs, path::Path, process::Command, time::Instant};

use support::{chains::Chains, parties::Parties, python_tool, run};

/// CPU seconds of this process.
fn cpu() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11..13].iter().map(|field| field.parse::<f64>().unwrap()).sum::<f64>() / 100.0
}

/// Milliseconds of CPU for each of `count` runs.
fn each(count: usize, mut work: impl FnMut()) -> f64 {
    let before = cpu();
    (0..count).for_each(|_| work());
    (cpu() - before) * 1e3 / count as f64
}

fn chains() {
    let chains = Chains::make();
    for (name, limit) in [("p256-good", 1.0), ("sm2-good", 3.0)] {
        let entry = chains.manifest.iter().find(|entry| entry["name"] == name).unwrap();
        let case = chains.case(entry);
        let path = case.judge().unwrap();
        let all = each(500, || drop(case.judge().unwrap()));
        // Leaf, authority, and the list of each issuer: four signatures.
        let [leaf, authority, ..] = path.as_slice() else { panic!("a path of three") };
        let one = each(500, || leaf.verify_signed_by(authority).unwrap());
        println!(
            "{name}: chain of three with two lists {all:.3} ms of CPU (limit {limit} ms), its four \
             signatures {:.3} ms: {:.2} x",
            4.0 * one,
            all / (4.0 * one)
        );
    }
}

#[expect(clippy::disallowed_methods, reason = "what is measured here is the time of the wall")]
fn folder() {
    let parties = Parties::new();
    let directory = parties.directory.path();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/pdf_parties.py");
    let small = Path::new(env!("CARGO_MANIFEST_DIR")).join("test-vectors/samples/licence.pdf");
    run(python_tool("python").arg(script).arg(directory.join("one")).arg("--only-sign").arg(small));
    let signed = directory.join("one/licence.pdf");
    let folder = directory.join("folder");
    fs::create_dir(&folder).unwrap();
    for number in 0..1000 {
        fs::copy(&signed, folder.join(format!("{number}.pdf"))).unwrap();
    }
    let verify = |jobs: &str| {
        let begun = Instant::now();
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealwright"));
        let output = command
            .args(["--json", "verify", "--offline", "--jobs", jobs])
            .arg(&folder)
            .output()
            .unwrap();
        assert!(!output.stdout.is_empty());
        begun.elapsed().as_secs_f64()
    };
    verify("2");
    let best = |jobs: &str| (0..5).map(|_| verify(jobs)).fold(f64::INFINITY, f64::min);
    let (one, two) = (best("1"), best("2"));
    println!(
        "a folder of 1000 files: one processor {one:.2} s, two {two:.2} s: {:.2} x",
        one / two
    );
}

fn main() {
    chains();
    folder();
}
