//! Ten thousand random acts by random principals: the law, the register, the audit trail and the
//! public status never disagree; never two versions of a seal in use, never none between two.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use sealwright::domain::seal_state::{SealEvent, SealState};
use serde_json::{Value, json};
use support::{
    chance::Chance,
    database::Engine,
    people::{self, Cast, id, person},
    run,
    server::{House, Reply},
};

const STEPS: usize = 10_000;
/// Acts go to the seals that came last; the others are at rest.
const LIVELY: usize = 10;

/// What a seal should be.
#[derive(Default)]
struct Model {
    id: String,
    code: String,
    versions: Vec<SealState>,
    registered: bool,
    kept: bool,
    /// Who reported the loss of a version, and who confirmed its recovery last.
    losses: BTreeMap<usize, (String, Option<String>)>,
    /// The open proposal to revoke it, and who made it.
    proposal: Option<(String, String)>,
}

impl Model {
    fn current(&self) -> Option<usize> {
        let in_use = |s: &&SealState| {
            matches!(s, SealState::Active | SealState::Suspended | SealState::Lost)
        };
        let place = self.versions.iter().rposition(|state| in_use(&state));
        place.or(self.versions.len().checked_sub(1))
    }

    fn newest(&self) -> Option<usize> {
        self.versions.len().checked_sub(1)
    }

    fn is_over(&self) -> bool {
        if self.versions.is_empty() || self.versions.iter().any(|state| !state.is_terminal()) {
            return false;
        }
        let last = self.versions.iter().rev().find(|state| **state != SealState::Abandoned);
        last.is_none_or(|state| matches!(state, SealState::Revoked | SealState::Invalidated))
    }

    /// What ends with a version in use.
    fn give_up_what_is_being_made(&mut self, ended: usize) {
        for (place, state) in self.versions.iter_mut().enumerate() {
            if place != ended && matches!(state, SealState::KeyReady | SealState::Made) {
                *state = SealState::Abandoned;
            }
        }
    }
}

#[derive(Clone)]
struct Application {
    id: String,
    kind: &'static str,
    seal: Option<usize>,
    decided_by: BTreeSet<String>,
    levels: usize,
    approvals: usize,
    open: bool,
    used: bool,
}

struct World {
    house: House,
    cast: Cast,
    /// Role, access key.
    people: Vec<(&'static str, String)>,
    seals: Vec<Model>,
    applications: Vec<Application>,
    names: usize,
    chance: Chance,
    /// How often each outcome was seen.
    seen: BTreeMap<String, usize>,
}

impl World {
    fn begin(engine: Engine, seed: u64) -> Self {
        let mut house = House::new(engine);
        house.start();
        let cast = Cast::hire(&house);
        let mut people = vec![
            ("applicant", cast.applicant.clone()),
            ("reviewer", cast.reviewers[0].clone()),
            ("reviewer", cast.reviewers[1].clone()),
            ("maker", cast.maker.clone()),
            ("registrar", cast.registrar.clone()),
            ("keeper", cast.keeper.clone()),
        ];
        for role in ["registrar", "registrar", "security-administrator"] {
            people.push((role, person(&house, &cast.organization, role).1));
        }
        let (seals, applications) = (Vec::new(), Vec::new());
        let chance = Chance::new(seed);
        let seen = BTreeMap::new();
        Self { house, cast, people, seals, applications, names: 0, chance, seen }
    }

    /// Mostly somebody whose role it is, else anybody.
    fn who(&mut self, roles: &[&str]) -> (&'static str, String) {
        let fit: Vec<_> =
            self.people.iter().filter(|(role, _)| roles.contains(role)).cloned().collect();
        match self.chance.below(4) {
            0 => self.chance.one_of(&self.people).clone(),
            _ => self.chance.one_of(&fit).clone(),
        }
    }

    fn some_seal(&mut self) -> Option<usize> {
        let lively = self.seals.len().min(LIVELY);
        let first = self.seals.len() - lively;
        (lively > 0).then(|| first + self.chance.below(lively))
    }

