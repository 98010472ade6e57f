//! What one person proposes and another confirms: revoking ex officio, destroying keys, letting a
//! certificate through a gate; and organizations that change.

mod support;

use serde_json::{Value, json};
use support::{
    database::Engine,
    elsewhere::Elsewhere,
    people::{self, Cast, id, person},
    run,
    server::{House, Reply},
};

struct Office {
    house: House,
    cast: Cast,
    security: String,
}

impl Office {
    fn open(engine: Engine, days: u16) -> Self {
        let mut house = House::new(engine);
        let line = format!("[register]\nkey_destruction_days = {days}\n[ca]\n");
        house.configure("[ca]\n", &line);
        house.start();
        let cast = Cast::hire(&house);
        let (_, security) = person(&house, &cast.organization, "security-administrator");
        Self { house, cast, security }
    }

    fn propose(&self, seal: &str, verb: &str, body: &Value) -> Reply {
        self.house.post(&self.cast.registrar, &format!("/v1/seals/{seal}/{verb}"), body)
    }

    fn confirm(&self, key: &str, proposal: &Value) -> Reply {
        self.house.post(key, &format!("/v1/proposals/{}/confirm", id(proposal)), &json!({}))
    }

    fn seal(&self, seal: &str) -> Value {
        self.house.get(&self.cast.auditor, &format!("/v1/seals/{seal}")).expect(200)
    }
}

fn ex_officio(engine: Engine) {
    let office = Office::open(engine, 30);
    let (house, cast) = (&office.house, &office.cast);
    let seal = people::granted(house, cast);
    let body = json!({ "cause": "dissolution", "reason": "单位已解散，所有者未申请注销" });
    let keeper = house.post(&cast.keeper, &format!("/v1/seals/{seal}/revoke-ex-officio"), &body);
    assert_eq!(keeper.problem(403), "denied-by-policy");
    let proposal = office.propose(&seal, "revoke-ex-officio", &body).expect(201);
    assert_eq!(office.propose(&seal, "revoke-ex-officio", &body).problem(409), "already-proposed");
    assert_eq!(office.seal(&seal)["versions"][0]["state"], "active", "nothing happened yet");
    assert_eq!(office.confirm(&cast.registrar, &proposal).problem(403), "denied-by-policy");
    let confirmed = office.confirm(&office.security, &proposal).expect(200);
    assert_eq!(confirmed["state"], "confirmed");
    assert_eq!(office.seal(&seal)["versions"][0]["state"], "revoked");
    assert_eq!(office.confirm(&office.security, &proposal).problem(409), "proposal-decided");
    let timeline = house.get(&cast.auditor, &format!("/v1/seals/{seal}/timeline")).expect(200);
    let last = timeline["changes"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["cause"], &last["to"]), (&json!("dissolution"), &json!("revoked")));
    let code = office.seal(&seal)["code"].as_str().unwrap().to_owned();
    let status = house.get("", &format!("/public/seals/{code}/status")).expect(200);
    assert_eq!((&status["state"], &status["cause"]), (&json!("revoked"), &json!("dissolution")));
    // The list says why, as RFC 5280 has it.
    let list = house.token.directory.path().join("list.crl");
    std::fs::write(&list, house.get("", "/public/crl/p256.crl").body).unwrap();
    let text = run(std::process::Command::new("openssl")
        .args(["crl", "-inform", "DER", "-noout", "-text", "-in"])
        .arg(&list));
    assert!(text.contains("Cessation Of Operation"), "{text}");
    let late = office.propose(&seal, "revoke-ex-officio", &body);
    assert_eq!(late.problem(409), "invalid-transition");
    // What is refused stays refused.
    let other = people::active(house, cast);
    let proposal = office.propose(&other, "revoke-ex-officio", &body).expect(201);
    let path = format!("/v1/proposals/{}/withdraw", id(&proposal));
    assert_eq!(house.post(&office.security, &path, &json!({})).expect(200)["state"], "withdrawn");
    assert_eq!(office.confirm(&office.security, &proposal).problem(409), "proposal-decided");
    assert_eq!(office.seal(&other)["versions"][0]["state"], "active");
    let open = house.get(&cast.auditor, "/v1/proposals?state=open").expect(200);
    assert_eq!(open["items"], json!([]));
}

#[test]
fn a_seal_is_revoked_ex_officio_by_two_on_sqlite() {
    ex_officio(Engine::Sqlite);
}

#[test]
fn a_seal_is_revoked_ex_officio_by_two_on_postgres() {
    ex_officio(Engine::Postgres);
}

