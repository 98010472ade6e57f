//! Doing a thing once, however often it is asked for, on both databases.

mod support;

use serde_json::json;
use support::{
    database::Engine,
    people::{self, Cast},
    server::{House, try_seal},
};

fn sixty_four_at_once(engine: Engine) {
    let mut house = House::new(engine);
    house.start();
    let cast = Cast::hire(&house);
    let seal = people::granted(&house, &cast);
    let mut request = people::request(&seal);
    request["business_number"] = "LIC-2026-1".into();
    let licence = people::licence();
    let replies: Vec<_> = std::thread::scope(|scope| {
        let ask = || try_seal(house.url(), &cast.caller, &request, &licence, Some("k-1")).unwrap();
        let threads: Vec<_> = (0..64).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let good: Vec<_> = replies.iter().filter(|reply| reply.status == 201).collect();
    assert!(!good.is_empty());
    assert!(good.iter().all(|reply| reply.body == good[0].body), "equal answers");
    for reply in replies.iter().filter(|reply| reply.status != 201) {
        assert_eq!(reply.problem(409), "request-in-flight");
    }
    let listed = house.get(&cast.caller, "/v1/signatures").expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let grants = house.get(&cast.keeper, &format!("/v1/seals/{seal}/grants")).expect(200);
    assert_eq!(grants[0]["used"], 1);

    // Much later, and after a restart: the same answer. Other requests under the key: refused.
    house.stop();
    house.start();
    let again = house.seal(&cast.caller, &request, &licence, Some("k-1"));
    assert_eq!((again.status, again.header("idempotent-replayed")), (201, Some("true")));
    assert_eq!(again.body, good[0].body);
    let other = house.seal(&cast.caller, &request, &people::approval(), Some("k-1"));
    assert_eq!(other.problem(422), "idempotency-key-reused");
    // The business number is taken for ever, under whatever key.
    let taken = house.seal(&cast.caller, &request, &licence, Some("k-2"));
    assert_eq!(taken.problem(409), "business-number-taken");
}

#[test]
fn sixty_four_at_once_on_sqlite() {
    sixty_four_at_once(Engine::Sqlite);
}

#[test]
fn sixty_four_at_once_on_postgres() {
    sixty_four_at_once(Engine::Postgres);
}

#[test]
fn administration_is_done_once_too() {
    let mut house = House::new(Engine::Sqlite);
    house.start();
    let new =
        json!({ "uscc": "11990102MAEXAMPL4W", "name": "示例市公安局", "parent_id": house.root });
    let key = [("idempotency-key", "org-1")];
    let admin = &house.administrator;
    let first = house.post_with(admin, "/v1/organizations", &new, &key);
    let again = house.post_with(admin, "/v1/organizations", &new, &key);
    assert_eq!(first.expect(201), again.expect(201));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let mut other = new.clone();
    other["name"] = "别的名字".into();
    let reply = house.post_with(admin, "/v1/organizations", &other, &key);
    assert_eq!(reply.problem(422), "idempotency-key-reused");
    let reply = house.post_with(admin, "/v1/organizations", &new, &[("idempotency-key", "a b")]);
    assert_eq!(reply.problem(400), "invalid-idempotency-key");
    assert_eq!(house.post(admin, "/v1/organizations", &new).problem(409), "uscc-taken");
}

#[test]
fn a_failed_request_leaves_nothing_and_may_be_repeated() {
    let double = support::token::TestToken::double();
    let mut house = House::with(Engine::Sqlite, double, "");
    house.start();
    let cast = Cast::hire(&house);
    let seal = people::granted(&house, &cast);
    let mut request = people::request(&seal);
    request["business_number"] = "LIC-2".into();
    let licence = people::licence();
    house.token.control("wrong_signature=1");
    let failed = house.seal(&cast.caller, &request, &licence, Some("k"));
    assert_eq!(failed.status, 503);
    let records = house.get(&cast.caller, "/v1/signatures").expect(200);
    for record in records["items"].as_array().unwrap() {
        assert_eq!(record["state"], "failed");
    }
    house.token.control("");
    let reply = support::until("seals again", || {
        let reply = house.seal(&cast.caller, &request, &licence, Some("k"));
        (reply.status == 201).then_some(reply)
    });
    assert!(reply.body.starts_with(&licence));
    let records = house.get(&cast.caller, "/v1/signatures?business_number=LIC-2").expect(200);
    assert_eq!(records["items"].as_array().unwrap().len(), 1, "the same record, another attempt");
    assert_eq!(records["items"][0]["state"], "completed");
    let grants = house.get(&cast.keeper, &format!("/v1/seals/{seal}/grants")).expect(200);
    assert_eq!(grants[0]["used"], 1);
}
