use super::*;

/// The settings of `esmeralda import` without options.
fn settings(given: &[(&str, &str)]) -> ImportSettings {
    let given = given
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    ImportSettings {
        values: given.collect(),
        lambda_endpoint: None,
    }
}

/// Returns all findings, a line each.
fn said(file: &str, imported: &Import) -> String {
    let lines = imported
        .findings
        .iter()
        .map(|finding| finding.in_file(file) + "\n");
    lines.collect()
}

fn assert_imports(file: &str, text: &str, configuration: &str, findings: &str) {
    let imported = import(file, text, settings(&[])).expect(file);
    let printed = (said(file, &imported), imported.configuration.unwrap_or_default());
    let expected = (findings.to_owned(), configuration.to_owned());
    assert_eq!(printed, expected, "{file}");
}

#[test]
fn a_sam_template_is_imported() {
    assert_imports(
        "sam.yaml",
        include_str!("examples/sam.yaml"),
        include_str!("examples/sam.toml"),
        include_str!("examples/sam.txt"),
    );
}

#[test]
fn the_output_of_cdk_is_imported() {
    assert_imports(
        "cdk.json",
        include_str!("examples/cdk.json"),
        include_str!("examples/cdk.toml"),
        include_str!("examples/cdk.txt"),
    );
}

#[test]
fn a_plan_of_terraform_is_imported() {
    assert_imports(
        "plan.json",
        include_str!("examples/plan.json"),
        include_str!("examples/plan.toml"),
        include_str!("examples/plan.txt"),
    );
}

#[test]
fn a_service_of_the_serverless_framework_is_imported() {
    assert_imports(
        "serverless.yml",
        include_str!("examples/serverless.yml"),
        include_str!("examples/serverless.toml"),
        include_str!("examples/serverless.txt"),
    );
}

#[test]
fn errors_have_their_lines_and_leave_no_configuration() {
    let text = include_str!("examples/wrong.yaml");
    let imported = import("wrong.yaml", text, settings(&[("Brokrs", "a:1")])).expect("a template");
    assert_eq!(said("wrong.yaml", &imported), include_str!("examples/wrong.txt"));
    assert_eq!(imported.configuration, None);
}

#[test]
fn given_values_decide() {
    let arn = "arn:aws:kafka:eu-west-1:123456789012:cluster/shop/6b9f5a3e-0c68-4a2b-9f0e-3f9b3a4c5d6e-1";
    let given = [
        ("Stage", "prod"),
        ("ClusterArn", arn),
        ("AWS::Region", "eu-west-1"),
    ];
    let text = include_str!("examples/sam.yaml");
    let imported = import("sam.yaml", text, settings(&given)).expect("a template");
    assert_eq!(
        imported.mappings, 3,
        "the one of AuditFunction exists in production"
    );
    let configuration = imported.configuration.expect("no errors");
    for line in [
        "FunctionName = \"orders-prod:live\"\n",
        "BatchSize = 1000\n",
        "Topics = [\"payments.eu-west-1\"]\n",
        "Topics = [\"audit\"]\n",
        &format!("EventSourceArn = \"{arn}\"\n"),
    ] {
        assert!(configuration.contains(line), "{line}{configuration}");
    }
}

#[test]
fn functions_are_invoked_at_an_endpoint_that_is_given() {
    let settings = ImportSettings {
        lambda_endpoint: Some("http://127.0.0.1:3001".to_owned()),
        ..settings(&[])
    };
    let imported = import("cdk.json", include_str!("examples/cdk.json"), settings).expect("a template");
    let configuration = imported.configuration.expect("no errors");
    let function =
        "[[functions]]\nname = \"Handler886CB40B\"\ntype = \"http\"\nendpoint = \"http://127.0.0.1:3001\"\n";
    assert!(configuration.contains(function), "{configuration}");
    let servers = "SelfManagedEventSource.Endpoints.KAFKA_BOOTSTRAP_SERVERS = [\"embedded\"]\n";
    assert!(configuration.contains(servers), "{configuration}");
}

#[test]
fn a_file_of_another_kind_is_refused() {
    let error = |text: &str| import("file", text, settings(&[])).expect_err(text);
    assert_eq!(error("services: {web: {image: nginx}}\n"), ImportError::Format);
    assert_eq!(error("[1, 2]\n"), ImportError::Format);
    assert!(matches!(
        error("resource \"a\" \"b\" {\n"),
        ImportError::Syntax { .. } | ImportError::Format
    ));
    assert_eq!(
        error("Resources:\n  A: 1\n  A: 2\n").to_string(),
        "line 3: the key `A` stands twice"
    );
}

#[test]
fn a_template_without_mappings_is_said_to_have_none() {
    let imported = import("t.yaml", "Resources: {}\n", settings(&[])).expect("a template");
    assert_eq!(
        said("t.yaml", &imported),
        "t.yaml: warning: no event source mapping of Kafka\n"
    );
    let configuration = "# Made from t.yaml by `esmeralda import`.\n";
    assert_eq!(imported.configuration.as_deref(), Some(configuration));
}
