use super::*;

fn invoker(function: SimulatedFunction, seed: u64) -> SimulatedInvoker {
    let clock = Clock::new(esmeralda_broker::Clock::tokio(0));
    SimulatedInvoker::new(function, clock, Entropy::from_seed(seed))
}

fn of_100_ms() -> SimulatedFunction {
    SimulatedFunction::fixed(Duration::from_millis(100))
}

fn invocation(payload: &'static [u8]) -> Invocation {
    Invocation {
        function_name: "f".into(),
        qualifier: None,
        payload: Bytes::from_static(payload),
        event_bytes: payload.len(),
        client_context: None,
    }
}

async fn failures(error_rate: f64, seed: u64) -> Vec<bool> {
    let function = SimulatedFunction {
        error_rate,
        ..of_100_ms()
    };
    let invoker = invoker(function, seed);
    let mut failures = Vec::new();
    for _ in 0..200 {
        let result = invoker.invoke(invocation(b"")).await;
        failures.push(result == returned(true));
    }
    failures
}

#[tokio::test(start_paused = true)]
async fn each_invocation_takes_the_duration() {
    let started = tokio::time::Instant::now();
    failures(0.0, 1).await;
    assert_eq!(started.elapsed(), Duration::from_secs(20));
}

#[tokio::test(start_paused = true)]
async fn the_duration_counts_from_the_invocation_however_late_it_is_waited_for() {
    let invoker = invoker(of_100_ms(), 1);
    let started = invoker.clock.elapsed();
    let invoked = invoker.invoke(invocation(b""));
    invoker.clock.sleep(Duration::from_millis(40)).await;
    invoked.await;
    assert_eq!(invoker.clock.elapsed() - started, Duration::from_millis(100));
}

#[tokio::test(start_paused = true)]
async fn drawn_durations_repeat_from_the_seed() {
    let function = SimulatedFunction {
        duration: DurationModel::Uniform {
            from: Duration::from_millis(1),
            to: Duration::from_millis(1_000),
        },
        ..of_100_ms()
    };
    let mut took = Vec::new();
    for _ in 0..2 {
        let invoker = invoker(function, 5);
        let begun = invoker.clock.elapsed();
        for _ in 0..10 {
            invoker.invoke(invocation(b"")).await;
        }
        took.push(invoker.clock.elapsed() - begun);
    }
    assert_eq!(took[0], took[1]);
    assert!(
        took[0] > Duration::from_secs(2) && took[0] < Duration::from_secs(8),
        "{took:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_error_rate_is_the_share_that_fails_and_the_seed_says_which() {
    assert!(!failures(0.0, 1).await.contains(&true));
    assert!(!failures(1.0, 1).await.contains(&false));
    let some = failures(0.25, 1).await;
    assert_eq!(some, failures(0.25, 1).await);
    assert_ne!(some, failures(0.25, 2).await);
    let count = some.iter().filter(|failed| **failed).count();
    assert!(
        (30..=70).contains(&count),
        "{count} of 200 failed at a rate of 0.25"
    );
}

/// Counts how many of them are not dropped yet.
struct Payload {
    _held: Arc<()>,
}

impl AsRef<[u8]> for Payload {
    fn as_ref(&self) -> &[u8] {
        br#"{"records":{"t-0":[{"topic":"t","partition":0,"offset":5,"timestamp":1}]}}"#
    }
}

#[tokio::test(start_paused = true)]
async fn the_payload_is_read_and_given_back_before_the_function_takes_its_time() {
    let (audit, held) = (Arc::new(Audit::default()), Arc::new(()));
    let invoker = invoker(of_100_ms(), 1).audited(Arc::clone(&audit));
    let payload = Bytes::from_owner(Payload {
        _held: Arc::clone(&held),
    });
    let invoked = tokio::spawn(invoker.invoke(Invocation {
        payload,
        ..invocation(b"")
    }));
    invoker.clock.sleep(Duration::from_millis(1)).await;
    assert_eq!(Arc::strong_count(&held), 1);
    assert_eq!(audit.summary().invocations, 0, "it counts when it has completed");
    invoked.await.unwrap();
    let summary = audit.summary();
    assert_eq!((summary.invocations, summary.records), (1, 1));
    assert_eq!(summary.errors, []);
}
