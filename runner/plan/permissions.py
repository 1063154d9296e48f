"""Which permissions a plan takes, and whether these credentials have them, asked before anything is touched."""

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from actions.fault import Permission
from actions.ledger.open import DEFAULT_NAMESPACE, NAMESPACE, chosen_place
from clients.kube_errors import ForbiddenError
from runner.plan.model import PermissionCheck, Violation

if TYPE_CHECKING:
    from clients.kube import Kube

_AT_ONCE = 8


def check_permissions(kube: "Kube", permissions: Iterable[Permission]) -> tuple[PermissionCheck, ...]:
    """Whether we may do each of them, in order, each asked once. Raises KubeError where the API does not answer."""
    wanted = tuple(dict.fromkeys(permissions))
    if not wanted:
        return ()
    with ThreadPoolExecutor(min(_AT_ONCE, len(wanted))) as pool:
        return tuple(pool.map(lambda one: _check(kube, one), wanted))


def ledger_permissions() -> tuple[Permission, ...]:
    """What writing the undo down takes; nothing where the ledger is a file. Raises LedgerError."""
    if chosen_place(os.environ, Path.home()) != "kubernetes":
        return ()
    namespace = os.environ.get(NAMESPACE) or DEFAULT_NAMESPACE
    verbs = ("get", "list", "create", "update", "delete")
    return (
        *(Permission(verb, "configmaps", namespace=namespace) for verb in verbs),
        *(Permission(verb, "leases", "coordination.k8s.io", namespace) for verb in (*verbs, "patch")),
    )


def missing(checks: Sequence[PermissionCheck]) -> list[Violation]:
    """A violation for each permission that is not there."""
    found = []
    for check in checks:
        one = check.permission
        where = f" in namespace {one.namespace}" if one.namespace else ""
        if check.granted is None:
            found.append(
                Violation(
                    "permissions",
                    f"cannot find out whether we may {one.verb} {one.resource}{where}: {check.problem}",
                    "allow `create` on selfsubjectaccessreviews (ClusterRole system:basic-user)",
                )
            )
        elif not check.granted:
            found.append(
                Violation("permissions", f"we may not {one.verb} {one.resource}{where}", f"it takes {check.rule}")
            )
    return found


def _check(kube: "Kube", one: Permission) -> PermissionCheck:
    try:
        return PermissionCheck(one, kube.allowed(one.verb, one.resource, one.group, one.namespace))
    except ForbiddenError as error:
        return PermissionCheck(one, None, str(error))
