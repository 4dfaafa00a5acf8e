//! The dry run of filters.

use crate::service::Service;
use serde_json::json;

#[tokio::test]
async fn a_dry_run_says_which_values_pass_and_why() {
    let service = Service::start().await;
    let body = json!({
        "FilterCriteria": { "Filters": [{ "Pattern": r#"{"value":{"a":[1]}}"# }, { "Pattern": r#"{"value":["x"]}"# }] },
        "Values": [r#"{"a":1}"#, r#"{"a":2}"#, "x", null],
    });
    let answer = service.post("/esmeralda/filter", &body).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.json(),
        json!({ "Decisions": [
            { "Passes": true, "Filter": 1, "Because": "`value.a` is 1" },
            {
                "Passes": true,
                "Filter": 2,
                "Because": "the value is JSON, so that plain text for `value` does not apply",
            },
            {
                "Passes": true,
                "Filter": 1,
                "Because": "the value is not JSON, so that `value.a` does not apply",
            },
            { "Passes": true, "Filter": 1, "Because": "there is no value, so that `value.a` does not apply" },
        ] })
    );
}

#[tokio::test]
async fn an_invalid_pattern_is_refused_with_its_reason() {
    let service = Service::start().await;
    for (body, message) in [
        (
            json!({ "FilterCriteria": { "Filters": [{ "Pattern": r#"{"value":[]}"# }] }, "Values": [] }),
            "Empty arrays are not allowed",
        ),
        (
            json!({ "FilterCriteria": { "Filters": [] }, "Value": [] }),
            "unknown field `Value`",
        ),
    ] {
        let answer = service.post("/esmeralda/filter", &body).await;
        assert_eq!(answer.status, 400);
        let found = answer.json()["message"].as_str().expect("a message").to_owned();
        assert!(found.contains(message), "{found}");
    }
}
