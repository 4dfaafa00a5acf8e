//! Where the metrics are exported to and how often, as OpenTelemetry's environment variables say it. Source: OpenTelemetry specification,
//! "OpenTelemetry Protocol Exporter" and "Environment Variable Specification".

use hyper::Uri;
use hyper::header::{HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;
use std::time::Duration;

/// The receiver of all signals; its path is extended by that of metrics.
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
/// The receiver of metrics.
const METRICS_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT";
const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";
const METRICS_HEADERS: &str = "OTEL_EXPORTER_OTLP_METRICS_HEADERS";
const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";
const METRICS_PROTOCOL: &str = "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL";
const INTERVAL: &str = "OTEL_METRIC_EXPORT_INTERVAL";
const EXPORTER: &str = "OTEL_METRICS_EXPORTER";
const IS_DISABLED: &str = "OTEL_SDK_DISABLED";

/// The one protocol that is built.
const HTTP_JSON: &str = "http/json";

/// The interval without OTEL_METRIC_EXPORT_INTERVAL. Source: the specification's default.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(60);

/// The receiver of metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtlpOptions {
    /// The whole URL that requests are sent to.
    pub(super) endpoint: Uri,
    /// The headers of each request.
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    /// The time between two exports.
    pub(super) interval: Duration,
}

/// A variable that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid {name} `{value}`: {reason}")]
pub struct InvalidOtlp {
    name: &'static str,
    value: String,
    reason: &'static str,
}

impl OtlpOptions {
    /// Returns the options that the variables of the environment give, which `variable` reads; `None` if they name no receiver, or
    /// switch the export off.
    ///
    /// # Errors
    /// [`InvalidOtlp`] for a variable that asks for something that is not built, or is malformed.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, InvalidOtlp> {
        // The specification treats an empty variable as one that is not set.
        let read = |name: &'static str| {
            let value = variable(name).filter(|value| !value.is_empty());
            value.map(|value| Variable { name, value })
        };
        let is_off =
            |name, value: &str| read(name).is_some_and(|read| read.value.eq_ignore_ascii_case(value));
        if is_off(IS_DISABLED, "true") || is_off(EXPORTER, "none") {
            return Ok(None);
        }
        let endpoint = match (read(METRICS_ENDPOINT), read(ENDPOINT)) {
            (Some(own), _) => own.endpoint("")?,
            (None, Some(base)) => base.endpoint("/v1/metrics")?,
            (None, None) => return Ok(None),
        };
        if let Some(exporter) = read(EXPORTER).filter(|exporter| exporter.value != "otlp") {
            return Err(exporter.invalid("must be otlp or none"));
        }
        let protocol = read(METRICS_PROTOCOL).or_else(|| read(PROTOCOL));
        if let Some(protocol) = protocol.filter(|protocol| protocol.value != HTTP_JSON) {
            return Err(protocol.invalid("must be http/json"));
        }
        let headers = read(METRICS_HEADERS).or_else(|| read(HEADERS));
        Ok(Some(Self {
            endpoint,
            headers: headers.map_or(Ok(Vec::new()), |headers| headers.headers())?,
            interval: read(INTERVAL).map_or(Ok(DEFAULT_INTERVAL), |interval| interval.interval())?,
        }))
    }
}

/// A variable that is set.
struct Variable {
    name: &'static str,
    value: String,
}

impl Variable {
    fn invalid(&self, reason: &'static str) -> InvalidOtlp {
        InvalidOtlp {
            name: self.name,
            value: self.value.clone(),
            reason,
        }
    }

    /// Returns the URL with a path added.
    fn endpoint(&self, path: &str) -> Result<Uri, InvalidOtlp> {
        let malformed = || self.invalid("must be a URL such as http://127.0.0.1:4318");
        if self.value.starts_with("https:") {
            return Err(self.invalid("https is not supported, must be http"));
        }
        let base = if path.is_empty() {
            self.value.as_str()
        } else {
            self.value.trim_end_matches('/')
        };
        let uri: Uri = format!("{base}{path}").parse().map_err(|_| malformed())?;
        let is_whole = uri.scheme_str() == Some("http") && uri.host().is_some_and(|host| !host.is_empty());
        is_whole.then_some(uri).ok_or_else(malformed)
    }

