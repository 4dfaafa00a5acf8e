//! The name of a function in all forms that AWS accepts: name, partial ARN, full ARN, each with or without a qualifier.

use super::{ApiError, constraint, model};

/// The longest name that is not part of an ARN. Source: Lambda API reference, `FunctionName`.
const MAX_NAME_LENGTH: usize = 64;

/// The parts of a function's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FunctionName {
    pub(crate) name: String,
    /// The version, the alias or `$LATEST`, if given.
    pub(crate) qualifier: Option<String>,
    partition: Option<String>,
    region: Option<String>,
    account_id: Option<String>,
}

impl FunctionName {
    /// Parses the name in a request.
    ///
    /// # Errors
    /// ValidationException if it has none of the forms.
    pub(crate) fn parse(text: &str) -> Result<Self, ApiError> {
        constraint::check(&model::FUNCTION_NAME, text.into(), "functionName")?;
        let mut rest = text;
        let mut partition = None;
        if let Some((before, after)) = rest
            .strip_prefix("arn:")
            .and_then(|rest| rest.split_once(":lambda:"))
        {
            partition = Some(before.to_owned());
            rest = after;
        }
        // The pattern allows region, account and the word `function` before the name. A colon after one of them tells it from a
        // function of that name without a qualifier.
        let region = take_part(&mut rest, is_region);
        let account_id = take_part(&mut rest, |part| {
            part.len() == 12 && part.bytes().all(|byte| byte.is_ascii_digit())
        });
        take_part(&mut rest, |part| part == "function");
        let (name, qualifier) = match rest.split_once(':') {
            Some((name, qualifier)) => (name, Some(qualifier.to_owned())),
            None => (rest, None),
        };
        if name.len() > MAX_NAME_LENGTH {
            return Err(ApiError::validation(format!(
                "1 validation error detected: Value '{name}' at 'functionName' failed to satisfy constraint: \
                 Member must have length less than or equal to {MAX_NAME_LENGTH}"
            )));
        }
        Ok(Self {
            name: name.to_owned(),
            qualifier,
            partition,
            region,
            account_id,
        })
    }

    /// Returns the name of a function that is known by it alone.
    pub(crate) fn of(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            qualifier: None,
            partition: None,
            region: None,
            account_id: None,
        }
    }

    /// Returns the same name without its qualifier.
    pub(crate) fn without_qualifier(&self) -> Self {
        Self {
            qualifier: None,
            ..self.clone()
        }
    }

    /// Returns its ARN. Parts that were not given come from `region` and `account_id`; the qualifier is there only if it was given.
    pub(crate) fn arn(&self, region: &str, account_id: &str) -> String {
        let mut arn = format!(
            "arn:{}:lambda:{}:{}:function:{}",
            self.partition.as_deref().unwrap_or(partition_of(region)),
            self.region.as_deref().unwrap_or(region),
            self.account_id.as_deref().unwrap_or(account_id),
            self.name
        );
        if let Some(qualifier) = &self.qualifier {
            arn.push(':');
            arn.push_str(qualifier);
        }
        arn
    }

    /// Returns whether it names the function of `arn`: every part that was given is equal, and a name without a qualifier means an ARN
    /// without one.
    pub(super) fn names(&self, arn: &str) -> bool {
        let Ok(other) = Self::parse(arn) else { return false };
        let agrees = |given: &Option<String>, other: &Option<String>| given.is_none() || given == other;
        self.name == other.name
            && self.qualifier == other.qualifier
            && agrees(&self.partition, &other.partition)
            && agrees(&self.region, &other.region)
            && agrees(&self.account_id, &other.account_id)
    }
}

/// Returns the partition that a region belongs to, as ARNs name it.
pub(super) fn partition_of(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

/// Takes the part before the first colon, if `is_of_the_kind` holds for it.
fn take_part(rest: &mut &str, is_of_the_kind: impl Fn(&str) -> bool) -> Option<String> {
    let (part, after) = rest.split_once(':')?;
    is_of_the_kind(part).then(|| {
        *rest = after;
        part.to_owned()
    })
}

/// Returns whether a text is a region such as `us-east-1`, `us-gov-west-1` or `eusc-de-east-1`.
fn is_region(part: &str) -> bool {
    let parts: Vec<&str> = part.split('-').collect();
    parts.len() >= 3
        && parts
            .last()
            .is_some_and(|last| last.len() == 1 && last.bytes().all(|byte| byte.is_ascii_digit()))
        && parts[..parts.len() - 1]
            .iter()
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_gives_the_arn_with_the_qualifier_as_given() {
        let cases = [
            ("f", "f", None, "arn:aws:lambda:eu-west-1:000000000000:function:f"),
            (
                "f:1",
                "f",
                Some("1"),
                "arn:aws:lambda:eu-west-1:000000000000:function:f:1",
            ),
            (
                "f:$LATEST",
                "f",
                Some("$LATEST"),
                "arn:aws:lambda:eu-west-1:000000000000:function:f:$LATEST",
            ),
            (
                "function:f",
                "f",
                None,
                "arn:aws:lambda:eu-west-1:000000000000:function:f",
            ),
            (
                "function",
                "function",
                None,
                "arn:aws:lambda:eu-west-1:000000000000:function:function",
            ),
            (
                "123456789012:function:f:live",
                "f",
                Some("live"),
                "arn:aws:lambda:eu-west-1:123456789012:function:f:live",
            ),
            (
                "123456789012:f",
                "f",
                None,
                "arn:aws:lambda:eu-west-1:123456789012:function:f",
            ),
            (
                "us-east-2:123456789012:function:f",
                "f",
                None,
                "arn:aws:lambda:us-east-2:123456789012:function:f",
            ),
            (
                "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:f:PROD",
                "f",
                Some("PROD"),
                "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:f:PROD",
            ),
        ];
        for (given, name, qualifier, arn) in cases {
            let parsed = FunctionName::parse(given).unwrap();
            assert_eq!(
                (parsed.name.as_str(), parsed.qualifier.as_deref()),
                (name, qualifier),
                "{given}"
            );
            assert_eq!(parsed.arn("eu-west-1", "000000000000"), arn, "{given}");
            assert!(parsed.names(arn), "{given}");
        }
    }

    #[test]
    fn a_name_without_qualifier_does_not_name_a_qualified_arn() {
        let name = FunctionName::parse("f").unwrap();
        assert!(!name.names("arn:aws:lambda:eu-west-1:000000000000:function:f:1"));
        let elsewhere = FunctionName::parse("123456789012:function:f").unwrap();
        assert!(!elsewhere.names("arn:aws:lambda:eu-west-1:000000000000:function:f"));
    }

    #[test]
    fn a_bare_name_has_at_most_64_characters() {
        assert!(FunctionName::parse(&"f".repeat(64)).is_ok());
        let long = "f".repeat(65);
        assert_eq!(
            FunctionName::parse(&long).unwrap_err().message,
            format!(
                "1 validation error detected: Value '{long}' at 'functionName' failed to satisfy constraint: Member must have \
                 length less than or equal to 64"
            )
        );
    }
}
