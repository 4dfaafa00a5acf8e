//! Recorded series as workloads: the JSON of CloudWatch, of Prometheus, and of a mapping's own trace. Pure.
//!
//! The first moment of the series is the start of the run. CloudWatch answers GetMetricData with `MetricDataResults`, and
//! GetMetricStatistics with `Datapoints`; Prometheus answers a range query with a matrix, whose series are added up. A trace is what
//! `GET /esmeralda/event-source-mappings/UUID/trace` answers, or a variant of what `simulate --json` writes.

use super::RateSeries;
use crate::date;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The meaning of a recorded number.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(in super::super) enum Measure {
    /// Records a second.
    #[default]
    Rate,
    /// Records since the moment before, such as a `Sum` of CloudWatch.
    Count,
    /// OffsetLag. What it rises by has arrived; what was processed meanwhile is not in the series, so that this is the least that arrived.
    Lag,
}

/// A recorded workload: what was there at its start, and the rates after that.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Recorded {
    pub(super) backlog: u64,
    pub(super) rates: RateSeries,
}

/// A moment in seconds, and the number at that moment.
type Moment = (f64, f64);

impl Recorded {
    /// Reads a series.
    ///
    /// # Errors
    /// A sentence with what is wrong and what is allowed.
    pub(super) fn read(json: &str, measure: Measure) -> Result<Self, String> {
        let json: Value = serde_json::from_str(json).map_err(|error| format!("not JSON: {error}"))?;
        if let Some(trace) = trace(&json) {
            return from_trace(trace);
        }
        let moments = moments(&json)?;
        let (backlog, rates) = match measure {
            Measure::Rate => (0, moments),
            Measure::Count => (0, per_second(&moments, |_, after| after)),
            Measure::Lag => {
                let first = moments.first().map_or(0.0, |(_, lag)| lag.max(0.0));
                (
                    first.round() as u64,
                    per_second(&moments, |before, after| after - before),
                )
            }
        };
        let start_s = rates.first().map_or(0.0, |(at_s, _)| *at_s);
        let rates = rates
            .into_iter()
            .map(|(at_s, rate)| (at_s - start_s, rate.max(0.0)));
        Ok(Self {
            backlog,
            rates: RateSeries::new(rates)?,
        })
    }
}

/// Returns the rate from each moment to the next, by what the number of an interval is. The last interval is as long as the one before.
fn per_second(moments: &[Moment], records: impl Fn(f64, f64) -> f64) -> Vec<Moment> {
    let mut rates: Vec<Moment> = moments
        .windows(2)
        .map(|pair| (pair[0].0, records(pair[0].1, pair[1].1) / (pair[1].0 - pair[0].0)))
        .collect();
    // Nothing is known of the time after the last moment.
    rates.extend(moments.last().map(|(at_s, _)| (*at_s, 0.0)));
    rates
}

fn trace(json: &Value) -> Option<&Vec<Value>> {
    let trace = json.get("trace").unwrap_or(json);
    trace.get("buckets")?.as_array()
}

/// Returns the arrivals of a trace, and the lag that it began with.
fn from_trace(buckets: &[Value]) -> Result<Recorded, String> {
    let number = |bucket: &Value, name: &str| {
        let number = bucket[name].as_f64();
        number.ok_or_else(|| format!("a bucket without the number `{name}`: must be the trace of a mapping"))
    };
    let mut rates = Vec::with_capacity(buckets.len() + 1);
    let (mut backlog, mut end_s) = (0.0, 0.0);
    for (index, bucket) in buckets.iter().enumerate() {
        let (start_s, length_s) = (number(bucket, "start_s")?, number(bucket, "length_s")?);
        let arrived = number(bucket, "arrived")?;
        if index == 0 {
            backlog = number(bucket, "lag")? + number(bucket, "committed")? - arrived;
        }
        if length_s > 0.0 {
            rates.push((start_s, arrived / length_s));
        }
        end_s = start_s + length_s;
    }
    rates.push((end_s, 0.0));
    Ok(Recorded {
        backlog: backlog.max(0.0).round() as u64,
        rates: RateSeries::new(rates)?,
    })
}

/// Returns the moments of CloudWatch's or Prometheus' answer, in order.
fn moments(json: &Value) -> Result<Vec<Moment>, String> {
    let mut sums: BTreeMap<u64, f64> = BTreeMap::new();
    let mut add = |at_s: f64, value: f64| {
        // In milliseconds, because a map has no order of floating point numbers.
        *sums.entry((at_s.max(0.0) * 1e3).round() as u64).or_default() += value;
    };
    if let Some(results) = json.get("MetricDataResults").and_then(Value::as_array) {
        for result in results {
            let (times, values) = (list(result, "Timestamps")?, list(result, "Values")?);
            for (time, value) in times.iter().zip(values) {
                add(seconds(time)?, float(value)?);
            }
        }
    } else if let Some(points) = json.get("Datapoints").and_then(Value::as_array) {
        for point in points {
            let names = ["Sum", "Average", "Maximum", "Minimum"];
            let value = names.iter().find_map(|name| point.get(*name));
            let value = value.ok_or_else(|| {
                format!(
                    "a datapoint without a statistic: must have one of {}",
                    names.join(", ")
                )
            })?;
            add(seconds(&point["Timestamp"])?, float(value)?);
        }
    } else if let Some(results) = json.pointer("/data/result").and_then(Value::as_array) {
        for pair in results
            .iter()
            .map(|result| list(result, "values"))
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .flatten()
        {
            add(seconds(&pair[0])?, float(&pair[1])?);
        }
    } else {
        return Err(
            "no series: must have MetricDataResults or Datapoints (CloudWatch), data.result (Prometheus) or buckets (a trace)".to_owned(),
        );
    }
    Ok(sums
        .into_iter()
        .map(|(ms, value)| (ms as f64 / 1e3, value))
        .collect())
}

