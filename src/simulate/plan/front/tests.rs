use super::*;
use crate::simulate::plan::example::{left, tried};

const WITHIN: Duration = Duration::from_secs(100);

fn costs(settings: &[(u64, f64)]) -> Vec<TriedSetting> {
    let fixed = |(index, (wait_s, cost_usd)): (usize, &(u64, f64))| {
        let pollers = index as u32 + 1;
        tried(Some((pollers, pollers)), *wait_s, *cost_usd)
    };
    settings.iter().enumerate().map(fixed).collect()
}

#[test]
fn the_front_holds_the_unbeaten_settings_and_the_cheapest_in_time_is_chosen() {
    // Drain time and cost of each setting; the front, cheapest first; the chosen setting; the quickest setting.
    type Case = (&'static [(u64, f64)], &'static [usize], Option<usize>, usize);
    let cases: [Case; 8] = [
        (&[(90, 1.0)], &[0], Some(0), 0),
        (&[(101, 1.0)], &[0], None, 0),
        (&[(100, 1.0)], &[0], Some(0), 0),
        // Less time costs more, so all settings are on the front.
        (&[(300, 1.0), (100, 2.0), (50, 3.0)], &[0, 1, 2], Some(1), 2),
        (&[(50, 3.0), (100, 2.0), (300, 1.0)], &[2, 1, 0], Some(1), 0),
        // The second costs more than the first and takes longer, the third costs as much and takes longer.
        (&[(80, 1.0), (90, 2.0), (90, 1.0)], &[0], Some(0), 0),
        // The second takes as long and costs more.
        (&[(80, 2.0), (80, 1.0)], &[1], Some(1), 1),
        // Both are equal, so the larger maximum is taken.
        (&[(90, 2.0), (80, 1.0), (80, 1.0)], &[2], Some(2), 2),
    ];
    for (given, on_front, chosen, soonest) in cases {
        let mut settings = costs(given);
        mark(&mut settings, WITHIN);
        assert_eq!(front(&settings), on_front, "{given:?}");
        assert_eq!(cheapest(&settings, WITHIN), chosen, "{given:?}");
        assert_eq!(quickest(&settings), Some(&settings[soonest]), "{given:?}");
    }
}

#[test]
fn of_settings_that_look_equal_the_one_that_can_grow_is_taken() {
    let mut settings = vec![
        tried(Some((50, 50)), 80, 1.0),
        tried(Some((2, 200)), 80, 1.0),
        tried(Some((1, 200)), 80, 1.0),
    ];
    mark(&mut settings, WITHIN);
    assert_eq!(front(&settings), [2]);
    assert_eq!(cheapest(&settings, WITHIN), Some(2));
}

#[test]
fn records_left_at_the_end_must_have_waited_less_than_allowed() {
    // The longest wait, whether a lag was left, and whether the setting is in time.
    let cases = [
        (99, false, true),
        (100, false, true),
        (101, false, false),
        (99, true, true),
        (100, true, false),
        (101, true, false),
    ];
    for (wait_s, has_lag, expected) in cases {
        let setting = if has_lag {
            left(Some((1, 1)), wait_s, 1.0, 5)
        } else {
            tried(Some((1, 1)), wait_s, 1.0)
        };
        assert_eq!(setting.drains_within(WITHIN), expected, "{wait_s} {has_lag}");
    }
}

#[test]
fn an_undrained_setting_is_not_on_the_front_and_the_smallest_lag_is_closest() {
    let mut settings = vec![
        left(Some((1, 1)), 100, 1.0, 500),
        left(Some((2, 2)), 100, 1.0, 400),
        left(Some((3, 3)), 100, 1.0, 450),
    ];
    mark(&mut settings, WITHIN);
    assert_eq!(front(&settings), Vec::<usize>::new());
    assert_eq!(cheapest(&settings, WITHIN), None);
    assert_eq!(quickest(&settings), Some(&settings[1]));
    settings.push(tried(Some((4, 4)), 100, 9.0));
    mark(&mut settings, WITHIN);
    assert_eq!(front(&settings), [3]);
    assert_eq!(quickest(&settings), Some(&settings[3]));
}

#[test]
fn no_settings_have_no_front() {
    mark(&mut [], WITHIN);
    assert_eq!(
        (front(&[]), cheapest(&[], WITHIN), quickest(&[])),
        (vec![], None, None)
    );
}
