//! Review 审核 up the tree of organizations: three levels, a quorum, stand-ins.

mod support;

use serde_json::{Value, json};
use support::{
    database::Engine,
    people::{self, account, id, person},
    server::{House, Reply},
};

const LEVELS: &str = r#"levels = [
    { name = "county 县级审核", above = 0 },
    { name = "city 市级审核", above = 1, quorum = 2, days = 3 },
    { name = "province 省级审批", above = 2, days = 10 },
]"#;

/// A county bureau below a city below the province that runs the service.
struct Tree {
    house: House,
    city: String,
    county: String,
    applicant: String,
}

impl Tree {
    fn grow(engine: Engine) -> Self {
        let mut house = House::new(engine);
        house.set_policy("approval.toml", |text| {
            text.replacen(
                "levels = [\"unit review 单位审核\", \"department approval 主管部门审批\"]",
                LEVELS,
                1,
            )
        });
        house.start();
        let below = |parent: &str, uscc: &str, name: &str| {
            let new = json!({ "uscc": uscc, "name": name, "parent_id": parent });
            id(&house.post(&house.administrator, "/v1/organizations", &new).expect(201))
        };
        let city = below(&house.root, "11990101MAEXAMPL3B", "示例市行政审批局");
        let county = below(&city, "11990102MAEXAMPL4W", "示例县自然资源局");
        let (_, applicant) = person(&house, &county, "applicant");
        Self { house, city, county, applicant }
    }

    fn apply(&self, organization: &str, name: &str) -> Value {
        let new = json!({
            "organization_id": organization, "kind": "create", "seal_kind": "business",
            "seal_name": name, "reason": "业务需要",
        });
        people::apply(&self.house, &self.applicant, &new).expect(201)
    }

    fn reviewer(&self, organization: &str) -> String {
        person(&self.house, organization, "reviewer").1
    }

    fn decide(&self, key: &str, application: &Value) -> Reply {
        let path = format!("/v1/applications/{}/decisions", id(application));
        self.house.post(key, &path, &json!({ "verdict": "approve" }))
    }
}

fn three_levels(engine: Engine) {
    let tree = Tree::grow(engine);
    let application = tree.apply(&tree.county, "不动产登记专用章");
    let number = application["number"].as_str().unwrap();
    assert!(number.starts_with("990102-20") && number.ends_with("-0001"), "{number}");
    let names: Vec<_> =
        application["levels"].as_array().unwrap().iter().map(|l| &l["name"]).collect();
    assert_eq!(names, ["county 县级审核", "city 市级审核", "province 省级审批"]);
    assert_eq!(application["levels"][1]["organization_id"], json!(tree.city));
    let (county, city, other, province) = (
        tree.reviewer(&tree.county),
        tree.reviewer(&tree.city),
        tree.reviewer(&tree.city),
        tree.reviewer(&tree.house.root),
    );
    for early in [&city, &province] {
        assert_eq!(tree.decide(early, &application).problem(403), "denied-by-policy");
    }
    let one = tree.decide(&county, &application).expect(200);
    assert_ne!(one["due_at"], application["due_at"], "the next level has its own days");
    assert_eq!(tree.decide(&province, &application).problem(403), "denied-by-policy");
    let two = tree.decide(&city, &application).expect(200);
    assert_eq!((&two["state"], &two["due_at"]), (&json!("submitted"), &one["due_at"]));
    assert_eq!(tree.decide(&city, &application).problem(403), "denied-by-policy", "twice");
    let three = tree.decide(&other, &application).expect(200);
    assert_eq!(tree.decide(&other, &application).problem(403), "denied-by-policy");
    let levels: Vec<_> =
        three["decisions"].as_array().unwrap().iter().map(|d| &d["level"]).collect();
    assert_eq!(levels, [1, 2, 2]);
    let done = tree.decide(&province, &application).expect(200);
    assert_eq!((&done["state"], &done["due_at"]), (&json!("approved"), &Value::Null));
    let seal = done["seal_id"].as_str().unwrap();
    let seal = tree.house.get(&tree.applicant, &format!("/v1/seals/{seal}")).expect(200);
    assert_eq!(seal["code"], "99010200000001");
    let second = tree.apply(&tree.county, "林地专用章");
    assert!(second["number"].as_str().unwrap().ends_with("-0002"));
}

