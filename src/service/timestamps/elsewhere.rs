//! Timestamps from authorities elsewhere: one after the other, until one gives a good token.

use crate::{
    clients::tsa::{self, TsaServer},
    containers::timestamp::TimestampToken,
    pki::{
        timestamp::{TimestampQuery, token_of},
        validation::{Question, validate},
    },
    service::{Error, Service},
};

impl Service {
    /// A token of the first authority that gives a good one.
    pub(super) async fn timestamp_from_elsewhere(
        &self,
        query: &TimestampQuery,
    ) -> Result<Vec<u8>, Error> {
        let servers = &self.config.timestamps.servers;
        let mut reasons = Vec::new();
        for server in servers {
            match self.ask_elsewhere(server, query).await {
                Ok(token) => return Ok(token),
                Err(reason) => {
                    tracing::warn!(url = server.url, reason, "a time-stamping authority failed");
                    reasons.push(format!("{}: {reason}", server.url));
                }
            }
        }
        Err(Error::NoTimestamp(reasons.join("; ")))
    }

    async fn ask_elsewhere(
        &self,
        server: &TsaServer,
        query: &TimestampQuery,
    ) -> Result<Vec<u8>, String> {
        let (server, bytes) = (server.clone(), query.to_der());
        let response = tokio::task::spawn_blocking(move || tsa::post(&server, &bytes))
            .await
            .map_err(|_| "asking was interrupted".to_owned())??;
        let token = token_of(&response)?;
        if token.len() > super::ROOM_ELSEWHERE {
            return Err("its token is over 12 KiB".to_owned());
        }
        let read = TimestampToken::from_der(&token).map_err(|error| error.to_string())?;
        let fits = read.info.imprint == query.imprint && read.info.algorithm == query.algorithm;
        if !fits || read.info.nonce != query.nonce {
            return Err("its token is for something else".to_owned());
        }
        let now = self.now();
        // A token from another day proves nothing that the caller could want.
        let limit = i64::from(self.config.timestamps.largest_difference_seconds) * 1_000_000;
        if read.info.at.as_micros().abs_diff(now.as_micros()) > limit.unsigned_abs() {
            return Err("its time is far from ours".to_owned());
        }
        let question = Question::fresh(&read.others, &self.tsa_trust, now);
        match validate(&read.certificate, question) {
            // Whether an authority that the operator chose was revoked meanwhile is for whoever
            // relies on the timestamp to find out; he does so at a later time than now.
            Ok(_) => Ok(token),
            Err(error) => Err(format!("its certificate: {error}")),
        }
    }
}
