//! The definitions of an engine's mappings. A definition is checked beside the others and takes its place in one step, so that two
//! changes at once do not both pass a check that only one of them may pass.

use crate::config::{ApiError, MappingDefinition};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The definitions of all mappings of an engine, by time of creation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Definitions {
    // Locked for one look or change, never across an await.
    all: Arc<Mutex<Vec<Arc<MappingDefinition>>>>,
}

/// The place of one mapping among the definitions. Dropping it removes the definition.
#[derive(Debug)]
pub(crate) struct DefinitionPlace {
    definitions: Definitions,
    definition: Arc<MappingDefinition>,
}

impl Definitions {
    /// Adds the definition of a new mapping.
    ///
    /// # Errors
    /// [`ApiError`] if it may not exist beside the others.
    pub(crate) fn add(&self, definition: MappingDefinition) -> Result<DefinitionPlace, ApiError> {
        let definition = Arc::new(definition);
        let mut all = self.lock();
        check_beside(&definition, &all)?;
        all.push(Arc::clone(&definition));
        Ok(DefinitionPlace {
            definitions: self.clone(),
            definition,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<MappingDefinition>>> {
        // Each change is one insertion, replacement or removal, so a panic of another holder leaves nothing half done.
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DefinitionPlace {
    /// Returns the definition in this place.
    pub(crate) fn definition(&self) -> &Arc<MappingDefinition> {
        &self.definition
    }

    /// Replaces the definition.
    ///
    /// # Errors
    /// [`ApiError`] if the new one may not exist beside the others; then the old one stays.
    pub(crate) fn replace(&mut self, definition: MappingDefinition) -> Result<(), ApiError> {
        let definition = Arc::new(definition);
        let mut all = self.definitions.lock();
        check_beside(&definition, &all)?;
        for place in all.iter_mut().filter(|other| other.uuid == definition.uuid) {
            *place = Arc::clone(&definition);
        }
        self.definition = definition;
        Ok(())
    }
}

impl Drop for DefinitionPlace {
    fn drop(&mut self) {
        let uuid = &self.definition.uuid;
        self.definitions.lock().retain(|other| other.uuid != *uuid);
    }
}

/// Checks that a definition may exist beside those of the other mappings; `all` may have an older one of the same mapping.
fn check_beside(definition: &MappingDefinition, all: &[Arc<MappingDefinition>]) -> Result<(), ApiError> {
    let others = || all.iter().filter(move |other| other.uuid != definition.uuid);
    for other in others() {
        definition.check_conflict(other)?;
    }
    definition.check_poller_group(others().map(|other| &**other))
}