#[test]
fn three_levels_decide_in_order_on_sqlite() {
    three_levels(Engine::Sqlite);
}

#[test]
fn three_levels_decide_in_order_on_postgres() {
    three_levels(Engine::Postgres);
}

#[test]
fn an_organization_higher_up_has_fewer_levels() {
    let tree = Tree::grow(Engine::Sqlite);
    let (_, applicant) = person(&tree.house, &tree.house.root, "applicant");
    let new = json!({
        "organization_id": tree.house.root, "kind": "create", "seal_kind": "business",
        "seal_name": "审批专用章", "reason": "需要",
    });
    let application = people::apply(&tree.house, &applicant, &new).expect(201);
    let names: Vec<_> =
        application["levels"].as_array().unwrap().iter().map(|l| &l["name"]).collect();
    assert_eq!(names, ["county 县级审核", "province 省级审批"], "both fall to itself");
    let (one, two) = (tree.reviewer(&tree.house.root), tree.reviewer(&tree.house.root));
    tree.decide(&one, &application).expect(200);
    assert_eq!(tree.decide(&one, &application).problem(403), "denied-by-policy");
    assert_eq!(tree.decide(&two, &application).expect(200)["state"], "approved");
}

#[test]
fn somebody_stands_in_for_an_absent_reviewer() {
    let tree = Tree::grow(Engine::Sqlite);
    let house = &tree.house;
    let application = tree.apply(&tree.county, "不动产登记专用章");
    let (absent_id, absent) = person(house, &tree.county, "reviewer");
    let deputy = json!({ "organization_id": tree.county, "name": "某副科长" });
    let deputy = id(&house.post(&house.administrator, "/v1/persons", &deputy).expect(201));
    let (_, key) = account(house, &tree.county, &deputy, "keeper");
    assert_eq!(tree.decide(&key, &application).problem(403), "denied-by-policy");

    let now = sealwright::domain::Clock::now(&sealwright::domain::SystemClock);
    let until = now.plus_seconds(86_400);
    let new = |person: &str| json!({ "person_id": person, "valid_until": until, "reason": "出差" });
    let name = |key: &str, body: &Value| house.post(key, "/v1/stand-ins", body);
    let me = house.get(&absent, &format!("/v1/applications/{}", id(&application))).expect(200);
    assert_eq!(me["state"], "submitted");
    // Nobody stands in for himself, for nobody, without an end, or at the wish of just anybody.
    let (_, security) = person(house, &tree.county, "security-administrator");
    let own = house.get(&security, "/v1/principals?limit=200").expect(200);
    let mine = |id: &str| {
        let all = own["items"].as_array().unwrap();
        all.iter().find(|p| p["id"] == id).unwrap()["person_id"].as_str().unwrap().to_owned()
    };
    assert_eq!(name(&absent, &new(&mine(&absent_id))).problem(422), "invalid-stand-in");
    let mut past = new(&deputy);
    past["valid_until"] = json!(now.plus_seconds(-1));
    assert_eq!(name(&absent, &past).problem(422), "invalid-stand-in");
    assert_eq!(name(&key, &new(&deputy)).problem(403), "denied-by-policy");
    let force = |key: &str| {
        house.post(key, &format!("/v1/principals/{absent_id}/stand-ins"), &new(&deputy))
    };
    assert_eq!(force(&tree.applicant).problem(403), "denied-by-policy");

    let stand_in = force(&security).expect(201);
    let ended = house.post(&absent, &format!("/v1/stand-ins/{}/end", id(&stand_in)), &json!({}));
    assert!(ended.expect(200)["ended_at"].is_string());
    assert_eq!(tree.decide(&key, &application).problem(403), "denied-by-policy", "it is over");

    name(&absent, &new(&deputy)).expect(201);
    let decided = tree.decide(&key, &application).expect(200);
    let decision = &decided["decisions"][0];
    assert_eq!(decision["person_id"], json!(deputy));
    assert_eq!(decision["for_person_id"], json!(mine(&absent_id)));
    assert_eq!(decided["decisions"].as_array().unwrap().len(), 1);
    // At the next level neither is of the organization that decides.
    assert_eq!(tree.decide(&key, &application).problem(403), "denied-by-policy");
    let list = house.get(&absent, "/v1/stand-ins").expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    let form = house.get(&absent, &format!("/v1/applications/{}/form", id(&application)));
    let form = String::from_utf8(form.body).unwrap();
    assert!(form.contains("某副科长（代 for 某reviewer）"), "{form}");
}

