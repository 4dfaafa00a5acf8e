//! The violations of transformed records.

use super::*;

#[test]
fn a_record_that_is_transformed_again_is_found() {
    let line = "7: 3 5 2 5 0 6 1 3";
    let again = in_all(|history| {
        history.replace_record(OUTPUT, 0, 7, &[line, "9: 3 9 3 1 0 3 0 2"]);
        history.replace_event(TRANSFORMER, "c 2", &["c 2", "t 3", "c 3"]);
    });
    let expected = Violation::TransformedTwice {
        partition: 0,
        offset: 3,
    };
    assert_eq!(again, [expected]);
}

#[test]
fn a_record_that_is_not_transformed_is_found() {
    let missing = in_all(|history| {
        // The transaction of the first attempt, whose records are not seen.
        history.replace_record(OUTPUT, 0, 3, &["!3: 3 2 1 2 0 0 0 0"]);
        history.replace_record(OUTPUT, 0, 4, &["!4: 3 3 1 2 0 1 1 0"]);
        history.replace_event(TRANSFORMER, "c 1", &[]);
    });
    let expected = [0, 1].map(|offset| Violation::NotTransformed {
        group: "transformers".to_owned(),
        partition: 0,
        offset,
    });
    assert_eq!(missing, expected);
}

#[test]
fn a_record_that_is_transformed_after_a_later_one_is_found() {
    let late = in_all(|history| {
        history.replace_record(OUTPUT, 0, 6, &["6: 3 4 2 5 0 6 1 3"]);
        history.replace_record(OUTPUT, 0, 7, &["7: 3 5 2 5 0 3 0 2"]);
    });
    let expected = Violation::TransformedLate {
        partition: 0,
        offset: 3,
    };
    assert_eq!(late, [expected]);
}

#[test]
fn a_record_that_is_made_of_an_aborted_one_is_found() {
    let of_aborted = in_all(|history| {
        history.replace_record(OUTPUT, 0, 7, &["7: 3 5 2 6 0 6 1 3", "8: 3 9 2 6 0 4 1 2"]);
        for (partition, offset, line) in [
            (0, 6, "6: 3 4 2 6 0 3 0 2"),
            (1, 0, "0: 3 6 2 6 1 0 0 1"),
            (1, 1, "1: 3 7 2 6 1 1 1 1"),
            (1, 2, "2: 3 8 2 6 1 3 1 4"),
        ] {
            history.replace_record(OUTPUT, partition, offset, &[line]);
        }
    });
    let expected = Violation::MadeOfNothing {
        partition: 0,
        offset: 8,
    };
    assert_eq!(of_aborted, [expected]);
}
