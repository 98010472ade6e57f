//! Which files are meant.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use walkdir::{DirEntry, WalkDir};

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
            all.extend(in_folder(&walk(path)));
        } else {
            all.push(Item { path: path.clone(), signature: None });
        }
    }
    if all.is_empty() {
        return Err(Wrong("there are no files in what is named".to_owned()));
    }
    Ok(all)
}

/// What cannot be read is found as well: it is reported among the others.
fn walk(folder: &Path) -> BTreeSet<PathBuf> {
    let shown = |entry: &DirEntry| entry.depth() == 0 || !is_hidden(entry);
    let all = WalkDir::new(folder).into_iter().filter_entry(shown);
    let found = all.filter_map(|entry| match entry {
        Ok(entry) => entry.path().is_file().then(|| entry.into_path()),
        Err(error) => error.path().map(Path::to_owned),
    });
    found.collect()
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().to_string_lossy().starts_with('.')
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
