//! The life of a seal through HTTP, on both databases: every legal move, and every illegal one
//! refused with the state it is in and the event that was asked for.

mod support;

use serde_json::{Value, json};
use support::{
    database::Engine,
    people::{self, Cast, id},
    server::{House, Reply},
};

/// The events that a request can ask for, as the path's last word.
const EVENTS: [&str; 10] = [
    "make",
    "register",
    "abandon",
    "suspend",
    "resume",
    "report-loss",
    "recover",
    "revoke",
    "invalidate",
    "expire",
];

/// Which events each state takes, and where they lead (the law once more, by hand).
fn law(state: &str, event: &str) -> Option<&'static str> {
    Some(match (state, event) {
        ("key-ready", "make") => "made",
        ("key-ready" | "made", "abandon") => "abandoned",
        ("made", "register") | ("suspended", "resume") => "active",
        ("active", "suspend") | ("lost", "recover") => "suspended",
        ("active" | "suspended", "report-loss") => "lost",
        ("active" | "suspended" | "lost", "revoke") => "revoked",
        ("key-ready" | "made" | "active" | "suspended" | "lost", "invalidate") => "invalidated",
        _ => return None,
    })
}

struct Story {
    house: House,
    cast: Cast,
    second_registrar: String,
}

impl Story {
    fn begin(engine: Engine) -> Self {
        let mut house = House::new(engine);
        house.start();
        let cast = Cast::hire(&house);
        let second_registrar = people::person(&house, &cast.organization, "registrar").1;
        Self { house, cast, second_registrar }
    }

    /// A seal with a version in a state.
    fn seal_in(&self, state: &str) -> String {
        let (house, cast) = (&self.house, &self.cast);
        let seal = people::key_ready(house, cast);
        if state == "key-ready" {
            return seal;
        }
        if state == "abandoned" {
            self.ask(&seal, "abandon").expect(200);
            return seal;
        }
        people::make(house, cast, &seal);
        if state == "made" {
            return seal;
        }
        people::register(house, cast, &seal);
        let path: &[&str] = match state {
            "active" => &[],
            "suspended" => &["suspend"],
            "lost" => &["report-loss"],
            "revoked" => &["revoke"],
            "invalidated" => &["invalidate"],
            other => panic!("{other}"),
        };
        for event in path {
            self.ask(&seal, event).expect(200);
        }
        seal
    }

    /// Asks for an event on version 1, as somebody who may.
    fn ask(&self, seal: &str, event: &str) -> Reply {
        let (house, cast) = (&self.house, &self.cast);
        let path = format!("/v1/seals/{seal}/{event}");
        let mut body = json!({ "reason": "测试 test", "version": 1 });
        let who = match event {
            "make" => {
                return house.post(&cast.maker, &path, &json!({ "picture": people::picture() }));
            }
            "abandon" => &cast.maker,
            "report-loss" => &cast.applicant,
            "recover" => {
                let first = house.post(&cast.registrar, &path, &body);
                if first.status != 200 {
                    return first;
                }
                &self.second_registrar
            }
            "revoke" => {
                body["application_id"] = self.revocation(seal);
                &cast.registrar
            }
            _ => &cast.registrar,
        };
        house.post(who, &path, &body)
    }

    fn revocation(&self, seal: &str) -> Value {
        let application = json!({
            "organization_id": self.cast.organization, "kind": "revoke", "seal_id": seal,
            "cause": "merger", "reason": "机构合并",
        });
        let path = format!("/v1/seals/{seal}");
        let record = self.house.get(&self.cast.auditor, &path).expect(200);
        let state = record["versions"].as_array().unwrap().last().unwrap()["state"].clone();
        if ["active", "suspended", "lost"].iter().any(|known| state == *known) {
            return people::approved(&self.house, &self.cast, &application)["id"].clone();
        }
        // The end of what is not in use is not applied for; the law refuses before it asks.
        let refused = people::apply(&self.house, &self.cast.applicant, &application);
        assert_eq!(refused.problem(409), "seal-state-unfit");
        record["versions"][0]["application_id"].clone()
    }

    fn state(&self, seal: &str) -> String {
        let seal = self.house.get(&self.cast.auditor, &format!("/v1/seals/{seal}")).expect(200);
        seal["versions"][0]["state"].as_str().unwrap().to_owned()
    }
}

