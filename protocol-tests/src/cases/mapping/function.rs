//! The function behind a mapping: a process that reports its invocations.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::context::Context;
use crate::process::Process;
use crate::setup::Toolchain;
use crate::wait::until;

/// One invocation, as the function reports it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Invocation {
    pub(super) body: String,
    pub(super) failed: bool,
    /// Partition and offset of each record, in the order of the event.
    pub(super) records: Vec<(i64, i64)>,
}

/// A function in a process, with the invocations that it has reported.
pub(super) struct Function {
    process: Process,
    pub(super) url: String,
    pub(super) invocations: Vec<Invocation>,
}

impl Function {
    /// Starts a function that fails its first `failures` invocations.
    pub(super) fn start(context: &Context, failures: u32) -> Function {
        let mut command = context.setup.command(Toolchain::Python, "function.py");
        command
            .arg("serve")
            .arg(json!({"failures": failures}).to_string());
        let mut process = Process::start("function", &mut command, &context.log_dir);
        let listening = process.expect("listening", context.deadline);
        let url = listening["url"]
            .as_str()
            .expect("the function reports its URL")
            .to_owned();
        Function {
            process,
            url,
            invocations: Vec::new(),
        }
    }

    pub(super) fn pump(&mut self) {
        while let Some(event) = self.process.poll(Duration::from_millis(20)) {
            assert_eq!(event["path"], "/2015-03-31/functions/receive/invocations");
            let body = event["body"].as_str().expect("the event is text").to_owned();
            let parsed: Value = serde_json::from_str(&body).expect("the event is JSON");
            let lists = parsed["records"]
                .as_object()
                .expect("an event has records")
                .values();
            let position = |record: &Value| {
                let number = |member: &str| record[member].as_i64().expect("a number");
                (number("partition"), number("offset"))
            };
            let records = lists
                .filter_map(Value::as_array)
                .flatten()
                .map(position)
                .collect();
            self.invocations.push(Invocation {
                body,
                failed: event["failed"] == true,
                records,
            });
        }
    }

    /// Returns partition and offset of every record of a successful invocation, in the order of arrival.
    pub(super) fn received(&self) -> Vec<(i64, i64)> {
        self.invocations
            .iter()
            .filter(|one| !one.failed)
            .flat_map(|one| one.records.clone())
            .collect()
    }

    pub(super) fn wait_for(&mut self, record_count: usize, deadline: Instant) {
        until(
            deadline,
            || format!("{record_count} records at the function"),
            || {
                self.pump();
                self.received().len() >= record_count
            },
        );
    }
}
