"""Logs of the lab's processes: logfmt on standard error.

The lab's modules take `structlog` from here. Where rich is installed, structlog imports it for pretty tracebacks that
no process of the lab prints; two dozen processes would each pay 80 ms and 5 MB for it, so it is hidden meanwhile.
"""

import importlib
import logging
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import structlog
elif "rich" in sys.modules:
    structlog = importlib.import_module("structlog")
else:
    sys.modules["rich"] = None
    try:
        structlog = importlib.import_module("structlog")
    finally:
        del sys.modules["rich"]

__all__ = ["configure", "structlog"]


def configure(component: str, level: int = logging.INFO) -> structlog.stdlib.BoundLogger:
    """Set up logging for this process and give the logger of `component`.

    The standard library's loggers (uvicorn, aiohttp) go through the same renderer.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        structlog.processors.format_exc_info,
    ]
    renderer = structlog.processors.LogfmtRenderer(key_order=["ts", "level", "component", "msg"], drop_missing=True)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.EventRenamer("msg"),
                renderer,
            ],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(component)
    return logger.bind(component=component)
