//! Fields that the messages of several APIs share.

mod altered_resource;
mod authorized_operations;
mod config_source;
mod node_endpoints;
mod nothing;
mod partition_view;
mod repeats;
mod resource_type;
mod strings;
mod topic_key;

pub(crate) use altered_resource::AlteredResource;
pub(crate) use authorized_operations::NOT_ASKED;
pub(crate) use config_source::config_source;
pub(crate) use node_endpoints::put_node_endpoints;
pub(crate) use nothing::{NO_TIMESTAMP, UNKNOWN_ACL_CODE};
pub(crate) use partition_view::partition_view;
pub(crate) use repeats::has_repeats;
pub(crate) use resource_type::resource_type;
pub(crate) use strings::{shared, shared_option, wire, wire_option};
pub(crate) use topic_key::{name_and_id, topic_key};
