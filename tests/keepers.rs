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
    let all = house.get(&cast.auditor, &desk.path("")).expect(200);
    let both = json!({
        "person_id": person, "stand_in": true, "until": later(1), "replaces": all[0]["id"],
    });
    assert_eq!(desk.name(&cast.keeper, &both).problem(422), "invalid-keeper");
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
fn nobody_gives_away_what_is_not_his() {
    let desk = Desk::new(Engine::Sqlite);
    let (cast, house) = (&desk.cast, &desk.house);
    let first = people::keep(house, cast, &desk.seal);
    let (person, key) = desk.person("keeper");
    let (accomplice, third) = desk.person("keeper");
    let week = json!({ "person_id": person, "stand_in": true, "until": later(7) });
    let standing_in = desk.name(&cast.keeper, &week).expect(201);
    desk.accept(&key, &standing_in).expect(200);

    // A stand-in neither displaces the keeper nor hands the week over, and ends only his own.
    let displace = json!({ "person_id": accomplice, "replaces": first["id"] });
    assert_eq!(desk.name(&key, &displace).problem(403), "denied-by-policy");
    let pass_on = json!({ "person_id": accomplice, "replaces": standing_in["id"] });
    assert_eq!(desk.name(&key, &pass_on).problem(403), "denied-by-policy");
    assert_eq!(desk.end(&key, &first).problem(403), "denied-by-policy");
    assert_eq!(desk.end(&cast.keeper, &standing_in).problem(403), "denied-by-policy");
    // Nor does a keeper name another one beside himself; that is the registrar's.
    let beside = json!({ "person_id": accomplice });
    assert_eq!(desk.name(&cast.keeper, &beside).problem(403), "denied-by-policy");
    desk.end(&key, &standing_in).expect(200);

    // What a dismissed keeper offered is over, and one offer is not accepted twice.
    let offered = desk.name(&cast.keeper, &displace).expect(201);
    desk.end(&cast.registrar, &first).expect(200);
    assert_eq!(desk.accept(&third, &offered).problem(409), "invalid-keeping");
    let keeping = people::keep(house, cast, &desk.seal);
    let over = |to: &str| json!({ "person_id": to, "replaces": keeping["id"] });
    let one = desk.name(&cast.keeper, &over(&person)).expect(201);
    let other = desk.name(&cast.keeper, &over(&accomplice)).expect(201);
    desk.accept(&key, &one).expect(200);
    assert_eq!(desk.accept(&third, &other).problem(409), "invalid-keeping");
    let kept = desk.states().into_iter().filter(|state| state == "keeping").count();
    assert_eq!(kept, 1);
}

#[test]
fn a_term_is_not_outlived_and_can_follow_another() {
    let desk = Desk::new(Engine::Sqlite);
    let cast = &desk.cast;
    let until = SystemClock.now().plus_seconds(4);
    let term = |until: Timestamp| json!({ "person_id": cast.keeper_person, "until": until });
    let named = desk.name(&cast.registrar, &term(until)).expect(201);
    let keeping = desk.accept(&cast.keeper, &named).expect(200);
    let (person, key) = desk.person("keeper");
    let longer = json!({ "person_id": person, "replaces": keeping["id"] });
    assert_eq!(desk.name(&cast.keeper, &longer).problem(422), "invalid-keeper");
    let equal = json!({ "person_id": person, "replaces": keeping["id"], "until": until });
    let late = desk.name(&cast.keeper, &equal).expect(201);

    support::until("the term ends", || {
        let again = desk.name(&cast.registrar, &term(later(30)));
        (again.status == 201).then_some(())
    });
    assert_eq!(desk.accept(&key, &late).problem(409), "invalid-keeping");
    assert_eq!(desk.states(), ["designated", "designated", "ended"]);
}

#[test]
fn the_registrar_withdraws_grants_of_a_seal_that_nobody_keeps() {
    let desk = Desk::new(Engine::Sqlite);
    let (cast, house) = (&desk.cast, &desk.house);
    let keeping = people::keep(house, cast, &desk.seal);
    let grant = people::grant(house, cast, &desk.seal, &json!({}));
    desk.end(&cast.keeper, &keeping).expect(200);
    let path = format!("/v1/seals/{}/grants/{}/revoke", desk.seal, id(&grant));
    assert_eq!(house.post(&cast.keeper, &path, &json!({})).problem(403), "denied-by-policy");
    house.post(&cast.registrar, &path, &json!({})).expect(200);
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
