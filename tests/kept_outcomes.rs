//! Who asks again about the same document gets the answer that was kept, with its age, unless something
//! changed on which it depends; what the register says is always of the present.

mod support;

use serde_json::{Value, json};
use support::{
    sealed::{Sealed, sealed},
    server::{Reply, send},
    until,
};

fn verify(office: &Sealed, query: &str, headers: &[(&str, &str)]) -> Reply {
    let path = format!("/public/verify{query}");
    send(office.house.url(), "POST", &path, headers, &office.file).unwrap()
}

fn age(reply: &Reply) -> Option<u32> {
    reply.header("age").map(|text| text.parse().unwrap())
}

#[test]
fn the_same_question_has_the_same_answer_until_something_changed() {
    let office = sealed();
    let first = verify(&office, "", &[]);
    assert_eq!((age(&first), &first.json()["conclusion"]), (None, &json!("valid")));
    let again = verify(&office, "", &[]);
    assert!(age(&again).is_some_and(|age| age < 300));
    assert_eq!(again.json(), first.json(), "with the time for which it was asked");
    assert_eq!(again.header("vary"), Some("accept, accept-language"));
    // In another form it is the same answer; by another policy, anew or with pictures it is another.
    assert!(age(&verify(&office, "", &[("accept", "text/html")])).is_some());
    for query in ["?policy=cn-eseal", "?pictures=true"] {
        assert_eq!(age(&verify(&office, query, &[])), None, "{query}");
    }
    assert_eq!(age(&verify(&office, "", &[("cache-control", "no-cache")])), None);
    let mut changed = office.file.clone();
    changed[1000] ^= 1;
    let other = send(office.house.url(), "POST", "/public/verify", &[], &changed).unwrap();
    assert_eq!((age(&other), &other.json()["conclusion"]), (None, &json!("invalid")));
    let named = {
        let (kind, body) = support::server::multipart(&json!({}), &office.file);
        send(office.house.url(), "POST", "/public/verify", &[("content-type", kind)], &body)
    };
    let named = named.unwrap();
    assert!(age(&named).is_some(), "{}", String::from_utf8_lossy(&named.body));
    assert_eq!(named.json()["file"], "a.pdf");
    // The register speaks for itself.
    let seal = |report: &Value| report["signatures"][0]["seal"]["state_now"].clone();
    let reason = json!({ "reason": "x" });
    let path = format!("/v1/seals/{}/suspend", office.seal);
    office.house.post(&office.cast.registrar, &path, &reason).expect(200);
    let suspended = verify(&office, "", &[]);
    assert!(age(&suspended).is_some());
    assert_eq!(seal(&suspended.json()), "suspended");
    let void = format!("{}/void", office.record);
    office.house.post(&office.cast.caller, &void, &reason).expect(200);
    let voided = verify(&office, "", &[]);
    assert!(age(&voided).is_some());
    assert_eq!(voided.json()["conclusion"], "invalid");
    // A revocation brings a new list, and with it a new answer.
    office.revoke();
    until("the document is judged by the new list", || {
        age(&verify(&office, "", &[])).is_none().then_some(())
    });
}

#[test]
fn nothing_is_kept_where_that_is_not_wanted() {
    let mut office = sealed();
    office.house.stop();
    office.house.configure("[ca]\n", "[verification]\nkeep_seconds = 0\n[ca]\n");
    office.house.start();
    for _ in 0..2 {
        assert_eq!(age(&verify(&office, "", &[])), None);
    }
}
