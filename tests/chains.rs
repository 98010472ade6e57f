//! Certification paths of SM2, P-256, P-384, RSA and Ed25519, alone and mixed, made by openssl: each
//! verdict is held against that of OpenSSL's own validation.

mod support;

use sealwright::pki::path::PathError;
use support::chains::Chains;

/// What OpenSSL refuses and we do not, and why: it does not look at when something was revoked.
const OTHERWISE: [&str; 1] = ["leaf-revoked-later"];

#[test]
fn every_path_is_judged_as_openssl_judges_it() {
    let chains = Chains::make();
    assert!(chains.manifest.len() >= 120, "{}", chains.manifest.len());
    let (mut wrong, mut good) = (Vec::new(), 0);
    for entry in &chains.manifest {
        let name = entry["name"].as_str().unwrap();
        let verdict = chains.judge(entry).map(|path| path.len());
        let otherwise = OTHERWISE.iter().any(|case| name.ends_with(case));
        good += u32::from(verdict.is_ok());
        if verdict.is_ok() != (entry["openssl"].as_bool().unwrap() ^ otherwise) {
            wrong.push(format!("{name}: {verdict:?}, openssl: {}", entry["error"]));
        }
    }
    assert!(wrong.is_empty() && good >= 30, "{good} good\n{}", wrong.join("\n"));
    // Each for the reason that it has.
    type Fits = fn(&PathError) -> bool;
    let reasons: [(&str, Fits); 12] = [
        ("leaf-expired", |error| matches!(error, PathError::OutOfDates { .. })),
        ("authority-expired", |error| matches!(error, PathError::OutOfDates { .. })),
        (
            "authority-is-none",
            |error| matches!(error, PathError::NotAnIssuer(who) if who.contains("机构")),
        ),
        (
            "path-too-long",
            |error| matches!(error, PathError::NotAnIssuer(who) if who.contains("Below")),
        ),
        (
            "critical-unknown",
            |error| matches!(error, PathError::CriticalExtension { extension, .. } if extension == "1.2.3.4.5"),
        ),
        (
            "name-outside",
            |error| matches!(error, PathError::NameNotPermitted(who) if who.contains("Leaf")),
        ),
        ("policy-missing", |error| matches!(error, PathError::PolicyNotMet(_))),
        ("other-root", |error| *error == PathError::NoTrustedRoot),
        ("leaf-revoked", |error| matches!(error, PathError::Revoked { leaf: true, .. })),
        ("authority-revoked", |error| matches!(error, PathError::Revoked { leaf: false, .. })),
        ("leaf-on-hold", |error| matches!(error, PathError::OnHold { .. })),
        (
            "list-stale",
            |error| matches!(error, PathError::RevocationUnknown { why, .. } if why.contains("out of date")),
        ),
    ];
    for (case, fits) in reasons {
        for kinds in ["sm2", "p256", "sm2-above-p256", "p256-above-sm2"] {
            let wanted = format!("{kinds}-{case}");
            let entry = chains.manifest.iter().find(|entry| entry["name"] == wanted.as_str());
            let error = chains.judge(entry.unwrap()).unwrap_err();
            assert!(fits(&error), "{wanted}: {error:?}");
        }
    }
}
