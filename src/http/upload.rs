//! Documents on their way in: as multipart or as the raw body, streamed, within a limit, to memory
//! or to a spool file. Neither file name nor content type is believed.

use std::{
    fs::File,
    io::{self, Write},
    path::PathBuf,
};

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Multipart, Request},
    http::{HeaderMap, header},
};
use http_body_util::BodyExt;
use tokio::task::JoinHandle;

use super::{extract::parse_json, problem::Problem};
use crate::{
    config::HttpConfig,
    domain::source::{Received, Receiving, Source},
};

/// The largest `request` part beside a document, bytes.
const LARGEST_REQUEST: usize = 256 << 10;

/// A document with the name it came under, and what came beside it.
pub(super) struct Upload {
    pub(super) document: Received,
    pub(super) file: Option<String>,
    request: Option<Vec<u8>>,
}

impl Upload {
    /// Whether there is a `request` part.
    pub(super) fn has_request(&self) -> bool {
        self.request.is_some()
    }

    /// The `request` part, JSON.
    pub(super) fn request<T: serde::de::DeserializeOwned>(&self) -> Result<T, Problem> {
        let bytes = self.request.as_deref().ok_or_else(|| {
            Problem::bad_request("request-part-missing", "the multipart part `request` is missing")
        })?;
        parse_json(bytes)
    }

    /// Reads a multipart body with the parts `document` and perhaps `request`, or a raw body.
    pub(super) async fn read(
        request: Request,
        config: &HttpConfig,
        largest: u64,
    ) -> Result<Self, Problem> {
        if is_multipart(request.headers()) {
            Self::read_multipart(request, config, largest).await
        } else {
            let document = read_raw(request.into_body(), config, largest).await?;
            Ok(Self { document, file: None, request: None })
        }
    }

    async fn read_multipart(
        request: Request,
        config: &HttpConfig,
        largest: u64,
    ) -> Result<Self, Problem> {
        let bad =
            |_| Problem::bad_request("malformed-multipart", "the multipart body is malformed");
        let mut parts = Multipart::from_request(request, &()).await.map_err(|_| {
            Problem::bad_request("malformed-multipart", "the multipart body has no boundary")
        })?;
        let (mut document, mut beside, mut file) = (None, None, None);
        while let Some(mut part) = parts.next_field().await.map_err(bad)? {
            match part.name() {
                Some("document") if document.is_none() => {
                    file = part.file_name().map(|name| name.chars().take(255).collect());
                    let mut spool = Spool::new(config, largest);
                    while let Some(chunk) = part.chunk().await.map_err(bad)? {
                        spool.write(chunk).await?;
                    }
                    document = Some(spool.finish().await?);
                }
                Some("request") if beside.is_none() => {
                    let mut bytes = Vec::new();
                    while let Some(chunk) = part.chunk().await.map_err(bad)? {
                        if bytes.len() + chunk.len() > LARGEST_REQUEST {
                            return Err(Problem::too_large(LARGEST_REQUEST as u64));
                        }
                        bytes.extend_from_slice(&chunk);
                    }
                    beside = Some(bytes);
                }
                _ => {
                    return Err(Problem::bad_request(
                        "unexpected-part",
                        "the parts are `request` and `document`, once each",
                    ));
                }
            }
        }
        let document = document.ok_or_else(|| {
            Problem::bad_request(
                "document-part-missing",
                "the multipart part `document` is missing",
            )
        })?;
        Ok(Self { document, file, request: beside })
    }
}

fn is_multipart(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.to_ascii_lowercase().starts_with("multipart/form-data"))
}

async fn read_raw(mut body: Body, config: &HttpConfig, largest: u64) -> Result<Received, Problem> {
    let mut spool = Spool::new(config, largest);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::bad_request("broken-body", "the body broke off"))?;
        if let Ok(data) = frame.into_data() {
            spool.write(data).await?;
        }
    }
    spool.finish().await
}

/// Takes a document in, in memory while it is small, and hashes it on the way.
struct Spool<'a> {
    config: &'a HttpConfig,
    largest: u64,
    size: u64,
    memory: Vec<u8>,
    receiving: Receiving,
    file: Option<SpoolFile>,
}

impl<'a> Spool<'a> {
    fn new(config: &'a HttpConfig, largest: u64) -> Self {
        let receiving = Receiving::default();
        Self { config, largest, size: 0, memory: Vec::new(), receiving, file: None }
    }

    async fn write(&mut self, chunk: Bytes) -> Result<(), Problem> {
        self.size += chunk.len() as u64;
        if self.size > self.largest {
            return Err(Problem::too_large(self.largest));
        }
        if self.file.is_none() && self.size <= self.config.spool_threshold {
            self.receiving.update(&chunk);
            self.memory.extend_from_slice(&chunk);
            return Ok(());
        }
        let file = match self.file.take() {
            Some(file) => file,
            None => SpoolFile::begin(
                self.config.spool_directory.clone(),
                std::mem::take(&mut self.memory),
            ),
        };
        // It is written by a thread while it is hashed here.
        self.file = Some(file.write(chunk.clone()).await?);
        self.receiving.update(&chunk);
        Ok(())
    }

    async fn finish(self) -> Result<Received, Problem> {
        let source = match self.file {
            None => Source::memory(self.memory),
            Some(file) => Source::file(file.finish().await?).map_err(|_| disk())?,
        };
        Ok(self.receiving.finish(source))
    }
}

/// Bytes written at once: handing work to a thread has its price.
const PIECE: usize = 1 << 20;
/// Chunks gathered at most: tiny ones cost more than their bytes.
const MOST_CHUNKS: usize = 256;

/// A file without a name that is written in the background, a piece behind those who bring it;
/// between two pieces no thread is held.
struct SpoolFile {
    writing: JoinHandle<io::Result<File>>,
    gathered: Vec<Bytes>,
    size: usize,
}

impl SpoolFile {
    fn begin(directory: Option<PathBuf>, first: Vec<u8>) -> Self {
        let writing = tokio::task::spawn_blocking(move || {
            let mut file = match directory {
                Some(directory) => tempfile::tempfile_in(directory)?,
                None => tempfile::tempfile()?,
            };
            file.write_all(&first)?;
            Ok(file)
        });
        Self { writing, gathered: Vec::new(), size: 0 }
    }

    async fn write(mut self, chunk: Bytes) -> Result<Self, Problem> {
        self.size += chunk.len();
        self.gathered.push(chunk);
        let full = self.size >= PIECE || self.gathered.len() >= MOST_CHUNKS;
        if full { self.flush().await } else { Ok(self) }
    }

    /// Waits until the piece before is written and begins to write what is gathered.
    async fn flush(self) -> Result<Self, Problem> {
        let mut file = written(self.writing).await?;
        let pieces = self.gathered;
        let writing = tokio::task::spawn_blocking(move || {
            pieces.iter().try_for_each(|piece| file.write_all(piece))?;
            Ok(file)
        });
        Ok(Self { writing, gathered: Vec::new(), size: 0 })
    }

    async fn finish(self) -> Result<File, Problem> {
        written(self.flush().await?.writing).await
    }
}

async fn written(writing: JoinHandle<io::Result<File>>) -> Result<File, Problem> {
    writing.await.map_err(|_| disk())?.map_err(|_| disk())
}

fn disk() -> Problem {
    tracing::error!("the spool directory cannot be written");
    crate::service::Error::Overloaded.into()
}
