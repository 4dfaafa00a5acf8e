//! The function API: functions are created from a command, listed, changed, deleted and invoked, as Lambda's API does it.
//! Source: Lambda API reference, and the requests of boto3 and the AWS CLI.
//!
//! Functions that were registered by other means (simulated ones, closures, those behind an endpoint, commands of a config file) are
//! shown, invoked and deleted alike, and their concurrency can be changed.
//!
//! # Differs from Lambda
//! - A function is a command of this machine. Each member's effect is in [`FUNCTION_MEMBERS`]; code, layers, versions and aliases are
//!   refused by name.
//! - A function is Active at once, and an update is Successful at once.
//! - A reserved concurrency may be of any size.

mod definition;
mod events;
mod invocation;
mod listing;
mod members;
mod model;

#[cfg(test)]
mod tests;

pub use invocation::{FunctionResponse, InvocationType, InvokeRequest};
pub use listing::ListFunctions;
pub use members::FUNCTION_MEMBERS;

use crate::config::{ApiError, FunctionName, TagResource, Tags, check};
use crate::invoker::{CommandHost, CommandInvoker, Function, Functions, Invoker};
use crate::{Clock, Entropy};
use definition::{FunctionDefinition, FunctionIdentity};
use events::AsynchronousEvents;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The parts and settings of a function API.
#[derive(Clone, Debug)]
pub struct FunctionApiOptions {
    /// The functions that can be invoked.
    pub functions: Arc<Functions>,
    /// The surroundings of the commands that are created.
    pub host: CommandHost,
    /// The account id in ARNs, 12 digits.
    pub account_id: String,
    /// The region in ARNs if the request's signature does not name one.
    pub region: String,
    /// The clock.
    pub clock: Clock,
    /// The source of ids.
    pub entropy: Entropy,
}

/// The function API. Cheap to clone; asynchronous events that wait are dropped with the last clone.
#[derive(Clone, Debug)]
pub struct FunctionApi {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    options: FunctionApiOptions,
    // Locked for one look or change, never across an await.
    defined: Mutex<BTreeMap<String, Defined>>,
    events: AsynchronousEvents,
    started_ms: i64,
}

/// A definition, which holds as long as the function has this invoker: another one can be registered under its name.
#[derive(Clone, Debug)]
struct Defined {
    definition: FunctionDefinition,
    invoker: Arc<dyn Invoker>,
}

impl FunctionApi {
    /// Returns an API over the functions that are there.
    pub fn new(options: FunctionApiOptions) -> Self {
        Self {
            shared: Arc::new(Shared {
                started_ms: options.clock.now_ms(),
                events: AsynchronousEvents::new(options.clock.clone()),
                defined: Mutex::default(),
                options,
            }),
        }
    }

    /// Creates a function; `region` is that of the request's signature.
    ///
    /// # Errors
    /// [`ApiError`] as CreateFunction answers.
    pub fn create(&self, body: Map<String, Value>, region: Option<&str>) -> Result<Value, ApiError> {
        let given = body
            .get("FunctionName")
            .and_then(Value::as_str)
            .unwrap_or_default();
        // Without a name, the model's check answers.
        let name = if given.is_empty() {
            None
        } else {
            Some(FunctionName::parse(given)?)
        };
        let name = name.map_or(String::new(), |name| name.name);
        let identity = self.identity(&name, region);
        let (definition, command) = FunctionDefinition::create(body, identity)?;
        let options = &self.shared.options;
        let host = options.host.in_region(region.unwrap_or(&options.region));
        let invoker: Arc<dyn Invoker> = Arc::new(CommandInvoker::new(command, host));
        // Held from the check to the insertion, so that two creates at once do not both pass the check.
        let mut defined = self.defined();
        if options.functions.is_registered(&name) {
            return Err(ApiError::conflict(format!("Function already exist: {name}")));
        }
        options.functions.register(&name, Arc::clone(&invoker));
        tracing::info!(function_name = name, "a function was created");
        let configuration = definition.configuration();
        defined.insert(name, Defined { definition, invoker });
        Ok(configuration)
    }

    /// Returns a function with its code's location, tags and concurrency.
    ///
    /// # Errors
    /// 404 ResourceNotFoundException.
    pub fn get(&self, name: &str, qualifier: Option<&str>) -> Result<Value, ApiError> {
        let (definition, function) = self.find(name, qualifier)?;
        let mut shown =
            json!({ "Configuration": configuration(&definition, qualifier), "Code": definition.code() });
        if let Ok(Value::Object(tags)) = serde_json::to_value(&definition.tags)
            && tags["Tags"].as_object().is_some_and(|tags| !tags.is_empty())
        {
            shown["Tags"] = tags["Tags"].clone();
        }
        if let Some(reserved) = function.reserved_concurrency() {
            shown["Concurrency"] = json!({ "ReservedConcurrentExecutions": reserved });
        }
        Ok(shown)
    }

