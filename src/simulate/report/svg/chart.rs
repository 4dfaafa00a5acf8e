//! One chart: a plot with its axes, layers, shades and marks.

use super::axis::{TimeAxis, ValueAxis};
use super::series::ChartPoint;
use super::text::Escaped;
use crate::simulate::report::quantity::trimmed;
use std::fmt;

/// Width of a plot in the units of its lines, which are stretched to the width of the chart.
// Only the lines are stretched, so that text has the same size on every screen.
const PLOT_WIDTH: f64 = 1_000.0;

/// Height of a line of text, in pixels.
const TEXT_HEIGHT: u32 = 16;

/// Space above a plot in pixels, for half of the uppermost label.
const ABOVE: u32 = 8;

/// Space below a plot in pixels, for the labels of the time axis.
const BELOW: u32 = 22;

/// The gap, as a share of the axis, below which two shades are drawn as one.
const SHADE_GAP: f64 = 0.002;

/// A chart over time.
pub(in crate::simulate::report) struct Chart<'a> {
    /// A description for screen readers.
    pub(in crate::simulate::report) label: String,
    /// Height of the plot, in pixels.
    pub(in crate::simulate::report) height: u32,
    /// The horizontal axis.
    pub(in crate::simulate::report) time: &'a TimeAxis,
    /// The vertical axis.
    pub(in crate::simulate::report) values: &'a ValueAxis,
    /// Shaded stretches of time, behind everything else.
    pub(in crate::simulate::report) shades: Vec<Shade>,
    /// The layers, in drawing order.
    pub(in crate::simulate::report) layers: Vec<Layer>,
    /// Marked times. A mark with a text has it on a line of its own above the plot.
    pub(in crate::simulate::report) marks: Vec<Mark>,
}

/// A shaded stretch of time.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::simulate::report) struct Shade {
    /// The start, in seconds.
    pub(in crate::simulate::report) start_s: f64,
    /// The end, in seconds.
    pub(in crate::simulate::report) end_s: f64,
    /// The tooltip.
    pub(in crate::simulate::report) title: String,
}

/// One layer of a plot.
pub(in crate::simulate::report) enum Layer {
    /// A line. Its class sets colour and dashes.
    Line {
        /// The CSS classes.
        class: String,
        /// The points, in the order of time.
        points: Vec<ChartPoint>,
    },
    /// A faint band between two lines.
    Band {
        /// The lower edge.
        lower: Vec<ChartPoint>,
        /// The upper edge.
        upper: Vec<ChartPoint>,
    },
    /// A dashed line at a value.
    Bound {
        /// The value on the vertical axis.
        value: f64,
        /// The text above the right end; `None` if the text of another bound includes it.
        text: Option<String>,
    },
}

/// A marked time.
pub(in crate::simulate::report) struct Mark {
    /// The time, in seconds.
    pub(in crate::simulate::report) at_s: f64,
    /// The event at this time; `None` if another chart shows it.
    pub(in crate::simulate::report) text: Option<String>,
}

/// Merges shades that are too near to each other to be distinguished.
pub(in crate::simulate::report) fn merged(shades: Vec<Shade>, time: &TimeAxis) -> Vec<Shade> {
    let mut kept: Vec<(usize, Shade)> = Vec::new();
    for shade in shades {
        match kept.last_mut() {
            Some((count, last)) if shade.start_s < last.end_s + SHADE_GAP * time.end_s => {
                *count += 1;
                last.end_s = last.end_s.max(shade.end_s);
                last.title = format!("{count} rebalances");
            }
            _ => kept.push((1, shade)),
        }
    }
    kept.into_iter().map(|(_, shade)| shade).collect()
}

impl fmt::Display for Chart<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            r#"<svg class="chart" width="100%" height="{}" role="img" aria-label="{}">"#,
            self.top() + self.height + BELOW,
            Escaped(&self.label)
        )?;
        self.write_ground(f)?;
        self.write_plot(f)?;
        self.write_bounds(f)?;
        self.write_marks(f)?;
        writeln!(f, "</svg>")
    }
}

