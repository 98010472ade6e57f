//! What the signature blob is. A container knows neither where it will sit nor who signs it: it
//! takes a digest of the content, hands out bytes to be signed, and takes a signature.

pub mod cms;
pub mod gbt35275;
pub mod ses;
pub mod timestamp;
