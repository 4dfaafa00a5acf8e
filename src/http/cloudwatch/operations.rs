//! The operations of the CloudWatch API, without their protocols. Source: CloudWatch API reference.

mod get_metric_data;
mod get_metric_statistics;
mod list_metrics;
mod put_metric_data;
#[cfg(test)]
mod tests;

use super::error::CloudWatchError;
use super::value::{Input, Value, structure};
use esmeralda_esm::cloudwatch::{Datapoint, Dimension, MetricId, MetricStore, Minute, Statistic};
use std::ops::Range;

/// Milliseconds of a minute, the shortest period.
const MINUTE_MS: i64 = 60_000;

/// Source: `Dimensions` of the model.
const MAX_DIMENSIONS: usize = 30;

/// The store, and the time of the engine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scene<'a> {
    pub(super) store: &'a MetricStore,
    pub(super) now_ms: i64,
}

/// Carries out an operation. The result is null if it has none.
pub(super) fn carry_out(operation: &str, input: &Value, scene: Scene<'_>) -> Result<Value, CloudWatchError> {
    let input = Input::new(input);
    match operation {
        "GetMetricData" => get_metric_data::get_metric_data(&input, scene.store),
        "GetMetricStatistics" => get_metric_statistics::get_metric_statistics(&input, scene.store),
        "ListMetrics" => list_metrics::list_metrics(&input, scene),
        "PutMetricData" => put_metric_data::put_metric_data(&input, scene),
        other => Err(CloudWatchError::unknown_operation(other)),
    }
}

/// Reads the id of a metric: `Namespace`, `MetricName` and `Dimensions`.
fn metric_id(input: &Input<'_>) -> Result<MetricId, CloudWatchError> {
    let namespace = input.required_text("Namespace")?.to_owned();
    let name = input.required_text("MetricName")?.to_owned();
    Ok(MetricId::new(namespace, name, dimensions(input)?))
}

fn dimensions(input: &Input<'_>) -> Result<Vec<Dimension>, CloudWatchError> {
    let dimensions = input.structures("Dimensions")?;
    if dimensions.len() > MAX_DIMENSIONS {
        return Err(CloudWatchError::invalid(format!(
            "The parameter {} has {} dimensions; at most {MAX_DIMENSIONS} are allowed.",
            input.path("Dimensions"),
            dimensions.len()
        )));
    }
    let dimensions = dimensions.iter().map(|dimension| {
        Ok(Dimension {
            name: dimension.required_text("Name")?.to_owned().into(),
            value: dimension.required_text("Value")?.to_owned().into(),
        })
    });
    dimensions.collect()
}

fn dimensions_shown(id: &MetricId) -> Value {
    let dimensions = id.dimensions.iter().map(|dimension| {
        structure([
            ("Name", dimension.name.as_ref().into()),
            ("Value", dimension.value.as_ref().into()),
        ])
    });
    Value::List(dimensions.collect())
}

/// Reads a period, and returns it in minutes.
fn period(input: &Input<'_>) -> Result<i64, CloudWatchError> {
    let Some(period_s) = input.integer("Period")? else {
        return Err(CloudWatchError::missing(&input.path("Period")));
    };
    let path = input.path("Period");
    match period_s {
        1 | 5 | 10 | 20 | 30 => Err(CloudWatchError::not_built(
            &format!("{path} {period_s}"),
            "metrics are kept by minute, so use a multiple of 60",
        )),
        60.. if period_s % 60 == 0 => Ok(period_s / 60),
        _ => Err(CloudWatchError::invalid(format!(
            "The parameter {path} must be a multiple of 60, and not {period_s}."
        ))),
    }
}

/// Reads `StartTime`, inclusive and rounded down to a minute, and `EndTime`, exclusive.
fn interval(input: &Input<'_>) -> Result<Range<Minute>, CloudWatchError> {
    let (start_ms, end_ms) = (input.required_time("StartTime")?, input.required_time("EndTime")?);
    if start_ms >= end_ms {
        return Err(CloudWatchError::invalid(
            "The parameter StartTime must be less than the parameter EndTime.",
        ));
    }
    let end = Minute::of_ms(end_ms + MINUTE_MS - 1);
    Ok(Minute::of_ms(start_ms)..end)
}

fn statistic(name: &str, path: &str) -> Result<Statistic, CloudWatchError> {
    if let Some(statistic) = Statistic::named(name) {
        return Ok(statistic);
    }
    let is_extended = ["p", "tm", "wm", "tc", "ts", "PR", "TM", "WM", "TC", "TS"]
        .iter()
        .any(|prefix| {
            name.strip_prefix(prefix)
                .is_some_and(|rest| rest.starts_with(['(', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']))
        });
    let names = Statistic::ALL.map(Statistic::name).join(", ");
    if is_extended || name == "IQM" {
        let instead = format!("a minute has only its {names}");
        return Err(CloudWatchError::not_built(&format!("{path} {name}"), &instead));
    }
    Err(CloudWatchError::invalid(format!(
        "The value {name} for parameter {path} is not supported: must be one of {names}."
    )))
}

/// Keeps the datapoints of a unit; all if none is given.
fn of_unit(mut datapoints: Vec<Datapoint>, unit: Option<&str>) -> Vec<Datapoint> {
    if let Some(unit) = unit {
        datapoints.retain(|datapoint| datapoint.unit == unit);
    }
    datapoints
}

fn time(minute: Minute) -> Value {
    Value::Time(minute.start_ms() as f64 / 1_000.0)
}
