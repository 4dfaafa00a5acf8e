//! Lines of a chart, reduced to the points that can be seen.

/// The largest number of points of a line, beside its two ends: two for each of five hundred stretches.
const MOST_POINTS: usize = 1_000;

/// A value at one time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::simulate::report) struct ChartPoint {
    /// The time, in seconds.
    pub(in crate::simulate::report) at_s: f64,
    /// The value, in the unit of the axis.
    pub(in crate::simulate::report) value: f64,
}

/// A value that holds for a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::simulate::report) struct ChartSpan {
    /// The start, in seconds.
    pub(in crate::simulate::report) start_s: f64,
    /// The end, in seconds.
    pub(in crate::simulate::report) end_s: f64,
    /// The value between start and end.
    pub(in crate::simulate::report) value: f64,
}

/// Returns a line of steps, one per span.
pub(in crate::simulate::report) fn steps(spans: impl IntoIterator<Item = ChartSpan>) -> Vec<ChartPoint> {
    let corners = |span: ChartSpan| {
        [span.start_s, span.end_s].map(|at_s| ChartPoint {
            at_s,
            value: span.value,
        })
    };
    line(spans.into_iter().flat_map(corners).collect())
}

/// Returns a line through points, which are in the order of time.
pub(in crate::simulate::report) fn line(points: Vec<ChartPoint>) -> Vec<ChartPoint> {
    let exact = without_repetition(&points);
    if exact.len() > MOST_POINTS {
        // All points are passed on, because the stretches must be equally long.
        without_repetition(&thinned(points, MOST_POINTS))
    } else {
        exact
    }
}

/// Keeps at most `most` points and the two ends: the lowest and the highest of each stretch, so that short changes stay visible.
fn thinned(points: Vec<ChartPoint>, most: usize) -> Vec<ChartPoint> {
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

/// Returns the lowest and the highest point in the order of time; one point if they are equal.
fn extremes(stretch: &[ChartPoint]) -> impl Iterator<Item = ChartPoint> {
    let by_value = |a: &&ChartPoint, b: &&ChartPoint| a.value.total_cmp(&b.value);
    let (lowest, highest) = (stretch.iter().min_by(by_value), stretch.iter().max_by(by_value));
    let is_flat = lowest.map(|point| point.value) == highest.map(|point| point.value);
    let mut kept: Vec<ChartPoint> = lowest.into_iter().chain(highest).copied().collect();
    kept.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
    kept.truncate(if is_flat { 1 } else { 2 });
    kept.into_iter()
}

/// Removes the inner points of level stretches.
fn without_repetition(points: &[ChartPoint]) -> Vec<ChartPoint> {
    let mut kept: Vec<ChartPoint> = Vec::new();
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

    fn points(values: &[(f64, f64)]) -> Vec<ChartPoint> {
        let point = |&(at_s, value)| ChartPoint { at_s, value };
        values.iter().map(point).collect()
    }

    /// Returns a span of one second for each value.
    fn seconds(values: impl IntoIterator<Item = f64>) -> Vec<ChartSpan> {
        let span = |(second, value)| ChartSpan {
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
    fn a_long_line_with_few_changes_is_exact() {
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
            Some(&ChartPoint {
                at_s: 40_000.0,
                value: 0.0
            })
        );
        assert_eq!(line.last().map(|point| point.at_s), Some(86_400.0));
    }
}
