//! Refusals that no other story comes by, each with its code and without a trace.

mod support;

use serde_json::{Value, json};
use support::{
    database::Engine,
    people::{self, Cast, id},
    server::{House, send},
};

fn open() -> (House, Cast) {
    let mut house = House::new(Engine::Sqlite);
    house.start();
    let cast = Cast::hire(&house);
    (house, cast)
}

#[test]
fn what_administrators_get_wrong() {
    let (house, cast) = open();
    let admin = &house.administrator;
    let refuse = |path: &str, body: Value| house.post(admin, path, &body).problem(422);
    let new = json!({ "uscc": "11990101MAEXAMPL3C", "name": "x", "parent_id": house.root });
    assert_eq!(refuse("/v1/organizations", new), "invalid-uscc");
    let roles = |roles: Value| {
        refuse(
            "/v1/principals",
            json!({ "organization_id": cast.organization, "name": "x", "roles": roles }),
        )
    };
    assert_eq!(roles(json!([])), "invalid-roles");
    assert_eq!(roles(json!(["keeper"])), "invalid-roles", "a caller keeps nothing");
    let name = json!({ "organization_id": cast.organization, "name": "" });
    assert_eq!(refuse("/v1/persons", name), "invalid-name");
    let path = format!("/v1/organizations/{}", cast.organization);
    let stale = house.post_with(
        admin,
        &format!("{path}/changes"),
        &json!({ "cause": "rename", "new_name": "x", "reason": "x" }),
        &[("if-match", "3")],
    );
    assert_eq!(stale.problem(400), "invalid-if-match");
}