fn every_move(engine: Engine) {
    let story = Story::begin(engine);
    let (mut legal, mut illegal) = (0, 0);
    let states =
        ["key-ready", "made", "active", "suspended", "lost", "revoked", "abandoned", "invalidated"];
    for state in states {
        for event in EVENTS.into_iter().filter(|event| *event != "expire") {
            let seal = story.seal_in(state);
            assert_eq!(story.state(&seal), state);
            let reply = story.ask(&seal, event);
            match law(state, event) {
                Some(next) => {
                    reply.expect(200);
                    assert_eq!(story.state(&seal), next, "{state} {event}");
                    legal += 1;
                }
                None => {
                    assert_eq!(reply.problem(409), "invalid-transition", "{state} {event}");
                    let detail = reply.json()["detail"].as_str().unwrap().to_owned();
                    assert!(detail.contains(state) && detail.contains(event), "{detail}");
                    assert_eq!(story.state(&seal), state);
                    illegal += 1;
                }
            }
        }
    }
    // 21 moves of the law: less two that superseding makes and two of the clock, told elsewhere.
    assert_eq!((legal, illegal), (17, 55));
}

#[test]
fn every_move_on_sqlite() {
    every_move(Engine::Sqlite);
}

#[test]
fn every_move_on_postgres() {
    every_move(Engine::Postgres);
}

fn renewal(engine: Engine) {
    for from in ["active", "suspended"] {
        let story = Story::begin(engine);
        let (house, cast) = (&story.house, &story.cast);
        let seal = story.seal_in(from);
        let application = people::approved(
            house,
            cast,
            &json!({ "organization_id": cast.organization, "kind": "change", "seal_id": seal, "reason": "换版" }),
        );
        people::generate_key(house, cast, &seal, &id(&application));
        people::make(house, cast, &seal);
        let after = people::register(house, cast, &seal);
        let states: Vec<_> =
            after["versions"].as_array().unwrap().iter().map(|v| v["state"].clone()).collect();
        assert_eq!(states, ["superseded", "active"]);
        // An application is carried out once.
        let again = json!({ "application_id": application["id"] });
        let reply = house.post(&cast.maker, &format!("/v1/seals/{seal}/key"), &again);
        assert_eq!(reply.problem(409), "application-used");
        // A superseded version takes no event any more.
        for event in ["suspend", "resume", "report-loss", "recover", "revoke", "invalidate"] {
            assert_eq!(story.ask(&seal, event).problem(409), "invalid-transition", "{event}");
        }
        // A lost version cannot be superseded.
        let lost = story.seal_in("active");
        let application = people::approved(
            house,
            cast,
            &json!({ "organization_id": cast.organization, "kind": "change", "seal_id": lost, "reason": "换版" }),
        );
        story.ask(&lost, "report-loss").expect(200);
        people::generate_key(house, cast, &lost, &id(&application));
        people::make(house, cast, &lost);
        let reply = house.post(&cast.registrar, &format!("/v1/seals/{lost}/register"), &json!({}));
        assert_eq!(reply.problem(409), "invalid-transition");
    }
}

#[test]
fn a_successor_supersedes_on_sqlite() {
    renewal(Engine::Sqlite);
}

#[test]
fn a_successor_supersedes_on_postgres() {
    renewal(Engine::Postgres);
}

