//! The definition of a function: everything that AWS would store of it, and the command that it means here.

use super::members::check_built;
use super::model;
use crate::config::{ApiError, Tags, conform};
use crate::date::UtcTime;
use crate::invoker::{CommandFunction, FunctionLimits};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// `Timeout` of a function that gives none, in seconds.
const DEFAULT_TIMEOUT_S: u64 = 3;

/// `MemorySize` of a function that gives none, in MB.
const DEFAULT_MEMORY_MB: u32 = 128;

/// The environment variables that a function cannot give itself. Source: Lambda developer guide, "Defined runtime environment variables".
const RESERVED_VARIABLES: &[&str] = &[
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
];

/// The members of a function that AWS stores.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FunctionDefinition {
    pub(super) name: String,
    /// The ARN without a qualifier.
    pub(super) arn: String,
    pub(super) tags: Tags,
    pub(super) last_modified_ms: i64,
    /// An id that changes with each change of the function.
    pub(super) revision_id: String,
    /// The other members of the requests, checked against the model.
    members: Map<String, Value>,
}

/// The identity of a function that is about to be defined.
#[derive(Clone, Debug)]
pub(super) struct FunctionIdentity {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) now_ms: i64,
    pub(super) revision_id: String,
}

impl FunctionDefinition {
    /// Returns the definition that the members of CreateFunction make.
    ///
    /// # Errors
    /// [`ApiError`] as AWS answers, and for members that are not built.
    pub(super) fn create(
        body: Map<String, Value>,
        identity: FunctionIdentity,
    ) -> Result<(Self, CommandFunction), ApiError> {
        check_built(&body)?;
        let mut members = conform(model::CREATE, body)?;
        members.remove("FunctionName");
        let tags = Tags::of(members.remove("Tags"));
        let definition = Self::new(identity, tags, members);
        let command = definition.command()?;
        Ok((definition, command))
    }

    /// Returns the definition of a function that was made by other means than the API.
    pub(super) fn of_registered(
        identity: FunctionIdentity,
        limits: FunctionLimits,
        command: Option<&CommandFunction>,
    ) -> Self {
        let mut members = Map::new();
        let mut set = |name: &str, value: Value| members.insert(name.to_owned(), value);
        set("Timeout", limits.timeout.as_secs().into());
        if let Some(command) = command {
            set("MemorySize", command.memory_mb.into());
            set("ImageConfig", json!({ "EntryPoint": command.command }));
            if let Some(directory) = &command.directory {
                set(
                    "Code",
                    json!({ "ImageUri": format!("file://{}", directory.display()) }),
                );
            }
            if !command.environment.is_empty() {
                set("Environment", json!({ "Variables": command.environment }));
            }
            if let Some(handler) = &command.handler {
                set("Handler", handler.as_str().into());
            }
        }
        Self::new(identity, Tags::default(), members)
    }

    fn new(identity: FunctionIdentity, tags: Tags, members: Map<String, Value>) -> Self {
        Self {
            name: identity.name,
            arn: identity.arn,
            tags,
            last_modified_ms: identity.now_ms,
            revision_id: identity.revision_id,
            members,
        }
    }

    /// Returns the definition that the members of UpdateFunctionConfiguration make of this one. Absent members stay.
    ///
    /// # Errors
    /// As [`FunctionDefinition::create`], and 412 PreconditionFailedException for another `RevisionId`.
    pub(super) fn update(
        &self,
        body: Map<String, Value>,
        identity: FunctionIdentity,
    ) -> Result<(Self, CommandFunction), ApiError> {
        check_built(&body)?;
        let mut changes = conform(model::UPDATE, body)?;
        if let Some(given) = changes.remove("RevisionId")
            && given.as_str() != Some(&self.revision_id)
        {
            return Err(ApiError::precondition_failed(
                "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest \
                 Revision Id",
            ));
        }
        let mut members = self.members.clone();
        members.extend(changes);
        let definition = Self::new(identity, self.tags.clone(), members);
        let command = definition.command()?;
        Ok((definition, command))
    }

    /// Returns the command that the members give.
    ///
    /// # Errors
    /// InvalidParameterValueException with what is missing or not possible.
    fn command(&self) -> Result<CommandFunction, ApiError> {
        let words = |name: &str| {
            let words = self
                .image_config()
                .and_then(|config| config.get(name)?.as_array());
            let words = words.into_iter().flatten().filter_map(Value::as_str);
            words.map(str::to_owned).collect::<Vec<_>>()
        };
        let command = [words("EntryPoint"), words("Command")].concat();
        if command.first().is_none_or(String::is_empty) {
            return Err(ApiError::invalid_parameter(
                "ImageConfig is required: EntryPoint and Command together are the command that Esmeralda starts for the function, such as \
                 [\"python3\", \"-m\", \"awslambdaric\", \"app.handler\"].",
            ));
        }
        Ok(CommandFunction {
            name: self.name.clone(),
            command,
            directory: self.directory()?,
            environment: self.environment()?,
            handler: self.text("Handler").map(str::to_owned),
            memory_mb: self.memory_mb(),
            limits: FunctionLimits {
                timeout: Duration::from_secs(self.timeout_s()),
                concurrency: None,
            },
        })
    }

