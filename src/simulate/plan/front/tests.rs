use super::*;
use crate::simulate::plan::example::{left, tried};

const WITHIN: Duration = Duration::from_secs(100);

fn costs(settings: &[(u64, f64)]) -> Vec<Tried> {
    let fixed = |(index, (wait_s, cost_usd)): (usize, &(u64, f64))| {
        let pollers = index as u32 + 1;
        tried(Some((pollers, pollers)), *wait_s, *cost_usd)
    };
    settings.iter().enumerate().map(fixed).collect()
}

#[test]
fn the_front_is_what_nothing_beats_and_the_cheapest_in_time_is_chosen() {
    // Drain time and cost of each; the front, cheapest first; what is chosen; what is the quickest.
    type Case = (&'static [(u64, f64)], &'static [usize], Option<usize>, usize);
    let cases: [Case; 8] = [
        (&[(90, 1.0)], &[0], Some(0), 0),
        (&[(101, 1.0)], &[0], None, 0),
        (&[(100, 1.0)], &[0], Some(0), 0),
        // Less time costs more: all are on it.
        (&[(300, 1.0), (100, 2.0), (50, 3.0)], &[0, 1, 2], Some(1), 2),
        (&[(50, 3.0), (100, 2.0), (300, 1.0)], &[2, 1, 0], Some(1), 0),
        // The second costs more than the first and takes longer, the third costs as much and takes longer.
        (&[(80, 1.0), (90, 2.0), (90, 1.0)], &[0], Some(0), 0),
        // Takes as long and costs more.
        (&[(80, 2.0), (80, 1.0)], &[1], Some(1), 1),
        // The same: the smaller maximum.
        (&[(90, 2.0), (80, 1.0), (80, 1.0)], &[1], Some(1), 1),
    ];
    for (given, on_front, chosen, soonest) in cases {
        let mut settings = costs(given);
        mark(&mut settings, WITHIN);
        assert_eq!(front(&settings), on_front, "{given:?}");
        assert_eq!(cheapest(&settings, WITHIN), chosen, "{given:?}");
        assert_eq!(quickest(&settings), Some(soonest), "{given:?}");
    }
}

#[test]
fn of_the_same_cost_and_time_the_smaller_maximum_is_taken() {
    let mut settings = vec![
        tried(Some((1, 200)), 80, 1.0),
        tried(Some((2, 50)), 80, 1.0),
        tried(Some((1, 50)), 80, 1.0),
    ];
    mark(&mut settings, WITHIN);
    assert_eq!(front(&settings), [2]);
    assert_eq!(cheapest(&settings, WITHIN), Some(2));
}

#[test]
fn what_is_left_at_the_end_must_not_have_waited_as_long_as_is_allowed() {
    // The longest wait, whether a lag was left, and whether that is in time.
    let cases = [
        (99, false, true),
        (100, false, true),
        (101, false, false),
        (99, true, true),
        (100, true, false),
        (101, true, false),
    ];
    for (wait_s, has_lag, expected) in cases {
        let setting = match has_lag {
            true => left(Some((1, 1)), wait_s, 1.0, 5),
            false => tried(Some((1, 1)), wait_s, 1.0),
        };
        assert_eq!(setting.drains_within(WITHIN), expected, "{wait_s} {has_lag}");
    }
}

#[test]
fn what_did_not_drain_is_not_on_the_front_and_the_least_lag_comes_closest() {
    let mut settings = vec![
        left(Some((1, 1)), 100, 1.0, 500),
        left(Some((2, 2)), 100, 1.0, 400),
        left(Some((3, 3)), 100, 1.0, 450),
    ];
    mark(&mut settings, WITHIN);
    assert_eq!(front(&settings), Vec::<usize>::new());
    assert_eq!(cheapest(&settings, WITHIN), None);
    assert_eq!(quickest(&settings), Some(1));
    settings.push(tried(Some((4, 4)), 100, 9.0));
    mark(&mut settings, WITHIN);
    assert_eq!(front(&settings), [3]);
    assert_eq!(quickest(&settings), Some(3));
}

#[test]
fn of_nothing_there_is_no_front() {
    mark(&mut [], WITHIN);
    assert_eq!(
        (front(&[]), cheapest(&[], WITHIN), quickest(&[])),
        (vec![], None, None)
    );
}
