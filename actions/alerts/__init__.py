"""Faults of the alert path: what keeps a page from being sent while everything else works."""

from actions.alerts.silence import Silence
from actions.fault import register

silence = register("alerts.silence", Silence())
