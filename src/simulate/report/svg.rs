//! Charts as SVG.
//!
//! A chart is as wide as its place: across, everything is in percent of the width, and only lines are stretched (which leaves their
//! strokes alone). So text has one size on a wide screen and on a narrow one. Downwards, a unit is a CSS pixel.
//! What the classes look like is in `html/page.css`.

mod axis;
mod chart;
mod series;
mod text;

pub(crate) use axis::{TimeAxis, ValueAxis};
pub(crate) use chart::{Chart, Layer, Mark, Shade, merged};
pub(crate) use series::{Point, Span, line, steps};
pub(crate) use text::Escaped;
