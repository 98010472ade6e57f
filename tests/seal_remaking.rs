//! A seal that goes on: changed under another name, made again after loss, with its key or a new one.

mod support;

use serde_json::{Value, json};
use support::{
    database::Engine,
    people::{self, Cast, id},
    server::House,
};

fn house(policy: impl FnOnce(&House)) -> (House, Cast) {
    let mut house = House::new(Engine::Sqlite);
    policy(&house);
    house.start();
    let cast = Cast::hire(&house);
    (house, cast)
}

fn states(seal: &Value) -> Vec<&str> {
    let versions = seal["versions"].as_array().unwrap().iter();
    versions.map(|version| version["state"].as_str().unwrap()).collect()
}

fn application(cast: &Cast, seal: &str, more: Value) -> Value {
    let mut new = json!({ "organization_id": cast.organization, "seal_id": seal, "reason": "x" });
    new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    new
}

#[test]
fn a_lost_seal_is_made_again_and_the_old_one_is_revoked() {
    let (house, cast) = house(|_| {});
    let seal = people::granted(&house, &cast);
    let lose = json!({ "reason": "介质遗失" });
    house.post(&cast.keeper, &format!("/v1/seals/{seal}/report-loss"), &lose).expect(200);
    let plain = application(&cast, &seal, json!({ "kind": "change" }));
    let reply = people::apply(&house, &cast.applicant, &plain);
    assert_eq!(reply.problem(409), "seal-state-unfit", "what is lost is not changed");
    let again = application(&cast, &seal, json!({ "kind": "renew", "remake": "loss" }));
    let approved = people::approved(&house, &cast, &again);
    let old = house.get(&cast.auditor, &format!("/v1/seals/{seal}")).expect(200);
    people::generate_key(&house, &cast, &seal, &id(&approved));
    people::make(&house, &cast, &seal);
    let after = people::register(&house, &cast, &seal);
    assert_eq!(states(&after), ["revoked", "active"]);
    assert_eq!(after["code"], old["code"], "it is the same seal");
    let keys: Vec<_> = after["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| &v["credentials"][0]["key_id"])
        .collect();
    assert_ne!(keys[0], keys[1]);
    // Whoever has the old certificate reads in the list that it is revoked.
    let crl = house.get("", "/public/crl/p256.crl");
    let list = house.token.directory.path().join("list.crl");
    std::fs::write(&list, &crl.body).unwrap();
    let text = support::run(
        std::process::Command::new("openssl")
            .args(["crl", "-inform", "DER", "-noout", "-text", "-in"])
            .arg(&list),
    );
    assert_eq!(text.matches("Serial Number").count(), 1, "{text}");
    let sealed = house.seal(&cast.caller, &people::request(&seal), &people::licence(), None);
    assert_eq!(sealed.status, 201, "{:?}", String::from_utf8_lossy(&sealed.body));
}

#[test]
fn a_change_gives_another_name_from_its_registration_on() {
    let (house, cast) = house(|_| {});
    let seal = people::granted(&house, &cast);
    let renamed = json!({ "kind": "change", "new_name": "示例市市场监督管理局（新）" });
    let approved = people::approved(&house, &cast, &application(&cast, &seal, renamed.clone()));
    people::generate_key(&house, &cast, &seal, &id(&approved));
    people::make(&house, &cast, &seal);
    let before = house.get(&cast.auditor, &format!("/v1/seals/{seal}")).expect(200);
    assert_eq!(before["name"], cast.name);
    let after = people::register(&house, &cast, &seal);
    assert_eq!(after["name"], renamed["new_name"]);
    assert_eq!(after["versions"][0]["name"], cast.name, "what was sealed bears the old name");
    assert_eq!(after["versions"][1]["name"], renamed["new_name"]);
    let pem = after["versions"][1]["credentials"][0]["certificate_chain"][0].as_str().unwrap();
    let path = house.token.directory.path().join("leaf.pem");
    std::fs::write(&path, pem).unwrap();
    let subject = support::run(
        std::process::Command::new("openssl")
            .args(["x509", "-noout", "-subject", "-nameopt", "utf8,sep_multiline", "-in"])
            .arg(path),
    );
    assert!(subject.contains("示例市市场监督管理局（新）"), "{subject}");
    // The name that the seal gave up may be given to another one; the one it has may not.
    let new = |name: &str| {
        json!({
            "organization_id": cast.organization, "kind": "create", "seal_kind": "legal-name",
            "seal_name": name, "reason": "x",
        })
    };
    let taken = people::apply(&house, &cast.applicant, &new("示例市市场监督管理局（新）"));
    assert_eq!(taken.problem(409), "seal-duplicate");
    people::apply(&house, &cast.applicant, &new(&cast.name)).expect(201);
}

#[test]
fn a_key_is_used_again_only_where_policy_says_so() {
    let reuse = |seal: &str, approved: &Value, house: &House, cast: &Cast| {
        let body = json!({ "application_id": approved["id"], "reuse": true });
        house.post(&cast.maker, &format!("/v1/seals/{seal}/key"), &body)
    };
    let (strict, cast) = house(|_| {});
    let seal = people::active(&strict, &cast);
    let change = application(&cast, &seal, json!({ "kind": "change" }));
    let approved = people::approved(&strict, &cast, &change);
    assert_eq!(reuse(&seal, &approved, &strict, &cast).problem(409), "key-reuse-refused");
    people::generate_key(&strict, &cast, &seal, &id(&approved));

    let (house, cast) = house(|house| {
        house.set_policy("approval.toml", |text| text.replace("reuse = false", "reuse = true"));
    });
    let seal = people::granted(&house, &cast);
    let damaged =
        application(&cast, &seal, json!({ "kind": "renew", "remake": "carrier-damaged" }));
    let damaged = people::approved(&house, &cast, &damaged);
    assert_eq!(reuse(&seal, &damaged, &house, &cast).problem(409), "key-reuse-refused");
    let change = application(&cast, &seal, json!({ "kind": "change" }));
    let approved = people::approved(&house, &cast, &change);
    reuse(&seal, &approved, &house, &cast).expect(201);
    people::make(&house, &cast, &seal);
    let after = people::register(&house, &cast, &seal);
    let keys: Vec<_> = after["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| &v["credentials"][0]["key_id"])
        .collect();
    assert_eq!(keys[0], keys[1]);
    let sealed = house.seal(&cast.caller, &people::request(&seal), &people::licence(), None);
    assert_eq!(sealed.status, 201);
    // Where the key is in other hands, every certificate of it is revoked.
    let stolen = json!({ "kind": "renew", "remake": "key-compromise" });
    let stolen = people::approved(&house, &cast, &application(&cast, &seal, stolen));
    people::generate_key(&house, &cast, &seal, &id(&stolen));
    people::make(&house, &cast, &seal);
    let after = people::register(&house, &cast, &seal);
    assert_eq!(states(&after), ["superseded", "revoked", "active"]);
    let list = house.token.directory.path().join("list.crl");
    std::fs::write(&list, house.get("", "/public/crl/p256.crl").body).unwrap();
    let text = support::run(
        std::process::Command::new("openssl")
            .args(["crl", "-inform", "DER", "-noout", "-text", "-in"])
            .arg(&list),
    );
    assert_eq!(text.matches("Serial Number").count(), 2, "{text}");
    assert_eq!(text.matches("Key Compromise").count(), 2, "{text}");
    // What did not expire is not made again for it.
    let expired = application(&cast, &seal, json!({ "kind": "renew", "remake": "expiry" }));
    let reply = people::apply(&house, &cast.applicant, &expired);
    assert_eq!(reply.problem(409), "seal-state-unfit");
}

#[test]
fn what_is_being_made_while_the_seal_is_revoked_is_given_up() {
    let (house, cast) = house(|_| {});
    let seal = people::active(&house, &cast);
    let change = application(&cast, &seal, json!({ "kind": "change" }));
    let change = people::approved(&house, &cast, &change);
    people::generate_key(&house, &cast, &seal, &id(&change));
    people::make(&house, &cast, &seal);
    let late = application(&cast, &seal, json!({ "kind": "renew", "remake": "carrier-damaged" }));
    let late = people::approved(&house, &cast, &late);
    let end = application(&cast, &seal, json!({ "kind": "revoke", "cause": "dissolution" }));
    let end = people::approved(&house, &cast, &end);
    let body = json!({ "reason": "单位解散", "application_id": end["id"], "version": 1 });
    let after = house.post(&cast.registrar, &format!("/v1/seals/{seal}/revoke"), &body).expect(200);
    assert_eq!(states(&after), ["revoked", "abandoned"]);
    let register = house.post(&cast.registrar, &format!("/v1/seals/{seal}/register"), &json!({}));
    assert_eq!(register.problem(409), "invalid-transition");
    let body = json!({ "application_id": late["id"] });
    let key = house.post(&cast.maker, &format!("/v1/seals/{seal}/key"), &body);
    assert_eq!(key.problem(409), "seal-ended");
}

#[test]
fn what_expired_is_renewed_late() {
    let (mut house, cast) = house(|_| {});
    let seals = [people::active(&house, &cast), people::active(&house, &cast)];
    // Two years pass.
    house.stop();
    let database = house.database.trim_start_matches("sqlite://").split('?').next().unwrap();
    let script = format!(
        "import sqlite3; c = sqlite3.connect('{database}'); \
         c.execute('UPDATE seal_versions SET valid_until = valid_from + 1'); c.commit()"
    );
    support::run(support::python_tool("python").args(["-c", &script]));
    house.start();
    let state = |seal: &str| {
        let read = house.get(&cast.auditor, &format!("/v1/seals/{seal}")).expect(200);
        states(&read)[0].to_owned()
    };
    for seal in &seals {
        support::until("the clock", || (state(seal) == "expired").then_some(()));
    }
    // By the ordinary way, though the window is long over, and by the short one.
    for (seal, more) in seals
        .iter()
        .zip([json!({ "kind": "renew" }), json!({ "kind": "renew", "remake": "expiry" })])
    {
        let approved = people::approved(&house, &cast, &application(&cast, seal, more));
        people::generate_key(&house, &cast, seal, &id(&approved));
        people::make(&house, &cast, seal);
        let after = people::register(&house, &cast, seal);
        assert_eq!(states(&after), ["expired", "active"]);
    }
    // What expired is not suspended or revoked any more; there is nothing to be renewed early.
    let again = people::apply(
        &house,
        &cast.applicant,
        &application(&cast, &seals[0], json!({ "kind": "renew" })),
    );
    assert_eq!(again.problem(409), "renewal-too-early");
}
