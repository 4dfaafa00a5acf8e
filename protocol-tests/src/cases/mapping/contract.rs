//! The contract of the event source mapping, row by row, as `clients/python/aws_rows.py` goes through it with boto3 and the AWS CLI.

use std::time::Instant;

use serde_json::json;

use super::aws::aws_environment;
use crate::case::Case;
use crate::context::Context;
use crate::process::Process;
use crate::server::Server;
use crate::setup::Toolchain;

pub(super) fn cases() -> Vec<Case> {
    let rows = |rows: Rows| {
        Case::with(
            "boto3",
            &format!("every_row_of_the_{}_plane_holds", rows.plane),
            &[Toolchain::Python],
            move |context| every_row(context, &rows),
        )
    };
    let planes = [
        Rows {
            plane: "control",
            least: 54,
            every_function_exists: true,
        },
        Rows {
            plane: "data",
            least: 24,
            every_function_exists: true,
        },
        Rows {
            plane: "provisioned",
            least: 25,
            every_function_exists: true,
        },
        Rows {
            plane: "functions",
            least: 3,
            every_function_exists: false,
        },
    ];
    planes.into_iter().map(rows).collect()
}

/// The rows of one plane.
struct Rows {
    plane: &'static str,
    /// The number of rows that there are at least.
    least: usize,
    /// Whether every function exists, at the endpoint of the client's own.
    every_function_exists: bool,
}

/// Checks that every row of a plane holds.
fn every_row(context: &Context, rows: &Rows) {
    let Rows {
        plane,
        least,
        every_function_exists,
    } = *rows;
    let mut command = context.setup.command(Toolchain::Python, "aws_rows.py");
    command.arg("rows").arg(json!({"plane": plane}).to_string());
    let mut rows = Process::start("rows", aws_environment(&mut command), &context.log_dir);
    let listening = rows.expect("listening", context.deadline);
    let url = listening["url"].as_str().expect("the function reports its URL");
    let mut arguments = vec!["--capture-destinations"];
    if every_function_exists {
        arguments.extend(["--lambda-endpoint", url]);
    }
    let server = Server::start(context, &arguments);
    rows.send(&json!({"endpoint": server.http, "bootstrap": server.bootstrap_servers}).to_string());
    let (mut passed, mut failed) = (0, Vec::new());
    loop {
        let patience = context.deadline.saturating_duration_since(Instant::now());
        let event = rows.poll(patience).expect("the next row in time");
        match event["event"].as_str() {
            Some("done") => break,
            Some("row") if event["passed"] == true => passed += 1,
            Some("row") => failed.push(format!("{}: {}", event["name"], event["reason"])),
            _ => panic!("an unexpected line: {event}"),
        }
    }
    assert!(
        failed.is_empty(),
        "{passed} rows hold, {} do not:\n{}",
        failed.len(),
        failed.join("\n")
    );
    assert!(passed >= least, "only {passed} rows");
    server.stop();
}
