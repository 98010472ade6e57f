//! Sealed documents on their way out, piece by piece: memory does not grow with them, and a caller
//! who reads slowly holds no thread.

use std::{
    io::{self, Read},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::body::Bytes;
use futures_core::Stream;
use tokio::task::JoinHandle;

use crate::{
    domain::source::Source,
    formats::{Sealed, SealedReader},
};

/// Bytes read at once: handing work to a thread has its price.
const PIECE: usize = 1 << 20;

type Reading = JoinHandle<(SealedReader, io::Result<Bytes>)>;

/// The pieces of a sealed document.
pub(super) enum Download {
    /// What is in memory as a whole: nothing is copied.
    Memory(Vec<Bytes>),
    /// A file; the next piece is read while the one before leaves.
    File(Reading),
    /// Everything has left.
    Over,
}

impl Download {
    pub(super) fn new(sealed: Sealed) -> Self {
        match &sealed.received.source {
            Source::Memory(document) => {
                let document = Bytes::from_owner(Shared(Arc::clone(document)));
                let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
                let mut pieces: Vec<_> = sealed
                    .kept()
                    .map(|range| document.slice(place(range.start)..place(range.end)))
                    .collect();
                pieces.push(Bytes::from(sealed.tail));
                pieces.reverse();
                Self::Memory(pieces)
            }
            Source::File(..) | Source::Joined(_) => Self::File(read(sealed.into_reader())),
        }
    }
}

fn read(mut reader: SealedReader) -> Reading {
    tokio::task::spawn_blocking(move || {
        let mut piece = vec![0; PIECE];
        let piece = reader.read(&mut piece).map(|length| {
            piece.truncate(length);
            Bytes::from(piece)
        });
        (reader, piece)
    })
}

impl Stream for Download {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let reading = match &mut *self {
            Self::Memory(pieces) => return Poll::Ready(pieces.pop().map(Ok)),
            Self::File(reading) => reading,
            Self::Over => return Poll::Ready(None),
        };
        let (reader, piece) = match ready!(Pin::new(reading).poll(context)) {
            Ok(read) => read,
            Err(_) => {
                *self = Self::Over;
                return Poll::Ready(Some(Err(io::Error::other("reading was interrupted"))));
            }
        };
        *self = match &piece {
            Ok(piece) if !piece.is_empty() => Self::File(read(reader)),
            Ok(_) => {
                *self = Self::Over;
                return Poll::Ready(None);
            }
            Err(error) => {
                tracing::error!(%error, "a sealed document broke off on its way out");
                Self::Over
            }
        };
        Poll::Ready(Some(piece))
    }
}

/// A document in memory that others may hold too.
struct Shared(Arc<Vec<u8>>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}
