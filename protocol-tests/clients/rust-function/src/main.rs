//! A function for the crate `lambda_runtime`. It notes each invocation in the file NOTES, fails for a record `poison`, and ends for a record
//! `crash`.

use std::fs::OpenOptions;
use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lambda_events::event::kafka::KafkaEvent;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lambda_runtime::{Context, Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<KafkaEvent>) -> Result<Value, Error> {
    let (event, context) = event.into_parts();
    let mut values = Vec::new();
    for record in event.records.into_values().flatten() {
        let value = STANDARD.decode(record.value.unwrap_or_default())?;
        values.push(String::from_utf8(value)?);
    }
    let note = note(&values, &context)?;
    println!("handling {}", values.join(","));
    if values.iter().any(|value| value == "crash") {
        std::process::exit(3);
    }
    if values.iter().any(|value| value == "poison") {
        return Err("poison".into());
    }
    Ok(note)
}

/// Appends what is known of an invocation to the file of notes.
fn note(values: &[String], context: &Context) -> Result<Value, Error> {
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as u64;
    let note = json!({
        "values": values,
        "process": std::process::id(),
        "request_id": context.request_id,
        "function_arn": context.invoked_function_arn,
        "remaining_ms": context.deadline - now_ms,
    });
    let path = std::env::var("NOTES")?;
    let mut notes = OpenOptions::new().create(true).append(true).open(path)?;
    notes.write_all(format!("{note}\n").as_bytes())?;
    Ok(note)
}
