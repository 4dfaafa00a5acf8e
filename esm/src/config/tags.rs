//! Tags of mappings. A create gives them, TagResource and UntagResource change them, and only ListTags shows them.

use super::{ApiError, constraint, model};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The tags of a mapping, and the answer of ListTags.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tags {
    /// Values by key.
    #[serde(rename = "Tags")]
    by_key: BTreeMap<String, String>,
}

/// The body of TagResource.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct TagResource {
    /// Values by key.
    pub tags: Option<Map<String, Value>>,
}

impl Tags {
    /// Returns the value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.by_key.get(key).map(String::as_str)
    }

    /// Returns the tags in a map that was checked against the model.
    pub(crate) fn of(tags: Option<Value>) -> Self {
        let mut all = Self::default();
        if let Some(Value::Object(tags)) = tags {
            all.insert(tags);
        }
        all
    }

    /// Adds tags, and replaces those with the same keys.
    ///
    /// # Errors
    /// ValidationException for keys and values that the model does not allow.
    pub fn add(&mut self, request: TagResource) -> Result<(), ApiError> {
        let tags = request.tags.ok_or_else(|| {
            ApiError::validation(
                "1 validation error detected: Value null at 'tags' failed to satisfy constraint: Member must not be null",
            )
        })?;
        if let Value::Object(tags) = constraint::check(&model::TAGS, Value::Object(tags), "tags")? {
            self.insert(tags);
        }
        Ok(())
    }

    /// Removes tags. Keys without a tag are ignored.
    ///
    /// # Errors
    /// ValidationException for keys that the model does not allow.
    pub fn remove(&mut self, keys: &[String]) -> Result<(), ApiError> {
        constraint::check(&model::TAG_KEYS, keys.into(), "tagKeys")?;
        for key in keys {
            self.by_key.remove(key);
        }
        Ok(())
    }

    fn insert(&mut self, tags: Map<String, Value>) {
        let text = |value: Value| value.as_str().unwrap_or_default().to_owned();
        self.by_key
            .extend(tags.into_iter().map(|(key, value)| (key, text(value))));
    }
}

/// Returns the UUID in the ARN of a mapping, by which tag operations name it.
///
/// # Errors
/// ValidationException for a malformed ARN, 404 ResourceNotFoundException for other resources of Lambda, because none of them exist.
pub(crate) fn tagged_mapping(resource: &str) -> Result<&str, ApiError> {
    constraint::check(&model::TAGGABLE_RESOURCE, resource.into(), "resource")?;
    match resource.rsplit_once(":event-source-mapping:") {
        Some((_, uuid)) => Ok(uuid),
        None => Err(ApiError::not_found(format!(
            "Resource not found: {resource}. Only event source mappings have tags."
        ))),
    }
}

/// Returns the error for an ARN that no mapping has.
pub(crate) fn tagged_mapping_not_found(resource: &str) -> ApiError {
    ApiError::not_found(format!("Event source mapping not found: {resource}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn tag(tags: &mut Tags, body: Value) -> Result<(), ApiError> {
        tags.add(serde_json::from_value(body).unwrap())
    }

    #[test]
    fn tags_are_added_replaced_and_taken_away() {
        let mut tags = Tags::default();
        tag(&mut tags, json!({ "Tags": { "a": "1", "b": "2" } })).unwrap();
        tag(&mut tags, json!({ "Tags": { "b": "3" } })).unwrap();
        tags.remove(&["a".to_owned(), "none".to_owned()]).unwrap();
        assert_eq!(
            serde_json::to_value(&tags).unwrap(),
            json!({ "Tags": { "b": "3" } })
        );
    }

    #[test]
    fn what_the_model_does_not_allow_is_refused() {
        let mut tags = Tags::default();
        let error = tag(&mut tags, json!({})).unwrap_err();
        assert!(
            error.message.contains("Value null at 'tags'"),
            "{}",
            error.message
        );
        assert_eq!(
            tag(&mut tags, json!({ "Tags": { "a": "<" } })).unwrap_err().kind,
            "ValidationException"
        );
        assert_eq!(
            tags.remove(&["k".repeat(129)]).unwrap_err().kind,
            "ValidationException"
        );
        assert_eq!(tags, Tags::default());
    }

    #[test]
    fn a_mapping_is_named_by_its_arn() {
        let uuid = "6b9f5a3e-0c68-4a2b-9f0e-3f9b3a4c5d6e";
        let arn = format!("arn:aws:lambda:eu-west-1:000000000000:event-source-mapping:{uuid}");
        assert_eq!(tagged_mapping(&arn), Ok(uuid));
        let function = "arn:aws:lambda:eu-west-1:000000000000:function:f";
        assert_eq!(tagged_mapping(function).unwrap_err().status, 404);
        let error = tagged_mapping("nonsense").unwrap_err();
        assert_eq!(error.kind, "ValidationException");
        assert!(
            error.message.starts_with(
                "1 validation error detected: Value 'nonsense' at 'resource' failed to satisfy constraint: Member must satisfy \
                 regular expression pattern: arn:(aws[a-zA-Z-]*):lambda:"
            ),
            "{}",
            error.message
        );
    }
}
