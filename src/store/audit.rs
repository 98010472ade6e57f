//! The audit trail: append-only, in hash chains, one for each writer.

use serde::{Deserialize, Serialize};
use sqlx::query;
use utoipa::ToSchema;

use super::{
    StoreError,
    columns::{Columns, json},
    rows::Cell,
    tx::Tx,
};
use crate::{
    crypto::digest::{hex, sha256},
    domain::{
        Timestamp,
        id::{OrganizationId, PrincipalId},
    },
};

/// Where this process's chain stands.
#[derive(Clone, Debug)]
pub(super) struct ChainHead {
    chain: String,
    sequence: i64,
    hash: String,
}

impl ChainHead {
    pub(super) fn new(instance: &str, epoch: u32) -> Self {
        Self { chain: format!("{instance}.{epoch}"), sequence: 0, hash: "0".repeat(64) }
    }
}

/// Events added in a transaction and not written yet, and where the chain stands after them.
pub(super) struct Trail {
    head: ChainHead,
    rows: Vec<[Cell; 12]>,
    payloads: Vec<[Cell; 3]>,
}

/// A place in a [`Trail`].
pub(super) struct TrailMark {
    head: ChainHead,
    rows: usize,
    payloads: usize,
}

impl Trail {
    pub(super) fn after(head: ChainHead) -> Self {
        Self { head, rows: Vec::new(), payloads: Vec::new() }
    }

    pub(super) fn mark(&self) -> TrailMark {
        let Self { head, rows, payloads } = self;
        TrailMark { head: head.clone(), rows: rows.len(), payloads: payloads.len() }
    }

    /// Forgets what was added after a mark.
    pub(super) fn back_to(&mut self, mark: TrailMark) {
        self.head = mark.head;
        self.rows.truncate(mark.rows);
        self.payloads.truncate(mark.payloads);
    }
}

/// What happened, to be recorded.
#[derive(Clone, Debug)]
pub struct AuditEvent {
    /// When.
    pub at: Timestamp,
    /// Who; none where the service itself acts.
    pub principal_id: Option<PrincipalId>,
    /// In whose organization.
    pub organization_id: Option<OrganizationId>,
    /// What was done.
    pub action: &'static str,
    /// On what, as `kind:id`.
    pub subject: String,
    /// How it ended, such as `done` or `denied`.
    pub outcome: &'static str,
    /// Policy ids and the digest of the set, JSON.
    pub decision: String,
    /// More, which may one day have to be erased; the chain holds its digest.
    pub payload: Payload,
}

/// What goes with an event.
#[derive(Clone, Debug)]
pub enum Payload {
    /// Nothing.
    None,
    /// JSON, kept beside the trail.
    Here(String),
    /// The evidence leaf of the signature that the event is about, by its SHA-256.
    Elsewhere([u8; 32]),
}

/// One recorded event.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct AuditEntry {
    /// The chain it belongs to.
    pub chain: String,
    /// Its place in the chain, from 1.
    pub sequence: i64,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// Who; none where the service itself acted.
    pub principal_id: Option<String>,
    /// In whose organization.
    pub organization_id: Option<String>,
    /// What was done.
    pub action: String,
    /// On what, as `kind:id`.
    pub subject: String,
    /// How it ended.
    pub outcome: String,
    /// Policy ids and the digest of the set.
    #[schema(value_type = Object)]
    pub decision: serde_json::Value,
    /// SHA-256 of the payload's text, hexadecimal.
    pub payload_digest: String,
    /// The payload; none where it was erased.
    #[schema(value_type = Option<Object>)]
    pub payload: Option<serde_json::Value>,
    /// The hash of the event before, 64 zeros for the first.
    pub previous_hash: String,
    /// SHA-256 over everything above but the payload.
    pub hash: String,
}

/// A page of the trail.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AuditPage {
    /// The events, oldest first.
    pub items: Vec<AuditEntry>,
    /// Where the next page begins; none at the end.
    pub next: Option<String>,
}

/// A place where a chain does not hold.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct ChainFault {
    /// The chain.
    pub chain: String,
    /// The place.
    pub sequence: i64,
    /// What is wrong.
    pub what: &'static str,
}

