//! ListEventSourceMappings: filters and pages.

use super::{ApiError, MappingView};
use serde::{Deserialize, Serialize};

/// The query of ListEventSourceMappings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListMappings {
    /// Only mappings of this MSK cluster.
    pub event_source_arn: Option<String>,
    /// Only mappings of this function, in any form of its name.
    pub function_name: Option<String>,
    /// Where the page before ended.
    pub marker: Option<String>,
    /// 1 to 10,000; a page has 100 at most.
    pub max_items: Option<i32>,
}

/// One page of mappings.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct MappingsPage {
    /// The mappings.
    pub event_source_mappings: Vec<MappingView>,
    /// Present when there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_marker: Option<String>,
}

impl ListMappings {
    /// The page that the query asks for, out of all mappings in the order of their serial numbers. A mapping's serial number is
    /// higher than that of every mapping created before it.
    ///
    /// # Errors
    /// [`ApiError`] for members out of their bounds, and for a marker that no page gave.
    pub fn page(
        &self,
        mappings: impl IntoIterator<Item = (u64, MappingView)>,
    ) -> Result<MappingsPage, ApiError> {
        let _ = mappings;
        todo!("lambda")
    }
}