    /// Returns the configuration of a function.
    ///
    /// # Errors
    /// 404 ResourceNotFoundException.
    pub fn get_configuration(&self, name: &str, qualifier: Option<&str>) -> Result<Value, ApiError> {
        let (definition, _) = self.find(name, qualifier)?;
        Ok(configuration(&definition, qualifier))
    }

    /// Returns one page of the functions that have a name of their own, by name.
    ///
    /// # Errors
    /// 400 for a bad query.
    pub fn list(&self, query: &ListFunctions) -> Result<Value, ApiError> {
        let named = self.shared.options.functions.named();
        query.page(named.iter().map(|(name, function)| {
            let shown = || self.definition(name, function).configuration();
            (name.as_str(), shown)
        }))
    }

    /// Changes the configuration of a function that is a command.
    ///
    /// # Errors
    /// [`ApiError`] as UpdateFunctionConfiguration answers, and 400 for a function that is no command.
    pub fn update_configuration(&self, name: &str, body: Map<String, Value>) -> Result<Value, ApiError> {
        let (old, function) = self.find(name, None)?;
        if function.invoker().command().is_none() {
            return Err(ApiError::invalid_parameter(format!(
                "{} is not a command: its configuration stands where it was declared.",
                old.name
            )));
        }
        let identity = FunctionIdentity {
            arn: old.arn.clone(),
            ..self.identity(&old.name, None)
        };
        let (definition, command) = old.update(body, identity)?;
        let options = &self.shared.options;
        let region = definition.arn.split(':').nth(3).unwrap_or(&options.region);
        let host = options.host.in_region(region);
        let invoker: Arc<dyn Invoker> = Arc::new(CommandInvoker::new(command, host));
        let mut defined = self.defined();
        // Processes of the old configuration finish their invocations and end.
        if !options.functions.replace(&old.name, Arc::clone(&invoker)) {
            return Err(function_not_found(&old.arn, None));
        }
        let configuration = definition.configuration();
        defined.insert(old.name, Defined { definition, invoker });
        Ok(configuration)
    }

    /// Deletes a function. Its mappings stay, and their invocations fail, as on Lambda.
    ///
    /// # Errors
    /// 404 ResourceNotFoundException, and 400 for a version and for a function that exists only because every name does.
    pub fn delete(&self, name: &str, qualifier: Option<&str>) -> Result<(), ApiError> {
        let (definition, _) = self.find(name, qualifier)?;
        if qualifier.is_some() {
            return Err(ApiError::invalid_parameter(
                "$LATEST version cannot be deleted without deleting the function.",
            ));
        }
        let mut defined = self.defined();
        defined.remove(&definition.name);
        if self.shared.options.functions.remove(&definition.name) {
            tracing::info!(function_name = definition.name, "a function was deleted");
            return Ok(());
        }
        Err(ApiError::invalid_parameter(format!(
            "{} cannot be deleted: --lambda-endpoint makes every name a function.",
            definition.name
        )))
    }

    /// Sets the number of invocations that may run at once: the body of PutFunctionConcurrency.
    ///
    /// # Errors
    /// [`ApiError`] as PutFunctionConcurrency answers.
    pub fn put_concurrency(&self, name: &str, mut body: Map<String, Value>) -> Result<Value, ApiError> {
        const MEMBER: &str = "ReservedConcurrentExecutions";
        let (definition, function) = self.find(name, None)?;
        let Some(given) = body.remove(MEMBER).filter(|given| !given.is_null()) else {
            return Err(ApiError::validation(
                "1 validation error detected: Value null at 'reservedConcurrentExecutions' failed to satisfy constraint: Member must not be null",
            ));
        };
        let reserved = check(
            &model::RESERVED_CONCURRENCY,
            given,
            "reservedConcurrentExecutions",
        )?;
        let reserved = reserved
            .as_u64()
            .and_then(|reserved| u32::try_from(reserved).ok());
        self.shared.options.functions.adopt(&definition.name);
        let function = self
            .shared
            .options
            .functions
            .get(&definition.name)
            .unwrap_or(function);
        function.reserve_concurrency(reserved);
        Ok(json!({ MEMBER: reserved }))
    }

    /// Returns the reserved concurrency, an empty object if there is none.
    ///
    /// # Errors
    /// 404 ResourceNotFoundException.
    pub fn get_concurrency(&self, name: &str) -> Result<Value, ApiError> {
        let (_, function) = self.find(name, None)?;
        Ok(match function.reserved_concurrency() {
            Some(reserved) => json!({ "ReservedConcurrentExecutions": reserved }),
            None => json!({}),
        })
    }

