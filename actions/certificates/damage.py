"""The damaged chains, each from the present one, the issuing authority where it is known, and the time. Pure.

Without the issuer a stand-in signs, whom nobody trusts. Clients that build the chain before they look at the dates
(OpenSSL) then name the issuer, those that look at the leaf first (Go) name the date or the name.
"""

from datetime import datetime, timedelta

from cryptography import x509

from actions.certificates.chain import Chain
from actions.certificates.issuing import Issuer, Request, for_name, reissue, same_as, stand_in

LONGEST_LIFETIME = timedelta(days=3650)
"""Of a certificate whose time is moved: those that never expire would leave the calendar."""
MISSING_SUFFIX = " (never sent, by mlchaos)"


class NoDamageError(ValueError):
    """The present certificate is what the fault would make of it, or worse: why."""


def expired(present: Chain, issuer: Issuer | None, now: datetime, hours_ago: float) -> Chain:
    """The present certificate as it would be `hours_ago` after its end: its whole lifetime lies in the past."""
    not_after = _whole_seconds(now) - timedelta(hours=hours_ago)
    return _signed(present, issuer, Request(not_after - _lifetime(present), not_after, present.leaf.subject))


def not_yet_valid(present: Chain, issuer: Issuer | None, now: datetime, in_hours: float) -> Chain:
    """The present certificate with its whole lifetime in the future, from `in_hours` on."""
    not_before = _whole_seconds(now) + timedelta(hours=in_hours)
    return _signed(present, issuer, Request(not_before, not_before + _lifetime(present), present.leaf.subject))


def expiring(present: Chain, issuer: Issuer | None, now: datetime, in_hours: float) -> Chain:
    """The present certificate with its end moved to `in_hours` from now. Raises NoDamageError where it ends before."""
    not_after = _whole_seconds(now) + timedelta(hours=in_hours)
    if present.leaf.not_valid_after_utc <= not_after:
        raise NoDamageError(
            f"it expires at {present.leaf.not_valid_after_utc.isoformat()} anyway, which is before that"
        )
    return _signed(present, issuer, Request(present.leaf.not_valid_before_utc, not_after, present.leaf.subject))


def wrong_name(present: Chain, issuer: Issuer | None, name: str) -> Chain:
    """The present certificate for another name. Raises NoDamageError where it is for that one."""
    if _is_for(present.leaf, name.lower()):
        raise NoDamageError(f"it is for {name}: take a name that it is not for")
    return _signed(present, issuer, for_name(same_as(present.leaf), name))


def unknown_ca(present: Chain) -> Chain:
    """The present certificate from an authority that no client knows, which is sent along."""
    issuer = stand_in(present.leaf)
    return Chain(reissue(present.leaf, issuer, same_as(present.leaf)), (issuer.certificate,))


def broken_chain(present: Chain) -> Chain:
    """The server's own certificate without its intermediates; where it has none, issued by one that is never sent."""
    if any(one.issuer != one.subject for one in present.rest):
        return Chain(present.leaf)
    missing = stand_in(present.leaf, suffix=MISSING_SUFFIX)
    return Chain(reissue(present.leaf, missing, same_as(present.leaf)))


def _signed(present: Chain, issuer: Issuer | None, request: Request) -> Chain:
    """By the issuer, with the intermediates that were there; a stand-in has none."""
    if issuer is None:
        return Chain(reissue(present.leaf, stand_in(present.leaf), request))
    return Chain(reissue(present.leaf, issuer, request), present.rest)


def _lifetime(present: Chain) -> timedelta:
    return min(present.leaf.not_valid_after_utc - present.leaf.not_valid_before_utc, LONGEST_LIFETIME)


def _whole_seconds(when: datetime) -> datetime:
    return when.replace(microsecond=0)


def _is_for(certificate: x509.Certificate, name: str) -> bool:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    if name in {str(address) for address in names.get_values_for_type(x509.IPAddress)}:
        return True
    wildcard = f"*.{name.partition('.')[2]}"
    return bool({name, wildcard} & {one.lower() for one in names.get_values_for_type(x509.DNSName)})