    /// Compares the outcome with what it should be; returns whether it was done.
    fn judge(&mut self, act: &str, reply: &Reply, expected: &str) -> bool {
        let outcome = match reply.status {
            200 | 201 => "done".to_owned(),
            _ => reply.json()["code"].as_str().unwrap_or_default().to_owned(),
        };
        *self.seen.entry(format!("{act} {outcome}")).or_default() += 1;
        let body = String::from_utf8_lossy(&reply.body);
        assert_eq!(outcome, expected, "{act}: {body}");
        outcome == "done"
    }

    fn step(&mut self) {
        match self.chance.below(40) {
            0 => self.apply_for_a_new_seal(),
            1..=4 => self.apply_about_a_seal(),
            5..=13 => self.decide(),
            14..=16 => self.generate_key(),
            17..=20 => self.make(),
            21..=24 => self.register(),
            25 | 26 => self.propose_or_confirm(),
            27 => self.use_it(),
            28 => self.revoke(),
            _ => self.simple_move(),
        }
    }

    fn apply_for_a_new_seal(&mut self) {
        let (role, key) = self.who(&["applicant"]);
        self.names += 1;
        let new = json!({
            "organization_id": self.cast.organization, "kind": "create", "seal_kind": "business",
            "seal_name": format!("业务专用章{}", self.names), "reason": "x",
        });
        let reply = people::apply(&self.house, &key, &new);
        let expected = if role == "applicant" { "done" } else { "denied-by-policy" };
        if self.judge("apply", &reply, expected) {
            self.enter(&reply.json(), "create", None);
        }
    }

    fn enter(&mut self, record: &Value, kind: &'static str, seal: Option<usize>) {
        self.applications.push(Application {
            id: id(record),
            kind,
            seal,
            decided_by: BTreeSet::new(),
            levels: record["levels"].as_array().unwrap().len(),
            approvals: 0,
            open: true,
            used: false,
        });
    }

    fn apply_about_a_seal(&mut self) {
        let Some(place) = self.some_seal() else { return };
        let key = self.cast.applicant.clone();
        let (kind, more) = *self.chance.one_of(&[
            ("change", "null"),
            ("renew", "\"carrier-damaged\""),
            ("renew", "\"loss\""),
            ("revoke", "null"),
        ]);
        let remake: Value = serde_json::from_str(more).unwrap();
        let seal = &self.seals[place];
        let state = seal.current().map(|current| seal.versions[current]);
        let mut new = json!({
            "organization_id": self.cast.organization, "kind": kind, "seal_id": seal.id,
            "reason": "x",
        });
        if kind == "renew" {
            new["remake"] = remake.clone();
        }
        if kind == "revoke" {
            new["cause"] = json!("own-wish");
        }
        let in_use = matches!(state, Some(SealState::Active | SealState::Suspended));
        let lost = state == Some(SealState::Lost);
        let fits = match kind {
            "revoke" => in_use || lost,
            "renew" => in_use || (lost && remake == "loss"),
            _ => in_use,
        };
        let reply = people::apply(&self.house, &key, &new);
        if self.judge(kind, &reply, if fits { "done" } else { "seal-state-unfit" }) {
            let kind = if remake == "loss" { "remake-lost" } else { kind };
            self.enter(&reply.json(), kind, Some(place));
        }
    }

