//! The functions that exist, by name, each with its reserved concurrency.

use super::concurrency::Concurrency;
use super::{Invocation, InvocationResult, Invoker, LoggedResult};
use bytes::Bytes;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// Lambda's name for the limit that a throttled invocation met.
const THROTTLED: &str = "ReservedFunctionConcurrentInvocationLimitExceeded";

/// A function that can be invoked. Clones are the same function.
#[derive(Clone, Debug)]
pub struct Function {
    invoker: Arc<dyn Invoker>,
    concurrency: Concurrency,
}

impl Function {
    fn new(invoker: Arc<dyn Invoker>) -> Self {
        let concurrency = Concurrency::new(invoker.limits().concurrency);
        Self { invoker, concurrency }
    }

    /// Invokes the function, or throttles the invocation if the reserved concurrency is used up.
    pub async fn invoke(&self, invocation: Invocation) -> InvocationResult {
        let Some(_slot) = self.concurrency.take_slot() else {
            return throttled();
        };
        self.invoker.invoke(invocation).await
    }

    /// Invokes the function like [`Function::invoke`], and returns the end of its log too.
    pub async fn invoke_logged(&self, invocation: Invocation) -> LoggedResult {
        let Some(_slot) = self.concurrency.take_slot() else {
            return LoggedResult {
                result: throttled(),
                log: Bytes::new(),
            };
        };
        self.invoker.invoke_logged(invocation).await
    }

    /// Returns the function's invoker.
    pub fn invoker(&self) -> &Arc<dyn Invoker> {
        &self.invoker
    }

    /// Returns the number of invocations that may run at once; `None` is no limit.
    pub fn reserved_concurrency(&self) -> Option<u32> {
        self.concurrency.reserved()
    }

    /// Sets the number of invocations that may run at once; `None` is no limit, and 0 throttles every invocation.
    pub fn reserve_concurrency(&self, reserved: Option<u32>) {
        self.concurrency.reserve(reserved);
    }
}

fn throttled() -> InvocationResult {
    InvocationResult::Throttled {
        reason: THROTTLED.to_owned(),
    }
}

/// The functions that mappings can name.
#[derive(Debug, Default)]
pub struct Functions {
    by_name: RwLock<BTreeMap<String, Function>>,
    fallback: RwLock<Option<Fallback>>,
}

/// The invoker of functions without a name of their own, and the concurrency of each that was invoked.
#[derive(Clone, Debug)]
struct Fallback {
    invoker: Arc<dyn Invoker>,
    /// The functions that were invoked, if their concurrency is limited.
    by_name: Arc<Mutex<HashMap<String, Function>>>,
}

impl Functions {
    /// Registers a function, and replaces any other of that name.
    pub fn register(&self, name: &str, invoker: Arc<dyn Invoker>) {
        // Each change is one insertion, so a panic of another holder leaves nothing half done. The same holds for the fallback.
        self.by_name
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.to_owned(), Function::new(invoker));
    }

    /// Replaces the invoker of a function that is registered, and keeps its reserved concurrency. Returns whether it is registered.
    pub fn replace(&self, name: &str, invoker: Arc<dyn Invoker>) -> bool {
        let mut by_name = self.by_name.write().unwrap_or_else(PoisonError::into_inner);
        let Some(function) = by_name.get_mut(name) else {
            return false;
        };
        function.invoker = invoker;
        true
    }

    /// Removes a function that is registered. Returns whether it was.
    pub fn remove(&self, name: &str) -> bool {
        let mut by_name = self.by_name.write().unwrap_or_else(PoisonError::into_inner);
        by_name.remove(name).is_some()
    }

    /// Registers a function that only the fallback makes known, so that it can have a concurrency of its own.
    pub fn adopt(&self, name: &str) {
        let Some(function) = self.get(name) else { return };
        let mut by_name = self.by_name.write().unwrap_or_else(PoisonError::into_inner);
        by_name.entry(name.to_owned()).or_insert(function);
    }

    /// Returns whether a function is registered by its name.
    pub fn is_registered(&self, name: &str) -> bool {
        let by_name = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        by_name.contains_key(name)
    }

    /// Returns the functions that are registered, by name.
    pub fn named(&self) -> BTreeMap<String, Function> {
        let by_name = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        by_name.clone()
    }

    /// Sets the invoker of every function that is not registered by name.
    pub fn set_fallback(&self, invoker: Arc<dyn Invoker>) {
        *self.fallback.write().unwrap_or_else(PoisonError::into_inner) = Some(Fallback {
            invoker,
            by_name: Arc::default(),
        });
    }

    /// Whether a function exists.
    pub fn contains(&self, name: &str) -> bool {
        let by_name = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        let fallback = self.fallback.read().unwrap_or_else(PoisonError::into_inner);
        by_name.contains_key(name) || fallback.is_some()
    }

    /// Returns a function; `None` if it does not exist.
    pub fn get(&self, name: &str) -> Option<Function> {
        let named = self
            .by_name
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .cloned();
        named.or_else(|| {
            let fallback = self.fallback.read().unwrap_or_else(PoisonError::into_inner);
            fallback.as_ref().map(|fallback| fallback.get(name))
        })
    }
}

