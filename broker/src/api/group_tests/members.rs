//! Joining, syncing, heartbeats and leaving.

use super::*;

#[tokio::test(start_paused = true)]
async fn join_group_of_every_version() {
    for version in versions::<join_group::JoinGroup>() {
        let cluster = cluster();
        member(&cluster, version).await;

        let refused = call(&cluster, version, join(version, "stranger")).await;
        assert_eq!(refused.error_code, E::UnknownMemberId.code());
        assert_eq!(&*refused.member_id, "stranger");
        assert_eq!(refused.protocol_name.as_deref(), (version < 7).then_some(""));
        let hasty = join(version, "").with_session_timeout_ms(5_999);
        let hasty = call(&cluster, version, hasty).await;
        assert_eq!(hasty.error_code, E::InvalidSessionTimeout.code());
        let nameless = join(version, "").with_group_id(group(""));
        let nameless = call(&cluster, version, nameless).await;
        assert_eq!(nameless.error_code, E::InvalidGroupId.code());
    }
}

#[tokio::test(start_paused = true)]
async fn a_restarted_static_leader_is_answered_in_every_version_with_instance_ids() {
    for version in 5..=9 {
        let cluster = cluster();
        let request = || join(version, "").with_group_instance_id(Some(text("i")));
        let first = call(&cluster, version, request()).await;
        assert_eq!(first.members[0].group_instance_id.as_deref(), Some("i"));
        assert!(first.member_id.starts_with("i-"));
        call(&cluster, 5, sync(5, &first.member_id, 1)).await;
        let second = call(&cluster, version, request()).await;
        assert_eq!((second.error_code, second.generation_id), (0, 1));
        assert_eq!(second.skip_assignment, version >= 9);
        assert_ne!(second.member_id, first.member_id);
    }
}

#[tokio::test(start_paused = true)]
async fn sync_group_of_every_version() {
    for version in versions::<sync_group::SyncGroup>() {
        let cluster = cluster();
        let member_id = member(&cluster, 5).await;
        let synced = call(&cluster, version, sync(version, &member_id, 1)).await;
        assert_eq!((synced.error_code, &synced.assignment[..]), (0, &b"mine"[..]));
        let protocol = (synced.protocol_type.as_deref(), synced.protocol_name.as_deref());
        let named = (Some("consumer"), Some("range"));
        assert_eq!(protocol, if version >= 5 { named } else { (None, None) });
        let refused = call(&cluster, version, sync(version, &member_id, 2)).await;
        assert_eq!(refused.error_code, E::IllegalGeneration.code());
        let elsewhere = sync(version, &member_id, 1).with_group_id(group("h"));
        let elsewhere = call(&cluster, version, elsewhere).await;
        assert_eq!(elsewhere.error_code, E::UnknownMemberId.code());
    }
    let cluster = cluster();
    let member_id = member(&cluster, 5).await;
    let incomplete = call(&cluster, 5, sync(4, &member_id, 1)).await;
    assert_eq!(incomplete.error_code, E::InconsistentGroupProtocol.code());
}

#[tokio::test(start_paused = true)]
async fn heartbeat_of_every_version() {
    for version in versions::<heartbeat::Heartbeat>() {
        let cluster = cluster();
        let member_id = member(&cluster, 5).await;
        let request = |generation_id| {
            HeartbeatRequest::default()
                .with_group_id(group("g"))
                .with_member_id(text(&member_id))
                .with_generation_id(generation_id)
        };
        assert_eq!(call(&cluster, version, request(1)).await.error_code, 0);
        let refused = call(&cluster, version, request(2)).await;
        assert_eq!(refused.error_code, E::IllegalGeneration.code());
        let elsewhere = call(&cluster, version, request(1).with_group_id(group("h"))).await;
        assert_eq!(elsewhere.error_code, E::UnknownMemberId.code());
    }
}

#[tokio::test(start_paused = true)]
async fn leave_group_of_every_version() {
    for version in versions::<leave_group::LeaveGroup>() {
        let cluster = cluster();
        let member_id = member(&cluster, 5).await;
        let request = |member_id: &str| {
            let request = LeaveGroupRequest::default().with_group_id(group("g"));
            if version <= 2 {
                return request.with_member_id(text(member_id));
            }
            let identity = |id: &str| MemberIdentity::default().with_member_id(text(id));
            request.with_members(vec![identity("stranger"), identity(member_id)])
        };
        let unknown = E::UnknownMemberId.code();
        let left = call(&cluster, version, request(&member_id)).await;
        assert_eq!(left.error_code, 0);
        if version >= 3 {
            let codes: Vec<_> = left.members.iter().map(|member| member.error_code).collect();
            assert_eq!(codes, [unknown, 0]);
            assert_eq!(&*left.members[1].member_id, member_id);
        }
        let again = call(&cluster, version, request(&member_id)).await;
        assert_eq!(again.error_code, if version <= 2 { unknown } else { 0 });
        let elsewhere = call(&cluster, version, request(&member_id).with_group_id(group("h"))).await;
        assert_eq!(elsewhere.error_code, if version <= 2 { unknown } else { 0 });
        assert!(
            elsewhere
                .members
                .iter()
                .all(|member| member.error_code == unknown)
        );
    }
}
