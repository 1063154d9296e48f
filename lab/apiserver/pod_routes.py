"""Where a pod's logs and commands are to be had: the kubelet of its node."""

from lab.apiserver.errors import Document, Refused, bad_request
from lab.apiserver.kinds import NODE
from lab.apiserver.store import Store, Stored


def kubelet_url(store: Store, pod: Stored) -> str:
    """The URL of the kubelet that runs `pod`; Refused (400) when it has no node, or one that cannot be reached."""
    name = pod.fields["spec.nodeName"]
    if not name:
        raise bad_request(f"pod {pod.name} does not have a host assigned")
    node = store.get(NODE, "", name)
    if node is None:
        raise Refused(404, "NotFound", f'nodes "{name}" not found', {"name": name, "kind": "nodes"})
    status = node.document().get("status") or {}
    address = next((it["address"] for it in status.get("addresses") or [] if it["type"] == "InternalIP"), None)
    port = ((status.get("daemonEndpoints") or {}).get("kubeletEndpoint") or {}).get("Port")
    if not address or not port:
        raise bad_request(f"node {name} does not say where its kubelet listens")
    return f"http://{address}:{port}"


def choose_container(pod: Document, wanted: str | None) -> str:
    """The container that `wanted` names, or the only one; Refused (400) when there is no such, or none is clear."""
    spec = pod["spec"]
    names = [it["name"] for key in ("containers", "initContainers") for it in spec.get(key) or []]
    name = pod["metadata"]["name"]
    if wanted:
        if wanted not in names:
            raise bad_request(f"container {wanted} is not valid for pod {name}")
        return wanted
    if len(spec["containers"]) > 1:
        choices = " ".join(it["name"] for it in spec["containers"])
        raise bad_request(f"a container name must be specified for pod {name}, choose one of: [{choices}]")
    return str(spec["containers"][0]["name"])
