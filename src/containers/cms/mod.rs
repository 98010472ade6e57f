//! Cryptographic Message Syntax (RFC 5652) with the attributes of CAdES (ETSI EN 319 122-1), as
//! PAdES puts it into PDF.

mod build;
mod read;

pub use build::{Unsigned, begin, begin_around, begin_file, size_hint};
pub use read::{CmsError, SignedData, SignerIdentifier, SignerInfo};

use const_oid::ObjectIdentifier;

/// `id-data`, RFC 5652 §4.
pub const ID_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
/// `id-signedData`, RFC 5652 §5.1.
pub const ID_SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
/// `id-contentType`, RFC 5652 §11.1.
pub const ID_CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
/// `id-messageDigest`, RFC 5652 §11.2.
pub const ID_MESSAGE_DIGEST: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
/// `id-signingTime`, RFC 5652 §11.3; not written into PDF, which has `/M` for it.
pub const ID_SIGNING_TIME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.5");
/// `id-aa-signingCertificate`, RFC 2634 §5.4; read, never written: it is SHA-1.
pub const ID_SIGNING_CERTIFICATE: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.12");
/// `id-aa-signingCertificateV2`, RFC 5035 §3.
pub const ID_SIGNING_CERTIFICATE_V2: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
