"""`python -m lab.workloads.trainer`: one rank of the training job.

Ends with 0 when all steps are done, and with 143 on SIGTERM: a rank that is stopped has not completed its index, and
the Job must start it again.
"""

import os
import signal
import ssl
import sys
import threading
import time

from lab import logs
from lab.workloads.settings import SettingError, Settings
from lab.workloads.trainer.allreduce import StoppedError
from lab.workloads.trainer.coordination import Coordinator, Follower, Leader
from lab.workloads.trainer.exporter import Exporter
from lab.workloads.trainer.metrics import TrainerMetrics
from lab.workloads.trainer.objectstore import ObjectStore, trust
from lab.workloads.trainer.rank import Rank
from lab.workloads.trainer.settings import RankSettings

BAD_SETTINGS = 2
STOPPED = 128 + signal.SIGTERM
GRACE_SECONDS = 1.8


def stop_on_signals(stop: threading.Event) -> None:
    """Set `stop` on SIGTERM or SIGINT, and end the process when it has not ended itself within the grace period.

    A thread waits for the signals: a handler would run in the main thread, which may hold the lock of `stop` just then.
    """
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)

    def wait() -> None:
        signal.sigwait(signals)
        stop.set()
        time.sleep(GRACE_SECONDS)
        os._exit(STOPPED)

    threading.Thread(target=wait, name="signals", daemon=True).start()


def store_trust(settings: RankSettings) -> ssl.SSLContext | None:
    """Whom to trust as the store. Raises SettingError."""
    if settings.store_authority is None:
        return None
    try:
        return trust(settings.store_authority)
    except OSError as error:  # ssl.SSLError is one
        raise SettingError(f"no usable authority in {settings.store_authority}: {error}") from error


def main() -> int:
    log = logs.configure("trainer")
    try:
        settings = RankSettings.read(Settings())
        tls = store_trust(settings)
    except SettingError as error:
        log.critical("cannot start", reason=str(error))
        return BAD_SETTINGS
    log = log.bind(rank=settings.rank)
    stop = threading.Event()

    stop_on_signals(stop)
    metrics = TrainerMetrics(settings.job, settings.rank, settings.checkpoint_interval, leads=settings.rank == 0)
    metrics.world_size.set(settings.world_size)
    metrics.up_ranks.set(1)
    Exporter(settings.pod_ip, settings.metrics_port, metrics.exposition).start()

    def new_store() -> ObjectStore:
        return ObjectStore(settings.store_url, settings.store_timeout, tls)

    try:
        part = Leader if settings.rank == 0 else Follower
        coordinator: Coordinator = part(settings, metrics, stop, new_store, log)
    except StoppedError:
        return STOPPED
    is_done = Rank(settings, coordinator, metrics, stop, log).run()
    log.info("all steps done" if is_done else "stopped")
    return 0 if is_done else STOPPED


if __name__ == "__main__":
    sys.exit(main())