impl Tx {
    /// Adds an event to this process's chain.
    ///
    /// # Errors
    /// The database fails, or the transaction is not the writer's.
    pub async fn record(&mut self, event: AuditEvent) -> Result<(), StoreError> {
        // An event bears the name of its place in the chain, so that nothing is announced twice.
        let head = &self.trail.as_ref().ok_or(StoreError::Closed)?.head;
        let id = format!("{}.{}", head.chain, head.sequence + 1);
        self.announce(id, &event).await?;
        self.record_all(vec![event]).await
    }

    /// Adds events to this process's chain, in order.
    ///
    /// # Errors
    /// The database fails, or the transaction is not the writer's.
    pub async fn record_all(&mut self, events: Vec<AuditEvent>) -> Result<(), StoreError> {
        let Trail { head, rows, payloads } = self.trail.as_mut().ok_or(StoreError::Closed)?;
        for event in events {
            let sequence = head.sequence + 1;
            let decision = event.decision;
            let payload_digest = hex(&match &event.payload {
                Payload::None => sha256(b"null"),
                Payload::Here(payload) => sha256(payload.as_bytes()),
                Payload::Elsewhere(digest) => *digest,
            });
            let principal = event.principal_id.map(String::from);
            let organization = event.organization_id.map(String::from);
            let hash = chain_hash(&[
                &head.chain,
                &sequence.to_string(),
                &event.at.as_micros().to_string(),
                principal.as_deref().unwrap_or_default(),
                organization.as_deref().unwrap_or_default(),
                event.action,
                &event.subject,
                event.outcome,
                &decision,
                &payload_digest,
                &head.hash,
            ]);
            if let Payload::Here(payload) = event.payload {
                payloads.push([head.chain.clone().into(), sequence.into(), payload.into()]);
            }
            let previous = std::mem::replace(&mut head.hash, hash.clone());
            head.sequence = sequence;
            rows.push([
                head.chain.clone().into(),
                sequence.into(),
                event.at.as_micros().into(),
                principal.into(),
                organization.into(),
                event.action.into(),
                event.subject.into(),
                event.outcome.into(),
                decision.into(),
                payload_digest.into(),
                previous.into(),
                hash.into(),
            ]);
        }
        Ok(())
    }

    /// Writes the events that were added; the writer does so before it commits. Returns the head
    /// of the chain.
    ///
    /// # Errors
    /// The database fails.
    pub(super) async fn write_trail(&mut self) -> Result<Option<ChainHead>, StoreError> {
        let Some(Trail { head, rows, payloads }) = self.trail.take() else { return Ok(None) };
        let sql = "INSERT INTO audit_events (chain, sequence, at, principal_id, organization_id, \
                   action, subject, outcome, decision, payload_digest, previous_hash, hash)";
        self.insert_rows(sql, rows).await?;
        let sql = "INSERT INTO audit_payloads (chain, sequence, payload)";
        self.insert_rows(sql, payloads).await?;
        Ok(Some(head))
    }

    /// A page of the trail within the scope, ordered by chain and place.
    ///
    /// # Errors
    /// The database fails.
    pub async fn audit_page(
        &mut self,
        after: Option<&str>,
        limit: i64,
    ) -> Result<AuditPage, StoreError> {
        let (chain, sequence) = after
            .and_then(|cursor| cursor.rsplit_once(':'))
            .and_then(|(chain, place)| Some((chain.to_owned(), place.parse::<i64>().ok()?)))
            .unwrap_or_default();
        let pattern = self.path_pattern();
        let rows = self
            .all(
                query(
                    "SELECT e.chain, e.sequence, e.at, e.principal_id, e.organization_id, \
                     e.action, e.subject, e.outcome, e.decision, e.payload_digest, \
                     COALESCE(p.payload, l.leaf) AS payload, e.previous_hash, e.hash \
                     FROM audit_events e LEFT JOIN audit_payloads p \
                     ON p.chain = e.chain AND p.sequence = e.sequence \
                     LEFT JOIN evidence_leaves l ON e.outcome = 'completed' \
                     AND l.signature_id = SUBSTR(e.subject, 11) \
                     WHERE (e.chain > $1 OR (e.chain = $1 AND e.sequence > $2)) \
                     AND ($3 = '%' OR e.organization_id IN \
                     (SELECT id FROM organizations WHERE path LIKE $3)) \
                     ORDER BY e.chain, e.sequence LIMIT $4",
                )
                .bind(chain)
                .bind(sequence)
                .bind(pattern)
                .bind(limit),
            )
            .await?;
        let full = i64::try_from(rows.len()).is_ok_and(|count| count == limit);
        let items = rows.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
        let next = items.last().filter(|_| full).map(|e| format!("{}:{}", e.chain, e.sequence));
        Ok(AuditPage { items, next })
    }