    fn decide(&mut self) {
        let open: Vec<usize> =
            (0..self.applications.len()).filter(|i| self.applications[*i].open).collect();
        if open.is_empty() {
            return;
        }
        let place = *self.chance.one_of(&open[open.len().saturating_sub(4)..]);
        let (role, key) = self.who(&["reviewer"]);
        let application = self.applications[place].clone();
        let verdict = if self.chance.below(12) == 0 { "reject" } else { "approve" };
        let path = format!("/v1/applications/{}/decisions", application.id);
        let body = json!({ "verdict": verdict, "reason": "x" });
        let reply = self.house.post(&key, &path, &body);
        let may = role == "reviewer" && !application.decided_by.contains(&key);
        if !self.judge("review", &reply, if may { "done" } else { "denied-by-policy" }) {
            return;
        }
        let record = reply.json();
        let entry = &mut self.applications[place];
        entry.decided_by.insert(key);
        entry.approvals += usize::from(verdict == "approve");
        let approved = entry.approvals >= entry.levels;
        entry.open = verdict == "approve" && !approved;
        let state = if verdict == "reject" {
            "rejected"
        } else if approved {
            "approved"
        } else {
            "submitted"
        };
        assert_eq!(record["state"], state);
        if approved && entry.kind == "create" {
            let seal = record["seal_id"].as_str().unwrap().to_owned();
            entry.seal = Some(self.seals.len());
            let read = self.house.get(&self.cast.auditor, &format!("/v1/seals/{seal}")).expect(200);
            let code = read["code"].as_str().unwrap().to_owned();
            self.seals.push(Model { id: seal, code, ..Model::default() });
        }
    }

    fn generate_key(&mut self) {
        let ready: Vec<usize> = (0..self.applications.len())
            .filter(|i| {
                let one = &self.applications[*i];
                !one.open && one.approvals >= one.levels && one.kind != "revoke"
            })
            .collect();
        if ready.is_empty() {
            return;
        }
        let place = *self.chance.one_of(&ready[ready.len().saturating_sub(6)..]);
        let (role, key) = self.who(&["maker"]);
        let application = self.applications[place].clone();
        let seal = application.seal.unwrap();
        let path = format!("/v1/seals/{}/key", self.seals[seal].id);
        let reply = self.house.post(&key, &path, &json!({ "application_id": application.id }));
        let expected = if role != "maker" {
            "denied-by-policy"
        } else if self.seals[seal].is_over() {
            "seal-ended"
        } else if application.used {
            "application-used"
        } else {
            "done"
        };
        if self.judge("generate-key", &reply, expected) {
            self.applications[place].used = true;
            self.seals[seal].versions.push(SealState::KeyReady);
        }
    }

    /// The outcome of an event on a version by the law alone.
    fn by_law(
        &self,
        seal: usize,
        version: Option<usize>,
        event: SealEvent,
    ) -> (&'static str, Option<SealState>) {
        match version.map(|version| self.seals[seal].versions[version].after(event)) {
            None => ("not-found", None),
            Some(Err(_)) => ("invalid-transition", None),
            Some(Ok(next)) => ("done", Some(next)),
        }
    }

    fn make(&mut self) {
        let Some(place) = self.some_seal() else { return };
        let (role, key) = self.who(&["maker"]);
        let newest = self.seals[place].newest();
        let (lawful, next) = self.by_law(place, newest, SealEvent::Make);
        let path = format!("/v1/seals/{}/make", self.seals[place].id);
        let reply = self.house.post(&key, &path, &json!({ "picture": people::picture() }));
        let expected = match newest {
            None => "not-found",
            Some(_) if role != "maker" => "denied-by-policy",
            Some(_) => lawful,
        };
        if self.judge("make", &reply, expected) {
            self.seals[place].versions[newest.unwrap()] = next.unwrap();
        }
    }

