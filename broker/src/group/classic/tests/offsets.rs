//! The rules for the deletion of a group and of its offsets.

use super::driver::*;
use crate::group::NonEmptyGroup;
use crate::group::classic::*;

#[test]
fn a_group_with_members_is_not_deleted_and_its_offsets_only_if_it_is_one_of_consumers() {
    let of_type =
        |protocol_type: &str| newcomer("a").with(|request| request.protocol_type = protocol_type.into());
    let rebalancing = |protocol_type: &str| {
        let mut driver = Driver::new(LIMITS);
        driver.join(&of_type(protocol_type));
        driver
    };
    let emptied = || {
        let mut driver = Driver::stable(&[of_type("connect")]);
        driver.leave(&[leaver("a", None)]);
        driver
    };
    let non_empty = |state: GroupState| Err(NonEmptyGroup { state });
    let (stable, preparing) = (GroupState::Stable, GroupState::PreparingRebalance);
    // A description, the group, and whether the group and its offsets may be deleted.
    let cases = [
        ("only offsets", Driver::new(LIMITS), Ok(()), Ok(())),
        ("empty", emptied(), Ok(()), Ok(())),
        (
            "consumers",
            Driver::stable(&[of_type("consumer")]),
            non_empty(stable),
            Ok(()),
        ),
        (
            "workers",
            Driver::stable(&[of_type("connect")]),
            non_empty(stable),
            non_empty(stable),
        ),
        (
            "consumers in a rebalance",
            rebalancing("consumer"),
            non_empty(preparing),
            Ok(()),
        ),
        (
            "workers in a rebalance",
            rebalancing("connect"),
            non_empty(preparing),
            non_empty(preparing),
        ),
    ];
    for (what, driver, group, offsets) in cases {
        assert_eq!(driver.group.validate_delete(), group, "{what}");
        assert_eq!(driver.group.validate_offset_delete(), offsets, "{what}");
    }
}
