//! Writing files. One is there as a whole or not at all.

use std::{
    fs::File,
    io::{self, Read, Seek, Write},
    os::unix::fs::{MetadataExt, fchown},
    path::Path,
};

use super::Sealed;
use crate::domain::source::{Checksum, Source, for_each_chunk};

/// Writes a file as a whole, for the same eyes as another file, in the place of what is there.
///
/// # Errors
/// The medium fails; what was there before is there still.
pub fn write(target: &Path, content: &mut dyn Read, like: &Path) -> io::Result<()> {
    replace(target, like, |mut file| io::copy(content, &mut file).map(drop))
}

/// Writes a sealed file. The original is copied by its range, which file systems that share blocks
/// between files do without copying; then what was written is compared with what was sealed.
///
/// # Errors
/// As for [`write()`], or the original is not what it was.
pub fn write_sealed(target: &Path, sealed: &Sealed, like: &Path) -> io::Result<()> {
    let (Source::File(original, size), true) = (&sealed.received.source, sealed.dropped.is_empty())
    else {
        return write(target, &mut sealed.clone().into_reader(), like);
    };
    replace(target, like, |mut file| {
        let mut original = original.as_ref();
        original.rewind()?;
        io::copy(&mut original.take(*size), &mut file)?;
        file.write_all(&sealed.tail)?;
        let mut written = Checksum::default();
        for_each_chunk(&Source::file(file.try_clone()?)?, 0, *size, |c| written.update(c))?;
        written.compare(sealed.received.checksum())
    })
}

fn replace(
    target: &Path,
    like: &Path,
    fill: impl FnOnce(&File) -> io::Result<()>,
) -> io::Result<()> {
    let folder = target.parent().filter(|parent| !parent.as_os_str().is_empty());
    let file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    fill(file.as_file())?;
    file.as_file().sync_all()?;
    // Temporary files are for their owner alone; who may read the document may read what comes of it.
    let like_it = std::fs::metadata(like)?;
    let given = fchown(file.as_file(), Some(like_it.uid()), Some(like_it.gid()));
    // What is replaced keeps its owner; a file beside belongs to whoever writes it.
    if target == like {
        given?;
    }
    file.as_file().set_permissions(like_it.permissions())?;
    file.persist(target)?;
    Ok(())
}