#[test]
fn review_is_by_other_persons_and_a_rejection_has_a_reason() {
    let story = Story::begin(Engine::Sqlite);
    let (house, cast) = (&story.house, &story.cast);
    let new = json!({
        "organization_id": cast.organization, "kind": "create", "seal_kind": "finance",
        "seal_name": "财务专用章", "reason": "需要",
    });
    let application = people::apply(house, &cast.applicant, &new).expect(201);
    let path = format!("/v1/applications/{}/decisions", id(&application));
    let approve = json!({ "verdict": "approve" });

    // The applicant's person under another account, with the role of a reviewer.
    let person = application["applicant_person_id"].as_str().unwrap();
    let (_, same_person) = people::account(house, &cast.organization, person, "reviewer");
    assert_eq!(house.post(&same_person, &path, &approve).problem(403), "denied-by-policy");

    let reply = house.post(&cast.reviewers[0], &path, &json!({ "verdict": "reject" }));
    assert_eq!(reply.problem(409), "invalid-review");
    house.post(&cast.reviewers[0], &path, &approve).expect(200);
    // The same person does not decide the next level.
    let reply = house.post(&cast.reviewers[0], &path, &approve);
    assert_eq!(reply.problem(403), "denied-by-policy");
    assert!(reply.json()["decision"]["policy_digest"].is_string());
    // The refusals are in the audit trail, with what decided.
    support::until("refusals are recorded", || {
        let trail = house.get(&cast.auditor, "/v1/audit?limit=200").expect(200);
        let denied = trail["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|event| event["outcome"] == "denied" && event["action"] == "review");
        (denied.count() >= 2).then_some(())
    });
    // Nothing can be made of an application that is not approved.
    let rejected = json!({ "verdict": "reject", "reason": "材料不全" });
    let after = house.post(&cast.reviewers[1], &path, &rejected).expect(200);
    assert_eq!((&after["state"], &after["seal_id"]), (&json!("rejected"), &Value::Null));
    let reply = house.post(&cast.reviewers[1], &path, &approve);
    assert_eq!(reply.problem(409), "invalid-review");

    let second = people::apply(house, &cast.applicant, &new).expect(201);
    let withdraw = format!("/v1/applications/{}/withdraw", id(&second));
    assert_eq!(
        house.post(&cast.reviewers[0], &withdraw, &json!({})).problem(403),
        "denied-by-policy"
    );
    house.post(&cast.applicant, &withdraw, &json!({})).expect(200);
    assert_eq!(house.post(&cast.applicant, &withdraw, &json!({})).problem(409), "invalid-review");
}

#[test]
fn maker_is_neither_applicant_nor_reviewer() {
    let story = Story::begin(Engine::Sqlite);
    let (house, cast) = (&story.house, &story.cast);
    let new = json!({
        "organization_id": cast.organization, "kind": "create", "seal_kind": "contract",
        "seal_name": "合同专用章", "reason": "需要",
    });
    let application = people::approved(house, cast, &new);
    let seal = application["seal_id"].as_str().unwrap();
    let body = json!({ "application_id": application["id"] });
    let persons = [
        application["applicant_person_id"].as_str().unwrap(),
        application["decisions"][0]["person_id"].as_str().unwrap(),
    ];
    for person in persons {
        let (_, maker) = people::account(house, &cast.organization, person, "maker");
        let reply = house.post(&maker, &format!("/v1/seals/{seal}/key"), &body);
        assert_eq!(reply.problem(403), "denied-by-policy");
    }
    people::generate_key(house, cast, seal, &id(&application));
}

#[test]
fn recovery_needs_two_persons_other_than_the_reporter() {
    let story = Story::begin(Engine::Sqlite);
    let (house, cast) = (&story.house, &story.cast);
    let seal = story.seal_in("active");
    let reason = json!({ "reason": "找回" });
    house.post(&cast.keeper, &format!("/v1/seals/{seal}/report-loss"), &reason).expect(200);
    let path = format!("/v1/seals/{seal}/recover");
    assert_eq!(house.post(&cast.keeper, &path, &reason).problem(403), "denied-by-policy");
    house.post(&cast.registrar, &path, &reason).expect(200);
    assert_eq!(story.state(&seal), "lost");
    assert_eq!(house.post(&cast.registrar, &path, &reason).problem(403), "denied-by-policy");
    house.post(&story.second_registrar, &path, &reason).expect(200);
    assert_eq!(story.state(&seal), "suspended");
    let timeline = house.get(&cast.auditor, &format!("/v1/seals/{seal}/timeline")).expect(200);
    let states: Vec<_> =
        timeline["changes"].as_array().unwrap().iter().map(|c| c["to"].as_str().unwrap()).collect();
    assert_eq!(states, ["key-ready", "made", "active", "lost", "suspended"]);
}

#[test]
fn other_organizations_are_not_seen_and_revisions_are_kept() {
    let story = Story::begin(Engine::Sqlite);
    let (house, cast) = (&story.house, &story.cast);
    let seal = story.seal_in("active");
    let other = Cast::hire_in(house, "11990102MAEXAMPL4W", "示例市公安局");
    let path = format!("/v1/seals/{seal}");
    assert_eq!(house.get(&other.registrar, &path).problem(404), "not-found");
    let listed = house.get(&other.registrar, "/v1/seals").expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 0);
    let suspend = format!("{path}/suspend");
    let reason = json!({ "reason": "x" });
    assert_eq!(house.post(&other.registrar, &suspend, &reason).problem(404), "not-found");

    let tag = house.get(&cast.registrar, &path).header("etag").unwrap().to_owned();
    let stale = house.post_with(&cast.registrar, &suspend, &reason, &[("if-match", "\"1\"")]);
    assert_eq!(stale.problem(412), "stale");
    house.post_with(&cast.registrar, &suspend, &reason, &[("if-match", &tag)]).expect(200);
}

