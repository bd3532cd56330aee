"""Guess of one outcome against the score of a Bell inequality, for CHSH, Mermin and I3322."""

from __future__ import annotations

from fractions import Fraction

from freerand_opt.claims.formulas.chained import chsh_guess, chsh_quantum_guess
from freerand_opt.claims.formulas.ghz import mermin_quantum_guess
from freerand_opt.model.question import Question
from freerand_opt.model.scenarios import chsh, ghz, i3322
from freerand_opt.numbers.exact import Exact
from freerand_opt.reporting.figures.answers import Ask, bracket, question_of
from freerand_opt.reporting.figures.frame import Frame, Panel
from freerand_opt.reporting.figures.row import Row, formula

#: Panel, functional, scenario, and by devices (level): the scores. Below them the guess is 1.
GAMES = (
    ("a", "chsh", chsh(),
     {"": "2:4:1/4", "1 + A B": "2,21/10,11/5,23/10,12/5,5/2,13/5,27/10,14/5,2*sqrt(2)"}),
    ("b", "mermin", ghz(3),
     {"": "2:4:1/4", "local 1": "5/2:4:1/4"}),
    ("c", "i3322", i3322(),
     {"": "0:1:1/8", "1 + A B": "1/5,21/100,22/100,23/100,24/100"}),
)  # fmt: skip

#: A closed form is drawn in so many steps.
STEPS = 40

FORMULAS = {
    ("chsh", "no-signalling"): chsh_guess,
    ("chsh", "quantum"): chsh_quantum_guess,
    ("mermin", "quantum"): mermin_quantum_guess,
}

FRAME = Frame(
    "scores",
    "Guess against Bell score",
    r"Largest probability with which an adversary guesses $A$'s outcome at settings 0, given the score of"
    r" (a) CHSH, (b) Mermin's functional of three parties, (c) $I_{3322}$; settings uniform and independent"
    r" of $W$. Dots and bars: certified brackets; bands: what they certify in between; lines: closed forms"
    r" (arXiv:0911.3427; docs/proofs/mermin-guess.md). Quantum devices reach $2\sqrt2$, 4 and about 0.2509.",
    tuple(
        Panel(name, f"score of {label}", "guessing probability", title=f"({name})", heights=(0.48, 1.02),
              between="falls", legend="upper right" if name == "a" else None)
        for name, label in (("a", "CHSH"), ("b", "Mermin"), ("c", "$I_{3322}$"))
    ),
    "two-column",
)  # fmt: skip


def rows(ask: Ask) -> list[Row]:
    """Return certified guesses by score for no-signalling and quantum devices, beside closed forms."""
    found: list[Row] = []
    for panel, functional, scenario, grids in GAMES:
        for level, grid in grids.items():
            devices = "quantum" if level else "no-signalling"
            adversary = {"devices": devices} | ({"level": level} if level else {})
            test = {"functional": functional, "relation": ">=", "score": 0}
            ask_for = {"quantity": "guessing-probability", "of": "A", "at": 0}
            tables = {"source": {"kind": "uniform"}, "adversary": adversary, "test": [test], "ask": ask_for}
            question = Question.from_dict({"scenario": scenario, **tables})
            closed = FORMULAS.get((functional, devices))
            answers = [(question_of(one), one) for one in ask(question, {"test.score": grid})]
            scores = [asked.tests[0].score for asked, _ in answers]  # type: ignore[union-attr]
            series = f"{devices} devices"
            for x, (_, one) in zip(scores, answers, strict=True):
                found += bracket(one, series, x, panel)
            if closed is not None:
                low, high = scores[0], scores[-1]
                places = [low + (high - low) * Fraction(k, STEPS) for k in range(STEPS + 1)]  # type: ignore[operator]
                found += [formula(series, x, closed(_with_score(question, x)), panel) for x in places]
    return found


def _with_score(question: Question, score: Exact) -> Question:
    return question.changed(tests=[question.tests[0].changed(score=score)])
