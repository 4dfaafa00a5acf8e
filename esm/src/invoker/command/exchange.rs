//! The exchange of events and answers between a function's process and its invoker: who waits for what, and which answer is accepted.
//!
//! Nothing here knows HTTP or processes. `runtime_api` calls one side, and `environment` the other.

use bytes::Bytes;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};

/// The event of one invocation, as a runtime is given it.
#[derive(Clone, Debug)]
pub(super) struct RuntimeEvent {
    /// The id of the invocation, which the runtime's answer names.
    pub(super) request_id: String,
    /// The id of this attempt, which newer runtimes repeat in their answer.
    pub(super) invocation_id: String,
    pub(super) function_arn: String,
    pub(super) trace_id: String,
    /// The client context of the Invoke API, as JSON.
    pub(super) client_context: Option<String>,
    /// The function's time from the moment at which the runtime is given the event.
    pub(super) timeout: Duration,
    pub(super) payload: Bytes,
}

/// A runtime's answer to an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RuntimeAnswer {
    /// The function returned this.
    Response(Bytes),
    /// The function failed with this error.
    Error(Bytes),
    /// The response was longer than Lambda allows.
    TooLarge,
}

/// The reason why a runtime's call is refused. Source: the error types of the runtime interface emulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    /// No invocation with this id was given to the runtime.
    #[error("Invalid request ID")]
    RequestId,
    /// The answer is to an earlier attempt.
    #[error("Invalid invocation ID")]
    InvocationId,
    /// The runtime has answered this invocation already, or the call does not belong here.
    #[error("State transition is not allowed")]
    State,
}

/// The exchange of one process. At most one event is in it.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    state: Mutex<State>,
    /// Told after each change.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// The number of calls that wait for an event.
    waiting: usize,
    /// Whether the runtime has ever asked for an event, which ends its initialization.
    has_asked: bool,
    init_error: Option<Bytes>,
    offered: Option<Running>,
    running: Option<Running>,
    last_answered: Option<String>,
}

#[derive(Debug)]
struct Running {
    event: RuntimeEvent,
    answer: oneshot::Sender<RuntimeAnswer>,
}

/// A call that waits for an event, until dropped.
struct Waiting<'a>(&'a Exchange);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.state().waiting -= 1;
        self.0.changed.notify_waiters();
    }
}

/// The side of the runtime.
impl Exchange {
    /// Waits for the next event. Cancel safe: an event that is not returned stays.
    ///
    /// # Errors
    /// [`Refusal::State`] while an event is not answered.
    pub(super) async fn next(&self) -> Result<RuntimeEvent, Refusal> {
        let _waiting = {
            let mut state = self.state();
            if state.running.is_some() {
                return Err(Refusal::State);
            }
            (state.waiting, state.has_asked) = (state.waiting + 1, true);
            Waiting(self)
        };
        self.changed.notify_waiters();
        loop {
            let changed = self.changed.notified();
            {
                let mut state = self.state();
                if let Some(mut running) = state.offered.take() {
                    let event = running.event.clone();
                    // Only the runtime needs it from now on.
                    running.event.payload = Bytes::new();
                    state.running = Some(running);
                    self.changed.notify_waiters();
                    return Ok(event);
                }
            }
            changed.await;
        }
    }

    /// Checks that an answer to an invocation is due. `invocation_id` is there if the runtime repeats it.
    ///
    /// # Errors
    /// The [`Refusal`] if it is not.
    pub(super) fn check(&self, request_id: &str, invocation_id: Option<&str>) -> Result<(), Refusal> {
        let state = self.state();
        match &state.running {
            Some(running) if running.event.request_id == request_id => {
                let is_this_one = invocation_id.is_none_or(|id| id == running.event.invocation_id);
                if is_this_one {
                    Ok(())
                } else {
                    Err(Refusal::InvocationId)
                }
            }
            _ if state.last_answered.as_deref() == Some(request_id) => Err(Refusal::State),
            _ => Err(Refusal::RequestId),
        }
    }

    /// Accepts the answer to an invocation.
    ///
    /// # Errors
    /// As [`Exchange::check`].
    pub(super) fn answer(
        &self,
        request_id: &str,
        invocation_id: Option<&str>,
        answer: RuntimeAnswer,
    ) -> Result<(), Refusal> {
        self.check(request_id, invocation_id)?;
        let mut state = self.state();
        // Another call may have answered between the check and this lock.
        let running = state.running.take().ok_or(Refusal::State)?;
        state.last_answered = Some(running.event.request_id);
        // An invoker that has given up reads no answer.
        let _ = running.answer.send(answer);
        Ok(())
    }

