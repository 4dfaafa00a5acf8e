//! The TOML file that declares topics, functions and mappings. An unknown key is an error that names the key and its line.

use esmeralda::Credentials;
use esmeralda::declarations::{
    self, ConstantText, DestinationsEntry, FileError, FunctionEntry, MappingEntry, ProfileText, Scaling,
};
use esmeralda::esm::{ProfileName, Secret, Secrets};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use toml::Spanned;

/// A config file's declarations.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ConfigFile {
    /// The scaling profile of all mappings.
    profile: Option<ProfileText>,
    /// Values that replace constants of the profile.
    scaling: BTreeMap<Spanned<String>, ConstantText>,
    /// The secrets that mappings may name, by ARN or name.
    secrets: BTreeMap<String, SecretEntry>,
    /// The credentials that requests to the APIs of AWS must be signed with, each `ACCESS_KEY:SECRET`.
    require_credentials: Vec<CredentialsText>,
    /// Where documents for on-failure destinations are sent.
    pub(crate) destinations: DestinationsEntry,
    /// Topics to create at the start.
    pub(crate) topics: Vec<TopicEntry>,
    /// Functions that mappings may name.
    pub(crate) functions: Vec<FunctionEntry>,
    /// Mappings to create at the start, in AWS's own member names.
    pub(crate) mappings: Vec<MappingEntry>,
}

/// One table of `[secrets]`, with the members that secrets of Lambda have.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretEntry {
    username: Option<String>,
    password: Option<String>,
    certificate: Option<String>,
    #[serde(rename = "privateKey")]
    private_key: Option<String>,
}

// Without the values, so that they come into no log.
impl fmt::Debug for SecretEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretEntry(hidden)")
    }
}

/// Credentials as they are written.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "String")]
struct CredentialsText(Credentials);

impl TryFrom<String> for CredentialsText {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map(Self)
    }
}

/// One `[[topics]]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TopicEntry {
    pub(crate) name: String,
    /// The number of partitions, 1 or more; `num.partitions` if not given.
    pub(crate) partitions: Option<i32>,
    /// Topic configs by Kafka's name.
    #[serde(default)]
    pub(crate) configs: BTreeMap<String, String>,
}