    /// Returns the directory that the command runs in: that of the image, and within it the working directory.
    fn directory(&self) -> Result<Option<PathBuf>, ApiError> {
        let code = self.members.get("Code");
        let image = code.and_then(|code| code.get("ImageUri")?.as_str());
        let image = image.map(|uri| {
            let path = uri.strip_prefix("file://").map(Path::new);
            path.filter(|path| path.is_absolute()).ok_or_else(|| {
                ApiError::invalid_parameter(format!(
                    "Code.ImageUri {uri} is not supported by Esmeralda, which runs no images: leave it out, or give the directory that the \
                     command runs in, such as file:///home/me/function."
                ))
            })
        });
        let image = image.transpose()?;
        let config = self.image_config();
        let working = config.and_then(|config| config.get("WorkingDirectory")?.as_str());
        let directory = match (image, working.filter(|working| !working.is_empty())) {
            (None, None) => return Ok(None),
            (Some(image), None) => image.to_owned(),
            // An absolute one replaces the image's.
            (image, Some(working)) => image.unwrap_or(Path::new("")).join(working),
        };
        if directory.is_dir() {
            Ok(Some(directory))
        } else {
            Err(ApiError::invalid_parameter(format!(
                "The directory {} of the function does not exist.",
                directory.display()
            )))
        }
    }

    fn environment(&self) -> Result<BTreeMap<String, String>, ApiError> {
        let variables = self.members.get("Environment");
        let variables = variables.and_then(|environment| environment.get("Variables")?.as_object());
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let variables: BTreeMap<String, String> = variables
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.clone(), text(value)))
            .collect();
        let reserved: Vec<&str> = variables
            .keys()
            .map(String::as_str)
            .filter(|name| RESERVED_VARIABLES.contains(name))
            .collect();
        if reserved.is_empty() {
            return Ok(variables);
        }
        Err(ApiError::invalid_parameter(format!(
            "Lambda was unable to configure your environment variables because the environment variables you have provided contains \
             reserved keys that are currently not supported for modification. Reserved keys used in this request: {}",
            reserved.join(", ")
        )))
    }

    /// Returns FunctionConfiguration.
    pub(super) fn configuration(&self) -> Value {
        let mut shown = json!({
            "FunctionName": self.name,
            "FunctionArn": self.arn,
            "Role": self.role(),
            "CodeSize": 0,
            "Description": self.text("Description").unwrap_or_default(),
            "Timeout": self.timeout_s(),
            "MemorySize": self.memory_mb(),
            "LastModified": last_modified(self.last_modified_ms),
            "Version": "$LATEST",
            "TracingConfig": { "Mode": "PassThrough" },
            "RevisionId": self.revision_id,
            "State": "Active",
            "LastUpdateStatus": "Successful",
            "PackageType": "Image",
            "Architectures": ["x86_64"],
            "EphemeralStorage": { "Size": 512 },
            "SnapStart": { "ApplyOn": "None", "OptimizationStatus": "Off" },
            "LoggingConfig": { "LogFormat": "Text", "LogGroup": format!("/aws/lambda/{}", self.name) },
        });
        // Members that AWS shows as they were given.
        for name in [
            "Handler",
            "VpcConfig",
            "KMSKeyArn",
            "TracingConfig",
            "Architectures",
            "EphemeralStorage",
            "Environment",
        ] {
            if let Some(value) = self.members.get(name) {
                shown[name] = value.clone();
            }
        }
        if let Some(config) = self.image_config() {
            shown["ImageConfigResponse"] = json!({ "ImageConfig": config });
        }
        shown
    }

    /// Returns the location of the code, as GetFunction shows it.
    pub(super) fn code(&self) -> Value {
        match self.members.get("Code").and_then(|code| code.get("ImageUri")) {
            Some(uri) => json!({ "ImageUri": uri, "ResolvedImageUri": uri }),
            None => json!({}),
        }
    }

    fn role(&self) -> String {
        let account_id = self.arn.split(':').nth(4).unwrap_or_default();
        let role = self.text("Role").map(str::to_owned);
        role.unwrap_or_else(|| format!("arn:aws:iam::{account_id}:role/esmeralda"))
    }

    fn image_config(&self) -> Option<&Value> {
        self.members.get("ImageConfig")
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.members.get(name)?.as_str()
    }

    fn timeout_s(&self) -> u64 {
        let timeout = self.members.get("Timeout").and_then(Value::as_u64);
        timeout.unwrap_or(DEFAULT_TIMEOUT_S)
    }

    fn memory_mb(&self) -> u32 {
        let memory = self.members.get("MemorySize").and_then(Value::as_u64);
        memory
            .and_then(|memory| u32::try_from(memory).ok())
            .unwrap_or(DEFAULT_MEMORY_MB)
    }
}

/// Returns a time as FunctionConfiguration has it, whose zone is no `Z`.
fn last_modified(epoch_ms: i64) -> String {
    UtcTime::of_ms(epoch_ms).format("%Y-%m-%dT%H:%M:%S%.3f+0000")
}
