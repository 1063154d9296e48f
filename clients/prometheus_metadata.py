"""What Prometheus knows about its metrics: their types and names, how long it keeps them, and many small questions.

Bounded like every call of clients.prometheus: a deadline and a size for each answer, and errors with a remedy.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from clients.prometheus import Fetched, LabelledValue, Prometheus, PrometheusError, RefusedQueryError

QUESTIONS_PER_REQUEST = 100
CHARACTERS_PER_REQUEST = 50_000
_NUMBER_LABEL = "mlchaos_question"
_NOT_SERVED = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED})


@dataclass(frozen=True, slots=True)
class Refused:
    """Prometheus does not take a question for a query, and why."""

    reason: str


Values = tuple[LabelledValue, ...]


class PrometheusMetadata:
    """Questions about metrics to one Prometheus, all as of the time `at` (seconds since the epoch).

    Every method raises PrometheusError when there is no whole answer. `asked` is called after each request.
    """

    def __init__(self, prometheus: Prometheus, at: float, asked: Callable[[], None] = lambda: None) -> None:
        self.url = prometheus.url
        self._prometheus = prometheus
        self._at = at
        self._asked = asked

    def retention(self) -> str | None:
        """How long samples are kept, as Prometheus writes it: `15d`, `15d or 10GiB`. None where the server has none."""
        fetched = self._fetch("status/runtimeinfo")
        if fetched is None:
            return None
        if not isinstance(fetched.data, dict) or not isinstance(fetched.data.get("storageRetention"), str):
            raise self._strange("no storageRetention in status/runtimeinfo")
        return str(fetched.data["storageRetention"])

    def metric_types(self) -> Mapping[str, frozenset[str]] | None:
        """The types that targets give a metric family, by its name. None where the server keeps no metadata."""
        fetched = self._fetch("metadata")
        if fetched is None:
            return None
        try:
            return {name: frozenset(str(entry["type"]) for entry in entries) for name, entries in fetched.data.items()}
        except (AttributeError, LookupError, TypeError) as error:
            raise self._strange("no list of types for each metric in metadata") from error

    def metric_names(self) -> tuple[str, ...]:
        """The name of every metric that Prometheus holds."""
        fetched = self._fetch("label/__name__/values")
        if fetched is None or not isinstance(fetched.data, list):
            raise self._strange("no list of metric names in label/__name__/values")
        return tuple(map(str, fetched.data))

    def answers(self, questions: Sequence[str]) -> dict[str, Values | Refused]:
        """What each question (an expression that gives an instant vector) gives, in few requests.

        Many are asked at once, each one's series marked by a label; a request that Prometheus cannot parse is asked
        again in halves, until the question at fault stands alone.
        """
        unique = list(dict.fromkeys(questions))
        found: dict[str, Values | Refused] = {}
        for batch in _batches(unique):
            found.update(self._batch(batch))
        return found

    def _batch(self, batch: Sequence[str]) -> dict[str, Values | Refused]:
        marked = " or ".join(
            f'label_replace({question}, "{_NUMBER_LABEL}", "{index}", "", "")' for index, question in enumerate(batch)
        )
        try:
            vector = self._prometheus.vector(marked, self._at)
        except RefusedQueryError as error:
            if error.status != HTTPStatus.BAD_REQUEST:
                raise
            if len(batch) == 1:
                return {batch[0]: Refused(f"Prometheus does not take {batch[0]} for a query: {error.reason}")}
            half = len(batch) // 2
            return self._batch(batch[:half]) | self._batch(batch[half:])
        finally:
            self._asked()
        if vector.warnings:
            raise PrometheusError(
                f"{self.url} answered in part only, so that nothing can be said of what is missing: "
                f"{'; '.join(vector.warnings)}"
            )
        found: dict[str, list[LabelledValue]] = {question: [] for question in batch}
        for sample in vector.samples:
            labels = dict(sample.labels)
            try:
                question = batch[int(labels.pop(_NUMBER_LABEL))]
            except (LookupError, ValueError) as error:
                raise self._strange("a series that was not asked for") from error
            found[question].append(LabelledValue(labels, sample.value))
        return {question: tuple(values) for question, values in found.items()}

    def _fetch(self, endpoint: str) -> Fetched | None:
        """None where the server has no such endpoint, as some that speak Prometheus's protocol have not."""
        try:
            return self._prometheus.fetch(endpoint, {})
        except RefusedQueryError as error:
            if error.status in _NOT_SERVED:
                return None
            raise
        finally:
            self._asked()

    def _strange(self, what: str) -> PrometheusError:
        return PrometheusError(f"{self.url} does not answer like Prometheus: {what}")


def _batches(questions: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    characters = 0
    for question in questions:
        if batch and (len(batch) == QUESTIONS_PER_REQUEST or characters + len(question) > CHARACTERS_PER_REQUEST):
            yield batch
            batch, characters = [], 0
        batch.append(question)
        characters += len(question)
    if batch:
        yield batch
