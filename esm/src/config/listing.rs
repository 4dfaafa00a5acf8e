//! ListEventSourceMappings: filters and pages.

use super::function_name::FunctionName;
use super::{ApiError, MappingView, constraint, model};
use base64_simd::STANDARD as BASE64;
use serde::{Deserialize, Serialize};

/// The most mappings of a page, even if `MaxItems` is higher. Source: Lambda API reference, `MaxItems`.
const MAX_PAGE: usize = 100;

/// The query of ListEventSourceMappings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListMappings {
    /// `EventSourceArn`: only mappings of this MSK cluster.
    pub event_source_arn: Option<String>,
    /// `FunctionName`: only mappings of this function, in any form of its name.
    pub function_name: Option<String>,
    /// `Marker`: the end of the page before.
    pub marker: Option<String>,
    /// `MaxItems`: 1 to 10,000, but a page has 100 at most.
    pub max_items: Option<i32>,
}

/// One page of mappings.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct MappingsPage {
    /// The mappings.
    pub event_source_mappings: Vec<MappingView>,
    /// The marker for the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_marker: Option<String>,
}

impl ListMappings {
    /// Returns the page that the query asks for, out of all mappings in the order of their serial numbers. A mapping's serial number is
    /// higher than that of every mapping created before it.
    ///
    /// # Errors
    /// [`ApiError`] for members out of their bounds, and for a malformed marker.
    pub fn page(
        &self,
        mappings: impl IntoIterator<Item = (u64, MappingView)>,
    ) -> Result<MappingsPage, ApiError> {
        if let Some(arn) = &self.event_source_arn {
            constraint::check(model::EVENT_SOURCE_ARN, arn.as_str().into(), "eventSourceArn")?;
        }
        let function = self
            .function_name
            .as_deref()
            .map(FunctionName::parse)
            .transpose()?;
        let max_items = self.max_items.unwrap_or(i32::MAX);
        if self.max_items.is_some() {
            constraint::check(&model::MAX_ITEMS, max_items.into(), "maxItems")?;
        }
        let last_shown = self.marker.as_deref().map(read_marker).transpose()?;

        let mut listed = mappings
            .into_iter()
            .filter(|(serial, _)| last_shown.is_none_or(|last_shown| *serial > last_shown))
            .filter(|(_, view)| {
                self.event_source_arn
                    .as_deref()
                    .is_none_or(|arn| view.text("EventSourceArn") == arn)
            })
            .filter(|(_, view)| {
                function
                    .as_ref()
                    .is_none_or(|function| function.names(view.text("FunctionArn")))
            })
            .peekable();
        let mut page = MappingsPage {
            event_source_mappings: Vec::new(),
            next_marker: None,
        };
        let page_length = usize::try_from(max_items).unwrap_or(MAX_PAGE).min(MAX_PAGE);
        for (serial, view) in listed.by_ref().take(page_length) {
            page.event_source_mappings.push(view);
            page.next_marker = Some(write_marker(serial));
        }
        // SDKs ask on while there is a marker, so the last page must not have one.
        if listed.peek().is_none() {
            page.next_marker = None;
        }
        Ok(page)
    }
}

/// Returns the marker of a page, opaque to clients: it holds the serial number of the last mapping, not a position, so that pages do not
/// shift when mappings come and go.
fn write_marker(serial: u64) -> String {
    BASE64.encode_to_string(serial.to_string())
}

