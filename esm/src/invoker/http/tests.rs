use super::*;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

/// The observations of a scripted server.
#[derive(Debug, Default)]
struct Seen {
    connections: usize,
    requests: Vec<(String, Vec<u8>)>,
}

/// A server that gives these answers, one after the other, whatever it is asked.
async fn scripted(answers: Vec<String>) -> (String, Arc<Mutex<Seen>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Seen::default()));
    let shared = Arc::clone(&seen);
    tokio::spawn(async move {
        let mut answers = answers.into_iter();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            shared.lock().unwrap().connections += 1;
            let mut stream = BufReader::new(stream);
            while let Some(request) = read_request(&mut stream).await {
                shared.lock().unwrap().requests.push(request);
                let Some(answer) = answers.next() else { return };
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    });
    (url, seen)
}

async fn read_request(stream: &mut BufReader<tokio::net::TcpStream>) -> Option<(String, Vec<u8>)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| {
        line.to_ascii_lowercase()
            .strip_prefix("content-length: ")?
            .parse()
            .ok()
    });
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await.ok()?;
    Some((head, body))
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
}

fn invocation(qualifier: Option<&str>) -> Invocation {
    Invocation {
        function_name: "f".into(),
        qualifier: qualifier.map(str::to_owned),
        payload: Bytes::from_static(br#"{"records":{}}"#),
        event_bytes: 14,
        client_context: None,
    }
}

fn invoker(url: &str) -> HttpInvoker {
    HttpInvoker::new(url, FunctionLimits::default(), Entropy::from_seed(1)).unwrap()
}

fn refused(url: &str) -> String {
    let refused = HttpInvoker::new(url, FunctionLimits::default(), Entropy::from_seed(1));
    refused.unwrap_err().to_string()
}

async fn result_of(status: &str, headers: &str, body: &str) -> InvocationResult {
    let (url, _) = scripted(vec![answer(status, headers, body)]).await;
    invoker(&url).invoke(invocation(None)).await
}

fn returned(function_error: Option<&str>, payload: &str) -> InvocationResult {
    InvocationResult::Returned {
        function_error: function_error.map(str::to_owned),
        payload: Bytes::from(payload.to_owned()),
    }
}

#[tokio::test]
async fn an_endpoint_without_a_path_gets_that_of_the_invoke_api() {
    let (url, seen) = scripted(vec![answer("200 OK", "", "null")]).await;
    let result = invoker(&url).invoke(invocation(Some("$LATEST"))).await;
    assert_eq!(result, returned(None, "null"));
    let seen = seen.lock().unwrap();
    let (head, body) = &seen.requests[0];
    let mut lines = head.lines();
    assert_eq!(
        lines.next(),
        Some("POST /2015-03-31/functions/f/invocations?Qualifier=%24LATEST HTTP/1.1")
    );
    assert!(
        lines.any(|line| line.eq_ignore_ascii_case("x-amz-invocation-type: RequestResponse")),
        "{head}"
    );
    assert_eq!(body, br#"{"records":{}}"#);
}

#[tokio::test]
async fn an_endpoint_with_a_path_is_used_as_given() {
    let (url, seen) = scripted(vec![answer("200 OK", "", "null"), answer("200 OK", "", "null")]).await;
    let invoker = invoker(&format!("{url}/2015-03-31/functions/function/invocations?x=1"));
    invoker.invoke(invocation(None)).await;
    invoker.invoke(invocation(Some("live"))).await;
    let seen = seen.lock().unwrap();
    let lines: Vec<&str> = seen
        .requests
        .iter()
        .filter_map(|(head, _)| head.lines().next())
        .collect();
    assert_eq!(
        lines,
        [
            "POST /2015-03-31/functions/function/invocations?x=1 HTTP/1.1",
            "POST /2015-03-31/functions/function/invocations?x=1&Qualifier=live HTTP/1.1",
        ]
    );
}

#[tokio::test]
async fn one_connection_carries_many_invocations() {
    let (url, seen) = scripted(vec![answer("200 OK", "", "1"); 3]).await;
    let invoker = invoker(&url);
    for _ in 0..3 {
        assert_eq!(invoker.invoke(invocation(None)).await, returned(None, "1"));
    }
    assert_eq!(seen.lock().unwrap().connections, 1);
}

#[tokio::test]
async fn function_errors_are_told_by_the_header() {
    let body = r#"{"errorMessage":"no","errorType":"ValueError"}"#;
    assert_eq!(
        result_of("200 OK", "X-Amz-Function-Error: Unhandled\r\n", body).await,
        returned(Some("Unhandled"), body)
    );
    assert_eq!(
        result_of("200 OK", "X-Amz-Function-Error: Handled\r\n", "null").await,
        returned(Some("Handled"), "null")
    );
}

#[tokio::test]
async fn trap_27_function_errors_of_the_runtime_interface_emulator_are_told_by_the_body() {
    let failed = [
        r#"{"errorMessage": "no", "errorType": "ValueError", "requestId": "1", "stackTrace": []}"#,
        r#"{"errorType":"java.lang.NullPointerException","errorMessage":null}"#,
        "Task timed out after 3.00 seconds",
    ];
    for body in failed {
        assert_eq!(
            result_of("200 OK", "", body).await,
            returned(Some("Unhandled"), body)
        );
    }
    let succeeded = [
        "null",
        "",
        "not json",
        r#""Task timed out after 3.00 seconds""#,
        r#"{"errorMessage":"a field of a result"}"#,
        r#"{"errorType":1,"errorMessage":"x"}"#,
        r#"[{"errorType":"x","errorMessage":"x"}]"#,
        r#"{"nested":{"errorType":"x","errorMessage":"x"}}"#,
    ];
    for body in succeeded {
        assert_eq!(result_of("200 OK", "", body).await, returned(None, body));
    }
}

#[tokio::test]
async fn a_service_that_names_the_version_is_believed() {
    let body = r#"{"errorMessage":"no","errorType":"ValueError"}"#;
    let headers = "X-Amz-Executed-Version: $LATEST\r\n";
    assert_eq!(result_of("200 OK", headers, body).await, returned(None, body));
}

#[tokio::test]
async fn throttles_carry_their_reason() {
    let body = r#"{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}"#;
    assert_eq!(
        result_of(
            "429 Too Many Requests",
            "x-amzn-ErrorType: TooManyRequestsException\r\n",
            body
        )
        .await,
        InvocationResult::Throttled {
            reason:
                "TooManyRequestsException: ReservedFunctionConcurrentInvocationLimitExceeded: Rate Exceeded."
                    .into()
        }
    );
}

#[tokio::test]
async fn a_busy_runtime_interface_emulator_is_a_throttle() {
    assert_eq!(
        result_of("400 Bad Request", "", "").await,
        InvocationResult::Throttled {
            reason: "the function's runtime is busy with another invocation".into()
        }
    );
}

#[tokio::test]
async fn refusals_are_what_they_are() {
    let cases = [
        (
            "404 Not Found",
            "x-amzn-ErrorType: ResourceNotFoundException:http://internal\r\n",
            r#"{"Type":"User","Message":"Function not found: f"}"#,
            404,
            "ResourceNotFoundException: Function not found: f",
        ),
        (
            "400 Bad Request",
            "x-amzn-ErrorType: InvalidRequestContentException\r\n",
            r#"{"Type":"User","message":"Could not parse request body"}"#,
            400,
            "InvalidRequestContentException: Could not parse request body",
        ),
        ("413 Payload Too Large", "", "too much", 413, "too much"),
        ("403 Forbidden", "", "", 403, "no reason given"),
        ("301 Moved Permanently", "", "", 301, "no reason given"),
    ];
    for (line, headers, body, status, reason) in cases {
        assert_eq!(
            result_of(line, headers, body).await,
            InvocationResult::Rejected {
                status,
                reason: reason.into()
            }
        );
    }
}

#[tokio::test]
async fn errors_of_the_service_mean_that_the_function_was_not_reached() {
    let cases = [
        (
            "500 Internal Server Error",
            r#"{"Message":"oh"}"#,
            "status 500 Internal Server Error: oh",
        ),
        ("502 Bad Gateway", "<html>", "status 502 Bad Gateway: <html>"),
        (
            "504 Gateway Timeout",
            "",
            "status 504 Gateway Timeout: no reason given",
        ),
    ];
    for (status, body, reason) in cases {
        assert_eq!(
            result_of(status, "", body).await,
            InvocationResult::Unreachable {
                reason: reason.into()
            }
        );
    }
}

#[tokio::test]
async fn a_function_whose_process_ended_has_failed() {
    let body = r#"{"errorType":"Runtime.ExitError","errorMessage":"RequestId: 1 Error: Runtime exited with error: exit status 1"}"#;
    assert_eq!(
        result_of("502 Bad Gateway", "", body).await,
        returned(Some("Unhandled"), body)
    );
}

#[tokio::test]
async fn nobody_listening_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let InvocationResult::Unreachable { reason } = invoker(&url).invoke(invocation(None)).await else {
        panic!("nobody listens")
    };
    assert!(reason.contains("refused"), "{reason}");
}

#[tokio::test]
async fn an_answer_that_is_cut_short_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        read_request(&mut stream).await.unwrap();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nnul")
            .await
            .unwrap();
    });
    let result = invoker(&url).invoke(invocation(None)).await;
    assert!(
        matches!(result, InvocationResult::Unreachable { .. }),
        "{result:?}"
    );
}

