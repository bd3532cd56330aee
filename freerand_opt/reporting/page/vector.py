"""A figure as SVG inside a page: its points can be pointed at, reached by keys, and say what they show."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from xml.etree import ElementTree

from freerand_opt.numbers.exact import text
from freerand_opt.numbers.rounding import decimal_above, decimal_below
from freerand_opt.reporting.figures.draw import STYLE, figure, points_id
from freerand_opt.reporting.figures.frame import Frame
from freerand_opt.reporting.figures.row import Row

SVG = "http://www.w3.org/2000/svg"
#: An exact end with more letters than this is given by its decimals alone.
MAX_LETTERS = 60


def inline(frame: Frame, rows: Sequence[Row]) -> str:
    """Return the figure as an svg element whose ids begin with the figure's name."""
    import matplotlib as mpl

    out = io.StringIO()
    with mpl.rc_context(fname=str(STYLE)):
        figure(frame, rows).savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    root = ElementTree.fromstring(out.getvalue())
    for name in ("metadata", "title"):
        for node in root.findall(f"{{{SVG}}}{name}"):
            root.remove(node)
    root.set("role", "group")
    root.set("aria-label", frame.title)
    for attribute in ("width", "height"):
        root.attrib.pop(attribute, None)
    _label(root, frame, rows)
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", "http://www.w3.org/1999/xlink")
    body = ElementTree.tostring(root, encoding="unicode")
    body = re.sub(r'\bid="', f'id="{frame.name}-', body)
    body = re.sub(r'href="#', f'href="#{frame.name}-', body)
    return re.sub(r"url\(#", f"url(#{frame.name}-", body)


def _label(root: ElementTree.Element, frame: Frame, rows: Sequence[Row]) -> None:
    groups = {node.get("id"): node for node in root.iter(f"{{{SVG}}}g")}
    kinds = {panel.name: panel for panel in frame.panels}
    for panel, series in dict.fromkeys((row.panel, row.series) for row in rows if row.kind == "bracket"):
        group = groups.get(points_id(panel, series))
        if group is None or kinds[panel].ladder:
            continue
        shown = [r for r in rows if (r.panel, r.series, r.kind) == (panel, series, "bracket")]
        whole = sorted((r for r in shown if None not in (r.lower, r.upper)), key=lambda r: r.position)
        marks = list(group.iter(f"{{{SVG}}}use"))
        if len(marks) != len(whole):  # some lie outside the axes and are not in the picture
            whole = [r for r in whole if _inside(r, kinds[panel].limits)]
        if len(marks) != len(whole):
            raise ValueError(f"{frame.name}: {len(marks)} marks for {len(whole)} brackets of {series}")
        for place, (mark, row) in enumerate(zip(marks, whole, strict=True)):
            words = described(row)
            mark.set("class", "point")
            mark.set("tabindex", "0" if place == 0 else "-1")
            mark.set("role", "img")
            mark.set("aria-label", words)
            ElementTree.SubElement(mark, f"{{{SVG}}}title").text = words


def _inside(row: Row, limits: tuple[float, float] | None) -> bool:
    return limits is None or limits[0] <= row.position <= limits[1]


def described(row: Row) -> str:
    """Return a certified bracket in words: decimals rounded outward, exact ends unless they are long."""
    assert row.lower is not None
    assert row.upper is not None
    series = re.sub(r"[$\\{}]", "", row.series)
    x = row.x if isinstance(row.x, str) else text(row.x)
    words = f"{series}, at {x}: [{decimal_below(row.lower)}, {decimal_above(row.upper)}]"
    ends = [text(row.lower), text(row.upper)]
    if max(map(len, ends)) <= MAX_LETTERS:
        words += f"; exactly {ends[0]}" if ends[0] == ends[1] else f"; exactly from {ends[0]} to {ends[1]}"
    return f"{words}; certificate {row.proof[:19]}"
