//! Whether an application holds what its form asks for: particulars, files, the declaration.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    crypto::digest::{hex, sha256},
    domain::{
        application::Application,
        attachment::{Attachment, Declaration},
        id::{ApplicationId, AttachmentId},
    },
    service::{Act, Error, Service},
    store::Concealed,
};

/// The most files of one application.
const MOST_FILES: usize = 50;
/// The longest particular, characters.
const LONGEST: usize = 500;

/// What is submitted beside kind and reason.
pub(super) struct Given {
    /// None: those of before.
    pub(super) particulars: Option<BTreeMap<String, String>>,
    /// Files that no application has yet.
    pub(super) attachments: Vec<String>,
    pub(super) declared: bool,
}

/// Particulars as they are kept. With the salt nobody guesses names and numbers from the digest that
/// stands in the declaration.
#[derive(Default, Deserialize, Serialize)]
struct Particulars {
    salt: String,
    fields: BTreeMap<String, String>,
}

fn incomplete(text: String) -> Error {
    Error::invalid("application-incomplete", text)
}

/// What particulars are encrypted for.
fn purpose(id: &ApplicationId) -> String {
    format!("particulars:{id}")
}

impl Service {
    /// Adds what is given to an application and checks it against its form. Returns the particulars
    /// to be kept, where they are new.
    pub(super) async fn complete(
        &self,
        act: &Act,
        application: &mut Application,
        given: Given,
    ) -> Result<Option<Concealed>, Error> {
        let forms = self.policy.forms();
        let form = forms.form(application.kind, application.seal_kind);
        let fresh = given.particulars.is_some();
        let kept = match given.particulars {
            Some(particulars) => {
                Particulars { salt: hex(&self.randomness::<16>()?), fields: particulars }
            }
            None => self.kept_particulars(&application.id).await?,
        };
        let particulars = &kept.fields;
        for (word, text) in particulars {
            let known = forms.particular(word).is_some();
            if !known || !(1..=LONGEST).contains(&text.trim().chars().count()) {
                let text = format!(
                    "particulars: {word} is no field of the form, or has no or too much text"
                );
                return Err(Error::invalid("invalid-particulars", text));
            }
        }
        if let Some(word) = form.particulars.iter().find(|word| !particulars.contains_key(*word)) {
            let name = forms.particular(word).unwrap_or_default();
            return Err(incomplete(format!("the form asks for the particular {word}: {name}")));
        }
        self.add_attachments(act, application, &given.attachments).await?;
        let has = |word: &String| application.attachments.iter().any(|one| one.kind == *word);
        if let Some(word) = form.attachments.iter().find(|word| !has(word)) {
            let name = forms.attachment(word).unwrap_or_default();
            return Err(incomplete(format!("the form asks for an attachment {word}: {name}")));
        }
        application.declaration = match forms.declaration() {
            None => None,
            Some(_) if !given.declared => {
                let text = "the declaration of the form has to be made: \"declared\": true";
                return Err(Error::invalid("declaration-missing", text));
            }
            Some(text) => Some(self.declare(act, application, &kept, text).await?),
        };
        if !fresh {
            return Ok(None);
        }
        let plain = serde_json::to_vec(&kept).unwrap_or_default();
        let (ciphertext, data_key_id) = self.conceal(&purpose(&application.id), plain).await?;
        Ok(Some(Concealed { ciphertext, data_key_id }))
    }

    /// Adds files that were uploaded by the same account and are nobody's yet.
    async fn add_attachments(
        &self,
        act: &Act,
        application: &mut Application,
        ids: &[String],
    ) -> Result<(), Error> {
        let unfit = |text: &str| Error::invalid("invalid-attachment", text);
        let mut tx = self.reading(act).await?;
        for id in ids {
            let id = AttachmentId::parse(id)
                .map_err(|error| Error::invalid("invalid-id", error.to_string()))?;
            let found: Option<Attachment> = tx.attachment(&id).await?;
            let found = found
                .filter(|one| one.uploaded_by == application.applicant_id)
                .filter(|one| one.organization_id == application.organization_id)
                .ok_or(Error::NotFound("the attachment"))?;
            if found.application_id.is_some() || application.attachments.contains(&found) {
                return Err(unfit("an attachment goes with one application, once"));
            }
            application.attachments.push(found);
        }
        if application.attachments.len() > MOST_FILES {
            return Err(unfit("an application has at most 50 attachments"));
        }
        Ok(())
    }

    /// The declaration with the service's signed statement of it.
    async fn declare(
        &self,
        act: &Act,
        application: &Application,
        particulars: &Particulars,
        text: &str,
    ) -> Result<Declaration, Error> {
        let (now, person) = (self.now(), act.person()?.clone());
        let digest = |value: &str| hex(&sha256(value.as_bytes()));
        let particulars = serde_json::to_string(particulars).unwrap_or_default();
        let files: Vec<_> =
            application.attachments.iter().map(|one| json!([one.kind, one.digest])).collect();
        let statement = self
            .sign_statement(
                "sealwright-declaration+jwt",
                json!({
                    "application_id": application.id,
                    "round": application.round,
                    "organization_id": application.organization_id,
                    "kind": application.kind,
                    "seal_kind": application.seal_kind,
                    "seal_name": application.seal_name,
                    "details": application.details,
                    "reason_sha256": digest(&application.reason),
                    "particulars_sha256": digest(&particulars),
                    "attachments_sha256": files,
                    "declaration_sha256": digest(text),
                    "person_id": person,
                    "declared_at": now,
                }),
            )
            .await?;
        Ok(Declaration { text: text.to_owned(), person_id: person, declared_at: now, statement })
    }

    /// The particulars of an application, decrypted.
    pub(super) async fn particulars_of(
        &self,
        id: &ApplicationId,
    ) -> Result<BTreeMap<String, String>, Error> {
        Ok(self.kept_particulars(id).await?.fields)
    }

    async fn kept_particulars(&self, id: &ApplicationId) -> Result<Particulars, Error> {
        use crate::domain::organization::Scope;
        let mut tx = self.store.read(Scope::Service).await?;
        let kept = tx.particulars(id).await?;
        drop(tx);
        let Some(kept) = kept else { return Ok(Particulars::default()) };
        let plain = self.reveal(&purpose(id), &kept.ciphertext, &kept.data_key_id).await?;
        serde_json::from_slice(&plain)
            .map_err(|_| Error::Internal("kept particulars do not read back".to_owned()))
    }
}
