//! What tests share: private tokens, databases, a running service, other people's verifiers.
#![expect(clippy::allow_attributes, reason = "an expectation would not hold in every test file")]
#![allow(dead_code, unfulfilled_lint_expectations, reason = "each test file uses another part")]

pub mod archive;
pub mod attacks;
pub mod chains;
pub mod chance;
pub mod database;
pub mod desk;
pub mod elsewhere;
pub mod large;
pub mod parties;
pub mod people;
pub mod prepared;
pub mod revision;
pub mod sealed;
pub mod server;
pub mod token;

use std::{
    process::{Command, Output},
    time::{Duration, Instant},
};

/// The environment of a process whose clock is so many days ahead. What waits for a time to pass goes by
/// the machine's own.
pub fn ahead(days: u32) -> [(&'static str, String); 3] {
    let architectures = std::fs::read_dir("/usr/lib").unwrap().flatten();
    let mut clocks = architectures.map(|one| one.path().join("faketime/libfaketime.so.1"));
    let clock = clocks.find(|clock| clock.exists()).expect("libfaketime is installed");
    [
        ("LD_PRELOAD", clock.display().to_string()),
        ("FAKETIME", format!("+{days}d")),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
    ]
}

/// Leaves something to be looked at where `SEALWRIGHT_SHOW` names a directory.
pub fn show(name: &str, bytes: &[u8]) {
    if let Some(directory) = std::env::var_os("SEALWRIGHT_SHOW") {
        std::fs::write(std::path::Path::new(&directory).join(name), bytes).unwrap();
    }
}

/// Asks again until the answer is as wanted.
#[expect(clippy::disallowed_methods, reason = "a test gives up after a while")]
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let limit = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < limit, "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Runs a program and expects it to be good; returns what it printed.
pub fn run(command: &mut Command) -> String {
    let (output, text) = try_run(command);
    assert!(output.status.success(), "{command:?}\n{text}");
    text
}

/// Runs a program; returns how it ended and what it printed, standard error included.
pub fn try_run(command: &mut Command) -> (Output, String) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    (output, text)
}

/// A program of the Python environment that `make test` sets up.
pub fn python_tool(name: &str) -> Command {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    Command::new(root.join(".venv/bin").join(name))
}

/// Asks a process to end. The shell's own `kill` is everywhere; the program is not.
pub fn terminate(process: u32) {
    run(Command::new("bash").args(["-c", &format!("kill {process}")]));
}

/// Somebody who draws pages with the program under test, and keeps the pictures of one.
pub fn drawing(bounds: sealwright::drawing::Bounds) -> Option<sealwright::drawing::Drawing> {
    use sealwright::drawing::{Drawer, Drawing};
    let drawer = Drawer::new(env!("CARGO_BIN_EXE_sealwright").into(), 64 << 20, bounds);
    Some(Drawing { drawer, pictures: 1 })
}

/// A question asked in 2026 by somebody who trusts nobody.
pub fn trusting_nobody() -> sealwright::verification::Options {
    let at = sealwright::domain::Timestamp::from_seconds(1_796_000_000);
    sealwright::verification::Options::trusting_nobody(at)
}
