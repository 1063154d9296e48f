"""Whether two declarations of an SLO mean the same."""

from hashlib import sha256

from slos.model import Slo

_LENGTH = 12


def definition(slo: Slo) -> str:
    """A short digest of what an SLO is judged by: indicator, objective, window, minimum of events, tiers switched on.

    How it is told (names, labels, annotations, severities) is not in it.
    """
    judged = (slo.indicator, slo.objective, slo.window, slo.minimum_events, sorted(slo.alerting.tiers))
    return sha256(repr(judged).encode(errors="surrogatepass")).hexdigest()[:_LENGTH]
