//! Trust directories: whom to trust, by what for, and the revocation lists at hand.

use std::{
    fs,
    path::{Path, PathBuf},
};

use base64ct::{Base64, Encoding};

use super::StartError;
use crate::pki::{Certificate, TrustStore, revocation::Crl};

/// Roots in these folders stand above seals; those in the directory itself stand above everything. The
/// folders of classes of authorities (`CaClass`) hold roots above seals.
pub const SEALERS: &[&str] = &["", "seal", "e-government", "licensed", "internal"];
/// The folder for issuers of certificates of persons, who sign without an electronic seal.
pub const PERSONS: &[&str] = &["person"];
/// The folder for makers of seals 制章人: what stands here is trusted as such by name.
pub const MAKERS: &[&str] = &["maker"];
/// The folders for time-stamping authorities.
pub const AUTHORITIES: &[&str] = &["", "tsa"];

/// All folders of a trust directory.
const FOLDERS: [&str; 8] =
    ["", "seal", "person", "e-government", "licensed", "internal", "maker", "tsa"];

/// What stands in a trust directory.
#[derive(Debug, Default)]
pub struct TrustDirectory {
    roots: Vec<(&'static str, Certificate)>,
    /// The lists of all folders. They count wherever they tell of a certificate: they are evidence, and
    /// nobody is trusted for their sake.
    lists: Vec<Crl>,
}

impl TrustDirectory {
    /// Reads its folders as far as they exist: `*.pem` roots, and `*.crl` lists in DER or PEM.
    ///
    /// # Errors
    /// The directory, a folder or a file cannot be read.
    pub fn load(directory: &Path) -> Result<Self, StartError> {
        let mut all = Self::default();
        for name in FOLDERS {
            let folder = directory.join(name);
            if !name.is_empty() && !folder.is_dir() {
                continue;
            }
            let listing = fs::read_dir(&folder).map_err(|error| bad(&folder, &error))?;
            let mut paths: Vec<PathBuf> = listing.flatten().map(|entry| entry.path()).collect();
            paths.sort();
            for path in paths {
                match path.extension().and_then(|extension| extension.to_str()) {
                    Some("pem") => {
                        let text = fs::read_to_string(&path).map_err(|error| bad(&path, &error))?;
                        let roots = Certificate::from_pem(&text).map_err(|e| bad(&path, &e))?;
                        all.roots.extend(roots.into_iter().map(|root| (name, root)));
                    }
                    Some("crl") => {
                        let bytes = fs::read(&path).map_err(|error| bad(&path, &error))?;
                        let list = list(&bytes);
                        all.lists.push(list.ok_or_else(|| bad(&path, &"not a revocation list"))?);
                    }
                    _ => {}
                }
            }
        }
        Ok(all)
    }

    /// Reads one that may not have been named; then nothing stands in it.
    ///
    /// # Errors
    /// See [`Self::load`].
    pub fn load_named(directory: Option<&Path>) -> Result<Self, StartError> {
        directory.map(Self::load).transpose().map(Option::unwrap_or_default)
    }

    /// The roots in some folders.
    pub fn roots(&self, folders: &[&str]) -> Vec<Certificate> {
        let wanted = self.roots.iter().filter(|(folder, _)| folders.contains(folder));
        wanted.map(|(_, root)| root.clone()).collect()
    }

    /// The roots in some folders, with all lists.
    pub fn trust(&self, folders: &[&str]) -> TrustStore {
        TrustStore { roots: self.roots(folders), crls: self.lists.clone() }
    }
}

fn bad(path: &Path, what: &dyn std::fmt::Display) -> StartError {
    StartError::Trust(format!("{}: {what}", path.display()))
}

/// A revocation list in DER, or with PEM around it.
fn list(bytes: &[u8]) -> Option<Crl> {
    if !bytes.starts_with(b"-----BEGIN X509 CRL-----") {
        return Crl::from_der(bytes);
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let body: String =
        text.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
    Crl::from_der(&Base64::decode_vec(&body).ok()?)
}
