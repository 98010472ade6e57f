//! Files that go with applications 附件: uploaded first, then named by the application.

use crate::{
    crypto::digest::{hex, sha256},
    domain::{
        attachment::{Attachment, MediaType},
        id::AttachmentId,
    },
    policy::{Action, Resource},
    service::{Act, Answer, Error, Service, administration::organizations::organization_id},
    store::Concealed,
};

use super::{Application, application_id};

/// A file to be kept.
pub struct NewAttachment {
    /// The organization that will apply.
    pub organization_id: String,
    /// What it is: a word of `policies/forms.toml`.
    pub kind: String,
    /// The bytes.
    pub content: Vec<u8>,
}

/// How long a file waits for its application, seconds.
const WAITS: i64 = 86_400;

/// What the content of a file is encrypted for.
fn purpose(id: &AttachmentId) -> String {
    format!("attachment:{id}")
}

impl Service {
    /// Keeps a file, encrypted, for an application that is submitted within a day.
    ///
    /// # Errors
    /// It is of no kind that applications have, or no PDF, OFD, PNG or JPEG; or policy says no.
    pub async fn attach(&self, act: &Act, new: NewAttachment) -> Result<Answer, Error> {
        let digest = hex(&sha256(&new.content));
        let parameters = (&new.organization_id, &new.kind, &digest);
        let once = self.once_for(act, 201, "attach", &parameters);
        if let Some(answer) = self.earlier_answer(&once).await? {
            return Ok(answer);
        }
        let organization = organization_id(&new.organization_id)?;
        let above = self.ancestry_of(act, &organization).await?;
        let permit =
            self.permit(act, Action::Apply, Resource::Organization { ancestry: &above })?;
        let unfit = |text: &str| Error::invalid("invalid-attachment", text);
        if self.policy.forms().attachment(&new.kind).is_none() {
            return Err(unfit("no form knows attachments of this kind"));
        }
        let media_type = MediaType::of(&new.content)
            .ok_or_else(|| unfit("an attachment is a PDF, OFD, PNG or JPEG"))?;
        let now = self.now();
        let attachment = Attachment {
            id: AttachmentId::new(now, self.randomness()?),
            organization_id: organization,
            application_id: None,
            kind: new.kind,
            media_type,
            size: i64::try_from(new.content.len()).unwrap_or(i64::MAX),
            digest,
            uploaded_by: act.principal()?.id.clone(),
            uploaded_at: now,
        };
        let (ciphertext, data_key_id) = self.conceal(&purpose(&attachment.id), new.content).await?;
        let content = Concealed { ciphertext, data_key_id };
        let actor = act.clone();
        self.once(act, once, move |tx| {
            Box::pin(async move {
                let decision = permit.consume(now).ok_or(Error::Overloaded)?;
                tx.insert_attachment(&attachment, &content).await?;
                let subject = format!("attachment:{}", attachment.id);
                let organization = &attachment.organization_id;
                tx.record(actor.event(now, organization, "attach", subject, &decision)).await?;
                Ok(attachment)
            })
        })
        .await
    }

    /// A file of an application, decrypted.
    ///
    /// # Errors
    /// There is none, or policy says no.
    pub async fn attached(
        &self,
        act: &Act,
        (application, id): (&str, &str),
    ) -> Result<(Attachment, Vec<u8>), Error> {
        let id = AttachmentId::parse(id)
            .map_err(|error| Error::invalid("invalid-id", error.to_string()))?;
        let missing = || Error::NotFound("the attachment");
        let mut tx = self.reading(act).await?;
        let found: Option<Application> = tx.application(&application_id(application)?).await?;
        let found = found.ok_or(Error::NotFound("the application"))?;
        let above = super::ancestry(&mut tx, &found.organization_id).await?;
        self.permit_details(act, &above, &found).await?;
        let attachment = found.attachments.into_iter().find(|one| one.id == id);
        let attachment = attachment.ok_or_else(missing)?;
        let kept = tx.attached_content(&id).await?.ok_or_else(missing)?;
        drop(tx);
        let content = self.reveal(&purpose(&id), &kept.ciphertext, &kept.data_key_id).await?;
        if hex(&sha256(&content)) != attachment.digest {
            return Err(Error::Internal("a kept file does not read back".to_owned()));
        }
        Ok((attachment, content))
    }

    /// Deletes files whose application never came.
    ///
    /// # Errors
    /// The database fails.
    pub async fn prune_attachments(&self) -> Result<(), Error> {
        let before = self.now().plus_seconds(-WAITS);
        self.store
            .write(crate::domain::organization::Scope::Service, move |tx| {
                Box::pin(async move { Ok(tx.prune_attachments(before).await.map(drop)?) })
            })
            .await
    }
}
