//! What goes with applications: files and particulars, both encrypted.

use base64ct::{Base64, Encoding};
use sqlx::{any::AnyRow, query};

use super::{StoreError, columns::Columns, tx::Tx};
use crate::domain::{
    Timestamp,
    application::Application,
    attachment::{Attachment, MediaType},
    id::{ApplicationId, AttachmentId, OrganizationId, PrincipalId},
};

/// Something encrypted under a data key.
#[derive(Clone, Debug)]
pub struct Concealed {
    /// Nonce, ciphertext and tag.
    pub ciphertext: Vec<u8>,
    /// The data key.
    pub data_key_id: String,
}

const ATTACHMENT: &str = "SELECT t.id, t.organization_id, t.application_id, t.kind, t.media_type, \
     t.size, t.digest, t.uploaded_by, t.uploaded_at FROM attachments t \
     JOIN organizations o ON o.id = t.organization_id ";

impl Tx {
    /// Keeps a file that no application took yet.
    ///
    /// # Errors
    /// The database fails.
    pub async fn insert_attachment(
        &mut self,
        a: &Attachment,
        content: &Concealed,
    ) -> Result<(), StoreError> {
        self.execute(
            query(
                "INSERT INTO attachments (id, organization_id, kind, media_type, size, digest, \
                 content, data_key_id, uploaded_by, uploaded_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            )
            .bind(a.id.to_string())
            .bind(a.organization_id.to_string())
            .bind(a.kind.clone())
            .bind(a.media_type.as_str())
            .bind(a.size)
            .bind(a.digest.clone())
            .bind(Base64::encode_string(&content.ciphertext))
            .bind(content.data_key_id.clone())
            .bind(a.uploaded_by.to_string())
            .bind(a.uploaded_at.as_micros()),
        )
        .await?;
        Ok(())
    }

    /// A file in scope.
    ///
    /// # Errors
    /// The database fails.
    pub async fn attachment(
        &mut self,
        id: &AttachmentId,
    ) -> Result<Option<Attachment>, StoreError> {
        let pattern = self.path_pattern();
        let sql = sqlx::AssertSqlSafe(format!("{ATTACHMENT} WHERE t.id = $1 AND o.path LIKE $2"));
        let row = self.optional(query(sql).bind(id.to_string()).bind(pattern)).await?;
        row.as_ref().map(attachment).transpose()
    }

    /// The content of a file.
    ///
    /// # Errors
    /// The database fails.
    pub async fn attached_content(
        &mut self,
        id: &AttachmentId,
    ) -> Result<Option<Concealed>, StoreError> {
        let found = query("SELECT content, data_key_id FROM attachments WHERE id = $1");
        let row = self.optional(found.bind(id.to_string())).await?;
        row.as_ref().map(|row| concealed("attachments", row)).transpose()
    }

    /// The files of an application, oldest first.
    pub(super) async fn attachments(
        &mut self,
        id: &ApplicationId,
    ) -> Result<Vec<Attachment>, StoreError> {
        let sql =
            sqlx::AssertSqlSafe(format!("{ATTACHMENT} WHERE t.application_id = $1 ORDER BY t.id"));
        self.all(query(sql).bind(id.to_string())).await?.iter().map(attachment).collect()
    }

    /// Gives the files of an application to it that are nobody's yet.
    pub(super) async fn take_attachments(&mut self, of: &Application) -> Result<(), StoreError> {
        for taken in of.attachments.iter().filter(|one| one.application_id.is_none()) {
            self.change_one(
                "an attachment",
                query(
                    "UPDATE attachments SET application_id = $1 \
                     WHERE id = $2 AND application_id IS NULL",
                )
                .bind(of.id.to_string())
                .bind(taken.id.to_string()),
            )
            .await?;
        }
        Ok(())
    }

    /// Deletes files that no application took since a time; returns how many.
    ///
    /// # Errors
    /// The database fails.
    pub async fn prune_attachments(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        self.execute(
            query("DELETE FROM attachments WHERE application_id IS NULL AND uploaded_at < $1")
                .bind(before.as_micros()),
        )
        .await
    }

    /// Keeps the particulars of an application, in the place of those before.
    ///
    /// # Errors
    /// The database fails.
    pub async fn keep_particulars(
        &mut self,
        id: &ApplicationId,
        content: &Concealed,
    ) -> Result<(), StoreError> {
        self.execute(
            query(
                "INSERT INTO application_particulars (application_id, content, data_key_id) \
                 VALUES ($1, $2, $3) ON CONFLICT (application_id) DO UPDATE \
                 SET content = excluded.content, data_key_id = excluded.data_key_id",
            )
            .bind(id.to_string())
            .bind(Base64::encode_string(&content.ciphertext))
            .bind(content.data_key_id.clone()),
        )
        .await?;
        Ok(())
    }

    /// The particulars of an application.
    ///
    /// # Errors
    /// The database fails.
    pub async fn particulars(
        &mut self,
        id: &ApplicationId,
    ) -> Result<Option<Concealed>, StoreError> {
        let found = query(
            "SELECT content, data_key_id FROM application_particulars WHERE application_id = $1",
        );
        let row = self.optional(found.bind(id.to_string())).await?;
        row.as_ref().map(|row| concealed("application_particulars", row)).transpose()
    }
}

/// What is encrypted in a row.
pub(super) fn concealed(table: &'static str, row: &AnyRow) -> Result<Concealed, StoreError> {
    let c = Columns::of(table, row);
    Ok(Concealed {
        ciphertext: c.word("content", |text| Base64::decode_vec(text).ok())?,
        data_key_id: c.text("data_key_id")?,
    })
}

fn attachment(row: &AnyRow) -> Result<Attachment, StoreError> {
    let c = Columns::of("attachments", row);
    Ok(Attachment {
        id: c.word("id", |text| AttachmentId::parse(text).ok())?,
        organization_id: c.word("organization_id", |text| OrganizationId::parse(text).ok())?,
        application_id: c
            .optional_word("application_id", |text| ApplicationId::parse(text).ok())?,
        kind: c.text("kind")?,
        media_type: c.word("media_type", MediaType::parse)?,
        size: c.integer("size")?,
        digest: c.text("digest")?,
        uploaded_by: c.word("uploaded_by", |text| PrincipalId::parse(text).ok())?,
        uploaded_at: c.time("uploaded_at")?,
    })
}
