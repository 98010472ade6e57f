//! Power failures in the middle of signing: nothing is released without a durable record, at most
//! one signature of a record is ever released, and nothing half-made stays silent.
//!
//! The program is built with the feature `failpoints`, which lets a test name the place to die.
#![cfg(feature = "failpoints")]

mod support;

use std::collections::HashMap;

use serde_json::{Value, json};
use support::{
    database::Engine,
    people::{self, Cast},
    server::{House, try_seal},
};

/// Every place between the steps 4 and 9.
const POINTS: [&str; 9] = [
    "before-intend",
    "after-intend",
    "after-sign",
    "after-verify",
    "before-embed",
    "after-embed",
    "before-release",
    "after-release",
    "after-release",
];

fn kills(engine: Engine) {
    let mut house = House::new(engine);
    house.start();
    let cast = Cast::hire(&house);
    let seal = people::granted(&house, &cast);
    house.stop();
    let licence = people::licence();
    let mut released: HashMap<String, String> = HashMap::new();
    for round in 0..104 {
        let point = POINTS[round % POINTS.len()];
        // Several callers at once, each with a number of its own; the n-th to pass takes all down.
        let failpoint = format!("{point}:{}", 1 + round % 3);
        house.start_with(&[("SEALWRIGHT_FAILPOINT", &failpoint)]);
        let numbers: Vec<String> = (0..3).map(|caller| format!("R{round}-{caller}")).collect();
        let ask = |number: &String| {
            let mut request = people::request(&seal);
            request["business_number"] = number.as_str().into();
            try_seal(house.url(), &cast.caller, &request, &licence, Some(number)).ok()
        };
        let replies: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = numbers.iter().map(|n| scope.spawn(move || ask(n))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap_or(None)).collect()
        });
        for reply in replies.iter().flatten() {
            let body = String::from_utf8_lossy(&reply.body);
            assert_eq!(reply.status, 201, "round {round}, {failpoint}: {body}");
        }
        house.wait_for_death();
        for (number, reply) in numbers.iter().zip(replies) {
            if let Some(reply) = reply {
                released.insert(number.clone(), digest(&reply.body));
            }
        }
        if round % 4 == 3 {
            house.start();
            reconcile(&house, &cast, round, &released);
            house.stop();
        }
    }
    house.start();
    finish(&house, &cast, &seal, &licence, &released);
}

/// What was released is on record and completed; nothing is left under way.
fn reconcile(house: &House, cast: &Cast, round: usize, released: &HashMap<String, String>) {
    support::until("everything is closed", || {
        let open = house.get(&cast.auditor, "/v1/signatures?state=intended").expect(200);
        open["items"].as_array().unwrap().is_empty().then_some(())
    });
    for (number, digest) in released.iter().filter(|(n, _)| n.starts_with(&format!("R{round}-"))) {
        let records = records(house, cast, number);
        assert_eq!(records.len(), 1);
        assert_eq!(records[0]["state"], "completed");
        assert_eq!(records[0]["sealed_digest"], digest.as_str());
    }
}

fn records(house: &House, cast: &Cast, number: &str) -> Vec<Value> {
    let path = format!("/v1/signatures?business_number={number}");
    house.get(&cast.auditor, &path).expect(200)["items"].as_array().unwrap().clone()
}

/// Every request is asked again under its key: what was released before is given again, what came
/// to nothing is done now; then everything is completed once.
fn finish(
    house: &House,
    cast: &Cast,
    seal: &str,
    licence: &[u8],
    released: &HashMap<String, String>,
) {
    let mut completed = 0;
    for round in 0..104 {
        for caller in 0..3 {
            let number = format!("R{round}-{caller}");
            let mut request = people::request(seal);
            request["business_number"] = number.as_str().into();
            let reply = house.seal(&cast.caller, &request, licence, Some(&number));
            assert_eq!(reply.status, 201, "{number} {}", String::from_utf8_lossy(&reply.body));
            if let Some(before) = released.get(&number) {
                assert_eq!(*before, digest(&reply.body), "{number}: the same signature again");
            }
            let records = records(house, cast, &number);
            assert_eq!(records.len(), 1);
            assert_eq!(records[0]["state"], "completed");
            assert_eq!(records[0]["sealed_digest"], digest(&reply.body).as_str());
            completed += 1;
        }
    }
    let grants = house.get(&cast.keeper, &format!("/v1/seals/{seal}/grants")).expect(200);
    assert_eq!(grants[0]["used"], completed, "quota and records agree");
    let verified = house.command().args(["--json", "audit", "verify"]).output().unwrap();
    let verified: Value = serde_json::from_slice(&verified.stdout).unwrap();
    assert_eq!(verified["faults"], json!([]));
}

fn digest(bytes: &[u8]) -> String {
    sealwright::crypto::digest::hex(&sealwright::crypto::digest::sha256(bytes))
}

#[test]
fn a_hundred_deaths_on_sqlite() {
    kills(Engine::Sqlite);
}

#[test]
fn a_hundred_deaths_on_postgres() {
    kills(Engine::Postgres);
}

/// An unresolved record keeps its use of a grant. Asked for again under another grant, the use goes
/// back to the one it was taken from.
#[test]
fn a_use_goes_back_to_the_grant_it_was_taken_from() {
    let mut house = House::new(Engine::Sqlite);
    house.start();
    let cast = Cast::hire(&house);
    let seal = people::active(&house, &cast);
    let first = people::grant(&house, &cast, &seal, &json!({ "quota": 5 }));
    let (request, licence) = (people::request(&seal), people::licence());
    house.stop();
    house.start_with(&[("SEALWRIGHT_FAILPOINT", "after-sign:1")]);
    assert!(try_seal(house.url(), &cast.caller, &request, &licence, Some("k")).is_err());
    house.wait_for_death();
    house.start();
    let used = || -> Vec<(String, i64)> {
        let grants = house.get(&cast.keeper, &format!("/v1/seals/{seal}/grants")).expect(200);
        let pair = |g: &Value| (people::id(g), g["used"].as_i64().unwrap());
        grants.as_array().unwrap().iter().map(pair).collect()
    };
    assert_eq!(used(), [(people::id(&first), 1)], "an unresolved record keeps its use");
    let path = format!("/v1/seals/{seal}/grants/{}/revoke", people::id(&first));
    house.post(&cast.keeper, &path, &json!({})).expect(200);
    let second = people::grant(&house, &cast, &seal, &json!({ "quota": 5 }));
    assert_eq!(house.seal(&cast.caller, &request, &licence, Some("k")).status, 201);
    assert_eq!(used(), [(people::id(&second), 1), (people::id(&first), 0)]);
}
