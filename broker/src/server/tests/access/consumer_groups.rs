//! The APIs of consumer groups (KIP-848).

use super::{Describe, Group, Read, Stranger, group, text};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::{ConsumerGroupDescribeRequest, ConsumerGroupHeartbeatRequest};

impl Stranger {
    pub(super) async fn consumer_groups(&mut self) {
        let denied = ResponseError::GroupAuthorizationFailed.code();
        let request = ConsumerGroupHeartbeatRequest::default()
            .with_group_id(group())
            .with_member_id(text("m"));
        let answer = self.ask(1, request, &[(Read, Group, "g")]).await;
        assert_eq!(answer.error_code, denied);
        let request = ConsumerGroupDescribeRequest::default().with_group_ids(vec![group()]);
        let answer = self.ask(1, request, &[(Describe, Group, "g")]).await;
        assert_eq!(answer.groups[0].error_code, denied);
    }
}
