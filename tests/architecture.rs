//! The house keeps its shape: who may use whom, and where vendor crates live. Read off the `use`
//! lines and paths of `src/`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Which rooms a room may name.
const RULES: &[(&str, &[&str])] = &[
    ("crypto", &[]),
    ("domain", &["crypto"]),
    ("pki", &["crypto", "domain"]),
    ("pictures", &[]),
    ("containers", &["crypto", "domain", "pki"]),
    ("formats", &["crypto", "domain", "pictures", "pki"]),
    ("devices", &["crypto", "domain", "pki"]),
    ("policy", &["crypto", "domain"]),
    ("store", &["crypto", "domain", "pki"]),
    ("drawing", &["domain", "pictures"]),
    ("reports", &["crypto", "domain"]),
    ("verification", &["containers", "crypto", "domain", "drawing", "formats", "pki"]),
    ("clients", &[]),
    ("config", &["clients", "devices", "domain", "drawing"]),
    (
        "service",
        &[
            "clients",
            "config",
            "containers",
            "crypto",
            "devices",
            "domain",
            "drawing",
            "formats",
            "pictures",
            "pki",
            "policy",
            "store",
            "verification",
        ],
    ),
    // Documents and verdicts pass through HTTP as they are; it decides nothing about them.
    (
        "http",
        &[
            "config", "crypto", "devices", "domain", "formats", "policy", "reports", "service",
            "store",
        ],
    ),
    ("jobs", &["service"]),
    (
        "cli",
        &[
            "app",
            "clients",
            "config",
            "crypto",
            "domain",
            "drawing",
            "formats",
            "http",
            "pki",
            "policy",
            "reports",
            "service",
            "store",
            "verification",
        ],
    ),
];

/// Vendor crates, each in the room where it lives.
const HOMES: &[(&str, &str)] = &[
    ("cryptoki", "devices"),
    ("crossbeam_channel", "devices"),
    ("sqlx", "store"),
    ("axum", "http"),
    ("axum_server", "http"),
    ("utoipa_axum", "http"),
    ("prometheus_client", "http"),
    ("cedar_policy", "policy"),
    ("tiny_skia", "pictures"),
    ("fontdb", "pictures"),
    ("ttf_parser", "pictures"),
    ("png", "pictures"),
    ("csv", "service"),
    ("lettre", "clients"),
    ("clap", "cli"),
    ("anyhow", "cli"),
    ("flate2", "formats"),
    ("hayro_interpret", "formats"),
    ("hayro_interpret", "drawing"),
    ("hayro", "drawing"),
    ("rustix", "drawing"),
    ("ureq", "clients"),
    ("indicatif", "cli"),
    ("subsetter", "pictures"),
    ("usvg", "pictures"),
    ("qrcode", "pictures"),
    ("aes", "crypto"),
    ("cbc", "crypto"),
    ("rc4", "crypto"),
    ("md5", "crypto"),
    ("certval", "pki"),
    ("maud", "reports"),
    ("x509_cert", "pki"),
];

fn sources() -> Vec<(String, PathBuf, String)> {
    fn walk(directory: &Path, into: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, into);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                into.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    walk(&root, &mut paths);
    paths
        .into_iter()
        .map(|path| {
            let inside = path.strip_prefix(&root).unwrap().to_owned();
            let room = inside.components().next().unwrap().as_os_str().to_string_lossy();
            let room = room.trim_end_matches(".rs").to_owned();
            let text = fs::read_to_string(&path).unwrap();
            // Unit tests at the bottom may use whatever they like.
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap().to_owned();
            (room, inside, code)
        })
        .collect()
}

/// The rooms that a file names: in `use crate::{…}` groups and in plain paths.
fn rooms_named(code: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    let word = |text: &str| -> String {
        text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with('$') {
            continue;
        }
        let rest = &code[at + 7..];
        if !rest.starts_with('{') {
            rooms.push(word(rest));
            continue;
        }
        let mut depth = 0;
        let mut begins = false;
        for (place, c) in rest.char_indices() {
            match c {
                '{' => {
                    depth += 1;
                    begins = depth == 1;
                }
                '}' => depth -= 1,
                ',' if depth == 1 => begins = true,
                c if begins && depth == 1 && !c.is_whitespace() => {
                    rooms.push(word(&rest[place..]));
                    begins = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    rooms
}

#[test]
fn rooms_use_only_what_lies_below_them() {
    let rules: BTreeMap<_, _> = RULES.iter().copied().collect();
    let mut wrong = Vec::new();
    for (room, path, code) in sources() {
        if ["app", "lib", "main"].contains(&room.as_str()) {
            continue;
        }
        let allowed = rules.get(room.as_str()).unwrap_or_else(|| panic!("no rule for {room}"));
        for named in rooms_named(&code) {
            let is_room = rules.contains_key(named.as_str()) || named == "app";
            if is_room && named != room && !allowed.contains(&named.as_str()) {
                wrong.push(format!("{}: {room} names {named}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn vendor_crates_stay_at_home() {
    let mut wrong = Vec::new();
    for (room, path, code) in sources() {
        for (vendor, home) in HOMES {
            let named = code.match_indices(&format!("{vendor}::")).any(|(at, _)| {
                !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
            });
            if named && !HOMES.contains(&(*vendor, room.as_str())) {
                wrong.push(format!("{}: {vendor} lives in {home}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_stay_small_and_say_what_they_are() {
    for (_, path, code) in sources() {
        let lines = code.lines().count();
        assert!(lines <= 620, "{}: {lines} lines", path.display());
        assert!(code.starts_with("//!"), "{} opens with a paragraph", path.display());
    }
}

#[test]
fn the_rules_can_fail() {
    assert_eq!(
        rooms_named("use crate::{\n  domain::{a, b},\n store::Tx,\n};"),
        ["domain", "store"]
    );
    assert_eq!(rooms_named("crate::http::Problem"), ["http"]);
}
