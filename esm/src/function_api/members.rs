//! The effect of each member of CreateFunction and UpdateFunctionConfiguration: a table that the checks, the documentation and a test of
//! the whole model share, so that no member is accepted in silence.

use crate::config::{ApiError, MemberEffect, RequestMember};
use serde_json::{Map, Value};

use MemberEffect::{Honoured, NotBuilt, WithoutEffect};

const fn entry(path: &'static str, effect: MemberEffect) -> RequestMember {
    RequestMember { path, effect }
}

const NO_CODE: MemberEffect = NotBuilt(
    "a function is a command of this machine, given by ImageConfig.EntryPoint and ImageConfig.Command",
);

const NO_VERSIONS: MemberEffect = NotBuilt("a function has the version $LATEST only");

/// All members of CreateFunction, in the order of AWS's model, and the one that only UpdateFunctionConfiguration has.
pub const FUNCTION_MEMBERS: &[RequestMember] = &[
    entry("FunctionName", Honoured("")),
    entry("Runtime", NO_CODE),
    entry("Role", WithoutEffect("nothing has permissions; it is shown")),
    entry(
        "Handler",
        Honoured(
            "the process has it as `_HANDLER`; the command must name it too if it takes it as an argument",
        ),
    ),
    entry("Code.ZipFile", NO_CODE),
    entry("Code.S3Bucket", NO_CODE),
    entry("Code.S3Key", NO_CODE),
    entry("Code.S3ObjectVersion", NO_CODE),
    entry("Code.S3ObjectStorageMode", NO_CODE),
    entry(
        "Code.ImageUri",
        Honoured("a `file:///DIRECTORY`, in which the process runs; another URI is refused"),
    ),
    entry("Code.SourceKMSKeyArn", NO_CODE),
    entry("Description", WithoutEffect("it is shown")),
    entry("Timeout", Honoured("")),
    entry("MemorySize", Honoured("see above how it is kept")),
    entry("Publish=true", NO_VERSIONS),
    entry("PublishTo", NO_VERSIONS),
    entry(
        "VpcConfig",
        WithoutEffect("the process has the network of this machine"),
    ),
    entry("PackageType", Honoured("`Image`, also if it is not given")),
    entry("PackageType=Zip", NO_CODE),
    entry(
        "DeadLetterConfig",
        NotBuilt("an asynchronous event that fails is logged and dropped"),
    ),
    entry("Environment", Honoured("")),
    entry(
        "KMSKeyArn",
        WithoutEffect("functions lie in memory and are not encrypted"),
    ),
    entry("TracingConfig", WithoutEffect("no traces are kept")),
    entry("Tags", Honoured("")),
    entry("Layers", NO_CODE),
    entry(
        "FileSystemConfigs",
        NotBuilt("the process has the files of this machine"),
    ),
    entry("CodeSigningConfigArn", NO_CODE),
    entry(
        "ImageConfig",
        Honoured(
            "`EntryPoint` and then `Command` are the command; `WorkingDirectory` is below the directory of `Code.ImageUri`",
        ),
    ),
    entry(
        "Architectures",
        WithoutEffect("the process runs on this machine; it is shown"),
    ),
    entry(
        "EphemeralStorage",
        WithoutEffect("the process has the `/tmp` of this machine"),
    ),
    entry("SnapStart", WithoutEffect("`None` is what every function has")),
    entry(
        "SnapStart.ApplyOn=PublishedVersions",
        NotBuilt("each process initializes itself"),
    ),
    entry(
        "LoggingConfig",
        NotBuilt("what a function writes is in the log of the process, line by line"),
    ),
    entry(
        "TenancyConfig",
        NotBuilt("processes are shared by all invocations"),
    ),
    entry(
        "CapacityProviderConfig",
        NotBuilt("a process handles one invocation at a time"),
    ),
    entry("DurableConfig", NotBuilt("an execution is one invocation")),
    entry("RuntimeConfig", NO_CODE),
    entry("AcceleratorConfig", NotBuilt("the process runs on this machine")),
    entry(
        "RevisionId",
        Honoured("the update is refused if it is not the function's"),
    ),
];

/// Checks that a request has no member that is not built.
///
/// # Errors
/// InvalidParameterValueException with the member's name.
pub(super) fn check_built(body: &Map<String, Value>) -> Result<(), ApiError> {
    // Tools send empty members for what they do not use.
    let mut used = body.clone();
    used.retain(|_, value| !is_empty(value));
    for member in FUNCTION_MEMBERS {
        if let NotBuilt(instead) = member.effect
            && member.is_in(&used)
        {
            let name = member.path.replace('=', " ");
            return Err(ApiError::invalid_parameter(format!(
                "{name} is not supported by Esmeralda: {instead}."
            )));
        }
    }
    Ok(())
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}
