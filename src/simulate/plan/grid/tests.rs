use super::*;

const OWN: Setting = Setting {
    bounds: None,
    batch_size: 100,
    maximum_batching_window_s: None,
};

fn grid(minimums: &[u32], maximums: &[u32]) -> Grid {
    Grid {
        minimums: minimums.to_vec(),
        maximums: maximums.to_vec(),
        ..Grid::default()
    }
}

fn bounds(grid: &Grid, partitions: u32) -> String {
    let settings = grid.settings(partitions, OWN).expect("it is right");
    let bounds = settings.iter().filter_map(|setting| setting.bounds);
    let bounds: Vec<String> = bounds
        .map(|bounds| format!("{}-{}", bounds.minimum, bounds.maximum))
        .collect();
    bounds.join(" ")
}

#[test]
fn bounds_by_default_go_as_far_as_the_partitions() {
    let cases = [
        (1, "1-1"),
        (3, "1-1 1-3 2-2 2-3 3-3"),
        (12, "1-1 1-10 1-12 2-2 2-10 2-12 5-5 5-10 5-12 10-10 10-12 12-12"),
        (
            100,
            "1-1 1-10 1-20 1-50 1-100 2-2 2-10 2-20 2-50 2-100 5-5 5-10 5-20 5-50 5-100 \
             10-10 10-20 10-50 10-100 20-20 20-50 20-100 50-50 50-100 100-100",
        ),
    ];
    for (partitions, expected) in cases {
        assert_eq!(bounds(&Grid::default(), partitions), expected, "{partitions}");
    }
    let many = bounds(&Grid::default(), 3_000);
    assert!(many.starts_with("1-1 1-10 1-20 1-50 1-100 1-200 2-2 "), "{many}");
    assert!(many.ends_with(" 100-100 100-200 200-200"), "{many}");
}

#[test]
fn given_bounds_are_tried_in_every_pair_that_is_one_and_the_same_fleet_once() {
    let cases: [(&[u32], &[u32], u32, &str); 6] = [
        (&[5, 1], &[20, 10, 10], 100, "1-10 1-20 5-10 5-20"),
        (&[1, 50], &[10, 60], 100, "1-10 1-60 50-60"),
        (&[1, 50], &[10, 200], 12, "1-10 1-12 12-12"),
        (&[7], &[], 30, "7-7 7-10 7-20 7-30"),
        (&[], &[3], 30, "1-3 2-3"),
        (&[1], &[2_000], 3_000, "1-2000"),
    ];
    for (minimums, maximums, partitions, expected) in cases {
        let given = grid(minimums, maximums);
        assert_eq!(bounds(&given, partitions), expected, "{given:?}");
    }
}

#[test]
fn batches_and_windows_are_the_scenarios_own_unless_given() {
    let own = Setting {
        batch_size: 500,
        maximum_batching_window_s: Some(2),
        ..OWN
    };
    let names = |grid: &Grid| {
        let settings = grid.settings(1, own).expect("it is right");
        settings.iter().map(Setting::to_string).collect::<Vec<_>>()
    };
    let expected = [
        "1 to 1 pollers, batches of 500, window of 2 s",
        "on-demand, batches of 500, window of 2 s",
    ];
    assert_eq!(names(&Grid::default()), expected);
    let given = Grid {
        batch_sizes: vec![100, 10],
        windows_s: vec![1, 0, 1],
        ..Grid::default()
    };
    let expected = [
        "1 to 1 pollers, batches of 10, window of 0 s",
        "1 to 1 pollers, batches of 10, window of 1 s",
        "1 to 1 pollers, batches of 100, window of 0 s",
        "1 to 1 pollers, batches of 100, window of 1 s",
        "on-demand, batches of 10, window of 0 s",
        "on-demand, batches of 10, window of 1 s",
        "on-demand, batches of 100, window of 0 s",
        "on-demand, batches of 100, window of 1 s",
    ];
    assert_eq!(names(&given), expected);
    assert_eq!(OWN.to_string(), "on-demand, batches of 100");
}

#[test]
fn what_cannot_be_tried_is_said() {
    let cases = [
        (grid(&[1, 201], &[]), "minimum 201 is not between 1 and 200"),
        (grid(&[0], &[]), "minimum 0 is not between 1 and 200"),
        (grid(&[], &[2_001]), "maximum 2001 is not between 1 and 2000"),
        (
            grid(&[10, 20], &[5, 50]),
            "maximum 5 is below every minimum (10, 20)",
        ),
        (
            grid(&[1, 50], &[10, 20]),
            "minimum 50 is above every maximum (10, 20)",
        ),
        (
            Grid {
                batch_sizes: vec![10_001],
                ..Grid::default()
            },
            "batch size 10001 is not between 1 and 10000",
        ),
        (
            Grid {
                windows_s: vec![301],
                ..Grid::default()
            },
            "window 301 is not between 0 and 300",
        ),
    ];
    for (grid, expected) in cases {
        let error = grid.settings(100, OWN).expect_err(expected);
        assert_eq!(error.to_string(), expected);
    }
}
