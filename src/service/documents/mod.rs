//! Sealing 签章, verifying 验章, voiding 作废, and finding what was sealed.

mod archive;
mod binding;
mod detached;
mod extend;
mod find;
mod intend;
mod kept;
mod order;
mod receipt;
mod record;
mod release;
mod request;
mod seal;
mod sign_digest;
mod signing_cycle;
mod verify;
mod void;

pub use detached::{Asked, DetachedRequest, DetachedSignature, SealingKit};
pub use extend::{ExtensionLevel, ExtensionOrder};
pub use find::SignatureQuery;
pub(super) use intend::Intend;
pub(super) use kept::KeptOutcomes;
pub use order::{LicenceRequest, SealOrder};
pub use receipt::Receipt;
pub(super) use receipt::Receipts;
pub(super) use release::Release;
pub use request::SealRequest;
pub(super) use request::check_template;
pub use seal::{SealedDocument, appearance, set_caption};
pub use sign_digest::{DigestKind, DigestRequest, SignedDigest};
pub(super) use signing_cycle::{Signer, SignerKey};
pub use verify::{Answered, Question};
pub use void::NewVoid;

/// A place where a test may make the process die; nothing otherwise.
macro_rules! failpoint {
    ($name:literal) => {
        #[cfg(feature = "failpoints")]
        crate::service::failpoint::pass($name);
    };
}
pub(super) use failpoint;
