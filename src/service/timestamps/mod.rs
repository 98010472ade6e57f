//! Timestamps 时间戳: the built-in authority, which answers anybody, and those elsewhere; and the
//! timestamp over a signature value that makes PAdES B-T.

mod authority;
mod elsewhere;
mod steady;

pub(super) use steady::Steady;

use super::{Error, Service};
use crate::{
    config::TimestampSource,
    containers::timestamp::{self, TimestampToken},
    crypto::DigestAlgorithm,
    pki::timestamp::TimestampQuery,
};

/// Room for the token of an authority elsewhere, bytes: it brings its chain along.
const ROOM_ELSEWHERE: usize = 12 << 10;

impl Service {
    /// How many bytes a timestamp over a signature takes at most.
    pub(super) fn timestamp_room(&self) -> usize {
        match self.config.timestamps.source {
            TimestampSource::BuiltIn => timestamp::size_hint(&self.tsa_chain()) + 64,
            TimestampSource::Servers => ROOM_ELSEWHERE,
        }
    }

    /// A timestamp token over a signature value, DER, checked.
    pub(super) async fn timestamp_signature(
        &self,
        value: &[u8],
        algorithm: DigestAlgorithm,
    ) -> Result<Vec<u8>, Error> {
        self.timestamp_imprint(algorithm.digest(value), algorithm).await
    }

    /// A timestamp token over what has a digest, DER, checked.
    pub(super) async fn timestamp_imprint(
        &self,
        imprint: Vec<u8>,
        algorithm: DigestAlgorithm,
    ) -> Result<Vec<u8>, Error> {
        let nonce: [u8; 8] = self.randomness()?;
        // Positive and of the same length always.
        let nonce = nonce.iter().enumerate().map(|(at, byte)| match at {
            0 => byte & 0x3f | 0x40,
            _ => *byte,
        });
        let query = TimestampQuery {
            algorithm,
            imprint,
            policy: None,
            nonce: Some(nonce.collect()),
            certificate: true,
        };
        let token = match self.config.timestamps.source {
            TimestampSource::BuiltIn => {
                let token = self.stamp(&query).await;
                token.map_err(|(_, why)| Error::NoTimestamp(why.to_owned()))?
            }
            TimestampSource::Servers => self.timestamp_from_elsewhere(&query).await?,
        };
        let wrong = |why: String| Error::NoTimestamp(why);
        let read = TimestampToken::from_der(&token).map_err(|error| wrong(error.to_string()))?;
        let same = read.info.imprint == query.imprint && read.info.algorithm == query.algorithm;
        if !same || read.info.nonce != query.nonce {
            return Err(wrong("the token is for something else".to_owned()));
        }
        Ok(token)
    }
}
