mod runtime;

use super::*;
use serde_json::{Value, json};

const SECOND: Duration = Duration::from_secs(1);

/// A function whose runtime is a process of this test binary, with this behaviour.
fn function(behaviour: &str) -> CommandFunction {
    let binary = std::env::current_exe().unwrap().display().to_string();
    let runtime = "invoker::command::tests::runtime::runtime";
    let arguments = [&binary, runtime, "--exact", "--ignored", "--nocapture", "--quiet"];
    CommandFunction {
        name: "f".to_owned(),
        command: arguments.map(str::to_owned).into(),
        directory: None,
        environment: BTreeMap::new(),
        handler: Some(behaviour.to_owned()),
        memory_mb: 1024,
        limits: FunctionLimits {
            timeout: 20 * SECOND,
            concurrency: None,
        },
    }
}

fn invoker_of(function: CommandFunction) -> CommandInvoker {
    let clock = Clock::new(esmeralda_broker::Clock::system());
    let host = CommandHost::new("000000000000", "eu-west-1", clock, Entropy::from_system());
    CommandInvoker::new(function, host)
}

fn invoker(behaviour: &str) -> CommandInvoker {
    invoker_of(function(behaviour))
}

fn invocation(payload: &'static str) -> Invocation {
    Invocation {
        function_name: "f".into(),
        qualifier: None,
        payload: Bytes::from_static(payload.as_bytes()),
        event_bytes: payload.len(),
        client_context: None,
    }
}

/// Invokes a function and returns whether it succeeded, and its payload.
async fn invoke(invoker: &CommandInvoker, payload: &'static str) -> (bool, String) {
    match invoker.invoke(invocation(payload)).await {
        InvocationResult::Returned {
            function_error,
            payload,
        } => {
            assert!(function_error.as_deref().is_none_or(|kind| kind == "Unhandled"));
            let payload = String::from_utf8(payload.to_vec()).unwrap();
            (function_error.is_none(), payload)
        }
        other => panic!("{other:?}"),
    }
}

async fn json_of(behaviour: &str) -> Value {
    let (succeeded, payload) = invoke(&invoker(behaviour), "{}").await;
    assert!(succeeded, "{payload}");
    serde_json::from_str(&payload).unwrap()
}

/// Asserts that a function fails with an error of this type and message, in which `ID` stands for the id of the request.
async fn assert_fails(invoker: &CommandInvoker, error_type: &str, message: &str) {
    let (succeeded, payload) = invoke(invoker, "{}").await;
    assert!(!succeeded, "{payload}");
    let error: Value = serde_json::from_str(&payload).unwrap();
    let text = error["errorMessage"].as_str().unwrap();
    let masked = match text
        .strip_prefix("RequestId: ")
        .and_then(|rest| rest.split_once(' '))
    {
        Some((id, rest)) if id.len() == 36 => format!("RequestId: ID {rest}"),
        _ => text.to_owned(),
    };
    assert_eq!(
        (error["errorType"].as_str().unwrap(), masked.as_str()),
        (error_type, message)
    );
}

#[tokio::test]
async fn a_process_is_started_once_and_handles_one_invocation_after_the_other() {
    let invoker = invoker("count");
    for expected in ["1", "2", "3"] {
        assert_eq!(invoke(&invoker, "{}").await, (true, expected.to_owned()));
    }
}

#[tokio::test]
async fn each_concurrent_invocation_has_a_process() {
    let invoker = invoker("count");
    let (first, second) = tokio::join!(invoke(&invoker, "{}"), invoke(&invoker, "{}"));
    assert_eq!([first.1, second.1], ["1", "1"]);
    assert_eq!(invoker.pool.idle().environments.len(), 2);
    assert_eq!(invoke(&invoker, "{}").await.1, "2");
}

#[tokio::test]
async fn the_event_and_the_response_are_the_functions_own() {
    let invoker = invoker("echo");
    let payload = r#"{"records":{"ä-0":[]}}"#;
    assert_eq!(invoke(&invoker, payload).await, (true, payload.to_owned()));
}

#[tokio::test]
async fn trap_26_an_event_comes_with_the_headers_that_runtimes_require() {
    let before_ms = esmeralda_broker::Clock::system().now_ms();
    let headers = json_of("headers").await;
    let header = |name: &str| {
        let headers = headers.as_array().unwrap();
        let found = headers.iter().find(|header| header[0] == name);
        found.unwrap_or_else(|| panic!("{name}: {headers:?}"))[1]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("lambda-runtime-aws-request-id").len(), 36);
    assert_eq!(header("lambda-runtime-invocation-id").len(), 36);
    assert_eq!(
        header("lambda-runtime-invoked-function-arn"),
        "arn:aws:lambda:eu-west-1:000000000000:function:f"
    );
    let left_ms = header("lambda-runtime-deadline-ms").parse::<i64>().unwrap() - before_ms;
    assert!((20_000..80_000).contains(&left_ms), "{left_ms}");
    let trace = header("lambda-runtime-trace-id");
    assert!(
        trace.starts_with("Root=1-") && trace.ends_with(";Sampled=0"),
        "{trace}"
    );
}

