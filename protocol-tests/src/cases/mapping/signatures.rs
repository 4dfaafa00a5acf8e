//! Signatures of requests, which `--require-credentials` has verified.

use serde_json::{Value, json};

use super::aws::aws_environment;
use crate::case::Case;
use crate::context::Context;
use crate::http;
use crate::process::Process;
use crate::server::Server;
use crate::setup::Toolchain;

pub(super) fn cases() -> Vec<Case> {
    vec![Case::with(
        "boto3",
        "requests_must_be_signed_with_the_required_credentials",
        &[Toolchain::Python],
        signatures,
    )]
}

fn signatures(context: &Context) {
    let server = Server::start(context, &["--require-credentials", "key/with/slashes:se/cr+et"]);
    let mut command = context.setup.command(Toolchain::Python, "aws_signatures.py");
    let argument = json!({"endpoint": server.http, "key": "key/with/slashes", "secret": "se/cr+et"});
    command.arg("signatures").arg(argument.to_string());
    let mut client = Process::start("signatures", aws_environment(&mut command), &context.log_dir);
    let right = client.expect("right", context.deadline);
    // What is wrong with these requests is found after their signatures.
    let expected = json!({
        "list": [400, "ValidationException"],
        "tags": [404, "ResourceNotFoundException"],
        "untag": [404, "ResourceNotFoundException"],
        "create": [400, "InvalidParameterValueException"],
        "json": [200, ""],
        "smithy-rpc-v2-cbor": [200, ""],
        "query": [200, ""],
    });
    assert_eq!(right["outcomes"], expected);
    for (name, exception, code) in [
        ("secret", "InvalidSignatureException", "SignatureDoesNotMatch"),
        ("key", "UnrecognizedClientException", "InvalidClientTokenId"),
        (
            "none",
            "MissingAuthenticationTokenException",
            "MissingAuthenticationToken",
        ),
    ] {
        let refused = client.expect(name, context.deadline);
        for (call, outcome) in refused["outcomes"].as_object().into_iter().flatten() {
            // Clients of CloudWatch show the codes of the query protocol in every protocol.
            let is_cloudwatch = ["json", "smithy-rpc-v2-cbor", "query"].contains(&call.as_str());
            let shown: Value = if is_cloudwatch {
                code.into()
            } else {
                exception.into()
            };
            assert_eq!(outcome, &json!([403, shown]), "{name}: {call}");
        }
    }
    client.expect("done", context.deadline);
    for path in ["/metrics", "/healthz"] {
        assert_eq!(http::get(&server.http, path).0, 200, "{path}");
    }
    server.stop();
}