    fn register(&mut self) {
        let Some(place) = self.some_seal() else { return };
        let (role, key) = self.who(&["registrar"]);
        let newest = self.seals[place].newest();
        let (mut lawful, next) = self.by_law(place, newest, SealEvent::Register);
        let predecessor = self.seals[place].versions.iter().position(|state| {
            matches!(state, SealState::Active | SealState::Suspended | SealState::Lost)
        });
        let path = format!("/v1/seals/{}", self.seals[place].id);
        let record = self.house.get(&self.cast.auditor, &path).expect(200);
        let application = newest.map(|newest| record["versions"][newest]["application_id"].clone());
        let application = application.unwrap_or_default();
        let remade = self
            .applications
            .iter()
            .any(|one| application == one.id.as_str() && one.kind == "remake-lost");
        let event = if remade { SealEvent::Revoke } else { SealEvent::Supersede };
        let ended = predecessor.map(|place_of| self.seals[place].versions[place_of].after(event));
        if lawful == "done" && matches!(ended, Some(Err(_))) {
            lawful = "invalid-transition";
        }
        let reply = self.house.post(&key, &format!("{path}/register"), &json!({}));
        let expected = match newest {
            None => "not-found",
            Some(_) if role != "registrar" => "denied-by-policy",
            Some(_) => lawful,
        };
        if self.judge("register", &reply, expected) {
            let seal = &mut self.seals[place];
            if let (Some(predecessor), Some(Ok(ended))) = (predecessor, ended) {
                seal.versions[predecessor] = ended;
            }
            seal.versions[newest.unwrap()] = next.unwrap();
            seal.registered = true;
            if !seal.kept {
                seal.kept = true;
                let seal = seal.id.clone();
                people::keep(&self.house, &self.cast, &seal);
                people::grant(&self.house, &self.cast, &seal, &json!({ "digests": true }));
            }
        }
    }

    fn simple_move(&mut self) {
        let Some(place) = self.some_seal() else { return };
        let (role, key) = self.who(&["registrar", "keeper"]);
        let (verb, event) = *self.chance.one_of(&[
            ("suspend", SealEvent::Suspend),
            ("resume", SealEvent::Resume),
            ("resume", SealEvent::Resume),
            ("report-loss", SealEvent::ReportLoss),
            ("recover", SealEvent::Recover),
            ("recover", SealEvent::Recover),
            ("recover", SealEvent::Recover),
            ("abandon", SealEvent::Abandon),
            ("invalidate", SealEvent::Invalidate),
        ]);
        // What ends seals is not asked for often.
        let ends = matches!(event, SealEvent::Invalidate | SealEvent::Abandon);
        if ends && self.chance.below(6) > 0 {
            return;
        }
        let seal = &self.seals[place];
        let version = if event == SealEvent::Abandon { seal.newest() } else { seal.current() };
        let loss = version.and_then(|version| seal.losses.get(&version));
        let may = match event {
            SealEvent::Suspend | SealEvent::ReportLoss => {
                ["registrar", "keeper", "applicant"].contains(&role)
            }
            SealEvent::Abandon => ["registrar", "maker"].contains(&role),
            SealEvent::Recover => {
                ["registrar", "keeper"].contains(&role)
                    && loss.is_none_or(|(by, first)| *by != key && first.as_ref() != Some(&key))
            }
            _ => role == "registrar",
        };
        let (lawful, next) = self.by_law(place, version, event);
        let path = format!("/v1/seals/{}/{verb}", seal.id);
        let reply = self.house.post(&key, &path, &json!({ "reason": "x" }));
        let expected = match version {
            None => "not-found",
            Some(_) if !may => "denied-by-policy",
            Some(_) => lawful,
        };
        if !self.judge(verb, &reply, expected) {
            return;
        }
        let seal = &mut self.seals[place];
        let version = version.unwrap();
        match event {
            SealEvent::ReportLoss => {
                seal.losses.insert(version, (key, None));
            }
            // The first confirmation is remembered, the second by another person does it.
            SealEvent::Recover => {
                let (_, confirmed) = seal.losses.get_mut(&version).unwrap();
                if confirmed.replace(key).is_none() {
                    return;
                }
            }
            SealEvent::Invalidate
                if !matches!(seal.versions[version], SealState::KeyReady | SealState::Made) =>
            {
                seal.give_up_what_is_being_made(version);
            }
            _ => {}
        }
        seal.versions[version] = next.unwrap();
    }

