//! Types of licences 证照类型: a code in the place of a placement, version by version, and single uses
//! that somebody has to approve.

mod support;

use serde_json::{Value, json};
use support::{
    database::Engine,
    people::{self, Cast, id},
    server::{House, Reply, try_seal},
};

const CODE: &str = "11100000000013127D011";

struct Office {
    house: House,
    cast: Cast,
    seal: String,
}

impl Office {
    fn open(engine: Engine) -> Self {
        let mut house = House::new(engine);
        house.start();
        let cast = Cast::hire(&house);
        let seal = people::granted(&house, &cast);
        Self { house, cast, seal }
    }

    fn enter(&self, more: Value) -> Reply {
        let mut new = json!({
            "organization_id": self.cast.organization, "code": CODE, "name": "营业执照",
            "seal_id": self.seal,
            "template": {
                "placement": { "page": 1, "x_mm": 50.0, "y_mm": 50.0, "from": "bottom-right" },
            },
        });
        new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.house.post(&self.cast.registrar, "/v1/licence-types", &new)
    }

    fn seal(&self, request: &Value, key: Option<&str>) -> Reply {
        self.house.seal(&self.cast.caller, request, &people::licence(), key)
    }
}

fn digest(bytes: &[u8]) -> String {
    sealwright::crypto::digest::hex(&sealwright::crypto::digest::sha256(bytes))
}

fn coded(engine: Engine) {
    let office = Office::open(engine);
    let (house, cast) = (&office.house, &office.cast);
    let request = json!({ "licence_type": CODE, "business_number": "A-1" });
    assert_eq!(office.seal(&request, None).problem(404), "not-found");
    let first = office.enter(json!({})).expect(201);
    assert_eq!(first["version"], 1);
    let denied = house.post(&cast.keeper, "/v1/licence-types", &json!({
        "organization_id": cast.organization, "code": "x", "name": "x", "seal_id": office.seal,
        "template": { "placement": { "page": 1, "x_mm": 50.0, "y_mm": 50.0, "from": "bottom-right" } },
    }));
    assert_eq!(denied.problem(403), "denied-by-policy");
    let caption = json!({ "text": "编号 {business_number}", "qr_code": "https://v.example/{business_number}" });
    let misplaced =
        json!({ "template": { "placement": { "invisible": true }, "caption": caption } });
    assert_eq!(office.enter(misplaced).problem(422), "invalid-placement");

    let sealed = office.seal(&request, Some("key-1"));
    assert_eq!(sealed.status, 201, "{}", String::from_utf8_lossy(&sealed.body));
    let location = sealed.header("location").unwrap();
    let record = house.get(&cast.caller, location).expect(200);
    assert_eq!(record["document_type"], CODE);
    // The next version says more; what was asked before is answered as before.
    let more = json!({ "template": {
        "placement": { "page": 1, "x_mm": 50.0, "y_mm": 50.0, "from": "bottom-right" },
        "caption": caption,
    } });
    assert_eq!(office.enter(more).expect(201)["version"], 2);
    let again = office.seal(&request, Some("key-1"));
    assert_eq!((again.status, again.body == sealed.body), (201, true));
    let stale = json!({ "licence_type": CODE, "version": 1 });
    assert_eq!(office.seal(&stale, None).problem(409), "licence-type-changed");
    let unnumbered = json!({ "licence_type": CODE, "version": 2 });
    assert_eq!(office.seal(&unnumbered, None).problem(422), "business-number-needed");
    let second = json!({ "licence_type": CODE, "version": 2, "business_number": "A-2" });
    let captioned = office.seal(&second, None);
    assert_eq!(captioned.status, 201, "{}", String::from_utf8_lossy(&captioned.body));
    assert!(captioned.body.len() > sealed.body.len(), "it has a caption and a QR code");
    let mixed = json!({ "licence_type": CODE, "seal_id": office.seal });
    assert_eq!(office.seal(&mixed, None).problem(422), "invalid-body");
    let list = house.get(&cast.auditor, &format!("/v1/licence-types?code={CODE}")).expect(200);
    let versions: Vec<_> =
        list["items"].as_array().unwrap().iter().map(|t| &t["version"]).collect();
    assert_eq!(versions, [1, 2]);
    assert!(list["items"][0]["retired_at"].is_string() && list["items"][1]["retired_at"].is_null());
    let retire = format!("/v1/licence-types/{}/retire", id(&list["items"][1]));
    house.post(&cast.registrar, &retire, &json!({})).expect(200);
    assert_eq!(office.seal(&second, None).problem(404), "not-found");
}

