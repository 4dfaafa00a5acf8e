//! GetMetricData: the values of several metrics, a page at a time.

use super::{interval, metric_id, of_unit, period, statistic, time};
use crate::http::cloudwatch::error::CloudWatchError;
use crate::http::cloudwatch::value::{Input, Value, structure};
use esmeralda_esm::cloudwatch::{Datapoint, MetricStore, Minute};
use std::collections::BTreeSet;
use std::ops::Range;

/// Source: the API reference, as the next.
const MAX_QUERIES: usize = 500;

/// The most datapoints of a page, and their number by default.
const MAX_DATAPOINTS: i64 = 100_800;

/// A query's result.
struct QueryResult {
    id: String,
    label: String,
    /// Start and value, in the order that was asked for.
    points: Vec<(Minute, f64)>,
}

pub(super) fn get_metric_data(input: &Input<'_>, store: &MetricStore) -> Result<Value, CloudWatchError> {
    let queries = input.structures("MetricDataQueries")?;
    if queries.is_empty() {
        return Err(CloudWatchError::missing("MetricDataQueries"));
    }
    if queries.len() > MAX_QUERIES {
        return Err(CloudWatchError::invalid(format!(
            "The parameter MetricDataQueries has {} queries; at most {MAX_QUERIES} are allowed.",
            queries.len()
        )));
    }
    let minutes = interval(input)?;
    let descending = match input.text("ScanBy")? {
        None | Some("TimestampDescending") => true,
        Some("TimestampAscending") => false,
        Some(other) => {
            return Err(CloudWatchError::invalid(format!(
                "The value {other} for parameter ScanBy is not supported: must be TimestampDescending or TimestampAscending."
            )));
        }
    };
    let limit = input.integer("MaxDatapoints")?.unwrap_or(MAX_DATAPOINTS);
    if !(1..=MAX_DATAPOINTS).contains(&limit) {
        return Err(CloudWatchError::invalid(format!(
            "The parameter MaxDatapoints must be from 1 to {MAX_DATAPOINTS}, and not {limit}."
        )));
    }
    let mut ids = BTreeSet::new();
    let mut results = Vec::new();
    for query in &queries {
        let (result, is_returned) = run(query, store, &minutes, descending)?;
        if !ids.insert(result.id.clone()) {
            return Err(CloudWatchError::invalid(format!(
                "The value {} for parameter {} is not unique within the request.",
                result.id,
                query.path("Id")
            )));
        }
        if is_returned {
            results.push(result);
        }
    }
    page(results, input.text("NextToken")?, limit as usize)
}

/// Returns the result of one query, and whether it is to be returned.
fn run(
    query: &Input<'_>,
    store: &MetricStore,
    minutes: &Range<Minute>,
    descending: bool,
) -> Result<(QueryResult, bool), CloudWatchError> {
    let id = query.required_text("Id")?;
    let mut characters = id.chars();
    let is_valid = characters.next().is_some_and(|first| first.is_ascii_lowercase())
        && characters.all(|character| character.is_ascii_alphanumeric() || character == '_');
    if !is_valid {
        return Err(CloudWatchError::invalid(format!(
            "The value {id} for parameter {} is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.",
            query.path("Id")
        )));
    }
    for (member, instead) in [
        ("Expression", "ask for a MetricStat, and compute from its values"),
        ("AccountId", "there is one account"),
    ] {
        if query.has(member) {
            return Err(CloudWatchError::not_built(&query.path(member), instead));
        }
    }
    let metric_stat = query.required_structure("MetricStat")?;
    let metric = metric_id(&metric_stat.required_structure("Metric")?)?;
    let period = period(&metric_stat)?;
    let statistic = statistic(metric_stat.required_text("Stat")?, &metric_stat.path("Stat"))?;
    let label = query.text("Label")?.unwrap_or(&metric.name).to_owned();
    if label.contains("${") {
        let instead = "give a label without expressions";
        return Err(CloudWatchError::not_built(
            &format!("{} {label}", query.path("Label")),
            instead,
        ));
    }
    let datapoints = store.datapoints(&metric, minutes.clone(), period);
    let mut points: Vec<(Minute, f64)> = by_time(&of_unit(datapoints, metric_stat.text("Unit")?))
        .into_iter()
        .map(|datapoint| (datapoint.start, datapoint.samples.statistic(statistic)))
        .collect();
    if descending {
        points.reverse();
    }
    let result = QueryResult {
        id: id.to_owned(),
        label,
        points,
    };
    Ok((result, query.boolean("ReturnData")?.unwrap_or(true)))
}

/// Joins the datapoints of one time, which have different units.
fn by_time(datapoints: &[Datapoint]) -> Vec<Datapoint> {
    let mut joined: Vec<Datapoint> = Vec::with_capacity(datapoints.len());
    for datapoint in datapoints {
        match joined.last_mut().filter(|last| last.start == datapoint.start) {
            Some(last) => last.samples = last.samples.with(datapoint.samples),
            None => joined.push(*datapoint),
        }
    }
    joined
}

/// Returns the results with up to `limit` datapoints of all together, from those that `token` says were returned before.
fn page(results: Vec<QueryResult>, token: Option<&str>, limit: usize) -> Result<Value, CloudWatchError> {
    let total: usize = results.iter().map(|result| result.points.len()).sum();
    let begin = match token {
        None => 0,
        Some(token) => token
            .parse::<usize>()
            .ok()
            .filter(|begin| *begin < total)
            .ok_or_else(CloudWatchError::next_token)?,
    };
    let end = total.min(begin.saturating_add(limit));
    let mut place = 0;
    let mut shown = Vec::with_capacity(results.len());
    for result in results {
        let (first, last) = (place, place + result.points.len());
        place = last;
        let from = begin.clamp(first, last) - first;
        let to = end.clamp(first, last) - first;
        // On the pages after the first, queries that are complete have no more to say.
        if begin > 0 && from == to && last <= begin {
            continue;
        }
        let points = &result.points[from..to];
        let is_complete = first + to == last;
        shown.push(structure([
            ("Id", result.id.as_str().into()),
            ("Label", result.label.as_str().into()),
            (
                "Timestamps",
                points.iter().map(|(start, _)| time(*start)).collect(),
            ),
            (
                "Values",
                points.iter().map(|(_, value)| Value::Double(*value)).collect(),
            ),
            (
                "StatusCode",
                if is_complete { "Complete" } else { "PartialData" }.into(),
            ),
        ]));
    }
    let next = if end < total {
        Value::Text(end.to_string())
    } else {
        Value::Null
    };
    Ok(structure([
        ("MetricDataResults", Value::List(shown)),
        ("NextToken", next),
        ("Messages", Value::List(Vec::new())),
    ]))
}
