"""The faults of certificates: what is common to them all, and one class for each damage."""

from abc import abstractmethod
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import ClassVar, TypeVar

from actions.certificates import damage
from actions.certificates.arguments import (
    ExpiredArguments,
    ExpiringArguments,
    IssuedArguments,
    NotYetValidArguments,
    SecretArguments,
    WrongNameArguments,
)
from actions.certificates.backup import backup_document, new_backup
from actions.certificates.chain import Chain, ChainError
from actions.certificates.consumers import Consumer, consumers
from actions.certificates.damage import NoDamageError
from actions.certificates.issuing import Issuer, read_issuer
from actions.certificates.owners import keepers
from actions.certificates.secret import called, decoded, marks, replaceable_chain
from actions.certificates.swap import find_secret, is_in, is_out, keep, put_in, take_out
from actions.choice import Choice
from actions.fault import Affected, Draft, Fault, Injection, Permission, Plane, RefusedError, Target
from actions.ledger.record import Record
from actions.selection.pod import Pod
from actions.selection.workloads import affected_by, locks_of
from actions.systems import Systems
from clients.kube import PODS, Document, Kube

A = TypeVar("A", bound=SecretArguments)
Issued = TypeVar("Issued", bound=IssuedArguments)

_KEYSTORES = (".jks", ".p12", ".pfx")


class CertificateFault(Fault[A]):
    """A Secret's certificate is replaced by a damaged one for the same key; its private key is never read."""

    planes: ClassVar[tuple[Plane, ...]] = ("kubernetes-api", "application")
    refuses_clients: ClassVar[bool] = True
    """Clients that verify turn away, so that whoever serves with it is of no use meanwhile."""

    @abstractmethod
    def damaged(self, present: Chain, issuer: Issuer | None, arguments: A, now: datetime) -> Chain:
        """The chain that takes the place of the present one. Raises NoDamageError, ChainError."""

    def issuer(self, kube: Kube, present: Chain, arguments: A) -> Issuer | None:
        """Who signs; None for a stand-in."""
        del kube, present, arguments
        return None

    def plan(self, arguments: A, systems: Systems, choice: Choice) -> Draft:
        del choice
        kube = systems.kube
        now = datetime.now(UTC)
        secret = _present(kube, arguments)
        chain = replaceable_chain(secret, arguments, now)
        # Made, and measured with its backup, only to see that it can be: what goes in is made when it goes in.
        made = self._made(kube, secret, chain, arguments, now)
        backup_document(new_backup(secret, arguments.entry, made), "mlchaos-plan", "plan", now.timestamp())
        reading = consumers(kube.find(PODS, arguments.namespace), arguments.secret, arguments.entry)
        affected = self._affected(kube, reading)
        return Draft(
            targets=(_target(secret, chain, arguments),),
            undo="the original is put back, bit for bit, from a backup Secret beside it, named after the record",
            locks=(f"secret:{arguments.namespace}/{arguments.secret}", *locks_of(affected)),
            permissions=tuple(dict.fromkeys(self._permissions(arguments))),
            affected=affected,
            candidates=1,
            warnings=(*self._warnings(arguments), *_warnings(secret, reading)),
        )

    def inject(self, injection: Injection[A], systems: Systems) -> None:
        kube, arguments, target = systems.kube, injection.arguments, injection.target
        secret = _present(kube, arguments)
        if injection.tag in marks(secret):
            return  # an earlier attempt got through
        now = datetime.now(UTC)
        chain = replaceable_chain(secret, arguments, now)
        if (secret["metadata"]["uid"], chain.fingerprint) != (target.uid, target.details["fingerprint"]):
            raise RefusedError(
                f"{called(secret)} is not the one that was planned: it was renewed or replaced; plan again"
            )
        made = new_backup(secret, arguments.entry, self._made(kube, secret, chain, arguments, now))
        backup = keep(kube, backup_document(made, injection.tag, injection.run, injection.expires_at))
        put_in(kube, backup, injection.tag, {"run": injection.run, "expires": injection.expires_at})

    def in_effect(self, injection: Injection[A], systems: Systems) -> bool:
        return is_in(systems.kube, injection.target.namespace, injection.target.name, injection.tag)

    def undo(self, record: Record, systems: Systems) -> None:
        take_out(systems.kube, record.target.namespace, record.target.name, record.id)

    def undone(self, record: Record, systems: Systems) -> bool:
        return is_out(systems.kube, record.target.namespace, record.target.name, record.id)

    def _made(self, kube: Kube, secret: Document, chain: Chain, arguments: A, now: datetime) -> Chain:
        try:
            return self.damaged(chain, self.issuer(kube, chain, arguments), arguments, now)
        except (NoDamageError, ChainError) as error:
            raise RefusedError(
                f"the certificate in {called(secret)} cannot be replaced by this one: {error}"
            ) from error

    def _permissions(self, arguments: A) -> Iterator[Permission]:
        for verb in ("get", "create", "patch", "delete"):
            yield Permission(verb, "secrets", namespace=arguments.namespace)
        yield Permission("list", "pods", namespace=arguments.namespace)

    def _affected(self, kube: Kube, reading: list[Consumer]) -> tuple[Affected, ...]:
        pods = [Pod.from_document(consumer.pod) for consumer in reading]
        return affected_by(kube, [pod for pod in pods if pod.healthy]) if self.refuses_clients else ()

    def _warnings(self, arguments: A) -> Iterator[str]:
        """What is worth knowing of this fault."""
        del arguments
        return iter(())


