//! The API keeps its word: the committed OpenAPI document is that of the code, and a stranger that
//! reads it (Schemathesis) finds no undocumented answer and no fault of the service.

mod support;

use std::{fs, path::Path};

use serde_json::{Value, json};
use support::{
    database::Engine,
    people::{self, Cast},
    python_tool,
    server::{House, send},
    try_run,
};

#[test]
fn the_committed_document_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
    let committed: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let generated = serde_json::to_value(sealwright::http::document()).unwrap();
    assert_eq!(committed, generated, "run: sealwright openapi > docs/openapi.json");
    assert!(generated["openapi"].as_str().unwrap().starts_with("3.1"));
}

fn schemathesis(house: &House, key: &str, arguments: &[&str]) {
    let document = format!("{}/openapi.json", house.url());
    let authorization = format!("Authorization: Bearer {key}");
    let mut command = python_tool("schemathesis");
    command
        .args(["run", &document, "--header", &authorization])
        .args(["--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"])
        .args(["--max-examples", "12", "--seed", "7", "--workers", "2", "--phases", "examples,fuzzing"])
        // What the document cannot say is what a key may do: 503 of readiness is documented.
        .args(arguments)
        .env(
            "SCHEMATHESIS_HOOKS",
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/schemathesis_hooks.py"),
        )
        .current_dir(house.token.directory.path());
    let (output, text) = try_run(&mut command);
    assert!(output.status.success(), "{text}");
}

#[test]
fn schemathesis_finds_nothing_as_somebody_in_every_role() {
    let mut house = House::new(Engine::Sqlite);
    house.start();
    let cast = Cast::hire(&house);
    people::granted(&house, &cast);
    // Somebody in every role a person may have, so that questions get past policy.
    let new = json!({ "organization_id": house.root, "name": "万能人" });
    let person = people::id(&house.post(&house.administrator, "/v1/persons", &new).expect(201));
    let roles = [
        "applicant",
        "reviewer",
        "maker",
        "registrar",
        "keeper",
        "auditor",
        "system-administrator",
        "security-administrator",
        "audit-administrator",
    ];
    let (_, key) = people::account_in(&house, &house.root, &person, &roles);
    schemathesis(&house, &key, &[]);
}

#[test]
fn schemathesis_finds_nothing_as_caller() {
    let mut house = House::new(Engine::Postgres);
    house.start();
    let cast = Cast::hire(&house);
    people::granted(&house, &cast);
    schemathesis(
        &house,
        &cast.caller,
        &["--include-path-regex", "^/(v1/(signatures|digests|verifications|seals)|public)"],
    );
}

#[test]
fn problems_are_problem_documents_everywhere() {
    let mut house = House::new(Engine::Sqlite);
    house.start();
    let key = house.administrator.clone();
    let raw = |method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]| {
        send(house.url(), method, path, headers, body).unwrap()
    };
    let bearer = format!("Bearer {key}");
    let auth = ("authorization", bearer.as_str());
    let is_json = ("content-type", "application/json");
    assert_eq!(raw("GET", "/nowhere", &[], &[]).problem(404), "no-such-path");
    assert_eq!(raw("DELETE", "/v1/seals", &[auth], &[]).problem(405), "no-such-method");
    assert_eq!(
        raw("GET", "/v1/seals", &[("authorization", "Bearer x")], &[]).problem(401),
        "unauthenticated"
    );
    assert_eq!(raw("POST", "/v1/persons", &[auth], b"{}").problem(415), "json-expected");
    assert_eq!(raw("POST", "/v1/persons", &[auth, is_json], b"{").problem(400), "malformed-json");
    assert_eq!(
        raw("POST", "/v1/persons", &[auth, is_json], b"{\"x\":1}").problem(422),
        "invalid-body"
    );
    assert_eq!(raw("GET", "/v1/seals?limit=x", &[auth], &[]).problem(400), "invalid-query");
    let form = ("content-type", "multipart/form-data");
    assert_eq!(
        raw("POST", "/v1/signatures", &[auth, form], b"x").problem(400),
        "malformed-multipart"
    );
    assert_eq!(house.get(&key, "/v1/seals/not-an-id").problem(422), "invalid-id");
    let reply = raw("GET", "/healthz", &[("x-request-id", "abc-1")], &[]);
    assert_eq!((reply.status, reply.header("x-request-id")), (200, Some("abc-1")));
    let reply = raw("GET", "/healthz", &[("x-request-id", "a b")], &[]);
    assert_ne!(reply.header("x-request-id"), Some("a b"));
    let page = raw("GET", "/docs", &[], &[]);
    assert!(String::from_utf8_lossy(&page.body).contains("/v1/signatures"));
    let metrics = raw("GET", "/metrics", &[], &[]);
    let text = String::from_utf8_lossy(&metrics.body).into_owned();
    assert!(
        text.contains("sealwright_http_requests_total") && text.contains("sealwright_token_up 1"),
        "{text}"
    );
}