    /// Walks every chain and returns the places that do not hold, and the count of events.
    ///
    /// # Errors
    /// The database fails.
    pub async fn verify_audit(&mut self) -> Result<(u64, Vec<ChainFault>), StoreError> {
        let (mut count, mut faults) = (0, Vec::new());
        let mut cursor = None;
        let mut previous: Option<AuditEntry> = None;
        loop {
            let page = self.audit_page(cursor.as_deref(), 1000).await?;
            for entry in page.items {
                count += 1;
                let same = previous.as_ref().filter(|p| p.chain == entry.chain);
                let (place, before) =
                    same.map_or((1, "0".repeat(64)), |p| (p.sequence + 1, p.hash.clone()));
                let mut fault = |what| {
                    let (chain, sequence) = (entry.chain.clone(), entry.sequence);
                    faults.push(ChainFault { chain, sequence, what });
                };
                if entry.sequence != place {
                    fault("events before it are missing");
                } else if entry.previous_hash != before {
                    fault("it does not continue the event before it");
                }
                if entry.expected_hash() != entry.hash {
                    fault("it was changed");
                }
                // A leaf is never erased, other payloads may be.
                let sealed =
                    entry.outcome == "completed" && entry.subject.starts_with("signature:");
                if sealed && entry.payload.is_none() {
                    fault("its evidence leaf is missing");
                }
                let payload = entry.payload.as_ref().map(|p| hex(&sha256(json(p).as_bytes())));
                if payload.is_some_and(|digest| digest != entry.payload_digest) {
                    fault("its payload was changed");
                }
                previous = Some(entry);
            }
            match page.next {
                Some(next) => cursor = Some(next),
                None => return Ok((count, faults)),
            }
        }
    }
}

impl AuditEntry {
    fn expected_hash(&self) -> String {
        chain_hash(&[
            &self.chain,
            &self.sequence.to_string(),
            &self.at.as_micros().to_string(),
            self.principal_id.as_deref().unwrap_or_default(),
            self.organization_id.as_deref().unwrap_or_default(),
            &self.action,
            &self.subject,
            &self.outcome,
            &json(&self.decision),
            &self.payload_digest,
            &self.previous_hash,
        ])
    }
}

/// SHA-256 over the fields, each with its length before it, so that no two lists of fields give
/// the same bytes.
fn chain_hash(fields: &[&str]) -> String {
    let framed: Vec<u8> = fields
        .iter()
        .flat_map(|field| {
            (field.len() as u64).to_be_bytes().into_iter().chain(field.bytes()).collect::<Vec<_>>()
        })
        .collect();
    hex(&sha256(&framed))
}

fn entry(row: &sqlx::any::AnyRow) -> Result<AuditEntry, StoreError> {
    let c = Columns::of("audit_events", row);
    Ok(AuditEntry {
        chain: c.text("chain")?,
        sequence: c.integer("sequence")?,
        at: c.time("at")?,
        principal_id: c.get("principal_id")?,
        organization_id: c.get("organization_id")?,
        action: c.text("action")?,
        subject: c.text("subject")?,
        outcome: c.text("outcome")?,
        decision: c.json("decision")?,
        payload_digest: c.text("payload_digest")?,
        payload: c.optional_word("payload", |text| serde_json::from_str(text).ok())?,
        previous_hash: c.text("previous_hash")?,
        hash: c.text("hash")?,
    })
}
