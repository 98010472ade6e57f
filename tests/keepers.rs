//! Keepers of seals 保管人: named, accepted, handed over, away; and seals without one.

mod support;

use sealwright::domain::{Clock, SystemClock, Timestamp};
use serde_json::{Value, json};
use support::{
    database::Engine,
    people::{self, Cast, id},
    server::House,
};

struct Desk {
    house: House,
    cast: Cast,
    seal: String,
}

impl Desk {
    /// A registered seal that nobody keeps yet.
    fn new(engine: Engine) -> Self {
        let mut house = House::new(engine);
        house.start();
        let cast = Cast::hire(&house);
        let seal = people::key_ready(&house, &cast);
        people::make(&house, &cast, &seal);
        people::register(&house, &cast, &seal);
        Self { house, cast, seal }
    }

    fn path(&self, rest: &str) -> String {
        format!("/v1/seals/{}/keepers{rest}", self.seal)
    }

    /// A further person with the role: the person and an access key.
    fn person(&self, role: &str) -> (String, String) {
        let new = json!({ "organization_id": self.cast.organization, "name": "某人" });
        let admin = &self.house.administrator;
        let person = id(&self.house.post(admin, "/v1/persons", &new).expect(201));
        let key = people::account(&self.house, &self.cast.organization, &person, role).1;
        (person, key)
    }

    fn name(&self, by: &str, new: &Value) -> support::server::Reply {
        self.house.post(by, &self.path(""), new)
    }

    fn accept(&self, by: &str, keeping: &Value) -> support::server::Reply {
        self.house.post(by, &self.path(&format!("/{}/accept", id(keeping))), &json!({}))
    }

    fn end(&self, by: &str, keeping: &Value) -> support::server::Reply {
        let path = self.path(&format!("/{}/end", id(keeping)));
        self.house.post(by, &path, &json!({ "reason": "调离" }))
    }

    fn seal(&self) -> support::server::Reply {
        let request = people::request(&self.seal);
        self.house.seal(&self.cast.caller, &request, &people::licence(), None)
    }

    fn states(&self) -> Vec<Value> {
        let keepers = self.house.get(&self.cast.auditor, &self.path("")).expect(200);
        keepers.as_array().unwrap().iter().map(|keeper| keeper["state"].clone()).collect()
    }
}

fn later(days: i64) -> Timestamp {
    SystemClock.now().plus_seconds(days * 86_400)
}

fn a_life(engine: Engine) {
    let desk = Desk::new(engine);
    let (cast, house) = (&desk.cast, &desk.house);
    let grants = format!("/v1/seals/{}/grants", desk.seal);
    let grant = json!({ "principal_id": cast.caller_id, "valid_until": later(1) });

    // Nobody keeps it: no grants, no use.
    assert_eq!(house.post(&cast.keeper, &grants, &grant).problem(403), "denied-by-policy");
    let new = json!({ "person_id": cast.keeper_person });
    assert_eq!(desk.name(&cast.keeper, &new).problem(403), "denied-by-policy");
    let named = desk.name(&cast.registrar, &new).expect(201);
    assert_eq!(named["state"], "designated");
    assert_eq!(desk.name(&cast.registrar, &new).problem(409), "keeper-already");
    assert_eq!(house.post(&cast.keeper, &grants, &grant).problem(403), "denied-by-policy");

    // Only the named person accepts.
    let (other_person, other) = desk.person("keeper");
    assert_eq!(desk.accept(&other, &named).problem(403), "denied-by-policy");
    assert_eq!(desk.accept(&cast.registrar, &named).problem(403), "denied-by-policy");
    let keeping = desk.accept(&cast.keeper, &named).expect(200);
    assert_eq!(keeping["state"], "keeping");
    assert_eq!(desk.accept(&cast.keeper, &named).problem(409), "invalid-keeping");
    house.post(&cast.keeper, &grants, &grant).expect(201);
    assert_eq!(desk.seal().status, 201);

    // Handed over: until the other accepts, nothing changes.
    let over = json!({ "person_id": other_person, "replaces": keeping["id"] });
    let offered = desk.name(&cast.keeper, &over).expect(201);
    assert_eq!(desk.states(), ["designated", "keeping"]);
    house.post(&cast.keeper, &grants, &grant).expect(201);
    desk.accept(&other, &offered).expect(200);
    assert_eq!(desk.states(), ["keeping", "ended"]);
    assert_eq!(house.post(&cast.keeper, &grants, &grant).problem(403), "denied-by-policy");
    house.post(&other, &grants, &grant).expect(201);
    assert_eq!(desk.seal().status, 201, "grants outlive the keeper who gave them");

    // The last keeper goes.
    assert_eq!(desk.end(&cast.keeper, &offered).problem(403), "denied-by-policy");
    desk.end(&other, &offered).expect(200);
    assert_eq!(desk.seal().problem(409), "seal-without-keeper");
    assert_eq!(desk.end(&cast.registrar, &offered).problem(409), "invalid-keeping");
    people::keep(house, cast, &desk.seal);
    assert_eq!(desk.seal().status, 201);
    let trail = house.get(&cast.auditor, "/v1/audit?limit=200").expect(200);
    let written = |action: &str| {
        let events = trail["items"].as_array().unwrap().iter();
        events.filter(|event| event["action"] == action && event["outcome"] != "denied").count()
    };
    let counts = ["name-keeper", "accept-keeping", "end-keeping"].map(written);
    assert_eq!(counts, [3, 3, 1]);
}

