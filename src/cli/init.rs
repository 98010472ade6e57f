//! `sealwright init`: what has to be there before the service can serve.

use serde_json::json;

use super::{Exit, exit::Wrong, print, print_json};
use crate::{
    app::{instance, lock_database, start_devices},
    config::Config,
    domain::{
        Clock, SystemClock, Timestamp,
        access_key::{AccessKey, AccessKeyText},
        id::{AccessKeyId, OrganizationId, PersonId, PrincipalId},
        organization::{Organization, Person, Scope, is_acceptable_name},
        principal::{Principal, PrincipalKind, Role},
        uscc::Uscc,
    },
    service::{Error, Provisioner},
    store::{AuditEvent, Payload, Store},
};

/// What `init` creates.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Arguments {
    /// The legal name of the organization that runs the service.
    #[arg(long)]
    pub(super) organization: String,
    /// Its unified social credit code 统一社会信用代码.
    #[arg(long)]
    pub(super) uscc: String,
    /// The name of the first administrator.
    #[arg(long)]
    pub(super) administrator: String,
    /// For how many days the administrator's access key works.
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=730))]
    pub(super) key_days: u16,
}

/// The first administrator with the access key, which is shown once.
pub(super) struct First {
    pub(super) organization: Organization,
    pub(super) principal: Principal,
    pub(super) access_key: String,
}

/// Runs the command.
pub(super) async fn run(config: Config, arguments: Arguments, json: bool) -> anyhow::Result<Exit> {
    let first = initialise(&config, &arguments).await?;
    if json {
        print_json(&json!({
            "organization": first.organization,
            "principal": first.principal,
            "access_key": first.access_key,
        }))?;
    } else {
        print(&format!(
            "Initialised for {} ({}).\nFirst administrator: {}\nAccess key, shown only now, works for {} days:\n\n    {}\n\nStart the service with: sealwright serve",
            first.organization.name,
            first.organization.uscc.as_str(),
            first.principal.name,
            arguments.key_days,
            first.access_key
        ))?;
    }
    Ok(Exit::Good)
}

/// Creates schema, service keys, root organization and first administrator. What an earlier run
/// that failed has made is taken up, not made again.
pub(super) async fn initialise(config: &Config, arguments: &Arguments) -> anyhow::Result<First> {
    let uscc = Uscc::parse(&arguments.uscc).map_err(|error| Wrong(format!("--uscc: {error}")))?;
    for (option, text) in
        [("--organization", &arguments.organization), ("--administrator", &arguments.administrator)]
    {
        if !is_acceptable_name(text, 100) {
            return Err(Wrong(format!("{option}: 1 to 100 characters are needed")).into());
        }
    }
    let _lock = lock_database(&config.database.url)?;
    let now = SystemClock.now();
    let store = Store::open(&config.database.url, &instance(&SystemClock)).await?;
    store.migrate().await?;
    let known = store.read(Scope::Service).await?.organizations("", 1).await?;
    if !known.is_empty() {
        store.close().await;
        return Err(Wrong("the database is initialised already".to_owned()).into());
    }
    let devices = start_devices(config).await?;
    let made = Provisioner { store: &store, devices: &devices, config, now }.create().await;
    let first = match made {
        Ok(_) => enter_first(&store, arguments, uscc, now).await,
        Err(error) => Err(error.into()),
    };
    store.close().await;
    tokio::task::spawn_blocking(move || drop(devices)).await?;
    first
}

async fn enter_first(
    store: &Store,
    arguments: &Arguments,
    uscc: Uscc,
    now: Timestamp,
) -> anyhow::Result<First> {
    let organization = Organization {
        id: OrganizationId::new(now, random()?),
        uscc,
        name: arguments.organization.clone(),
        parent_id: None,
        created_at: now,
        ended_at: None,
    };
    let person = Person {
        id: PersonId::new(now, random()?),
        organization_id: organization.id.clone(),
        name: arguments.administrator.clone(),
        created_at: now,
    };
    let principal = Principal {
        id: PrincipalId::new(now, random()?),
        organization_id: organization.id.clone(),
        kind: PrincipalKind::Person,
        person_id: Some(person.id.clone()),
        name: arguments.administrator.clone(),
        roles: vec![Role::SystemAdministrator, Role::SecurityAdministrator],
        created_at: now,
    };
    let key = AccessKey {
        id: AccessKeyId::new(now, random()?),
        principal_id: principal.id.clone(),
        actions: Vec::new(),
        expires_at: now.plus_seconds(i64::from(arguments.key_days) * 86_400),
        revoked_at: None,
        created_at: now,
    };
    let text = AccessKeyText::new(key.id.clone(), random()?);
    let access_key = text.reveal();
    let (owner, admin) = (organization.clone(), principal.clone());
    store
        .write(Scope::Service, move |tx| {
            Box::pin(async move {
                tx.insert_organization(&owner).await?;
                tx.insert_person(&person).await?;
                tx.insert_principal(&admin).await?;
                tx.insert_access_key(&key, &text).await?;
                tx.record(AuditEvent {
                    at: now,
                    principal_id: None,
                    organization_id: Some(owner.id.clone()),
                    action: "initialise",
                    subject: format!("organization:{}", owner.id),
                    outcome: "done",
                    decision: "{}".to_owned(),
                    payload: Payload::Here(json!({ "administrator": admin.id }).to_string()),
                })
                .await?;
                Ok::<_, Error>(())
            })
        })
        .await?;
    Ok(First { organization, principal, access_key })
}

fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    crate::crypto::random::fill(&mut bytes)?;
    Ok(bytes)
}
