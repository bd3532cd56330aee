"""How certificates of format version 1 are forged: all that tests of forgeries know of the format.

`bodies` are certificates that the command line wrote; every maker returns changed copies of them.
"""

from __future__ import annotations

import copy
import json


def objects(value, path=()):
    """Every object of a certificate with its path, itself first."""
    if isinstance(value, dict):
        yield path, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from objects(inner, (*path, key))


def at(body, path):
    for key in path:
        body = body[key]
    return body


def changed(body, path, value):
    """A copy with another value at a path of keys."""
    found = copy.deepcopy(body)
    at(found, path[:-1])[path[-1]] = value
    return found


def shape(body):
    """Which objects a certificate is made of, whatever stands in them."""
    return frozenset(
        (tuple(key for key in path if isinstance(key, str)), frozenset(inner), inner.get("kind"))
        for path, inner in objects(body)
    )


def with_unknown_keys(body):
    """A copy for each object, with one more key in it."""
    for path, _ in objects(body):
        found = copy.deepcopy(body)
        at(found, path)["more"] = "0"
        yield path, found


def texts_with_repeated_keys(body):
    """The text of the certificate for each object, with its first key a second time (and another value)."""
    mark = "the same key again"
    for path, inner in objects(body):
        if inner:
            found = copy.deepcopy(body)
            held = at(found, path)
            held[mark] = 0
            yield path, json.dumps(found).replace(json.dumps(mark), json.dumps(next(iter(inner))))


def with_repeated_terms(body):
    """A copy for each list of terms, with its first term a second time: beside it, and at the end."""
    for path, inner in objects(body):
        terms = inner.get("terms") if "program" not in path else None
        if terms:
            yield (*path, "beside"), changed(body, (*path, "terms"), [terms[0], *terms])
            yield (*path, "end"), changed(body, (*path, "terms"), [*terms, terms[0]])


def objective_switched_off(guess):
    """A guess with a functional of no terms beside it, and an answer of nothing."""
    found = copy.deepcopy(guess)
    found["question"]["ask"] |= {"on": "conditional", "terms": [], "extreme": "largest"}
    found["attack"] = None
    found["answer"] = {"lower": None, "upper": "0"}
    return proved_by_one_column(found, "0")


def many_bits(guess):
    """Twenty bits of entropy of one bit, by the same trick."""
    found = objective_switched_off(guess)
    found["question"]["ask"]["quantity"] = "min-entropy"
    found["answer"] = {"lower": "20", "upper": None}
    return proved_by_one_column(found, "1/1048576")


def proved_by_one_column(body, bound):
    """The same question with multipliers of a program with one column, which it carries."""
    from freerand_opt.certificates.check import digest

    def vector(entry):
        return {"palette": [entry], "codes": [0]}

    program = {
        "columns": 1,
        "blocks": [["nonnegative", 1]],
        "indptr": [0, 1],
        "indices": [0],
        "values": [1],
        "right": vector(bound),
        "objective": vector("1"),
        "lower": vector("0"),
        "upper": vector("1"),
    }
    proof = {
        "bound": bound,
        "digest": digest(program),
        "program": program,
        "lift": None,
        "palette": ["1"],
        "rows": [0],
        "codes": [0],
    }
    return {**copy.deepcopy(body), "multipliers": proof}


def guess_of_half(guess):
    """A guess of at most 1/2, whatever the question is, by a program of one column."""
    return changed(
        {**proved_by_one_column(guess, "1/2"), "attack": None}, ("answer",), {"lower": None, "upper": "1/2"}
    )


def titled(body, words):
    """The certificate under other names, its parts and the labels of its strategies as well."""
    found = copy.deepcopy(body)
    for _, inner in objects(found):
        for key in ("name", "instance", "label"):
            if key in inner and isinstance(inner[key], str):
                inner[key] = words
    return found


def invented_root(root):
    """A root somewhere else, with values at its ends that are invented."""
    found = changed(root, ("answer",), {"lower": "1/8", "upper": "1/7"})
    return {**found, "at_lower": "1", "at_upper": "-1"}


def threshold_in_visibility(below, above, behaviour, slack, crosses):
    """A threshold in the visibility put together from certificates at 0 and at 1."""
    palette = sorted(set(behaviour))
    return {
        "format": "freerand-certificate",
        "version": 1,
        "kind": "threshold",
        "name": "",
        "instance": "",
        "field": "observed.visibility",
        "crosses": crosses,
        "answer": {"lower": "0", "upper": "1"},
        "below": below,
        "above": above,
        "observed": {
            "behaviour": {"palette": palette, "codes": [palette.index(p) for p in behaviour]},
            "slack": slack,
        },
    }


def other_questions(guess):
    """The proofs of a guess under uniform settings, handed in for questions that they do not answer."""
    question = guess["question"]
    score = question["tests"][0]["score"]
    yield "a weaker score", changed(guess, ("question", "tests", 0, "score"), "0")
    yield "no test", changed(guess, ("question", "tests"), [])
    yield (
        "a source",
        changed(
            guess,
            ("question", "source"),
            {"kind": "santha-vazirani", "epsilon": "1/5", "order": "interleaved", "bits": "gray"},
        ),
    )
    yield "free settings", changed(guess, ("question", "observed", "settings"), "free")
    yield "a relation", changed(guess, ("question", "tests", 0, "relation"), "<=")
    yield "a lower answer", changed(guess, ("answer", "upper"), "1/2")
    yield "a higher answer", changed(guess, ("answer", "lower"), "1")
    for k, factor in enumerate(guess["multipliers"]["palette"]):
        yield f"a sign {k}", changed(guess, ("multipliers", "palette", k), f"-{factor}".replace("--", ""))
    yield "a float", changed(guess, ("question", "tests", 0, "score"), 0.5)
    yield "a boolean", changed(guess, ("question", "ask", "count"), True)
    yield "many digits", changed(guess, ("question", "tests", 0, "score"), score + "+10^100000")


def no_strategy_by(body, key, proof):
    """A question of existence answered by one of the short proofs, in place of what it has."""
    found = copy.deepcopy(body)
    found["question"]["ask"] = {"quantity": "strategy"}
    found |= {"multipliers": None, "attack": None, "answer": {"lower": None, "upper": "0"}}
    return {**found, key: proof}
