"""Lets cyclonedx-python-lib, from PyPI, judge bills of materials:

    tests/packages/bill/schema.py BILL.json…

Each follows the schema of CycloneDX 1.5, can be read by the library, and has
license expressions that SPDX knows. Exit status 1 if one does not.
"""

import json
import pathlib
import sys

from cyclonedx.model.bom import Bom
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from license_expression import get_spdx_licensing

SPDX = get_spdx_licensing()


def problems(text):
    """What is wrong with a bill; nothing of it is read if the schema refuses it."""
    refused = JsonStrictValidator(SchemaVersion.V1_5).validate_str(text)
    if refused:
        yield refused
        return
    bom = Bom.from_json(json.loads(text))
    # Each dependency is a part of the bill.
    bom.validate()
    for part in bom.components:
        for one in part.licenses:
            yield from SPDX.validate(one.value, strict=True).errors


def main(paths):
    found = False
    for path in paths:
        for problem in problems(pathlib.Path(path).read_text(encoding="utf-8")):
            print(f"{path}: {problem}")
            found = True
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
