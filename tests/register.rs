//! The register of seals 备案: a stock taken in from lists, found again, given out, shown on cards.

mod support;

use std::fmt::Write;

use serde_json::{Value, json};
use support::{
    database::Engine,
    people::{self, Cast},
    server::{House, Reply, send},
};

const HEADING: &str =
    "uscc,kind,name,code,state,state_since,cause,valid_from,valid_until,certificate\n";

fn open(engine: Engine) -> (House, Cast) {
    let mut house = House::new(engine);
    house.start();
    let cast = Cast::hire(&house);
    (house, cast)
}

fn import(house: &House, key: &str, query: &str, kind: &str, list: &[u8]) -> Reply {
    let authorization = format!("Bearer {key}");
    let headers = [("authorization", authorization.as_str()), ("content-type", kind)];
    send(house.url(), "POST", &format!("/v1/seals/import{query}"), &headers, list).unwrap()
}

fn row(number: usize) -> String {
    format!(
        "11990101MAEXAMPL3B,business,业务专用章第{number}号,OLD-{number:06},,,,\
         2024-01-01T00:00:00Z,2030-01-01T00:00:00Z,\n"
    )
}

/// Ten thousand rows, fifty of them faulty, each fault known.
fn faulty() -> (String, Vec<(u64, &'static str)>) {
    let mut text = HEADING.to_owned();
    let mut faults = Vec::new();
    for number in 0..10_000 {
        let row = row(number);
        if number % 200 != 7 {
            text.push_str(&row);
            continue;
        }
        let (bad, code) = match (number / 200) % 10 {
            0 => (row.replace("11990101MAEXAMPL3B", "11990109MAEXAMPL3B"), "owner-unknown"),
            1 => (row.replace("business", "golden"), "kind-unknown"),
            2 => (row.replace(&format!("业务专用章第{number}号"), ""), "invalid-name"),
            3 => (row.replace(&format!("OLD-{number:06}"), "OLD-000000"), "code-twice"),
            4 => (row.replace(",,,,2024", ",sleeping,,,2024"), "state-unknown"),
            5 => (row.replace("2024-01-01", "2024-13-01"), "invalid-time"),
            6 => (row.replace("2030", "2023"), "validity-unfit"),
            7 => (row.replace(",,,,2024", ",active,,merger,2024"), "cause-unfit"),
            8 => (row.replace(&format!("第{number}号"), "第0号"), "seal-twice"),
            _ => (
                row.replace("2030-01-01T00:00:00Z,", "2030-01-01T00:00:00Z,MIIB"),
                "certificate-malformed",
            ),
        };
        assert_ne!(bad, row);
        text.push_str(&bad);
        faults.push((number as u64 + 1, code));
    }
    (text, faults)
}

fn ten_thousand(engine: Engine) {
    let (house, cast) = open(engine);
    let (list, expected) = faulty();
    assert_eq!(expected.len(), 50);
    let denied = import(&house, &cast.keeper, "", "text/csv", list.as_bytes());
    assert_eq!(denied.problem(403), "denied-by-policy");
    let dry = import(&house, &cast.registrar, "?dry_run=true", "text/csv", list.as_bytes());
    let dry = dry.expect(200);
    let refused = import(&house, &cast.registrar, "", "text/csv", list.as_bytes());
    assert_eq!(refused.problem(422), "faulty-list");
    for report in [&dry, &refused.json()["report"]] {
        assert_eq!((&report["rows"], &report["imported"]), (&json!(10_000), &json!(0)));
        let found: Vec<_> = report["faults"]
            .as_array()
            .unwrap()
            .iter()
            .map(|fault| (fault["row"].as_u64().unwrap(), fault["code"].as_str().unwrap()))
            .collect();
        assert_eq!(found, expected);
    }
    let seals = |query: &str| -> Vec<Value> {
        let found = house.get(&cast.auditor, &format!("/v1/seals{query}")).expect(200);
        found["items"].as_array().unwrap().clone()
    };
    assert!(seals("").is_empty(), "nothing half-imported");

    let good: String = (0..10_000).fold(HEADING.to_owned(), |text, number| text + &row(number));
    let done = import(&house, &cast.registrar, "", "text/csv", good.as_bytes()).expect(201);
    assert_eq!(done["imported"], 10_000);
    let again = import(&house, &cast.registrar, "?dry_run=true", "text/csv", good.as_bytes());
    let again = again.expect(200);
    assert_eq!(again["fault_count"], 10_000, "every code is taken");
    assert_eq!(again["faults"].as_array().unwrap().len(), 1000);

    // Found by name, code, kind, state and organization.
    assert_eq!(seals("?name=%E7%AC%AC9999%E5%8F%B7").len(), 1, "第9999号");
    assert_eq!(seals("?name=%E7%AC%AC999%E5%8F%B7&limit=200").len(), 1);
    assert_eq!(seals("?name=999&limit=200").len(), 19, "999, x999 and 999x");
    assert_eq!(seals("?name=%25").len(), 0, "a percent sign is no wildcard");
    assert_eq!(seals("?name=%E6%9C%AF").len(), 0, "术");
    assert_eq!(seals("?code=OLD-000042").len(), 1);
    assert_eq!(seals("?state=lost").len(), 0);
    assert_eq!(seals(&format!("?organization_id={}", cast.organization)).len(), 50);
    assert_eq!(seals(&format!("?organization_id={}", house.root)).len(), 0);
    assert_eq!(seals("?ends_until=2029-12-31T00:00:00Z").len(), 0);
    let nothing = house.get(&cast.auditor, "/v1/seals?name=");
    assert_eq!(nothing.problem(422), "invalid-name");
    // Page after page there are ten thousand.
    let (mut after, mut count) = (String::new(), 0);
    loop {
        let path = format!("/v1/seals?name=%E4%B8%93%E7%94%A8&limit=200&after={after}");
        let page = house.get(&cast.auditor, &path).expect(200);
        count += page["items"].as_array().unwrap().len();
        let Some(next) = page["next"].as_str() else { break };
        after = next.to_owned();
    }
    assert_eq!(count, 10_000);
    let status = house.get("", "/public/seals/OLD-000042/status").expect(200);
    assert_eq!((&status["state"], &status["version"]), (&json!("active"), &json!(1)));
}

#[test]
fn ten_thousand_rows_come_in_whole_or_not_at_all_on_sqlite() {
    ten_thousand(Engine::Sqlite);
}

#[test]
fn ten_thousand_rows_come_in_whole_or_not_at_all_on_postgres() {
    ten_thousand(Engine::Postgres);
}

#[test]
fn what_goes_out_comes_in_again() {
    let (house, cast) = open(Engine::Sqlite);
    let own = people::active(&house, &cast);
    let mut list = HEADING.to_owned();
    for (number, more) in [
        "active,,",
        "suspended,2025-03-01T00:00:00Z,",
        "lost,2025-03-01T00:00:00Z,",
        "revoked,2025-03-01T00:00:00Z,merger",
        "invalidated,2025-03-01T00:00:00Z,",
    ]
    .iter()
    .enumerate()
    {
        writeln!(
            list,
            "11990101MAEXAMPL3B,contract,\"合同章, \"\"{number}\"\"\",,{more},2024-01-01T00:00:00Z,\
             2030-01-01T00:00:00Z,"
        )
        .unwrap();
    }
    let marked = [b"\xef\xbb\xbf", list.as_bytes()].concat();
    import(&house, &cast.registrar, "", "text/csv", &marked).expect(201);
    let denied = house.get(&cast.keeper, "/v1/seals/export");
    assert_eq!(denied.problem(403), "denied-by-policy");
    let out = house.get(&cast.registrar, "/v1/seals/export");
    assert_eq!(out.header("content-type"), Some("text/csv; charset=utf-8"));
    let text = String::from_utf8(out.body).unwrap();
    let rows = house.get(&cast.auditor, "/v1/seals/export?format=json").expect(200);
    assert_eq!(rows.as_array().unwrap().len(), 6);
    assert_eq!(rows[1]["name"], "合同章, \"0\"");
    assert_eq!(rows[4]["cause"], "merger");
    assert!(rows[0]["certificate"].as_str().unwrap().starts_with("-----BEGIN"));
    // As of any moment: the revoked one was good in 2024.
    let list = house.get(&cast.auditor, "/v1/seals?state=revoked").expect(200);
    let revoked = list["items"][0]["id"].as_str().unwrap();
    let path = format!("/v1/seals/{revoked}/timeline?at=2024-06-01T00:00:00Z");
    assert_eq!(house.get(&cast.auditor, &path).expect(200)["states"][0], json!([1, "active"]));

    // Another register takes both forms as they are.
    for (kind, body) in
        [("text/csv", text.into_bytes()), ("application/json", rows.to_string().into_bytes())]
    {
        let (other, there) = open(Engine::Sqlite);
        let report = import(&other, &there.registrar, "", kind, &body).expect(201);
        assert_eq!(report["imported"], 6);
        let same = other.get(&there.auditor, "/v1/seals/export?format=json").expect(200);
        assert_eq!(same, rows);
        // It has no key: what was made elsewhere is not used here, but its state is told and moved.
        let code = rows[0]["code"].as_str().unwrap();
        let found = other.get(&there.auditor, &format!("/v1/seals?code={code}")).expect(200);
        let seal = found["items"][0]["id"].as_str().unwrap().to_owned();
        people::keep(&other, &there, &seal);
        people::grant(&other, &there, &seal, &json!({}));
        let sealed = other.seal(&there.caller, &people::request(&seal), &people::licence(), None);
        assert_eq!(sealed.problem(409), "no-credential");
        let why = json!({ "reason": "核查" });
        let path = format!("/v1/seals/{seal}/suspend");
        other.post(&there.registrar, &path, &why).expect(200);
        let status = other.get("", &format!("/public/seals/{code}/status")).expect(200);
        assert_eq!(status["state"], "suspended");
    }
    assert!(!own.is_empty());
}

#[test]
fn nobody_takes_in_the_certificate_of_somebody_else() {
    let (house, cast) = open(Engine::Sqlite);
    let beside = Cast::hire_in(&house, "11990102MAEXAMPL4W", "示例市公安局");
    people::active(&house, &beside);
    let rows = house.get(&beside.auditor, "/v1/seals/export?format=json").expect(200);
    let mut row = rows[0].clone();
    row["uscc"] = json!("11990101MAEXAMPL3B");
    row["code"] = json!("");
    row["name"] = json!("=HYPERLINK(0)");
    let body = json!([row]).to_string();
    let reply = import(&house, &cast.registrar, "", "application/json", body.as_bytes());
    assert_eq!(reply.problem(422), "faulty-list");
    let codes: Vec<_> = reply.json()["report"]["faults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["code"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(codes, ["certificate-subject-mismatch"]);
    // What a spreadsheet would take as a formula goes out as text, and comes in as it was.
    row["certificate"] = json!("");
    let body = json!([row]).to_string();
    import(&house, &cast.registrar, "", "application/json", body.as_bytes()).expect(201);
    let text = String::from_utf8(house.get(&cast.registrar, "/v1/seals/export").body).unwrap();
    assert!(text.contains(",'=HYPERLINK(0),"), "{text}");
    let (other, there) = open(Engine::Sqlite);
    import(&other, &there.registrar, "", "text/csv", text.as_bytes()).expect(201);
    let same = other.get(&there.auditor, "/v1/seals/export?format=json").expect(200);
    assert_eq!(same[0]["name"], "=HYPERLINK(0)");
}

#[test]
fn malformed_lists_are_refused() {
    let (house, cast) = open(Engine::Sqlite);
    let send = |kind: &str, list: &[u8]| import(&house, &cast.registrar, "", kind, list);
    assert_eq!(send("text/plain", b"").problem(415), "list-expected");
    assert_eq!(send("application/json", b"{}").problem(422), "malformed-list");
    assert_eq!(send("text/csv", b"a,b\n1,2\n").problem(422), "malformed-list");
    let reply = send("application/json", br#"[{"uscc": 5}]"#);
    assert_eq!(reply.problem(422), "faulty-list");
    assert_eq!(reply.json()["report"]["faults"][0]["code"], "malformed-row");
    let unknown = format!("{}{}", HEADING.replace("cause", "colour"), row(1));
    assert_eq!(send("text/csv", unknown.as_bytes()).problem(422), "faulty-list");
}

#[test]
fn the_card_of_a_seal_tells_its_life() {
    let (house, cast) = open(Engine::Sqlite);
    let seal = people::granted(&house, &cast);
    let sealed = house.seal(&cast.caller, &people::request(&seal), &people::licence(), None);
    assert_eq!(sealed.status, 201);
    let why = json!({ "reason": "盘点<b>" });
    house.post(&cast.registrar, &format!("/v1/seals/{seal}/suspend"), &why).expect(200);
    let card = house.get(&cast.auditor, &format!("/v1/seals/{seal}/card"));
    support::show("card.html", &card.body);
    let page = String::from_utf8(card.body).unwrap();
    for text in [
        "印章卡片",
        "示例市市场监督管理局",
        "某保管人",
        "暂停 suspended",
        "盘点&lt;b&gt;",
        "data:image/png;base64,",
        "<td>1</td>",
        "p256 hsm",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert!(!page.contains("<script") && !page.contains("<b>"));
}

#[test]
fn the_status_of_an_imported_seal_joins_its_verification() {
    let (house, cast) = open(Engine::Sqlite);
    // A seal of another house signs; this house knows it from a list.
    let (other, there) = open(Engine::Sqlite);
    let seal = people::granted(&other, &there);
    let sealed = other.seal(&there.caller, &people::request(&seal), &people::licence(), None);
    assert_eq!(sealed.status, 201);
    let rows = other.get(&there.auditor, "/v1/seals/export?format=json").expect(200);
    let body = rows.to_string().into_bytes();
    import(&house, &cast.registrar, "", "application/json", &body).expect(201);
    let code = rows[0]["code"].as_str().unwrap();
    let found = house.get(&cast.auditor, &format!("/v1/seals?code={code}")).expect(200);
    let id = found["items"][0]["id"].as_str().unwrap();
    let why = json!({ "reason": "介质遗失" });
    house.post(&cast.registrar, &format!("/v1/seals/{id}/report-loss"), &why).expect(200);
    let verdict = send(
        house.url(),
        "POST",
        "/public/verify",
        &[("content-type", "application/pdf")],
        &sealed.body,
    );
    let verdict = verdict.unwrap().expect(200);
    let told = &verdict["signatures"][0]["seal"];
    assert_eq!((&told["code"], &told["state_now"]), (&json!(code), &json!("lost")), "{verdict}");
}