impl ConfigFile {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`FileError`] with the file, the line and what is allowed.
    pub(crate) fn read(path: &Path) -> Result<Self, FileError> {
        Self::parse(path, &declarations::read_text(path)?)
    }

    /// Reads and checks a file's text.
    ///
    /// # Errors
    /// As [`ConfigFile::read`].
    pub(crate) fn parse(path: &Path, text: &str) -> Result<Self, FileError> {
        let file: Self = declarations::parse(path, text)?;
        let topics = file.topics.iter().map(|topic| topic.name.as_str());
        declarations::check_names(path, "topic", topics)?;
        let functions = file.functions.iter().map(FunctionEntry::name);
        declarations::check_names(path, "function", functions)?;
        let scaling = Scaling::read(ProfileName::Instant, &file.scaling);
        scaling.map_err(|(at, error)| FileError::at(path, text, at, &error.to_string()))?;
        Ok(file)
    }

    /// Returns the secrets.
    pub(crate) fn secrets(&self) -> Secrets {
        let mut secrets = Secrets::default();
        for (name, entry) in &self.secrets {
            let secret = Secret {
                username: entry.username.clone(),
                password: entry.password.clone(),
                certificate: entry.certificate.clone(),
                private_key: entry.private_key.clone(),
            };
            secrets.insert(name, secret);
        }
        secrets
    }

    /// Returns the credentials that requests must be signed with.
    pub(crate) fn credentials(&self) -> Vec<Credentials> {
        self.require_credentials
            .iter()
            .map(|text| text.0.clone())
            .collect()
    }

    /// Returns how mappings scale: by the profile that the file names, or by `default` if it names none.
    pub(crate) fn scaling(&self, default: ProfileName) -> Scaling {
        let name = self.profile.map_or(default, |profile| profile.0);
        // The constants were checked when the file was read, and every profile has them all.
        Scaling::read(name, &self.scaling).unwrap_or_else(|_| Scaling::new(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use esmeralda::esm::AwsEndpoint;
    use esmeralda::esm::invoker::SimulatedFunction;
    use std::time::Duration;

    fn parse(text: &str) -> Result<ConfigFile, String> {
        ConfigFile::parse(Path::new("test.toml"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_declares_topics_functions_and_mappings() {
        let file = parse(
            r#"
            [[topics]]
            name = "orders"
            partitions = 12
            configs = { "retention.ms" = "60000" }

            [[functions]]
            name = "real"
            type = "http"
            endpoint = "http://127.0.0.1:9000"

            [[functions]]
            name = "pretend"
            type = "simulated"
            duration_ms = 100

            [[mappings]]
            FunctionName = "real"
            Topics = ["orders"]
            ProvisionedPollerConfig = { MinimumPollers = 2 }
            "#,
        )
        .expect("a valid file");

        assert_eq!(file.topics[0].partitions, Some(12));
        assert_eq!(file.topics[0].configs["retention.ms"], "60000");
        assert_eq!(
            file.functions[0],
            FunctionEntry::Http {
                name: "real".to_owned(),
                endpoint: "http://127.0.0.1:9000".to_owned(),
                timeout: None,
                concurrency: None,
            }
        );
        assert_eq!(
            file.functions[1],
            FunctionEntry::Simulated {
                name: "pretend".to_owned(),
                function: SimulatedFunction::fixed(Duration::from_millis(100)),
                seed: 0
            }
        );
        assert_eq!(file.mappings[0].0["ProvisionedPollerConfig"]["MinimumPollers"], 2);
    }

    #[test]
    fn a_file_has_the_secrets_that_mappings_name() {
        let arn = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:client-AbCdEf";
        let file = parse(&format!(
            "[secrets]\nlogin = {{ username = 'alice', password = 'secret' }}\n[secrets.'{arn}']\ncertificate = 'chain'\nprivateKey = 'key'\n"
        ))
        .expect("a valid file");
        let mut expected = Secrets::default();
        let login = Secret {
            username: Some("alice".to_owned()),
            password: Some("secret".to_owned()),
            ..Secret::default()
        };
        let client = Secret {
            certificate: Some("chain".to_owned()),
            private_key: Some("key".to_owned()),
            ..Secret::default()
        };
        expected.insert("login", login);
        expected.insert(arn, client);
        assert!(file.secrets() == expected);
        assert!(!format!("{file:?}").contains("alice"));
    }

    #[test]
    fn the_file_on_the_page_is_valid() {
        let page = include_str!("../docs/config-file.md");
        let sample = page
            .split("```toml")
            .nth(1)
            .and_then(|rest| rest.split("```").next());
        let file = parse(sample.expect("the page has a file")).expect("a valid file");
        assert_eq!(
            (file.topics.len(), file.functions.len(), file.mappings.len()),
            (1, 3, 2)
        );
        assert!(file.secrets() != Secrets::default());
    }

    #[test]
    fn a_file_says_how_mappings_scale() {
        let file = parse("profile = \"current\"\n[scaling]\nrebalance_pause_ms = 0\n").expect("a valid file");
        let scaling = file.scaling(ProfileName::Instant);
        assert_eq!(scaling.to_string(), "current, with rebalance_pause_ms = 0");
        assert_eq!(scaling.profile.rebalance_pause, Duration::ZERO);
        let none = parse("").expect("a valid file");
        assert_eq!(
            none.scaling(ProfileName::Instant),
            Scaling::new(ProfileName::Instant)
        );
    }

    #[test]
    fn a_file_has_the_credentials_that_requests_need() {
        let file = parse("require_credentials = [\"KEY:SECRET\"]\n").expect("a valid file");
        assert_eq!(file.credentials(), ["KEY:SECRET".parse().expect("credentials")]);
        let error = parse("require_credentials = [\"KEY\"]\n").expect_err("no secret");
        assert!(
            error.contains("line 1") && error.contains("must be ACCESS_KEY:SECRET"),
            "{error}"
        );
    }

    #[test]
    fn a_file_says_where_on_failure_destinations_are_reached() {
        let file = parse(
            r#"
            [destinations]
            endpoint = "http://127.0.0.1:5000"
            s3_endpoint = "http://127.0.0.1:9000/"
            credentials = { access_key_id = "id", secret_access_key = "secret" }
            capture = true
            "#,
        );
        let options = file.expect("a valid file").destinations.options();
        let url = |endpoint: Option<AwsEndpoint>| endpoint.map(|endpoint| endpoint.to_string());
        let all = Some("http://127.0.0.1:5000".to_owned());
        assert_eq!(
            (url(options.sqs), url(options.sns), url(options.s3)),
            (all.clone(), all, Some("http://127.0.0.1:9000".to_owned()))
        );
        assert_eq!(options.credentials.access_key_id, "id");
        assert!(options.captures);
        assert!(!parse("").expect("a valid file").destinations.options().captures);
        for (text, line, reason) in [
            (
                "[destinations]\nsqs_endpoint = \"https://sqs.test\"",
                "line 2",
                "https is not supported",
            ),
            (
                "[destinations]\ncredentials = { access_key_id = \"id\" }",
                "line 2",
                "`secret_access_key`",
            ),
        ] {
            let error = parse(text).expect_err("an invalid table");
            assert!(error.contains(line) && error.contains(reason), "{error}");
        }
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        let cases = [
            ("[[topics]]\nname = \"a\"\npartition = 3\n", "line 3", "partition"),
            (
                "[[mappings]]\nFunctionName = \"f\"\nBatchsize = 3\n",
                "line 3",
                "Batchsize",
            ),
            (
                "[[functions]]\nname = \"f\"\nduration_ms = 3\nduration_s = 3\n",
                "line 4",
                "duration_s",
            ),
            ("x = 1\n", "line 1", "x"),
            (
                "[secrets.login]\nusername = \"u\"\nprivateKeyPassword = \"p\"\n",
                "line 3",
                "privateKeyPassword",
            ),
            (
                "[[mappings]]\nFunctionName = \"f\"\n[mappings.ProvisionedPollerConfig]\nMinimumPolers = 3\n",
                "line 4",
                "MinimumPolers",
            ),
            (
                "[[mappings]]\nFunctionName = \"f\"\nSourceAccessConfigurations = [\n{ Type = \"BASIC_AUTH\", Uri = \"x\" }]\n",
                "line 4",
                "Uri",
            ),
            (
                "[scaling]\nrebalance_pause_ms = 0\npause = 1\n",
                "line 3",
                "pause",
            ),
        ];
        for (text, line, key) in cases {
            let error = parse(text).expect_err("an unknown key");
            assert!(
                error.contains(line) && error.contains(&format!("`{key}`")),
                "{error}"
            );
        }
    }

    #[test]
    fn a_function_of_an_unknown_type_is_refused() {
        let error = parse("[[functions]]\nname = \"f\"\ntype = \"magic\"\n").expect_err("an unknown type");
        assert!(
            error.contains("`magic`") && error.contains("simulated"),
            "{error}"
        );
    }

    #[test]
    fn a_name_that_stands_twice_is_refused() {
        let error = parse("[[topics]]\nname = \"a\"\n[[topics]]\nname = \"a\"\n").expect_err("twice");
        assert_eq!(error, "test.toml: topic `a` is declared twice");
    }
}
