//! Everybody who takes part in the life of a seal, each another person.

use serde_json::{Value, json};

use super::server::{House, Reply, send};

/// Access keys by part.
pub struct Cast {
    pub organization: String,
    /// The organization's name.
    pub name: String,
    pub applicant: String,
    pub reviewers: [String; 2],
    pub maker: String,
    pub registrar: String,
    pub keeper: String,
    pub keeper_person: String,
    pub caller: String,
    pub caller_id: String,
    pub auditor: String,
}

pub const ORGANIZATION: &str = "示例市市场监督管理局";

impl Cast {
    /// Enters an organization with its people.
    pub fn hire(house: &House) -> Self {
        Self::hire_in(house, "11990101MAEXAMPL3B", ORGANIZATION)
    }

    pub fn hire_in(house: &House, uscc: &str, name: &str) -> Self {
        Self::hire_below(house, &house.root, uscc, name)
    }

    /// Enters an organization with its people below another.
    pub fn hire_below(house: &House, parent: &str, uscc: &str, name: &str) -> Self {
        let admin = &house.administrator;
        let new = json!({ "uscc": uscc, "name": name, "parent_id": parent });
        let organization = id(&house.post(admin, "/v1/organizations", &new).expect(201));
        let person = |role: &str| person(house, &organization, role).1;
        let new = json!({ "organization_id": organization, "name": "某保管人" });
        let keeper_person = id(&house.post(admin, "/v1/persons", &new).expect(201));
        Self {
            applicant: person("applicant"),
            reviewers: [person("reviewer"), person("reviewer")],
            maker: person("maker"),
            registrar: person("registrar"),
            keeper: account(house, &organization, &keeper_person, "keeper").1,
            keeper_person,
            auditor: person("auditor"),
            caller_id: String::new(),
            caller: String::new(),
            organization: organization.clone(),
            name: name.to_owned(),
        }
        .with_caller(house)
    }

    fn with_caller(mut self, house: &House) -> Self {
        let new = json!({ "organization_id": self.organization, "name": "证照系统", "roles": ["caller"] });
        self.caller_id = id(&house.post(&house.administrator, "/v1/principals", &new).expect(201));
        self.caller = key(house, &self.caller_id);
        self
    }
}

/// A new person with an account in a role: principal and access key.
pub fn person(house: &House, organization: &str, role: &str) -> (String, String) {
    let admin = &house.administrator;
    let new = json!({ "organization_id": organization, "name": format!("某{role}") });
    let person = id(&house.post(admin, "/v1/persons", &new).expect(201));
    account(house, organization, &person, role)
}

/// An account of a person in a role: principal and access key.
pub fn account(house: &House, organization: &str, person: &str, role: &str) -> (String, String) {
    account_in(house, organization, person, &[role])
}

/// An account of a person in several roles: principal and access key.
pub fn account_in(
    house: &House,
    organization: &str,
    person: &str,
    roles: &[&str],
) -> (String, String) {
    let new = json!({
        "organization_id": organization, "person_id": person, "name": roles[0], "roles": roles,
    });
    let principal = id(&house.post(&house.administrator, "/v1/principals", &new).expect(201));
    let key = key(house, &principal);
    (principal, key)
}

/// An access key for a principal.
pub fn key(house: &House, principal: &str) -> String {
    let expires =
        sealwright::domain::Clock::now(&sealwright::domain::SystemClock).plus_seconds(86_400);
    let new = json!({ "principal_id": principal, "expires_at": expires });
    let issued = house.post(&house.administrator, "/v1/access-keys", &new).expect(201);
    issued["access_key"].as_str().unwrap().to_owned()
}

pub fn id(record: &Value) -> String {
    record["id"].as_str().unwrap_or_else(|| panic!("{record}")).to_owned()
}

/// Submits an application with what its form asks for.
pub fn apply(house: &House, key: &str, application: &Value) -> Reply {
    let mut whole = application.clone();
    whole["declared"] = json!(true);
    if whole["kind"] == "create" && whole["seal_kind"] == "legal-name" {
        let organization = whole["organization_id"].as_str().unwrap();
        let kind = "registration-certificate";
        whole["attachments"] = json!([id(&attach(house, key, organization, kind).expect(201))]);
    }
    house.post(key, "/v1/applications", &whole)
}

/// Uploads a small PDF for an application.
pub fn attach(house: &House, key: &str, organization: &str, kind: &str) -> Reply {
    let path = format!("/v1/attachments?organization_id={organization}&kind={kind}");
    let headers = [("authorization", format!("Bearer {key}"))];
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    send(house.url(), "POST", &path, &headers, b"%PDF-1.7\n% a certificate\n").unwrap()
}

/// An application, approved at every level.
pub fn approved(house: &House, cast: &Cast, application: &Value) -> Value {
    let mut record = apply(house, &cast.applicant, application).expect(201);
    for reviewer in &cast.reviewers {
        if record["state"] == "submitted" {
            let path = format!("/v1/applications/{}/decisions", id(&record));
            record = house.post(reviewer, &path, &json!({ "verdict": "approve" })).expect(200);
        }
    }
    assert_eq!(record["state"], "approved");
    record
}

