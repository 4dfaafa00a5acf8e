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
    let rows = |plane: &'static str, least: usize| {
        Case::with(
            "boto3",
            &format!("every_row_of_the_{plane}_plane_holds"),
            &[Toolchain::Python],
            move |context| every_row(context, plane, least),
        )
    };
    vec![rows("control", 50), rows("data", 20)]
}

/// Checks that every row of a plane holds, and that there are `least` or more.
fn every_row(context: &Context, plane: &str, least: usize) {
    let mut command = context.setup.command(Toolchain::Python, "aws_rows.py");
    command.arg("rows").arg(json!({"plane": plane}).to_string());
    let mut rows = Process::start("rows", aws_environment(&mut command), &context.log_dir);
    let listening = rows.expect("listening", context.deadline);
    let url = listening["url"].as_str().expect("the function reports its URL");
    let server = Server::start(context, &["--lambda-endpoint", url]);
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
