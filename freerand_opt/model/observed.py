"""The table `observed`: what an honest run shows, and the distribution of the settings."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, ClassVar

from msgspec.structs import force_setattr

from freerand_opt.errors import InputError
from freerand_opt.model import families
from freerand_opt.model.behaviours.arrays import flat
from freerand_opt.model.behaviours.behaviour import Behaviour
from freerand_opt.model.behaviours.labels import cells, setting_index, setting_spelt, spelt
from freerand_opt.model.behaviours.losses import EFFICIENCY, NO_CLICK, detected, lossy
from freerand_opt.model.behaviours.marginals import by_marginals
from freerand_opt.model.behaviours.rows import mixed
from freerand_opt.model.behaviours.states import ANGLES, MEASUREMENTS, STATE, rows_of
from freerand_opt.model.scenario import AnyScenario, Rows, Scenario
from freerand_opt.model.tables.kinds import Kind, Schema, either, labelled, number, or_file, word
from freerand_opt.model.tables.table import Table
from freerand_opt.model.tables.text import said_at
from freerand_opt.numbers.exact import Exact

_LABELS = "a table of labels such as P(01|10), or the name of a CSV file"
_TABLE = labelled(number(rational=False), spelt, _LABELS, once=True)
_WORDS = word("uniform", "unconstrained", alias={"free": "unconstrained"})
_WEIGHTS = labelled(
    number(0, 1), setting_spelt, "uniform, unconstrained, or a table of probabilities", once=True
)


def _read_table(value: Any, where: str) -> Behaviour | tuple[tuple[str, Exact], ...]:
    """Return a behaviour, or pairs whose labels get their meaning from a scenario."""
    if isinstance(value, Behaviour):
        return value
    held: tuple[tuple[str, Exact], ...] = _TABLE.read(value, where)
    if not held:
        raise InputError(where, "gives no probability")
    return held


def _read_settings(value: Any, where: str) -> str | tuple[tuple[str, Fraction], ...]:
    """Return a word, or pairs without zeros; an array has an axis for each party."""
    if isinstance(value, str):
        return str(_WORDS.read(value, where))
    pairs: Any = value
    labelled = (
        isinstance(value, tuple) and value and isinstance(value[0], tuple) and isinstance(value[0][0], str)
    )
    if (isinstance(value, list | tuple) or hasattr(value, "dtype")) and not labelled:
        pairs = list(flat(value, where))
        pairs = pairs if not pairs or pairs[0][0] else value  # a number is no array
    held = _WEIGHTS.read(pairs, where)
    total = sum((weight for _, weight in held), Fraction(0))
    if total != 1:
        raise InputError(where, f"the probabilities sum to {total}, not to 1")
    return tuple((label, weight) for label, weight in held if weight)


TABLE = Kind(
    read=_read_table,
    write=lambda value: _TABLE.write(value.to_labels().items() if isinstance(value, Behaviour) else value),
    allowed=_LABELS,
    schema=_TABLE.schema,
)
SETTINGS = Kind(
    read=_read_settings,
    write=lambda value: value if isinstance(value, str) else _WEIGHTS.write(value),
    allowed=_WEIGHTS.allowed,
    schema={"anyOf": [_WORDS.schema, _WEIGHTS.schema, {"type": "array"}]},
)


_NAME = word(*families.NAMES)
#: In Python a behaviour itself may be given in place of a name; it is kept as the field table.
NAME = Kind(
    read=lambda value, where: value if isinstance(value, Behaviour) else _NAME.read(value, where),
    allowed=_NAME.allowed,
    need=_NAME.need,
    schema=_NAME.schema,
)


#: What white noise may be exchanged for.
NOISE = either(
    "the name of a behaviour or a table of labels such as P(01|10)", text=_NAME, table=TABLE, items=TABLE
)


class Observed(Table):
    """A behaviour by its name, by a table, or by a state; and how often settings occur."""

    positional: ClassVar[int] = 1
    rules: ClassVar[Schema] = {
        "dependentRequired": {"angles": ["state"], "measurements": ["state"]},
        "dependentSchemas": {
            "state": {"oneOf": [{"required": ["angles"]}, {"required": ["measurements"]}]},
            "behaviour": {"properties": {"state": False, "table": False}},
            "table": {"properties": {"state": False}},
        },
    }

    behaviour: Annotated[Any, NAME, "name of a behaviour that the scenario has"] = None
    table: Annotated[Any, or_file(TABLE), "the behaviour itself, or a part of it"] = None
    state: Annotated[Any, or_file(STATE), "a quantum state"] = None
    angles: Annotated[
        Any, ANGLES, "directions of measurement of qubits, an array for each party; multiples of pi"
    ] = None
    measurements: Annotated[
        Any,
        or_file(MEASUREMENTS),
        "measurement operators by party, setting and outcome, or the name of a CSV or JSON file",
    ] = None
    visibility: Annotated[
        Exact | None,
        number(0, 1, rational=False, hint=" (1 is the behaviour, 0 white noise)"),
        "weight of the behaviour in a mixture with white noise; 1 is the behaviour",
    ] = None
    noise: Annotated[
        Any,
        NOISE,
        "what visibility mixes the behaviour with, a name or a table; white noise if it is left out",
    ] = None
    efficiency: Annotated[
        Any,
        EFFICIENCY,
        "probability that a party's detector clicks, the same for all or { A = .., B = .. }",
    ] = None
    no_click: Annotated[
        Any,
        NO_CLICK,
        "with efficiency: outcome, so that no click is the last of the scenario's outcomes and the behaviour "
        "is one of the others; or the outcome that it counts as, the same for all or { A = .., B = .. }",
    ] = None
    settings: Annotated[
        Any,
        SETTINGS,
        "observed distribution of the joint settings; unconstrained: any average of what the source allows",
    ] = "uniform"

    @classmethod
    def short(cls, value: Any) -> dict[str, Any] | None:
        """Return a behaviour as the field table."""
        return {"table": value} if isinstance(value, Behaviour) else None

    def check(self) -> None:
        """Raise InputError unless there is at most one behaviour, all of it."""
        if isinstance(self.behaviour, Behaviour) and self.table is None:
            force_setattr(self, "table", self.behaviour)
            force_setattr(self, "behaviour", None)
        given = [key for key in ("behaviour", "table", "state") if getattr(self, key) is not None]
        if len(given) > 1:
            raise self.fault(given[1], f"given beside observed.{given[0]}; keep one of them")
        directions = (self.angles is not None) + (self.measurements is not None)
        if self.state is None and directions:
            raise self.fault("state", 'is missing; angles and measurements need a state, as "phi+"')
        if self.state is not None and directions != 1:
            raise self.fault("state", "needs one of angles (qubits) and measurements")
        for key in ("visibility", "efficiency"):
            if getattr(self, key) is not None and not given:
                raise self.fault(key, f"needs {BEHAVIOUR} to {'mix' if key == 'visibility' else 'lose'}")
        if self.noise is not None and self.visibility is None:
            raise self.fault("noise", "needs visibility, the weight of the behaviour beside it")
        if (self.efficiency is None) != (self.no_click is None):
            raise self.fault("no_click", 'goes with efficiency: "outcome", or the outcome that it counts as')

    def settled(self, scenario: AnyScenario) -> Observed:
        """Return the same with labels brought to those of a scenario; InputError for what it lacks."""
        settings = self.settings
        inner = self.inner(scenario)
        table, noise = (_settled(x, inner, key) for key, x in (("table", self.table), ("noise", self.noise)))
        if not isinstance(settings, str):
            weights = _weights(settings, scenario)
            even = len(weights) == scenario.shape[0] and len(set(weights.values())) == 1
            labels = tuple((scenario.setting_label(s), x) for s, x in weights.items())
            settings = "uniform" if even else tuple(sorted((setting_spelt(label), x) for label, x in labels))
        if (table, noise, settings) == (self.table, self.noise, self.settings):
            return self
        return self.changed(table=table, noise=noise, settings=settings)

    def inner(self, scenario: AnyScenario) -> AnyScenario:
        """Return the scenario of the honest behaviour: without the last outcomes if these are no clicks."""
        if self.no_click != "outcome":
            return scenario
        if min(scenario.outcomes) < 2:
            raise InputError("Question.observed.no_click", "needs an outcome beside no click for each party")
        return detected(scenario)

    def weights(self, scenario: AnyScenario) -> tuple[Fraction, ...] | None:
        """Return the observed distribution of joint settings, None if it is unconstrained."""
        if self.settings == "unconstrained":
            return None
        count = scenario.shape[0]
        if self.settings == "uniform":
            return (Fraction(1, count),) * count
        weights = _weights(self.settings, scenario)
        return tuple(weights.get(s, Fraction(0)) for s in range(count))

    def rows(self, scenario: AnyScenario) -> Rows | None:
        """Return the probabilities by joint setting, None if there is no behaviour."""
        inner = self.inner(scenario)
        found = self._honest(inner)
        if found is not None and self.visibility is not None:
            found = mixed(found, self._noise(inner), self.visibility)
        if found is None or self.efficiency is None:
            return found
        count = len(scenario.settings)
        each = self.efficiency if isinstance(self.efficiency, tuple) else (self.efficiency,) * count
        lost = self.no_click if isinstance(self.no_click, tuple) else (self.no_click,) * count
        if self.no_click == "outcome":
            lost = tuple(d - 1 for d in scenario.outcomes)
        if len(each) != count or len(lost) != count:
            raise InputError("Question.observed.efficiency", f"has one value for each of {count} parties")
        wrong = [n for n, d in zip(lost, scenario.outcomes, strict=True) if n >= d]
        if wrong:
            raise InputError("Question.observed.no_click", f"{wrong[0]} is no outcome of the scenario")
        return lossy(found, inner, scenario, each, lost)

    def _noise(self, scenario: AnyScenario) -> Rows:
        if self.noise is None:
            return families.white_noise(scenario)
        if isinstance(self.noise, Behaviour):
            return self.noise.rows.__getitem__
        return _named(self.noise, scenario, "noise")

    def _honest(self, scenario: AnyScenario) -> Rows | None:
        """Return the behaviour before noise and losses."""
        if self.behaviour is not None:
            return _named(self.behaviour, scenario, "behaviour")
        if self.table is not None:
            return self.table.rows.__getitem__  # type: ignore[no-any-return]
        if self.state is None:
            return None
        held = (self.state, self.angles, self.measurements)
        return rows_of(*held, *scenario.sizes, "Question.observed").__getitem__

    @property
    def signalling(self) -> str | None:
        """Return in words how a table signals, or None."""
        said = (x.signalling for x in (self.table, self.noise) if isinstance(x, Behaviour))
        return next((words for words in said if words), None)


#: What a message asks for where a behaviour is missing.
BEHAVIOUR = "observed.behaviour, observed.state or observed.table"


def _named(name: str, scenario: AnyScenario, key: str) -> Rows:
    with said_at(f"Question.observed.{key}"):
        return families.behaviour(name, scenario)


def _settled(table: Any, scenario: AnyScenario, key: str) -> Any:
    """Return a table of the scenario's sizes; names and nothing stay what they are."""
    if table is None or isinstance(table, str):
        return table
    if not isinstance(table, Behaviour):
        table = _from_labels(table, scenario, f"Question.observed.{key}")
    if table.scenario.sizes != scenario.sizes:
        sizes = " and ".join(map(str, table.scenario.sizes))
        raise InputError(
            f"Question.observed.{key}", f"has settings and outcomes {sizes}; the scenario has others"
        )
    plain = Scenario(*table.scenario.sizes)
    return Behaviour(plain, table.rows) if table.scenario != plain or table.distance else table


