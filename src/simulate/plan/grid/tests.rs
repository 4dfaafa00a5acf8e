use super::*;

const OWN: PlanSetting = PlanSetting {
    bounds: None,
    batch_size: 100,
    maximum_batching_window_s: None,
};

fn grid(minimums: &[u32], maximums: &[u32]) -> SettingGrid {
    SettingGrid {
        minimums: minimums.to_vec(),
        maximums: maximums.to_vec(),
        ..SettingGrid::default()
    }
}

fn bounds(grid: &SettingGrid, partitions: u32) -> String {
    let settings = grid.settings(partitions, OWN).expect("a valid grid");
    let bounds = settings.iter().filter_map(|setting| setting.bounds);
    let bounds: Vec<String> = bounds
        .map(|bounds| format!("{}-{}", bounds.minimum, bounds.maximum))
        .collect();
    bounds.join(" ")
}

#[test]
fn default_bounds_end_at_the_number_of_partitions() {
    let cases = [
        (1, "1-200"),
        (3, "1-200 2-200 3-200"),
        (12, "1-10 1-200 2-10 2-200 5-10 5-200 10-200 12-200"),
        (
            100,
            "1-10 1-20 1-50 1-200 2-10 2-20 2-50 2-200 5-10 5-20 5-50 5-200 \
             10-20 10-50 10-200 20-50 20-200 50-200 100-200",
        ),
    ];
    for (partitions, expected) in cases {
        assert_eq!(
            bounds(&SettingGrid::default(), partitions),
            expected,
            "{partitions}"
        );
    }
    let many = bounds(&SettingGrid::default(), 3_000);
    assert!(many.starts_with("1-10 1-20 1-50 1-100 1-200 2-10 "), "{many}");
    assert!(many.ends_with(" 50-100 50-200 100-200 200-200"), "{many}");
}

#[test]
fn given_bounds_are_tried_in_every_valid_pair_and_equal_fleets_once() {
    let cases: [(&[u32], &[u32], u32, &str); 6] = [
        (&[5, 1], &[20, 10, 10], 100, "1-10 1-20 5-10 5-20"),
        (&[1, 50], &[10, 60], 100, "1-10 1-60 50-60"),
        (&[1, 50], &[10, 100, 200], 12, "1-10 1-200 12-200"),
        (&[7], &[], 30, "7-10 7-20 7-200"),
        (&[], &[3], 30, "1-3 2-3"),
        (&[4], &[4], 30, "4-4"),
    ];
    for (minimums, maximums, partitions, expected) in cases {
        let given = grid(minimums, maximums);
        assert_eq!(bounds(&given, partitions), expected, "{given:?}");
    }
}

#[test]
fn batch_sizes_and_windows_default_to_the_scenario() {
    let own = PlanSetting {
        batch_size: 500,
        maximum_batching_window_s: Some(2),
        ..OWN
    };
    let names = |grid: &SettingGrid| {
        let settings = grid.settings(1, own).expect("a valid grid");
        settings.iter().map(PlanSetting::to_string).collect::<Vec<_>>()
    };
    let expected = [
        "1 to 200 pollers, batches of 500, window of 2 s",
        "on-demand, batches of 500, window of 2 s",
    ];
    assert_eq!(names(&SettingGrid::default()), expected);
    let given = SettingGrid {
        batch_sizes: vec![100, 10],
        windows_s: vec![1, 0, 1],
        ..SettingGrid::default()
    };
    let expected = [
        "1 to 200 pollers, batches of 10, window of 0 s",
        "1 to 200 pollers, batches of 10, window of 1 s",
        "1 to 200 pollers, batches of 100, window of 0 s",
        "1 to 200 pollers, batches of 100, window of 1 s",
        "on-demand, batches of 10, window of 0 s",
        "on-demand, batches of 10, window of 1 s",
        "on-demand, batches of 100, window of 0 s",
        "on-demand, batches of 100, window of 1 s",
    ];
    assert_eq!(names(&given), expected);
    assert_eq!(OWN.to_string(), "on-demand, batches of 100");
}

#[test]
fn invalid_values_are_refused() {
    let cases = [
        (grid(&[1, 201], &[]), "invalid minimum 201: must be from 1 to 200"),
        (grid(&[0], &[]), "invalid minimum 0: must be from 1 to 200"),
        (
            grid(&[], &[2_001]),
            "invalid maximum 2001: must be from 1 to 2000",
        ),
        (
            grid(&[10, 20], &[5, 50]),
            "maximum 5 is below every minimum (10, 20)",
        ),
        (
            grid(&[1, 50], &[10, 20]),
            "minimum 50 is above every maximum (10, 20)",
        ),
        (
            SettingGrid {
                batch_sizes: vec![10_001],
                ..SettingGrid::default()
            },
            "invalid batch size 10001: must be from 1 to 10000",
        ),
        (
            SettingGrid {
                windows_s: vec![301],
                ..SettingGrid::default()
            },
            "invalid window 301: must be from 0 to 300",
        ),
    ];
    for (grid, expected) in cases {
        let error = grid.settings(100, OWN).expect_err(expected);
        assert_eq!(error.to_string(), expected);
    }
}
