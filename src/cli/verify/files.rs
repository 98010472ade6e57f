//! Which files are meant.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::cli::exit::Wrong;

/// Endings of signatures that stand beside the file whose name they extend.
const BESIDE: [&str; 2] = ["p7s", "sig"];

/// A file, and its signature where that stands beside it in a folder.
pub(super) struct Item {
    pub(super) path: PathBuf,
    pub(super) signature: Option<PathBuf>,
}

/// The files that are named, and those in folders and below in order of their names; hidden ones and
/// links to folders are passed over.
pub(super) fn find(named: &[PathBuf]) -> Result<Vec<Item>, Wrong> {
    let mut all = Vec::new();
    for path in named {
        if path.is_dir() {
            let mut found = BTreeSet::new();
            walk(path, &mut found)?;
            all.extend(in_folder(&found));
        } else {
            all.push(Item { path: path.clone(), signature: None });
        }
    }
    if all.is_empty() {
        return Err(Wrong("there are no files in what is named".to_owned()));
    }
    Ok(all)
}

fn walk(folder: &Path, found: &mut BTreeSet<PathBuf>) -> Result<(), Wrong> {
    let wrong = |error: std::io::Error| Wrong(format!("{}: {error}", folder.display()));
    for entry in fs::read_dir(folder).map_err(wrong)? {
        let entry = entry.map_err(wrong)?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let kind = entry.file_type().map_err(wrong)?;
        if kind.is_dir() {
            // One that cannot be read is reported among the files, and keeps nobody from the others.
            if walk(&entry.path(), found).is_err() {
                found.insert(entry.path());
            }
        } else if kind.is_file() || entry.path().is_file() {
            found.insert(entry.path());
        }
    }
    Ok(())
}

fn in_folder(found: &BTreeSet<PathBuf>) -> Vec<Item> {
    let of = |signature: &Path| {
        let ending = signature.extension()?.to_str()?;
        let base = signature.with_extension("");
        (BESIDE.contains(&ending) && found.contains(&base)).then_some(base)
    };
    let signature_of = |path: &Path| {
        let name = |ending: &&str| PathBuf::from(format!("{}.{ending}", path.display()));
        BESIDE.iter().map(name).find(|beside| found.contains(beside))
    };
    let documents = found.iter().filter(|path| of(path).is_none());
    documents.map(|path| Item { path: path.clone(), signature: signature_of(path) }).collect()
}
