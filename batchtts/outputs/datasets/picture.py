"""A histogram as an SVG picture."""

from __future__ import annotations

from html import escape

from batchtts.outputs.datasets.statistics import Histogram

__all__ = ["drawn"]

_WIDTH, _HEIGHT = 640, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 40, 40
_TICKS = 4
_WHOLE = 100  # from here on a value is told without decimals


def drawn(histogram: Histogram, title: str) -> str:
    """Return a picture of a histogram: its bars, their range and the highest count."""
    inner_width = _WIDTH - _LEFT - _RIGHT
    inner_height = _HEIGHT - _TOP - _BOTTOM
    highest = max(histogram.counts, default=0) or 1
    bar_width = inner_width / max(1, len(histogram.counts))
    floor = _TOP + inner_height
    size = f'width="{_WIDTH}" height="{_HEIGHT}"'
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'{size} font-family="sans-serif" font-size="12">'
    )
    heading = (
        f'<text x="{_WIDTH / 2:g}" y="22" text-anchor="middle" font-size="14" '
        f'fill="#222222">{escape(title)}</text>'
    )
    background = f'<rect {size} fill="#ffffff"/>'
    parts = [head, f"<title>{escape(title)}</title>", background, heading]
    for place, count in enumerate(histogram.counts):
        height = inner_height * count / highest
        x = _LEFT + place * bar_width
        parts.append(
            f'<rect x="{x:.2f}" y="{floor - height:.2f}" width="{bar_width * 0.9:.2f}" '
            f'height="{height:.2f}" fill="#3572b0"/>'
        )
    parts.append(
        f'<path d="M{_LEFT} {_TOP}V{floor}H{_WIDTH - _RIGHT}" fill="none" '
        'stroke="#666666"/>'
    )
    parts.append(_label(_LEFT - 8, _TOP + 4, f"{highest:,}", "end"))
    parts.append(_label(_LEFT - 8, floor, "0", "end"))
    span = histogram.step * len(histogram.counts)
    for tick in range(_TICKS + 1):
        share = tick / _TICKS
        value = histogram.start + span * share
        told = f"{value:,.0f}" if abs(value) >= _WHOLE else f"{value:.3g}"
        parts.append(_label(_LEFT + inner_width * share, floor + 18, told, "middle"))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _label(x: float, y: float, text: str, anchor: str) -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="#444444">'
        f"{escape(text)}</text>"
    )
