//! PutMetricData: samples of metrics of one's own.

use super::{MINUTE_MS, Scene, dimensions};
use crate::http::cloudwatch::error::CloudWatchError;
use crate::http::cloudwatch::value::{Input, Value};
use esmeralda_esm::cloudwatch::{MetricId, Minute, SampleSet};

/// Source: the API reference, as the limits below.
const MAX_DATA: usize = 1_000;

const MAX_VALUES: usize = 150;

/// How old a sample may be, and how far in the future.
const OLDEST_MS: i64 = 14 * 24 * 60 * MINUTE_MS;
const NEWEST_MS: i64 = 2 * 60 * MINUTE_MS;

/// The units of the model.
const UNITS: [&str; 27] = [
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
    "Percent",
    "Count",
    "Bytes/Second",
    "Kilobytes/Second",
    "Megabytes/Second",
    "Gigabytes/Second",
    "Terabytes/Second",
    "Bits/Second",
    "Kilobits/Second",
    "Megabits/Second",
    "Gigabits/Second",
    "Terabits/Second",
    "Count/Second",
    "None",
];

/// A sample that has been checked.
struct Datum {
    id: MetricId,
    unit: &'static str,
    minute: Minute,
    samples: SampleSet,
}

pub(super) fn put_metric_data(input: &Input<'_>, scene: Scene<'_>) -> Result<Value, CloudWatchError> {
    let namespace = input.required_text("Namespace")?;
    if namespace.starts_with("AWS/") {
        return Err(CloudWatchError::invalid(format!(
            "The value {namespace} for parameter Namespace is invalid: it must not begin with AWS/."
        )));
    }
    if input.has("EntityMetricData") {
        return Err(CloudWatchError::not_built("EntityMetricData", "use MetricData"));
    }
    let data = input.structures("MetricData")?;
    if data.is_empty() {
        return Err(CloudWatchError::missing("MetricData"));
    }
    if data.len() > MAX_DATA {
        return Err(CloudWatchError::invalid(format!(
            "The parameter MetricData has {} items; at most {MAX_DATA} are allowed.",
            data.len()
        )));
    }
    // All are checked before the first is stored, since a request is taken as a whole.
    let data = data
        .iter()
        .map(|datum| read(datum, namespace, scene.now_ms))
        .collect::<Result<Vec<_>, _>>()?;
    for Datum {
        id,
        unit,
        minute,
        samples,
    } in data
    {
        scene.store.merge(&id, unit, minute, samples);
    }
    Ok(Value::Null)
}

fn read(datum: &Input<'_>, namespace: &str, now_ms: i64) -> Result<Datum, CloudWatchError> {
    let name = datum.required_text("MetricName")?;
    let unit = datum.text("Unit")?.unwrap_or("None");
    let unit = UNITS.into_iter().find(|known| *known == unit).ok_or_else(|| {
        let path = datum.path("Unit");
        CloudWatchError::invalid(format!(
            "The value {unit} for parameter {path} is not supported: must be one of {}.",
            UNITS.join(", ")
        ))
    })?;
    match datum.integer("StorageResolution")? {
        None | Some(60) => {}
        Some(other) => {
            let parameter = format!("{} {other}", datum.path("StorageResolution"));
            return Err(CloudWatchError::not_built(
                &parameter,
                "metrics are kept by minute, so use 60",
            ));
        }
    }
    let at_ms = datum.time("Timestamp")?.unwrap_or(now_ms);
    if !(now_ms - OLDEST_MS..=now_ms + NEWEST_MS).contains(&at_ms) {
        return Err(CloudWatchError::invalid(format!(
            "The parameter {} must specify a time within the past two weeks or the next two hours.",
            datum.path("Timestamp")
        )));
    }
    Ok(Datum {
        id: MetricId::new(namespace.to_owned(), name.to_owned(), dimensions(datum)?),
        unit,
        minute: Minute::of_ms(at_ms),
        samples: samples(datum)?,
    })
}

/// Reads `Value`, `StatisticValues`, or `Values` with `Counts`.
fn samples(datum: &Input<'_>) -> Result<SampleSet, CloudWatchError> {
    let values = datum.doubles("Values")?;
    let given = [
        datum.has("Value"),
        datum.has("StatisticValues"),
        !values.is_empty(),
    ];
    match given {
        [true, false, false] => Ok(SampleSet::one(number(datum, "Value")?)),
        [false, true, false] => {
            let set = datum.required_structure("StatisticValues")?;
            let samples = SampleSet {
                count: number(&set, "SampleCount")?,
                sum: number(&set, "Sum")?,
                minimum: number(&set, "Minimum")?,
                maximum: number(&set, "Maximum")?,
            };
            if samples.count <= 0.0 || samples.minimum > samples.maximum {
                let path = datum.path("StatisticValues");
                return Err(CloudWatchError::invalid(format!(
                    "The parameter {path} must have a SampleCount above 0 and a Minimum that is not above the Maximum."
                )));
            }
            Ok(samples)
        }
        [false, false, true] => of_values(datum, &values),
        [false, false, false] => Err(CloudWatchError::missing(&datum.path("Value"))),
        _ => Err(CloudWatchError::combination(format!(
            "The parameters {}, {} and {} are mutually exclusive.",
            datum.path("Value"),
            datum.path("StatisticValues"),
            datum.path("Values")
        ))),
    }
}

fn of_values(datum: &Input<'_>, values: &[f64]) -> Result<SampleSet, CloudWatchError> {
    let mut counts = datum.doubles("Counts")?;
    if counts.is_empty() {
        counts = vec![1.0; values.len()];
    }
    if values.len() > MAX_VALUES || values.len() != counts.len() {
        return Err(CloudWatchError::invalid(format!(
            "The parameter {} must have at most {MAX_VALUES} values, and {} as many.",
            datum.path("Values"),
            datum.path("Counts")
        )));
    }
    let mut all: Option<SampleSet> = None;
    for (value, count) in values.iter().zip(counts) {
        finite(datum, "Values", *value)?;
        if finite(datum, "Counts", count)? <= 0.0 {
            let path = datum.path("Counts");
            return Err(CloudWatchError::invalid(format!(
                "The parameter {path} must be above 0."
            )));
        }
        let samples = SampleSet {
            count,
            sum: value * count,
            minimum: *value,
            maximum: *value,
        };
        all = Some(all.map_or(samples, |all| all.with(samples)));
    }
    all.ok_or_else(|| CloudWatchError::missing(&datum.path("Values")))
}

fn number(input: &Input<'_>, name: &str) -> Result<f64, CloudWatchError> {
    let number = input.double(name)?;
    let number = number.ok_or_else(|| CloudWatchError::missing(&input.path(name)))?;
    finite(input, name, number)
}

/// Checks that a number is one that CloudWatch takes: from -2^360 to 2^360.
fn finite(input: &Input<'_>, name: &str, number: f64) -> Result<f64, CloudWatchError> {
    if number.abs() <= 2f64.powi(360) {
        return Ok(number);
    }
    Err(CloudWatchError::invalid(format!(
        "The value {number:e} for parameter {} must be from -2^360 to 2^360.",
        input.path(name)
    )))
}
