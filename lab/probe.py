"""Questions that the lab's supervisor asks of what it started."""

import asyncio
import ssl
from collections.abc import Iterable

import aiohttp

QUESTION_TIMEOUT = aiohttp.ClientTimeout(total=2)
RELOAD_TIMEOUT = aiohttp.ClientTimeout(total=15)


async def reachable(url: str) -> bool:
    """Does `url` answer 200? Certificates are not checked: it is the lab's own, asked only whether it is there."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        async with (
            aiohttp.ClientSession(timeout=QUESTION_TIMEOUT) as session,
            session.get(url, ssl=context) as answer,
        ):
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError):
        return False


async def _query(prometheus_url: str, expression: str) -> list[dict[str, str]]:
    """The label sets of an instant query's result; none where Prometheus does not answer."""
    try:
        async with (
            aiohttp.ClientSession(timeout=QUESTION_TIMEOUT) as session,
            session.get(f"{prometheus_url}/api/v1/query", params={"query": expression}) as answer,
        ):
            document = await answer.json()
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return []
    return [row["metric"] for row in document.get("data", {}).get("result", [])]


async def reload_rules(prometheus_url: str) -> str:
    """Let Prometheus read its configuration and rules again; gives why it does not, else nothing."""
    try:
        async with (
            aiohttp.ClientSession(timeout=RELOAD_TIMEOUT) as session,
            session.post(f"{prometheus_url}/-/reload") as answer,
        ):
            text = await answer.text()
            return "" if answer.status == 200 else f"Prometheus does not take them: {text.strip()}"
    except (aiohttp.ClientError, TimeoutError) as error:
        return f"Prometheus does not answer: {str(error) or type(error).__name__}"


async def pods_not_scraped(prometheus_url: str, pods: Iterable[tuple[str, str]]) -> list[str]:
    """Which of the (namespace, name) pods Prometheus does not scrape with success."""
    rows = await _query(prometheus_url, 'up{pod!=""} == 1')
    scraped = {(row.get("namespace", ""), row.get("pod", "")) for row in rows}
    return [name for namespace, name in pods if (namespace, name) not in scraped]


async def load_flows(prometheus_url: str, targets: Iterable[str]) -> list[str]:
    """Which of the load generator's targets have not yet answered a request well."""
    rows = await _query(prometheus_url, 'loadgen_requests_total{outcome="ok"} > 0')
    answered = {row.get("target", "") for row in rows}
    return [target for target in targets if target not in answered]
