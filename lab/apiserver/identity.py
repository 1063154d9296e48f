"""Who asks: the lab's own token, a token of a ServiceAccount, or whoever the lab's token impersonates."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hmac import compare_digest

from lab.apiserver.errors import Document, Refused
from lab.apiserver.kinds import SERVICE_ACCOUNT
from lab.apiserver.store import Store, Stored

MASTERS = "system:masters"
AUTHENTICATED = "system:authenticated"
ACCOUNTS = "system:serviceaccounts"
DEFAULT_SECONDS = 3600
SHORTEST_SECONDS = 600
"""As in Kubernetes: a TokenRequest may not ask for less."""


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who has been authenticated."""

    name: str
    groups: tuple[str, ...]

    @property
    def is_master(self) -> bool:
        return MASTERS in self.groups

    def document(self) -> Document:
        return {"username": self.name, "groups": list(self.groups)}


ADMIN = User("mlchaos-lab", (MASTERS, AUTHENTICATED))


def service_account_user(namespace: str, name: str) -> User:
    """The user that a ServiceAccount is."""
    return User(f"system:serviceaccount:{namespace}:{name}", (ACCOUNTS, f"{ACCOUNTS}:{namespace}", AUTHENTICATED))


class Identities:
    """Tells users by their tokens. A ServiceAccount's token is signed with the lab's own, and holds while it exists."""

    def __init__(self, store: Store, token: str) -> None:
        self._store = store
        self._token = token.encode()

    def user(self, headers: Mapping[bytes, bytes]) -> User:
        """Who sent these headers; Refused (401, 403) when nobody knows."""
        scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
        user = self.of_token(token) if scheme == b"Bearer" else None
        if user is None:
            raise Refused(401, "Unauthorized", "Unauthorized")
        wanted = headers.get(b"impersonate-user", b"").decode()
        if not wanted:
            return user
        if not user.is_master:
            raise Refused(403, "Forbidden", f'users "{wanted}" is forbidden: User "{user.name}" cannot impersonate')
        if wanted.startswith("system:serviceaccount:") and wanted.count(":") == 3:
            return service_account_user(*wanted.split(":")[2:])
        return User(wanted, (AUTHENTICATED,))

    def of_token(self, token: bytes) -> User | None:
        """The user of a token, None for one that is not valid (any more)."""
        if compare_digest(token, self._token):
            return ADMIN
        claims = self._claims(token)
        if claims is None or claims["exp"] < time.time():
            return None
        account = self._store.get(SERVICE_ACCOUNT, claims["namespace"], claims["name"])
        if account is None or account.uid != claims["uid"]:
            return None
        return service_account_user(account.namespace, account.name)

    def issue(self, account: Stored, request: Document) -> Document:
        """Answer a TokenRequest."""
        seconds = (request.get("spec") or {}).get("expirationSeconds", DEFAULT_SECONDS)
        if not isinstance(seconds, int) or seconds < SHORTEST_SECONDS:
            message = f"spec.expirationSeconds: may not specify a duration less than {SHORTEST_SECONDS} seconds"
            raise Refused(422, "Invalid", message)
        end = time.time() + seconds
        claims = {"namespace": account.namespace, "name": account.name, "uid": account.uid, "exp": end}
        content = base64.urlsafe_b64encode(json.dumps(claims).encode())
        expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(end))
        return {
            "kind": "TokenRequest",
            "apiVersion": "authentication.k8s.io/v1",
            "metadata": {"name": account.name, "namespace": account.namespace, "creationTimestamp": None},
            "spec": request.get("spec") or {},
            "status": {"token": (content + b"." + self._signature(content)).decode(), "expirationTimestamp": expires},
        }

    def _claims(self, token: bytes) -> Document | None:
        content, _, signature = token.partition(b".")
        if not signature or not compare_digest(signature, self._signature(content)):
            return None
        claims: Document = json.loads(base64.urlsafe_b64decode(content))
        return claims

    def _signature(self, content: bytes) -> bytes:
        return base64.urlsafe_b64encode(hmac.digest(self._token, content, hashlib.sha256))
