"""The page: claims with their instances, figures with their captions."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from itertools import groupby
from string import Template

from freerand_opt.claims.verify import Verification
from freerand_opt.model.files.catalogue import find
from freerand_opt.numbers.exact import text
from freerand_opt.reporting import tables
from freerand_opt.reporting.cell import Cell, cells
from freerand_opt.reporting.figures.frame import Frame
from freerand_opt.reporting.figures.gallery import NAMES
from freerand_opt.reporting.figures.row import Row
from freerand_opt.reporting.page.vector import inline
from freerand_opt.reporting.paper.caption import sentences
from freerand_opt.reporting.paper.sweep import varied
from freerand_opt.version import __version__

COLUMNS = ("instance", "expected", "certified bracket", "exactly", "verdict", "certificate")
#: Columns that only claims need.
OF_CLAIMS = ("expected", "verdict")
#: An exact fraction with more letters than this stays in the certificate.
MAX_LETTERS = 200


def page(
    results: Iterable[Verification | Cell],
    figures: Sequence[tuple[Frame, Sequence[Row]]],
    certificates: Mapping[int, str],
    fields: Mapping[str, str] | None = None,
) -> str:
    """Return the page as HTML; `certificates` has the link of a result's certificate by its place, `fields`
    what was set in the files.
    """
    given = shlex.join(f"{field}={value}" for field, value in (fields or {}).items())
    listed = cells(results)
    places = {id(found): certificates.get(k) for k, found in enumerate(listed)}
    claims = [
        _claim(list(group), places, given) for _, group in groupby(listed, key=lambda found: found.file.name)
    ]
    claimed = any(found.instance.expect is not None for found in listed)
    what, rests = "Questions", ""
    if claimed:
        what, rests = "Claims", "; <em>PROVED*</em> rests on a written proof as well"
    drawn = "".join(_figure(frame, rows) for frame, rows in figures)
    nav = '<nav aria-label="Sections"><a href="#figures">Figures</a><a href="#claims">{}</a></nav>\n'
    return Template(_resource("page.html")).substitute(
        version=__version__,
        instances=_answers(listed),
        said=f": {escape(_verdicts(listed))}" if claimed else "",
        rests=rests,
        what=what,
        nav=nav.format(what) if drawn else "",
        figures=_FIGURES.format(drawn) if drawn else "",
        claims="".join(claims),
        style=_resource("page.css"),
        script=_resource("page.js"),
    )


_FIGURES = """<section id="figures" aria-label="Figures">
<h2>Figures</h2>
<p>Point at a dot, or step to one with Tab and the arrow keys, to read its certified bracket.</p>
{}</section>
"""


def _resource(name: str) -> str:
    return files("freerand_opt.reporting.page").joinpath(name).read_text(encoding="utf-8")


def _answers(results: Sequence[Cell]) -> str:
    return f"{len(results)} answer{'' if len(results) == 1 else 's'}"


def _verdicts(results: Sequence[Cell]) -> str:
    counts = Counter(found.verdict or "without a claim" for found in results)
    return ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))


def _claim(results: list[Cell], places: Mapping[int, str | None], given: str) -> str:
    file = results[0].file
    claimed = any(found.instance.expect is not None for found in results)
    said = _verdicts(results) if claimed else _answers(results)
    if not all(found.as_expected for found in results):
        said += ", not as expected"
    asked, spelt = _question(results)
    words = " ".join([file.name, file.title, file.claim, file.reference, said, asked, spelt]).lower()
    columns = [column for column in COLUMNS if claimed or column not in OF_CLAIMS]
    known = find(file.name) is not None
    verb = "verify" if claimed and not given else "bound"
    again = f"freerand {verb} {file.name if known else file.path} {given}".rstrip()
    name, head = escape(file.name), "".join(f"<th>{column}</th>" for column in columns)
    rows = "".join(_instance(found, places[id(found)], columns) for found in results)
    lines = [f"<p>{escape(part)}</p>" for part in (file.claim, asked) if part]
    foot = "; ".join(filter(None, [escape(file.reference), f"<code>{escape(again)}</code>"]))
    return f"""<details class="claim" id="{name}" data-words="{escape(words)}"{"" if claimed else " open"}>
