//! The secrets that mappings name: what Secrets Manager would hold, given with the engine's options.
//! Source: Lambda developer guide, "Configuring cluster authentication methods in Lambda".

use std::collections::BTreeMap;
use std::fmt;

/// Secrets by ARN or by name. Values are not shown in logs.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets {
    by_name: BTreeMap<String, Secret>,
}

/// The value of a secret: the members that Lambda reads, as far as they are set.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret {
    /// `username`.
    pub username: Option<String>,
    /// `password`.
    pub password: Option<String>,
    /// `certificate`: a chain of certificates, as PEM.
    pub certificate: Option<String>,
    /// `privateKey`: the private key of the first certificate, as PEM.
    pub private_key: Option<String>,
}

impl Secrets {
    /// Adds a secret, or replaces the one with this ARN or name.
    pub fn insert(&mut self, arn_or_name: &str, secret: Secret) {
        self.by_name.insert(arn_or_name.to_owned(), secret);
    }

    /// Returns the secret that `uri` means: the one with this ARN or name, or with the name that is in this ARN.
    pub(crate) fn find(&self, uri: &str) -> Option<&Secret> {
        let names = [Some(uri), name_in(uri), name_in(uri).and_then(without_suffix)];
        names
            .into_iter()
            .flatten()
            .find_map(|name| self.by_name.get(name))
    }
}

/// Returns the end of an ARN, `arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-SUFFIX`.
fn name_in(arn: &str) -> Option<&str> {
    arn.splitn(7, ':').nth(6)
}

/// Returns a name without the six characters that AWS adds to it.
fn without_suffix(name: &str) -> Option<&str> {
    let (name, suffix) = name.rsplit_once('-')?;
    (suffix.len() == 6).then_some(name)
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.by_name.keys()).finish()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_by_its_arn_and_by_the_name_in_an_arn() {
        let secret = |name: &str| Secret {
            username: Some(name.to_owned()),
            ..Secret::default()
        };
        let whole = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:whole-AbCdEf";
        let mut secrets = Secrets::default();
        for name in [whole, "kafka-login", "kafka-secret", "kafka"] {
            secrets.insert(name, secret(name));
        }
        let arn = |name: &str| format!("arn:aws:secretsmanager:eu-west-1:000000000000:secret:{name}");
        let cases = [
            (whole.to_owned(), Some(whole)),
            ("kafka-login".to_owned(), Some("kafka-login")),
            (arn("kafka-login-AbCdEf"), Some("kafka-login")),
            (arn("kafka-login"), Some("kafka-login")),
            (arn("kafka-secret"), Some("kafka-secret")),
            (arn("kafka-AbCdEf"), Some("kafka")),
            (arn("other-AbCdEf"), None),
            ("other".to_owned(), None),
        ];
        for (uri, expected) in cases {
            assert_eq!(secrets.find(&uri), expected.map(secret).as_ref(), "{uri}");
        }
        assert!(!format!("{secrets:?} {:?}", secret("hidden name")).contains("hidden name"));
    }
}