    /// Returns the headers, which are percent-encoded as in W3C Baggage.
    fn headers(&self) -> Result<Vec<(HeaderName, HeaderValue)>, InvalidOtlp> {
        let malformed = || InvalidOtlp {
            // The value has secrets, and errors are logged.
            value: "(not shown)".to_owned(),
            ..self.invalid("must be a list such as api-key=secret,other=value")
        };
        let header = |pair: &str| -> Option<(HeaderName, HeaderValue)> {
            let (name, value) = pair.split_once('=')?;
            let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
            Some((name.trim().parse().ok()?, value.parse().ok()?))
        };
        let pairs = self.value.split(',').filter(|pair| !pair.trim().is_empty());
        pairs.map(|pair| header(pair).ok_or_else(malformed)).collect()
    }

    fn interval(&self) -> Result<Duration, InvalidOtlp> {
        match self.value.parse::<u64>() {
            Ok(milliseconds) if milliseconds > 0 => Ok(Duration::from_millis(milliseconds)),
            _ => Err(self.invalid("must be a number of milliseconds, 1 or more")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(variables: &[(&str, &str)]) -> Result<Option<OtlpOptions>, InvalidOtlp> {
        OtlpOptions::from_environment(|asked| {
            let mut found = variables.iter().filter(|(name, _)| *name == asked);
            found.next().map(|(_, value)| (*value).to_owned())
        })
    }

    fn receiver(variables: &[(&str, &str)]) -> String {
        let options = options(variables).expect("valid variables");
        options.map_or_else(String::new, |options| options.endpoint.to_string())
    }

    #[test]
    fn the_receiver_is_that_of_metrics_or_of_all_signals() {
        for (variables, expected) in [
            (&[][..], ""),
            (&[(ENDPOINT, "")], ""),
            (&[(ENDPOINT, "http://a:4318")], "http://a:4318/v1/metrics"),
            (&[(ENDPOINT, "http://a:4318/b/")], "http://a:4318/b/v1/metrics"),
            (&[(METRICS_ENDPOINT, "http://a:1/own")], "http://a:1/own"),
            (
                &[(ENDPOINT, "http://a:1"), (METRICS_ENDPOINT, "http://b:2")],
                "http://b:2/",
            ),
            (&[(ENDPOINT, "http://a:1"), (EXPORTER, "none")], ""),
            (&[(ENDPOINT, "http://a:1"), (IS_DISABLED, "TRUE")], ""),
            (
                &[
                    (ENDPOINT, "http://a:1"),
                    (PROTOCOL, "grpc"),
                    (METRICS_PROTOCOL, HTTP_JSON),
                ],
                "http://a:1/v1/metrics",
            ),
        ] {
            assert_eq!(receiver(variables), expected, "{variables:?}");
        }
    }

    #[test]
    fn headers_and_the_interval_are_read() {
        let read = options(&[
            (ENDPOINT, "http://a:1"),
            (HEADERS, "Api-Key=a%20b, other=c=d"),
            (INTERVAL, "250"),
        ]);
        let read = read.expect("valid variables").expect("a receiver");
        let headers: Vec<_> = read
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().expect("text")))
            .collect();
        assert_eq!(headers, [("api-key", "a b"), ("other", "c=d")]);
        assert_eq!(read.interval, Duration::from_millis(250));
        let read = options(&[(ENDPOINT, "http://a:1")]).expect("valid variables");
        assert_eq!(read.expect("a receiver").interval, Duration::from_secs(60));
    }

    #[test]
    fn what_cannot_be_used_is_refused_by_name() {
        for ((name, value), reason) in [
            ((ENDPOINT, "https://a"), "https is not supported, must be http"),
            (
                (ENDPOINT, "a:4318"),
                "must be a URL such as http://127.0.0.1:4318",
            ),
            (
                (METRICS_ENDPOINT, "/path"),
                "must be a URL such as http://127.0.0.1:4318",
            ),
            ((PROTOCOL, "grpc"), "must be http/json"),
            ((METRICS_PROTOCOL, "http/protobuf"), "must be http/json"),
            ((EXPORTER, "console"), "must be otlp or none"),
            ((INTERVAL, "0"), "must be a number of milliseconds, 1 or more"),
            ((INTERVAL, "1s"), "must be a number of milliseconds, 1 or more"),
        ] {
            let error = options(&[(name, value), (ENDPOINT, "http://a:1")]).expect_err("it is invalid");
            assert_eq!(error.to_string(), format!("invalid {name} `{value}`: {reason}"));
        }
        let error = options(&[(HEADERS, "secret"), (ENDPOINT, "http://a:1")]).expect_err("it is invalid");
        let words = "must be a list such as api-key=secret,other=value";
        assert_eq!(
            error.to_string(),
            format!("invalid {HEADERS} `(not shown)`: {words}")
        );
    }
}
