//! What tests share: private tokens, databases, a running service, other people's verifiers.
#![expect(clippy::allow_attributes, reason = "an expectation would not hold in every test file")]
#![allow(dead_code, unfulfilled_lint_expectations, reason = "each test file uses another part")]

pub mod database;
pub mod desk;
pub mod people;
pub mod server;
pub mod token;

use std::{
    process::{Command, Output},
    time::{Duration, Instant},
};

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

/// A question asked in 2026 by somebody who trusts nobody.
pub fn trusting_nobody() -> sealwright::verification::Options {
    use sealwright::{domain::Timestamp, pki::TrustStore};
    sealwright::verification::Options {
        file: None,
        signature: None,
        trust: TrustStore::default(),
        maker_trust: TrustStore::default(),
        tsa_trust: TrustStore::default(),
        at: Timestamp::from_seconds(1_780_000_000),
    }
}

/// An archive of parts that are stored as they are.
pub fn stored(parts: &[(String, Vec<u8>)]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in parts {
        let place = archive.len() as u32;
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let size = content.len() as u32;
        let mut common = vec![20, 0, 0, 8, 0, 0, 0, 0, 0x21, 0];
        common.extend(crc.sum().to_le_bytes());
        common.extend([size.to_le_bytes(), size.to_le_bytes()].concat());
        common.extend((name.len() as u16).to_le_bytes());
        common.extend([0; 2]);
        archive.extend([b"PK\x03\x04".as_slice(), &common, name.as_bytes(), content].concat());
        directory.extend([b"PK\x01\x02\x14\0".as_slice(), &common, &[0; 10]].concat());
        directory.extend([place.to_le_bytes().as_slice(), name.as_bytes()].concat());
    }
    let (start, count) = (archive.len() as u32, parts.len() as u16);
    archive.extend(&directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    archive.extend((directory.len() as u32).to_le_bytes());
    archive.extend(start.to_le_bytes());
    archive.extend([0; 2]);
    archive
}
