//! The Lambda API for event source mappings over HTTP, as SDKs speak it: paths, status codes, headers and bodies.

use bytes::Bytes;
use esmeralda::{Esmeralda, Options};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const MAPPINGS: &str = "/2015-03-31/event-source-mappings";

/// How long a state may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// An instance with the functions `f` and `g` and the topic `orders`.
struct Service {
    esmeralda: Esmeralda,
    address: String,
}

/// What came back.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {:?}", String::from_utf8_lossy(&self.body)))
    }

    /// Status, exception and body of an error.
    fn error(&self) -> (u16, &str, Value) {
        (self.status, &self.headers["x-amzn-errortype"], self.json())
    }
}

impl Service {
    async fn start() -> Self {
        let options = Options {
            transition_delay: Duration::ZERO,
            ..Options::default()
        };
        let esmeralda = Esmeralda::start_with(options).await.expect("free ports");
        for name in ["f", "g"] {
            esmeralda.register_function(name, |_| async { Ok::<_, String>(Bytes::from_static(b"null")) });
        }
        esmeralda.create_topic_with("orders", 2).await.expect("a topic");
        let url = esmeralda.http_url().expect("an HTTP surface");
        let address = url.strip_prefix("http://").expect("plain http").to_owned();
        Self { esmeralda, address }
    }

    async fn send(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(&self.address).await.expect("it listens");
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n",
            self.address,
            body.len()
        );
        stream.write_all(head.as_bytes()).await.expect("it reads");
        // A server may refuse a body that it does not want before it has read it all.
        let _ = stream.write_all(body).await;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("it answers");
        parse(&answer)
    }

    async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "", b"").await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, "", body.to_string().as_bytes()).await
    }

    /// A body that is complete, with these members on top.
    fn body(&self, members: Value) -> Value {
        let mut body = json!({
            "FunctionName": "f",
            "Topics": ["orders"],
            "SelfManagedEventSource": {
                "Endpoints": { "KAFKA_BOOTSTRAP_SERVERS": [self.esmeralda.bootstrap_servers()] }
            },
        });
        for (name, value) in members.as_object().expect("members") {
            body[name] = value.clone();
        }
        body
    }

    async fn create(&self, members: Value) -> Value {
        let created = self.post(MAPPINGS, &self.body(members)).await;
        assert_eq!(
            created.status,
            202,
            "{:?}",
            String::from_utf8_lossy(&created.body)
        );
        created.json()
    }

    /// Asks again until the mapping's state is this one.
    async fn state_is(&self, uuid: &str, state: &str) -> Value {
        let path = format!("{MAPPINGS}/{uuid}");
        let asking = async {
            loop {
                let view = self.get(&path).await.json();
                if view["State"] == state {
                    return view;
                }
            }
        };
        tokio::time::timeout(PATIENCE, asking)
            .await
            .unwrap_or_else(|_| panic!("{uuid} does not become {state}"))
    }

    async fn update(&self, uuid: &str, members: Value) {
        let path = format!("{MAPPINGS}/{uuid}");
        let updated = self.send("PUT", &path, "", members.to_string().as_bytes()).await;
        assert_eq!(
            updated.status,
            202,
            "{:?}",
            String::from_utf8_lossy(&updated.body)
        );
    }

    /// Asks again until the mapping's trace is such that `holds`.
    async fn trace_until(&self, uuid: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let path = trace_path(uuid);
        let asking = async {
            loop {
                let trace = self.get(&path).await.json();
                if holds(&trace) {
                    return trace;
                }
            }
        };
        tokio::time::timeout(PATIENCE, asking)
            .await
            .unwrap_or_else(|_| panic!("{uuid}: not in time: {what}"))
    }

    /// Asks again until there is no such mapping.
    async fn is_gone(&self, path: &str) -> Answer {
        let asking = async {
            loop {
                let answer = self.get(path).await;
                if answer.status == 404 {
                    return answer;
                }
            }
        };
        tokio::time::timeout(PATIENCE, asking)
            .await
            .unwrap_or_else(|_| panic!("{path} is still there"))
    }
}

fn trace_path(uuid: &str) -> String {
    format!("/esmeralda/event-source-mappings/{uuid}/trace")
}

fn names(object: &Value) -> BTreeSet<&str> {
    object
        .as_object()
        .map(|members| members.keys().map(String::as_str).collect())
        .unwrap_or_default()
}

