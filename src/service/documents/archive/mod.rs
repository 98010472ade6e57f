//! Documents under our keeping 归档: sealed PDF files in a directory, each of which gets a document timestamp
//! before the authority of its last one ends, in its place. What became of each is told in `renewal.json`
//! in the directory, for whoever keeps it; names of files stand nowhere else.

mod index;

use std::{fs::File, io};

use super::{ExtensionLevel, ExtensionOrder};
use crate::{
    domain::{
        Timestamp,
        source::{ReadAt, Received, Source},
    },
    formats::{
        Sealed,
        pdf::{PdfError, validation_data},
        written::replace_sealed,
    },
    service::{Error, Service},
};
use index::{Archive, Found, Identity, Known};

/// The most documents that are looked into in one turn.
const MOST_IN_A_TURN: usize = 50;

/// What is to become of a document.
enum Renewal {
    /// It is stamped until then, which lasts.
    Lasts(Option<Timestamp>),
    /// It is extended; stamped until then.
    Extended(Box<Sealed>, Option<Timestamp>),
    /// It is another than was found.
    Another,
}

impl Service {
    /// Renews the documents of the archive that are due, some in each turn; there may be none.
    ///
    /// # Errors
    /// The directory cannot be read or written, or there is no timestamp to be had. A document that cannot
    /// be renewed is no error; it is told in the index.
    pub async fn renew_archive(&self) -> Result<(), Error> {
        let Some(directory) = self.config.archive.directory.clone() else { return Ok(()) };
        let now = self.now();
        let days = self.config.archive.due_days;
        let due = now.plus_seconds(i64::from(days) * 86_400);
        let opened = self.workbench.run("reading the archive", || Archive::open(directory)).await?;
        let Some(mut archive) = opened.map_err(|error| unusable(&error))? else { return Ok(()) };
        let (mut renewed, mut problems, mut failure) = (0, 0, None);
        for (name, found) in archive.due(now, due, MOST_IN_A_TURN) {
            let mut identity = found.identity;
            let (stamped_until, problem) = match self.renew(&found, due).await {
                Ok(Renewal::Another) => continue,
                Ok(Renewal::Lasts(until)) => (until, None),
                Ok(Renewal::Extended(extended, until)) => {
                    match self.replace(&found, extended).await {
                        Ok(Some(new)) => identity = new,
                        Ok(None) => continue,
                        Err(error) if is_full(&error) => {
                            failure = Some(unusable(&error));
                            break;
                        }
                        Err(error) => {
                            problems += 1;
                            let problem = Some(format!("it cannot be replaced: {error}"));
                            archive.tell(name, Known::new(identity, now, None, problem));
                            continue;
                        }
                    }
                    renewed += 1;
                    let soon =
                        format!("the time-stamping authority itself ends within {days} days");
                    (until, (until <= Some(due)).then_some(soon))
                }
                // That is not the document's fault; it is tried again in the next turn.
                Err(
                    error @ (Error::NoTimestamp(_)
                    | Error::Device(_)
                    | Error::Store(_)
                    | Error::Overloaded),
                ) => {
                    failure = Some(error);
                    break;
                }
                Err(error) => (None, Some(error.to_string())),
            };
            problems += usize::from(problem.is_some());
            archive.tell(name, Known::new(identity, now, stamped_until, problem));
        }
        if renewed + problems > 0 {
            tracing::info!(renewed, problems, "documents of the archive were looked into");
        }
        let closed = self.workbench.run("writing the archive", || archive.close()).await?;
        closed.map_err(|error| unusable(&error))?;
        failure.map_or(Ok(()), Err)
    }

    /// Looks into a document, and extends it where that is due.
    async fn renew(&self, found: &Found, due: Timestamp) -> Result<Renewal, Error> {
        let Found { path, identity } = found.clone();
        let reading = move || {
            let file = File::open(path)?;
            let same = Identity::of(&file.metadata()?) == identity;
            let received = Received::read(Source::file(file)?)?;
            let data = validation_data(&received.source, None)?;
            let told = !(data.crls.is_empty() && data.responses.is_empty());
            let has_data = !data.certificates.is_empty() && told;
            Ok::<_, PdfError>(same.then_some((received, has_data)))
        };
        let read = self.workbench.run("reading a document", reading).await??;
        let Some((received, has_data)) = read else { return Ok(Renewal::Another) };
        let until = self.passing(&received, None).await?.report.stamped_until();
        let until = until.filter(|_| has_data);
        if until > Some(due) {
            return Ok(Renewal::Lasts(until));
        }
        let sealed = Sealed { received, dropped: Vec::new(), tail: Vec::new() };
        let order = ExtensionOrder { level: ExtensionLevel::Archived, by_signature: false };
        let (extended, report) = self.extended(sealed, order, None).await?;
        let new = report.stamped_until();
        if new <= until {
            let text = "the time-stamping authority ends no later than that of the timestamp that is \
                        there; it has to get a new certificate";
            return Err(Error::conflict("not-extendable", text));
        }
        Ok(Renewal::Extended(Box::new(extended), new))
    }

    /// Puts the extended document in the place of the one that was found; nothing where another stands
    /// there by now.
    async fn replace(&self, found: &Found, extended: Box<Sealed>) -> io::Result<Option<Identity>> {
        let Found { path, identity } = found.clone();
        let writing = move || {
            let is_still_there = || Identity::at(&path) == Some(identity);
            let replaced = replace_sealed(&path, &extended, is_still_there)?;
            let new = || Identity::at(&path).filter(|new| new.size == extended.size());
            Ok(replaced.then(new).flatten())
        };
        let written = self.workbench.run("writing a document", writing).await;
        written.unwrap_or_else(|error| Err(io::Error::other(error)))
    }
}

/// Whether nothing can be written at all.
fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | ReadOnlyFilesystem)
}

/// The message names no file.
fn unusable(error: &io::Error) -> Error {
    Error::Internal(format!("the archive directory: {}", error.kind()))
}
