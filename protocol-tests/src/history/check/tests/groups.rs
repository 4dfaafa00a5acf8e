//! The violations of groups: records that members pass over, repeat or make up, and commits that go back.

use super::*;

#[test]
fn a_member_that_passes_over_a_record_skips_it() {
    let skipped = in_all(|history| history.replace_event(MEMBER, "r 1 1 1 1 0 2", &[]));
    let expected = [
        Violation::Skipped {
            process: MEMBER,
            partition: 1,
            offset: 1,
        },
        Violation::Unread {
            group: "readers".to_owned(),
            partition: 1,
            offset: 1,
        },
    ];
    assert_eq!(skipped, expected);
}

#[test]
fn a_member_that_reads_again_or_backwards_repeats() {
    let repeated = |partition, offset| {
        vec![Violation::Repeated {
            process: MEMBER,
            partition,
            offset,
        }]
    };
    let line = "r 1 1 1 1 0 2";
    let again = in_all(|history| history.replace_event(MEMBER, line, &[line, line]));
    assert_eq!(again, repeated(1, 1));
    let backwards = in_all(|history| history.replace_event(MEMBER, line, &[line, "r 1 0 0 1 -1 0", line]));
    assert_eq!(backwards, repeated(1, 0));
}

#[test]
fn a_member_may_begin_again_at_an_earlier_position() {
    let line = "r 1 1 1 1 0 2";
    let again = in_all(|history| history.replace_event(MEMBER, line, &[line, "p 1 1", line]));
    assert_eq!(again, []);
}

#[test]
fn a_member_that_reads_before_it_begins_is_found() {
    let unpositioned = in_all(|history| history.replace_event(MEMBER, "p 1 0", &[]));
    let expected = Violation::NotPositioned {
        process: MEMBER,
        partition: 1,
        offset: 0,
    };
    assert_eq!(unpositioned, [expected]);
}

#[test]
fn a_member_that_reads_what_is_not_to_be_seen_is_found() {
    let expected = |offset| {
        vec![Violation::NotInLog {
            process: MEMBER,
            partition: 0,
            offset,
        }]
    };
    let line = "r 0 3 0 2 -1 0";
    let aborted = |history: &mut History| history.replace_event(MEMBER, line, &[line, "r 0 4 1 2 1 1"]);
    assert_eq!(in_all(aborted), expected(4));
    let absent = in_all(|history| history.replace_event(MEMBER, line, &[line, "r 0 5 0 7 -1 0"]));
    assert_eq!(absent, expected(5));
    let beyond = in_all(|history| {
        history.replace_event(MEMBER, "r 0 6 1 3 2 2", &["r 0 6 1 3 2 2", "r 0 9 0 7 -1 0"])
    });
    assert_eq!(beyond, expected(9));
    // A reader of all records must see what was aborted.
    let uncommitted = |change: &dyn Fn(&mut History)| {
        in_all(|history| {
            history.groups[READERS].isolation = Isolation::ReadUncommitted;
            change(history);
        })
    };
    assert_eq!(uncommitted(&aborted), []);
    let skipped = Violation::Skipped {
        process: MEMBER,
        partition: 0,
        offset: 4,
    };
    assert_eq!(uncommitted(&|_| ()).first(), Some(&skipped));
}

#[test]
fn a_member_that_reads_another_record_than_the_log_has_is_found() {
    let expected = Violation::NotInLog {
        process: MEMBER,
        partition: 1,
        offset: 1,
    };
    let other = in_all(|history| history.replace_event(MEMBER, "r 1 1 1 1 0 2", &["r 1 1 1 9 0 2"]));
    assert_eq!(other.first(), Some(&expected));
}

#[test]
fn a_group_that_stays_behind_the_end_is_found() {
    let behind = in_all(|history| {
        history.replace_event(MEMBER, "o 1 4 400", &["o 1 3 400"]);
        history.groups[READERS].committed_offsets[1] = 3;
    });
    let expected = Violation::Behind {
        group: "readers".to_owned(),
        partition: 1,
        offset: 3,
    };
    assert_eq!(behind, [expected]);
}

#[test]
fn a_committed_offset_that_goes_back_is_found() {
    let back = |from, to| {
        vec![Violation::WentBack {
            group: "readers".to_owned(),
            partition: 0,
            from,
            to,
        }]
    };
    let later = "q 0 2 300";
    assert_eq!(
        in_all(|history| history.replace_event(MEMBER, later, &[later, "q 0 1 301"])),
        back(2, 1)
    );
    assert_eq!(
        in_all(|history| history.replace_event(MEMBER, later, &[later, "q 0 -1 301"])),
        back(2, 0)
    );
    // It was asked for before the commit was acknowledged, in whatever order the lines are.
    assert_eq!(
        in_all(|history| history.replace_event(MEMBER, later, &[later, "q 0 1 200"])),
        []
    );
    // The last one counts as well.
    let last = in_all(|history| history.replace_event(MEMBER, "o 0 7 400", &["o 0 7 400", "o 0 8 500"]));
    assert_eq!(last, back(8, 7));
}
