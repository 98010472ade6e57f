//! Documents under our keeping 归档: sealed PDF files in a directory, each of which gets a document timestamp
//! before the authority of its last one ends, in its place. What became of each is told in `renewal.json`
//! in the directory, for whoever keeps it; names of files stand nowhere else.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use serde::{Deserialize, Serialize};
use walkdir::WalkDir;

use super::{ExtensionLevel, ExtensionOrder};
use crate::{
    domain::{
        Timestamp,
        source::{Received, Source},
    },
    formats::{
        Sealed,
        written::{write, write_sealed},
    },
    service::{Error, Service},
};

/// What became of the documents.
const INDEX: &str = "renewal.json";
/// Held by the process that is at it.
const LOCK: &str = "renewal.lock";
/// The most documents that are looked into in one turn.
const MOST_IN_A_TURN: usize = 50;
/// How long a document rests that could not be renewed, seconds.
const RESTS: i64 = 86_400;

/// What is known of a document.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Known {
    /// Its size, bytes, and when it was changed, seconds since 1970, when it was looked into.
    size: u64,
    modified: u64,
    /// When it was.
    looked_at: Timestamp,
    /// When the authority of its last document timestamp ends.
    stamped_until: Option<Timestamp>,
    /// Why it cannot be renewed; null where nothing stands against it.
    problem: Option<String>,
}

impl Known {
    /// Whether the file is the one that was looked into, and nothing is to be done for it yet.
    fn rests(&self, file: (u64, u64), now: Timestamp, due: Timestamp) -> bool {
        let same = (self.size, self.modified) == file;
        let tried = self.problem.is_some() && self.looked_at.plus_seconds(RESTS) > now;
        same && (tried || self.problem.is_none() && self.stamped_until > Some(due))
    }
}

/// The directory, while one process is at it.
struct Archive {
    directory: PathBuf,
    known: BTreeMap<String, Known>,
    files: BTreeMap<String, (u64, u64)>,
    _lock: File,
}

impl Archive {
    /// Finds the documents; none where another process is at it.
    fn open(directory: PathBuf) -> io::Result<Option<Self>> {
        let lock = directory.join(LOCK);
        let lock = File::options().create(true).truncate(false).write(true).open(lock)?;
        if lock.try_lock().is_err() {
            return Ok(None);
        }
        let known = match fs::read(directory.join(INDEX)) {
            // What cannot be read is made anew.
            Ok(text) => serde_json::from_slice(&text).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error),
        };
        let mut files = BTreeMap::new();
        for entry in WalkDir::new(&directory) {
            let entry = entry?;
            let is_pdf = entry.path().extension().is_some_and(|e| e.eq_ignore_ascii_case("pdf"));
            let name = entry.path().strip_prefix(&directory).ok().and_then(Path::to_str);
            if let (Some(name), true, true) = (name, is_pdf, entry.file_type().is_file()) {
                files.insert(name.to_owned(), size_and_time(&entry.metadata()?));
            }
        }
        Ok(Some(Self { directory, known, files, _lock: lock }))
    }

    /// Those for which something is to be done now.
    fn due(&self, now: Timestamp, due: Timestamp) -> Vec<String> {
        let rests = |name: &str, file: (u64, u64)| {
            self.known.get(name).is_some_and(|known| known.rests(file, now, due))
        };
        let all = self.files.iter().filter(|(name, file)| !rests(name, **file));
        all.map(|(name, _)| name.clone()).take(MOST_IN_A_TURN).collect()
    }

    /// Writes down what is known of the documents that are there.
    fn close(mut self) -> io::Result<()> {
        self.known.retain(|name, _| self.files.contains_key(name));
        let mut text = serde_json::to_vec_pretty(&self.known)?;
        text.push(b'\n');
        let index = self.directory.join(INDEX);
        write(&index, &mut text.as_slice(), &self.directory.join(LOCK))
    }
}

fn size_and_time(of: &fs::Metadata) -> (u64, u64) {
    let modified = of.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    (of.len(), modified.map_or(0, |since| since.as_secs()))
}

impl Service {
    /// Renews the documents of the archive that are due, some in each turn; there may be none.
    ///
    /// # Errors
    /// The directory cannot be read or written. A document that cannot be renewed is no error; it is told
    /// in the index.
    pub async fn renew_archive(&self) -> Result<(), Error> {
        let Some(directory) = self.config.archive.directory.clone() else { return Ok(()) };
        let now = self.now();
        let due = now.plus_seconds(i64::from(self.config.archive.due_days) * 86_400);
        let opened = self.workbench.run("reading the archive", || Archive::open(directory)).await?;
        let Some(mut archive) = opened.map_err(unusable)? else { return Ok(()) };
        let names = archive.due(now, due);
        if names.is_empty() {
            return Ok(());
        }
        let (mut renewed, mut problems, mut failure) = (0, 0, None);
        for name in names {
            let path = archive.directory.join(&name);
            let (stamped_until, problem) = match self.renew(&path, due).await {
                Ok((until, new)) => {
                    renewed += usize::from(new);
                    (until, None)
                }
                Err(error @ (Error::Conflict { .. } | Error::Pdf(_))) => {
                    problems += 1;
                    (None, Some(error.to_string()))
                }
                // It is not the document's fault; it is tried again in the next turn.
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            };
            // It may be gone by now.
            let Ok(metadata) = path.metadata() else { continue };
            let (size, modified) = size_and_time(&metadata);
            archive.files.insert(name.clone(), (size, modified));
            let known = Known { size, modified, looked_at: now, stamped_until, problem };
            archive.known.insert(name, known);
        }
        if renewed + problems > 0 {
            tracing::info!(renewed, problems, "documents of the archive were renewed");
        }
        self.workbench.run("writing the archive", || archive.close()).await?.map_err(unusable)?;
        failure.map_or(Ok(()), Err)
    }

    /// Until when a document is stamped, renewed where that is due, and whether it was.
    async fn renew(&self, path: &Path, due: Timestamp) -> Result<(Option<Timestamp>, bool), Error> {
        let unread = |error: io::Error| Error::conflict("not-extendable", error.to_string());
        let file = File::open(path).and_then(Source::file).map_err(unread)?;
        let reading = move || Received::read(file);
        let received = self.workbench.run("reading a document", reading).await?.map_err(unread)?;
        let until = self.passing(&received, None).await?.report.stamped_until();
        if until > Some(due) {
            return Ok((until, false));
        }
        let sealed = Sealed { received, dropped: Vec::new(), tail: Vec::new() };
        let order = ExtensionOrder { level: ExtensionLevel::Archived, by_signature: false };
        let (extended, report) = self.extended(sealed, order, None).await?;
        let path = path.to_owned();
        let writing = move || write_sealed(&path, &extended, &path);
        self.workbench.run("writing a document", writing).await?.map_err(unread)?;
        Ok((report.stamped_until(), true))
    }
}

fn unusable(error: io::Error) -> Error {
    Error::Internal(format!("the archive directory: {error}"))
}
