//! Revoking a seal while it signs: nothing leaves after the revocation's commit.

mod support;

use serde_json::json;
use support::{
    database::Engine,
    people::{self, Cast},
    server::{House, try_seal},
    token::TestToken,
};

fn revoke_while_signing(engine: Engine) {
    let double = TestToken::double();
    let mut house = House::with(engine, double, "");
    house.start();
    let cast = Cast::hire(&house);
    let seal = people::granted(&house, &cast);
    let application = people::approved(
        &house,
        &cast,
        &json!({ "organization_id": cast.organization, "kind": "revoke", "cause": "abolition", "seal_id": seal, "reason": "机构撤销" }),
    );
    let licence = people::licence();
    let body = json!({ "reason": "机构撤销", "application_id": application["id"] });
    let path = format!("/v1/seals/{seal}/revoke");
    // The token hangs in its call: all 32 are between transactions 1 and 2.
    house.token.control("hang=1");
    let statuses: Vec<_> = std::thread::scope(|scope| {
        let request = people::request(&seal);
        let (url, caller, licence) = (house.url(), &cast.caller, &licence);
        let threads: Vec<_> = (0..32)
            .map(|_| {
                let request = request.clone();
                scope.spawn(move || try_seal(url, caller, &request, licence, None).unwrap())
            })
            .collect();
        support::until("all are under way", || {
            let open = house.get(&cast.auditor, "/v1/signatures?state=intended").expect(200);
            (open["items"].as_array().unwrap().len() == 32).then_some(())
        });
        let revoking = scope.spawn(|| house.post(&cast.registrar, &path, &body));
        support::until("it is revoked", || {
            let seal = house.get(&cast.auditor, &format!("/v1/seals/{seal}")).expect(200);
            (seal["versions"][0]["state"] == "revoked").then_some(())
        });
        house.token.control("");
        revoking.join().unwrap().expect(200);
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for reply in &statuses {
        assert_eq!(reply.problem(409), "signature-withheld");
    }
    let all = house.get(&cast.auditor, "/v1/signatures?limit=100").expect(200);
    for record in all["items"].as_array().unwrap() {
        assert_eq!(record["state"], "withheld");
    }
    let grants = house.get(&cast.keeper, &format!("/v1/seals/{seal}/grants")).expect(200);
    assert_eq!(grants[0]["used"], 0);
}

#[test]
fn revoke_while_signing_on_sqlite() {
    revoke_while_signing(Engine::Sqlite);
}

#[test]
fn revoke_while_signing_on_postgres() {
    revoke_while_signing(Engine::Postgres);
}

#[test]
fn two_deciders_at_the_same_level_do_not_both_count() {
    let mut house = House::new(Engine::Postgres);
    house.start();
    let cast = Cast::hire(&house);
    for number in 0..8 {
        let new = json!({
            "organization_id": cast.organization, "kind": "create", "seal_kind": "invoice",
            "seal_name": format!("发票专用章（{number}）"), "reason": "需要",
        });
        let application = people::apply(&house, &cast.applicant, &new).expect(201);
        let path = format!("/v1/applications/{}/decisions", people::id(&application));
        let approve = json!({ "verdict": "approve" });
        let levels: Vec<i64> = std::thread::scope(|scope| {
            let first = scope.spawn(|| house.post(&cast.reviewers[0], &path, &approve));
            let second = scope.spawn(|| house.post(&cast.reviewers[1], &path, &approve));
            [first.join().unwrap(), second.join().unwrap()]
                .iter()
                .map(|r| i64::from(r.status))
                .collect()
        });
        let after =
            house.get(&cast.auditor, &format!("/v1/applications/{}", people::id(&application)));
        let decisions = after.expect(200)["decisions"].as_array().unwrap().len();
        assert_eq!(decisions, levels.iter().filter(|status| **status == 200).count());
    }
}

/// Callers whose requests are put on record together bear only their own faults: those with a
/// number of their own succeed, of those who share one exactly one does, and a quota holds.
fn only_who_is_at_fault_bears_it(engine: Engine) {
    let mut house = House::new(engine);
    house.start();
    let cast = Cast::hire(&house);
    let seal = people::active(&house, &cast);
    people::grant(&house, &cast, &seal, &json!({ "digests": true, "quota": 30 }));
    let ask = |number: String| {
        let body = json!({
            "seal_id": seal, "document_type": "x", "business_number": number,
            "digest": sealwright::crypto::digest::hex(&[7; 32]),
        });
        house.post(&cast.caller, "/v1/digests", &body)
    };
    let ask = &ask;
    let replies: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..48)
            .map(|n| {
                let number = if n % 2 == 0 { "same".to_owned() } else { format!("own-{n}") };
                scope.spawn(move || (n, ask(number)))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let done = |even: bool| {
        let group = replies.iter().filter(|(n, _)| (n % 2 == 0) == even);
        group.filter(|(_, reply)| reply.status == 201).count()
    };
    assert_eq!((done(true), done(false)), (1, 24));
    for (_, reply) in replies.iter().filter(|(_, reply)| reply.status != 201) {
        assert_eq!(reply.problem(409), "business-number-taken");
    }
    // What was answered is what is on record, to the microsecond.
    for (_, reply) in replies.iter().filter(|(_, reply)| reply.status == 201) {
        let told = &reply.json()["signature"];
        let path = format!("/v1/signatures/{}", told["id"].as_str().unwrap());
        assert_eq!(house.get(&cast.caller, &path).expect(200), *told);
    }
    // 25 of 30 uses are taken; of ten more at once five are left.
    let statuses: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..10).map(|n| scope.spawn(move || ask(format!("late-{n}")))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|reply| reply.status == 201).count(), 5);
    for reply in statuses.iter().filter(|reply| reply.status != 201) {
        assert_eq!(reply.problem(409), "quota-used-up");
    }
    let grants = house.get(&cast.keeper, &format!("/v1/seals/{seal}/grants")).expect(200);
    assert_eq!(grants[0]["used"], 30);
    let all = house.get(&cast.auditor, "/v1/signatures?limit=100&state=completed").expect(200);
    assert_eq!(all["items"].as_array().unwrap().len(), 30);
    let verified = house.command().args(["--json", "audit", "verify"]).output().unwrap();
    let verified: serde_json::Value = serde_json::from_slice(&verified.stdout).unwrap();
    assert_eq!(verified["faults"], json!([]));
}

#[test]
fn only_who_is_at_fault_bears_it_on_sqlite() {
    only_who_is_at_fault_bears_it(Engine::Sqlite);
}

#[test]
fn only_who_is_at_fault_bears_it_on_postgres() {
    only_who_is_at_fault_bears_it(Engine::Postgres);
}
