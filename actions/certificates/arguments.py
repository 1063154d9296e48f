"""What the actions on certificates are told by an experiment."""

from typing import Annotated, Literal

from pydantic import Field

from actions.fault import Arguments

_NAME = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"
_TEN_YEARS_HOURS = 87_600.0


class SecretArguments(Arguments):
    """Which Secret's certificate is replaced."""

    namespace: Annotated[str, Field(pattern=_NAME, max_length=63, description="Namespace of the Secret.")]
    secret: Annotated[str, Field(pattern=_NAME, max_length=253, description="Name of the Secret.")]
    entry: Annotated[
        str,
        Field(
            pattern=r"^[-._a-zA-Z0-9]+$",
            max_length=253,
            description="Key of the Secret that holds the PEM certificates.",
        ),
    ] = "tls.crt"
    managed: Annotated[
        Literal["refuse", "allow"],
        Field(
            description="What to do with a Secret that a controller keeps (cert-manager, External Secrets, Argo CD) "
            "and may put right, or issue anew, while the fault is in."
        ),
    ] = "refuse"


class IssuedArguments(SecretArguments):
    """A certificate that differs from the present one, and is signed by its issuer where that can be had."""

    issuer_secret: Annotated[
        str,
        Field(
            pattern=r"^$|^([a-z0-9][-a-z0-9]*/)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$",
            description="Secret with the issuing authority's tls.crt and tls.key: NAME, or NAMESPACE/NAME. Without it "
            "an authority that no client trusts signs.",
        ),
    ] = ""


class ExpiredArguments(IssuedArguments):
    """A certificate whose time is over."""

    hours_ago: Annotated[float, Field(gt=0, le=_TEN_YEARS_HOURS, description="How long ago it expired, in hours.")] = (
        1.0
    )


class NotYetValidArguments(IssuedArguments):
    """A certificate whose time has not come."""

    in_hours: Annotated[float, Field(gt=0, le=_TEN_YEARS_HOURS, description="When it becomes valid, in hours.")] = 24.0


class ExpiringArguments(IssuedArguments):
    """A certificate that is still good, and soon is not."""

    in_hours: Annotated[float, Field(gt=0, le=_TEN_YEARS_HOURS, description="When it expires, in hours.")]


class WrongNameArguments(IssuedArguments):
    """A certificate for somebody else."""

    name: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?$",
            max_length=64,
            description="The only name that the certificate is for.",
        ),
    ] = "wrong-name.mlchaos.invalid"