#[test]
fn gates_refuse_certificates_each_for_its_reason() {
    let story = Story::begin(Engine::Sqlite);
    let (house, cast) = (&story.house, &story.cast);
    let seal = story.seal_in("key-ready");
    let path = format!("/v1/seals/{seal}/make");
    let directory = house.token.directory.path();
    let request = house.get(&cast.maker, &format!("/v1/seals/{seal}/key")).body;
    std::fs::write(directory.join("seal.csr"), request).unwrap();
    // OpenSSL is the external CA; the request of the seal is checked by it, too.
    let script = format!(
        r#"set -e; cd {}
        openssl req -in seal.csr -noout -verify 2>&1
        openssl ecparam -name prime256v1 -genkey -noout -out ca.key
        openssl req -x509 -new -key ca.key -subj "/CN=External CA" -days 30 -out ca.pem
        openssl ecparam -name prime256v1 -genkey -noout -out other.key
        openssl req -new -key other.key -subj "/C=CN" -out other.csr
        printf 'keyUsage=critical,digitalSignature\nbasicConstraints=CA:FALSE\n' > good.ext
        printf 'keyUsage=critical,keyEncipherment\n' > usage.ext
        (cat good.ext; echo extendedKeyUsage=serverAuth) > tls.ext
        sign() {{ openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days $3 -extfile $2.ext -out $4.pem; }}
        sign seal good 20 good; sign seal usage 20 usage; sign seal tls 20 tls; sign other good 20 otherkey
        openssl x509 -req -in seal.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile good.ext -days 20 -subj "/C=CN/O=别的机构/CN=别的机构" -out subject.pem || true
        openssl x509 -req -in seal.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile good.ext -not_before 20200101000000Z -not_after 20210101000000Z -out expired.pem 2>/dev/null || \
        (mkdir -p demo; : > demo/index.txt; echo 1000 > demo/serial; printf '[ca]\ndefault_ca=d\n[d]\ndatabase=demo/index.txt\nserial=demo/serial\nnew_certs_dir=demo\ndefault_md=sha256\npolicy=p\n[p]\ncountryName=optional\norganizationName=optional\ncommonName=optional\norganizationIdentifier=optional\n' > demo/conf
         openssl ca -batch -config demo/conf -cert ca.pem -keyfile ca.key -in seal.csr -startdate 20200101000000Z -enddate 20210101000000Z -extfile good.ext -notext -out expired.pem)"#,
        directory.display()
    );
    let text = support::run(std::process::Command::new("bash").args(["-c", &script]));
    assert!(text.contains("verify OK"), "{text}");
    let make = |name: &str| {
        let chain = std::fs::read_to_string(directory.join(format!("{name}.pem"))).unwrap();
        let body = json!({ "certificate_chains": [chain], "picture": people::picture() });
        house.post(&cast.maker, &path, &body)
    };
    assert_eq!(make("otherkey").problem(422), "certificate-key-mismatch");
    assert_eq!(make("usage").problem(422), "certificate-key-usage");
    assert_eq!(make("tls").problem(422), "certificate-key-usage");
    assert_eq!(make("expired").problem(422), "certificate-not-valid-now");
    // The external CA is not among the trusted roots of this service.
    assert_eq!(make("good").problem(422), "certificate-untrusted");
    let body = json!({ "certificate_chains": ["no PEM"], "picture": people::picture() });
    assert_eq!(house.post(&cast.maker, &path, &body).problem(422), "certificate-malformed");
    let body = json!({ "picture": people::picture(), "valid_until": "2030-01-01T00:00:00Z" });
    assert_eq!(house.post(&cast.maker, &path, &body).problem(422), "seal-validity-mismatch");
    let mut opaque = people::picture();
    opaque["png"] = "AAAA".into();
    let body = json!({ "picture": opaque });
    assert_eq!(house.post(&cast.maker, &path, &body).problem(422), "invalid-picture");
    assert_eq!(story.state(&seal), "key-ready");
}