fn list<'a>(value: &'a Value, name: &str) -> Result<&'a Vec<Value>, String> {
    value[name]
        .as_array()
        .ok_or_else(|| format!("missing list `{name}`"))
}

/// Returns a number, which Prometheus writes as text.
fn float(value: &Value) -> Result<f64, String> {
    let number = value.as_f64().or_else(|| value.as_str()?.parse().ok());
    number
        .filter(|number| number.is_finite())
        .ok_or_else(|| format!("invalid number {value}"))
}

/// Returns seconds since the Unix epoch of a time, which is a number or an ISO 8601 text.
fn seconds(time: &Value) -> Result<f64, String> {
    let seconds = time.as_f64().or_else(|| date::parse(time.as_str()?));
    seconds.ok_or_else(|| {
        format!("invalid time {time}: must be seconds since 1970, or like 2026-01-31T12:00:00Z")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str, measure: Measure) -> Result<(u64, Vec<(f64, f64)>), String> {
        let recorded = Recorded::read(json, measure)?;
        Ok((recorded.backlog, recorded.rates.points().collect()))
    }

    #[test]
    fn cloudwatch_answers_in_any_order_and_with_either_kind_of_time() {
        let data = r#"{"MetricDataResults":[{"Id":"m","Timestamps":["2026-01-01T00:02:00Z","2026-01-01T00:01:00+00:00","2026-01-01T01:00:00+01:00"],
            "Values":[30.0,600.0,60.0]}]}"#;
        let expected = Ok((0, vec![(0.0, 60.0), (60.0, 600.0), (120.0, 30.0)]));
        assert_eq!(read(data, Measure::Rate), expected);
        let counts = Ok((0, vec![(0.0, 10.0), (60.0, 0.5), (120.0, 0.0)]));
        assert_eq!(read(data, Measure::Count), counts);
        let statistics = r#"{"Label":"PolledEventCount","Datapoints":[
            {"Timestamp":1767225660,"Sum":600.0,"Unit":"Count"},{"Timestamp":1767225600,"Sum":60.0},{"Timestamp":1767225720,"Sum":30}]}"#;
        assert_eq!(read(statistics, Measure::Rate), expected);
    }

    #[test]
    fn the_series_of_prometheus_are_added_up_and_a_lag_is_what_it_rises_by() {
        let matrix = r#"{"status":"success","data":{"resultType":"matrix","result":[
            {"metric":{"partition":"0"},"values":[[100,"400"],[130,"700"],[160,"100"]]},
            {"metric":{"partition":"1"},"values":[[100,"100"],[130,"100"],[160,"100"]]}]}}"#;
        let expected = Ok((500, vec![(0.0, 10.0), (30.0, 0.0), (60.0, 0.0)]));
        assert_eq!(read(matrix, Measure::Lag), expected);
    }

    #[test]
    fn a_trace_has_its_backlog_and_its_arrivals() {
        let trace = r#"{"bucket_s":1.0,"buckets":[{"start_s":0.0,"length_s":1.0,"lag":70,"arrived":20,"committed":50},
            {"start_s":1.0,"length_s":4.0,"lag":0,"arrived":10,"committed":80}]}"#;
        let expected = Ok((100, vec![(0.0, 20.0), (1.0, 2.5), (5.0, 0.0)]));
        assert_eq!(read(trace, Measure::Rate), expected);
        assert_eq!(
            read(&format!(r#"{{"name":"v","trace":{trace}}}"#), Measure::Rate),
            expected
        );
    }

    #[test]
    fn what_is_no_series_is_refused_with_what_would_be() {
        let cases = [
            ("{", "not JSON: "),
            ("{}", "no series: must have MetricDataResults"),
            (
                r#"{"Datapoints":[{"Timestamp":"yesterday","Sum":1}]}"#,
                "invalid time \"yesterday\": must be ",
            ),
            (
                r#"{"Datapoints":[{"Timestamp":1}]}"#,
                "a datapoint without a statistic: must have one of Sum, ",
            ),
            (
                r#"{"data":{"result":[{"values":[[1,"NaN"]]}]}}"#,
                "invalid number \"NaN\"",
            ),
            (
                r#"{"buckets":[{"start_s":0}]}"#,
                "a bucket without the number `length_s`",
            ),
            (r#"{"Datapoints":[]}"#, "no point: must have at least one"),
        ];
        for (json, expected) in cases {
            let error = read(json, Measure::Rate).expect_err(json);
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
