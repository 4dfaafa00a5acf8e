//! Functions that fail, hang or are throttled, and what the mapping says of them.

use super::test_engine::{TestEngine, expected};
use super::*;
use crate::invoker::InvocationResult;

/// A function that is throttled this many times, and then succeeds.
#[derive(Debug)]
struct Throttling(Mutex<u32>);
impl crate::Invoker for Throttling {
    fn invoke(
        &self,
        _: crate::Invocation,
    ) -> std::pin::Pin<Box<dyn Future<Output = InvocationResult> + Send>> {
        let mut left = self.0.lock().unwrap();
        let result = if *left > 0 {
            *left -= 1;
            InvocationResult::Throttled {
                reason: "ConcurrentInvocationLimitExceeded".into(),
            }
        } else {
            InvocationResult::Returned {
                function_error: None,
                payload: bytes::Bytes::new(),
            }
        };
        Box::pin(async { result })
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_invocation_keeps_its_membership() {
    let test = TestEngine::new().await;
    let clock = test.clock.clone();
    test.function("f", move |_| work(clock.clone(), 14 * 60 * 1_000));
    test.topic(1).await;
    test.produce(0, 0, 1).await;
    let uuid = test.mapping(json!({})).await;
    test.engine.drained(&uuid).await.unwrap();
    assert_eq!(test.seen(), expected(0, 0, 1));
    assert!(test.clock.elapsed() > 14 * MINUTE);
}

#[tokio::test(start_paused = true)]
async fn a_failing_function_is_retried_and_the_lag_shows_it() {
    let test = TestEngine::new().await;
    test.topic(2).await;
    let failures = Arc::new(Mutex::new(4));
    test.function("f", move |records| {
        let mut failures = failures.lock().unwrap();
        let fails = records.iter().any(|record| record.partition == 0) && *failures > 0;
        *failures -= i32::from(fails);
        async move { if fails { Err("no".to_owned()) } else { Ok(()) } }
    });
    let uuid = test
        .mapping(json!({ "BatchSize": 1, "ProvisionedPollerConfig": { "MinimumPollers": 1 } }))
        .await;
    test.produce(0, 0, 2).await;
    test.produce(1, 0, 5).await;
    let metrics = test.until(|metrics| metrics.committed_event_count == 5).await;
    assert_eq!(metrics.offset_lag, [2, 0]);
    assert_eq!(
        test.engine.get(&uuid).await.unwrap().0["LastProcessingResult"],
        "OK"
    );
    test.engine.drained(&uuid).await.unwrap();
    let metrics = test.metrics().await;
    assert_eq!(
        (metrics.invocation_errors, metrics.failed_invoke_event_count),
        (4, 4)
    );
    assert_eq!(metrics.invocations, 11);
    assert_eq!(metrics.offset_lag, [0, 0]);
}

#[tokio::test(start_paused = true)]
async fn throttles_are_retried_and_are_no_failures() {
    let test = TestEngine::new().await;
    test.topic(1).await;
    let throttling = Arc::new(Throttling(Mutex::new(3)));
    test.engine.shared.options.functions.register("f", throttling);
    let uuid = test.mapping(json!({})).await;
    test.produce(0, 0, 1).await;
    test.engine.drained(&uuid).await.unwrap();
    let metrics = test.metrics().await;
    assert_eq!(
        (metrics.throttles, metrics.invocations, metrics.invocation_errors),
        (3, 1, 0)
    );
}

/// LastProcessingResult of a mapping.
async fn result(test: &TestEngine, uuid: &str) -> String {
    let view = test.engine.get(uuid).await.unwrap();
    view.0["LastProcessingResult"].as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_throttled_function_is_the_mappings_problem_until_it_succeeds() {
    let test = TestEngine::new().await;
    test.topic(1).await;
    let throttling = Arc::new(Throttling(Mutex::new(6)));
    test.engine.shared.options.functions.register("f", throttling);
    let uuid = test.mapping(json!({})).await;
    test.produce(0, 0, 1).await;
    test.until(|metrics| metrics.throttles == 2).await;
    assert_eq!(result(&test, &uuid).await, "No records processed");
    test.until(|metrics| metrics.throttles == 3).await;
    assert_eq!(
        result(&test, &uuid).await,
        "PROBLEM: Function call was throttled. ConcurrentInvocationLimitExceeded"
    );
    test.engine.drained(&uuid).await.unwrap();
    assert_eq!(result(&test, &uuid).await, "OK");
}

#[tokio::test(start_paused = true)]
async fn a_function_that_does_not_return_is_the_mappings_problem_until_it_does() {
    let test = TestEngine::new().await;
    let (clock, started) = (test.clock.clone(), Arc::new(Mutex::new(None)));
    let start = Arc::clone(&started);
    test.function("f", move |_| {
        *start.lock().unwrap() = Some(clock.elapsed());
        work(clock.clone(), 120_000)
    });
    test.topic(1).await;
    test.produce(0, 0, 1).await;
    let uuid = test.mapping(json!({})).await;
    test.until(|metrics| metrics.in_flight == 1).await;
    let started = started.lock().unwrap().unwrap();
    test.clock.reach(started + Duration::from_secs(59)).await;
    assert_eq!(result(&test, &uuid).await, "No records processed");
    // The mapping looks once a second.
    for seconds in [62, 90, 119] {
        test.clock.reach(started + Duration::from_secs(seconds)).await;
        let result = result(&test, &uuid).await;
        let shown = result
            .strip_prefix("PROBLEM: Function call has been running for ")
            .and_then(|rest| rest.strip_suffix(" seconds."));
        let shown: u64 = shown.unwrap_or_else(|| panic!("{result}")).parse().unwrap();
        assert!(
            (seconds - 2..=seconds).contains(&shown),
            "{shown} after {seconds}"
        );
    }
    test.engine.drained(&uuid).await.unwrap();
    assert_eq!(result(&test, &uuid).await, "OK");
}

/// The log lines of a test.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// Keeps the warnings of this thread while the guards live.
    fn keep(&self) -> [Box<dyn std::any::Any>; 2] {
        let writer = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::WARN)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        // With a single subscriber, tests in other threads, which have none, may switch a log statement off before this test reaches
        // it: tracing asks that of the thread that is first, and keeps the answer. With two it asks both.
        let second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
        let logged = tracing::subscriber::set_default(subscriber);
        tracing::callsite::rebuild_interest_cache();
        [Box::new(second), Box::new(logged)]
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// A function that is never reached.
#[derive(Debug)]
struct Unreachable;
impl crate::Invoker for Unreachable {
    fn invoke(
        &self,
        _: crate::Invocation,
    ) -> std::pin::Pin<Box<dyn Future<Output = InvocationResult> + Send>> {
        Box::pin(async {
            InvocationResult::Unreachable {
                reason: "connection refused".into(),
            }
        })
    }
}

#[tokio::test(start_paused = true)]
async fn an_unreachable_function_is_warned_of_once_a_minute() {
    let lines = Lines::default();
    let _kept = lines.keep();
    let test = TestEngine::new().await;
    let functions = &test.engine.shared.options.functions;
    functions.register("f", Arc::new(Unreachable));
    test.topic(4).await;
    for partition in 0..4 {
        test.produce(partition, 0, 1).await;
    }
    test.mapping(json!({ "BatchSize": 1 })).await;
    // Each partition's batch is tried 20 times in the first two and a half minutes.
    test.clock.sleep(Duration::from_secs(150)).await;
    let text = lines.text();
    let warnings: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("the function cannot be invoked"))
        .collect();
    assert_eq!(warnings.len(), 3, "{text}");
    assert!(
        warnings[0].contains("connection refused") && warnings[0].contains("since_the_last_warning=0"),
        "{text}"
    );
    assert!(!warnings[1].contains("since_the_last_warning=0"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn warnings_name_the_mapping_and_its_function() {
    let lines = Lines::default();
    let _kept = lines.keep();
    let test = TestEngine::new().await;
    let uuid = test.mapping(json!({})).await; // of a topic that does not exist yet
    let left = Arc::new(Mutex::new(1));
    test.function("f", move |_| {
        let mut left = left.lock().unwrap();
        let fails = *left > 0;
        *left -= i32::from(fails);
        async move { if fails { Err("no".to_owned()) } else { Ok(()) } }
    });
    test.topic(1).await;
    test.produce(0, 0, 1).await;
    test.engine.drained(&uuid).await.unwrap();

    let text = lines.text();
    let warnings: Vec<&str> = text.lines().filter(|line| line.contains("WARN")).collect();
    for message in ["a poller cannot read", "an invocation failed"] {
        assert!(
            warnings.iter().any(|line| line.contains(message)),
            "{message}: {text}"
        );
    }
    let span = format!("mapping{{uuid=\"{uuid}\" function_name=\"f\"}}");
    for line in warnings {
        assert!(line.contains(&span), "{line}");
    }
}
