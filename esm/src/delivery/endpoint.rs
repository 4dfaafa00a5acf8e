//! The endpoint of a service of AWS.

use hyper::Uri;
use serde::Deserialize;
use std::fmt;
use std::str::FromStr;

/// The URL at which a service of AWS is reached, or something that speaks its API.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct AwsEndpoint {
    /// The host, and the port if the URL has one: the `Host` of requests.
    authority: String,
}

/// The error for a URL that is no endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid endpoint `{url}`: {reason}; must be a URL such as http://127.0.0.1:5000")]
pub struct InvalidAwsEndpoint {
    /// The URL as configured.
    pub url: String,
    /// The error in the URL.
    pub reason: String,
}

impl FromStr for AwsEndpoint {
    type Err = InvalidAwsEndpoint;

    /// Reads a URL.
    ///
    /// # Errors
    /// [`InvalidAwsEndpoint`] for anything but a plain http URL without a path.
    fn from_str(url: &str) -> Result<Self, InvalidAwsEndpoint> {
        let invalid = |reason: String| InvalidAwsEndpoint {
            url: url.to_owned(),
            reason,
        };
        let uri: Uri = url
            .parse()
            .map_err(|error: hyper::http::uri::InvalidUri| invalid(error.to_string()))?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => return Err(invalid("https is not supported".to_owned())),
            _ => return Err(invalid("it does not begin with http://".to_owned())),
        }
        if uri.path() != "/" || uri.query().is_some() {
            return Err(invalid("it has a path".to_owned()));
        }
        match uri.authority().map(|authority| authority.as_str()) {
            Some(authority) if authority.contains('@') => {
                Err(invalid("a user name or password is not supported".to_owned()))
            }
            Some(authority) => Ok(Self {
                authority: authority.to_owned(),
            }),
            None => Err(invalid("it has no host".to_owned())),
        }
    }
}

impl TryFrom<String> for AwsEndpoint {
    type Error = InvalidAwsEndpoint;

    fn try_from(url: String) -> Result<Self, InvalidAwsEndpoint> {
        url.parse()
    }
}

impl AwsEndpoint {
    /// Returns the `Host` of requests.
    pub(super) fn authority(&self) -> &str {
        &self.authority
    }
}

impl fmt::Display for AwsEndpoint {
    /// Writes the URL, without a slash at the end.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "http://{}", self.authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_plain_http_urls_without_a_path() {
        for url in ["http://127.0.0.1:5000", "http://127.0.0.1:5000/"] {
            let endpoint: AwsEndpoint = url.parse().expect(url);
            assert_eq!(
                (endpoint.authority(), endpoint.to_string()),
                ("127.0.0.1:5000", "http://127.0.0.1:5000".to_owned())
            );
        }
        for (url, reason) in [
            ("https://sqs.test", "https is not supported"),
            ("127.0.0.1:5000", "it does not begin with http://"),
            ("http://a/b", "it has a path"),
            ("http://a/?b", "it has a path"),
            ("http://user:pass@a", "a user name or password is not supported"),
        ] {
            assert_eq!(
                url.parse::<AwsEndpoint>().expect_err(url).to_string(),
                format!("invalid endpoint `{url}`: {reason}; must be a URL such as http://127.0.0.1:5000")
            );
        }
    }
}
