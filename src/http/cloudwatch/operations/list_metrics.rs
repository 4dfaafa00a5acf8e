//! ListMetrics: the metrics that there are.

use super::{Scene, dimensions_shown};
use crate::http::cloudwatch::error::CloudWatchError;
use crate::http::cloudwatch::value::{Input, Value, structure};
use esmeralda_esm::cloudwatch::{Dimension, MetricId};

/// Source: the API reference, as the next two.
const PAGE: usize = 500;

/// A metric is listed for two weeks after its last sample.
const LISTED_MS: i64 = 14 * 24 * 3_600_000;

/// The only value of `RecentlyActive`: metrics with samples in the last three hours.
const RECENT: (&str, i64) = ("PT3H", 3 * 3_600_000);

pub(super) fn list_metrics(input: &Input<'_>, scene: Scene<'_>) -> Result<Value, CloudWatchError> {
    let (namespace, name) = (input.text("Namespace")?, input.text("MetricName")?);
    let filters = input.structures("Dimensions")?;
    let filters = filters
        .iter()
        .map(|filter| Ok((filter.required_text("Name")?, filter.text("Value")?)))
        .collect::<Result<Vec<_>, CloudWatchError>>()?;
    if input.boolean("IncludeLinkedAccounts")? == Some(true) || input.has("OwningAccount") {
        let instead = "there is one account";
        return Err(CloudWatchError::not_built(
            "IncludeLinkedAccounts or OwningAccount",
            instead,
        ));
    }
    let listed_ms = match input.text("RecentlyActive")? {
        None => LISTED_MS,
        Some(recent) if recent == RECENT.0 => RECENT.1,
        Some(other) => {
            return Err(CloudWatchError::invalid(format!(
                "The value {other} for parameter RecentlyActive is not supported: must be {}.",
                RECENT.0
            )));
        }
    };
    let after = input.text("NextToken")?.map(read_token).transpose()?;
    let has = |dimensions: &[Dimension], (name, value): &(&str, Option<&str>)| {
        let mut named = dimensions.iter().filter(|dimension| dimension.name == *name);
        named.any(|dimension| value.is_none_or(|value| dimension.value == value))
    };
    // One more than a page, to see whether there is another.
    let mut metrics = scene.store.list(after.as_ref(), PAGE + 1, |id, end| {
        end.start_ms() > scene.now_ms - listed_ms
            && namespace.is_none_or(|namespace| id.namespace == namespace)
            && name.is_none_or(|name| id.name == name)
            && filters.iter().all(|filter| has(&id.dimensions, filter))
    });
    let has_more = metrics.len() > PAGE;
    metrics.truncate(PAGE);
    let next = match metrics.last() {
        Some(last) if has_more => Value::Text(write_token(last)),
        _ => Value::Null,
    };
    let shown = metrics.iter().map(|id| {
        structure([
            ("Namespace", id.namespace.as_ref().into()),
            ("MetricName", id.name.as_ref().into()),
            ("Dimensions", dimensions_shown(id)),
        ])
    });
    Ok(structure([("Metrics", shown.collect()), ("NextToken", next)]))
}

/// A token is the last metric of a page, so that pages do not shift when metrics come and go.
fn write_token(id: &MetricId) -> String {
    let dimensions = id
        .dimensions
        .iter()
        .flat_map(|dimension| [&dimension.name, &dimension.value]);
    let parts: Vec<&str> = [&id.namespace, &id.name]
        .into_iter()
        .chain(dimensions)
        .map(AsRef::as_ref)
        .collect();
    base64_simd::STANDARD.encode_to_string(serde_json::to_vec(&parts).unwrap_or_default())
}

fn read_token(token: &str) -> Result<MetricId, CloudWatchError> {
    let bytes = base64_simd::STANDARD.decode_to_vec(token).ok();
    let parts: Option<Vec<String>> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    match parts.unwrap_or_default().as_slice() {
        [namespace, name, dimensions @ ..] if dimensions.len() % 2 == 0 => {
            let dimensions = dimensions.chunks(2).map(|pair| Dimension {
                name: pair[0].clone().into(),
                value: pair[1].clone().into(),
            });
            Ok(MetricId::new(
                namespace.clone(),
                name.clone(),
                dimensions.collect(),
            ))
        }
        _ => Err(CloudWatchError::next_token()),
    }
}
