//! The Pareto front over cost and drain time, and the order of settings. Pure.

use super::TriedSetting;
use std::cmp::{Ordering, Reverse};
use std::time::Duration;

/// Marks the settings of the Pareto front: every quicker setting costs more. Settings with an unknown drain time are left out.
pub(super) fn mark(settings: &mut [TriedSetting], within: Duration) {
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

/// Returns the index of the cheapest setting that drains in time.
pub(super) fn cheapest(settings: &[TriedSetting], within: Duration) -> Option<usize> {
    ordered(settings, by_cost)
        .into_iter()
        .find(|index| settings[*index].drains_within(within))
}

/// Returns the setting that drains first; if none drains, the one with the smallest lag left.
pub(super) fn quickest<'a>(settings: impl IntoIterator<Item = &'a TriedSetting>) -> Option<&'a TriedSetting> {
    let by_time = |a: &&TriedSetting, b: &&TriedSetting| {
        let time = |tried: &TriedSetting| (tried.longest_wait, tried.drained_in.is_none(), tried.lag_left);
        time(a).cmp(&time(b)).then_with(|| by_cost(a, b))
    };
    settings.into_iter().min_by(by_time)
}

/// Returns the indices of the Pareto front, cheapest first.
pub(super) fn front(settings: &[TriedSetting]) -> Vec<usize> {
    let mut front = ordered(settings, by_cost);
    front.retain(|index| settings[*index].is_pareto_optimal);
    front
}

fn ordered(
    settings: &[TriedSetting],
    order: impl Fn(&TriedSetting, &TriedSetting) -> Ordering,
) -> Vec<usize> {
    let mut indices: Vec<usize> = (0..settings.len()).collect();
    indices.sort_by(|a, b| order(&settings[*a], &settings[*b]));
    indices
}

/// Orders by cost, then drain time, then the largest maximum: of settings that look equal here, the one that can still grow is the better
/// one on another day. Then by minimum, batch size and window.
fn by_cost(a: &TriedSetting, b: &TriedSetting) -> Ordering {
    let rest = |tried: &TriedSetting| {
        let setting = &tried.setting;
        let bounds = setting
            .bounds
            .map(|bounds| (Reverse(bounds.maximum), bounds.minimum));
        let window_s = setting.maximum_batching_window_s;
        (tried.longest_wait, bounds, setting.batch_size, window_s)
    };
    a.cost_usd()
        .total_cmp(&b.cost_usd())
        .then_with(|| rest(a).cmp(&rest(b)))
}

#[cfg(test)]
mod tests;
