//! Certificates of seals that are at their end, whose authority is elsewhere: it has to revoke them,
//! and that is followed until it did.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{find, numbered_or_newest};
use crate::{
    domain::{
        Timestamp,
        certificate_revocation::CertificateRevocation,
        id::{CertificateRevocationId, KeyId},
        organization::Scope,
        seal::{Seal, SealVersion},
    },
    pki::{
        Certificate,
        crl::Reason,
        effort::Effort,
        path::paths,
        revocation::{Evidence, Sources, Status, status},
    },
    policy::Action,
    service::{Act, Answer, Error, Service, administration::Page, applications::reason},
    store::{AuditEvent, Payload, Tx},
};

/// How many working days an authority has.
const DAYS: u16 = 1;
/// How many are looked after in one turn.
const MOST: i64 = 1000;

/// That an authority revoked a certificate.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevocationDone {
    /// What it answered, for example the number of its receipt.
    #[schema(min_length = 1, max_length = 1000)]
    pub reference: String,
}

/// A certificate to be revoked, wherever it was issued.
pub(super) struct ToRevoke {
    leaf: Certificate,
    elsewhere: CertificateRevocation,
}

impl Service {
    /// The certificates of a version that is at its end, and those of other versions with the same
    /// keys: whoever has a key would use the certificate that was forgotten.
    pub(super) fn to_revoke(
        &self,
        seal: &Seal,
        ended: &SealVersion,
        reason: Reason,
    ) -> Result<Vec<ToRevoke>, Error> {
        let now = self.now();
        let keys: Vec<&KeyId> = ended.credentials.iter().map(|c| &c.key_id).collect();
        let all_of_seal = seal.versions.iter().flat_map(|version| &version.credentials);
        let mut all = Vec::new();
        for credential in all_of_seal.filter(|credential| keys.contains(&&credential.key_id)) {
            let chain = credential.certificate_chain.join("");
            let Some(leaf) = Certificate::from_pem(&chain).ok().and_then(|c| c.into_iter().next())
            else {
                continue;
            };
            if leaf.not_after() < now {
                continue;
            }
            let known: Vec<&str> =
                credential.certificate_chain.iter().take(2).map(String::as_str).collect();
            let elsewhere = CertificateRevocation {
                id: CertificateRevocationId::new(now, self.randomness()?),
                seal_id: seal.id.clone(),
                certificate: known.join(""),
                reason: i64::from(reason.number()),
                asked_at: now,
                due_at: self.policy.working_days().deadline(now, DAYS),
                done_at: None,
                reference: None,
                done_by: None,
            };
            all.push(ToRevoke { leaf, elsewhere });
        }
        Ok(all)
    }

    /// What authorities elsewhere have to revoke, perhaps only what they have not done.
    ///
    /// # Errors
    /// Policy says no.
    pub async fn certificate_revocations(
        &self,
        act: &Act,
        open: bool,
        page: &Page,
    ) -> Result<Vec<CertificateRevocation>, Error> {
        let mut tx = self.own_organization(act, Action::ReadOrganization).await?;
        Ok(tx.certificate_revocations(open, page.after(), page.limit()).await?)
    }

    /// Enters that an authority revoked a certificate.
    ///
    /// # Errors
    /// That was entered before, or policy says no.
    pub async fn end_certificate_revocation(
        &self,
        act: &Act,
        id: &str,
        done: RevocationDone,
    ) -> Result<Answer, Error> {
        let once = self.once_for(act, 200, "end-certificate-revocation", &(id, &done));
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        let id = CertificateRevocationId::parse(id)
            .map_err(|error| Error::invalid("invalid-id", error.to_string()))?;
        let mut tx = self.reading(act).await?;
        let open = tx.certificate_revocation(&id).await?;
        let open = open.ok_or(Error::NotFound("the certificate revocation"))?;
        let now = self.now();
        let found = find(&mut tx, open.seal_id.as_str(), numbered_or_newest(None), now).await?;
        drop(tx);
        let permit = self.permit(act, Action::EndCertificateRevocation, found.resource())?;
        let ended = CertificateRevocation {
            done_at: Some(now),
            reference: Some(reason(&done.reference)?),
            done_by: Some(act.principal()?.id.clone()),
            ..open
        };
        let actor = act.clone();
        self.once(act, once, move |tx| {
            Box::pin(async move {
                let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                tx.end_certificate_revocation(&ended).await?;
                let subject = format!("certificate-revocation:{}", ended.id);
                let organization = &found.seal.organization_id;
                let verb = "end-certificate-revocation";
                tx.record(actor.event(now, organization, verb, subject, &decision)).await?;
                Ok(ended)
            })
        })
        .await
    }

    /// Looks whether lists at hand say that authorities have done what they had to.
    ///
    /// # Errors
    /// The database fails.
    pub async fn follow_certificate_revocations(&self) -> Result<(), Error> {
        let mut tx = self.reading_service().await?;
        let open = tx.certificate_revocations(true, "", MOST).await?;
        drop(tx);
        let now = self.now();
        for one in open {
            let Some(since) = self.revoked_since(&one.certificate, now) else { continue };
            let ended = CertificateRevocation {
                done_at: Some(now),
                reference: Some(format!("the authority's list says: revoked at {since}")),
                ..one
            };
            self.store
                .write(Scope::Service, move |tx| {
                    Box::pin(async move {
                        tx.end_certificate_revocation(&ended).await?;
                        let seal = tx.seal(&ended.seal_id).await?;
                        tx.record(AuditEvent {
                            at: now,
                            principal_id: None,
                            organization_id: seal.map(|seal| seal.organization_id),
                            action: "end-certificate-revocation",
                            subject: format!("certificate-revocation:{}", ended.id),
                            outcome: "done",
                            decision: "{}".to_owned(),
                            payload: Payload::None,
                        })
                        .await?;
                        Ok::<_, Error>(())
                    })
                })
                .await?;
        }
        Ok(())
    }

    /// Since when a list at hand has a certificate as revoked.
    fn revoked_since(&self, chain: &str, now: Timestamp) -> Option<Timestamp> {
        let chain = Certificate::from_pem(chain).ok()?;
        let leaf = chain.first()?;
        let (others, trust) = (chain.get(1..)?, &self.external_trust);
        let effort = Effort::default();
        paths(leaf, others, trust, &effort).find_map(|path| {
            let (issuer, root) = (path.get(1)?, path.last()?);
            let evidence = &Evidence::default();
            let sources = Sources {
                oldest: None,
                others,
                trust,
                evidence,
                root,
                at: now,
                effort: &effort,
                proven_by: None,
            };
            match status(leaf, issuer, sources) {
                Status::Revoked(entry) => Some(entry.since),
                _ => None,
            }
        })
    }
}

/// Revokes what the built-in CA issued and enters what others have to; `true` where there was any of
/// our own.
pub(super) async fn revoke(
    tx: &mut Tx,
    certificates: &[ToRevoke],
    reason: Reason,
    now: Timestamp,
) -> Result<bool, Error> {
    let mut ours = false;
    for one in certificates {
        if tx.is_issued_certificate(&one.leaf).await? {
            ours |= tx.revoke_issued_certificate(&one.leaf, reason, now).await?;
        } else {
            tx.insert_certificate_revocation(&one.elsewhere).await?;
        }
    }
    Ok(ours)
}
