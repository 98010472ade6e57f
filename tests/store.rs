//! The database keeps its promises by itself, on both engines: append-only trails, chains in which
//! a change is found, groups in which one failure undoes only itself.

mod support;

use std::process::Command;

use sealwright::{
    domain::{
        Timestamp,
        id::OrganizationId,
        organization::{Organization, Scope},
        uscc::Uscc,
    },
    service::Error,
    store::{Answers, AuditEvent, Gathering, Payload, Store, StoreError, Together, Tx, Work},
};
use serde_json::{Value, json};
use support::database::{self, Engine};
use tempfile::TempDir;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const CODES: [&str; 4] =
    ["11990100MAEXAMPL2R", "11990101MAEXAMPL3B", "11990102MAEXAMPL4W", "91990103MAEXAMPL56"];

struct Bench {
    store: Store,
    url: String,
    _directory: TempDir,
}

async fn bench(engine: Engine) -> Bench {
    let directory = TempDir::new().unwrap();
    let url = database::fresh(engine, directory.path());
    let store = Store::open(&url, "instance").await.unwrap();
    store.migrate().await.unwrap();
    store.migrate().await.unwrap();
    Bench { store, url, _directory: directory }
}

fn event(n: u8) -> AuditEvent {
    AuditEvent {
        at: NOW,
        principal_id: None,
        organization_id: None,
        action: "test",
        subject: format!("test:{n}"),
        outcome: "done",
        decision: json!({ "policies": ["p"] }).to_string(),
        payload: Payload::Here(json!({ "n": n }).to_string()),
    }
}

fn organization(n: usize, parent: Option<&Organization>) -> Organization {
    Organization {
        id: OrganizationId::new(NOW, [n as u8; 10]),
        uscc: Uscc::parse(CODES[n]).unwrap(),
        name: format!("机构{n}"),
        parent_id: parent.map(|parent| parent.id.clone()),
        created_at: NOW,
        ended_at: None,
    }
}

/// Runs SQL behind the service's back, as somebody with the database's password could.
fn sql(bench: &Bench, statement: &str) -> bool {
    let path = bench.url.strip_prefix("sqlite://").map(|rest| rest.split('?').next().unwrap());
    let status = match path {
        Some(path) => Command::new("python3")
            .args(["-c", "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.executescript(sys.argv[2]); c.commit()", path, statement])
            .output(),
        None => Command::new("psql").args(["-q", "-v", "ON_ERROR_STOP=1", &bench.url, "-c", statement]).output(),
    };
    status.unwrap().status.success()
}

