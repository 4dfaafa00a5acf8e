//! Lines of a chart, thinned out to what can be seen.

/// About so many points a line has at most: two for each of five hundred stretches of it.
const MOST_POINTS: usize = 1_000;

/// A value at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    /// In seconds.
    pub(crate) at_s: f64,
    /// In whatever the axis has.
    pub(crate) value: f64,
}

/// A value that holds for a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Span {
    /// From here, in seconds,
    pub(crate) start_s: f64,
    /// to here.
    pub(crate) end_s: f64,
    /// What it is meanwhile.
    pub(crate) value: f64,
}

/// A line of steps.
pub(crate) fn steps(spans: impl IntoIterator<Item = Span>) -> Vec<Point> {
    let corners = |span: Span| {
        [span.start_s, span.end_s].map(|at_s| Point {
            at_s,
            value: span.value,
        })
    };
    line(spans.into_iter().flat_map(corners).collect())
}

/// A line from point to point, in the order of time.
pub(crate) fn line(points: Vec<Point>) -> Vec<Point> {
    let exact = without_repetition(&points);
    match exact.len() > MOST_POINTS {
        // Of all points, for stretches of them are to be equally long.
        true => without_repetition(&thinned(points, MOST_POINTS)),
        false => exact,
    }
}

/// At most `most` points and the two ends: of each stretch the lowest and the highest, so that what is short stays visible.
fn thinned(points: Vec<Point>, most: usize) -> Vec<Point> {
    let [first, inner @ .., last] = points.as_slice() else {
        return points;
    };
    if points.len() <= most {
        return points;
    }
    let mut kept = vec![*first];
    for stretch in inner.chunks(inner.len().div_ceil((most / 2).max(1))) {
        kept.extend(extremes(stretch));
    }
    kept.push(*last);
    kept
}

/// The lowest and the highest, in the order of time; one if they are equal.
fn extremes(stretch: &[Point]) -> impl Iterator<Item = Point> {
    let by_value = |a: &&Point, b: &&Point| a.value.total_cmp(&b.value);
    let (lowest, highest) = (stretch.iter().min_by(by_value), stretch.iter().max_by(by_value));
    let is_flat = lowest.map(|point| point.value) == highest.map(|point| point.value);
    let mut kept: Vec<Point> = lowest.into_iter().chain(highest).copied().collect();
    kept.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
    kept.truncate(if is_flat { 1 } else { 2 });
    kept.into_iter()
}

/// Leaves out the points within a level stretch.
fn without_repetition(points: &[Point]) -> Vec<Point> {
    let mut kept: Vec<Point> = Vec::new();
    for &point in points {
        match kept.as_mut_slice() {
            [.., before, last] if before.value == last.value && last.value == point.value => *last = point,
            _ => kept.push(point),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(values: &[(f64, f64)]) -> Vec<Point> {
        let point = |&(at_s, value)| Point { at_s, value };
        values.iter().map(point).collect()
    }

    /// A span of a second for each value.
    fn seconds(values: impl IntoIterator<Item = f64>) -> Vec<Span> {
        let span = |(second, value)| Span {
            start_s: second as f64,
            end_s: second as f64 + 1.0,
            value,
        };
        values.into_iter().enumerate().map(span).collect()
    }

    #[test]
    fn steps_have_a_corner_where_the_value_changes() {
        let expected = [
            (0.0, 1.0),
            (2.0, 1.0),
            (2.0, 19.0),
            (3.0, 19.0),
            (3.0, 5.0),
            (5.0, 5.0),
        ];
        assert_eq!(steps(seconds([1.0, 1.0, 19.0, 5.0, 5.0])), points(&expected));
        assert_eq!(steps(seconds([7.0])), points(&[(0.0, 7.0), (1.0, 7.0)]));
        assert_eq!(steps(seconds([])), points(&[]));
    }

    #[test]
    fn a_stretch_keeps_its_lowest_and_highest_in_order() {
        let values = [9.0, 1.0, 2.0, 3.0, 4.0, 6.0, 5.0, 4.0, 3.0, 8.0];
        let line = points(
            &values
                .iter()
                .enumerate()
                .map(|(at, value)| (at as f64, *value))
                .collect::<Vec<_>>(),
        );
        let expected = [
            (0.0, 9.0),
            (1.0, 1.0),
            (4.0, 4.0),
            (5.0, 6.0),
            (8.0, 3.0),
            (9.0, 8.0),
        ];
        assert_eq!(thinned(line.clone(), 4), points(&expected));
        assert_eq!(thinned(line.clone(), 10), line);
    }

    #[test]
    fn what_changes_seldom_is_exact_however_long_it_is() {
        let value = |second| if (90..120).contains(&second) { 0.0 } else { 7.0 };
        let expected = [
            (0.0, 7.0),
            (90.0, 7.0),
            (90.0, 0.0),
            (120.0, 0.0),
            (120.0, 7.0),
            (86_400.0, 7.0),
        ];
        assert_eq!(steps(seconds((0..86_400).map(value))), points(&expected));
    }

    #[test]
    fn a_standstill_of_a_second_in_a_day_stays_visible() {
        let value = |second| {
            if second == 40_000 {
                0.0
            } else {
                50.0 + f64::from(second % 7)
            }
        };
        let line = steps(seconds((0..86_400).map(value)));
        assert!(line.len() <= MOST_POINTS + 2, "{}", line.len());
        let lowest = line.iter().min_by(|a, b| a.value.total_cmp(&b.value));
        assert_eq!(
            lowest,
            Some(&Point {
                at_s: 40_000.0,
                value: 0.0
            })
        );
        assert_eq!(line.last().map(|point| point.at_s), Some(86_400.0));
    }
}
