use super::*;
use console::measure_text_width;

const COLOURED: Palette = Palette {
    is_coloured: true,
    bar: '█',
};

fn lane(name: &'static str, lag: u64, pollers: usize, running: usize) -> Lane {
    Lane {
        name,
        lag,
        pollers,
        running,
    }
}

fn example() -> Frame {
    Frame {
        at: Duration::from_secs(252),
        produced: 1_500_000,
        records: 1_500_000,
        partitions: 100,
        lanes: vec![
            lane("on-demand", 1_412_300, 50, 50),
            lane("minimum-1", 1_300_000, 73, 0),
            lane("minimum-10", 0, 100, 1),
        ],
    }
}

fn decided(from: usize, to: usize, reason: Reason, capped_by: Option<Cap>) -> Decision {
    Decision {
        at: Duration::from_secs(210),
        from,
        to,
        reason,
        lag: 1_432_100,
        arrival_per_s: 0.0,
        slot_per_s: Some(32.0),
        slots_per_poller: Some(1.0),
        throttled_share: 0.0,
        raw_target: Some(100),
        capped_by,
    }
}

fn outcomes() -> Vec<Outcome> {
    let outcome = |name, minutes, peak_lag, most_pollers, cost_usd| Outcome {
        name,
        drained_in: Duration::from_secs_f64(minutes * 60.0),
        peak_lag,
        most_pollers,
        cost_usd,
    };
    vec![
        outcome("on-demand", 19.4, 1_498_700, 50, None),
        outcome("minimum-1", 13.05, 1_498_600, 100, Some(0.2745)),
        outcome("minimum-10", 12.1, 1_470_000, 100, Some(0.26)),
    ]
}

#[test]
fn a_frame_of_80_columns_is_exactly_this() {
    let expected = [
        " 4:12  all 1,500,000 records are produced",
        "                 lag                          pollers   running",
        "on-demand  1,412,300 #######################       50        50 ########",
        "minimum-1  1,300,000 #####################         73         0",
        "minimum-10         0                              100         1 #",
    ];
    assert_eq!(frame(&example(), 80, Palette::PLAIN), expected);
}

#[test]
fn a_narrow_terminal_gets_shorter_bars_and_then_none() {
    let lines = |width| frame(&example(), width, Palette::PLAIN)[2].clone();
    assert_eq!(
        lines(60),
        "on-demand  1,412,300 ############      50        50 ####"
    );
    assert_eq!(lines(40), "on-demand  1,412,300       50        50");
    assert_eq!(lines(20), "on-demand  1,412,300");
}

#[test]
fn frames_are_never_wider_than_the_terminal() {
    let mut full = example();
    for lane in &mut full.lanes {
        (lane.lag, lane.running) = (full.records, 100);
    }
    for (width, widest) in [(10, 10), (40, 40), (60, 60), (80, 80), (100, 100), (300, 100)] {
        for palette in [Palette::PLAIN, COLOURED] {
            let lines = frame(&full, width, palette);
            let widths = lines.iter().map(|line| measure_text_width(line)).max();
            assert_eq!(widths, Some(widest), "{lines:?}");
        }
    }
}

#[test]
fn while_records_are_produced_the_frame_counts_them() {
    let mut early = example();
    (early.at, early.produced) = (Duration::from_secs(61), 750_000);
    assert_eq!(
        frame(&early, 80, Palette::PLAIN)[0],
        " 1:01  producing over TCP: 750,000 of 1,500,000 records"
    );
}