    fn revoke(&mut self) {
        let ready: Vec<usize> = (0..self.applications.len())
            .filter(|i| {
                let one = &self.applications[*i];
                one.kind == "revoke" && !one.open && one.approvals >= one.levels
            })
            .collect();
        let Some(last) = ready.last().copied() else { return };
        let (role, key) = self.who(&["registrar"]);
        let application = self.applications[last].clone();
        let place = application.seal.unwrap();
        let current = self.seals[place].current();
        let (lawful, next) = self.by_law(place, current, SealEvent::Revoke);
        let path = format!("/v1/seals/{}/revoke", self.seals[place].id);
        let body = json!({ "reason": "x", "application_id": application.id });
        let reply = self.house.post(&key, &path, &body);
        let expected = match role {
            "registrar" if lawful == "done" && application.used => "application-not-approved",
            "registrar" => lawful,
            _ => "denied-by-policy",
        };
        if self.judge("revoke", &reply, expected) {
            self.applications[last].used = true;
            let seal = &mut self.seals[place];
            seal.versions[current.unwrap()] = next.unwrap();
            seal.give_up_what_is_being_made(current.unwrap());
        }
    }

    fn propose_or_confirm(&mut self) {
        let Some(place) = self.some_seal() else { return };
        let (role, key) = self.who(&["registrar", "security-administrator"]);
        let Some((proposal, proposer)) = self.seals[place].proposal.clone() else {
            let current = self.seals[place].current();
            let (lawful, _) = self.by_law(place, current, SealEvent::Revoke);
            let path = format!("/v1/seals/{}/revoke-ex-officio", self.seals[place].id);
            let body = json!({ "cause": "dissolution", "reason": "x" });
            let reply = self.house.post(&key, &path, &body);
            // The law is asked before policy here: what cannot be is not proposed by anybody.
            let expected = match (lawful, role) {
                ("done", "registrar") => "done",
                ("done", _) => "denied-by-policy",
                (other, _) => other,
            };
            if self.judge("propose", &reply, expected) {
                self.seals[place].proposal = Some((id(&reply.json()), key));
            }
            return;
        };
        let withdraw = self.chance.below(2) == 0;
        let verb = if withdraw { "withdraw" } else { "confirm" };
        let reply = self.house.post(&key, &format!("/v1/proposals/{proposal}/{verb}"), &json!({}));
        let officer = ["registrar", "security-administrator"].contains(&role);
        let may = officer && (withdraw || key != proposer);
        // The proposal is about the version that was in use then.
        let version = self.seals[place].versions.iter().position(|state| {
            matches!(state, SealState::Active | SealState::Suspended | SealState::Lost)
        });
        if !may {
            self.judge(verb, &reply, "denied-by-policy");
            return;
        }
        if withdraw {
            self.judge(verb, &reply, "done");
            self.seals[place].proposal = None;
            return;
        }
        match reply.status {
            200 => {
                self.judge(verb, &reply, "done");
                let seal = &mut self.seals[place];
                let version = version.expect("what was revoked was in use");
                seal.versions[version] = SealState::Revoked;
                seal.give_up_what_is_being_made(version);
                seal.proposal = None;
            }
            // The version was followed or ended since; the proposal is taken back.
            _ => {
                self.judge(verb, &reply, "invalid-transition");
                let path = format!("/v1/proposals/{proposal}/withdraw");
                self.house.post(&self.cast.registrar, &path, &json!({})).expect(200);
                self.seals[place].proposal = None;
            }
        }
    }

    fn use_it(&mut self) {
        let Some(place) = self.some_seal() else { return };
        let seal = &self.seals[place];
        if !seal.kept {
            return;
        }
        let active =
            seal.current().map(|current| seal.versions[current]) == Some(SealState::Active);
        let reply = self.house.seal(
            &self.cast.caller,
            &people::request(&seal.id),
            &people::licence(),
            None,
        );
        // Policy speaks first of what is not in use.
        assert_eq!(reply.status == 201, active, "{}", String::from_utf8_lossy(&reply.body));
        *self.seen.entry(format!("use {}", reply.status)).or_default() += 1;
    }

