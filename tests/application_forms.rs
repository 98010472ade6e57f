//! What an application holds: particulars, files, the declaration; the form to print.

mod support;

use std::{fs, process::Command};

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use serde_json::{Value, json};
use support::{
    database::Engine,
    people::{self, Cast, id},
    run,
    server::{House, send},
};

fn house(engine: Engine) -> (House, Cast) {
    let mut house = House::new(engine);
    house.start();
    let cast = Cast::hire(&house);
    (house, cast)
}

fn upload(house: &House, cast: &Cast, kind: &str, content: &[u8]) -> support::server::Reply {
    let path = format!("/v1/attachments?organization_id={}&kind={kind}", cast.organization);
    let key = format!("Bearer {}", cast.applicant);
    send(house.url(), "POST", &path, &[("authorization", &key)], content).unwrap()
}

fn complete(engine: Engine) {
    let (house, cast) = house(engine);
    let mut new = json!({
        "organization_id": cast.organization, "kind": "create", "seal_kind": "personal-name",
        "seal_name": "张三之印", "reason": "签发证照",
    });
    let apply = |new: &Value| house.post(&cast.applicant, "/v1/applications", new);
    assert_eq!(apply(&new).problem(422), "application-incomplete");
    new["particulars"] = json!({ "name_owner": "张三", "shoe_size": "44" });
    assert_eq!(apply(&new).problem(422), "invalid-particulars");
    new["particulars"] = json!({ "name_owner": "张三" });
    let reply = apply(&new);
    assert_eq!(reply.problem(422), "application-incomplete");
    assert!(reply.json()["detail"].as_str().unwrap().contains("consent"), "{:?}", reply.json());

    assert_eq!(upload(&house, &cast, "photo", b"%PDF-1.7").problem(422), "invalid-attachment");
    assert_eq!(upload(&house, &cast, "consent", b"<html>").problem(422), "invalid-attachment");
    let too_much = vec![b'%'; (10 << 20) + 1];
    assert_eq!(upload(&house, &cast, "consent", &too_much).problem(413), "body-too-large");
    let consent = upload(&house, &cast, "consent", b"%PDF-1.7 secret consent").expect(201);
    assert_eq!(consent["media_type"], "application/pdf");
    new["attachments"] = json!([consent["id"]]);
    assert_eq!(apply(&new).problem(422), "declaration-missing");
    new["declared"] = json!(true);
    // A file is its uploader's, and goes with one application.
    let (_, other) = people::person(&house, &cast.organization, "applicant");
    assert_eq!(house.post(&other, "/v1/applications", &new).problem(404), "not-found");
    let application = apply(&new).expect(201);
    assert_eq!(application["attachments"][0]["digest"], consent["digest"]);
    new["seal_name"] = json!("李四之印");
    assert_eq!(apply(&new).problem(422), "invalid-attachment");

    let path = format!("/v1/applications/{}/attachments/{}", id(&application), id(&consent));
    let file = house.get(&cast.reviewers[0], &path);
    assert_eq!((file.status, file.body.as_slice()), (200, b"%PDF-1.7 secret consent".as_slice()));
    assert_eq!(file.header("content-disposition"), Some("attachment"));
    let beside = Cast::hire_in(&house, "11990102MAEXAMPL4W", "示例市公安局");
    assert_eq!(house.get(&beside.auditor, &path).problem(404), "not-found");
    declaration_verifies(&house, &application);
    if engine == Engine::Sqlite {
        // Neither file nor particulars are in the database for anybody to read.
        let database = house.database.trim_start_matches("sqlite://").split('?').next().unwrap();
        for file in [database.to_owned(), format!("{database}-wal")] {
            let bytes = fs::read(&file).unwrap_or_default();
            let has = |text: &str| bytes.windows(text.len()).any(|w| w == text.as_bytes());
            assert!(!has("secret consent") && !has("name_owner"), "{file}");
        }
    }
}

/// OpenSSL verifies the service's statement that it was declared.
fn declaration_verifies(house: &House, application: &Value) {
    let directory = house.token.directory.path();
    let statement = application["declaration"]["statement"].as_str().unwrap();
    let parts: Vec<_> = statement.split('.').collect();
    let decode = |text: &str| Base64UrlUnpadded::decode_vec(text).unwrap();
    let header: Value = serde_json::from_slice(&decode(parts[0])).unwrap();
    let claims: Value = serde_json::from_slice(&decode(parts[1])).unwrap();
    assert_eq!(claims["application_id"], application["id"]);
    assert_eq!(claims["person_id"], application["applicant_person_id"]);
    let digest = application["attachments"][0]["digest"].clone();
    assert_eq!(claims["attachments_sha256"], json!([["consent", digest]]));
    let certificate = Base64::decode_vec(header["x5c"][0].as_str().unwrap()).unwrap();
    fs::write(directory.join("d.der"), certificate).unwrap();
    fs::write(directory.join("signed"), format!("{}.{}", parts[0], parts[1])).unwrap();
    let rs = decode(parts[2]);
    let der = sealwright::crypto::rs_to_der(&rs).unwrap();
    fs::write(directory.join("signature"), der).unwrap();
    let script = format!(
        "cd {} && openssl x509 -inform DER -in d.der -noout -pubkey > d.pub && \
         openssl dgst -sha256 -verify d.pub -signature signature signed",
        directory.display()
    );
    assert!(run(Command::new("bash").args(["-c", &script])).contains("Verified OK"));
}

