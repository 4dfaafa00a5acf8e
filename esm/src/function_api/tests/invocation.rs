//! Invocations through the API, which wait for the function or do not.

use super::*;

#[tokio::test(start_paused = true)]
async fn an_invocation_returns_what_the_function_returned() {
    let scene = scene();
    let echo = ClosureInvoker::new(|payload: Bytes| async move {
        if payload == "1" {
            Err("no".to_owned())
        } else {
            Ok(payload)
        }
    });
    scene.functions.register("f", Arc::new(echo));
    let invoke = |invocation_type, payload: &'static str| {
        scene.api.invoke(InvokeRequest {
            function_name: "f".to_owned(),
            invocation_type,
            payload: Bytes::from_static(payload.as_bytes()),
            ..InvokeRequest::default()
        })
    };
    let response = |status, function_error: Option<&str>, payload: &'static str| FunctionResponse {
        status,
        function_error: function_error.map(str::to_owned),
        log: None,
        payload: Bytes::from_static(payload.as_bytes()),
    };
    use InvocationType::{DryRun, Event, RequestResponse};
    assert_eq!(
        invoke(RequestResponse, "[1]").await,
        Ok(response(200, None, "[1]"))
    );
    assert_eq!(invoke(RequestResponse, "").await, Ok(response(200, None, "{}")));
    let error = r#"{"errorMessage":"no","errorType":"Error"}"#;
    assert_eq!(
        invoke(RequestResponse, "1").await,
        Ok(response(200, Some("Unhandled"), error))
    );
    assert_eq!(invoke(DryRun, "{}").await, Ok(response(204, None, "")));
    assert_eq!(invoke(Event, "{}").await, Ok(response(202, None, "")));
    let (status, kind, message) = refused(invoke(RequestResponse, "{").await);
    assert_eq!((status, kind), (400, "InvalidRequestContentException"));
    assert!(
        message.starts_with("Could not parse request body into json: Could not parse payload into json: "),
        "{message}"
    );
    assert_eq!(
        InvocationType::read(Some("Other")).unwrap_err().kind,
        "ValidationException"
    );
}

#[tokio::test(start_paused = true)]
async fn an_asynchronous_event_that_fails_is_tried_three_times() {
    let scene = scene();
    let (moments, clock) = (Arc::new(Mutex::new(Vec::new())), scene.clock.clone());
    let seen = Arc::clone(&moments);
    let failing = ClosureInvoker::new(move |_: Bytes| {
        seen.lock().unwrap().push(clock.elapsed().as_secs());
        async { Err::<Bytes, _>("no") }
    });
    scene.functions.register("f", Arc::new(failing));
    let invoked = scene.api.invoke(InvokeRequest {
        function_name: "f".to_owned(),
        invocation_type: InvocationType::Event,
        ..InvokeRequest::default()
    });
    assert_eq!(invoked.await.unwrap().status, 202);
    scene.clock.sleep(Duration::from_secs(3_600)).await;
    assert_eq!(*moments.lock().unwrap(), [0, 60, 180]);
}