    /// The register, the public status, the history and the audit trail against the model.
    fn compare(&self, everything: bool) {
        let first = if everything { 0 } else { self.seals.len().saturating_sub(LIVELY) };
        for seal in &self.seals[first..] {
            let path = format!("/v1/seals/{}", seal.id);
            let record = self.house.get(&self.cast.auditor, &path).expect(200);
            let states: Vec<_> = record["versions"]
                .as_array()
                .unwrap()
                .iter()
                .map(|version| SealState::parse(version["state"].as_str().unwrap()).unwrap())
                .collect();
            assert_eq!(states, seal.versions, "{}", seal.id);
            let in_use = |state: &&SealState| {
                matches!(state, SealState::Active | SealState::Suspended | SealState::Lost)
            };
            assert!(states.iter().filter(in_use).count() <= 1, "two in use");
            let status = self.house.get("", &format!("/public/seals/{}/status", seal.code));
            match seal.registered {
                false => assert_eq!(status.status, 404),
                true => {
                    let state = seal.versions[seal.current().unwrap()];
                    assert_eq!(status.expect(200)["state"], state.as_str());
                }
            }
            if everything {
                let timeline = format!("{path}/timeline");
                let timeline = self.house.get(&self.cast.auditor, &timeline).expect(200);
                let now: Vec<_> = timeline["states"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|pair| SealState::parse(pair[1].as_str().unwrap()).unwrap())
                    .collect();
                assert_eq!(now, seal.versions, "as told by the history");
                never_none_between(timeline["changes"].as_array().unwrap());
            }
        }
    }
}

/// Replays the history: each change follows from the one before by the law, and where a version is
/// followed the next is in use at the same moment.
fn never_none_between(changes: &[Value]) {
    let mut states: BTreeMap<String, SealState> = BTreeMap::new();
    for change in changes {
        let version = change["seal_version_id"].as_str().unwrap().to_owned();
        let to = SealState::parse(change["to"].as_str().unwrap()).unwrap();
        if let Some(event) = change["event"].as_str() {
            let event = SealEvent::parse(event).unwrap();
            assert_eq!(states[&version].after(event), Ok(to), "{change}");
        }
        states.insert(version, to);
        if to == SealState::Superseded {
            let same = |other: &&Value| other["at"] == change["at"] && other["to"] == "active";
            assert!(changes.iter().any(|other| same(&other)), "nothing follows {change}");
        }
    }
}

fn ten_thousand_acts(engine: Engine, seed: u64) {
    let mut world = World::begin(engine, seed);
    for step in 0..STEPS {
        world.step();
        if step % 100 == 99 {
            world.compare(false);
        }
    }
    world.compare(true);
    // Every change of state has its event in the trail, and the trail's chains hold.
    let changes: usize = world
        .seals
        .iter()
        .map(|seal| {
            let path = format!("/v1/seals/{}/timeline", seal.id);
            let timeline = world.house.get(&world.cast.auditor, &path).expect(200);
            timeline["changes"].as_array().unwrap().len()
        })
        .sum();
    assert!(changes > 500 && world.seals.len() > 30, "{changes} changes: {:?}", world.seen);
    world.house.stop();
    let verified = run(world.house.command().args(["audit", "verify"]));
    assert!(!verified.contains("broken"), "{verified}");
    // Enough of every kind happened for the comparison to mean something.
    for act in [
        "apply",
        "review",
        "generate-key",
        "make",
        "register",
        "suspend",
        "resume",
        "report-loss",
        "recover",
        "abandon",
        "invalidate",
        "revoke",
        "propose",
        "confirm",
    ] {
        for outcome in ["done", "denied-by-policy"] {
            let count = world.seen.get(&format!("{act} {outcome}")).copied().unwrap_or(0);
            assert!(count >= 2, "{act} {outcome}: {count}; {:?}", world.seen);
        }
    }
}

#[test]
fn ten_thousand_random_acts_on_sqlite() {
    ten_thousand_acts(Engine::Sqlite, 0x5EA1_0001);
}

#[test]
fn ten_thousand_random_acts_on_postgres() {
    ten_thousand_acts(Engine::Postgres, 0x5EA1_0002);
}
