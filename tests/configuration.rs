//! The annotated configuration is the manual: it parses as it stands and with every option on.

use std::{fs, path::Path};

use sealwright::{config::Config, devices::pkcs11::TokenConfig};

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("hsm-config").join(name)).unwrap()
}

/// Options are commented without a space behind the `#`; words have one.
fn is_option(line: &str) -> bool {
    line.strip_prefix('#').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()))
}

#[test]
fn the_manual_parses_as_it_stands() {
    let config = Config::parse(&read("service.toml")).unwrap();
    assert_eq!(config.sealing.idempotency_hours, 48);
}

#[test]
fn every_commented_option_parses_one_at_a_time() {
    let manual = read("service.toml");
    let mut tried = 0;
    for (place, line) in manual.lines().enumerate().filter(|(_, line)| is_option(line)) {
        let name = line[1..].split(' ').next().unwrap();
        // TLS files go together; another url or pin takes the place of the one given.
        let together = ["tls_certificate", "tls_key"];
        let text: String = manual
            .lines()
            .enumerate()
            .filter(|(_, other)| {
                !(["url", "pin"].contains(&name) && other.starts_with(&format!("{name} =")))
            })
            .map(|(other_place, other)| {
                let pair = together.contains(&name)
                    && together.iter().any(|word| other.starts_with(&format!("#{word} ")));
                let on = other_place == place || pair;
                format!("{}\n", if on { &other[1..] } else { other })
            })
            .collect();
        Config::parse(&text).unwrap_or_else(|error| panic!("{line}: {error}"));
        tried += 1;
    }
    assert!(tried >= 20, "{tried}");
}

#[test]
fn commented_defaults_are_the_defaults() {
    let manual = read("service.toml");
    let plain = Config::parse(&manual).unwrap();
    let skipped = [
        "tls_certificate",
        "tls_key",
        "url",
        "pin",
        "serial",
        "sm2",
        "directory",
        "servers",
        "spool_directory",
        "server",
        "from",
        "login",
        "tls_root",
        "trust",
        "networks",
    ];
    let text: String = manual
        .lines()
        .map(|line| {
            let name = line.trim_start_matches('#').split(' ').next().unwrap_or_default();
            let on = is_option(line) && !skipped.contains(&name);
            format!("{}\n", if on { &line[1..] } else { line })
        })
        .collect();
    assert_eq!(format!("{:?}", Config::parse(&text).unwrap()), format!("{plain:?}"));
}

#[test]
fn tokens_parse() {
    #[derive(serde::Deserialize)]
    struct File {
        token: TokenConfig,
    }
    for name in ["pkcs11-softhsm.toml", "pkcs11-vendor.toml"] {
        toml::from_str::<File>(&read(name)).unwrap().token.validate().unwrap();
    }
}

#[test]
fn mistakes_are_named() {
    let manual = read("service.toml");
    let broken = |from: &str, to: &str| {
        Config::parse(&manual.replacen(from, to, 1)).unwrap_err().to_string()
    };
    assert!(broken("[sealing]", "[sealing]\nlease = 3").contains("lease"));
    assert!(broken("[sealing]", "[sealing]\nlease_seconds = 0").contains("lease_seconds"));
    assert!(broken("[http]", "[http]\npublic_url = \"ftp://x\"").contains("public_url"));
    assert!(broken("[http]", "[http]\ntls_key = \"/x\"").contains("tls_certificate"));
    assert!(broken("[token]", "[token]\nsessions = 0").contains("sessions"));
    assert!(broken("pin = { from = \"file\"", "pin = { from = \"flag\"").contains("flag"));
}
