//! Credentials that clients sign their requests with.

use std::fmt;
use std::str::FromStr;

/// An access key and its secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub(crate) access_key: String,
    pub(crate) secret: String,
}

impl FromStr for Credentials {
    type Err = String;

    /// Reads `ACCESS_KEY:SECRET`.
    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some((access_key, secret)) if !access_key.is_empty() && !secret.is_empty() => Ok(Self {
                access_key: access_key.to_owned(),
                secret: secret.to_owned(),
            }),
            _ => Err("must be ACCESS_KEY:SECRET".to_owned()),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The secret must not get into logs.
        write!(formatter, "Credentials({})", self.access_key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_a_key_and_a_secret_that_is_not_shown() {
        let credentials: Credentials = "AKIDEXAMPLE:secret".parse().expect("credentials");
        assert_eq!(format!("{credentials:?}"), "Credentials(AKIDEXAMPLE)");
        for wrong in ["", "key", "key:", ":secret"] {
            let refused = wrong.parse::<Credentials>();
            assert_eq!(refused, Err("must be ACCESS_KEY:SECRET".to_owned()), "{wrong}");
        }
    }
}