impl Chart<'_> {
    /// Returns the vertical position of the plot's upper edge.
    fn top(&self) -> u32 {
        let texts = self.marks.iter().filter(|mark| mark.text.is_some()).count();
        ABOVE + TEXT_HEIGHT * texts as u32
    }

    fn bottom(&self) -> u32 {
        self.top() + self.height
    }

    /// Returns the distance of a share from the top of the plot.
    fn depth(&self, share: f64) -> f64 {
        (1.0 - share) * f64::from(self.height)
    }

    /// Returns the distance of a share from the top of the chart.
    fn y(&self, share: f64) -> String {
        number(f64::from(self.top()) + self.depth(share))
    }

    /// Writes the shades, the grid and its labels.
    fn write_ground(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (top, bottom) = (self.top(), self.bottom());
        for shade in &self.shades {
            let (start, end) = (self.time.share(shade.start_s), self.time.share(shade.end_s));
            // A shade without length must be visible, too.
            let width = (end - start).max(SHADE_GAP / 2.0);
            writeln!(
                f,
                r#"<rect class="shade" x="{}" y="{top}" width="{}" height="{}"><title>{}</title></rect>"#,
                percent(start),
                percent(width),
                self.height,
                Escaped(&shade.title)
            )?;
        }
        for tick in &self.values.ticks {
            let y = self.y(tick.share);
            writeln!(f, r#"<line class="grid" x1="0" x2="100%" y1="{y}" y2="{y}"/>"#)?;
            writeln!(
                f,
                r#"<text class="value" x="-8" y="{y}" dy=".35em">{}</text>"#,
                tick.text
            )?;
        }
        for (index, tick) in self.time.ticks.iter().enumerate() {
            let x = percent(tick.share);
            writeln!(
                f,
                r#"<line class="grid" x1="{x}" x2="{x}" y1="{top}" y2="{bottom}"/>"#
            )?;
            let class = if index % 2 == 0 { "time" } else { "time odd" };
            let y = bottom + TEXT_HEIGHT;
            writeln!(f, r#"<text class="{class}" x="{x}" y="{y}">{}</text>"#, tick.text)?;
        }
        Ok(())
    }

    /// Writes bands and lines, in an inner plot that is stretched horizontally.
    fn write_plot(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            r#"<svg class="plot" y="{}" width="100%" height="{height}" viewBox="0 0 {PLOT_WIDTH} {height}" preserveAspectRatio="none">"#,
            self.top(),
            height = self.height
        )?;
        for layer in &self.layers {
            match layer {
                Layer::Band { lower, upper } => {
                    let there = upper.iter().map(|point| self.place(point));
                    let back = lower.iter().rev().map(|point| self.place(point));
                    let points: Vec<_> = there.chain(back).collect();
                    writeln!(f, r#"<polygon class="band" points="{}"/>"#, points.join(" "))?;
                }
                Layer::Line { class, points } => {
                    let points: Vec<_> = points.iter().map(|point| self.place(point)).collect();
                    writeln!(f, r#"<polyline class="{class}" points="{}"/>"#, points.join(" "))?;
                }
                Layer::Bound { .. } => {}
            }
        }
        writeln!(f, "</svg>")
    }

    fn place(&self, point: &ChartPoint) -> String {
        let x = self.time.share(point.at_s) * PLOT_WIDTH;
        let y = self.depth(self.values.share(point.value));
        format!("{},{}", number(x), number(y))
    }

    fn write_bounds(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for layer in &self.layers {
            let Layer::Bound { value, text } = layer else {
                continue;
            };
            let y = self.y(self.values.share(*value));
            writeln!(f, r#"<line class="bound" x1="0" x2="100%" y1="{y}" y2="{y}"/>"#)?;
            if let Some(text) = text {
                let text = Escaped(text);
                writeln!(
                    f,
                    r#"<text class="bound" x="100%" y="{y}" dx="-4" dy="-4">{text}</text>"#
                )?;
            }
        }
        Ok(())
    }

    fn write_marks(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bottom = self.bottom();
        for (index, mark) in self.marks.iter().enumerate() {
            let x = percent(self.time.share(mark.at_s));
            let top = match mark.text {
                Some(_) => TEXT_HEIGHT * index as u32,
                None => self.top(),
            };
            writeln!(
                f,
                r#"<line class="mark" x1="{x}" x2="{x}" y1="{top}" y2="{bottom}"/>"#
            )?;
        }
        // Texts are drawn after all lines, which would cross them otherwise.
        for (index, mark) in self.marks.iter().enumerate() {
            let Some(text) = &mark.text else {
                continue;
            };
            let share = self.time.share(mark.at_s);
            // The text is on the side with more space.
            let (class, dx) = if share > 0.5 {
                ("mark before", -5)
            } else {
                ("mark", 5)
            };
            writeln!(
                f,
                r#"<text class="{class}" x="{}" y="{}" dx="{dx}">{}</text>"#,
                percent(share),
                TEXT_HEIGHT * (index as u32 + 1) - 5,
                Escaped(text)
            )?;
        }
        Ok(())
    }
}

fn number(value: f64) -> String {
    trimmed(value, 1)
}

fn percent(share: f64) -> String {
    format!("{}%", trimmed(share * 100.0, 3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn shade(start_s: f64, end_s: f64) -> Shade {
        Shade {
            start_s,
            end_s,
            title: "one".to_owned(),
        }
    }

    #[test]
    fn a_chart_is_exactly_this() {
        let point = |at_s, value| ChartPoint { at_s, value };
        let chart = Chart {
            label: "lag & <more>".to_owned(),
            height: 100,
            time: &TimeAxis::up_to(Duration::from_secs(10)),
            values: &ValueAxis::up_to(2.0, 2, true),
            shades: vec![shade(2.5, 5.0), shade(7.0, 7.0)],
            layers: vec![
                Layer::Band {
                    lower: vec![point(0.0, 0.0), point(10.0, 1.0)],
                    upper: vec![point(0.0, 1.0), point(10.0, 2.0)],
                },
                Layer::Line {
                    class: "line s0 d0".to_owned(),
                    points: vec![point(0.0, 2.0), point(3.3333, 1.5), point(10.0, 0.0)],
                },
                Layer::Bound {
                    value: 1.0,
                    text: Some("minimum 1".to_owned()),
                },
            ],
            marks: vec![Mark {
                at_s: 7.5,
                text: Some("drained".to_owned()),
            }],
        };
        assert_eq!(chart.to_string(), include_str!("../expected/chart.svg"));
    }

    #[test]
    fn shades_that_cannot_be_distinguished_are_merged() {
        let time = TimeAxis::up_to(Duration::from_secs(1_000));
        let shades = vec![
            shade(0.0, 30.0),
            shade(31.0, 40.0),
            shade(41.0, 41.0),
            shade(60.0, 70.0),
        ];
        let one = Shade {
            title: "3 rebalances".to_owned(),
            ..shade(0.0, 41.0)
        };
        assert_eq!(merged(shades, &time), [one, shade(60.0, 70.0)]);
    }
}
