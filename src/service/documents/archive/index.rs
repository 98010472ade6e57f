//! The directory of the archive: which documents lie in it, and what is known of them, `renewal.json`.

use std::{
    collections::BTreeMap,
    fs::{self, File, Metadata},
    io,
    os::unix::{
        ffi::OsStrExt,
        fs::{MetadataExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use walkdir::WalkDir;

use crate::{domain::Timestamp, formats::written::write};

/// What became of the documents.
const INDEX: &str = "renewal.json";
/// Held by the process that is at it.
const LOCK: &str = "renewal.lock";
/// How long a document rests that could not be renewed, seconds.
const RESTS: i64 = 86_400;

/// What tells a file from another at the same place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
    pub(super) size: u64,
    /// When it was changed, microseconds since 1970.
    modified: i64,
}

impl Identity {
    pub(super) fn of(file: &Metadata) -> Self {
        Self {
            device: file.dev(),
            inode: file.ino(),
            size: file.size(),
            modified: file.mtime() * 1_000_000 + file.mtime_nsec() / 1000,
        }
    }

    /// Of what stands at a place; none where no file does, links being none.
    pub(super) fn at(path: &Path) -> Option<Self> {
        let file = fs::symlink_metadata(path).ok()?;
        file.is_file().then(|| Self::of(&file))
    }
}

/// A document of the archive.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) identity: Identity,
}

/// What is known of a document.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(super) struct Known {
    /// Its size, bytes, and when it was changed, microseconds since 1970, when it was looked into.
    size: u64,
    modified: i64,
    /// When it was.
    looked_at: Option<Timestamp>,
    /// When the authority of its last document timestamp ends.
    stamped_until: Option<Timestamp>,
    /// Why it cannot be renewed; null where nothing stands against it.
    problem: Option<String>,
}

impl Known {
    /// Of a file that was looked into.
    pub(super) fn new(
        file: Identity,
        looked_at: Timestamp,
        stamped_until: Option<Timestamp>,
        problem: Option<String>,
    ) -> Self {
        let Identity { size, modified, .. } = file;
        Self { size, modified, looked_at: Some(looked_at), stamped_until, problem }
    }

    /// Whether the file is the one that was looked into, and nothing is to be done for it yet.
    fn rests(&self, file: Identity, now: Timestamp, due: Timestamp) -> bool {
        let same = (self.size, self.modified) == (file.size, file.modified);
        let until = self.looked_at.map(|at| at.plus_seconds(RESTS));
        same && match self.problem {
            Some(_) => until > Some(now),
            None => self.stamped_until > Some(due),
        }
    }
}

/// The directory, while one process is at it.
pub(super) struct Archive {
    directory: PathBuf,
    files: BTreeMap<String, Found>,
    /// What stood in the index, and what shall.
    before: BTreeMap<String, Known>,
    known: BTreeMap<String, Known>,
    _lock: File,
}

impl Archive {
    /// Finds the documents; none where another process is at it.
    pub(super) fn open(directory: PathBuf) -> io::Result<Option<Self>> {
        let mut options = File::options();
        options.create(true).truncate(false).write(true).mode(0o600);
        let lock = options.open(directory.join(LOCK))?;
        if lock.try_lock().is_err() {
            return Ok(None);
        }
        let before: BTreeMap<_, _> = match fs::read(directory.join(INDEX)) {
            // What cannot be read is made anew.
            Ok(text) => serde_json::from_slice(&text).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error),
        };
        let (mut files, mut known) = (BTreeMap::new(), before.clone());
        let name = |path: &Path| told(path.strip_prefix(&directory).unwrap_or(path));
        let mut unread = Vec::new();
        for entry in WalkDir::new(&directory) {
            match entry {
                Ok(entry) => {
                    let path = entry.into_path();
                    let is_pdf = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("pdf"));
                    if let (true, Some(identity)) = (is_pdf, Identity::at(&path)) {
                        files.insert(name(&path), Found { path, identity });
                    }
                }
                // Nobody is kept from the others by it.
                Err(error) => {
                    let why = error.io_error().map(|error| error.kind().to_string());
                    unread.extend(error.path().map(name).zip(why));
                }
            }
        }
        known.retain(|name, _| files.contains_key(name));
        known.extend(
            unread
                .into_iter()
                .map(|(name, why)| (name, Known { problem: Some(why), ..Known::default() })),
        );
        Ok(Some(Self { directory, files, before, known, _lock: lock }))
    }

    /// Those for which something is to be done now, so many at most.
    pub(super) fn due(&self, now: Timestamp, due: Timestamp, most: usize) -> Vec<(String, Found)> {
        let rests = |name: &str, file: &Found| {
            self.known.get(name).is_some_and(|known| known.rests(file.identity, now, due))
        };
        let all = self.files.iter().filter(|(name, file)| !rests(name, file));
        all.map(|(name, file)| (name.clone(), file.clone())).take(most).collect()
    }

    /// Takes down what became of a document.
    pub(super) fn tell(&mut self, name: String, known: Known) {
        self.known.insert(name, known);
    }

    /// Writes the index, where there is something new, for those who may read it already.
    pub(super) fn close(self) -> io::Result<()> {
        if self.known == self.before {
            return Ok(());
        }
        let mut text = serde_json::to_vec_pretty(&self.known)?;
        text.push(b'\n');
        let index = self.directory.join(INDEX);
        let like = if index.exists() { index.clone() } else { self.directory.join(LOCK) };
        write(&index, &mut text.as_slice(), &like)
    }
}

/// A path as text, of another path another: bytes that are no UTF-8 as `\xE9`.
fn told(path: &Path) -> String {
    let mut text = String::new();
    for chunk in path.as_os_str().as_bytes().utf8_chunks() {
        text.push_str(&chunk.valid().replace('\\', "\\\\"));
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("\\x{byte:02X}")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_no_text_are_told_apart() {
        let told = |bytes: &[u8]| told(Path::new(std::ffi::OsStr::from_bytes(bytes)));
        assert_eq!(told("证/a.pdf".as_bytes()), "证/a.pdf");
        assert_eq!(
            (told(b"\xe9.pdf"), told(b"\xe8.pdf")),
            ("\\xE9.pdf".into(), "\\xE8.pdf".into())
        );
        assert_ne!(told(b"\xe9"), told(b"\\xE9"));
    }

    #[test]
    fn what_was_looked_into_rests_until_it_is_due_or_another() {
        let now = Timestamp::from_seconds(1_000_000);
        let due = now.plus_seconds(90 * 86_400);
        let file = Identity { device: 1, inode: 1, size: 10, modified: 7 };
        let until = |days: i64| Some(now.plus_seconds(days * 86_400));
        let good = |days| Known::new(file, now, until(days), None);
        assert!(good(91).rests(file, now, due) && !good(90).rests(file, now, due));
        assert!(!Known::new(file, now, None, None).rests(file, now, due));
        let another = [Identity { size: 11, ..file }, Identity { modified: 8, ..file }];
        assert!(another.iter().all(|other| !good(91).rests(*other, now, due)));
        let bad = Known::new(file, now, None, Some("no".to_owned()));
        assert!(bad.rests(file, now.plus_seconds(RESTS - 1), due));
        assert!(!bad.rests(file, now.plus_seconds(RESTS), due));
    }
}
