//! Making a seal version 制作: certificates and picture are bound to the keys.

use base64ct::{Base64, Encoding};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{certify::Bound, find, numbered_or_newest, picture::NewPicture, reread};
use crate::{
    crypto::{
        Scheme,
        digest::{hex, sha256},
    },
    domain::{Timestamp, seal::SealVersion, seal_state::SealEvent},
    pki::Certificate,
    policy::Action,
    service::{Act, Answer, Error, Service},
    store::{Binding, Payload},
};

/// What a seal version is made of.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Making {
    /// For each certificate from elsewhere: it and those above it, in any order, as PEM or PKCS#7, or
    /// base64 of DER. Which credential it is for is told by its key; a certificate for encryption
    /// beside it 双证书 is kept; what is missing above it comes from the trust directory. Credentials
    /// without one get theirs from the built-in CA.
    #[serde(default)]
    pub certificate_chains: Vec<String>,
    /// The electronic seal for the SM2 credential that another maker made (`.esl`), base64; without
    /// it the service's own maker 制章人 makes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal_structure: Option<String>,
    /// The picture 印模.
    pub picture: NewPicture,
    /// The end of validity that is expected; it must be that of the certificate that ends first.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub valid_until: Option<Timestamp>,
}

impl Service {
    /// Makes the newest version of a seal.
    ///
    /// # Errors
    /// A gate refuses a certificate, the picture is unfit, the version's keys are not ready, policy
    /// says no, or the token fails.
    pub async fn make(&self, act: &Act, id: &str, making: Making) -> Result<Answer, Error> {
        let once = self.once_for(act, 200, "make", &(id, &making));
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        let mut tx = self.reading(act).await?;
        let found = find(&mut tx, id, numbered_or_newest(None), self.now()).await?;
        let permit = found.permit(self, act, Action::Make)?;
        let now = self.now();
        let change = found.change(act, SealEvent::Make, None, now)?;
        let owner = tx.organization(&found.seal.organization_id).await?;
        let owner = owner.ok_or(Error::NotFound("the organization"))?;
        drop(tx);

        let picture = self.load_picture(making.picture.clone(), &found).await?;
        let mut bound = self.certify(&making, &found, &owner).await?;
        let version = validity(&found.version, &bound, making.valid_until)?;
        let given = making.seal_structure.as_deref().map(Base64::decode_vec).transpose();
        let mut given = given.map_err(|_| {
            Error::invalid("seal-structure-unfit", "the electronic seal is not base64")
        })?;
        for one in &mut bound {
            let binding = &mut one.binding;
            let of_sm2 = binding.chain.first().and_then(Certificate::scheme) == Some(Scheme::Sm2);
            binding.seal_structure = match given.take_if(|_| of_sm2) {
                Some(der) => {
                    Some(self.imported_structure(&found.seal, &picture, &binding.chain, &der)?)
                }
                None => {
                    self.seal_structure(&found.seal, &version, &picture, &binding.chain).await?
                }
            };
        }
        if given.is_some() {
            let text = "only an SM2 credential has an electronic seal";
            return Err(Error::invalid("seal-structure-unfit", text));
        }
        let master = picture.svg.as_deref().map_or(picture.png.as_slice(), str::as_bytes);
        let digest = hex(&sha256(master));
        let maker = act.person()?.clone();
        let actor = act.clone();
        self.once(act, once, move |tx| {
            Box::pin(async move {
                let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                tx.keep_picture(&digest, &picture, now).await?;
                let bindings: Vec<Binding> = bound.iter().map(|one| one.binding.clone()).collect();
                tx.complete_version(&version, &maker, (&digest, &picture), &bindings).await?;
                for (certificate, scheme) in bound.iter().filter_map(|one| one.issued.as_ref()) {
                    tx.insert_issued_certificate(certificate, *scheme, now).await?;
                }
                tx.move_version(&version, &change).await?;
                let subject = format!("seal-version:{}", version.id);
                let organization = &found.seal.organization_id;
                let mut event = actor.event(now, organization, "make", subject, &decision);
                event.payload = Payload::Here(serde_json::json!({ "picture": digest }).to_string());
                tx.record(event).await?;
                reread(tx, &found.seal.id).await
            })
        })
        .await
    }
}

/// The version with its validity: as long as every certificate and all above them are valid.
fn validity(
    version: &SealVersion,
    bound: &[Bound],
    expected: Option<Timestamp>,
) -> Result<SealVersion, Error> {
    let leaves = || bound.iter().filter_map(|one| one.binding.chain.first());
    // A seal is not valid longer than what stands above it.
    let all = bound.iter().flat_map(|one| &one.binding.chain);
    let until = all.map(Certificate::not_after).min();
    if let Some((expected, until)) = expected.zip(until)
        && expected.as_seconds() != until.as_seconds()
    {
        return Err(Error::invalid(
            "seal-validity-mismatch",
            format!("the seal is valid as long as its certificates, until {until}"),
        ));
    }
    Ok(SealVersion {
        valid_from: leaves().map(Certificate::not_before).max(),
        valid_until: until,
        ca_class: bound.iter().map(|one| one.class).max_by_key(|class| *class as u8),
        ..version.clone()
    })
}