#[test]
fn who_administers_does_not_seal_under_another_account() {
    let mut house = House::new(Engine::Sqlite);
    house.start();
    let admin = house.administrator.clone();
    let new = json!({ "organization_id": house.root, "name": "某人" });
    let person = people::id(&house.post(&admin, "/v1/persons", &new).expect(201));
    people::account(&house, &house.root, &person, "auditor");
    let keeper = json!({
        "organization_id": house.root, "person_id": person, "name": "x", "roles": ["keeper"],
    });
    let reply = house.post(&admin, "/v1/principals", &keeper);
    assert_eq!(reply.problem(409), "separation-of-duties");
    people::account(&house, &house.root, &person, "reviewer");
}

#[test]
fn access_keys_expire_are_withdrawn_and_limited() {
    let mut house = House::new(Engine::Sqlite);
    house.start();
    let cast = Cast::hire(&house);
    let admin = &house.administrator;
    let keys = house.get(admin, "/v1/access-keys").expect(200);
    assert!(!keys.to_string().contains("swk_"), "no secret is ever shown again");
    let expires =
        sealwright::domain::Clock::now(&sealwright::domain::SystemClock).plus_seconds(3600);
    let new =
        json!({ "principal_id": cast.caller_id, "expires_at": expires, "actions": ["verify"] });
    let limited = house.post(admin, "/v1/access-keys", &new).expect(201);
    let text = limited["access_key"].as_str().unwrap();
    assert_eq!(house.get(text, "/v1/seals").problem(403), "denied-by-policy");
    let path = format!("/v1/access-keys/{}/revoke", people::id(&limited));
    house.post(admin, &path, &json!({})).expect(200);
    assert_eq!(house.get(text, "/v1/seals").problem(401), "unauthenticated");
    assert_eq!(house.post(admin, &path, &json!({})).problem(409), "changed-meanwhile");
    for (field, value, code) in [
        ("expires_at", json!("2020-01-01T00:00:00Z"), "invalid-expiry"),
        ("actions", json!(["rule-the-world"]), "unknown-action"),
    ] {
        let mut bad = new.clone();
        bad[field] = value;
        assert_eq!(house.post(admin, "/v1/access-keys", &bad).problem(422), code);
    }
    let reply = house.post_with(admin, "/v1/access-keys", &new, &[("idempotency-key", "k")]);
    assert_eq!(reply.problem(422), "idempotency-not-offered");
}

/// A key that is limited to some actions neither makes a key that may do more nor is told what a
/// better key of the same account was answered.
#[test]
fn limited_access_keys_stay_limited() {
    let mut house = House::new(Engine::Sqlite);
    house.start();
    let admin = &house.administrator;
    let me = house.get(admin, "/v1/principals").expect(200)["items"][0]["id"].clone();
    let expires =
        sealwright::domain::Clock::now(&sealwright::domain::SystemClock).plus_seconds(3600);
    let issue = |key: &str, actions: &[&str]| {
        let new = json!({ "principal_id": me, "expires_at": expires, "actions": actions });
        house.post(key, "/v1/access-keys", &new)
    };
    let issuer = issue(admin, &["issue-access-key", "read-seal"]).expect(201);
    let issuer = issuer["access_key"].as_str().unwrap();
    issue(issuer, &["read-seal"]).expect(201);
    assert_eq!(issue(issuer, &["create-person"]).problem(422), "actions-beyond-own");
    assert_eq!(issue(issuer, &[]).problem(422), "actions-beyond-own");

    let person = json!({ "organization_id": house.root, "name": "李四" });
    let same = [("idempotency-key", "person-1")];
    house.post_with(admin, "/v1/persons", &person, &same).expect(201);
    let again = house.post_with(admin, "/v1/persons", &person, &same);
    assert_eq!((again.status, again.header("idempotent-replayed")), (201, Some("true")));
    let reply = house.post_with(issuer, "/v1/persons", &person, &same);
    assert_eq!(reply.problem(403), "denied-by-policy");
}