impl Fallback {
    fn get(&self, name: &str) -> Function {
        if self.invoker.limits().concurrency.is_none() {
            // Nothing is counted, so nothing has to be remembered of each name.
            return Function::new(Arc::clone(&self.invoker));
        }
        let mut by_name = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        match by_name.get(name) {
            Some(function) => function.clone(),
            None => {
                let function = Function::new(Arc::clone(&self.invoker));
                by_name.insert(name.to_owned(), function.clone());
                function
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invoker::FunctionLimits;
    use bytes::Bytes;
    use std::pin::Pin;

    /// An invoker whose invocations never end.
    #[derive(Debug)]
    struct Endless {
        reserved: Option<u32>,
    }

    impl Invoker for Endless {
        fn invoke(&self, _: Invocation) -> Pin<Box<dyn Future<Output = InvocationResult> + Send>> {
            Box::pin(std::future::pending())
        }

        fn limits(&self) -> FunctionLimits {
            FunctionLimits {
                concurrency: self.reserved,
                ..FunctionLimits::default()
            }
        }
    }

    fn invocation() -> Invocation {
        Invocation {
            function_name: "f".into(),
            qualifier: None,
            payload: Bytes::from_static(b"{}"),
            event_bytes: 2,
            client_context: None,
        }
    }

    /// Whether an invocation is throttled at once.
    async fn is_throttled(function: &Function) -> bool {
        tokio::select! {
            biased;
            result = function.invoke(invocation()) => matches!(result, InvocationResult::Throttled { .. }),
            () = std::future::ready(()) => false,
        }
    }

    #[tokio::test]
    async fn beyond_the_reserved_concurrency_an_invocation_is_throttled_at_once() {
        let functions = Functions::default();
        functions.register("f", Arc::new(Endless { reserved: Some(1) }));
        let function = functions.get("f").unwrap();
        assert!(!is_throttled(&function).await);
        let running = tokio::spawn(async move { function.invoke(invocation()).await });
        // The task takes its slot when it is first polled.
        tokio::task::yield_now().await;
        let again = functions.get("f").unwrap();
        assert!(is_throttled(&again).await);
        again.reserve_concurrency(Some(2));
        assert!(!is_throttled(&again).await);
        again.reserve_concurrency(Some(1));
        // An invocation that is given up leaves its place.
        running.abort();
        assert!(running.await.unwrap_err().is_cancelled());
        assert!(!is_throttled(&again).await);
        again.reserve_concurrency(Some(0));
        assert!(is_throttled(&again).await);
    }

    #[tokio::test]
    async fn functions_behind_the_fallback_have_a_concurrency_each() {
        let functions = Functions::default();
        assert!(!functions.contains("a"));
        functions.set_fallback(Arc::new(Endless { reserved: Some(1) }));
        assert!(functions.contains("a"));
        let first = functions.get("a").unwrap();
        let running = tokio::spawn(async move { first.invoke(invocation()).await });
        tokio::task::yield_now().await;
        assert!(is_throttled(&functions.get("a").unwrap()).await);
        assert!(!is_throttled(&functions.get("b").unwrap()).await);
        running.abort();
    }
}
