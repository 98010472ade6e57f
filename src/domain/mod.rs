//! Nouns and their laws: pure values that know no database, no device and no HTTP.

pub mod access_key;
pub mod application;
pub mod attachment;
pub mod ca_class;
pub mod caption;
pub mod cause;
pub mod certificate_revocation;
pub mod clock;
pub mod fresh;
pub mod id;
pub mod keeper;
pub mod licence_type;
pub mod organization;
pub mod placement;
pub mod principal;
pub mod proposal;
pub mod register;
pub mod report;
pub mod review;
pub mod seal;
pub mod seal_code;
pub mod seal_state;
pub mod signing;
pub mod source;
pub mod uscc;
pub mod webhook;
pub mod working_days;

pub use clock::{Clock, FixedClock, SystemClock, Timestamp};