#[tokio::test]
async fn a_process_has_the_variables_of_lambda_and_its_own() {
    let mut function = function("variables");
    function.environment = [
        ("TABLE", "orders"),
        ("TZ", ":Europe/Berlin"),
        ("AWS_LAMBDA_RUNTIME_API", "x"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let (_, payload) = invoke(&invoker_of(function), "{}").await;
    let variables: Value = serde_json::from_str(&payload).unwrap();
    let expected = json!({
        "_HANDLER": "variables",
        "AWS_LAMBDA_FUNCTION_NAME": "f",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/f",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_EXECUTION_ENV": "AWS_Lambda_Image",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "TZ": ":Europe/Berlin",
        "TABLE": "orders",
        "PATH": std::env::var("PATH").unwrap(),
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&variables[name], value, "{name}");
    }
    for name in [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    ] {
        assert_ne!(variables[name], "", "{name}");
    }
    assert!(
        variables["AWS_LAMBDA_RUNTIME_API"]
            .as_str()
            .unwrap()
            .starts_with("127.0.0.1:")
    );
}

#[tokio::test]
async fn an_error_of_the_function_leaves_its_process_for_the_next_invocation() {
    let invoker = invoker("error");
    for _ in 0..2 {
        assert_fails(&invoker, "TeaError", "out of tea").await;
        assert_eq!(invoker.pool.idle().environments.len(), 1);
    }
}

#[tokio::test]
async fn a_process_that_ends_is_a_function_error_and_another_one_follows() {
    let cases = [
        ("exit", "exit status 3"),
        ("exit_before_next", "exit status 127"),
        ("abort", "signal: aborted"),
        ("fork_and_exit", "exit status 1"),
    ];
    for (behaviour, end) in cases {
        let invoker = invoker(behaviour);
        for _ in 0..2 {
            let message = format!("RequestId: ID Error: Runtime exited with error: {end}");
            assert_fails(&invoker, "Runtime.ExitError", &message).await;
        }
    }
    assert_fails(
        &invoker("exit_zero"),
        "Runtime.ExitError",
        "RequestId: ID Error: Runtime exited without providing a reason",
    )
    .await;
}

#[tokio::test]
async fn a_runtime_that_cannot_initialize_says_why() {
    assert_fails(&invoker("init_error"), "Runtime.ImportModuleError", "no module").await;
}

#[tokio::test]
async fn a_command_that_cannot_be_started_is_a_function_error() {
    let mut function = function("echo");
    function.command = vec!["/no/such/program".to_owned()];
    assert_fails(
        &invoker_of(function),
        "Runtime.InvalidEntrypoint",
        "Error: cannot start /no/such/program: No such file or directory (os error 2)",
    )
    .await;
}

#[tokio::test]
async fn a_function_that_hangs_is_killed_with_all_that_it_started() {
    for behaviour in ["hang", "fork_and_hang"] {
        let mut function = function(behaviour);
        function.limits.timeout = SECOND;
        let invoker = invoker_of(function);
        let message = "RequestId: ID Error: Task timed out after 1.00 seconds";
        assert_fails(&invoker, "Sandbox.Timedout", message).await;
        assert!(invoker.pool.idle().environments.is_empty());
    }
}

#[tokio::test]
async fn what_a_function_writes_is_the_end_of_its_log() {
    let invoker = invoker("print");
    let log = invoker.pool.invoke(invocation("{}")).await.log;
    let log = String::from_utf8(log.to_vec()).unwrap();
    let lines: Vec<&str> = log.lines().collect();
    assert!(
        lines[0].starts_with("START RequestId: ") && lines[0].ends_with(" Version: $LATEST"),
        "{log}"
    );
    for expected in ["to stdout", "to stderr", "without end"] {
        assert!(lines.contains(&expected), "{log}");
    }
    let [end, report] = lines[lines.len() - 2..] else {
        panic!("{log}")
    };
    assert!(end.starts_with("END RequestId: "), "{log}");
    assert!(report.starts_with("REPORT RequestId: "), "{log}");
    assert!(
        report.contains("\tMemory Size: 1024 MB\tMax Memory Used: "),
        "{log}"
    );
    assert!(report.contains("\tInit Duration: "), "a cold start: {log}");
    let log = invoker.pool.invoke(invocation("{}")).await.log;
    let log = String::from_utf8(log.to_vec()).unwrap();
    assert!(
        log.contains("to stdout") && !log.contains("Init Duration"),
        "{log}"
    );
}

#[tokio::test]
async fn a_flood_of_output_is_cut_and_the_function_goes_on() {
    let invoker = invoker("flood");
    let LoggedResult { result, log } = invoker.pool.invoke(invocation("{}")).await;
    let expected = InvocationResult::Returned {
        function_error: None,
        payload: Bytes::from_static(b"null"),
    };
    assert_eq!(result, expected);
    assert_eq!(log.len(), 4096);
}

#[tokio::test]
async fn a_flood_without_end_ends_with_the_timeout() {
    let mut function = function("flood_for_ever");
    function.limits.timeout = SECOND;
    let message = "RequestId: ID Error: Task timed out after 1.00 seconds";
    assert_fails(&invoker_of(function), "Sandbox.Timedout", message).await;
}

#[tokio::test]
async fn a_response_has_6_mib_and_100_bytes_at_most() {
    let (succeeded, payload) = invoke(&invoker("largest"), "{}").await;
    assert!(succeeded);
    assert_eq!(payload.len(), 6 * 1024 * 1024 + 100);
    let message = "Response payload size exceeded maximum allowed payload size (6291556 bytes).";
    let invoker = invoker("large");
    for _ in 0..2 {
        // The process survives it.
        assert_fails(&invoker, "Function.ResponseSizeTooLarge", message).await;
        assert_eq!(invoker.pool.idle().environments.len(), 1);
    }
}

#[tokio::test]
async fn a_response_without_end_is_too_large() {
    let message = "Response payload size exceeded maximum allowed payload size (6291556 bytes).";
    assert_fails(
        &invoker("endless_response"),
        "Function.ResponseSizeTooLarge",
        message,
    )
    .await;
}

#[tokio::test]
async fn a_streamed_response_may_end_with_an_error() {
    let (succeeded, payload) = invoke(&invoker("stream_and_fail"), "{}").await;
    assert_eq!((succeeded, payload.as_str()), (false, "late"));
}

#[tokio::test]
async fn a_runtime_that_expects_to_continue_is_told_to() {
    let (succeeded, payload) = invoke(&invoker("expect_continue"), "{}").await;
    assert_eq!((succeeded, payload.as_str()), (true, "null"));
}

#[tokio::test]
async fn calls_out_of_order_are_refused() {
    let answers = json_of("wrong_answers").await;
    let refused = |status: u16, error_type: &str, message: &str| {
        format!(r#"{status} {{"errorMessage":"{message}","errorType":"{error_type}"}}"#)
    };
    let expected = [
        refused(400, "InvalidRequestID", "Invalid request ID"),
        refused(400, "InvalidInvocationId", "Invalid invocation ID"),
        refused(403, "InvalidStateTransition", "State transition is not allowed"),
        refused(403, "InvalidStateTransition", "State transition is not allowed"),
        refused(
            404,
            "NotServed",
            "/2020-01-01/extension/register is not served: Esmeralda has the Runtime API /2018-06-01/runtime/, and none for extensions, logs, telemetry or SnapStart",
        ),
    ];
    assert_eq!(answers, json!(expected));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_function_that_exceeds_its_memory_is_killed() {
    let mut function = function("fill_memory");
    function.memory_mb = 64;
    let message = "RequestId: ID Error: Runtime exited with error: signal: killed";
    assert_fails(&invoker_of(function), "Runtime.OutOfMemory", message).await;
}

#[tokio::test]
async fn a_process_that_works_on_after_its_answer_is_not_waited_for() {
    let invoker = invoker("works_on");
    let (_, first) = invoke(&invoker, "\"work on\"").await;
    let (_, second) = invoke(&invoker, "{}").await;
    assert_ne!(first, second);
    assert_eq!(invoke(&invoker, "{}").await, (true, second));
    assert_eq!(invoker.pool.idle().environments.len(), 2);
}

#[tokio::test]
async fn a_version_does_not_exist() {
    let invoked = invoker("echo").invoke(Invocation {
        qualifier: Some("1".to_owned()),
        ..invocation("{}")
    });
    let expected = InvocationResult::Rejected {
        status: 404,
        reason: "Function not found: arn:aws:lambda:eu-west-1:000000000000:function:f:1".to_owned(),
    };
    assert_eq!(invoked.await, expected);
}

#[tokio::test]
async fn all_commands_together_have_a_limit() {
    let invoker = invoker("echo");
    let slots: Vec<_> = (0..MAX_PROCESSES)
        .map(|_| invoker.pool.host.processes.take_slot().unwrap())
        .collect();
    let expected = InvocationResult::Throttled {
        reason: "ConcurrentInvocationLimitExceeded".to_owned(),
    };
    assert_eq!(invoker.invoke(invocation("{}")).await, expected);
    drop(slots);
    assert_eq!(invoke(&invoker, "{}").await.1, "{}");
}

#[tokio::test]
async fn a_process_ends_with_its_invoker() {
    let invoker = invoker("works_on");
    let (_, id) = invoke(&invoker, "{}").await;
    let id = rustix::process::Pid::from_raw(id.parse().unwrap()).unwrap();
    assert!(rustix::process::test_kill_process(id).is_ok());
    drop(invoker);
    // The system ends it in its own time, and tokio takes note of it in the background.
    while rustix::process::test_kill_process(id).is_ok() {
        Clock::within_real_time(Duration::from_millis(5), pending::<()>()).await;
    }
}
