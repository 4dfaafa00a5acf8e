//! ListFunctions: its query and its pages.

use super::model;
use crate::config::{ApiError, check};
use serde::Deserialize;
use serde_json::{Value, json};

/// The most functions of a page, even if `MaxItems` is higher. Source: Lambda API reference, ListFunctions.
const MAX_PAGE: usize = 50;

/// The query of ListFunctions.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListFunctions {
    /// `MasterRegion`, which is Lambda@Edge's.
    pub master_region: Option<String>,
    /// `FunctionVersion`: `ALL` lists versions too, of which there is one for each function.
    pub function_version: Option<String>,
    /// `Marker`: the end of the page before.
    pub marker: Option<String>,
    /// `MaxItems`: 1 to 10,000, but a page has 50 at most.
    pub max_items: Option<i32>,
}

impl ListFunctions {
    /// Returns the page that the query asks for, out of all functions in the order of their names.
    ///
    /// # Errors
    /// [`ApiError`] for members out of their bounds, and for a member that is not built.
    pub(super) fn page<'a, F: FnOnce() -> Value>(
        &self,
        functions: impl Iterator<Item = (&'a str, F)>,
    ) -> Result<Value, ApiError> {
        if self.master_region.is_some() {
            return Err(ApiError::invalid_parameter(
                "MasterRegion is not supported by Esmeralda: no function is replicated.",
            ));
        }
        if let Some(version) = &self.function_version {
            check(
                &model::FUNCTION_VERSION,
                version.as_str().into(),
                "functionVersion",
            )?;
        }
        if let Some(max_items) = self.max_items {
            check(&model::MAX_ITEMS, max_items.into(), "maxItems")?;
        }
        let max_items = self
            .max_items
            .map_or(MAX_PAGE, |items| items as usize)
            .min(MAX_PAGE);
        // The marker is the last name that was shown, so that pages do not shift when functions come and go.
        let is_after = |name: &str| self.marker.as_deref().is_none_or(|marker| name > marker);
        let mut listed = functions.filter(|(name, _)| is_after(name)).peekable();
        let (mut page, mut last) = (Vec::new(), None);
        for (name, show) in listed.by_ref().take(max_items) {
            page.push(show());
            last = Some(name);
        }
        let mut answer = json!({ "Functions": page });
        // SDKs ask on while there is a marker, so the last page must not have one.
        if listed.peek().is_some() {
            answer["NextMarker"] = last.into();
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(query: &ListFunctions, count: usize) -> (Vec<String>, Value) {
        let names: Vec<String> = (0..count).map(|number| format!("f{number:03}")).collect();
        let functions = names.iter().map(|name| (name.as_str(), move || json!(name)));
        let mut answer = query.page(functions).unwrap();
        let shown = serde_json::from_value(answer["Functions"].take()).unwrap();
        (shown, answer["NextMarker"].take())
    }

    #[test]
    fn pages_have_fifty_functions_and_end_without_a_marker() {
        let (first, marker) = page(&ListFunctions::default(), 70);
        assert_eq!((first.len(), marker.as_str()), (50, Some("f049")));
        let rest = ListFunctions {
            marker: Some("f049".to_owned()),
            max_items: Some(20),
            ..ListFunctions::default()
        };
        let (second, marker) = page(&rest, 70);
        assert_eq!(
            (second.len(), second[0].as_str(), marker),
            (20, "f050", Value::Null)
        );
    }

    #[test]
    fn what_does_not_exist_is_refused() {
        let region = ListFunctions {
            master_region: Some("us-east-1".to_owned()),
            ..ListFunctions::default()
        };
        let version = ListFunctions {
            function_version: Some("SOME".to_owned()),
            ..ListFunctions::default()
        };
        let items = ListFunctions {
            max_items: Some(0),
            ..ListFunctions::default()
        };
        for query in [region, version, items] {
            let refused = query.page(std::iter::empty::<(&str, fn() -> Value)>());
            assert_eq!(refused.unwrap_err().status, 400);
        }
    }
}
