//! The schemas that are known, and where others are looked up.

use super::remote::{Lookup, RemoteRegistry};
use crate::schema::{RegistryLocation, SchemaRegistry};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The most schemas that are kept of other registries. A topic has few; more means that ids are random bytes.
const MAX_KNOWN: usize = 10_000;

/// The schemas of the registries of all mappings. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalog {
    embedded: SchemaRegistry,
    // Locked for one look or insertion, never across an await.
    known: Arc<Mutex<HashMap<(String, i32), Lookup>>>,
}

impl Catalog {
    /// Returns a catalog in which `embedded` is the registry of this process.
    pub(crate) fn new(embedded: SchemaRegistry) -> Self {
        Self {
            embedded,
            known: Arc::default(),
        }
    }

    /// Returns what is known of an id; `None` if it has to be looked up.
    pub(crate) fn known(&self, location: &RegistryLocation, id: i32) -> Option<Lookup> {
        match location {
            RegistryLocation::Embedded => Some(match self.embedded.schema(id) {
                Ok(stored) => Lookup::Found(Arc::clone(stored.parsed())),
                Err(_) => Lookup::Missing,
            }),
            RegistryLocation::Url(url) => {
                let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
                known.get(&(url.clone(), id)).cloned()
            }
        }
    }

    /// Looks up an id and keeps the answer.
    ///
    /// # Errors
    /// The reason why the registry has not answered; nothing is known then.
    pub(crate) async fn look_up(&self, location: &RegistryLocation, id: i32) -> Result<(), String> {
        let RegistryLocation::Url(url) = location else {
            return Ok(());
        };
        let registry = RemoteRegistry::new(url).map_err(|error| error.to_string())?;
        let found = registry.schema(id).await.map_err(|error| error.to_string())?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_KNOWN {
            known.clear();
        }
        known.insert((url.clone(), id), found);
        Ok(())
    }

    /// Forgets that ids are missing, so that they are looked up again.
    pub(crate) fn forget_missing(&self) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, lookup| !matches!(lookup, Lookup::Missing));
    }
}