#[test]
fn what_makers_and_registrars_get_wrong() {
    let (house, cast) = open();
    let (seal, application) = people::permitted(&house, &cast);
    let key = format!("/v1/seals/{seal}/key");
    let schemes = |schemes: Value| {
        let body = json!({ "application_id": application, "schemes": schemes });
        house.post(&cast.maker, &key, &body).problem(422)
    };
    assert_eq!(schemes(json!([])), "invalid-schemes");
    assert_eq!(schemes(json!(["p256", "p256"])), "invalid-schemes");
    let (_, other) = people::permitted(&house, &cast);
    let reply = house.post(&cast.maker, &key, &json!({ "application_id": other }));
    assert_eq!(reply.problem(409), "application-for-something-else");
    let open = json!({
        "organization_id": cast.organization, "kind": "create", "seal_kind": "finance",
        "seal_name": "财务专用章", "reason": "x",
    });
    let open = id(&people::apply(&house, &cast.applicant, &open).expect(201));
    let reply = house.post(&cast.maker, &key, &json!({ "application_id": open }));
    assert_eq!(reply.problem(409), "application-not-approved");
    people::generate_key(&house, &cast, &seal, &application);
    people::make(&house, &cast, &seal);
    people::register(&house, &cast, &seal);
    people::keep(&house, &cast, &seal);
    let revoke =
        |body: Value| house.post(&cast.registrar, &format!("/v1/seals/{seal}/revoke"), &body);
    assert_eq!(revoke(json!({ "reason": "x" })).problem(422), "application-required");
    assert_eq!(revoke(json!({ "reason": "" })).problem(422), "invalid-reason");
    let wrong = json!({ "reason": "x", "application_id": application });
    assert_eq!(revoke(wrong).problem(409), "application-for-something-else");
    let grant = |more: Value| {
        let mut body =
            json!({ "principal_id": cast.caller_id, "valid_until": "2027-01-01T00:00:00Z" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        house.post(&cast.keeper, &format!("/v1/seals/{seal}/grants"), &body).problem(422)
    };
    assert_eq!(grant(json!({ "valid_until": "2020-01-01T00:00:00Z" })), "invalid-validity");
    assert_eq!(grant(json!({ "quota": 0 })), "invalid-quota");
    assert_eq!(grant(json!({ "document_types": ["a b"] })), "invalid-document-type");
    let kind = |more: Value| {
        let mut new = json!({
            "organization_id": cast.organization, "code": "x", "name": "x", "seal_id": seal,
            "template": { "placement": { "invisible": true } },
        });
        new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        house.post(&cast.registrar, "/v1/licence-types", &new).problem(422)
    };
    assert_eq!(kind(json!({ "code": "a b" })), "invalid-licence-type");
    assert_eq!(kind(json!({ "approvals": 10 })), "invalid-licence-type");
    let ask = |more: Value| {
        let mut new = json!({
            "seal_id": seal, "document_type": "x", "document_sha256": "0".repeat(64), "reason": "x",
        });
        new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        house.post(&cast.caller, "/v1/use-approvals", &new).problem(422)
    };
    assert_eq!(ask(json!({ "document_sha256": "X" })), "invalid-use-approval");
    assert_eq!(ask(json!({ "hours": 0 })), "invalid-use-approval");
}

#[test]
fn what_callers_get_wrong() {
    let (house, cast) = open();
    let seal = people::granted(&house, &cast);
    let seal_with = |more: Value| {
        let mut request = people::request(&seal);
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        house.seal(&cast.caller, &request, &people::licence(), None).problem(422)
    };
    assert_eq!(seal_with(json!({ "business_number": "" })), "invalid-business-number");
    assert_eq!(seal_with(json!({ "document_type": "" })), "invalid-document-type");
    let upload = |body: &str| {
        let key = format!("Bearer {}", cast.caller);
        let headers =
            [("authorization", key.as_str()), ("content-type", "multipart/form-data; boundary=XX")];
        send(house.url(), "POST", "/v1/signatures", &headers, body.as_bytes()).unwrap().problem(400)
    };
    let part = |name: &str| {
        format!("--XX\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{{}}\r\n")
    };
    assert_eq!(upload(&format!("{}--XX--\r\n", part("request"))), "document-part-missing");
    assert_eq!(upload(&format!("{}--XX--\r\n", part("document"))), "request-part-missing");
    assert_eq!(upload(&format!("{}--XX--\r\n", part("more"))), "unexpected-part");
}

#[test]
fn a_code_that_two_organizations_issue_is_asked_for_as_one_of_them() {
    let (house, cast) = open();
    let beside = Cast::hire_in(&house, "11990102MAEXAMPL4W", "示例市公安局");
    for cast in [&cast, &beside] {
        let seal = people::granted(&house, cast);
        let new = json!({
            "organization_id": cast.organization, "code": "x", "name": "x", "seal_id": seal,
            "template": { "placement": { "invisible": true } },
        });
        house.post(&cast.registrar, "/v1/licence-types", &new).expect(201);
    }
    let new = json!({ "organization_id": house.root, "name": "省系统", "roles": ["caller"] });
    let above = id(&house.post(&house.administrator, "/v1/principals", &new).expect(201));
    let above = people::key(&house, &above);
    let by_code = json!({ "licence_type": "x" });
    let reply = house.seal(&above, &by_code, &people::licence(), None);
    assert_eq!(reply.problem(409), "licence-type-ambiguous");
    let own = house.seal(&cast.caller, &by_code, &people::licence(), None);
    assert_eq!(own.status, 201);
}

#[test]
fn seal_codes_are_used_up_one_day() {
    let mut house = House::new(Engine::Sqlite);
    house.configure("[ca]\n", "[register]\nseal_code = \"{area}{serial:4}{check}\"\n[ca]\n");
    house.start();
    let cast = Cast::hire(&house);
    let rows: Vec<Value> = (0..10_000)
        .map(|number| {
            json!({
                "uscc": "11990101MAEXAMPL3B", "kind": "business", "name": format!("第{number}号"),
                "valid_from": "2024-01-01T00:00:00Z", "valid_until": "2030-01-01T00:00:00Z",
            })
        })
        .collect();
    let key = format!("Bearer {}", cast.registrar);
    let headers = [("authorization", key.as_str()), ("content-type", "application/json")];
    let import = |rows: &[Value]| {
        let body = Value::from(rows.to_vec()).to_string();
        send(house.url(), "POST", "/v1/seals/import", &headers, body.as_bytes()).unwrap()
    };
    assert_eq!(import(&rows).problem(409), "seal-codes-used-up");
    let none = house.get(&cast.auditor, "/v1/seals").expect(200);
    assert_eq!(none["items"], json!([]), "none of them came in");
    import(&rows[..3]).expect(201);
    let some = house.get(&cast.auditor, "/v1/seals").expect(200);
    let codes: Vec<_> =
        some["items"].as_array().unwrap().iter().map(|s| s["code"].clone()).collect();
    assert_eq!(codes.len(), 3);
    assert!(codes[0].as_str().unwrap().starts_with("9901010001"), "{codes:?}");
}

#[test]
fn a_test_seal_has_no_certificate_of_others() {
    let (house, cast) = open();
    let new = json!({
        "organization_id": cast.organization, "kind": "create", "seal_kind": "business",
        "seal_name": "业务专用章", "reason": "x", "sandbox": true,
    });
    let application = people::approved(&house, &cast, &new);
    let seal = application["seal_id"].as_str().unwrap();
    people::generate_key(&house, &cast, seal, &id(&application));
    let known = house.get("", "/.well-known/sealwright").expect(200);
    let body = json!({
        "picture": { "from": "round", "diameter_mm": 40.0 },
        "certificate_chains": [known["root_certificates"][0]],
    });
    let reply = house.post(&cast.maker, &format!("/v1/seals/{seal}/make"), &body);
    assert_eq!(reply.problem(422), "certificate-for-test-seal");
}
