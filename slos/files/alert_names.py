"""What the alerts of an SLO are called when its file does not say."""

import re

_WORD = re.compile(r"[A-Za-z0-9]+")


def budget_burn_alert(slo_name: str) -> str:
    """llm-ttft -> LlmTtftBudgetBurn"""
    return _camel_case(slo_name) + "BudgetBurn"


def absent_alert(slo_name: str) -> str:
    """llm-ttft -> LlmTtftSliAbsent"""
    return _camel_case(slo_name) + "SliAbsent"


def _camel_case(name: str) -> str:
    return "".join(word[0].upper() + word[1:] for word in _WORD.findall(name))
