//! Making a seal version 制作: certificate and picture are bound to the key.

use base64ct::{Base64, Encoding};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Found, find, gates, numbered_or_newest, reread};
use crate::{
    crypto::digest::{hex, sha256},
    domain::{
        Timestamp,
        organization::Organization,
        seal::{Key, Picture, SealVersion},
        seal_state::SealEvent,
    },
    pictures::{RoundSeal, Vector, read_png},
    pki::{Certificate, TrustStore, extension::Subject},
    policy::Action,
    service::{Act, Answer, Error, Service},
    store::Payload,
};

/// What a seal version is made of.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Making {
    /// The certificate and those above it, PEM, leaf first; without it the built-in CA issues one.
    #[serde(default)]
    pub certificate_chain: Option<String>,
    /// The picture 印模.
    pub picture: NewPicture,
    /// The end of validity that is expected; it must be that of the certificate.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub valid_until: Option<Timestamp>,
}

/// The picture of a seal.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", tag = "from")]
pub enum NewPicture {
    /// An uploaded PNG with transparent ground.
    Png {
        /// The file, base64, at most 2 MiB.
        png: String,
        /// Width on paper, millimetres, 10 to 80.
        width_mm: f64,
        /// Height on paper, millimetres, 10 to 80.
        height_mm: f64,
    },
    /// An uploaded SVG of outlines in plain colours: sharp at any size.
    Svg {
        /// The text of the file, at most 1 MiB.
        svg: String,
        /// Width on paper, millimetres, 10 to 80.
        width_mm: f64,
        /// Height on paper, millimetres, 10 to 80.
        height_mm: f64,
    },
    /// A simple round seal with a star, drawn by the service.
    Round {
        /// Diameter on paper, millimetres, 30 to 60.
        diameter_mm: f64,
    },
}

impl NewPicture {
    fn load(&self, name: &str) -> Result<Picture, Error> {
        let bad =
            |error: &dyn std::fmt::Display| Error::invalid("invalid-picture", error.to_string());
        match self {
            Self::Png { png, width_mm, height_mm } => {
                let png = Base64::decode_vec(png).map_err(|_| bad(&"the picture is not base64"))?;
                let pixels = read_png(&png).map_err(|error| bad(&error))?;
                let shape = f64::from(pixels.width) / f64::from(pixels.height);
                let (width_mm, height_mm) =
                    size(shape, *width_mm, *height_mm).map_err(|error| bad(&error))?;
                Ok(Picture { png, svg: None, width_mm, height_mm })
            }
            Self::Svg { svg, width_mm, height_mm } => {
                let vector = Vector::read(svg).map_err(|error| bad(&error))?;
                let shape = vector.width / vector.height;
                let (width_mm, height_mm) =
                    size(shape, *width_mm, *height_mm).map_err(|error| bad(&error))?;
                let png = vector.to_png(width_mm).map_err(|error| bad(&error))?;
                read_png(&png).map_err(|error| bad(&error))?;
                Ok(Picture { png, svg: Some(svg.clone()), width_mm, height_mm })
            }
            Self::Round { diameter_mm } => {
                let seal = RoundSeal { name, diameter_mm: *diameter_mm };
                let svg = seal.draw().map_err(|error| bad(&error))?;
                let vector = Vector::read(&svg).map_err(|error| bad(&error))?;
                let png = vector.to_png(*diameter_mm).map_err(|error| bad(&error))?;
                let (width_mm, height_mm) = (*diameter_mm, *diameter_mm);
                Ok(Picture { png, svg: Some(svg), width_mm, height_mm })
            }
        }
    }
}

/// Checks the size on paper against the shape of a picture, width to height.
fn size(shape: f64, width_mm: f64, height_mm: f64) -> Result<(f64, f64), &'static str> {
    if ![width_mm, height_mm].iter().all(|side| (10.0..=80.0).contains(side)) {
        return Err("a seal is 10 to 80 mm wide and high");
    }
    if (shape / (width_mm / height_mm) - 1.0).abs() > 0.02 {
        return Err("width and height on paper would distort the picture");
    }
    Ok((width_mm, height_mm))
}

