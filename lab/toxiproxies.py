"""Tells Toxiproxy which paths of the lab it carries."""

from collections.abc import Mapping

import aiohttp

from lab.network import LabNetwork
from lab.paths import PATHS, listen_address


async def populate(network: LabNetwork, upstream_of: Mapping[str, str]) -> None:
    """Create the proxies, or put them back as they were declared. Raises aiohttp.ClientError where it refuses."""
    proxies = [
        {
            "name": path.name,
            "listen": listen_address(path, network),
            "upstream": upstream_of[path.name],
            "enabled": True,
        }
        for path in PATHS
        if path.name in upstream_of
    ]
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5), raise_for_status=True) as session,
        session.post(f"{network.toxiproxy_url}/populate", json=proxies),
    ):
        pass
