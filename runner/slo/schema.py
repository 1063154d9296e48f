"""Writes slos/schema.json: `python -m runner.slo.schema`."""

from pathlib import Path

import slos
from slos.files.schema import schema_text

SCHEMA = Path(slos.__file__).parent / "schema.json"


def main() -> None:
    SCHEMA.write_text(schema_text(), encoding="utf-8")


if __name__ == "__main__":
    main()