    /// Ends the limit of a function's concurrency.
    ///
    /// # Errors
    /// 404 ResourceNotFoundException.
    pub fn delete_concurrency(&self, name: &str) -> Result<(), ApiError> {
        let (definition, function) = self.find(name, None)?;
        self.shared.options.functions.adopt(&definition.name);
        let function = self
            .shared
            .options
            .functions
            .get(&definition.name)
            .unwrap_or(function);
        function.reserve_concurrency(None);
        Ok(())
    }

    /// Whether an ARN is a function's, so that its tags are here.
    pub fn is_function(resource: &str) -> bool {
        resource.starts_with("arn:") && resource.contains(":function:")
    }

    /// Returns the tags of the function with the ARN `resource`.
    ///
    /// # Errors
    /// [`ApiError`] as ListTags answers.
    pub fn tags(&self, resource: &str) -> Result<Tags, ApiError> {
        Ok(self.find(resource, None)?.0.tags)
    }

    /// Adds tags.
    ///
    /// # Errors
    /// [`ApiError`] as TagResource answers.
    pub fn tag(&self, resource: &str, request: TagResource) -> Result<(), ApiError> {
        self.change_tags(resource, |tags| tags.add(request))
    }

    /// Takes tags away.
    ///
    /// # Errors
    /// [`ApiError`] as UntagResource answers.
    pub fn untag(&self, resource: &str, keys: &[String]) -> Result<(), ApiError> {
        self.change_tags(resource, |tags| tags.remove(keys))
    }

    fn change_tags(
        &self,
        resource: &str,
        change: impl FnOnce(&mut Tags) -> Result<(), ApiError>,
    ) -> Result<(), ApiError> {
        let (mut definition, function) = self.find(resource, None)?;
        change(&mut definition.tags)?;
        let invoker = Arc::clone(function.invoker());
        self.defined()
            .insert(definition.name.clone(), Defined { definition, invoker });
        Ok(())
    }

    /// Finds a function by any form of its name.
    ///
    /// # Errors
    /// ValidationException for a malformed name, 404 ResourceNotFoundException for a function or version that does not exist, 400 for two
    /// qualifiers that differ.
    fn find(&self, name: &str, qualifier: Option<&str>) -> Result<(FunctionDefinition, Function), ApiError> {
        let parsed = FunctionName::parse(name)?;
        let options = &self.shared.options;
        let arn = parsed
            .without_qualifier()
            .arn(&options.region, &options.account_id);
        let qualifier = match (parsed.qualifier.as_deref(), qualifier) {
            (Some(inner), Some(outer)) if inner != outer => {
                return Err(ApiError::invalid_parameter(
                    "The derived qualifier from the function name does not match the specified qualifier.",
                ));
            }
            (inner, outer) => inner.or(outer),
        };
        let function = options.functions.get(&parsed.name);
        let function = function.ok_or_else(|| function_not_found(&arn, qualifier))?;
        // The versions of a function behind an endpoint are not known here.
        let has_versions = function.invoker().command().is_none();
        if !has_versions && qualifier.is_some_and(|name| name != "$LATEST") {
            return Err(function_not_found(&arn, qualifier));
        }
        Ok((self.definition(&parsed.name, &function), function))
    }

    /// Returns the definition of a function that is registered.
    fn definition(&self, name: &str, function: &Function) -> FunctionDefinition {
        let invoker = function.invoker();
        if let Some(defined) = self.defined().get(name)
            && Arc::ptr_eq(&defined.invoker, invoker)
        {
            return defined.definition.clone();
        }
        let identity = FunctionIdentity {
            now_ms: self.shared.started_ms,
            // The same each time it is asked for.
            revision_id: "00000000-0000-4000-8000-000000000000".to_owned(),
            ..self.identity(name, None)
        };
        FunctionDefinition::of_registered(identity, invoker.limits(), invoker.command())
    }

    fn identity(&self, name: &str, region: Option<&str>) -> FunctionIdentity {
        let options = &self.shared.options;
        let region = region.unwrap_or(&options.region);
        FunctionIdentity {
            name: name.to_owned(),
            arn: FunctionName::of(name).arn(region, &options.account_id),
            now_ms: options.clock.now_ms(),
            revision_id: options.entropy.uuid().to_string(),
        }
    }

    fn defined(&self) -> MutexGuard<'_, BTreeMap<String, Defined>> {
        // Each change is one insertion or removal, so a panic of another holder leaves nothing half done.
        self.shared.defined.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns FunctionConfiguration, whose ARN has the qualifier that was asked for.
fn configuration(definition: &FunctionDefinition, qualifier: Option<&str>) -> Value {
    let mut shown = definition.configuration();
    if let Some(qualifier) = qualifier {
        shown["FunctionArn"] = format!("{}:{qualifier}", definition.arn).into();
    }
    shown
}

fn function_not_found(arn: &str, qualifier: Option<&str>) -> ApiError {
    let qualifier = qualifier.map_or(String::new(), |qualifier| format!(":{qualifier}"));
    ApiError::not_found(format!("Function not found: {arn}{qualifier}"))
}
