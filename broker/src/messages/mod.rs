//! Messages of Kafka that the crate `kafka-protocol` has only in older versions, with the same traits and names.
//!
//! Owns: their types and how they are encoded. Refuses to know what a field means.

// Written by broker/messages/generate.py from the message definitions of Apache Kafka 4.4.0. Do not edit.

pub mod add_raft_voter_request;
pub mod add_raft_voter_response;
pub mod api_versions_request;
pub mod api_versions_response;
mod codec;
mod declaration;
pub mod delete_groups_request;
pub mod delete_groups_response;
pub mod describe_log_dirs_request;
pub mod describe_log_dirs_response;
pub mod list_offsets_request;
pub mod list_offsets_response;
pub mod offset_commit_request;
pub mod offset_commit_response;
pub mod offset_fetch_request;
pub mod offset_fetch_response;
#[cfg(test)]
mod tests;
pub mod txn_offset_commit_request;
pub mod txn_offset_commit_response;
pub mod unregister_controller_request;
pub mod unregister_controller_response;
pub mod write_txn_markers_request;
pub mod write_txn_markers_response;

pub use add_raft_voter_request::AddRaftVoterRequest;
pub use add_raft_voter_response::AddRaftVoterResponse;
pub use api_versions_request::ApiVersionsRequest;
pub use api_versions_response::ApiVersionsResponse;
pub use delete_groups_request::DeleteGroupsRequest;
pub use delete_groups_response::DeleteGroupsResponse;
pub use describe_log_dirs_request::DescribeLogDirsRequest;
pub use describe_log_dirs_response::DescribeLogDirsResponse;
pub use list_offsets_request::ListOffsetsRequest;
pub use list_offsets_response::ListOffsetsResponse;
pub use offset_commit_request::OffsetCommitRequest;
pub use offset_commit_response::OffsetCommitResponse;
pub use offset_fetch_request::OffsetFetchRequest;
pub use offset_fetch_response::OffsetFetchResponse;
pub use txn_offset_commit_request::TxnOffsetCommitRequest;
pub use txn_offset_commit_response::TxnOffsetCommitResponse;
pub use unregister_controller_request::UnregisterControllerRequest;
pub use unregister_controller_response::UnregisterControllerResponse;
pub use write_txn_markers_request::WriteTxnMarkersRequest;
pub use write_txn_markers_response::WriteTxnMarkersResponse;