/// A seal whose first version has its key.
pub fn key_ready(house: &House, cast: &Cast) -> String {
    let (seal, application) = permitted(house, cast);
    generate_key(house, cast, &seal, &application);
    seal
}

/// A seal in use that the caller may use, with a credential of each scheme.
pub fn granted_dual(house: &House, cast: &Cast) -> String {
    let (seal, application) = permitted(house, cast);
    let body = json!({ "application_id": application, "schemes": ["p256", "sm2"] });
    house.post(&cast.maker, &format!("/v1/seals/{seal}/key"), &body).expect(201);
    make(house, cast, &seal);
    register(house, cast, &seal);
    keep(house, cast, &seal);
    grant(house, cast, &seal, &json!({ "digests": true }));
    seal
}

/// A seal whose creation is approved, and the application.
pub fn permitted(house: &House, cast: &Cast) -> (String, String) {
    let path = format!("/v1/seals?organization_id={}&limit=200", cast.organization);
    let before = house.get(&cast.auditor, &path).expect(200)["items"].as_array().unwrap().len();
    // Seals of one organization and kind are told apart by their names.
    let number = if before == 0 { String::new() } else { format!("（{}）", before + 1) };
    let application = approved(
        house,
        cast,
        &json!({
            "organization_id": cast.organization, "kind": "create", "seal_kind": "legal-name",
            "seal_name": format!("{}{number}", cast.name), "reason": "签发证照",
        }),
    );
    (application["seal_id"].as_str().unwrap().to_owned(), id(&application))
}

pub fn generate_key(house: &House, cast: &Cast, seal: &str, application: &str) -> Value {
    let body = json!({ "application_id": application });
    house.post(&cast.maker, &format!("/v1/seals/{seal}/key"), &body).expect(201)
}

/// A picture 40 mm wide at 254 dpi: a red frame on a transparent ground.
pub fn picture() -> Value {
    picture_of(400)
}

/// The same with so many pixels on a side.
pub fn picture_of(side: u32) -> Value {
    let mut png = Vec::new();
    let mut encoder = png::Encoder::new(&mut png, side, side);
    encoder.set_color(png::ColorType::Rgba);
    let mut writer = encoder.write_header().unwrap();
    let (near, far) = (side / 13, side - side / 13);
    let pixels: Vec<u8> = (0..side * side)
        .flat_map(|i| {
            let (x, y) = (i % side, i / side);
            let frame = x < near || y < near || x >= far || y >= far;
            [200, 0, 0, if frame { 255 } else { 0 }]
        })
        .collect();
    writer.write_image_data(&pixels).unwrap();
    writer.finish().unwrap();
    let png = <base64ct::Base64 as base64ct::Encoding>::encode_string(&png);
    json!({ "from": "png", "png": png, "width_mm": 40.0, "height_mm": 40.0 })
}

pub fn make(house: &House, cast: &Cast, seal: &str) -> Value {
    let body = json!({ "picture": picture() });
    house.post(&cast.maker, &format!("/v1/seals/{seal}/make"), &body).expect(200)
}

pub fn register(house: &House, cast: &Cast, seal: &str) -> Value {
    house.post(&cast.registrar, &format!("/v1/seals/{seal}/register"), &json!({})).expect(200)
}

/// A seal in use, with its keeper.
pub fn active(house: &House, cast: &Cast) -> String {
    let seal = key_ready(house, cast);
    make(house, cast, &seal);
    register(house, cast, &seal);
    keep(house, cast, &seal);
    seal
}

/// The keeper is named and accepts; the answer is the keeping.
pub fn keep(house: &House, cast: &Cast, seal: &str) -> Value {
    let path = format!("/v1/seals/{seal}/keepers");
    let new = json!({ "person_id": cast.keeper_person });
    let named = house.post(&cast.registrar, &path, &new).expect(201);
    house.post(&cast.keeper, &format!("{path}/{}/accept", id(&named)), &json!({})).expect(200)
}

/// A seal in use that the caller may use, digests included.
pub fn granted(house: &House, cast: &Cast) -> String {
    let seal = active(house, cast);
    grant(house, cast, &seal, &json!({ "digests": true }));
    seal
}

pub fn grant(house: &House, cast: &Cast, seal: &str, more: &Value) -> Value {
    let until =
        sealwright::domain::Clock::now(&sealwright::domain::SystemClock).plus_seconds(86_400);
    let mut body = json!({ "principal_id": cast.caller_id, "valid_until": until });
    for (key, value) in more.as_object().into_iter().flatten() {
        body[key] = value.clone();
    }
    house.post(&cast.keeper, &format!("/v1/seals/{seal}/grants"), &body).expect(201)
}

/// A request to seal on the first page.
pub fn request(seal: &str) -> Value {
    json!({
        "seal_id": seal, "document_type": "business-licence",
        "placement": { "page": 1, "x_mm": 50.0, "y_mm": 50.0, "from": "bottom-right" },
    })
}

pub fn licence() -> Vec<u8> {
    std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/test-vectors/samples/licence.pdf")).unwrap()
}

pub fn approval() -> Vec<u8> {
    std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/test-vectors/samples/approval.pdf"))
        .unwrap()
}
