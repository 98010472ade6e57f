//! What goes with an application: files 附件, and what the applicant declares 声明.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Timestamp,
    id::{ApplicationId, AttachmentId, OrganizationId, PersonId, PrincipalId},
    seal_state::words,
};

words! {
    /// The kinds of files that are taken, told from their content.
    MediaType {
        /// PDF.
        Pdf => "application/pdf",
        /// OFD (GB/T 33190).
        Ofd => "application/ofd",
        /// PNG.
        Png => "image/png",
        /// JPEG.
        Jpeg => "image/jpeg",
    }
}

impl MediaType {
    /// The type of a file by its first bytes; names and headers are not asked.
    pub fn of(content: &[u8]) -> Option<Self> {
        const SIGNATURES: [(&[u8], MediaType); 4] = [
            (b"%PDF-", MediaType::Pdf),
            (b"\x89PNG\r\n\x1a\n", MediaType::Png),
            (b"\xff\xd8\xff", MediaType::Jpeg),
            (b"PK\x03\x04", MediaType::Ofd),
        ];
        let kind = SIGNATURES.iter().find(|(start, _)| content.starts_with(start))?.1;
        // An archive is an OFD package if its directory names the package's entry.
        let names_entry = || content.windows(7).any(|window| window == b"OFD.xml");
        (kind != Self::Ofd || names_entry()).then_some(kind)
    }
}

/// A file that goes with an application. Its content is kept encrypted.
#[derive(Clone, Debug, Deserialize, Hash, PartialEq, Serialize, ToSchema)]
pub struct Attachment {
    /// The identifier.
    #[schema(value_type = String)]
    pub id: AttachmentId,
    /// The organization that applies.
    #[schema(value_type = String)]
    pub organization_id: OrganizationId,
    /// The application that took it; none yet.
    #[schema(value_type = Option<String>)]
    pub application_id: Option<ApplicationId>,
    /// What it is: a word of `policies/forms.toml`.
    #[schema(example = "registration-certificate")]
    pub kind: String,
    /// Told from the content.
    #[schema(value_type = String, example = "application/pdf")]
    #[serde(with = "media_type")]
    pub media_type: MediaType,
    /// Bytes.
    pub size: i64,
    /// SHA-256 of the content, hexadecimal.
    pub digest: String,
    /// Who uploaded it.
    #[schema(value_type = String)]
    pub uploaded_by: PrincipalId,
    /// When.
    #[schema(value_type = String)]
    pub uploaded_at: Timestamp,
}

mod media_type {
    //! The word with its slash, which no name of a variant can have.
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use super::MediaType;

    pub(super) fn serialize<S: Serializer>(value: &MediaType, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(value.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<MediaType, D::Error> {
        let text = String::deserialize(from)?;
        MediaType::parse(&text).ok_or_else(|| D::Error::custom("an unknown media type"))
    }
}

/// What the applicant declared, and the service's signed statement that it was declared.
#[derive(Clone, Debug, Deserialize, Hash, PartialEq, Serialize, ToSchema)]
pub struct Declaration {
    /// The words.
    pub text: String,
    /// The person who declared.
    #[schema(value_type = String)]
    pub person_id: PersonId,
    /// When.
    #[schema(value_type = String)]
    pub declared_at: Timestamp,
    /// A JWS (RFC 7515, ES256) by the service's receipt key over the digests of the words and of
    /// everything that was applied with, and over person and time.
    pub statement: String,
}

#[cfg(test)]
mod tests {
    use super::MediaType;

    #[test]
    fn files_are_told_by_their_content() {
        assert_eq!(MediaType::of(b"%PDF-1.7\n"), Some(MediaType::Pdf));
        assert_eq!(MediaType::of(b"\x89PNG\r\n\x1a\n...."), Some(MediaType::Png));
        assert_eq!(MediaType::of(b"\xff\xd8\xff\xe0"), Some(MediaType::Jpeg));
        assert_eq!(MediaType::of(b"PK\x03\x04....OFD.xml"), Some(MediaType::Ofd));
        assert_eq!(MediaType::of(b"PK\x03\x04....word/document.xml"), None);
        assert_eq!(MediaType::of(b"<html>"), None);
        assert_eq!(MediaType::of(b""), None);
    }
}
