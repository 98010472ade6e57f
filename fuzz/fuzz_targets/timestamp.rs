//! Time-stamp queries, responses and tokens of any bytes.
#![no_main]

use sealwright::{
    containers::timestamp::TimestampToken,
    pki::timestamp::{TimestampInfo, TimestampQuery, token_of},
};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(query) = TimestampQuery::from_der(data) {
        assert_eq!(TimestampQuery::from_der(&query.to_der()), Ok(query));
    }
    let _ = TimestampInfo::from_der(data);
    let _ = TimestampToken::from_der(data);
    let _ = token_of(data).map(|token| TimestampToken::from_der(&token));
});
