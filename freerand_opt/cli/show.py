"""The verb `freerand show`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from freerand_opt.cli import complete
from freerand_opt.cli import options as opt
from freerand_opt.errors import InputError

if TYPE_CHECKING:
    from freerand_opt.claims.conjecture.file import ComputationFile
    from freerand_opt.model.files.file import Instance, QuestionFile
    from freerand_opt.model.question import Question

#: How a question is shown: in words, as a question file, as plain data, as what other software reads.
PROGRAMS = ("mps", "cbf", "sdpa", "task", "vipr", "matrix")
FORMS = ("words", "toml", "json", *PROGRAMS)


def _forms(incomplete: str) -> list[str]:
    return complete.beginning(incomplete, FORMS)


def show(
    name: Annotated[
        str,
        typer.Argument(
            autocompletion=complete.claims, help="A claim's name, a question file or a certificate."
        ),
    ] = "",
    instance: Annotated[str | None, typer.Option(help="Name of one instance of the file.")] = None,
    form: Annotated[
        str,
        typer.Option(
            "--as",
            autocompletion=_forms,
            help="words, toml, json; program: mps, cbf, sdpa, task, matrix; proof: vipr.",
        ),
    ] = "words",
    schema: Annotated[bool, typer.Option("--schema", help="Print the questions' JSON schema.")] = False,
    fields: Annotated[bool, typer.Option("--fields", help="Print all fields of a question file.")] = False,
    field: Annotated[list[str] | None, typer.Option("--set", help="field=value, as for bound.")] = None,
    symmetry: opt.Symmetry = None,
) -> None:
    """Show a question as it is understood, or what a certificate proves."""
    from freerand_opt.cli.screen import put, put_json

    if schema:
        from freerand_opt.model.files.schema import question_schema

        put_json(question_schema())
        return
    if fields:
        from freerand_opt.model.files.reference import field_reference

        put(field_reference(), end="")
        return
    if not name:
        raise InputError("show", "a claim's name, a question file or a certificate is needed")
    if form not in FORMS:
        raise InputError(
            "--as", f"{form[:40]!r} is not known; allowed: {', '.join(FORMS)}{_near(form, FORMS)}"
        )
    if Path(name).suffix == ".json":
        if form != "words" or instance is not None or field:
            raise InputError("show", "a certificate is shown in words, without any other option")
        raise typer.Exit(_certificate(name))
    from freerand_opt.claims.conjecture.file import ComputationFile
    from freerand_opt.runner.reading import reader

    words, values = opt.split([name, *(field or [])])
    if words != [name]:
        raise InputError("--set", "fields are set as field=value, for example source.epsilon=1/20")
    file = reader(name)(values)
    if isinstance(file, ComputationFile):
        put(_computation(file, form), end="")
        return
    chosen = _instance(file, instance)
    named = opt.relabellings(symmetry)
    if named and form != "words":
        raise InputError("--symmetry", "symmetries are shown in words alone, without --as")
    program = _program_words(_at_first(chosen.question), named) if form == "words" else ""
    put(_SHOWN[form](file, chosen) + program, end="")


def _certificate(name: str) -> int:
    """Check a certificate and print what it proves; return the exit code."""
    import json

    from freerand_opt.cli.screen import error, fact, facts, put
    from freerand_opt.reporting.tested import of_document
    from freerand_opt.runner.checks import check_file

    code, lines = check_file((name, 10**9, None))
    if code:
        error(lines[0])
        return code
    put(lines[0])
    document = json.loads(Path(name).read_text(encoding="utf-8"))
    said = of_document([line.strip() for line in lines[1:]], document)
    put(facts([*map(fact, said), *_attack(document)]))
    return 0


def _attack(document: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the attack that a certificate, which was checked, holds."""
    from freerand_opt.bounds.answers.attack import read_attack
    from freerand_opt.cli.attacks import attack_lines

    attack = read_attack(document) if document["format"] == "freerand-certificate" else None
    return [] if attack is None else list(attack_lines(attack))


