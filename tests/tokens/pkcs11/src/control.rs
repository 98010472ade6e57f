//! The commands by which a test makes the token misbehave.

use std::{path::PathBuf, thread, time::Duration};

/// Where keys and commands are.
pub fn directory() -> PathBuf {
    std::env::var_os("SEALWRIGHT_TEST_TOKEN_DIR")
        .map(PathBuf::from)
        .unwrap_or_else(std::env::temp_dir)
}

/// The value of a command, if it is given.
pub fn value(name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(directory().join("control")).ok()?;
    text.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == name).then(|| value.trim().parse().ok())?
    })
}

/// Whether a command is on.
pub fn on(name: &str) -> bool {
    value(name).is_some_and(|value| value != 0)
}

/// Waits as long as a command is on.
#[expect(clippy::disallowed_methods, reason = "a slow device is slow")]
pub fn wait_while(command: &str) {
    while on(command) {
        thread::sleep(Duration::from_millis(5));
    }
}

/// Waits as commanded: the latency of a slow device, or for ever while `hang` is on.
#[expect(clippy::disallowed_methods, reason = "a slow device is slow")]
pub fn delay() {
    if let Some(milliseconds) = value("latency_ms") {
        thread::sleep(Duration::from_millis(milliseconds));
    }
    wait_while("hang");
    if on("die_in_sign") {
        std::process::abort();
    }
}
