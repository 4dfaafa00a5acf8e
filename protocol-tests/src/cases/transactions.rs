//! Transactions of real clients: commits, aborts, a producer that is fenced, and offsets in transactions.

use serde_json::{Value, json};

use crate::clients::Client;
use crate::context::Context;
use crate::kafka;
use crate::server::Server;

pub(super) fn every_kind(context: &Context, client: &Client) {
    let server = Server::start(context, &[]);
    for topic in ["source", "target"] {
        kafka::create_topic(&server.bootstrap_servers, topic, 1);
    }
    let argument = json!({
        "bootstrap": server.bootstrap_servers,
        "id": "transformer",
        "group": "transformers",
        "source": "source",
        "target": "target",
        "transactions": [
            {"values": ["a", "b"], "commits": true},
            {"values": ["x"], "commits": false},
            {"values": ["c"], "commits": true},
        ],
        "last": "d",
        "count": 4,
    });
    let seen = client
        .start(context, "transactions", "transactions", &argument)
        .finish(context.deadline);
    let event = |name: &str| -> &Value {
        let found = seen.iter().find(|event| event["event"] == name);
        found.unwrap_or_else(|| panic!("no event {name:?} in {seen:?}"))
    };
    // A second producer took the id over while the first had a transaction open, which was aborted.
    assert_eq!(event("fenced")["fenced"], true, "{:?}", event("fenced"));
    assert_eq!(event("committed")["is_next"], true);
    assert_eq!(event("values")["source"], json!(["a", "b", "c", "d"]));
    assert_eq!(event("values")["target"], json!(["A", "B", "C", "D"]));
}
