"""Write the kernel as one runnable file: ``python -m freerand_opt.checker.onefile PATH``."""

from __future__ import annotations

import re
import sys
from graphlib import TopologicalSorter
from pathlib import Path

_OURS = re.compile(r"from freerand_opt\.checker\.(\w+) import (?:\([^)]*\)|[^\n]*)\n")
_IMPORT = re.compile(r"^(?:from ([\w.]+) )?import ([^\n(]*)\n", re.MULTILINE)
_LEFT_OUT = ("__init__", "onefile")


def one_file() -> str:
    """Return the text of the file: all modules, each after those that it needs; no two share a name."""
    folder = Path(__file__).parent
    texts = {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py"))}
    texts = {name: text for name, text in texts.items() if name not in _LEFT_OUT}
    order = TopologicalSorter({name: sorted(set(_OURS.findall(text))) for name, text in texts.items()})
    imports: dict[str, set[str]] = {}
    parts = []
    for name in order.static_order():
        body = _OURS.sub("", texts[name])
        for module, names in _IMPORT.findall(body):
            imports.setdefault(module, set()).update(names.split(", "))
        body = re.sub(r"\n{4,}", "\n\n\n", _IMPORT.sub("", body)).strip()
        if name == "__main__":
            body = body.partition('"""')[2].partition('"""')[2].lstrip()
        parts.append(f"# {'-' * 66} {name}\n\n{body}\n")
    usage = (
        texts["__main__"]
        .split('"""')[1]
        .replace("python -m freerand_opt.checker", "python freerand_kernel.py")
    )
    lines = [f"import {name}" for name in sorted(imports.pop(""))]
    future = f"from __future__ import {', '.join(imports.pop('__future__'))}"
    lines += [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(imports.items())]
    return "\n\n\n".join(["\n".join([f'"""{usage}"""\n', future, "", *lines]), *parts])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"{__doc__}")
    Path(sys.argv[1]).write_text(one_file(), encoding="utf-8")