#[tokio::test]
async fn a_response_has_6_mib_and_100_bytes_at_most() {
    let most = "x".repeat(MAX_RESPONSE_BYTES);
    assert_eq!(result_of("200 OK", "", &most).await, returned(None, &most));
    assert_eq!(
        result_of("200 OK", "", &format!("{most}x")).await,
        returned(
            Some("Unhandled"),
            r#"{"errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes).","errorType":"Function.ResponseSizeTooLarge"}"#
        )
    );
}

#[tokio::test]
async fn a_function_that_takes_longer_than_its_timeout_has_failed() {
    // A server that reads the event and never answers.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        read_request(&mut stream).await.unwrap();
        // The request ends with its connection.
        stream.read(&mut [0]).await.unwrap()
    });
    let limits = FunctionLimits {
        timeout: Duration::from_millis(20),
        concurrency: None,
    };
    let invoker = HttpInvoker::new(&url, limits, Entropy::from_seed(1)).unwrap();
    let request_id = Entropy::from_seed(1).uuid();
    let expected = format!(
        r#"{{"errorMessage":"RequestId: {request_id} Error: Task timed out after 0.02 seconds","errorType":"Sandbox.Timedout"}}"#
    );
    assert_eq!(
        invoker.invoke(invocation(None)).await,
        returned(Some("Unhandled"), &expected)
    );
    assert_eq!(server.await.unwrap(), 0);
}

#[test]
fn a_function_has_14_minutes_unless_it_says_otherwise() {
    let limits = invoker("http://f").limits();
    assert_eq!(
        limits,
        FunctionLimits {
            timeout: Duration::from_secs(840),
            concurrency: None
        }
    );
}

#[test]
fn endpoints_are_plain_http_urls() {
    assert_eq!(
        refused("https://lambda.test"),
        "invalid function endpoint `https://lambda.test`: https is not supported, must be http"
    );
    let malformed = [
        ("127.0.0.1:9001", "it does not begin with http://"),
        ("ftp://host", "its scheme is not http"),
        ("http://user@host", "a user name or password is not supported"),
        ("http:/host", "invalid format"),
    ];
    for (url, why) in malformed {
        assert_eq!(
            refused(url),
            format!("invalid function endpoint `{url}`: {why}; must be a URL such as http://127.0.0.1:9001")
        );
    }
    for url in ["http://localhost:9001", "http://localhost:9001/"] {
        assert_eq!(
            Endpoint::parse(url),
            Ok(Endpoint::Server {
                origin: "http://localhost:9001".into()
            })
        );
    }
}
