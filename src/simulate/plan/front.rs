//! Which settings are better than which. Pure.

use super::Tried;
use std::cmp::Ordering;
use std::time::Duration;

/// Marks the settings of the Pareto front: for each of them, less time costs more. Those of which it is not known how long they take
/// are left out.
pub(super) fn mark(settings: &mut [Tried], within: Duration) {
    let mut shortest = None;
    for index in ordered(settings, by_cost) {
        let tried = &mut settings[index];
        let is_quicker = shortest.is_none_or(|shortest| tried.longest_wait < shortest);
        tried.is_pareto_optimal = is_quicker && tried.is_settled(within);
        if tried.is_pareto_optimal {
            shortest = Some(tried.longest_wait);
        }
    }
}

/// The cheapest setting that drains in time.
pub(super) fn cheapest(settings: &[Tried], within: Duration) -> Option<usize> {
    ordered(settings, by_cost)
        .into_iter()
        .find(|index| settings[*index].drains_within(within))
}

/// The setting that drains soonest; of those that do not drain, the one that has least to do yet.
pub(super) fn quickest(settings: &[Tried]) -> Option<usize> {
    let by_time = |a: &Tried, b: &Tried| {
        let time = |tried: &Tried| (tried.longest_wait, tried.drained_in.is_none(), tried.lag_left);
        time(a).cmp(&time(b)).then_with(|| by_cost(a, b))
    };
    ordered(settings, by_time).first().copied()
}

/// The Pareto front, cheapest first.
pub(super) fn front(settings: &[Tried]) -> Vec<usize> {
    let mut front = ordered(settings, by_cost);
    front.retain(|index| settings[*index].is_pareto_optimal);
    front
}

fn ordered(settings: &[Tried], order: impl Fn(&Tried, &Tried) -> Ordering) -> Vec<usize> {
    let mut indices: Vec<usize> = (0..settings.len()).collect();
    indices.sort_by(|a, b| order(&settings[*a], &settings[*b]));
    indices
}

/// Cheaper first; then the shorter drain time, the smaller maximum, and whatever else tells them apart.
fn by_cost(a: &Tried, b: &Tried) -> Ordering {
    let rest = |tried: &Tried| {
        let setting = &tried.setting;
        let bounds = setting.bounds.map(|bounds| (bounds.maximum, bounds.minimum));
        let window_s = setting.maximum_batching_window_s;
        (tried.longest_wait, bounds, setting.batch_size, window_s)
    };
    a.cost_usd
        .total_cmp(&b.cost_usd)
        .then_with(|| rest(a).cmp(&rest(b)))
}

#[cfg(test)]
mod tests;
