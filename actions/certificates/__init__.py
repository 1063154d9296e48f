"""Certificates that clients refuse, or soon will: a TLS Secret's chain is replaced, and put back from a backup.

`issuing` and `damage` make the certificates, `swap` puts them into the Secret and takes them out again, `fault` is what
plan, guard and ledger see of it.
"""

from actions.certificates.fault import BrokenChain, Expired, Expiring, NotYetValid, UnknownCa, WrongName
from actions.fault import register

expired = register("certificates.expired", Expired())
not_yet_valid = register("certificates.not_yet_valid", NotYetValid())
expiring = register("certificates.expiring", Expiring())
wrong_name = register("certificates.wrong_name", WrongName())
unknown_ca = register("certificates.unknown_ca", UnknownCa())
broken_chain = register("certificates.broken_chain", BrokenChain())