<summary><strong>{escape(file.title or name)}</strong> <span class="counts">{escape(said)}</span></summary>
<div>{"".join(lines)}
<p class="counts">{foot}</p>
<div class="scroll" role="region" tabindex="0" aria-label="Instances of {name}">
<table><thead><tr>{head}</tr></thead><tbody>
{rows}</tbody></table></div></div>
</details>
"""


def _question(results: list[Cell]) -> tuple[str, str]:
    """Return the question in words, and as a file spells it (for searching); nothing for a computation."""
    question = getattr(results[0].instance, "question", None)
    if question is None:
        return "", ""
    words = " ".join(sentences(question, varied(results)))
    return plain(words), " ".join(question.to_toml().split())


def _instance(found: Cell, link: str | None, columns: Sequence[str]) -> str:
    name, expected, bracket, verdict = tables.row(found)
    digest = "" if found.result is None else found.result.digest
    shown = escape(digest)
    proof = f'<a href="{escape(link)}" title="{escape(digest)}">{shown}</a>' if link else shown
    colour = verdict.split()[0].rstrip("*") if found.as_expected else "bad"
    cells = {
        "instance": f"<td>{escape(name)}</td>",
        "expected": f"<td>{escape(expected)}</td>",
        "certified bracket": f"<td>{escape(bracket)}</td>",
        "exactly": f'<td class="exact">{_exactly(found)}</td>',
        "verdict": f'<td class="{colour}">{escape(verdict)}</td>',
        "certificate": f'<td class="digest">{proof}</td>',
    }
    return f"<tr>{''.join(cells[column] for column in columns)}</tr>\n"


def _exactly(found: Cell) -> str:
    ends = found.bracket
    if found.result is None or found.impossible or found.result.quantity == "strategy":
        return ""
    words = ["open" if end is None else text(end) for end in (ends.lower, ends.upper)]
    words = [word if len(word) <= MAX_LETTERS else "in the certificate" for word in words]
    return escape(words[0] if words[0] == words[1] else f"[{words[0]}, {words[1]}]")


def _figure(frame: Frame, rows: Sequence[Row]) -> str:
    words = f"<strong>{escape(plain(frame.title))}.</strong> {escape(plain(frame.caption))}"
    known = frame.name in NAMES  # one's own is drawn by the command beside its question
    command = f"<code>freerand plot {frame.name} -o {frame.name}.pdf</code>" if known else ""
    return f"""<figure id="figure-{frame.name}"><div class="sheet {frame.width}">{inline(frame, rows)}</div>
<figcaption>{words} {command}</figcaption></figure>
"""


def plain(caption: str) -> str:
    """Return a LaTeX caption in words and Unicode, as a reader of a page expects it."""
    out = re.sub(r"~?\\cite\{[^}]*\}", "", caption)
    out = re.sub(r"\\sqrt\{([^{}]*)\}", lambda found: f"√{_one(found[1])}", out)
    for before, after in _WORDS:
        out = out.replace(before, after)
    out = re.sub(r"\\frac(?:\{([^{}]*)\}\{([^{}]*)\}|(\d)(\d))", _fraction, out)
    out = re.sub(r"_\{?(\d+)\}?", lambda found: found[1].translate(_BELOW), out)
    out = re.sub(r"\^\{([^{}]*)\}", lambda found: f"^{_one(found[1])}", out)
    out = re.sub(r"\\[a-zA-Z]+\s?", "", out)
    return re.sub(r"[${}\\]", "", out)


def _one(part: str) -> str:
    """Return what stands under a root or in an exponent, in brackets unless it is one letter or number."""
    return part if re.fullmatch(r"\w|[+-]?[0-9.]+", part) else f"({part})"


def _fraction(found: re.Match[str]) -> str:
    top, bottom = (found[1], found[2]) if found[1] is not None else (found[3], found[4])
    top, bottom = (part if len(part) == 1 or part.isdigit() else f"({part})" for part in (top, bottom))
    return f"{top}/{bottom}"


_BELOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_WORDS = (
    (r"\epsilon", "ε"),
    (r"\eta", "η"),
    (r"\tilde A", "Ã"),
    (r"\leq", "≤"),
    (r"\geq", "≥"),
    (r"\ge", "≥"),
    (r"\langle", "⟨"),
    (r"\rangle", "⟩"),
    (r"\textbar{}", "|"),
    (r"\_", "_"),
    (r"\Pi", "Π"),
    (r"\sqrt", "√"),
    (r"\lfloor", "⌊"),
    (r"\rfloor", "⌋"),
    (r"\log", "log"),
    (r"\int", "∫"),
    (r"\ldots", "..."),
    (r"\left", ""),
    (r"\right", ""),
    (r"Navascu\'es", "Navascués"),
    (r"Ac\'in", "Acín"),
    (r"\,", " "),
    (r"\%", "%"),
    ("{=}", "="),
    ("{+}", "+"),
    ("~", " "),
    ("--", "–"),
)
