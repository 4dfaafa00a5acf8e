//! Charts as SVG.
//!
//! A chart fills the available width. Horizontal positions are percentages, and only lines are stretched (without their strokes), so text
//! has the same size on a wide and on a narrow screen. Vertical positions are in CSS pixels. `html/page.css` defines the classes.

mod axis;
mod chart;
mod series;
mod text;

pub(super) use axis::{TimeAxis, ValueAxis};
pub(super) use chart::{Chart, Layer, Mark, Shade, merged};
pub(super) use series::{ChartPoint, ChartSpan, line, steps};
pub(super) use text::Escaped;
