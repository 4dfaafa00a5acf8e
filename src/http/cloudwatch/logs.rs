//! The part of the CloudWatch Logs API that reads: DescribeLogStreams, GetLogEvents and FilterLogEvents, in AWS JSON 1.1.
//! Source: CloudWatch Logs API reference.
//!
//! # Differs from CloudWatch Logs
//! - A filter pattern is a list of terms, each of which an event must contain. Patterns of JSON members, optional and excluded terms, and
//!   regular expressions are refused by name.
//! - Other operations are refused by name.

use super::error::CloudWatchError;
use super::value::{Input, Value, structure};
use esmeralda_esm::cloudwatch::{LogEvent, LogStore, StreamSummary};

/// The name of the service in targets.
pub(super) const SERVICE: &str = "Logs_20140328";

/// Source: the API reference, as the next.
const MAX_STREAMS: i64 = 50;

const MAX_EVENTS: i64 = 10_000;

/// Carries out an operation.
pub(super) fn carry_out(operation: &str, input: &Value, store: &LogStore) -> Result<Value, CloudWatchError> {
    let input = Input::new(input);
    match operation {
        "DescribeLogStreams" => describe_log_streams(&input, store),
        "GetLogEvents" => get_log_events(&input, store),
        "FilterLogEvents" => filter_log_events(&input, store),
        other => Err(CloudWatchError::unknown_logs_operation(other)),
    }
}

/// Reads the group, which must have streams.
fn streams(input: &Input<'_>, store: &LogStore) -> Result<(String, Vec<StreamSummary>), CloudWatchError> {
    let group = input.required_text("logGroupName")?;
    let streams = store.streams(group);
    match streams.is_empty() {
        true => Err(CloudWatchError::log_resource_not_found(
            "The specified log group does not exist.",
        )),
        false => Ok((group.to_owned(), streams)),
    }
}

fn limit(input: &Input<'_>, most: i64) -> Result<usize, CloudWatchError> {
    let limit = input.integer("limit")?.unwrap_or(most);
    if !(1..=most).contains(&limit) {
        return Err(CloudWatchError::log_parameter(format!(
            "limit must be from 1 to {most}, and not {limit}."
        )));
    }
    Ok(limit as usize)
}

fn describe_log_streams(input: &Input<'_>, store: &LogStore) -> Result<Value, CloudWatchError> {
    let (_, mut streams) = streams(input, store)?;
    let prefix = input.text("logStreamNamePrefix")?.unwrap_or_default();
    streams.retain(|stream| stream.stream.starts_with(prefix));
    if input.text("orderBy")? == Some("LastEventTime") {
        streams.sort_by_key(|stream| stream.last_ms);
    }
    if input.boolean("descending")? == Some(true) {
        streams.reverse();
    }
    let begin = position(input.text("nextToken")?)?;
    let limit = limit(input, MAX_STREAMS)?;
    let next = (streams.len() > begin + limit).then(|| begin + limit);
    let shown = streams.iter().skip(begin).take(limit).map(|stream| {
        structure([
            ("logStreamName", stream.stream.as_str().into()),
            ("creationTime", Value::Integer(stream.first_ms)),
            ("firstEventTimestamp", Value::Integer(stream.first_ms)),
            ("lastEventTimestamp", Value::Integer(stream.last_ms)),
            ("lastIngestionTime", Value::Integer(stream.last_ms)),
            ("storedBytes", Value::Integer(0)),
        ])
    });
    Ok(structure([
        ("logStreams", shown.collect()),
        ("nextToken", token(next)),
    ]))
}

fn get_log_events(input: &Input<'_>, store: &LogStore) -> Result<Value, CloudWatchError> {
    let (group, _) = streams(input, store)?;
    let stream = input.required_text("logStreamName")?;
    let mut events = store
        .events(&group, stream)
        .ok_or_else(|| CloudWatchError::log_resource_not_found("The specified log stream does not exist."))?;
    within(input, &mut events)?;
    let limit = limit(input, MAX_EVENTS)?;
    let from_head = input.boolean("startFromHead")? == Some(true);
    // A token is the direction and the number of the event from which, or up to which, the page goes.
    let events = match input.text("nextToken")? {
        Some(token) => {
            let (direction, number) = token.split_once('/').unwrap_or_default();
            let number: u64 = number
                .parse()
                .map_err(|_| CloudWatchError::log_parameter("The specified nextToken is invalid."))?;
            match direction {
                "f" => first(
                    events.into_iter().filter(|event| event.number > number).collect(),
                    limit,
                ),
                "b" => last(
                    events.into_iter().filter(|event| event.number < number).collect(),
                    limit,
                ),
                _ => {
                    return Err(CloudWatchError::log_parameter(
                        "The specified nextToken is invalid.",
                    ));
                }
            }
        }
        None if from_head => first(events, limit),
        None => last(events, limit),
    };
    let given = input.text("nextToken")?.unwrap_or_default();
    // At an end the token that was given is returned again, by which clients see that there is no more.
    let forward = events.last().map_or_else(
        || {
            if given.starts_with('f') {
                given.to_owned()
            } else {
                "f/0".to_owned()
            }
        },
        |event| format!("f/{}", event.number),
    );
    let backward = events.first().map_or_else(
        || {
            if given.starts_with('b') {
                given.to_owned()
            } else {
                "b/0".to_owned()
            }
        },
        |event| format!("b/{}", event.number),
    );
    Ok(structure([
        (
            "events",
            events
                .iter()
                .map(|event| Value::Structure(shown(event)))
                .collect(),
        ),
        ("nextForwardToken", forward.as_str().into()),
        ("nextBackwardToken", backward.as_str().into()),
    ]))
}

