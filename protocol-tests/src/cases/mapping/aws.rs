//! AWS's own tools: boto3's Lambda client, and the AWS CLI.

use std::process::Command;
use std::time::Instant;

use serde_json::{Value, json};

use super::REGION;
use crate::context::Context;
use crate::process::{self, Process};
use crate::server::Server;
use crate::setup::Toolchain;
use crate::wait::until;

/// Sets credentials, which are not checked, and hides the machine's own AWS configuration.
pub(super) fn aws_environment(command: &mut Command) -> &mut Command {
    command
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_DEFAULT_REGION", REGION)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("AWS_MAX_ATTEMPTS", "1")
        .env("AWS_PAGER", "")
        .env("NO_PROXY", "127.0.0.1")
}

/// boto3's Lambda client in a process.
pub(super) struct Boto {
    pub(super) process: Process,
    deadline: Instant,
}

impl Boto {
    pub(super) fn start(context: &Context, server: &Server) -> Boto {
        let mut command = context.setup.command(Toolchain::Python, "lambda_api.py");
        command
            .arg("call")
            .arg(json!({"endpoint": server.http}).to_string());
        let process = Process::start("boto3", aws_environment(&mut command), &context.log_dir);
        Boto {
            process,
            deadline: context.deadline,
        }
    }

    pub(super) fn send(&mut self, call: &str, arguments: &Value) {
        self.process
            .send(&json!({"call": call, "arguments": arguments}).to_string());
    }

    /// Makes a call and returns its answer, with the HTTP status as `status`.
    pub(super) fn call(&mut self, call: &str, arguments: &Value) -> Value {
        self.send(call, arguments);
        self.process.expect("answer", self.deadline)["value"].take()
    }

    /// Makes a call that must be refused, and returns status, code and message.
    pub(super) fn refused(&mut self, call: &str, arguments: &Value) -> (i64, String, String) {
        self.send(call, arguments);
        let event = self.process.expect("refused", self.deadline);
        let text = |member: &str| event[member].as_str().unwrap_or_default().to_owned();
        (
            event["status"].as_i64().unwrap_or_default(),
            text("code"),
            text("message"),
        )
    }

    pub(super) fn wait_for_state(&mut self, uuid: &str, state: &str) -> Value {
        let deadline = self.deadline;
        let mut last = Value::Null;
        until(
            deadline,
            || format!("state {state}"),
            || {
                last = self.call("get_event_source_mapping", &json!({"UUID": uuid}));
                last["State"] == state
            },
        );
        last
    }
}

/// Runs the AWS CLI's `lambda` command and parses its output.
pub(super) fn aws_lambda(context: &Context, server: &Server, arguments: &[&str]) -> Value {
    aws_cli(context, server, "lambda", arguments)
}

/// Runs a command of the AWS CLI and parses its output.
pub(super) fn aws_cli(context: &Context, server: &Server, service: &str, arguments: &[&str]) -> Value {
    let mut command = context.setup.python_script("aws");
    command
        .args(["--endpoint-url", &server.http, "--output", "json", service])
        .args(arguments);
    let output = process::output(aws_environment(&mut command), &context.log_dir);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "aws {service} {arguments:?}: {complaint}"
    );
    serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
}