#[test]
fn a_seal_is_kept_by_named_persons_on_sqlite() {
    a_life(Engine::Sqlite);
}

#[test]
fn a_seal_is_kept_by_named_persons_on_postgres() {
    a_life(Engine::Postgres);
}

#[test]
fn stand_ins_have_a_term() {
    let desk = Desk::new(Engine::Sqlite);
    let (cast, house) = (&desk.cast, &desk.house);
    people::keep(house, cast, &desk.seal);
    let grants = format!("/v1/seals/{}/grants", desk.seal);
    let grant = json!({ "principal_id": cast.caller_id, "valid_until": later(1) });
    house.post(&cast.keeper, &grants, &grant).expect(201);
    let (person, key) = desk.person("keeper");
    let stand_in = |until: Option<Timestamp>| {
        let new = json!({ "person_id": person, "stand_in": true, "until": until });
        desk.name(&cast.keeper, &new)
    };
    assert_eq!(stand_in(None).problem(422), "invalid-keeper");
    assert_eq!(stand_in(Some(later(-1))).problem(422), "invalid-keeper");
    let short = SystemClock.now().plus_seconds(3);
    let named = stand_in(Some(short)).expect(201);
    desk.accept(&key, &named).expect(200);
    house.post(&key, &grants, &grant).expect(201);
    let due = house.get(&cast.auditor, "/v1/deadlines").expect(200);
    let terms = due["items"].as_array().unwrap().iter().filter(|d| d["kind"] == "keeper-term");
    assert_eq!(terms.count(), 1);

    // The keeper goes, the stand-in's term ends by itself.
    let all = house.get(&cast.auditor, &desk.path("")).expect(200);
    desk.end(&cast.registrar, &all[1]).expect(200);
    support::until("the term ends", || (desk.seal().status != 201).then_some(()));
    assert_eq!(desk.seal().problem(409), "seal-without-keeper");
    assert_eq!(house.post(&key, &grants, &grant).problem(403), "denied-by-policy");
}

#[test]
fn a_naming_can_be_declined_and_taken_back() {
    let desk = Desk::new(Engine::Sqlite);
    let cast = &desk.cast;
    let new = json!({ "person_id": cast.keeper_person });
    let named = desk.name(&cast.registrar, &new).expect(201);
    let decline = desk.path(&format!("/{}/decline", id(&named)));
    let empty = desk.house.post(&cast.keeper, &decline, &json!({ "reason": " " }));
    assert_eq!(empty.problem(422), "invalid-reason");
    let why = json!({ "reason": "不在岗" });
    assert_eq!(desk.house.post(&cast.registrar, &decline, &why).problem(403), "denied-by-policy");
    let declined = desk.house.post(&cast.keeper, &decline, &why).expect(200);
    assert_eq!(
        (&declined["state"], &declined["end_reason"]),
        (&json!("declined"), &json!("不在岗"))
    );
    assert_eq!(desk.accept(&cast.keeper, &named).problem(409), "invalid-keeping");

    let again = desk.name(&cast.registrar, &new).expect(201);
    desk.end(&cast.registrar, &again).expect(200);
    assert_eq!(desk.accept(&cast.keeper, &again).problem(409), "invalid-keeping");

    // Nobody names himself, nobody hands over what he does not keep.
    let (person, key) = desk.person("registrar");
    let own = json!({ "person_id": person });
    assert_eq!(desk.name(&key, &own).problem(422), "invalid-keeper");
    let over = json!({ "person_id": cast.keeper_person, "replaces": again["id"] });
    assert_eq!(desk.name(&cast.registrar, &over).problem(422), "invalid-keeper");
    let nobody = json!({ "person_id": again["id"] });
    assert_eq!(desk.name(&cast.registrar, &nobody).status, 404);
}
