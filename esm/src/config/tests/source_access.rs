//! Clusters on the network: the authentication that `SourceAccessConfigurations` asks for.

use super::*;
use crate::secrets::{Secret, Secrets};
use crate::source::remote::{ClientCertificate, Hidden, SaslAccess, SaslMechanism, TlsAccess};

/// A secret with every member, one with a user alone, and one without any member.
pub(super) fn secrets() -> Secrets {
    let text = |text: &str| Some(text.to_owned());
    let login = Secret {
        username: text("alice"),
        password: text("secret"),
        ..Secret::default()
    };
    let all = Secret {
        username: text("bob"),
        certificate: text("chain"),
        private_key: text("key"),
        ..login.clone()
    };
    let mut secrets = Secrets::default();
    for (name, secret) in [("all", all), ("login", login), ("none", Secret::default())] {
        secrets.insert(name, secret);
    }
    secrets
}

fn remote(access: Value) -> Value {
    body(json!({
        "SelfManagedEventSource": { "Endpoints": { "KAFKA_BOOTSTRAP_SERVERS": ["far.test:9092"] } },
        "SourceAccessConfigurations": access,
    }))
}

fn access(access: Value) -> RemoteAccess {
    create(remote(access)).unwrap().remote.unwrap().access
}

fn user(mechanism: SaslMechanism) -> Option<SaslAccess> {
    Some(SaslAccess {
        mechanism,
        username: "alice".to_owned(),
        password: Hidden("secret".to_owned()),
    })
}

#[test]
fn each_type_asks_for_its_authentication_over_tls() {
    let cases = [
        ("BASIC_AUTH", SaslMechanism::Plain),
        ("SASL_SCRAM_256_AUTH", SaslMechanism::ScramSha256),
        ("SASL_SCRAM_512_AUTH", SaslMechanism::ScramSha512),
    ];
    for (kind, mechanism) in cases {
        let arn = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:login-AbCdEf";
        let expected = RemoteAccess {
            tls: Some(TlsAccess::default()),
            sasl: user(mechanism),
        };
        assert_eq!(access(json!([{ "Type": kind, "URI": arn }])), expected);
    }
    let certificate = ClientCertificate {
        chain: "chain".to_owned(),
        private_key: Hidden("key".to_owned()),
    };
    let expected = RemoteAccess {
        tls: Some(TlsAccess {
            root_certificates: Some("chain".to_owned()),
            client: Some(certificate),
        }),
        sasl: None,
    };
    let given = json!([
        { "Type": "VPC_SUBNET", "URI": "subnet:subnet-1" },
        { "Type": "SERVER_ROOT_CA_CERTIFICATE", "URI": "all" },
        { "Type": "CLIENT_CERTIFICATE_TLS_AUTH", "URI": "all" },
        { "Type": "VPC_SECURITY_GROUP", "URI": "security_group:sg-1" },
    ]);
    assert_eq!(access(given), expected);
}

#[test]
fn what_cannot_be_carried_out_is_refused_by_name() {
    let cases = [
        (
            json!([{ "Type": "OAUTHBEARER_AUTH", "URI": "login" }]),
            "SourceAccessConfigurations.Type OAUTHBEARER_AUTH is not supported yet by Esmeralda for a cluster on the network: use BASIC_AUTH, \
             SASL_SCRAM_256_AUTH, SASL_SCRAM_512_AUTH or CLIENT_CERTIFICATE_TLS_AUTH.",
        ),
        (
            json!([{ "Type": "BASIC_AUTH", "URI": "login" }, { "Type": "SASL_SCRAM_512_AUTH", "URI": "login" }]),
            "SourceAccessConfigurations has both BASIC_AUTH and SASL_SCRAM_512_AUTH: only one authentication type is allowed.",
        ),
        (
            json!([{ "Type": "BASIC_AUTH", "URI": "other" }]),
            "The secret other of SourceAccessConfigurations does not exist: declare it in the table [secrets] of the config file.",
        ),
        (
            json!([{ "Type": "CLIENT_CERTIFICATE_TLS_AUTH", "URI": "login" }]),
            "The secret login has no member certificate, which CLIENT_CERTIFICATE_TLS_AUTH requires.",
        ),
        (
            json!([{ "Type": "SERVER_ROOT_CA_CERTIFICATE", "URI": "none" }]),
            "The secret none has no member certificate, which SERVER_ROOT_CA_CERTIFICATE requires.",
        ),
    ];
    for (given, expected) in cases {
        let error = create(remote(given)).unwrap_err();
        assert_eq!(
            (error.kind, error.message.as_str()),
            ("InvalidParameterValueException", expected)
        );
    }
    let port = json!({ "Endpoints": { "KAFKA_BOOTSTRAP_SERVERS": ["far.test:99999"] } });
    let error = create(body(json!({ "SelfManagedEventSource": port }))).unwrap_err();
    assert_eq!(
        error.message,
        "The bootstrap server far.test:99999 has no valid port: it must be between 0 and 65535."
    );
}

#[test]
fn an_update_replaces_the_authentication() {
    let before = create(remote(json!([{ "Type": "BASIC_AUTH", "URI": "login" }]))).unwrap();
    let given = json!({ "SourceAccessConfigurations": [{ "Type": "SASL_SCRAM_256_AUTH", "URI": "login" }] });
    let after = update(&before, given).unwrap().remote.unwrap();
    assert_eq!(after.access.sasl, user(SaslMechanism::ScramSha256));
    let none = update(&before, json!({ "SourceAccessConfigurations": [] })).unwrap();
    assert_eq!(none.remote.unwrap().access, RemoteAccess::default());
}

#[test]
fn the_embedded_cluster_asks_for_no_secret() {
    let given = json!({ "SourceAccessConfigurations": [{ "Type": "IAM_AUTH" }, { "Type": "BASIC_AUTH", "URI": "other" }] });
    assert_eq!(create(body(given)).unwrap().remote, None);
}

#[test]
fn virtual_time_has_no_cluster_on_the_network() {
    let request: CreateMapping = serde_json::from_value(remote(json!([]))).unwrap();
    let created = with_surroundings(|surroundings| {
        let without = Surroundings {
            has_network: false,
            ..*surroundings
        };
        MappingDefinition::create(request, UUID, &without)
    });
    assert_eq!(
        created.unwrap_err().message,
        "The Kafka cluster at far.test:9092 cannot be read in virtual time, which has no network: only the embedded cluster can, at \
         127.0.0.1:9092,kafka.test:9093."
    );
}