#[test]
fn an_application_holds_what_its_form_asks_for_on_sqlite() {
    complete(Engine::Sqlite);
}

#[test]
fn an_application_holds_what_its_form_asks_for_on_postgres() {
    complete(Engine::Postgres);
}

#[test]
fn the_form_is_printed_and_nothing_in_it_is_code() {
    let (house, cast) = house(Engine::Sqlite);
    let new = json!({
        "organization_id": cast.organization, "kind": "create", "seal_kind": "contract",
        "seal_name": "合同专用章", "reason": "<script>alert(1)</script> & 需要",
        "particulars": { "handler": "王五", "handler_phone": "0123-4567890" }, "declared": true,
    });
    let application = house.post(&cast.applicant, "/v1/applications", &new).expect(201);
    let path = format!("/v1/applications/{}", id(&application));
    let why = json!({ "verdict": "reject", "reason": "不符合<规定>" });
    house.post(&cast.reviewers[0], &format!("{path}/decisions"), &why).expect(200);
    let form = house.get(&cast.applicant, &format!("{path}/form"));
    assert_eq!(form.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(form.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    support::show("form.html", &form.body);
    let page = String::from_utf8(form.body).unwrap();
    let number = application["number"].as_str().unwrap();
    for text in [
        number,
        "电子印章制作申请表",
        "合同专用章",
        "王五",
        "0123-4567890",
        "声明",
        "&lt;script&gt;",
        "不符合&lt;规定&gt;",
        "驳回",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert!(!page.contains("<script"));
    assert_eq!(house.get(&cast.caller, &format!("{path}/form")).problem(403), "denied-by-policy");
}

#[test]
fn causes_and_names_belong_to_their_kinds_and_names_are_unique() {
    let (house, cast) = house(Engine::Sqlite);
    let seal = people::active(&house, &cast);
    let apply = |more: Value| {
        let mut new = json!({ "organization_id": cast.organization, "reason": "x" });
        new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        people::apply(&house, &cast.applicant, &new)
    };
    let refused = |more: Value, status: u16| apply(more).problem(status);
    for unfit in [
        json!({ "kind": "revoke", "seal_id": seal }),
        json!({ "kind": "change", "seal_id": seal, "cause": "merger" }),
        json!({ "kind": "change", "seal_id": seal, "remake": "loss" }),
        json!({ "kind": "renew", "seal_id": seal, "new_name": "x" }),
    ] {
        assert_eq!(refused(unfit.clone(), 422), "invalid-application", "{unfit}");
    }
    assert_eq!(refused(json!({ "kind": "renew", "seal_id": seal }), 409), "renewal-too-early");
    let again = json!({ "kind": "create", "seal_kind": "legal-name", "seal_name": cast.name });
    assert_eq!(refused(again.clone(), 409), "seal-duplicate");
    // Damage waits for no window, and takes the short way.
    let damaged = json!({ "kind": "renew", "seal_id": seal, "remake": "carrier-damaged" });
    assert_eq!(apply(damaged).expect(201)["levels"].as_array().unwrap().len(), 1);
    // What is over gives its name back.
    let revoke = json!({
        "organization_id": cast.organization, "kind": "revoke", "seal_id": seal,
        "cause": "own-wish", "reason": "不再使用",
    });
    let application = people::approved(&house, &cast, &revoke);
    let body = json!({ "reason": "不再使用", "application_id": application["id"] });
    house.post(&cast.registrar, &format!("/v1/seals/{seal}/revoke"), &body).expect(200);
    apply(again).expect(201);
    let gone = json!({ "kind": "change", "seal_id": seal });
    assert_eq!(refused(gone, 409), "seal-state-unfit");
}

#[test]
fn two_applications_for_one_name_yield_one_seal() {
    let (house, cast) = house(Engine::Postgres);
    let new = json!({
        "organization_id": cast.organization, "kind": "create", "seal_kind": "invoice",
        "seal_name": "发票专用章", "reason": "需要",
    });
    let decide = |reviewer: usize, application: &Value| {
        let path = format!("/v1/applications/{}/decisions", id(application));
        house.post(&cast.reviewers[reviewer], &path, &json!({ "verdict": "approve" }))
    };
    let [one, two] = [0, 1].map(|_| people::apply(&house, &cast.applicant, &new).expect(201));
    decide(0, &one).expect(200);
    decide(0, &two).expect(200);
    decide(1, &one).expect(200);
    assert_eq!(decide(1, &two).problem(409), "seal-duplicate");
    let left = house.get(&cast.auditor, &format!("/v1/applications/{}", id(&two))).expect(200);
    assert_eq!(left["state"], "submitted", "nothing half-made is left");
}
