//! The environment variables of a function's process. Source: Lambda developer guide, "Defined runtime environment variables".

use super::{CommandFunction, CommandHost};
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// The variables of the engine's process that could bring a function to an AWS account. A function has credentials of its own on Lambda.
pub(super) const HIDDEN: &[&str] = &["AWS_PROFILE", "AWS_DEFAULT_PROFILE"];

/// The credentials of a function if the engine has none in its environment. They are good for emulators, and for no account.
const CREDENTIALS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "esmeralda"),
    ("AWS_SECRET_ACCESS_KEY", "esmeralda"),
    ("AWS_SESSION_TOKEN", "esmeralda"),
];

/// The variable with the address of the Runtime API. A function cannot give it another value.
const RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";

/// Returns the variables of a process whose Runtime API is at `runtime_api`: Lambda's, and the function's own.
pub(super) fn variables(
    function: &CommandFunction,
    host: &CommandHost,
    runtime_api: SocketAddr,
    log_stream: &str,
) -> BTreeMap<String, String> {
    let directory = function
        .directory
        .clone()
        .or_else(|| std::env::current_dir().ok());
    let directory = directory.map(|directory| directory.display().to_string());
    let directory = directory.unwrap_or_default();
    let name = &function.name;
    let mut variables: BTreeMap<String, String> = BTreeMap::new();
    let mut set = |name: &str, value: &str| variables.insert(name.to_owned(), value.to_owned());
    set("AWS_LAMBDA_FUNCTION_NAME", name);
    set("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST");
    set("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &function.memory_mb.to_string());
    set("AWS_LAMBDA_LOG_GROUP_NAME", &format!("/aws/lambda/{name}"));
    set("AWS_LAMBDA_LOG_STREAM_NAME", log_stream);
    set("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
    set("AWS_EXECUTION_ENV", "AWS_Lambda_Image");
    set("AWS_REGION", &host.region);
    set("AWS_DEFAULT_REGION", &host.region);
    set("LAMBDA_TASK_ROOT", &directory);
    set("LAMBDA_RUNTIME_DIR", &directory);
    set("TZ", ":UTC");
    if let Some(handler) = &function.handler {
        set("_HANDLER", handler);
    }
    if CREDENTIALS
        .iter()
        .all(|(name, _)| std::env::var_os(name).is_none())
    {
        for (name, value) in CREDENTIALS {
            set(name, value);
        }
    }
    variables.extend(function.environment.clone());
    variables.insert(RUNTIME_API.to_owned(), runtime_api.to_string());
    variables
}