#[test]
fn a_code_says_where_the_seal_goes_on_sqlite() {
    coded(Engine::Sqlite);
}

#[test]
fn a_code_says_where_the_seal_goes_on_postgres() {
    coded(Engine::Postgres);
}

fn approved(engine: Engine) {
    let office = Office::open(engine);
    let (house, cast) = (&office.house, &office.cast);
    office.enter(json!({ "approvals": 1 })).expect(201);
    let plain = json!({ "licence_type": CODE });
    assert_eq!(office.seal(&plain, None).problem(409), "use-approval-required");
    // Saying it in full is no way round, nor is a bare digest.
    let mut full = people::request(&office.seal);
    full["document_type"] = json!(CODE);
    assert_eq!(office.seal(&full, None).problem(409), "use-approval-required");
    let bare = json!({
        "seal_id": office.seal, "document_type": CODE, "digest": digest(b"x"),
        "digest_kind": "sha256",
    });
    let bare = house.post(&cast.caller, "/v1/digests", &bare);
    assert!(bare.status == 409 || bare.status == 422, "{}", String::from_utf8_lossy(&bare.body));

    let ask = |key: &str, document: &[u8]| {
        let new = json!({
            "seal_id": office.seal, "document_type": CODE, "document_sha256": digest(document),
            "reason": "签发营业执照",
        });
        house.post(key, "/v1/use-approvals", &new)
    };
    let decide = |key: &str, approval: &Value, body: Value| {
        house.post(key, &format!("/v1/use-approvals/{}/decisions", id(approval)), &body)
    };
    let yes = || json!({ "approved": true });
    assert_eq!(ask(&cast.auditor, b"x").problem(403), "denied-by-policy");
    // A keeper who asks does not decide himself.
    let own = ask(&cast.keeper, &people::licence()).expect(201);
    assert_eq!(decide(&cast.keeper, &own, yes()).problem(403), "denied-by-policy");
    let approval = ask(&cast.caller, &people::licence()).expect(201);
    let with =
        |approval: &Value| json!({ "licence_type": CODE, "use_approval_id": approval["id"] });
    assert_eq!(office.seal(&with(&approval), None).problem(409), "use-approval-unfit");
    assert_eq!(decide(&cast.registrar, &approval, yes()).problem(403), "denied-by-policy");
    let no = json!({ "approved": false });
    assert_eq!(decide(&cast.keeper, &approval, no).problem(409), "use-approval-unfit");
    let done = decide(&cast.keeper, &approval, yes()).expect(200);
    assert_eq!(done["state"], "approved");
    // It is for this document.
    let other = house.seal(&cast.caller, &with(&approval), &people::approval(), None);
    assert_eq!(other.problem(409), "use-approval-unfit");
    // Nor does it do for another system that asks.
    let new =
        json!({ "organization_id": cast.organization, "name": "别的系统", "roles": ["caller"] });
    let beside = id(&house.post(&house.administrator, "/v1/principals", &new).expect(201));
    people::grant(house, cast, &office.seal, &json!({ "principal_id": beside }));
    let beside = people::key(house, &beside);
    let borrowed = house.seal(&beside, &with(&approval), &people::licence(), None);
    assert_eq!(borrowed.problem(409), "use-approval-unfit");
    let listed = house.get(&beside, "/v1/use-approvals").expect(200);
    assert_eq!(listed["items"], json!([]), "what others ask for is not theirs to see");
    // Many at once: one gets it.
    let (url, key, request) = (house.url(), &cast.caller, with(&approval));
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let each = |_| {
            scope.spawn(|| try_seal(url, key, &request, &people::licence(), None).unwrap().status)
        };
        let all: Vec<_> = (0..6).map(each).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [201, 409].contains(status)), "{statuses:?}");
    let spent = house.get(&cast.keeper, "/v1/use-approvals?state=approved").expect(200);
    assert!(spent["items"][0]["used_by"].is_string());
    // What is refused stays so.
    let refused = ask(&cast.caller, b"y").expect(201);
    let why = json!({ "approved": false, "reason": "材料不符" });
    assert_eq!(decide(&cast.keeper, &refused, why).expect(200)["state"], "rejected");
    assert_eq!(decide(&cast.keeper, &refused, yes()).problem(409), "use-approval-unfit");
}

#[test]
fn single_uses_are_approved_by_another_person_on_sqlite() {
    approved(Engine::Sqlite);
}

#[test]
fn single_uses_are_approved_by_another_person_on_postgres() {
    approved(Engine::Postgres);
}