fn destruction(engine: Engine) {
    let office = Office::open(engine, 0);
    let (house, cast) = (&office.house, &office.cast);
    let seal = people::granted_dual(house, cast);
    let body = json!({ "version": 1, "reason": "注销后销毁" });
    assert_eq!(office.propose(&seal, "destroy-key", &body).problem(409), "key-in-use");
    let end = json!({ "reason": "非法制作" });
    house.post(&cast.registrar, &format!("/v1/seals/{seal}/invalidate"), &end).expect(200);
    let objects = || house.token.objects();
    let before = objects();
    let proposal = office.propose(&seal, "destroy-key", &body).expect(201);
    assert_eq!(office.confirm(&cast.registrar, &proposal).problem(403), "denied-by-policy");
    assert_eq!(objects(), before);
    office.confirm(&office.security, &proposal).expect(200);
    assert_eq!(objects(), before - 2, "the halves of P-256; SM2 was wrapped");
    let after = office.seal(&seal);
    for credential in after["versions"][0]["credentials"].as_array().unwrap() {
        assert!(credential["key_destroyed_at"].is_string(), "{credential}");
    }
    let trail = house.get(&cast.auditor, "/v1/audit?limit=200").expect(200);
    let destroyed = trail["items"].as_array().unwrap().iter();
    assert_eq!(destroyed.filter(|event| event["action"] == "destroy-key").count(), 2);
    // Confirming again changes nothing.
    office.confirm(&office.security, &proposal).expect(200);
}

#[test]
fn a_refused_destruction_destroys_nothing() {
    let office = Office::open(Engine::Sqlite, 0);
    let (house, cast) = (&office.house, &office.cast);
    let seal = people::granted_dual(house, cast);
    let end = json!({ "reason": "非法制作" });
    house.post(&cast.registrar, &format!("/v1/seals/{seal}/invalidate"), &end).expect(200);
    let body = json!({ "version": 1, "reason": "注销后销毁" });
    let proposal = office.propose(&seal, "destroy-key", &body).expect(201);
    let withdraw = format!("/v1/proposals/{}/withdraw", id(&proposal));
    house.post(&cast.registrar, &withdraw, &json!({})).expect(200);
    let before = house.token.objects();
    assert_eq!(office.confirm(&office.security, &proposal).problem(409), "proposal-decided");
    assert_eq!(house.token.objects(), before);
    for credential in office.seal(&seal)["versions"][0]["credentials"].as_array().unwrap() {
        assert!(credential["key_destroyed_at"].is_null(), "{credential}");
    }
}

#[test]
fn keys_are_destroyed_by_two_on_sqlite() {
    destruction(Engine::Sqlite);
}

#[test]
fn keys_are_destroyed_by_two_on_postgres() {
    destruction(Engine::Postgres);
}

#[test]
fn keys_wait_before_they_are_destroyed() {
    let office = Office::open(Engine::Sqlite, 1);
    let (house, cast) = (&office.house, &office.cast);
    let seal = people::active(house, cast);
    let end = json!({ "reason": "非法制作" });
    house.post(&cast.registrar, &format!("/v1/seals/{seal}/invalidate"), &end).expect(200);
    let body = json!({ "version": 1, "reason": "注销后销毁" });
    let proposal = office.propose(&seal, "destroy-key", &body).expect(201);
    assert!(proposal["not_before"].is_string());
    assert_eq!(office.confirm(&office.security, &proposal).problem(409), "waiting-time-not-over");
    assert!(office.seal(&seal)["versions"][0]["credentials"][0]["key_destroyed_at"].is_null());
}