#[test]
fn decisions_say_from_what_to_what_and_why() {
    let cases = [
        (
            decided(46, 64, Reason::LagTooLong, Some(Cap::Step)),
            " 3:30  minimum-10   46 -> 64  pollers  lag 1,432,100 needs 100; a step adds 18",
        ),
        (
            decided(35, 50, Reason::LagTooLong, Some(Cap::Maximum)),
            " 3:30  minimum-10   35 -> 50  pollers  lag 1,432,100 needs 100; 50 is the most",
        ),
        (
            decided(3, 4, Reason::LagTooLong, Some(Cap::Partitions)),
            " 3:30  minimum-10    3 -> 4   pollers  lag 1,432,100 needs 100; one a partition",
        ),
        (
            decided(91, 100, Reason::LagTooLong, None),
            " 3:30  minimum-10   91 -> 100 pollers  lag 1,432,100 needs that many",
        ),
        (
            decided(100, 10, Reason::Quiet, Some(Cap::Minimum)),
            " 3:30  minimum-10  100 -> 10  pollers  little to do for 5 minutes",
        ),
        (
            decided(1, 19, Reason::RateUnknown, Some(Cap::Step)),
            " 3:30  minimum-10    1 -> 19  pollers  the rate of a poller is unknown",
        ),
    ];
    for (decided, expected) in cases {
        assert_eq!(
            decision(2, "minimum-10", decided.at, &decided, Palette::PLAIN),
            expected
        );
        assert!(expected.len() <= 80, "{expected}");
    }
}

#[test]
fn colours_are_those_of_the_lanes() {
    let drained = drained(2, "minimum-10", Duration::from_secs(726), COLOURED);
    assert_eq!(
        drained,
        "12:06  \u{1b}[32mminimum-10\u{1b}[0m  \u{1b}[1mdrained: every record is processed and committed\u{1b}[0m"
    );
}

#[test]
fn the_summary_is_exactly_this() {
    let expected = [
        "           drained in   peak lag most pollers  poller cost",
        "on-demand   19:24 min  1,498,700           50            -",
        "minimum-1   13:03 min  1,498,600          100   0.2745 USD",
        "minimum-10  12:06 min  1,470,000          100   0.2600 USD",
        "",
        "Each mapping processed and committed 1,500,000 records.",
        "AWS charges for the pollers of provisioned mode, here until the lag was gone, and not for those of on-demand mode (-).",
    ];
    assert_eq!(summary(&outcomes(), 1_500_000, Palette::PLAIN), expected);
}

#[test]
fn lines_break_between_words_and_keep_their_layout() {
    let line = " 3:30  minimum-10   46 -> 64  pollers  lag 1,432,100 needs 100; a step adds 18";
    assert_eq!(wrapped(line, 80, 19), [line]);
    assert_eq!(
        wrapped(line, 60, 19),
        [
            " 3:30  minimum-10   46 -> 64  pollers  lag 1,432,100 needs",
            "                   100; a step adds 18",
        ]
    );
    assert_eq!(wrapped("", 10, 2), [""]);
    assert_eq!(wrapped("unbreakable words", 5, 2), ["unbreakable", "  words"]);
}

#[test]
fn the_introduction_and_the_ending_fit_80_columns() {
    let introduction = Introduction {
        kafka: "127.0.0.1:37281".to_owned(),
        lambda: "http://127.0.0.1:38551".to_owned(),
        producer: "127.0.0.1:51422".to_owned(),
        api_count: 29,
        topic: "orders",
        partitions: 100,
        records: 10_000_000,
        spike: Duration::from_secs(120),
        batch_size: 100,
        function: Duration::from_secs(3),
        time_scale: 600,
    };
    let lines = introduction.lines();
    assert_eq!(
        lines[3],
        "  Kafka     127.0.0.1:37281, Lambda API http://127.0.0.1:38551"
    );
    assert_eq!(
        lines[4],
        "  producer  127.0.0.1:51422, connected over TCP; it sees 29 APIs"
    );
    let ending = next("target/release/esmeralda", Palette::PLAIN);
    assert_eq!(
        ending[2],
        "  target/release/esmeralda simulate --reference --html report.html"
    );
    for line in lines.iter().skip(2).chain(&ending) {
        assert!(line.len() <= 80, "{line}");
    }
}
