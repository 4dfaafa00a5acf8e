//! One chart: a plot with its axes, and what is drawn in it.

use super::axis::{TimeAxis, ValueAxis};
use super::series::Point;
use super::text::Escaped;
use crate::simulate::report::quantity::trimmed;
use std::fmt;

/// Width of a plot in the units of its lines, which are stretched to the chart.
const PLOT_WIDTH: f64 = 1_000.0;

/// Room for a line of text, in pixels.
const TEXT_HEIGHT: u32 = 16;

/// Room above a plot, for half of the uppermost tick's text.
const ABOVE: u32 = 8;

/// Room below a plot, for the text at the ticks of time.
const BELOW: u32 = 22;

/// Shades nearer to each other than this share of the axis are drawn as one.
const SHADE_GAP: f64 = 0.002;

/// A chart over time.
pub(crate) struct Chart<'a> {
    /// What it shows, for those who cannot see it.
    pub(crate) label: String,
    /// Height of the plot, in pixels.
    pub(crate) height: u32,
    /// Across.
    pub(crate) time: &'a TimeAxis,
    /// Upwards.
    pub(crate) values: &'a ValueAxis,
    /// Behind everything.
    pub(crate) shades: Vec<Shade>,
    /// In the order in which they are drawn.
    pub(crate) layers: Vec<Layer>,
    /// Moments; those with a text have it above the plot, a line each.
    pub(crate) marks: Vec<Mark>,
}

/// A stretch of time with a shaded ground.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shade {
    /// From here, in seconds,
    pub(crate) start_s: f64,
    /// to here.
    pub(crate) end_s: f64,
    /// Shown when it is pointed at.
    pub(crate) title: String,
}

/// What a plot shows.
pub(crate) enum Layer {
    /// A line; the class says which colour and dashes it has.
    Line {
        /// Classes of CSS.
        class: String,
        /// In the order of time.
        points: Vec<Point>,
    },
    /// A faint band between two lines.
    Band {
        /// Its lower edge.
        lower: Vec<Point>,
        /// Its upper edge.
        upper: Vec<Point>,
    },
    /// A dashed line at a value.
    Bound {
        /// Where.
        value: f64,
        /// Above its right end, unless another bound says it.
        text: Option<String>,
    },
}

/// A moment.
pub(crate) struct Mark {
    /// In seconds.
    pub(crate) at_s: f64,
    /// What happened; `None` if another chart says so.
    pub(crate) text: Option<String>,
}

/// `shades` without those that are too near to each other to be told apart.
pub(crate) fn merged(shades: Vec<Shade>, time: &TimeAxis) -> Vec<Shade> {
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
    /// Where the plot begins.
    fn top(&self) -> u32 {
        let texts = self.marks.iter().filter(|mark| mark.text.is_some()).count();
        ABOVE + TEXT_HEIGHT * texts as u32
    }

    fn bottom(&self) -> u32 {
        self.top() + self.height
    }

    /// Downwards from the top of the plot.
    fn depth(&self, share: f64) -> f64 {
        (1.0 - share) * f64::from(self.height)
    }

    /// Downwards from the top of the chart.
    fn y(&self, share: f64) -> String {
        number(f64::from(self.top()) + self.depth(share))
    }

    /// The shades, the grid and what is written at it.
    fn write_ground(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (top, bottom) = (self.top(), self.bottom());
        for shade in &self.shades {
            let (start, end) = (self.time.share(shade.start_s), self.time.share(shade.end_s));
            // One that takes no time is visible, too.
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

    /// Bands and lines, in a plot of their own that is stretched across.
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

    fn place(&self, point: &Point) -> String {
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
        // Over all lines, which would cross them otherwise.
        for (index, mark) in self.marks.iter().enumerate() {
            let Some(text) = &mark.text else {
                continue;
            };
            let share = self.time.share(mark.at_s);
            // Towards the side that has more room.
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
        let point = |at_s, value| Point { at_s, value };
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
    fn shades_that_cannot_be_told_apart_are_one() {
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
