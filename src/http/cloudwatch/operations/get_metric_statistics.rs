//! GetMetricStatistics: the statistics of one metric.

use super::{dimensions, interval, metric_id, of_unit, period, statistic, time};
use crate::http::cloudwatch::error::CloudWatchError;
use crate::http::cloudwatch::value::{Input, Value, structure};
use esmeralda_esm::cloudwatch::{Datapoint, MetricStore, Statistic};

/// Source: the API reference.
const MAX_DATAPOINTS: i64 = 1_440;

pub(super) fn get_metric_statistics(
    input: &Input<'_>,
    store: &MetricStore,
) -> Result<Value, CloudWatchError> {
    let id = metric_id(input)?;
    dimensions(input)?;
    let minutes = interval(input)?;
    let period = period(input)?;
    let statistics = statistics(input)?;
    let length = minutes.end.0 - minutes.start.0;
    let asked = length.div_euclid(period) + i64::from(length % period > 0);
    if asked > MAX_DATAPOINTS {
        return Err(CloudWatchError::combination(format!(
            "You have requested up to {asked} datapoints, which exceeds the limit of {MAX_DATAPOINTS}. You may reduce the \
             datapoints requested by increasing Period, or decreasing the time range."
        )));
    }
    let datapoints = of_unit(store.datapoints(&id, minutes, period), input.text("Unit")?);
    let datapoints = datapoints.iter().map(|datapoint| shown(datapoint, &statistics));
    Ok(structure([
        ("Label", id.name.as_ref().into()),
        ("Datapoints", Value::List(datapoints.collect())),
    ]))
}

fn statistics(input: &Input<'_>) -> Result<Vec<Statistic>, CloudWatchError> {
    let extended = input.texts("ExtendedStatistics")?;
    if let Some(name) = extended.first() {
        statistic(name, "ExtendedStatistics")?;
    }
    let names = input.texts("Statistics")?;
    if names.is_empty() {
        return Err(CloudWatchError::combination(
            "At least one of the parameters Statistics and ExtendedStatistics must be specified.",
        ));
    }
    if names.len() > Statistic::ALL.len() {
        return Err(CloudWatchError::invalid(format!(
            "The parameter Statistics has {} statistics; at most {} are allowed.",
            names.len(),
            Statistic::ALL.len()
        )));
    }
    names
        .into_iter()
        .map(|name| statistic(name, "Statistics"))
        .collect()
}

fn shown(datapoint: &Datapoint, statistics: &[Statistic]) -> Value {
    let mut members = vec![("Timestamp".to_owned(), time(datapoint.start))];
    members.extend(statistics.iter().map(|statistic| {
        let value = datapoint.samples.statistic(*statistic);
        (statistic.name().to_owned(), Value::Double(value))
    }));
    members.push(("Unit".to_owned(), datapoint.unit.into()));
    Value::Structure(members)
}
