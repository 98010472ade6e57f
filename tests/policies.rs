//! Policies: they hold strictly, golden questions get their answers, every action is asked by an
//! endpoint or has a reason not to be, and a policy that fails never lets anything through.

use std::{fs, path::Path};

use sealwright::{
    http,
    policy::{Action, PolicySet, cases},
};

#[test]
fn golden_decisions() {
    let set = PolicySet::bundled().unwrap();
    let mut count = 0;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/cases")).unwrap()
    {
        let outcome =
            cases::run(&set, &fs::read_to_string(entry.unwrap().path()).unwrap()).unwrap();
        assert_eq!(outcome.failures, Vec::<String>::new());
        count += outcome.count;
    }
    assert!(count >= 25);
}

#[test]
fn a_wrong_expectation_is_found() {
    let set = PolicySet::bundled().unwrap();
    let case = "[[case]]\nname = 'x'\naction = 'read-audit'\nresource = { kind = 'service' }\n\
                principal = { name = 'k', person = 'k', scope = 'c', roles = ['keeper'] }\nexpect = 'allow'";
    assert_eq!(cases::run(&set, case).unwrap().failures.len(), 1);
}

#[test]
fn every_endpoint_has_an_action_and_every_action_an_endpoint() {
    let document = serde_json::to_value(http::document()).unwrap();
    let mut used = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let word = operation["x-action"].as_str();
            let action = word.and_then(Action::parse);
            assert!(action.is_some(), "{method} {path} has no action of the schema");
            used.extend(action);
        }
    }
    for action in Action::ALL {
        assert!(used.contains(action), "no endpoint asks for {action}");
    }
}

#[test]
fn policies_that_do_not_hold_are_refused() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let load = |extra: &str| {
        let directory = tempfile::TempDir::new().unwrap();
        for name in
            ["schema.cedarschema", "approval.toml", "forms.toml", "levels.toml", "access.cedar"]
        {
            fs::copy(source.join(name), directory.path().join(name)).unwrap();
        }
        fs::write(directory.path().join("extra.cedar"), extra).unwrap();
        PolicySet::load(directory.path()).map(|set| set.ids()).map_err(|error| error.to_string())
    };
    assert!(load("").is_ok());
    let misspelt = "@id(\"a\") permit (principal is Principal, action == Action::\"verify\", resource) \
                    when { principal.persn == \"x\" };";
    assert!(load(misspelt).unwrap_err().contains("persn"));
    let nameless = "permit (principal, action, resource);";
    assert!(load(nameless).unwrap_err().contains("@id"));
    let twice =
        "@id(\"anybody-asks\") permit (principal, action == Action::\"observe\", resource);";
    assert!(load(twice).unwrap_err().contains("anybody-asks"));
    // A warning is enough: a policy that can never apply.
    let never = "@id(\"n\") permit (principal is Seal, action == Action::\"verify\", resource);";
    assert!(load(never).is_err());
}

#[test]
fn the_digest_names_the_set() {
    let bundled = PolicySet::bundled().unwrap();
    let loaded = PolicySet::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies")).unwrap();
    assert_eq!(bundled.digest(), loaded.digest());
    assert_eq!(bundled.digest().len(), 64);
}
