//! Classes of certification authorities 电子认证服务机构.

use super::seal_state::words;

words! {
    /// What a certification authority may stand for.
    CaClass {
        /// For e-government 电子政务电子认证服务机构.
        EGovernment => "e-government",
        /// Licensed 依法设立的电子认证服务机构.
        Licensed => "licensed",
        /// The operator's own: its seals are for the organization's internal business only 仅供内部使用.
        Internal => "internal",
    }
}