    /// Accepts the error of a runtime that could not initialize.
    ///
    /// # Errors
    /// [`Refusal::State`] if the runtime has asked for an event before.
    pub(super) fn fail_init(&self, error: Bytes) -> Result<(), Refusal> {
        let mut state = self.state();
        if state.has_asked || state.init_error.is_some() {
            return Err(Refusal::State);
        }
        state.init_error = Some(error);
        self.changed.notify_waiters();
        Ok(())
    }
}

/// The side of the invoker.
impl Exchange {
    /// Offers an event, and returns the receiver of its answer. It replaces an event that nobody has taken.
    pub(super) fn offer(&self, event: RuntimeEvent) -> oneshot::Receiver<RuntimeAnswer> {
        let (answer, answered) = oneshot::channel();
        self.state().offered = Some(Running { event, answer });
        self.changed.notify_waiters();
        answered
    }

    /// Whether the runtime waits for an event.
    pub(super) fn is_waiting(&self) -> bool {
        self.state().waiting > 0
    }

    /// Whether the runtime has initialized: it has asked for its first event.
    pub(super) fn is_initialized(&self) -> bool {
        self.state().has_asked
    }

    /// Waits until the runtime asks for an event.
    pub(super) async fn waits(&self) {
        self.until(|state| (state.waiting > 0).then_some(())).await;
    }

    /// Waits until the event that was offered has been taken.
    pub(super) async fn taken(&self) {
        self.until(|state| state.offered.is_none().then_some(())).await;
    }

    /// Waits for the error of a runtime that cannot initialize.
    pub(super) async fn init_failed(&self) -> Bytes {
        self.until(|state| state.init_error.clone()).await
    }

    async fn until<T>(&self, read: impl Fn(&State) -> Option<T>) -> T {
        loop {
            // Registered before the state is read, so that a change in between wakes it.
            let changed = self.changed.notified();
            if let Some(found) = read(&self.state()) {
                return found;
            }
            changed.await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change is complete when the lock is released, so a panic of another holder leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(request_id: &str) -> RuntimeEvent {
        RuntimeEvent {
            request_id: request_id.to_owned(),
            invocation_id: format!("attempt-of-{request_id}"),
            function_arn: String::new(),
            trace_id: String::new(),
            client_context: None,
            timeout: Duration::from_secs(1),
            payload: Bytes::new(),
        }
    }

    fn response(text: &'static str) -> RuntimeAnswer {
        RuntimeAnswer::Response(Bytes::from_static(text.as_bytes()))
    }

    #[tokio::test]
    async fn an_event_is_taken_once_and_answered_once() {
        let exchange = Exchange::default();
        let answered = exchange.offer(event("a"));
        assert!(!exchange.is_initialized());
        assert_eq!(exchange.next().await.unwrap().request_id, "a");
        assert!(exchange.is_initialized());
        exchange.taken().await;
        assert_eq!(exchange.next().await.unwrap_err(), Refusal::State);
        assert_eq!(exchange.answer("a", None, response("1")), Ok(()));
        assert_eq!(answered.await, Ok(response("1")));
        assert_eq!(exchange.answer("a", None, response("2")), Err(Refusal::State));
    }

    #[tokio::test]
    async fn an_answer_names_its_invocation_and_may_name_its_attempt() {
        let exchange = Exchange::default();
        let _answered = exchange.offer(event("a"));
        assert_eq!(exchange.check("a", None), Err(Refusal::RequestId));
        exchange.next().await.unwrap();
        assert_eq!(exchange.check("b", None), Err(Refusal::RequestId));
        assert_eq!(
            exchange.check("a", Some("attempt-of-b")),
            Err(Refusal::InvocationId)
        );
        assert_eq!(exchange.check("a", Some("attempt-of-a")), Ok(()));
        assert_eq!(exchange.check("a", None), Ok(()));
    }

    #[tokio::test]
    async fn a_call_that_is_given_up_leaves_the_event_for_the_next_one() {
        let exchange = Exchange::default();
        {
            let mut given_up = Box::pin(exchange.next());
            tokio::select! {
                biased;
                _ = &mut given_up => panic!("nothing was offered"),
                () = exchange.waits() => {}
            }
        }
        assert!(!exchange.is_waiting());
        let _answered = exchange.offer(event("a"));
        assert_eq!(exchange.next().await.unwrap().request_id, "a");
    }

    #[tokio::test]
    async fn only_a_runtime_that_has_not_begun_fails_to_initialize() {
        let exchange = Exchange::default();
        assert_eq!(exchange.fail_init(Bytes::from_static(b"no")), Ok(()));
        assert_eq!(exchange.init_failed().await, "no");
        let exchange = Exchange::default();
        let _answered = exchange.offer(event("a"));
        exchange.next().await.unwrap();
        assert_eq!(exchange.fail_init(Bytes::new()), Err(Refusal::State));
    }
}
