//! The end of a version in use: what goes with it, in one transaction.

use super::{
    Found,
    certificate_revocations::{self, ToRevoke},
    change, reread, settled,
};
use crate::{
    domain::{
        Timestamp,
        cause::RevocationCause,
        id::new_ulid,
        seal::{Seal, SealVersion, StateChange},
        seal_state::{SealEvent, SealState},
    },
    pki::crl::Reason,
    service::{Act, Error, Service, authority::ask_for_crl},
    store::Tx,
};

/// A version that ends, with what ends with it.
pub(super) struct Ending {
    version: SealVersion,
    change: StateChange,
    act: Act,
    certificates: Vec<ToRevoke>,
    reason: Reason,
    message: String,
}

impl Service {
    /// The end of a version by revoking or invalidating it.
    ///
    /// # Errors
    /// The law does not know the move.
    pub(super) fn ending(
        &self,
        act: &Act,
        found: &Found,
        event: SealEvent,
        (reason, cause): (String, Option<RevocationCause>),
    ) -> Result<Ending, Error> {
        let now = self.now();
        let mut change = change(&found.version, Some(act), event, Some(reason), now)?;
        change.cause = cause;
        let reason = cause.map_or(Reason::PrivilegeWithdrawn, crl_reason);
        Ok(Ending {
            act: act.clone(),
            certificates: self.to_revoke(&found.seal, &found.version, reason)?,
            reason,
            version: found.version.clone(),
            change,
            message: new_ulid(now, self.randomness()?),
        })
    }

    /// Publishes revocation lists after a seal went out of use. That is done already; a list that
    /// cannot be signed now comes by the clock.
    pub(super) async fn publish_crls_at_once(&self) {
        if let Err(error) = self.publish_crls_if_due().await {
            tracing::warn!(%error, "the revocation list could not be published at once");
        }
    }
}

impl Ending {
    /// Writes it; the seal as it is then.
    pub(super) async fn carry_out(self, tx: &mut Tx, now: Timestamp) -> Result<Seal, Error> {
        let seal = tx.seal_of_version(&self.version.id).await?;
        let seal = seal.ok_or(Error::NotFound("the seal"))?;
        // Locked first, so that no key generation comes in between.
        tx.lock_keepers(&seal).await?;
        let present = reread(tx, &seal).await?;
        tx.move_version(&self.version, &self.change).await?;
        for (version, change) in in_the_making(&present, &self.version, &self.act, now)? {
            tx.move_version(&version, &change).await?;
        }
        revoke_certificates(tx, (&self.certificates, self.reason), self.message, now).await?;
        settled(tx, &seal, now).await
    }
}

/// The versions in the making, and their giving up: whoever revokes a seal does not want the next one.
fn in_the_making(
    seal: &Seal,
    ended: &SealVersion,
    act: &Act,
    now: Timestamp,
) -> Result<Vec<(SealVersion, StateChange)>, Error> {
    let making = |state| matches!(state, SealState::KeyReady | SealState::Made);
    if making(ended.state) {
        return Ok(Vec::new());
    }
    let others = seal.versions.iter().filter(|version| making(version.state));
    let give_up = |version: &SealVersion| {
        let reason = Some("the seal was ended while this version was being made".to_owned());
        let change = change(version, Some(act), SealEvent::Abandon, reason, now)?;
        Ok((version.clone(), change))
    };
    others.map(give_up).collect()
}

/// Revokes certificates wherever they were issued, and asks for a new list of our own if it needs one.
pub(super) async fn revoke_certificates(
    tx: &mut Tx,
    (certificates, reason): (&[ToRevoke], Reason),
    message: String,
    now: Timestamp,
) -> Result<(), Error> {
    if certificate_revocations::revoke(tx, certificates, reason, now).await? {
        ask_for_crl(tx, message, now).await?;
    }
    Ok(())
}

/// What a revocation list says of a cause.
pub(super) fn crl_reason(cause: RevocationCause) -> Reason {
    use RevocationCause as C;
    match cause {
        C::KeyCompromise | C::Loss => Reason::KeyCompromise,
        C::Rename | C::Merger | C::Split => Reason::AffiliationChanged,
        C::CarrierDamaged => Reason::Superseded,
        C::Dissolution | C::Abolition | C::LicenceRevoked | C::Bankruptcy | C::OwnWish => {
            Reason::CessationOfOperation
        }
    }
}
