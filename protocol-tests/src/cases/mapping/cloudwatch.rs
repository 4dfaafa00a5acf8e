//! A mapping's metrics through the CloudWatch API, as its clients read them: boto3 of today and an older one, boto3 in CBOR, and the AWS CLI.

use serde_json::{Value, json};

use super::aws::{Boto, aws_cli, aws_environment};
use super::function::Function;
use super::{TOPIC, assert_committed_to_the_end, create_arguments, uuid_of};
use crate::case::Case;
use crate::context::Context;
use crate::kafka::{self, Sent};
use crate::process::Process;
use crate::server::Server;
use crate::setup::Toolchain;

pub(super) fn cases() -> Vec<Case> {
    let metrics = |client, protocol| {
        Case::with(
            client,
            &format!("metrics_are_read_and_written_in_the_protocol_{protocol}"),
            &[Toolchain::Python],
            move |context| boto_reads(context, protocol),
        )
    };
    vec![
        metrics("boto3", "json"),
        metrics("boto3", "cbor"),
        metrics("boto3", "query"),
        Case::with(
            "aws-cli",
            "metrics_are_read_by_their_names",
            &[Toolchain::Python],
            cli_reads,
        ),
    ]
}

/// A mapping that has processed five records in one batch.
struct Processed {
    server: Server,
    uuid: String,
    _function: Function,
}

impl Processed {
    fn new(context: &Context) -> Processed {
        let mut function = Function::start(context, 0);
        let server = Server::start(context, &["--lambda-endpoint", &function.url]);
        kafka::create_topic(&server.bootstrap_servers, TOPIC, 1);
        kafka::produce(
            &server.bootstrap_servers,
            TOPIC,
            &[Sent::new(0, None, Some("value")); 5],
        );
        let mut boto = Boto::start(context, &server);
        let mut arguments = create_arguments(&server);
        arguments["MetricsConfig"] = json!({"Metrics": ["EventCount", "KafkaMetrics"]});
        let uuid = uuid_of(&boto.call("create_event_source_mapping", &arguments));
        function.wait_for(5, context.deadline);
        assert_committed_to_the_end(context, &server, &uuid, 1);
        boto.wait_for_state(&uuid, "Enabled");
        Processed {
            server,
            uuid,
            _function: function,
        }
    }
}

fn boto_reads(context: &Context, protocol: &str) {
    let scene = Processed::new(context);
    let mut command = match protocol {
        "query" => context.setup.older_boto3("aws_cloudwatch.py"),
        _ => context.setup.command(Toolchain::Python, "aws_cloudwatch.py"),
    };
    let wanted = [
        ("PolledEventCount", "Sum", 5.0, "Count"),
        ("InvokedEventCount", "Sum", 5.0, "Count"),
        ("CommittedEventCount", "Sum", 5.0, "Count"),
        ("ProvisionedPollers", "Maximum", 1.0, "Count"),
        ("EventPollerUnit", "Maximum", 1.0, "Count"),
        ("EventPollerThroughputInBytes", "Sum", 25.0, "Bytes"),
    ];
    let names: Vec<Value> = wanted
        .iter()
        .map(|(name, statistic, _, _)| json!([name, statistic]))
        .collect();
    let argument =
        json!({"endpoint": scene.server.http, "protocol": protocol, "uuid": scene.uuid, "wanted": names});
    command.arg("metrics").arg(argument.to_string());
    let mut client = Process::start("cloudwatch", aws_environment(&mut command), &context.log_dir);
    let mut report = |name: &str| client.expect(name, context.deadline);

    let spoken = match protocol {
        "cbor" => "smithy-rpc-v2-cbor",
        other => other,
    };
    assert_eq!(report("protocol")["name"], spoken);
    let listed = report("listed");
    let listed: Vec<&str> = listed["names"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(
        listed,
        [
            "CommittedEventCount",
            "EventPollerThroughputInBytes",
            "EventPollerUnit",
            "InvokedEventCount",
            "MaxOffsetLag",
            "PolledEventCount",
            "ProvisionedPollers",
            "SumOffsetLag",
        ]
    );
    let statistics = report("statistics");
    let data = report("data");
    for (name, _, value, unit) in wanted {
        assert_eq!(statistics["values"][name], json!([[value, unit]]), "{name}");
        assert_eq!(data["values"][name], json!([value]), "{name}");
    }
    assert_eq!(data["statuses"], json!(vec!["Complete"; wanted.len()]));
    assert_eq!(report("own")["points"], json!([[3.5, 2.5, 2.0]]));
    let refused = report("refused");
    let codes: Vec<&Value> = refused["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|error| &error[0])
        .collect();
    assert_eq!(
        codes,
        [
            "InvalidParameterValue",
            "InvalidParameterCombination",
            "InvalidAction"
        ]
    );
    assert_eq!(
        refused["errors"][0][1],
        "The parameter Period must be a multiple of 60, and not 90."
    );
    report("done");
    scene.server.stop();
}

fn cli_reads(context: &Context) {
    let scene = Processed::new(context);
    let dimension = format!("Name=EventSourceMappingUUID,Value={}", scene.uuid);
    let listed = aws_cli(
        context,
        &scene.server,
        "cloudwatch",
        &[
            "list-metrics",
            "--metric-name",
            "PolledEventCount",
            "--dimensions",
            &dimension,
        ],
    );
    assert_eq!(listed["Metrics"][0]["Namespace"], "AWS/Lambda");
    let found = aws_cli(
        context,
        &scene.server,
        "cloudwatch",
        &[
            "get-metric-statistics",
            "--namespace",
            "AWS/Lambda",
            "--metric-name",
            "PolledEventCount",
            "--dimensions",
            &dimension,
            "--start-time",
            "2026-01-01T00:00:00Z",
            "--end-time",
            "2126-01-01T00:00:00Z",
            "--period",
            "864000000",
            "--statistics",
            "Sum",
        ],
    );
    assert_eq!(found["Datapoints"][0]["Sum"], 5.0);
    assert_eq!(found["Datapoints"][0]["Unit"], "Count");
    scene.server.stop();
}
