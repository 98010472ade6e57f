//! `sealwright doctor`: really probes what the service depends on.

use serde::Serialize;

use super::{Exit, print, print_json};
use crate::{
    app::{instance, load_policy, start_devices},
    config::Config,
    domain::{Clock, SystemClock, Timestamp, organization::Scope},
    service::Authority,
    store::Store,
};

/// One finding.
#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    good: bool,
    detail: String,
    /// What to do about it.
    remedy: Option<&'static str>,
}

fn finding(what: &'static str, result: Result<String, String>, remedy: &'static str) -> Finding {
    match result {
        Ok(detail) => Finding { what, good: true, detail, remedy: None },
        Err(detail) => Finding { what, good: false, detail, remedy: Some(remedy) },
    }
}

/// Runs the command.
pub(super) async fn run(config: Config, json: bool) -> anyhow::Result<Exit> {
    let mut findings = vec![clock(), policies(&config)];
    findings.extend(database(&config).await);
    findings.extend(token(&config).await);
    let good = findings.iter().all(|finding| finding.good);
    if json {
        print_json(&findings)?;
    } else {
        for finding in &findings {
            let word = if finding.good { "ok  " } else { "FAIL" };
            print(&format!("{word} {}: {}", finding.what, finding.detail))?;
            if let Some(remedy) = finding.remedy {
                print(&format!("     → {remedy}"))?;
            }
        }
    }
    Ok(if good { Exit::Good } else { Exit::Unavailable })
}

/// The clock is only known to be wrong where it shows a time before this program was made.
fn clock() -> Finding {
    const RELEASED: Timestamp = Timestamp::from_seconds(1_767_225_600); // 2026-01-01
    let now = SystemClock.now();
    let result =
        if now < RELEASED { Err(format!("the system shows {now}")) } else { Ok(format!("{now}")) };
    finding("clock", result, "set the system's clock; run an NTP client such as chrony")
}

fn policies(config: &Config) -> Finding {
    let result = load_policy(config)
        .map(|set| {
            let (count, digest) = (set.ids().len(), set.digest());
            let known = set.working_days().last_year().map_or("none".to_owned(), |y| y.to_string());
            format!("{count} policies, digest {digest}; calendars of working days until {known}")
        })
        .map_err(|error| error.to_string());
    finding("policies", result, "correct the policy files; `sealwright policy check` tells where")
}

async fn database(config: &Config) -> Vec<Finding> {
    let open = Store::open(&config.database.url, &instance(&SystemClock)).await;
    let store = match open {
        Ok(store) => store,
        Err(error) => {
            let remedy = "check database.url, that the server runs, and its durability settings \
                          (SQLite: WAL and synchronous FULL; PostgreSQL: synchronous_commit, fsync, \
                          full_page_writes on)";
            return vec![finding("database", Err(describe(&error)), remedy)];
        }
    };
    let initialised = match Authority::load(&store).await {
        Ok(Some(_)) => Ok("service keys and certificates are on record".to_owned()),
        Ok(None) => Err("the database holds no service keys".to_owned()),
        Err(error) => Err(describe(&error)),
    };
    let audit = match store.read(Scope::Service).await {
        Ok(mut tx) => match tx.verify_audit().await {
            Ok((count, faults)) if faults.is_empty() => Ok(format!("{count} events hold")),
            Ok((_, faults)) => Err(format!("{} places do not hold", faults.len())),
            Err(error) => Err(describe(&error)),
        },
        Err(error) => Err(describe(&error)),
    };
    store.close().await;
    vec![
        finding("database", Ok(format!("{:?}, durable", store.engine())), ""),
        finding(
            "initialised",
            initialised,
            "run `sealwright init` once; after an upgrade start the service, which brings the \
             database up to date",
        ),
        finding(
            "audit trail",
            audit,
            "`sealwright audit verify` names the places; call the auditor",
        ),
    ]
}

async fn token(config: &Config) -> Vec<Finding> {
    let remedy = "check token.module, token.label and the PIN's source; `sealwright token probe` \
                  tries again";
    let devices = match start_devices(config).await {
        Ok(devices) => devices,
        Err(error) => return vec![finding("token", Err(error.to_string()), remedy)],
    };
    let probed = devices.token().probe().await;
    let mut findings = Vec::new();
    match probed {
        Err(error) => findings.push(finding("token", Err(error.to_string()), remedy)),
        Ok(result) => {
            for probe in result.schemes {
                let text = format!("{}: {}", probe.scheme, probe.detail);
                let result = if probe.offered { Ok(text) } else { Err(text) };
                let remedy = "correct the mechanism numbers in the token's configuration, or take \
                              the scheme out of it";
                findings.push(finding("token", result, remedy));
            }
        }
    }
    // Dropping a token waits for its threads; a doctor may be asked inside of any runtime.
    let _ = tokio::task::spawn_blocking(move || drop(devices)).await;
    findings
}

/// An error with its causes; a doctor is for the operator, who has to see them.
fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(&format!(": {next}"));
        cause = next.source();
    }
    text
}