#[test]
fn a_certificate_of_another_name_goes_through_when_two_say_so() {
    let mut house = House::new(Engine::Sqlite);
    let trust = house.token.directory.path().join("trust");
    std::fs::create_dir_all(&trust).unwrap();
    house.configure("[ca]\n", &format!("[trust]\ndirectory = \"{}\"\n[ca]\n", trust.display()));
    house.start();
    let cast = Cast::hire(&house);
    let (_, security) = person(&house, &cast.organization, "security-administrator");
    let (seal, application) = people::permitted(&house, &cast);
    let body = json!({ "application_id": application, "schemes": ["sm2"] });
    house.post(&cast.maker, &format!("/v1/seals/{seal}/key"), &body).expect(201);
    let mut office = Elsewhere::new(&house, &seal);
    office.organization = "示例市市监局".to_owned();
    std::fs::write(trust.join("root.pem"), office.root()).unwrap();
    house.stop();
    house.start();
    let chain = office.certificate();
    let make = |chain: &str| {
        let body = json!({ "picture": people::picture(), "certificate_chains": [chain] });
        house.post(&cast.maker, &format!("/v1/seals/{seal}/make"), &body)
    };
    assert_eq!(make(&chain).problem(422), "certificate-subject-mismatch");
    let waive = |key: &str, code: &str, chain: &str| {
        let body = json!({ "code": code, "certificate": chain, "reason": "名称为规范简称" });
        house.post(key, &format!("/v1/seals/{seal}/waivers"), &body)
    };
    let mismatch = "certificate-subject-mismatch";
    assert_eq!(waive(&cast.registrar, mismatch, &chain).problem(403), "denied-by-policy");
    let code = waive(&cast.maker, "certificate-untrusted", &chain).problem(422);
    assert_eq!(code, "refusal-not-waivable");
    assert_eq!(waive(&cast.maker, mismatch, "x").problem(422), "certificate-malformed");
    let proposal = waive(&cast.maker, mismatch, &chain).expect(201);
    assert_eq!(make(&chain).problem(422), mismatch, "one person is not enough");
    let confirm = format!("/v1/proposals/{}/confirm", id(&proposal));
    house.post(&security, &confirm, &json!({})).expect(200);
    // The waiver is for this certificate alone.
    let mut other = Elsewhere::new(&house, &seal);
    other.organization = "别的单位".to_owned();
    assert_eq!(make(&other.certificate()).problem(422), mismatch);
    make(&chain).expect(200);
}

#[test]
fn the_seals_of_an_organization_that_changes_are_listed_until_they_are_handled() {
    let office = Office::open(Engine::Sqlite, 30);
    let (house, cast) = (&office.house, &office.cast);
    let seal = people::active(house, cast);
    let path = format!("/v1/organizations/{}/changes", cast.organization);
    let admin = &house.administrator;
    let unfit = |body: Value| house.post(admin, &path, &body).problem(422);
    assert_eq!(unfit(json!({ "cause": "rename", "reason": "x" })), "invalid-organization-change");
    assert_eq!(unfit(json!({ "cause": "loss", "reason": "x" })), "invalid-organization-change");
    let rename = json!({ "cause": "rename", "new_name": "示例市市场监管局", "reason": "机构改革" });
    assert_eq!(house.post(&cast.registrar, &path, &rename).problem(403), "denied-by-policy");
    let change = house.post(admin, &path, &rename).expect(201);
    assert_eq!(change["open_seals"], json!([seal]));
    let due = house.get(&cast.auditor, "/v1/deadlines?within_days=60").expect(200);
    let items = due["items"].as_array().unwrap();
    assert!(
        items.iter().any(|d| d["kind"] == "organization-change" && d["seal_id"] == json!(seal))
    );
    // The seal is changed to the new name; its certificate bears it.
    let new = json!({
        "organization_id": cast.organization, "kind": "change", "seal_id": seal,
        "new_name": "示例市市场监管局", "reason": "更名",
    });
    let application = people::approved(house, cast, &new);
    people::generate_key(house, cast, &seal, &id(&application));
    people::make(house, cast, &seal);
    people::register(house, cast, &seal);
    let after = house.get(&cast.auditor, &path).expect(200);
    assert_eq!(after[0]["open_seals"], json!([]));
    // What was applied for while it existed is not approved when it does no more.
    let open = json!({
        "organization_id": cast.organization, "kind": "create", "seal_kind": "invoice",
        "seal_name": "发票专用章", "reason": "x",
    });
    let open = people::apply(house, &cast.applicant, &open).expect(201);
    let decide = format!("/v1/applications/{}/decisions", id(&open));
    house.post(&cast.reviewers[0], &decide, &json!({ "verdict": "approve" })).expect(200);
    // Then it is merged into another one: nothing new is applied for, what is there is revoked.
    let merger = json!({ "cause": "merger", "successor_id": house.root, "reason": "合并" });
    assert_eq!(house.post(admin, &path, &merger).expect(201)["open_seals"], json!([seal]));
    assert_eq!(house.post(admin, &path, &merger).problem(409), "organization-ended");
    let new = json!({
        "organization_id": cast.organization, "kind": "create", "seal_kind": "finance",
        "seal_name": "财务专用章", "reason": "x",
    });
    assert_eq!(people::apply(house, &cast.applicant, &new).problem(409), "organization-ended");
    let late = house.post(&cast.reviewers[1], &decide, &json!({ "verdict": "approve" }));
    assert_eq!(late.problem(409), "organization-ended");
    let body = json!({ "cause": "merger", "reason": "合并" });
    let proposal = office.propose(&seal, "revoke-ex-officio", &body).expect(201);
    office.confirm(&office.security, &proposal).expect(200);
    assert_eq!(house.get(&cast.auditor, &path).expect(200)[1]["open_seals"], json!([]));
}
