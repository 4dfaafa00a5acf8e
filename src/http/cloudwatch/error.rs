//! Errors of the CloudWatch API: the shape's name in the newer protocols, the code in the older one, and the message.

/// An error of the CloudWatch API.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub(super) struct CloudWatchError {
    pub(super) status: u16,
    /// The name of the shape, such as `InvalidParameterValueException`.
    pub(super) shape: &'static str,
    /// The code of the query protocol, such as `InvalidParameterValue`, which clients of the newer protocols show, too.
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl CloudWatchError {
    fn new(shape: &'static str, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status: 400,
            shape,
            code,
            message: message.into(),
        }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterValueException", "InvalidParameterValue", message)
    }

    pub(super) fn missing(parameter: &str) -> Self {
        let message = format!("The parameter {parameter} is required.");
        Self::new("MissingRequiredParameterException", "MissingParameter", message)
    }

    pub(super) fn combination(message: impl Into<String>) -> Self {
        Self::new(
            "InvalidParameterCombinationException",
            "InvalidParameterCombination",
            message,
        )
    }

    pub(super) fn next_token() -> Self {
        let message = "The NextToken is not one that this operation returned.";
        Self::new("InvalidNextToken", "InvalidNextToken", message)
    }

    /// A parameter that CloudWatch has and that is not built.
    pub(super) fn not_built(parameter: &str, instead: &str) -> Self {
        Self::invalid(format!(
            "{parameter} is not supported yet by Esmeralda: {instead}."
        ))
    }

    pub(super) fn unknown_operation(name: &str) -> Self {
        let message = format!(
            "The operation {name} of CloudWatch is not served. Esmeralda serves GetMetricData, GetMetricStatistics, ListMetrics \
             and PutMetricData."
        );
        Self::new("UnknownOperationException", "InvalidAction", message)
    }

    pub(super) fn unknown_logs_operation(name: &str) -> Self {
        let message = format!(
            "The operation {name} of CloudWatch Logs is not served. Esmeralda serves DescribeLogStreams, GetLogEvents and \
             FilterLogEvents."
        );
        Self::new("UnknownOperationException", "UnknownOperationException", message)
    }

    pub(super) fn log_parameter(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterException", "InvalidParameterException", message)
    }

    pub(super) fn log_resource_not_found(message: impl Into<String>) -> Self {
        Self::new("ResourceNotFoundException", "ResourceNotFoundException", message)
    }

    /// A body that its protocol does not allow.
    pub(super) fn serialization(message: impl Into<String>) -> Self {
        Self::new("SerializationException", "MalformedQueryString", message)
    }
}