def _near(word: str, names: Sequence[str]) -> str:
    from freerand_opt.model.tables.text import nearest  # what shows a version loads no model

    return nearest(word, names)


def _instance(file: QuestionFile, wanted: str | None) -> Instance:
    if wanted is None:
        return file.instances[0]
    names = [instance.name for instance in file.instances]
    if wanted not in names:
        known = "; ".join(filter(None, names[:20])) or "no instance has a name"
        near = _near(wanted, names)
        raise InputError("--instance", f"{wanted[:60]!r} is none of {file.path.name}: {known}{near}")
    return file.instances[names.index(wanted)]


def _in_words(file: QuestionFile, chosen: Instance) -> str:
    """Return the question as the kernel understands it."""
    from freerand_opt.bounds.answers.about import asked_form
    from freerand_opt.checker.describe import describe
    from freerand_opt.checker.failures import Work
    from freerand_opt.checker.question import read_question
    from freerand_opt.cli.screen import fact, facts
    from freerand_opt.reporting.tested import retold

    question = _at_first(chosen.question)
    asked = read_question(asked_form(question)["question"], Work())
    lines = retold(describe(asked), asked)
    pairs = [("file", f"{file.name} {chosen.name}".strip()), ("title", file.title), ("claim", file.claim)]
    pairs += [fact(line) for line in lines]
    if question is not chosen.question:
        pairs.append(("", "at the worst settings (the first is shown)"))
    if question.adversary.level:
        pairs.append(("level", question.adversary.level))
    if chosen.threshold is not None:
        ends = " and ".join(map(str, chosen.threshold.between))
        pairs.append(("threshold", f"of {chosen.threshold.of} between {ends}"))
    if chosen.expect is not None:
        pairs.append(("expected", f"{chosen.expected} ({chosen.expect.verdict})"))
    return facts(pair for pair in pairs if pair[1]) + "\n"


def _at_first(question: Question) -> Question:
    """Return a question at the worst settings as one at the first settings, others as they are."""
    from freerand_opt.model.ask import WORST

    if question.ask.at != WORST:
        return question
    return question.changed(ask=question.ask.changed(at=(0,) * len(question.scenario.settings)))


def _program_words(question: Question, symmetry: tuple[str, ...]) -> str:
    """Return what the moment matrix of quantum devices looks like, or how large the linear program is."""
    from freerand_opt.reporting.exhibits import described

    return "".join(f"{line}\n" for line in described(question, symmetry))


def _computation(file: ComputationFile, form: str) -> str:
    """Return what is computed, instance by instance."""
    from freerand_opt.cli.screen import facts

    if form != "words":
        raise InputError("--as", f"{file.name} is a computation, which is shown in words alone")
    pairs = [("file", file.name), ("title", file.title), ("claim", file.claim)]
    for one in file.instances:
        given = dict(one.computation.parameters())
        words = ", ".join(f"{key} = {value}" for key, value in given.items() if key != "name")
        pairs += [("instance", one.name), ("computed", f"{given['name']} {words}".strip())]
        pairs += [("expected", f"{one.expected} ({one.expect.verdict})")] if one.expect is not None else []
    return facts(pair for pair in pairs if pair[1]) + "\n"


def _as_toml(file: QuestionFile, chosen: Instance) -> str:
    return chosen.question.to_toml()


def _as_json(file: QuestionFile, chosen: Instance) -> str:
    import json

    return json.dumps(chosen.question.to_dict(), indent=1) + "\n"


def _exported(form: str) -> Callable[[QuestionFile, Instance], str]:
    def shown(file: QuestionFile, chosen: Instance) -> str:
        from freerand_opt.reporting.export import exported

        try:
            return exported(chosen.question, form)
        except InputError as error:
            raise InputError("--as", error.message) from None

    return shown


_SHOWN: dict[str, Callable[[QuestionFile, Instance], str]] = {
    "words": _in_words,
    "toml": _as_toml,
    "json": _as_json,
    **{form: _exported(form) for form in PROGRAMS},
}
