mod invocation;

use super::*;
use crate::invoker::{ClosureInvoker, SimulatedFunction, SimulatedInvoker};
use bytes::Bytes;
use std::collections::BTreeSet;
use std::time::Duration;

const ROLE: &str = "arn:aws:iam::000000000000:role/r";

struct Scene {
    api: FunctionApi,
    functions: Arc<Functions>,
    clock: Clock,
}

fn scene() -> Scene {
    let clock = Clock::new(esmeralda_broker::Clock::tokio(1_767_225_600_000));
    let entropy = Entropy::from_seed(1);
    let functions = Arc::new(Functions::default());
    let (account_id, region) = ("000000000000".to_owned(), "eu-west-1".to_owned());
    let host = CommandHost::new(&account_id, &region, clock.clone(), entropy.clone());
    let api = FunctionApi::new(FunctionApiOptions {
        functions: Arc::clone(&functions),
        host,
        account_id,
        region,
        clock: clock.clone(),
        entropy,
    });
    Scene {
        api,
        functions,
        clock,
    }
}

fn body(members: Value) -> Map<String, Value> {
    let mut body = json!({
        "FunctionName": "f",
        "Role": ROLE,
        "Code": {},
        "ImageConfig": { "EntryPoint": ["python3", "-m"], "Command": ["awslambdaric", "app.handler"] },
    });
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    body.as_object().unwrap().clone()
}

impl Scene {
    fn create(&self, members: Value) -> Result<Value, ApiError> {
        self.api.create(body(members), None)
    }

    /// The command that a function is.
    fn command(&self, name: &str) -> crate::invoker::CommandFunction {
        let function = self.functions.get(name).unwrap();
        function.invoker().command().unwrap().clone()
    }
}

fn error(status: u16, kind: &'static str, message: &str) -> (u16, &'static str, String) {
    (status, kind, message.to_owned())
}

fn refused<T: std::fmt::Debug>(result: Result<T, ApiError>) -> (u16, &'static str, String) {
    let error = result.unwrap_err();
    (error.status, error.kind, error.message)
}

#[tokio::test(start_paused = true)]
async fn a_created_function_is_shown_and_is_a_command() {
    let scene = scene();
    let directory = std::env::temp_dir();
    let created = scene
        .create(json!({
            "Code": { "ImageUri": format!("file://{}", directory.display()) },
            "Handler": "app.handler",
            "Timeout": 7,
            "MemorySize": 256,
            "Environment": { "Variables": { "TABLE": "orders" } },
            "Tags": { "team": "a" },
            "Architectures": ["arm64"],
        }))
        .unwrap();
    let expected = json!({
        "FunctionName": "f",
        "FunctionArn": "arn:aws:lambda:eu-west-1:000000000000:function:f",
        "Role": ROLE,
        "CodeSize": 0,
        "Description": "",
        "Handler": "app.handler",
        "Timeout": 7,
        "MemorySize": 256,
        "LastModified": "2026-01-01T00:00:00.000+0000",
        "Version": "$LATEST",
        "Environment": { "Variables": { "TABLE": "orders" } },
        "TracingConfig": { "Mode": "PassThrough" },
        "RevisionId": created["RevisionId"],
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Image",
        "ImageConfigResponse": {
            "ImageConfig": { "EntryPoint": ["python3", "-m"], "Command": ["awslambdaric", "app.handler"] },
        },
        "Architectures": ["arm64"],
        "EphemeralStorage": { "Size": 512 },
        "SnapStart": { "ApplyOn": "None", "OptimizationStatus": "Off" },
        "LoggingConfig": { "LogFormat": "Text", "LogGroup": "/aws/lambda/f" },
    });
    assert_eq!(created, expected);
    let shown = scene.api.get("f", None).unwrap();
    assert_eq!(shown["Configuration"], expected);
    assert_eq!(shown["Tags"], json!({ "team": "a" }));
    assert_eq!(shown.get("Concurrency"), None);
    let command = scene.command("f");
    assert_eq!(command.command, ["python3", "-m", "awslambdaric", "app.handler"]);
    assert_eq!(command.directory, Some(directory));
    assert_eq!(command.environment["TABLE"], "orders");
    assert_eq!(command.handler.as_deref(), Some("app.handler"));
    assert_eq!(command.memory_mb, 256);
    assert_eq!(command.limits.timeout, Duration::from_secs(7));
}

#[tokio::test(start_paused = true)]
async fn a_function_has_lambdas_defaults() {
    let scene = scene();
    scene.create(json!({})).unwrap();
    let command = scene.command("f");
    assert_eq!(
        (command.memory_mb, command.limits.timeout),
        (128, Duration::from_secs(3))
    );
    assert_eq!((command.directory, command.handler), (None, None));
}