fn filter_log_events(input: &Input<'_>, store: &LogStore) -> Result<Value, CloudWatchError> {
    let (group, streams) = streams(input, store)?;
    let names = input.texts("logStreamNames")?;
    let prefix = input.text("logStreamNamePrefix")?.unwrap_or_default();
    let terms = terms(input.text("filterPattern")?.unwrap_or_default())?;
    let mut found: Vec<(String, LogEvent)> = Vec::new();
    for stream in streams {
        let is_wanted = names.is_empty() || names.contains(&stream.stream.as_str());
        if !is_wanted || !stream.stream.starts_with(prefix) {
            continue;
        }
        let mut events = store.events(&group, &stream.stream).unwrap_or_default();
        within(input, &mut events)?;
        events.retain(|event| terms.iter().all(|term| event.message.contains(term)));
        found.extend(events.into_iter().map(|event| (stream.stream.clone(), event)));
    }
    found.sort_by_key(|(_, event)| (event.timestamp_ms, event.number));
    let after = position(input.text("nextToken")?)?;
    let limit = limit(input, MAX_EVENTS)?;
    let next = (found.len() > after + limit).then(|| after + limit);
    let events = found.iter().skip(after).take(limit).map(|(stream, event)| {
        let mut members = vec![("logStreamName".to_owned(), stream.as_str().into())];
        members.extend(shown(event));
        members.push(("eventId".to_owned(), Value::Text(event.number.to_string())));
        Value::Structure(members)
    });
    Ok(structure([
        ("events", events.collect()),
        ("searchedLogStreams", Value::List(Vec::new())),
        ("nextToken", token(next)),
    ]))
}

fn shown(event: &LogEvent) -> Vec<(String, Value)> {
    vec![
        ("timestamp".to_owned(), Value::Integer(event.timestamp_ms)),
        ("message".to_owned(), Value::Text(event.message.to_string())),
        ("ingestionTime".to_owned(), Value::Integer(event.timestamp_ms)),
    ]
}

/// Keeps the events from `startTime`, inclusive, to `endTime`, exclusive; both are in milliseconds.
fn within(input: &Input<'_>, events: &mut Vec<LogEvent>) -> Result<(), CloudWatchError> {
    let start = input.integer("startTime")?.unwrap_or(i64::MIN);
    let end = input.integer("endTime")?.unwrap_or(i64::MAX);
    events.retain(|event| (start..end).contains(&event.timestamp_ms));
    Ok(())
}

fn first(mut events: Vec<LogEvent>, limit: usize) -> Vec<LogEvent> {
    events.truncate(limit);
    events
}

fn last(mut events: Vec<LogEvent>, limit: usize) -> Vec<LogEvent> {
    events.split_off(events.len().saturating_sub(limit))
}

/// Returns the terms of a filter pattern: words, and texts in double quotes.
fn terms(pattern: &str) -> Result<Vec<String>, CloudWatchError> {
    let trimmed = pattern.trim();
    if trimmed.starts_with(['{', '[', '%', '?', '-']) {
        return Err(CloudWatchError::log_parameter(format!(
            "filterPattern {trimmed} is not supported yet by Esmeralda: use terms, each of which an event must contain."
        )));
    }
    let mut terms = Vec::new();
    for (index, part) in trimmed.split('"').enumerate() {
        match index % 2 {
            1 => terms.push(part.to_owned()),
            _ => terms.extend(part.split_whitespace().map(str::to_owned)),
        }
    }
    Ok(terms)
}

fn position(token: Option<&str>) -> Result<usize, CloudWatchError> {
    let Some(token) = token else { return Ok(0) };
    token
        .parse()
        .map_err(|_| CloudWatchError::log_parameter("The specified nextToken is invalid."))
}

fn token(next: Option<usize>) -> Value {
    next.map_or(Value::Null, |next| Value::Text(next.to_string()))
}
