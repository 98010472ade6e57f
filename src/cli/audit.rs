//! `sealwright audit`.

use serde_json::json;

use super::{Exit, print, print_json};
use crate::{
    app::instance,
    config::Config,
    domain::{SystemClock, organization::Scope},
    store::{Store, StoreError},
};

/// What to do with the audit trail.
#[derive(Clone, Debug, clap::Subcommand)]
pub(super) enum Arguments {
    /// Walk every chain and name the places that do not hold.
    Verify,
    /// Print every event as a line of JSON.
    Export,
}

/// Runs the command.
pub(super) async fn run(config: Config, arguments: &Arguments, json: bool) -> anyhow::Result<Exit> {
    let store = Store::open(&config.database.url, &instance(&SystemClock)).await?;
    let exit = match arguments {
        Arguments::Verify => verify(&store, json).await,
        Arguments::Export => export(&store).await,
    };
    store.close().await;
    exit
}

async fn verify(store: &Store, json: bool) -> anyhow::Result<Exit> {
    let (count, faults) = store.read(Scope::Service).await?.verify_audit().await?;
    if json {
        print_json(&json!({ "events": count, "faults": faults }))?;
    } else {
        print(&format!("{count} events, {} faults", faults.len()))?;
        for fault in &faults {
            print(&format!("{} {}: {}", fault.chain, fault.sequence, fault.what))?;
        }
    }
    Ok(if faults.is_empty() { Exit::Good } else { Exit::Invalid })
}

async fn export(store: &Store) -> anyhow::Result<Exit> {
    let mut tx = store.read(Scope::Service).await?;
    let mut cursor = None;
    loop {
        let page = tx.audit_page(cursor.as_deref(), 1000).await?;
        for entry in &page.items {
            print(&serde_json::to_string(entry)?)?;
        }
        match page.next {
            Some(next) => cursor = Some(next),
            None => return Ok::<_, StoreError>(Exit::Good).map_err(Into::into),
        }
    }
}
