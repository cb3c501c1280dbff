"""A line chart as a self-contained SVG: categories along x, a logarithmic y axis, one line per series."""

import math
from html import escape

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 170, 48, 56
COLOURS = ["#0b6e99", "#d1495b", "#66a182", "#edae49", "#5b4b8a", "#2e4057"]


def number(value):
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def text(left, top, words, **attributes):
    extra = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f'<text x="{left:.1f}" y="{top:.1f}"{extra}>{escape(words)}</text>'


def rule(left, right, top, colour, width=1, dashes=""):
    return (
        f'<line x1="{left:.1f}" x2="{right:.1f}" y1="{top:.1f}" y2="{top:.1f}" stroke="{colour}" '
        f'stroke-width="{width}"{dashes}/>'
    )


class Scale:
    """Maps categories and values to positions in the picture."""

    def __init__(self, categories, values):
        self.low = math.floor(math.log10(min(values)))
        self.high = max(math.ceil(math.log10(max(values))), self.low + 1)
        self.step = (WIDTH - LEFT - RIGHT) / max(1, categories - 1)

    def x(self, place):
        return LEFT + place * self.step

    def y(self, value):
        return HEIGHT - BOTTOM - (math.log10(value) - self.low) / (self.high - self.low) * (HEIGHT - TOP - BOTTOM)


def series_parts(scale, index, name, line, dashed):
    """A series' line, its points with their values, and its entry in the legend."""
    colour, dashes = COLOURS[index % len(COLOURS)], ' stroke-dasharray="6 4"' if dashed else ""
    points = [(scale.x(place), scale.y(value), value) for place, value in enumerate(line) if value]
    path = " ".join(f"{left:.1f},{top:.1f}" for left, top, _ in points)
    yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>'
    for left, top, value in points:
        title = f"<title>{escape(name)}: {number(value)}</title>"
        yield f'<circle cx="{left:.1f}" cy="{top:.1f}" r="3.5" fill="{colour}">{title}</circle>'
    beside = TOP + 12 + 22 * index
    yield rule(WIDTH - RIGHT + 16, WIDTH - RIGHT + 44, beside, colour, 2, dashes)
    yield text(WIDTH - RIGHT + 50, beside + 4, name)


def line_chart(title, x_title, y_title, categories, series):
    """The SVG text. `series` are (name, values, dashed); a missing value is None, all others are above 0."""
    values = [value for _, line, _ in series for value in line if value]
    if not values:
        raise ValueError(f"there is nothing to draw in {title!r}")
    scale = Scale(len(categories), values)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif"',
        f' font-size="12"><rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        text(LEFT, 24, title, font_size=15, font_weight="bold"),
        text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, x_title, text_anchor="middle"),
        text(16, 42, y_title),
    ]
    for power in range(scale.low, scale.high + 1):
        top = scale.y(10**power)
        parts += [
            rule(LEFT, WIDTH - RIGHT, top, "#d8d8d8"),
            text(LEFT - 8, top + 4, number(10.0**power), text_anchor="end"),
        ]
    for place, name in enumerate(categories):
        parts.append(text(scale.x(place), HEIGHT - BOTTOM + 18, str(name), text_anchor="middle"))
    for index, (name, line, dashed) in enumerate(series):
        parts += series_parts(scale, index, name, line, dashed)
    return "\n".join([*parts, "</svg>"]) + "\n"