async fn trail_is_append_only(engine: Engine) {
    let bench = bench(engine).await;
    for n in 0..5 {
        bench
            .store
            .write(Scope::Service, move |tx| {
                Box::pin(async move { Ok::<_, Error>(tx.record(event(n)).await?) })
            })
            .await
            .unwrap();
    }
    let verify =
        async || bench.store.read(Scope::Service).await.unwrap().verify_audit().await.unwrap();
    assert_eq!(verify().await, (5, Vec::new()));
    for statement in [
        "UPDATE audit_events SET action = 'other'",
        "DELETE FROM audit_events",
        "DELETE FROM state_changes; DELETE FROM audit_events",
    ] {
        assert!(!sql(&bench, statement), "{statement}");
    }
    assert_eq!(verify().await.0, 5);
    // Erasing a payload is lawful and leaves the chain whole; changing one is found.
    assert!(sql(&bench, "DELETE FROM audit_payloads WHERE sequence = 1"));
    assert_eq!(verify().await.1, Vec::new());
    assert!(sql(&bench, "UPDATE audit_payloads SET payload = '{\"n\":9}' WHERE sequence = 2"));
    assert_eq!(verify().await.1.len(), 1);
    // Whoever tears the triggers down first is found by the chain.
    let (drop_update, drop_delete) = match engine {
        Engine::Sqlite => {
            ("DROP TRIGGER audit_events_no_update;", "DROP TRIGGER audit_events_no_delete;")
        }
        Engine::Postgres => ("DROP TRIGGER audit_events_append_only ON audit_events;", ""),
    };
    assert!(sql(
        &bench,
        &format!("{drop_update} UPDATE audit_events SET subject = 'x' WHERE sequence = 3")
    ));
    let faults = verify().await.1;
    assert!(
        faults.iter().any(|fault| fault.sequence == 3 && fault.what == "it was changed"),
        "{faults:?}"
    );
    assert!(sql(&bench, &format!("{drop_delete} DELETE FROM audit_events WHERE sequence = 4")));
    let faults = verify().await.1;
    assert!(faults.iter().any(|f| f.sequence == 5 && f.what.contains("missing")), "{faults:?}");
    bench.store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trail_is_append_only_on_sqlite() {
    trail_is_append_only(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trail_is_append_only_on_postgres() {
    trail_is_append_only(Engine::Postgres).await;
}

async fn groups_and_scopes(engine: Engine) {
    let bench = bench(engine).await;
    let root = organization(0, None);
    let child = organization(1, Some(&root));
    let beside = organization(2, Some(&root));
    for new in [&root, &child, &beside] {
        let new = new.clone();
        bench
            .store
            .write(Scope::Service, move |tx| {
                Box::pin(async move { Ok::<_, Error>(tx.insert_organization(&new).await?) })
            })
            .await
            .unwrap();
    }
    // Many pieces of work at once, every other one failing after it wrote: only those are undone,
    // and the chain has no gaps.
    let pieces = (0..40_u8).map(|n| {
        let store = bench.store.clone();
        tokio::spawn(async move {
            store
                .write(Scope::Service, move |tx| {
                    Box::pin(async move {
                        tx.record(event(n)).await?;
                        if n % 2 == 0 { Ok::<_, Error>(n) } else { Err(Error::Stale) }
                    })
                })
                .await
        })
    });
    let mut kept = 0;
    for piece in pieces.collect::<Vec<_>>() {
        kept += u64::from(piece.await.unwrap().is_ok());
    }
    assert_eq!(kept, 20);
    let mut tx = bench.store.read(Scope::Service).await.unwrap();
    assert_eq!(tx.verify_audit().await.unwrap(), (20, Vec::new()));
    drop(tx);

    let seen = async |scope: Scope| -> Vec<String> {
        let mut tx = bench.store.read(scope).await.unwrap();
        tx.organizations("", 10).await.unwrap().into_iter().map(|o| o.name).collect()
    };
    assert_eq!(seen(Scope::Service).await.len(), 3);
    assert_eq!(seen(Scope::Organization(root.id.clone())).await.len(), 3);
    assert_eq!(seen(Scope::Organization(child.id.clone())).await, ["机构1"]);
    let mut tx = bench.store.read(Scope::Organization(child.id.clone())).await.unwrap();
    assert!(tx.organization(&beside.id).await.unwrap().is_none());
    assert_eq!(tx.ancestry(&child.id).await.unwrap(), [root.id.clone(), child.id.clone()]);
    drop(tx);

    // A taken code is told by its constraint, on either engine.
    let twin = Organization { id: OrganizationId::new(NOW, [77; 10]), ..child.clone() };
    let taken: Result<(), StoreError> = bench
        .store
        .write(Scope::Service, move |tx| {
            Box::pin(async move { tx.insert_organization(&twin).await })
        })
        .await;
    assert!(taken.unwrap_err().is_taken("organizations_uscc_unique", "organizations.uscc"));
    bench.store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_and_scopes_on_sqlite() {
    groups_and_scopes(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_and_scopes_on_postgres() {
    groups_and_scopes(Engine::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgetful_database_is_refused() {
    let directory = TempDir::new().unwrap();
    let url = database::fresh(Engine::Postgres, directory.path());
    let name = url.rsplit('/').next().unwrap().to_owned();
    // The session setting of the service wins over this default, so it is forced for the role.
    support::run(Command::new("psql").args([
        "-q",
        &url,
        "-c",
        &format!("ALTER DATABASE {name} SET synchronous_commit = off"),
    ]));
    assert!(Store::open(&url, "i").await.is_ok(), "the service sets it itself");
    assert!(matches!(Store::open("mysql://x", "i").await, Err(StoreError::Url)));
    assert!(Store::open("sqlite:///no/such/directory/x.db", "i").await.is_err());
}

#[test]
fn two_processes_do_not_share_a_sqlite_file() {
    let mut house = support::server::House::new(Engine::Sqlite);
    house.start();
    let (output, text) = support::try_run(house.command().arg("serve"));
    assert_eq!(output.status.code(), Some(4));
    assert!(text.contains("another process"), "{text}");
    let exported = support::run(house.command().args(["audit", "export"]));
    let first: Value = serde_json::from_str(exported.lines().next().unwrap()).unwrap();
    assert_eq!(first["action"], "initialise");
}

/// Writes an event for each number and answers with it; thirteen is refused, and takes down
/// whatever it is done together with.
struct Unlucky;

impl Together for Unlucky {
    type Item = u8;
    type Outcome = u8;
    type Error = Error;

    fn run<'t>(tx: &'t mut Tx, items: &'t [u8]) -> Work<'t, Answers<Self>> {
        Box::pin(async move {
            tx.record_all(items.iter().map(|n| event(*n)).collect()).await?;
            if items.contains(&13) {
                Err(Error::Stale)
            } else {
                Ok(items.iter().map(|n| Ok(*n)).collect())
            }
        })
    }
}

async fn everybody_gets_an_answer_of_their_own(engine: Engine) {
    let bench = bench(engine).await;
    let gathering = std::sync::Arc::new(Gathering::<Unlucky>::default());
    let asked = (0..40_u8).map(|n| {
        let (store, gathering) = (bench.store.clone(), std::sync::Arc::clone(&gathering));
        tokio::spawn(async move { gathering.submit(&store, n).await })
    });
    for (n, asked) in asked.collect::<Vec<_>>().into_iter().enumerate() {
        match asked.await.unwrap() {
            Ok(answer) => assert_eq!(usize::from(answer), n),
            Err(error) => assert!(n == 13 && matches!(error, Error::Stale), "{n}: {error}"),
        }
    }
    let mut tx = bench.store.read(Scope::Service).await.unwrap();
    assert_eq!(tx.verify_audit().await.unwrap(), (39, Vec::new()));
    drop(tx);
    // Whoever comes after the end is told so, the first and all others.
    bench.store.close().await;
    for n in 0..3 {
        assert!(gathering.submit(&bench.store, n).await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_gets_an_answer_of_their_own_on_sqlite() {
    everybody_gets_an_answer_of_their_own(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_gets_an_answer_of_their_own_on_postgres() {
    everybody_gets_an_answer_of_their_own(Engine::Postgres).await;
}
