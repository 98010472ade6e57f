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
use tokio::{sync::mpsc, task::JoinHandle};

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
        let (directory, memory) = (&self.config.spool_directory, &mut self.memory);
        let begin = || SpoolFile::begin(directory.clone(), std::mem::take(memory));
        // It is written by a thread while it is hashed here.
        self.file.get_or_insert_with(begin).write(chunk.clone()).await?;
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

/// A file without a name that a thread of its own writes, a few pieces behind those who bring them.
struct SpoolFile {
    pieces: mpsc::Sender<Bytes>,
    writer: JoinHandle<io::Result<File>>,
}

impl SpoolFile {
    fn begin(directory: Option<PathBuf>, first: Vec<u8>) -> Self {
        let (pieces, mut waiting) = mpsc::channel::<Bytes>(4);
        let writer = tokio::task::spawn_blocking(move || {
            let mut file = match directory {
                Some(directory) => tempfile::tempfile_in(directory)?,
                None => tempfile::tempfile()?,
            };
            file.write_all(&first)?;
            drop(first);
            while let Some(piece) = waiting.blocking_recv() {
                file.write_all(&piece)?;
            }
            Ok(file)
        });
        Self { pieces, writer }
    }

    async fn write(&self, piece: Bytes) -> Result<(), Problem> {
        // The writer leaves early only if the disk fails.
        self.pieces.send(piece).await.map_err(|_| disk())
    }

    async fn finish(self) -> Result<File, Problem> {
        drop(self.pieces);
        let written = self.writer.await.map_err(|_| disk())?;
        written.map_err(|_| disk())
    }
}

fn disk() -> Problem {
    tracing::error!("the spool directory cannot be written");
    crate::service::Error::Overloaded.into()
}
