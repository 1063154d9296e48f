"""The model server: `python -m lab.workloads.llm`. The API server is this process, the engine core its child.

Environment: POD_IP (where to listen, port 8000), LLM_MODEL_NAME, and the engine's limits and pace as LLM_MAX_NUM_SEQS,
LLM_KV_BLOCKS, LLM_MAX_MODEL_LEN, LLM_STEP_SECONDS, LLM_STEP_SECONDS_PER_SEQUENCE, LLM_STEP_SECONDS_PER_PROMPT_TOKEN.
Exit codes: 0 after SIGTERM, 1 when the engine died, 2 when a setting cannot be used.
"""

import sys

from lab.workloads.http_metrics import new_registry
from lab.workloads.llm import MODEL_NAME
from lab.workloads.llm.api import LlmApi
from lab.workloads.llm.engine import StepCost
from lab.workloads.llm.engine_client import EngineDiedError, running_engine
from lab.workloads.llm.engine_core import EngineSettings
from lab.workloads.llm.metrics import LlmMetrics
from lab.workloads.llm.scheduler import EngineLimits
from lab.workloads.serving import Listener, Logger, listening, run_program, until_stopped
from lab.workloads.settings import SettingError, Settings

PORT = 8000
DRAIN_SECONDS = 1.2  # the pod's grace period is 2 s, on a machine that may be busy


def engine_settings(settings: Settings) -> EngineSettings:
    """The engine's limits and pace from the environment."""
    limits, cost = EngineLimits(), StepCost()
    try:
        return EngineSettings(
            limits=EngineLimits(
                max_num_seqs=settings.count("LLM_MAX_NUM_SEQS", limits.max_num_seqs, minimum=1),
                num_blocks=settings.count("LLM_KV_BLOCKS", limits.num_blocks, minimum=1),
                max_model_len=settings.count("LLM_MAX_MODEL_LEN", limits.max_model_len, minimum=2),
            ),
            cost=StepCost(
                base=settings.number("LLM_STEP_SECONDS", cost.base),
                per_sequence=settings.number("LLM_STEP_SECONDS_PER_SEQUENCE", cost.per_sequence),
                per_prefill_token=settings.number("LLM_STEP_SECONDS_PER_PROMPT_TOKEN", cost.per_prefill_token),
            ),
        )
    except ValueError as error:
        raise SettingError(f"LLM_KV_BLOCKS and LLM_MAX_MODEL_LEN do not fit together: {error}") from None


async def serve(settings: Settings, logger: Logger) -> None:
    """Serve until SIGTERM, or until the engine dies."""
    host = settings.text("POD_IP")
    model = settings.text("LLM_MODEL_NAME", MODEL_NAME)
    registry = new_registry()
    async with running_engine(engine_settings(settings), LlmMetrics(registry, model)) as engine:
        api = LlmApi(engine, model, engine.ready.max_model_len)
        async with listening([Listener(api.application(registry), host, PORT)], drain_seconds=DRAIN_SECONDS):
            logger.info(
                "serving",
                model=model,
                address=f"{host}:{PORT}",
                engine_pid=engine.pid,
                vocabulary=engine.ready.vocabulary,
                visible_devices=settings.optional("NVIDIA_VISIBLE_DEVICES"),
            )
            await until_stopped(engine.died())
            logger.info("draining")


async def program(settings: Settings, logger: Logger) -> None:
    try:
        await serve(settings, logger)
    except EngineDiedError as error:
        logger.critical("engine died", reason=str(error))
        sys.exit(1)


if __name__ == "__main__":
    run_program("llm", program)
