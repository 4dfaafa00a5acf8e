//! Errors as the Lambda API answers them: exception, status and message.

use serde::{Serialize, Serializer, ser::SerializeMap};

/// An error as the Lambda API answers it. Serializes as its JSON body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {message}")]
pub struct ApiError {
    /// The HTTP status.
    pub status: u16,
    /// The exception's name, such as `InvalidParameterValueException`.
    pub kind: &'static str,
    /// The message, in AWS's words where they are known.
    pub message: String,
    /// The limit that was met, of a TooManyRequestsException.
    pub reason: Option<String>,
}

impl ApiError {
    /// Returns 400 InvalidParameterValueException: a rule of the service is broken, not a constraint of the model.
    pub fn invalid_parameter(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidParameterValueException", message)
    }

    /// Returns 400 InvalidParameterValueException for a member that this kind of source does not have.
    pub(super) fn unsupported_member(member: &str) -> Self {
        // AWS names the member in lower camel case here.
        let (first, rest) = member.split_at(1);
        Self::invalid_parameter(format!(
            "Unsupported '{}{rest}' parameter for given event source mapping type.",
            first.to_ascii_lowercase()
        ))
    }

    /// Returns 400 ValidationException: a constraint of the model is broken.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::new(400, "ValidationException", message)
    }

    /// Returns 400 SerializationException: the body does not have the model's types, so nothing was validated.
    pub fn serialization(message: impl Into<String>) -> Self {
        Self::new(400, "SerializationException", message)
    }

    /// Returns 404 ResourceNotFoundException for a UUID that no mapping has.
    pub fn mapping_not_found() -> Self {
        Self::not_found("The resource you requested does not exist.")
    }

    /// Returns 404 ResourceNotFoundException.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(404, "ResourceNotFoundException", message)
    }

    /// Returns 409 ResourceConflictException.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(409, "ResourceConflictException", message)
    }

    /// Returns 400 ResourceInUseException: the mapping is being created, changed or deleted.
    pub fn in_use(message: impl Into<String>) -> Self {
        Self::new(400, "ResourceInUseException", message)
    }

    /// Returns 413 RequestTooLargeException.
    pub fn too_large(message: impl Into<String>) -> Self {
        Self::new(413, "RequestTooLargeException", message)
    }

    /// Returns 429 TooManyRequestsException: an invocation was throttled, by the limit `reason`.
    pub fn throttled(reason: impl Into<String>) -> Self {
        Self {
            reason: Some(reason.into()),
            ..Self::new(429, "TooManyRequestsException", "Rate Exceeded.")
        }
    }

    /// Returns 400 InvalidRequestContentException: the payload of an invocation is not JSON.
    pub fn invalid_request_content(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidRequestContentException", message)
    }

    /// Returns 412 PreconditionFailedException: the revision is another one.
    pub fn precondition_failed(message: impl Into<String>) -> Self {
        Self::new(412, "PreconditionFailedException", message)
    }

    /// Returns 403 AccessDeniedException.
    pub fn access_denied(message: impl Into<String>) -> Self {
        Self::new(403, "AccessDeniedException", message)
    }

    /// Returns 404 UnknownOperationException: no such path or method.
    pub fn unknown_operation(message: impl Into<String>) -> Self {
        Self::new(404, "UnknownOperationException", message)
    }

    /// Returns 500 ServiceException: not the caller's fault.
    pub fn service(message: impl Into<String>) -> Self {
        Self::new(500, "ServiceException", message)
    }

    fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            kind,
            message: message.into(),
            reason: None,
        }
    }

    /// Returns the `Type` in the body, which exceptions that are not in the model do not have.
    fn fault(&self) -> Option<&'static str> {
        match self.kind {
            "ValidationException"
            | "SerializationException"
            | "UnknownOperationException"
            | "AccessDeniedException" => None,
            "ServiceException" => Some("Service"),
            _ => Some("User"),
        }
    }

    /// Returns the name of the member with the message. The model spells it differently from shape to shape, and boto3 reads the exact
    /// spelling.
    fn message_member(&self) -> &'static str {
        match self.kind {
            "ResourceNotFoundException"
            | "ResourceInUseException"
            | "ServiceException"
            | "AccessDeniedException" => "Message",
            _ => "message",
        }
    }
}

impl Serialize for ApiError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut body = serializer.serialize_map(None)?;
        if let Some(reason) = &self.reason {
            body.serialize_entry("Reason", reason)?;
        }
        if let Some(fault) = self.fault() {
            body.serialize_entry("Type", fault)?;
        }
        body.serialize_entry(self.message_member(), &self.message)?;
        body.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_follow_the_casing_of_their_shape() {
        let body = |error: &ApiError| serde_json::to_string(error).unwrap();
        assert_eq!(
            body(&ApiError::mapping_not_found()),
            r#"{"Type":"User","Message":"The resource you requested does not exist."}"#
        );
        assert_eq!(
            body(&ApiError::in_use("busy")),
            r#"{"Type":"User","Message":"busy"}"#
        );
        assert_eq!(
            body(&ApiError::service("oh")),
            r#"{"Type":"Service","Message":"oh"}"#
        );
        assert_eq!(
            body(&ApiError::conflict("twice")),
            r#"{"Type":"User","message":"twice"}"#
        );
        assert_eq!(
            body(&ApiError::invalid_parameter("bad")),
            r#"{"Type":"User","message":"bad"}"#
        );
        assert_eq!(body(&ApiError::validation("bad")), r#"{"message":"bad"}"#);
        assert_eq!(
            body(&ApiError::throttled("CallerRateLimitExceeded")),
            r#"{"Reason":"CallerRateLimitExceeded","Type":"User","message":"Rate Exceeded."}"#
        );
        assert_eq!(body(&ApiError::access_denied("no")), r#"{"Message":"no"}"#);
    }
}