fn read_marker(marker: &str) -> Result<u64, ApiError> {
    let serial = BASE64
        .decode_to_vec(marker)
        .ok()
        .and_then(|text| String::from_utf8(text).ok()?.parse().ok());
    serial.ok_or_else(|| {
        ApiError::invalid_parameter(format!(
            "Marker '{marker}' is not one that ListEventSourceMappings returned."
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn mappings(count: u64) -> Vec<(u64, MappingView)> {
        let view = |serial: u64| {
            let mut view = json!({
                "UUID": serial.to_string(),
                "FunctionArn": format!("arn:aws:lambda:us-east-1:000000000000:function:f{}", serial % 2),
            });
            if serial.is_multiple_of(3) {
                view["EventSourceArn"] = "arn:aws:kafka:us-east-1:000000000000:cluster/c/u".into();
            }
            let serde_json::Value::Object(view) = view else {
                unreachable!("an object was written")
            };
            (serial, MappingView(view))
        };
        (0..count).map(view).collect()
    }

    fn uuids(page: &MappingsPage) -> Vec<&str> {
        page.event_source_mappings.iter().map(MappingView::uuid).collect()
    }

    #[test]
    fn pages_hold_what_is_asked_for_and_the_last_has_no_marker() {
        let mut query = ListMappings {
            max_items: Some(2),
            ..ListMappings::default()
        };
        let first = query.page(mappings(4)).unwrap();
        assert_eq!(uuids(&first), ["0", "1"]);
        query.marker = first.next_marker;
        let second = query.page(mappings(4)).unwrap();
        assert_eq!(
            (uuids(&second), second.next_marker.clone()),
            (vec!["2", "3"], None)
        );
    }

    #[test]
    fn a_page_goes_on_where_the_one_before_ended_though_its_last_mapping_is_gone() {
        let mut query = ListMappings {
            max_items: Some(2),
            ..ListMappings::default()
        };
        query.marker = query.page(mappings(4)).unwrap().next_marker;
        let left: Vec<_> = mappings(4)
            .into_iter()
            .filter(|(serial, _)| *serial != 1)
            .collect();
        assert_eq!(uuids(&query.page(left).unwrap()), ["2", "3"]);
    }

    #[test]
    fn a_page_has_100_at_most() {
        for max_items in [None, Some(10_000)] {
            let query = ListMappings {
                max_items,
                ..ListMappings::default()
            };
            let page = query.page(mappings(101)).unwrap();
            assert_eq!(page.event_source_mappings.len(), 100);
            assert!(page.next_marker.is_some());
        }
    }

    #[test]
    fn filters_are_by_function_in_any_form_and_by_cluster() {
        for name in ["f1", "function:f1", "000000000000:function:f1"] {
            let query = ListMappings {
                function_name: Some(name.into()),
                ..ListMappings::default()
            };
            assert_eq!(uuids(&query.page(mappings(4)).unwrap()), ["1", "3"], "{name}");
        }
        let query = ListMappings {
            event_source_arn: Some("arn:aws:kafka:us-east-1:000000000000:cluster/c/u".into()),
            ..ListMappings::default()
        };
        assert_eq!(uuids(&query.page(mappings(5)).unwrap()), ["0", "3"]);
    }

    #[test]
    fn bad_queries_are_refused() {
        let refused = |query: ListMappings| query.page(mappings(1)).unwrap_err().message;
        assert_eq!(
            refused(ListMappings {
                max_items: Some(0),
                ..ListMappings::default()
            }),
            "1 validation error detected: Value '0' at 'maxItems' failed to satisfy constraint: Member must have value \
             greater than or equal to 1"
        );
        assert_eq!(
            refused(ListMappings {
                max_items: Some(10_001),
                ..ListMappings::default()
            }),
            "1 validation error detected: Value '10001' at 'maxItems' failed to satisfy constraint: Member must have value \
             less than or equal to 10000"
        );
        assert_eq!(
            refused(ListMappings {
                marker: Some("?".into()),
                ..ListMappings::default()
            }),
            "Marker '?' is not one that ListEventSourceMappings returned."
        );
        assert!(
            refused(ListMappings {
                event_source_arn: Some("x".into()),
                ..ListMappings::default()
            })
            .starts_with(
                "1 validation error detected: Value 'x' at 'eventSourceArn' failed to satisfy constraint: "
            )
        );
    }
}
