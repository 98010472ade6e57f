//! Giving the register out as a list of seals, page by page.

use crate::{
    domain::{
        register::SealRow,
        seal::{Seal, SealVersion},
        seal_state::SealState,
    },
    policy::Action,
    service::{Act, Error, Service},
    store::{SealFilter, Tx},
};

/// How many seals are read at once.
const PAGE: i64 = 200;

impl Service {
    /// A page of the register as rows of a list, after a cursor; with the cursor of the next page.
    /// Seals that were never registered are left out.
    ///
    /// # Errors
    /// Policy says no.
    pub async fn export_seals(
        &self,
        act: &Act,
        after: &str,
    ) -> Result<(Vec<SealRow>, Option<String>), Error> {
        let mut tx = self.own_organization(act, Action::ExportSeals).await?;
        let found = tx.seals(&SealFilter::default(), after, PAGE).await?;
        let full = i64::try_from(found.len()).is_ok_and(|count| count == PAGE);
        let next = found.last().filter(|_| full).map(|seal| seal.id.to_string());
        let mut rows = Vec::new();
        for seal in found {
            let version = seal.versions.iter().rev().find(|version| is_listed(version.state));
            if let Some(version) = version {
                rows.push(row(&mut tx, &seal, version).await?);
            }
        }
        Ok((rows, next))
    }
}

fn is_listed(state: SealState) -> bool {
    use SealState as S;
    matches!(state, S::Active | S::Suspended | S::Lost | S::Revoked | S::Expired | S::Invalidated)
}

async fn row(tx: &mut Tx, seal: &Seal, version: &SealVersion) -> Result<SealRow, Error> {
    let owner = tx.organization(&seal.organization_id).await?;
    let owner = owner.ok_or(Error::NotFound("the organization"))?;
    let changes = tx.state_changes(&seal.id).await?;
    let last = changes.iter().rev().find(|change| change.seal_version_id == version.id);
    let own = version.credentials.iter().find_map(|c| c.certificate_chain.first().cloned());
    let certificate = match own {
        Some(pem) => Some(pem),
        None => tx.imported_certificate(&version.id).await?,
    };
    let text = |time: Option<crate::domain::Timestamp>| {
        time.map(|time| time.to_string()).unwrap_or_default()
    };
    Ok(SealRow {
        uscc: owner.uscc.as_str().to_owned(),
        kind: seal.kind.to_string(),
        name: version.name.clone(),
        code: seal.code.clone(),
        state: version.state.to_string(),
        state_since: text(last.map(|change| change.at)),
        cause: last.and_then(|change| change.cause).map(|c| c.to_string()).unwrap_or_default(),
        valid_from: text(version.valid_from),
        valid_until: text(version.valid_until),
        certificate: certificate.unwrap_or_default(),
    })
}