/// Every kind of application up three levels: with a return, a stand-in, and a certificate that two
/// persons let through.
#[test]
fn every_kind_goes_up_three_levels() {
    let mut house = House::new(Engine::Sqlite);
    let trust = house.token.directory.path().join("trust");
    std::fs::create_dir_all(&trust).unwrap();
    house.configure("[ca]\n", &format!("[trust]\ndirectory = \"{}\"\n[ca]\n", trust.display()));
    house.set_policy("approval.toml", |text| {
        let three = LEVELS.replace(", quorum = 2", "");
        let two = "levels = [\"unit review 单位审核\", \"department approval 主管部门审批\"]";
        text.replace(two, &three).replace("levels = [\"unit review 单位审核\"]", &three)
    });
    house.start();
    let below = |parent: &str, uscc: &str, name: &str| {
        let new = json!({ "uscc": uscc, "name": name, "parent_id": parent });
        id(&house.post(&house.administrator, "/v1/organizations", &new).expect(201))
    };
    let city = below(&house.root, "11990101MAEXAMPL3B", "示例市行政审批局");
    let county = people::Cast::hire_below(&house, &city, "11990102MAEXAMPL4W", "示例县自然资源局");
    let reviewers = [&county.organization, &city, &house.root]
        .map(|organization| person(&house, organization, "reviewer").1);
    // The city's reviewer is away; somebody of the city stands in.
    let deputy = json!({ "organization_id": city, "name": "某副局长" });
    let deputy = id(&house.post(&house.administrator, "/v1/persons", &deputy).expect(201));
    let (_, deputy_key) = account(&house, &city, &deputy, "auditor");
    let until =
        sealwright::domain::Clock::now(&sealwright::domain::SystemClock).plus_seconds(86_400);
    let stand_in = json!({ "person_id": deputy, "valid_until": until, "reason": "休假" });
    house.post(&reviewers[1], "/v1/stand-ins", &stand_in).expect(201);
    let (_, security) = person(&house, &county.organization, "security-administrator");
    let decide = |key: &str, application: &Value, body: Value| {
        house.post(key, &format!("/v1/applications/{}/decisions", id(application)), &body)
    };
    // Up three levels, once returned by the last one, the middle one by the stand-in.
    let through = |new: &Value| -> Value {
        let application = people::apply(&house, &county.applicant, new).expect(201);
        assert_eq!(application["levels"].as_array().unwrap().len(), 3, "{}", new["kind"]);
        for key in [&reviewers[0], &deputy_key] {
            decide(key, &application, json!({ "verdict": "approve" })).expect(200);
        }
        let back = json!({ "verdict": "return", "reason": "请补充说明" });
        assert_eq!(decide(&reviewers[2], &application, back).expect(200)["state"], "returned");
        let path = format!("/v1/applications/{}/resubmit", id(&application));
        let again = json!({ "reason": "已补充说明", "declared": true });
        house.post(&county.applicant, &path, &again).expect(200);
        let mut last = Value::Null;
        for key in [&reviewers[0], &deputy_key, &reviewers[2]] {
            last =
                decide(key, &application, json!({ "verdict": "approve", "round": 2 })).expect(200);
        }
        assert_eq!((&last["state"], &last["round"]), (&json!("approved"), &json!(2)));
        assert_eq!(last["decisions"].as_array().unwrap().len(), 6);
        last
    };
    let organization = &county.organization;
    // Create, with a certificate of another name that two persons let through.
    let created = through(&json!({
        "organization_id": organization, "kind": "create", "seal_kind": "business",
        "seal_name": "不动产登记专用章", "reason": "业务需要",
    }));
    let seal = created["seal_id"].as_str().unwrap().to_owned();
    let body = json!({ "application_id": created["id"], "schemes": ["sm2"] });
    house.post(&county.maker, &format!("/v1/seals/{seal}/key"), &body).expect(201);
    let mut elsewhere = support::elsewhere::Elsewhere::new(&house, &seal);
    elsewhere.organization = "示例县自然资源和规划局".to_owned();
    let chain = elsewhere.certificate();
    std::fs::write(trust.join("root.pem"), elsewhere.root()).unwrap();
    let mut house = house;
    house.stop();
    house.start();
    let make = |seal: &str, chains: Value| {
        let body = json!({ "picture": people::picture(), "certificate_chains": chains });
        house.post(&county.maker, &format!("/v1/seals/{seal}/make"), &body)
    };
    assert_eq!(make(&seal, json!([chain])).problem(422), "certificate-subject-mismatch");
    let waiver = json!({
        "code": "certificate-subject-mismatch", "certificate": chain, "reason": "机构改革过渡",
    });
    let path = format!("/v1/seals/{seal}/waivers");
    let proposal = house.post(&county.maker, &path, &waiver).expect(201);
    let path = format!("/v1/proposals/{}/confirm", id(&proposal));
    house.post(&security, &path, &json!({})).expect(200);
    make(&seal, json!([chain])).expect(200);
    people::register(&house, &county, &seal);
    let decide = |key: &str, application: &Value, body: Value| {
        house.post(key, &format!("/v1/applications/{}/decisions", id(application)), &body)
    };
    let through = |new: &Value| -> Value {
        let application = people::apply(&house, &county.applicant, new).expect(201);
        assert_eq!(application["levels"].as_array().unwrap().len(), 3, "{}", new["kind"]);
        let mut last = Value::Null;
        for key in [&reviewers[0], &deputy_key, &reviewers[2]] {
            last = decide(key, &application, json!({ "verdict": "approve" })).expect(200);
        }
        last
    };
    // Change and renew, each yielding the next version; then the end.
    for (number, more) in [
        (2, json!({ "kind": "change", "new_name": "自然资源登记专用章" })),
        (3, json!({ "kind": "renew", "remake": "carrier-damaged" })),
    ] {
        let mut new = json!({ "organization_id": organization, "seal_id": seal, "reason": "x" });
        new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let application = through(&new);
        people::generate_key(&house, &county, &seal, &id(&application));
        make(&seal, json!([])).expect(200);
        let after = people::register(&house, &county, &seal);
        let versions = after["versions"].as_array().unwrap();
        assert_eq!(versions.len(), number);
        assert_eq!(versions[number - 1]["name"], "自然资源登记专用章");
        assert_eq!(versions[number - 2]["state"], "superseded");
    }
    let end = through(&json!({
        "organization_id": organization, "kind": "revoke", "seal_id": seal, "cause": "rename",
        "reason": "更名",
    }));
    let body = json!({ "reason": "更名", "application_id": end["id"] });
    let over =
        house.post(&county.registrar, &format!("/v1/seals/{seal}/revoke"), &body).expect(200);
    assert_eq!(over["versions"][2]["state"], "revoked");
}
