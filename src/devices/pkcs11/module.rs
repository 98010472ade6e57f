//! Loaded modules: `C_Initialize` is once per process and library, whoever uses it.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    error::{Error, RvError},
};

/// Library by path, with the count of tokens that use it.
static LOADED: Mutex<Option<HashMap<PathBuf, (Pkcs11, usize)>>> = Mutex::new(None);

/// One token's share of a loaded module.
pub(super) struct Module {
    path: PathBuf,
    context: Pkcs11,
}

impl Module {
    /// Loads and initialises the library, or joins those who did.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        let map = loaded.get_or_insert_default();
        if let Some((context, users)) = map.get_mut(path) {
            *users += 1;
            return Ok(Self { path: path.to_owned(), context: context.clone() });
        }
        let context = Pkcs11::new(path)?;
        initialize(&context)?;
        map.insert(path.to_owned(), (context.clone(), 1));
        Ok(Self { path: path.to_owned(), context })
    }

    /// The loaded library.
    pub(super) fn context(&self) -> &Pkcs11 {
        &self.context
    }

    /// Finalises and initialises the library again, so that it looks anew for its tokens. Not
    /// done where another token lives in the same library: its sessions would die.
    pub(super) fn restart(&self) -> Result<(), Error> {
        let loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        let users = loaded.as_ref().and_then(|map| map.get(&self.path)).map_or(0, |entry| entry.1);
        if users > 1 {
            return Ok(());
        }
        // A library that is not initialised any more is just what we want here.
        let _ = self.context.clone().finalize();
        initialize(&self.context)
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, users)) = loaded.as_mut().and_then(|map| map.get_mut(&self.path)) {
            *users = users.saturating_sub(1);
        }
    }
}

fn initialize(context: &Pkcs11) -> Result<(), Error> {
    match context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(()),
        other => other,
    }
}