impl Service {
    /// Makes the newest version of a seal.
    ///
    /// # Errors
    /// A gate refuses the certificate, the picture is unfit, the version's key is not ready, policy
    /// says no, or the token fails.
    pub async fn make(&self, act: &Act, id: &str, making: Making) -> Result<Answer, Error> {
        let once = self.once_for(act, 200, "make", &(id, &making));
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        let mut tx = self.reading(act).await?;
        let found = find(&mut tx, id, numbered_or_newest(None)).await?;
        let permit = found.permit(self, act, Action::Make)?;
        let now = self.now();
        let change = found.change(act, SealEvent::Make, None, now)?;
        let owner = tx.organization(&found.seal.organization_id).await?;
        let owner = owner.ok_or(Error::NotFound("the organization"))?;
        let credential = found.version.credentials.first();
        let credential = credential.ok_or(Error::NotFound("the credential"))?;
        let key = tx.key(&credential.key_id).await?.ok_or(Error::NotFound("the key"))?;
        drop(tx);

        let (making, name) = (making.clone(), found.seal.name.clone());
        let picture = making.picture.clone();
        let picture = tokio::task::spawn_blocking(move || picture.load(&name))
            .await
            .map_err(|_| Error::Internal("the picture could not be drawn".to_owned()))??;
        let (chain, issued) = self.chain(&making, &found, (&owner, &key)).await?;
        let leaf = chain.first().ok_or(Error::NotFound("the certificate"))?;
        let version = SealVersion {
            valid_from: Some(leaf.not_before()),
            valid_until: Some(leaf.not_after()),
            ..found.version.clone()
        };
        let master = picture.svg.as_deref().map_or(picture.png.as_slice(), str::as_bytes);
        let digest = hex(&sha256(master));
        let pem: Vec<String> = chain.iter().map(Certificate::to_pem).collect();
        let maker = act.person()?.clone();
        let actor = act.clone();
        self.once(act, once, move |tx| {
            Box::pin(async move {
                let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                tx.keep_picture(&digest, &picture, now).await?;
                tx.complete_version(&version, &maker, (&digest, &picture), &pem).await?;
                if let Some(certificate) = &issued {
                    tx.insert_issued_certificate(certificate, credential_scheme(&version), now)
                        .await?;
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

    /// The certificate chain: the one given, or one issued by the built-in CA; through all gates.
    async fn chain(
        &self,
        making: &Making,
        found: &Found,
        about: (&Organization, &Key),
    ) -> Result<(Vec<Certificate>, Option<Certificate>), Error> {
        let (owner, key) = about;
        let (chain, issued) = match &making.certificate_chain {
            Some(pem) => {
                let chain = Certificate::from_pem(pem)
                    .map_err(|error| Error::invalid("certificate-malformed", error.to_string()))?;
                (chain, None)
            }
            None => {
                let subject = Subject {
                    organization: owner.name.clone(),
                    organization_identifier: Some(owner.uscc.as_str().to_owned()),
                    common_name: found.seal.name.clone(),
                };
                let leaf = self.issue_seal_certificate(subject, key).await?;
                (vec![leaf.clone(), self.authority.ca.1.clone()], Some(leaf))
            }
        };
        let candidate = gates::Candidate {
            chain: &chain,
            point: &key.public_point,
            scheme: credential_scheme(&found.version),
            owner,
            seal: &found.seal,
            valid_until: making.valid_until,
        };
        gates::check(&candidate, &self.seal_trust(), self.now())?;
        Ok((chain, issued))
    }

    /// The roots that may stand above seal certificates.
    pub(in crate::service) fn seal_trust(&self) -> TrustStore {
        let mut trust = self.external_trust.clone();
        trust.roots.push(self.authority.ca.1.clone());
        trust
    }
}

fn credential_scheme(version: &SealVersion) -> crate::crypto::Scheme {
    version.credentials.first().map_or(crate::crypto::Scheme::P256, |c| c.scheme)
}
