//! Tests of the whole page: it is well formed, fetches nothing, and escapes all text.

use super::*;
use crate::simulate::report::example;
use std::time::Duration;

/// Elements that have no end tag in HTML; such elements of SVG end with `/>`.
const VOID: [&str; 2] = ["meta", "!DOCTYPE"];

/// Asserts that every tag that is opened is closed, in order.
fn assert_well_formed(page: &str) {
    let mut open: Vec<&str> = Vec::new();
    let page = page.replace(include_str!("page.css"), "");
    for (index, tag) in page.split('<').skip(1).enumerate() {
        let (tag, text) = tag
            .split_once('>')
            .unwrap_or_else(|| panic!("tag {index} has no end: {tag}"));
        assert!(!text.contains('>'), "a > in the text after <{tag}>");
        assert_eq!(tag.matches('"').count() % 2, 0, "quotes of <{tag}>");
        let name = tag.split([' ', '/']).next().unwrap_or_default();
        match tag.strip_prefix('/') {
            Some(closed) => assert_eq!(open.pop(), Some(closed), "tag {index}"),
            None if tag.ends_with('/') || VOID.contains(&name) => {}
            None => open.push(name),
        }
    }
    assert_eq!(open, Vec::<&str>::new());
}

#[test]
fn every_tag_is_closed_and_nothing_is_fetched() {
    for outcome in [example::published_runs(), example::small()] {
        let page = html(&outcome);
        assert_well_formed(&page);
        for reference in [
            "http:", "https:", "src=", "href=", "url(", "@import", "<script", "<link",
        ] {
            assert!(!page.contains(reference), "{reference}");
        }
        assert_eq!(page, html(&outcome));
    }
}

#[test]
fn names_and_titles_are_escaped() {
    let mut outcome = example::small();
    outcome.title = "</title><script>alert(1)</script>".to_owned();
    outcome.profile = "\" onload=\"alert(2)".to_owned();
    outcome.variants[0].name = "</h2><img src=x onerror='alert(3)'>".to_owned();
    outcome.variants[0].digest = Some("<i>".to_owned());
    let page = html(&outcome);
    assert_well_formed(&page);
    for markup in ["<script", "<img", "<i>", "\" onload", "onerror='"] {
        assert!(!page.contains(markup), "{markup}");
    }
}

#[test]
fn the_page_shows_the_figures_of_the_table() {
    let page = html(&example::small());
    let name = "<tr><th scope=\"row\">a &lt;b&gt; &amp; &quot;c&quot;</th><td>1 to 4</td>";
    let scaling = "<td>1.50</td><td>1.25</td><td>1.50</td><td>300</td><td>2</td><td>0.8</td><td>2</td></tr>";
    let work =
        "<td>3</td><td>1</td><td>2</td><td>0.001</td><td>0.0001</td><td>0.0001</td><td>0.0002</td></tr>";
    for cells in [scaling, work] {
        assert!(page.contains(&format!("{name}{cells}")), "{cells}");
    }
    assert!(page.contains("<summary>Inputs</summary>") && page.contains("&quot;BatchSize&quot;: 100"));
    assert!(page.contains("<p class=\"note\">stuck did not drain: after 1.00 s a lag of 1,234 is left.</p>"));
    let decision = "<tr><td>1.00</td><td>1 → 2</td><td>2</td><td>the lag is too long</td><td>-</td><td>200</td><td>0</td>\
        <td>556</td><td>1</td><td>0 %</td></tr>";
    assert!(page.contains(decision));
    let rebalance = "<tr><td>1.00</td><td>1.25</td><td>0.25</td><td>1 → 2</td><td>an evaluation</td></tr>";
    assert!(page.contains(rebalance));
}

#[test]
fn a_run_without_a_trace_says_that_nothing_was_recorded() {
    let mut outcome = example::small();
    outcome.variants = vec![example::blank("blank")];
    let page = html(&outcome);
    assert_well_formed(&page);
    assert!(page.contains("Nothing was recorded."));
    outcome.variants.clear();
    assert_well_formed(&html(&outcome));
}

#[test]
fn a_day_of_twelve_variants_is_thinned_out() {
    let mut outcome = example::published_runs();
    let mut variant = outcome.variants.swap_remove(1);
    let buckets = &mut variant.trace.buckets;
    let first = buckets.clone();
    for repeat in 1..120 {
        let delay = Duration::from_secs(repeat * first.len() as u64);
        buckets.extend(first.iter().map(|bucket| esmeralda_esm::trace::Bucket {
            start: bucket.start + delay,
            ..*bucket
        }));
    }
    outcome.variants = vec![variant; 12];
    let page = html(&outcome);
    assert_well_formed(&page);
    let longest = page.lines().filter(|line| line.starts_with("<polyline"));
    let longest = longest.map(|line| line.matches(',').count()).max();
    assert_eq!(longest, Some(1_002));
    assert!(page.len() < 4_000_000, "{}", page.len());
}
