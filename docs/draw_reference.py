"""Draws reference.svg from the trace of the reference workload.

usage: esmeralda simulate --reference --json trace.json && python3 docs/draw_reference.py trace.json > docs/reference.svg
"""

import json
import sys

WIDTH, HEIGHT, PANEL, GAP, TOP, PLOT = 940, 300, 208, 28, 62, 190
MINUTES = 20
TITLES = {
    "on-demand": "on-demand",
    "minimum-1": "MinimumPollers 1",
    "minimum-10": "MinimumPollers 10",
    "minimum-100": "MinimumPollers 100",
}
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f } .title { font-weight: 600; font-size: 13px } .soft { fill: #57606a }
.axis { stroke: #d0d7de; fill: none } .running { fill: #0969da; fill-opacity: .25; stroke: #0969da } .lag { fill: none; stroke: #bc4c00; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .soft { fill: #8d96a0 } .axis { stroke: #3d444d } }
"""


def points(buckets, value, highest, left):
    """Returns the corners of a staircase: one step a bucket."""
    corners = []
    for bucket in buckets:
        x = left + PANEL * bucket["start_s"] / 60 / MINUTES
        y = TOP + PLOT * (1 - value(bucket) / highest)
        if corners:
            corners.append((x, corners[-1][1]))
        corners.append((x, y))
    return corners


def path(corners):
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in thinned(corners))


def thinned(corners):
    """Leaves out corners that lie on the line between their neighbours, at the picture's resolution."""
    kept = corners[:1]
    for before, corner, after in zip(corners, corners[1:], corners[2:]):
        is_level = abs(before[1] - corner[1]) < 0.05 and abs(corner[1] - after[1]) < 0.05
        if not is_level and (abs(corner[0] - kept[-1][0]) >= 0.3 or abs(corner[1] - kept[-1][1]) >= 0.3):
            kept.append(corner)
    return kept + corners[-1:]


def panel(variant, left):
    buckets = variant["trace"]["buckets"]
    running = points(buckets, lambda bucket: bucket["running_max"], 100, left)
    lag = points(buckets, lambda bucket: bucket["lag"], 20_000_000, left)
    bottom = TOP + PLOT
    area = path(running) + f"L{running[-1][0]:.1f} {bottom}L{left} {bottom}Z"
    drained = variant["drained_in_s"] / 60
    published = variant["published"]["drained_in_minutes"]
    yield f'<text class="title" x="{left}" y="40">{TITLES[variant["name"]]}</text>'
    yield f'<text class="soft" x="{left}" y="56">{drained:.1f} min (AWS: {published:.0f})</text>'
    yield f'<path class="axis" d="M{left} {TOP}V{bottom}H{left + PANEL}"/>'
    yield f'<path class="running" d="{area}"/><path class="lag" d="{path(lag)}"/>'
    for minute in range(0, MINUTES + 1, 5):
        x = left + PANEL * minute / MINUTES
        yield f'<text class="soft" x="{x:.0f}" y="{bottom + 16}" text-anchor="middle">{minute}</text>'


def main():
    variants = json.load(open(sys.argv[1], encoding="utf-8"))["variants"]
    label = "Concurrent executions and OffsetLag of the four modes over twenty minutes"
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">')
    print(f"<style>{STYLE}</style>")
    print('<text x="0" y="16">20,000,000 records of 1 KB in 100 partitions: </text>')
    print('<rect class="running" x="290" y="6" width="22" height="11"/><text x="318" y="16">concurrent executions (0 to 100)</text>')
    print('<path class="lag" d="M540 12h22"/><text x="568" y="16">OffsetLag (0 to 20,000,000)</text>')
    for place, variant in enumerate(variants):
        print("\n".join(panel(variant, 8 + place * (PANEL + GAP))))
    print(f'<text class="soft" x="{WIDTH}" y="{HEIGHT - 6}" text-anchor="end">minutes from Enabled</text>')
    print("</svg>")


main()
