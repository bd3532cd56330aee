"""The table `data`: an experiment's counts or trials, and what was fixed before they were looked at."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any, ClassVar

from freerand_opt.errors import InputError
from freerand_opt.model.tables.kinds import Kind, Schema, line, number, word
from freerand_opt.model.tables.number import exact
from freerand_opt.model.tables.table import Table
from freerand_opt.model.tables.text import listed, shown

#: Endings of files of trials.
ENDINGS = (".u8", ".csv", ".parquet")
ANY, INDEPENDENT, ALIKE = "any", "independent of outcomes", "independent"
_TRAINING = '"theory", a share such as "1/10" (the first trials), or the name of a file of an earlier run'
_COLUMN_KEYS = ("settings", "outcomes", "n", "values")


def _training(value: Any, where: str) -> str | Fraction:
    if isinstance(value, str) and (value == "theory" or value.endswith(ENDINGS)):
        return str(line().read(value, where))
    try:
        share = exact(value, where)
    except InputError:
        raise InputError(where, f"{shown(value)} is none of: {_TRAINING}") from None
    if not isinstance(share, Fraction) or not 0 < share < 1:
        raise InputError(where, f"{shown(value)} is no share in (0, 1); {_TRAINING}")
    return share


def _columns(value: Any, where: str) -> tuple[tuple[str, Any], ...]:
    pairs = dict(value) if isinstance(value, Mapping | tuple) else None
    if pairs is None:
        raise InputError(
            where, f'{shown(value)}: a table such as {{ settings = ["x", "y"], n = "events" }} is needed'
        )
    for key in pairs:
        if key not in _COLUMN_KEYS:
            raise InputError(f"{where}.{key}", f"unknown key; allowed here: {listed(_COLUMN_KEYS)}")
    frozen = {key: tuple(own) if isinstance(own, list) else own for key, own in pairs.items()}
    values = frozen.get("values")
    if isinstance(values, Mapping):
        frozen["values"] = tuple((name, tuple(dict(own).items())) for name, own in values.items())
    return tuple(sorted(frozen.items()))


def _written(value: Any) -> Any:
    found = {key: list(own) if isinstance(own, tuple) and key != "values" else own for key, own in value}
    if "values" in found:
        found["values"] = {name: dict(own) for name, own in found["values"]}
    return found


TRAINING = Kind(read=_training, allowed=_TRAINING, schema={"type": ["number", "string"]})
COLUMNS = Kind(
    read=_columns,
    write=_written,
    allowed="a table of columns",
    schema={"type": "object", "additionalProperties": True},
)


class Data(Table):
    """Counts or ordered trials in files beside the question, and what statement is made of them."""

    positional: ClassVar[int] = 0
    rules: ClassVar[Schema] = {"oneOf": [{"required": ["counts"]}, {"required": ["trials"]}]}

    counts: Annotated[str | None, line("the name of a CSV file"), "counts by cell: a CSV file x,y,a,b,n"] = (
        None
    )
    trials: Annotated[
        str | None,
        line("the name of a file"),
        "trials in order: raw bytes (.u8), a row a trial (.csv) or Parquet (.parquet)",
    ] = None
    columns: Annotated[
        Any, COLUMNS, "names of columns and spellings of values, where they are not the usual ones"
    ] = None
    training: Annotated[Any, TRAINING, "what factor and k are chosen from"] = "theory"
    error: Annotated[
        Fraction,
        number(above=Fraction(0), below=Fraction(1)),
        "delta: largest weight that certified bits leave out, not conditioned on success; of a region, alpha",
    ] = Fraction(1, 2**64)
    success: Annotated[
        Any,
        number(words=("planned", "observed")),
        "L, the least log2 of the product of factors: planned is n E[log2 F] - 3 sigma; observed "
        "certifies nothing",
    ] = "planned"
    later: Annotated[
        str,
        word(ANY, INDEPENDENT),
        "whether later settings may depend on earlier outcomes: (E), or (A2) and (E')",
    ] = ANY
    rounds: Annotated[
        str,
        word(ANY, ALIKE),
        "independent: rounds are independent and identical, which a region of behaviours needs; any: memory",
    ] = ANY
    stop: Annotated[
        str, word("last", "best"), "P-value after the last trial, or at the running maximum of ordered trials"
    ] = "last"

    def check(self) -> None:
        """Raise InputError unless there are counts or trials, and what needs the order has it."""
        if (self.counts is None) == (self.trials is None):
            raise self.fault("counts", "either counts or trials is needed")
        if self.trials is not None and not self.trials.endswith(ENDINGS):
            raise self.fault("trials", f"{shown(self.trials)} ends in none of {listed(ENDINGS)}")
        if self.counts is not None and isinstance(self.training, Fraction):
            raise self.fault(
                "training",
                "counts alone cannot be split: a share that is picked at random proves nothing about "
                "devices with "
                "memory. Give the trials in order, an earlier run, or theory",
            )
        if self.counts is not None and self.stop == "best":
            raise self.fault("stop", '"best" needs the trials in order')
        if self.training == (self.counts or self.trials):
            raise self.fault("training", "the scored data themselves are no training")
