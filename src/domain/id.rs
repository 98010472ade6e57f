//! Typed identifiers: ULIDs as 26-character text, sortable by the time of their making.

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// Why a text is not an identifier.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not an identifier: 26 characters of Crockford base 32 are expected")]
pub struct IdError;

/// A new ULID text from a time and 10 random bytes.
pub fn new_ulid(now: Timestamp, random: [u8; 10]) -> String {
    let milliseconds = u64::try_from(now.as_micros() / 1000).unwrap_or(0);
    let mut wide = [0_u8; 16];
    let (_, low) = wide.split_at_mut(6);
    low.copy_from_slice(&random);
    ulid::Ulid::from_parts(milliseconds, u128::from_be_bytes(wide)).to_string()
}

/// Checks that a text is a ULID in its one canonical spelling.
///
/// # Errors
/// Any other text.
pub fn parse_ulid(text: &str) -> Result<String, IdError> {
    let id = ulid::Ulid::from_string(text).map_err(|_| IdError)?.to_string();
    if id == text { Ok(id) } else { Err(IdError) }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// A new identifier from a time and randomness.
            pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
                Self(new_ulid(now, random))
            }

            /// Reads an identifier.
            ///
            /// # Errors
            /// The text is not a ULID in canonical spelling.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                parse_ulid(text).map(Self)
            }

            /// The 26 characters.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    )*};
}

ids! {
    /// Identifies an organization 机构.
    OrganizationId,
    /// Identifies a natural person 自然人.
    PersonId,
    /// Identifies who acts: an account of a person, or a caller.
    PrincipalId,
    /// Identifies an access key.
    AccessKeyId,
    /// Identifies an application 申请.
    ApplicationId,
    /// Identifies a seal 印章.
    SealId,
    /// Identifies one version of a seal 印章版本.
    SealVersionId,
    /// Identifies a credential of a seal version.
    CredentialId,
    /// Identifies a key in a token.
    KeyId,
    /// Identifies a grant 授权.
    GrantId,
    /// A person's keeping of a seal.
    KeeperId,
    /// Identifies a signature record 签章记录.
    SignatureId,
    /// Identifies one attempt to sign.
    AttemptId,
    /// Identifies a file that goes with an application 附件.
    AttachmentId,
    /// Identifies that somebody stands in for a reviewer 代审.
    StandInId,
    /// Identifies what one person proposes and another confirms.
    ProposalId,
    /// Identifies a certificate that its authority has to revoke.
    CertificateRevocationId,
    /// Identifies a version of a type of licence.
    LicenceTypeId,
    /// Identifies permission for a single use.
    UseApprovalId,
    /// Identifies somebody who is told of events.
    WebhookId,
    /// Identifies an event on its way to a webhook.
    DeliveryId,
    /// Identifies a change of an organization.
    OrganizationChangeId,
}