def _from_labels(table: tuple[tuple[str, Exact], ...], scenario: AnyScenario, where: str) -> Behaviour:
    if any(label.startswith(("PA(", "PB(")) for label, _ in table):
        return by_marginals(table, scenario, where)
    rows: dict[int, list[Exact]] = {}
    for label, p in table:
        place = f'{where}."{label}"'
        with said_at(place):
            found = list(cells(scenario, label))
        if len(found) != 1 or not label.startswith("P"):
            raise InputError(
                place, "a behaviour is given by probabilities of all parties, labelled as P(01|10)"
            )
        s, o = found[0]
        rows.setdefault(s, [Fraction(0)] * scenario.shape[1])[o] = p
    held = tuple(tuple(rows[s]) if s in rows else None for s in range(scenario.shape[0]))
    try:
        return Behaviour(Scenario(*scenario.sizes), held)
    except InputError as error:
        raise InputError(where, f"no behaviour that can be observed: {error.message}") from None


def _weights(settings: tuple[tuple[str, Fraction], ...], scenario: AnyScenario) -> dict[int, Fraction]:
    found = {}
    for label, weight in settings:
        with said_at(f'Question.observed.settings."{label}"'):
            found[setting_index(scenario, label)] = weight
    return dict(sorted(found.items()))