class IssuedFault(CertificateFault[Issued]):
    """A damage that is signed by the present certificate's own issuer, where its key can be read."""

    def issuer(self, kube: Kube, present: Chain, arguments: Issued) -> Issuer | None:
        if not arguments.issuer_secret:
            return None
        namespace, name = _issuer_place(arguments)
        secret = find_secret(kube, namespace, name)
        if secret is None:
            raise RefusedError(f"issuer_secret: there is no Secret {namespace}/{name}")
        try:
            return read_issuer(decoded(secret, "tls.crt"), decoded(secret, "tls.key"), present)
        except ChainError as error:
            raise RefusedError(f"issuer_secret: {called(secret)} cannot sign: {error}") from error

    def _permissions(self, arguments: Issued) -> Iterator[Permission]:
        yield from super()._permissions(arguments)
        if arguments.issuer_secret:
            yield Permission("get", "secrets", namespace=_issuer_place(arguments)[0])

    def _warnings(self, arguments: Issued) -> Iterator[str]:
        if not arguments.issuer_secret:
            yield (
                "an authority that nobody trusts signs, because no issuer_secret is given: clients on OpenSSL name the "
                "unknown issuer first, clients in Go the date or the name"
            )


class Expired(IssuedFault[ExpiredArguments]):
    """Replace a TLS Secret's certificate by one that has expired."""

    arguments = ExpiredArguments

    def damaged(self, present: Chain, issuer: Issuer | None, arguments: ExpiredArguments, now: datetime) -> Chain:
        return damage.expired(present, issuer, now, arguments.hours_ago)


class NotYetValid(IssuedFault[NotYetValidArguments]):
    """Replace a TLS Secret's certificate by one that is not valid yet."""

    arguments = NotYetValidArguments

    def damaged(self, present: Chain, issuer: Issuer | None, arguments: NotYetValidArguments, now: datetime) -> Chain:
        return damage.not_yet_valid(present, issuer, now, arguments.in_hours)


class Expiring(IssuedFault[ExpiringArguments]):
    """Replace a TLS Secret's certificate by one that is good, and expires in some hours: who notices?"""

    arguments = ExpiringArguments
    refuses_clients = False

    def damaged(self, present: Chain, issuer: Issuer | None, arguments: ExpiringArguments, now: datetime) -> Chain:
        if issuer is None:
            raise NoDamageError(
                "until it expires it has to be trusted, so its own issuer must sign it: name the Secret with the "
                "authority's tls.crt and tls.key as issuer_secret"
            )
        return damage.expiring(present, issuer, now, arguments.in_hours)


class WrongName(IssuedFault[WrongNameArguments]):
    """Replace a TLS Secret's certificate by one for another name."""

    arguments = WrongNameArguments

    def damaged(self, present: Chain, issuer: Issuer | None, arguments: WrongNameArguments, now: datetime) -> Chain:
        del now
        return damage.wrong_name(present, issuer, arguments.name)


class UnknownCa(CertificateFault[SecretArguments]):
    """Replace a TLS Secret's certificate by one from an authority that no client knows."""

    arguments = SecretArguments

    def damaged(self, present: Chain, issuer: Issuer | None, arguments: SecretArguments, now: datetime) -> Chain:
        del issuer, arguments, now
        return damage.unknown_ca(present)


class BrokenChain(CertificateFault[SecretArguments]):
    """Take the intermediates out of a TLS Secret's chain; where it has none, issue it by one that is never sent."""

    arguments = SecretArguments

    def damaged(self, present: Chain, issuer: Issuer | None, arguments: SecretArguments, now: datetime) -> Chain:
        del issuer, arguments, now
        return damage.broken_chain(present)


def _present(kube: Kube, arguments: SecretArguments) -> Document:
    secret = find_secret(kube, arguments.namespace, arguments.secret)
    if secret is None:
        raise RefusedError(f"there is no Secret {arguments.namespace}/{arguments.secret} at {kube.place}")
    return secret


def _issuer_place(arguments: IssuedArguments) -> tuple[str, str]:
    namespace, _, name = arguments.issuer_secret.rpartition("/")
    return namespace or arguments.namespace, name


def _target(secret: Document, chain: Chain, arguments: SecretArguments) -> Target:
    """All of it is what the server shows to everybody."""
    details = {
        "entry": arguments.entry,
        "subject": chain.leaf.subject.rfc4514_string(),
        "not_after": chain.leaf.not_valid_after_utc.isoformat(),
        "fingerprint": chain.fingerprint,
    }
    return Target("secret", arguments.secret, arguments.namespace, secret["metadata"]["uid"], details)


def _warnings(secret: Document, reading: list[Consumer]) -> Iterator[str]:
    yield from (str(keeper) for keeper in keepers(secret))
    stores = [key for key in secret.get("data") or {} if key.endswith(_KEYSTORES)]
    if stores:
        yield f"{called(secret)} has keystores too ({', '.join(sorted(stores))}): whoever reads those sees no fault"
    if not reading:
        yield (
            f"no pod of the namespace mounts {called(secret)}: who reads it, such as an ingress controller elsewhere, "
            "and what the fault takes from whom, cannot be told from here"
        )
        return
    yield (
        "a change reaches mounted files within a kubelet's sync (about a minute, in the lab at once), and a server "
        "that does not look again serves the old certificate: probes.certs.reloaded tells, after fault and undo"
    )
    stale = sorted(consumer.name for consumer in reading if not consumer.follows)
    if stale:
        yield (
            f"{', '.join(stale)}: reads it as an environment variable or through subPath, which never change in a "
            "running pod; one that restarts during the fault keeps the bad certificate until it restarts again"
        )
