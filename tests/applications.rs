//! Applications 申请 as administrators live them: returned, corrected, decided in time.

mod support;

use sealwright::{domain::Timestamp, policy::PolicySet};
use serde_json::{Value, json};
use support::{
    database::Engine,
    people::{self, Cast, id},
    server::House,
};

fn house(engine: Engine) -> (House, Cast) {
    let mut house = House::new(engine);
    house.start();
    let cast = Cast::hire(&house);
    (house, cast)
}

fn apply(house: &House, cast: &Cast, name: &str) -> Value {
    let new = json!({
        "organization_id": cast.organization, "kind": "create", "seal_kind": "finance",
        "seal_name": name, "reason": "需要",
    });
    people::apply(house, &cast.applicant, &new).expect(201)
}

fn time(value: &Value) -> Timestamp {
    Timestamp::parse(value.as_str().unwrap()).unwrap()
}

fn returned_and_corrected(engine: Engine) {
    let (house, cast) = house(engine);
    let application = apply(&house, &cast, "财务专用张");
    let path = |verb: &str| format!("/v1/applications/{}/{verb}", id(&application));
    let decide = |reviewer: usize, body: Value| {
        house.post(&cast.reviewers[reviewer], &path("decisions"), &body)
    };
    let approve = || json!({ "verdict": "approve" });

    decide(0, approve()).expect(200);
    assert_eq!(decide(1, json!({ "verdict": "return" })).problem(409), "invalid-review");
    let resubmit = |key: &str, body: Value| house.post(key, &path("resubmit"), &body);
    assert_eq!(resubmit(&cast.applicant, json!({})).problem(409), "invalid-review", "not returned");

    let why = json!({ "verdict": "return", "reason": "印章名称有误" });
    let returned = decide(1, why).expect(200);
    assert_eq!((&returned["state"], &returned["due_at"]), (&json!("returned"), &Value::Null));
    assert_eq!(decide(1, approve()).problem(409), "invalid-review", "it is with the applicant");
    let (_, other) = people::person(&house, &cast.organization, "applicant");
    assert_eq!(resubmit(&other, json!({})).problem(403), "denied-by-policy");
    let long = json!({ "seal_name": "" });
    assert_eq!(resubmit(&cast.applicant, long).status, 422, "a correction is checked");

    let corrected = json!({ "seal_name": "财务专用章", "declared": true });
    let again = resubmit(&cast.applicant, corrected).expect(200);
    assert_eq!((&again["state"], &again["round"]), (&json!("submitted"), &json!(2)));
    assert_eq!(again["reason"], "需要", "what is not corrected stays");
    assert!(again["due_at"].is_string());

    // The review begins anew; whoever decided in the first round decides again.
    // Nobody approves what was corrected since he read it.
    let first = json!({ "verdict": "approve", "round": 1 });
    assert_eq!(decide(0, first).problem(409), "round-changed");
    assert_eq!(decide(0, approve()).problem(409), "round-changed");
    let approve = || json!({ "verdict": "approve", "round": 2 });
    let half = decide(0, approve()).expect(200);
    assert_eq!(half["state"], "submitted");
    assert_eq!(decide(0, approve()).problem(403), "denied-by-policy", "one person, one level");
    let approved = decide(1, approve()).expect(200);
    assert_eq!((&approved["state"], &approved["due_at"]), (&json!("approved"), &Value::Null));
    let decisions: Vec<_> = approved["decisions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| (d["round"].as_i64().unwrap(), d["level"].as_i64().unwrap(), d["verdict"].clone()))
        .collect();
    let expected = [(1, 1, "approve"), (1, 2, "return"), (2, 1, "approve"), (2, 2, "approve")];
    assert_eq!(decisions, expected.map(|(round, level, verdict)| (round, level, json!(verdict))));
    let seal = approved["seal_id"].as_str().unwrap();
    let seal = house.get(&cast.auditor, &format!("/v1/seals/{seal}")).expect(200);
    assert_eq!(seal["name"], "财务专用章");
    let trail = house.get(&cast.auditor, "/v1/audit?limit=200").expect(200);
    let written = |action: &str| {
        let events = trail["items"].as_array().unwrap().iter();
        events.filter(|event| event["action"] == action && event["outcome"] != "denied").count()
    };
    assert_eq!((written("review"), written("resubmit")), (4, 1));
}

#[test]
fn what_is_returned_is_corrected_and_reviewed_anew_on_sqlite() {
    returned_and_corrected(Engine::Sqlite);
}

#[test]
fn what_is_returned_is_corrected_and_reviewed_anew_on_postgres() {
    returned_and_corrected(Engine::Postgres);
}

#[test]
fn whoever_decided_in_any_round_does_not_make_the_seal() {
    let (house, cast) = house(Engine::Sqlite);
    let application = apply(&house, &cast, "财务专用章");
    let path = |verb: &str| format!("/v1/applications/{}/{verb}", id(&application));
    let (_, returner) = people::person(&house, &cast.organization, "reviewer");
    let why = json!({ "verdict": "return", "reason": "请补正" });
    let returned = house.post(&returner, &path("decisions"), &why).expect(200);
    let declared = json!({ "declared": true });
    house.post(&cast.applicant, &path("resubmit"), &declared).expect(200);
    let mut record = Value::Null;
    for reviewer in &cast.reviewers {
        let approve = json!({ "verdict": "approve", "round": 2 });
        record = house.post(reviewer, &path("decisions"), &approve).expect(200);
    }
    let seal = record["seal_id"].as_str().unwrap();
    let person = returned["decisions"][0]["person_id"].as_str().unwrap();
    let (_, maker) = people::account(&house, &cast.organization, person, "maker");
    let body = json!({ "application_id": application["id"] });
    let reply = house.post(&maker, &format!("/v1/seals/{seal}/key"), &body);
    assert_eq!(reply.problem(403), "denied-by-policy");
    people::generate_key(&house, &cast, seal, &id(&application));
}

#[test]
fn a_returned_application_can_be_taken_back_and_is_then_over() {
    let (house, cast) = house(Engine::Sqlite);
    let application = apply(&house, &cast, "财务专用章");
    let path = |verb: &str| format!("/v1/applications/{}/{verb}", id(&application));
    let why = json!({ "verdict": "return", "reason": "请补正" });
    house.post(&cast.reviewers[0], &path("decisions"), &why).expect(200);
    let over = house.post(&cast.applicant, &path("withdraw"), &json!({})).expect(200);
    assert_eq!(over["state"], "withdrawn");
    let again = house.post(&cast.applicant, &path("resubmit"), &json!({}));
    assert_eq!(again.problem(409), "invalid-review");
}

#[test]
fn the_particulars_of_a_seal_that_exists_are_not_corrected() {
    let (house, cast) = house(Engine::Sqlite);
    let seal = people::active(&house, &cast);
    let new = json!({
        "organization_id": cast.organization, "kind": "change", "seal_id": seal, "reason": "到期",
    });
    let application = people::apply(&house, &cast.applicant, &new).expect(201);
    let path = |verb: &str| format!("/v1/applications/{}/{verb}", id(&application));
    let why = json!({ "verdict": "return", "reason": "请补正" });
    house.post(&cast.reviewers[0], &path("decisions"), &why).expect(200);
    let name = house.post(&cast.applicant, &path("resubmit"), &json!({ "seal_name": "别名" }));
    assert_eq!(name.problem(422), "invalid-application");
    let undeclared = json!({ "reason": "证书到期" });
    let reply = house.post(&cast.applicant, &path("resubmit"), &undeclared);
    assert_eq!(reply.problem(422), "declaration-missing");
    let reason = json!({ "reason": "证书到期", "declared": true });
    let again = house.post(&cast.applicant, &path("resubmit"), &reason).expect(200);
    assert_eq!(again["reason"], "证书到期");
}

#[test]
fn decisions_and_seals_are_due() {
    let (house, cast) = house(Engine::Sqlite);
    let due = |query: &str| -> Vec<Value> {
        let answer = house.get(&cast.auditor, &format!("/v1/deadlines{query}")).expect(200);
        answer["items"].as_array().unwrap().clone()
    };
    assert!(due("").is_empty());

    let application = apply(&house, &cast, "财务专用章");
    let policies = PolicySet::bundled().unwrap();
    let days = u16::try_from(application["levels"][0]["days"].as_i64().unwrap()).unwrap();
    let expected = policies.working_days().deadline(time(&application["created_at"]), days);
    assert_eq!(time(&application["due_at"]), expected, "a level has {days} working days");
    let review = due("");
    assert_eq!(review.len(), 1);
    assert_eq!((&review[0]["kind"], &review[0]["overdue"]), (&json!("review"), &json!(false)));
    assert_eq!(review[0]["application_id"], application["id"]);
    assert_eq!(review[0]["level_name"], application["levels"][0]["name"]);
    assert!(due("?within_days=0").is_empty(), "that is days away");

    let path = format!("/v1/applications/{}/decisions", id(&application));
    house.post(&cast.reviewers[0], &path, &json!({ "verdict": "approve" })).expect(200);
    assert_eq!(due("")[0]["level_name"], application["levels"][1]["name"]);
    let no = json!({ "verdict": "reject", "reason": "不需要" });
    house.post(&cast.reviewers[1], &path, &no).expect(200);
    assert!(due("").is_empty(), "nobody has to decide any more");

    let seal = people::active(&house, &cast);
    let ends = house.get(&cast.auditor, &format!("/v1/seals/{seal}")).expect(200);
    let ends = &ends["versions"][0]["valid_until"];
    let all = due("?within_days=1000");
    let expiry: Vec<_> = all.iter().filter(|item| item["kind"] == "seal-expiry").collect();
    assert_eq!(expiry.len(), 1, "{ends}");
    assert_eq!((&expiry[0]["seal_id"], &expiry[0]["due_at"]), (&json!(seal), ends));
    let far = house.get(&cast.auditor, "/v1/deadlines?within_days=1001");
    assert_eq!(far.problem(422), "invalid-within-days");

    // Another organization's deadlines are its own.
    let beside = Cast::hire_in(&house, "11990102MAEXAMPL4W", "示例市公安局");
    let theirs = house.get(&beside.auditor, "/v1/deadlines?within_days=1000").expect(200);
    assert_eq!(theirs["items"], json!([]));
}
