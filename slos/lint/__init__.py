"""What is wrong with SLOs that are well-formed: things that would fail, or mislead, only when they are needed."""

from slos.lint.labels import label_problems
from slos.lint.names import name_problems
from slos.lint.queries import query_problems
from slos.lint.tiers import tier_problems
from slos.model import SloSet
from slos.problems import Problem


def lint(declared: SloSet) -> list[Problem]:
    """Every problem of SLOs that are declared together, sorted by place; as far as their texts tell."""
    problems = list(name_problems(declared))
    for slo in declared.slos:
        problems += [*tier_problems(slo), *query_problems(slo), *label_problems(slo)]
    return sorted(problems, key=lambda problem: problem.place)