fn list<'a>(trace: &'a Value, member: &str) -> &'a [Value] {
    trace[member].as_array().map_or(&[], Vec::as_slice)
}

fn parse(answer: &[u8]) -> Answer {
    let end = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .expect("a head");
    let head = std::str::from_utf8(&answer[..end]).expect("text");
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .expect("a status");
    let header = |line: &str| {
        let (name, value) = line.split_once(": ").expect("a header");
        (name.to_ascii_lowercase(), value.to_owned())
    };
    Answer {
        status: status.parse().expect("a number"),
        headers: lines.map(header).collect(),
        body: answer[end + 4..].to_vec(),
    }
}

#[tokio::test]
async fn a_mapping_is_created_shown_changed_and_deleted() {
    let service = Service::start().await;
    let created = service
        .post(MAPPINGS, &service.body(json!({ "BatchSize": 5 })))
        .await;
    assert_eq!(created.status, 202);
    assert_eq!(created.headers["content-type"], "application/json");
    assert_eq!(created.headers["x-amzn-requestid"].len(), 36);
    let view = created.json();
    assert_eq!(view["State"], "Creating");
    assert_eq!(view["StateTransitionReason"], "USER_INITIATED");
    assert_eq!(view["LastProcessingResult"], "No records processed");
    assert!(view["LastModified"].is_number());
    let uuid = view["UUID"].as_str().expect("a UUID").to_owned();
    assert_eq!(
        view["SelfManagedKafkaEventSourceConfig"],
        json!({ "ConsumerGroupId": uuid })
    );
    assert_eq!(
        view["EventSourceMappingArn"],
        format!("arn:aws:lambda:us-east-1:000000000000:event-source-mapping:{uuid}")
    );
    assert_eq!(service.state_is(&uuid, "Enabled").await["BatchSize"], 5);

    let path = format!("{MAPPINGS}/{uuid}");
    let update = json!({ "FunctionName": "g", "BatchSize": 6, "Topics": ["ignored"] });
    let updated = service
        .send("PUT", &path, "", update.to_string().as_bytes())
        .await;
    assert_eq!(
        (updated.status, &updated.json()["State"]),
        (202, &json!("Updating"))
    );
    let view = service.state_is(&uuid, "Enabled").await;
    assert_eq!(
        view["FunctionArn"],
        "arn:aws:lambda:us-east-1:000000000000:function:g"
    );
    assert_eq!(
        (&view["BatchSize"], &view["Topics"]),
        (&json!(6), &json!(["orders"]))
    );

    let disabled = service.send("PUT", &path, "", br#"{"Enabled":false}"#).await;
    assert_eq!(
        (disabled.status, &disabled.json()["State"]),
        (202, &json!("Disabling"))
    );
    service.state_is(&uuid, "Disabled").await;

    let deleted = service.send("DELETE", &path, "", b"").await;
    assert_eq!(
        (deleted.status, &deleted.json()["State"]),
        (202, &json!("Deleting"))
    );
    assert_eq!(
        service.is_gone(&path).await.error(),
        (
            404,
            "ResourceNotFoundException",
            json!({ "Type": "User", "Message": "The resource you requested does not exist." })
        )
    );
}

#[tokio::test]
async fn a_mapping_created_disabled_is_disabled_at_once() {
    let service = Service::start().await;
    assert_eq!(
        service.create(json!({ "Enabled": false })).await["State"],
        "Disabled"
    );
}

#[tokio::test]
async fn paths_with_a_trailing_slash_are_the_same() {
    let service = Service::start().await;
    let created = service
        .post(&format!("{MAPPINGS}/"), &service.body(json!({})))
        .await;
    assert_eq!(created.status, 202);
    let uuid = created.json()["UUID"].as_str().expect("a UUID").to_owned();
    assert_eq!(service.get(&format!("{MAPPINGS}/{uuid}/")).await.status, 200);
    let listed = service.get(&format!("{MAPPINGS}/")).await.json();
    assert_eq!(listed["EventSourceMappings"][0]["UUID"], uuid.as_str());
}

#[tokio::test]
async fn errors_have_the_type_and_the_casing_of_their_shape() {
    let service = Service::start().await;
    let first = service.create(json!({})).await;
    let refused = |members: Value| async { service.post(MAPPINGS, &service.body(members)).await };

    let conflict = refused(json!({})).await;
    let message = format!(
        "An event source mapping with event source (\"{}\"), function (\"arn:aws:lambda:us-east-1:000000000000:function:f\"), \
         topics (\"orders\") already exists. Please update or delete the existing mapping with UUID {}",
        service.esmeralda.bootstrap_servers(),
        first["UUID"].as_str().expect("a UUID")
    );
    assert_eq!(
        conflict.error(),
        (
            409,
            "ResourceConflictException",
            json!({ "Type": "User", "message": message })
        )
    );
    assert_eq!(
        refused(json!({ "FunctionName": "missing" })).await.error(),
        (
            400,
            "InvalidParameterValueException",
            json!({ "Type": "User", "message": "Function does not exist" })
        )
    );
    assert_eq!(
        refused(json!({ "StartingPosition": "invalid" })).await.error(),
        (
            400,
            "ValidationException",
            json!({
                "message": "1 validation error detected: Value 'invalid' at 'startingPosition' failed to satisfy constraint: Member \
                            must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]"
            })
        )
    );
}

#[tokio::test]
async fn bodies_that_cannot_be_read_are_refused() {
    let service = Service::start().await;
    let malformed = service.send("POST", MAPPINGS, "", b"{\"FunctionName\":").await;
    assert_eq!(
        (malformed.error().0, malformed.error().1),
        (400, "SerializationException")
    );
    let typed = service.post(MAPPINGS, &json!({ "FunctionName": 5 })).await;
    assert_eq!(
        (typed.error().0, typed.error().1),
        (400, "SerializationException")
    );
    let large = service
        .send("POST", MAPPINGS, "", &vec![b' '; 1024 * 1024 + 1])
        .await;
    assert_eq!(
        (large.error().0, large.error().1),
        (413, "RequestTooLargeException")
    );
    let empty = service.send("POST", MAPPINGS, "", b"").await;
    assert_eq!(
        empty.json()["message"],
        "1 validation error detected: Value null at 'functionName' failed to satisfy constraint: Member must not be null"
    );
}

#[tokio::test]
async fn a_body_that_announces_too_many_bytes_is_refused_before_it_comes() {
    let service = Service::start().await;
    let head = format!("POST {MAPPINGS} HTTP/1.1\r\nHost: test\r\nContent-Length: 1048577\r\n\r\n");
    let mut stream = TcpStream::connect(&service.address).await.expect("it listens");
    stream.write_all(head.as_bytes()).await.expect("it reads");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("it answers");
    let answer = parse(&answer);
    let body = json!({
        "Type": "User",
        "message": "The body must not exceed 1048576 bytes: 1048577 were announced",
    });
    assert_eq!(answer.error(), (413, "RequestTooLargeException", body));
}

#[tokio::test]
async fn the_region_of_the_signature_is_that_of_the_arns() {
    let service = Service::start().await;
    let signature = "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/eu-central-1/lambda/aws4_request, \
                     SignedHeaders=host, Signature=0\r\n";
    let body = service.body(json!({})).to_string();
    let view = service
        .send("POST", MAPPINGS, signature, body.as_bytes())
        .await
        .json();
    assert_eq!(
        view["FunctionArn"],
        "arn:aws:lambda:eu-central-1:000000000000:function:f"
    );
}

#[tokio::test]
async fn lists_have_pages_and_filters() {
    let service = Service::start().await;
    service.create(json!({})).await;
    service.create(json!({ "FunctionName": "g:live" })).await;
    let arn = "arn:aws:kafka:us-east-1:000000000000:cluster/demo/6b9f5a3e-1";
    service
        .create(json!({ "EventSourceArn": arn, "SelfManagedEventSource": null }))
        .await;

    let functions = |page: &Value| -> Vec<String> {
        let listed = page["EventSourceMappings"].as_array().expect("a list").iter();
        listed
            .map(|view| {
                view["FunctionArn"]
                    .as_str()
                    .expect("an ARN")
                    .rsplit("function:")
                    .next()
                    .unwrap_or_default()
                    .to_owned()
            })
            .collect()
    };
    let first = service.get(&format!("{MAPPINGS}?MaxItems=2")).await.json();
    assert_eq!(functions(&first), ["f", "g:live"]);
    let marker = first["NextMarker"]
        .as_str()
        .expect("there is more")
        .replace('=', "%3D");
    let second = service
        .get(&format!("{MAPPINGS}?MaxItems=2&Marker={marker}"))
        .await
        .json();
    assert_eq!(
        (functions(&second), second.get("NextMarker")),
        (vec!["f".to_owned()], None)
    );

    let by_function = service
        .get(&format!("{MAPPINGS}?FunctionName=g%3Alive"))
        .await
        .json();
    assert_eq!(functions(&by_function), ["g:live"]);
    let encoded = arn.replace(':', "%3A").replace('/', "%2F");
    let by_cluster = service
        .get(&format!("{MAPPINGS}?EventSourceArn={encoded}"))
        .await
        .json();
    assert_eq!(
        by_cluster["EventSourceMappings"].as_array().map(Vec::len),
        Some(1)
    );
    let error = service.get(&format!("{MAPPINGS}?MaxItems=many")).await;
    assert_eq!(
        (error.error().0, error.error().1),
        (400, "SerializationException")
    );
}

#[tokio::test]
async fn tags_are_reached_by_percent_encoded_arns() {
    let service = Service::start().await;
    let view = service.create(json!({ "Tags": { "team": "kafka" } })).await;
    assert_eq!(view.get("Tags"), None);
    let arn = view["EventSourceMappingArn"]
        .as_str()
        .expect("an ARN")
        .replace(':', "%3A");
    let path = format!("/2017-03-31/tags/{arn}");
    assert_eq!(
        service.get(&path).await.json(),
        json!({ "Tags": { "team": "kafka" } })
    );

    let tagged = service
        .post(&path, &json!({ "Tags": { "a": "1", "b": "2" } }))
        .await;
    assert_eq!((tagged.status, tagged.body.len()), (204, 0));
    let untagged = service
        .send("DELETE", &format!("{path}?tagKeys=team&tagKeys=a"), "", b"")
        .await;
    assert_eq!(untagged.status, 204);
    assert_eq!(service.get(&path).await.json(), json!({ "Tags": { "b": "2" } }));

    let other =
        "arn:aws:lambda:us-east-1:000000000000:event-source-mapping:00000000-0000-4000-8000-000000000000";
    let missing = service
        .get(&format!("/2017-03-31/tags/{}", other.replace(':', "%3A")))
        .await;
    assert_eq!(
        missing.error(),
        (
            404,
            "ResourceNotFoundException",
            json!({ "Type": "User", "Message": format!("Event source mapping not found: {other}") })
        )
    );
}

#[tokio::test]
async fn what_nothing_serves_is_answered_with_what_is_served() {
    let service = Service::start().await;
    for (method, path) in [("GET", "/2015-03-31/layers"), ("PATCH", MAPPINGS)] {
        let answer = service.send(method, path, "", b"").await;
        let (status, kind, body) = answer.error();
        assert_eq!((status, kind), (404, "UnknownOperationException"));
        let message = body["message"].as_str().expect("a message").to_owned();
        assert!(
            message.contains(path) && message.contains("ListEventSourceMappings"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn the_trace_of_a_mapping_is_served_as_json() {
    let service = Service::start().await;
    let pollers = json!({ "MinimumPollers": 1, "MaximumPollers": 1 });
    let created = service
        .create(json!({ "ProvisionedPollerConfig": pollers }))
        .await;
    let uuid = created["UUID"].as_str().expect("a UUID").to_owned();
    service.state_is(&uuid, "Enabled").await;
    service
        .trace_until(&uuid, "an evaluation and a whole bucket", |trace| {
            !list(trace, "evaluations").is_empty() && list(trace, "buckets").len() > 1
        })
        .await;
    let answer = service.get(&trace_path(&uuid)).await;
    assert_eq!(
        (answer.status, answer.headers["content-type"].as_str()),
        (200, "application/json")
    );
    let trace = answer.json();
    assert_eq!(
        names(&trace),
        BTreeSet::from([
            "bucket_s",
            "starting_pollers",
            "is_complete",
            "drained_at_s",
            "event_poller_unit_hours",
            "cost_usd",
            "buckets",
            "evaluations",
            "rebalances",
        ])
    );
    let shown =
        ["bucket_s", "starting_pollers", "is_complete", "drained_at_s"].map(|name| trace[name].clone());
    assert_eq!(json!(shown), json!([1.0, 1, true, 0.0]));
    assert_eq!(trace["rebalances"], json!([]));

    let mut evaluation = list(&trace, "evaluations")[0].clone();
    let at_s = evaluation["at_s"].take().as_f64().expect("a time");
    assert!(
        at_s >= 0.1,
        "the first evaluation was {at_s} s after the mapping became Enabled"
    );
    assert_eq!(
        evaluation,
        json!({
            "at_s": null,
            "from": 1,
            "to": 1,
            "reason": "enough",
            "lag": 0,
            "arrival_per_s": 0.0,
            "slot_per_s": null,
            "slots_per_poller": null,
            "throttled_share": 0.0,
            "raw_target": null,
            "capped_by": "minimum",
        })
    );
    let mut bucket = list(&trace, "buckets")[0].clone();
    let length_s = bucket["length_s"].take().as_f64().expect("a length");
    assert!(length_s >= 1.0, "a bucket of {length_s} s");
    assert_eq!(
        bucket,
        json!({
            "start_s": 0.0,
            "length_s": null,
            "lag": 0,
            "arrived": 0,
            "committed": 0,
            "pollers": 1,
            "in_flight_max": 0,
            "in_flight_mean": 0.0,
            "invocations": 0,
            "invocation_errors": 0,
            "throttles": 0,
            "records": 0,
            "record_bytes": 0,
            "event_poller_units": 1,
        })
    );
}

#[tokio::test]
async fn the_trace_of_a_mapping_that_does_not_exist_is_not_found() {
    let service = Service::start().await;
    let answer = service
        .get(&trace_path("00000000-0000-4000-8000-000000000000"))
        .await;
    assert_eq!(
        (answer.status, answer.json()),
        (
            404,
            json!({ "message": "The resource you requested does not exist." })
        )
    );
}

#[tokio::test]
async fn bounds_of_a_live_mapping_change_its_fleet_and_none_switch_to_on_demand() {
    let service = Service::start().await;
    let bounds = |minimum: u32, maximum: u32| json!({ "ProvisionedPollerConfig": { "MinimumPollers": minimum, "MaximumPollers": maximum } });
    let created = service.create(bounds(1, 1)).await;
    let uuid = created["UUID"].as_str().expect("a UUID").to_owned();
    service.state_is(&uuid, "Enabled").await;
    let rebalances_end = |count: usize| {
        move |trace: &Value| {
            let rebalances = list(trace, "rebalances");
            rebalances.len() == count && rebalances.iter().all(|one| one["ended_at_s"].is_number())
        }
    };
    for (count, bounds) in [(1, bounds(2, 2)), (2, bounds(1, 1)), (3, bounds(2, 200))] {
        service.update(&uuid, bounds).await;
        service
            .trace_until(&uuid, "the bounds are those of the fleet", rebalances_end(count))
            .await;
    }
    let provisioned = service.get(&trace_path(&uuid)).await.json();
    let units = |trace: &Value| {
        list(trace, "buckets")
            .last()
            .map(|bucket| bucket["event_poller_units"].clone())
    };
    assert_eq!(units(&provisioned), Some(json!(1)));

    service
        .update(&uuid, json!({ "ProvisionedPollerConfig": {} }))
        .await;
    let view = service.state_is(&uuid, "Enabled").await;
    assert_eq!(view.get("ProvisionedPollerConfig"), None);
    // An on-demand mapping begins with one poller, but a fleet that is within its bounds stays until it is quiet for long enough.
    let trace = service
        .trace_until(&uuid, "the fleet is as small as can be", rebalances_end(4))
        .await;
    assert_eq!(units(&trace), Some(json!(0)), "on-demand mode has no units");
    let changes: Vec<Value> = list(&trace, "rebalances")
        .iter()
        .map(|one| json!([one["from"], one["to"], one["cause"]]))
        .collect();
    assert_eq!(
        changes,
        [
            json!([1, 2, "bounds"]),
            json!([2, 1, "bounds"]),
            json!([1, 2, "bounds"]),
            json!([2, 1, "evaluation"]),
        ]
    );
    let last = list(&trace, "evaluations")
        .iter()
        .find(|one| one["to"] != one["from"])
        .expect("an evaluation that changed the fleet");
    assert_eq!(
        json!([last["from"], last["to"], last["reason"]]),
        json!([2, 1, "quiet"])
    );
}
