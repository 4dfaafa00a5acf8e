//! The identity of a client, and the decision whether it may carry out an operation on a resource. Pure. Source: Kafka's
//! `KafkaPrincipal`, `AclOperation`, `ResourceType`, `AclEntry` and `Authorizer`.

use std::borrow::Cow;
use std::fmt;

/// The name of the only resource of type CLUSTER. Source: Kafka's `Resource.CLUSTER_NAME`.
const CLUSTER_NAME: &str = "kafka-cluster";

/// The identity of a client. Source: Kafka's `KafkaPrincipal`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Principal {
    /// `User` unless an authenticator sets another type.
    pub(crate) principal_type: Cow<'static, str>,
    pub(crate) name: Cow<'static, str>,
}

/// An operation on a resource, with Kafka's code. Source: `AclOperation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum AclOperation {
    Read = 3,
    Write = 4,
    Create = 5,
    Delete = 6,
    Alter = 7,
    Describe = 8,
    ClusterAction = 9,
    DescribeConfigs = 10,
    AlterConfigs = 11,
    IdempotentWrite = 12,
}

/// The type of a resource. Source: Kafka's `ResourceType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum AclResourceType {
    Topic,
    Group,
    Cluster,
    TransactionalId,
}

/// A resource, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resource<'a> {
    Topic(&'a str),
    Group(&'a str),
    Cluster,
    TransactionalId(&'a str),
}

/// The decision whether a principal may carry out an operation on a resource. ACLs will be another variant.
#[derive(Debug, Default)]
pub(crate) enum Authorizer {
    /// Allows everything, as Kafka does without `authorizer.class.name`.
    #[default]
    AllowAll,
    /// Denies everything and records each question.
    #[cfg(test)]
    DenyAll(std::sync::Mutex<Vec<(AclOperation, AclResourceType, String)>>),
}

impl Principal {
    /// The principal of a client that has not authenticated: Kafka's `KafkaPrincipal.ANONYMOUS`.
    pub(crate) const ANONYMOUS: Self = Self {
        principal_type: Cow::Borrowed("User"),
        name: Cow::Borrowed("ANONYMOUS"),
    };
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.principal_type, self.name)
    }
}

impl AclResourceType {
    /// Returns the operations that apply to resources of this type. Source: Kafka's `AclEntry.supportedOperations`.
    pub(crate) fn operations(self) -> &'static [AclOperation] {
        use AclOperation as Op;
        match self {
            Self::Topic => &[
                Op::Read,
                Op::Write,
                Op::Create,
                Op::Describe,
                Op::Delete,
                Op::Alter,
                Op::DescribeConfigs,
                Op::AlterConfigs,
            ],
            Self::Group => &[
                Op::Read,
                Op::Describe,
                Op::Delete,
                Op::DescribeConfigs,
                Op::AlterConfigs,
            ],
            Self::Cluster => &[
                Op::Create,
                Op::ClusterAction,
                Op::DescribeConfigs,
                Op::AlterConfigs,
                Op::IdempotentWrite,
                Op::Alter,
                Op::Describe,
            ],
            Self::TransactionalId => &[Op::Describe, Op::Write],
        }
    }
}

impl<'a> Resource<'a> {
    /// Returns the type of the resource.
    pub(crate) fn resource_type(self) -> AclResourceType {
        match self {
            Self::Topic(_) => AclResourceType::Topic,
            Self::Group(_) => AclResourceType::Group,
            Self::Cluster => AclResourceType::Cluster,
            Self::TransactionalId(_) => AclResourceType::TransactionalId,
        }
    }

    /// Returns the name of the resource.
    pub(crate) fn name(self) -> &'a str {
        match self {
            Self::Topic(name) | Self::Group(name) | Self::TransactionalId(name) => name,
            Self::Cluster => CLUSTER_NAME,
        }
    }
}

impl Authorizer {
    /// Returns whether `principal` may carry out `operation` on `resource`.
    #[cfg_attr(
        not(test),
        expect(unused_variables, reason = "nothing depends on them until there are ACLs")
    )]
    pub(crate) fn allows(
        &self,
        principal: &Principal,
        operation: AclOperation,
        resource: Resource<'_>,
    ) -> bool {
        match self {
            Self::AllowAll => true,
            #[cfg(test)]
            Self::DenyAll(asked) => {
                let question = (operation, resource.resource_type(), resource.name().to_owned());
                assert_eq!(*principal, Principal::ANONYMOUS);
                asked.lock().expect("no test panicked").push(question);
                false
            }
        }
    }

    /// Returns whether `principal` may carry out `operation` on any resource of the type. Source: Kafka's
    /// `Authorizer.authorizeByResourceType`.
    #[cfg_attr(
        not(test),
        expect(unused_variables, reason = "nothing depends on them until there are ACLs")
    )]
    pub(crate) fn allows_any(
        &self,
        principal: &Principal,
        operation: AclOperation,
        resource_type: AclResourceType,
    ) -> bool {
        match self {
            Self::AllowAll => true,
            #[cfg(test)]
            Self::DenyAll(asked) => {
                let question = (operation, resource_type, "*".to_owned());
                assert_eq!(*principal, Principal::ANONYMOUS);
                asked.lock().expect("no test panicked").push(question);
                false
            }
        }
    }
}