#[tokio::test(start_paused = true)]
async fn every_form_of_the_name_finds_the_function() {
    let scene = scene();
    scene.create(json!({})).unwrap();
    let arn = "arn:aws:lambda:eu-west-1:000000000000:function:f";
    for name in ["f", arn, "000000000000:function:f"] {
        let shown = scene.api.get_configuration(name, None).unwrap();
        assert_eq!(shown["FunctionArn"], arn, "{name}");
    }
    let shown = scene.api.get_configuration("f", Some("$LATEST")).unwrap();
    assert_eq!(shown["FunctionArn"], format!("{arn}:$LATEST"));
    assert_eq!(
        refused(scene.api.get("f", Some("1"))),
        error(
            404,
            "ResourceNotFoundException",
            &format!("Function not found: {arn}:1")
        )
    );
    assert_eq!(
        refused(scene.api.get("g", None)),
        error(
            404,
            "ResourceNotFoundException",
            "Function not found: arn:aws:lambda:eu-west-1:000000000000:function:g"
        )
    );
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_created_is_refused_with_its_reason() {
    let scene = scene();
    scene.create(json!({ "FunctionName": "there" })).unwrap();
    let invalid = "InvalidParameterValueException";
    let cases = [
        (
            json!({ "FunctionName": "there" }),
            error(409, "ResourceConflictException", "Function already exist: there"),
        ),
        (
            json!({ "Timeout": 901, "MemorySize": 64 }),
            error(
                400,
                "ValidationException",
                "2 validation errors detected: Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or \
                 equal to 900; Value '64' at 'memorySize' failed to satisfy constraint: Member must have value greater than or equal to 128",
            ),
        ),
        (
            json!({ "Environment": { "Variables": { "AWS_REGION": "x", "A1": "y" } } }),
            error(
                400,
                invalid,
                "Lambda was unable to configure your environment variables because the environment variables you have provided contains \
                 reserved keys that are currently not supported for modification. Reserved keys used in this request: AWS_REGION",
            ),
        ),
        (
            json!({ "ImageConfig": {} }),
            error(
                400,
                invalid,
                "ImageConfig is required: EntryPoint and Command together are the command that Esmeralda starts for the function, such as \
                 [\"python3\", \"-m\", \"awslambdaric\", \"app.handler\"].",
            ),
        ),
        (
            json!({ "Code": { "ImageUri": "example.com/image:1" } }),
            error(
                400,
                invalid,
                "Code.ImageUri example.com/image:1 is not supported by Esmeralda, which runs no images: leave it out, or give the directory \
                 that the command runs in, such as file:///home/me/function.",
            ),
        ),
        (
            json!({ "Code": { "ImageUri": "file:///no/such/place" } }),
            error(
                400,
                invalid,
                "The directory /no/such/place of the function does not exist.",
            ),
        ),
    ];
    for (members, expected) in cases {
        assert_eq!(refused(scene.create(members.clone())), expected, "{members}");
    }
    assert_eq!(
        scene.api.list(&ListFunctions::default()).unwrap()["Functions"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn no_member_is_accepted_in_silence() {
    // The names of the service model's CreateFunctionRequest and UpdateFunctionConfigurationRequest.
    let all = [
        "FunctionName",
        "Runtime",
        "Role",
        "Handler",
        "Code",
        "Description",
        "Timeout",
        "MemorySize",
        "Publish",
        "PublishTo",
        "VpcConfig",
        "PackageType",
        "DeadLetterConfig",
        "Environment",
        "KMSKeyArn",
        "TracingConfig",
        "Tags",
        "Layers",
        "FileSystemConfigs",
        "CodeSigningConfigArn",
        "ImageConfig",
        "Architectures",
        "EphemeralStorage",
        "SnapStart",
        "LoggingConfig",
        "TenancyConfig",
        "CapacityProviderConfig",
        "DurableConfig",
        "RuntimeConfig",
        "AcceleratorConfig",
        "RevisionId",
    ];
    let listed: BTreeSet<&str> = FUNCTION_MEMBERS
        .iter()
        .map(|member| member.path.split(['.', '=']).next().unwrap())
        .collect();
    assert_eq!(listed, BTreeSet::from(all));
    let scene = scene();
    for member in FUNCTION_MEMBERS {
        let crate::MemberEffect::NotBuilt(instead) = member.effect else {
            continue;
        };
        let (path, value) = member.path.split_once('=').unwrap_or((member.path, "x"));
        let value = if value == "true" {
            json!(true)
        } else {
            json!(value)
        };
        let members = match path.split_once('.') {
            Some((outer, inner)) => json!({ outer: { inner: value } }),
            None => json!({ path: value }),
        };
        let name = member.path.replace('=', " ");
        assert_eq!(
            refused(scene.create(members)),
            error(
                400,
                "InvalidParameterValueException",
                &format!("{name} is not supported by Esmeralda: {instead}.")
            )
        );
    }
    // Tools send empty members for what they do not use.
    scene
        .create(json!({ "Layers": [], "DeadLetterConfig": {}, "Publish": false, "SnapStart": { "ApplyOn": "None" } }))
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_update_changes_what_it_names() {
    let scene = scene();
    let created = scene
        .create(json!({ "Handler": "a.b", "Tags": { "team": "a" } }))
        .unwrap();
    scene
        .api
        .put_concurrency(
            "f",
            json!({ "ReservedConcurrentExecutions": 2 })
                .as_object()
                .unwrap()
                .clone(),
        )
        .unwrap();
    let update = |members: Value| {
        scene
            .api
            .update_configuration("f", members.as_object().unwrap().clone())
    };
    let updated = update(json!({ "Timeout": 60, "RevisionId": created["RevisionId"] })).unwrap();
    assert_eq!(
        (&updated["Timeout"], &updated["Handler"]),
        (&json!(60), &json!("a.b"))
    );
    assert_ne!(updated["RevisionId"], created["RevisionId"]);
    let command = scene.command("f");
    assert_eq!(command.limits.timeout, Duration::from_secs(60));
    let shown = scene.api.get("f", None).unwrap();
    assert_eq!(shown["Concurrency"], json!({ "ReservedConcurrentExecutions": 2 }));
    assert_eq!(shown["Tags"], json!({ "team": "a" }));
    let stale = update(json!({ "Timeout": 61, "RevisionId": created["RevisionId"] }));
    assert_eq!(refused(stale).0, 412);
    scene.functions.register(
        "closure",
        Arc::new(ClosureInvoker::new(|_: Bytes| async { Ok::<_, String>("") })),
    );
    let members = json!({ "Timeout": 1 }).as_object().unwrap().clone();
    assert_eq!(
        refused(scene.api.update_configuration("closure", members)),
        error(
            400,
            "InvalidParameterValueException",
            "closure is not a command: its configuration stands where it was declared."
        )
    );
}

#[tokio::test(start_paused = true)]
async fn a_deleted_function_is_gone() {
    let scene = scene();
    scene.create(json!({})).unwrap();
    scene.api.delete("f", None).unwrap();
    assert_eq!(refused(scene.api.get("f", None)).0, 404);
    assert_eq!(refused(scene.api.delete("f", None)).0, 404);
    scene.create(json!({})).unwrap();
    // A name that only the endpoint makes known cannot be deleted.
    scene
        .functions
        .set_fallback(Arc::new(ClosureInvoker::new(|_: Bytes| async {
            Ok::<_, String>("")
        })));
    scene.api.get("other", None).unwrap();
    assert_eq!(
        refused(scene.api.delete("other", None)),
        error(
            400,
            "InvalidParameterValueException",
            "other cannot be deleted: --lambda-endpoint makes every name a function."
        )
    );
}

#[tokio::test(start_paused = true)]
async fn functions_of_every_kind_are_shown_and_limited() {
    let scene = scene();
    let simulated = SimulatedFunction {
        concurrency: Some(50),
        ..SimulatedFunction::fixed(Duration::from_secs(1))
    };
    let invoker = SimulatedInvoker::new(simulated, scene.clock.clone(), Entropy::from_seed(1));
    scene.functions.register("simulated", Arc::new(invoker));
    scene.create(json!({ "FunctionName": "command" })).unwrap();
    let listed = scene.api.list(&ListFunctions::default()).unwrap();
    let names: Vec<&str> = listed["Functions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["FunctionName"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["command", "simulated"]);
    let reserved = |number: u32| json!({ "ReservedConcurrentExecutions": number });
    assert_eq!(scene.api.get_concurrency("simulated").unwrap(), reserved(50));
    let body = |body: Value| body.as_object().unwrap().clone();
    assert_eq!(
        scene.api.put_concurrency("simulated", body(reserved(0))).unwrap(),
        reserved(0)
    );
    let invoked = scene.api.invoke(InvokeRequest {
        function_name: "simulated".to_owned(),
        ..InvokeRequest::default()
    });
    let throttled = invoked.await.unwrap_err();
    assert_eq!(
        throttled,
        ApiError::throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
    );
    scene.api.delete_concurrency("simulated").unwrap();
    assert_eq!(scene.api.get_concurrency("simulated").unwrap(), json!({}));
    assert_eq!(
        refused(scene.api.put_concurrency("simulated", body(json!({})))).1,
        "ValidationException"
    );
}

#[tokio::test(start_paused = true)]
async fn tags_of_functions_are_added_and_taken_away() {
    let scene = scene();
    scene.create(json!({ "Tags": { "team": "a" } })).unwrap();
    let arn = "arn:aws:lambda:eu-west-1:000000000000:function:f";
    assert!(FunctionApi::is_function(arn));
    let request = serde_json::from_value(json!({ "Tags": { "stage": "test" } })).unwrap();
    scene.api.tag(arn, request).unwrap();
    scene.api.untag(arn, &["team".to_owned()]).unwrap();
    let tags = serde_json::to_value(scene.api.tags(arn).unwrap()).unwrap();
    assert_eq!(tags, json!({ "Tags": { "stage": "test" } }));
}
