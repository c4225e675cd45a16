"""Feeds the reader of mail with what atheris thinks up, starting from the corpus.

    python tests/fuzz/fuzz_parse.py -max_total_time=60 [CORPUS_DIRECTORY]

Needs atheris, which is no dependency of the project. A finding is a message that is reported as `unparsed`, whose
JSON is no UTF-8, or that takes libFuzzer's time limit.
"""

import json
import sys

import atheris

with atheris.instrument_imports():
    from mailtickets.mail.read.parse import as_json, parse


def read_one(raw: bytes) -> None:
    mail = parse(raw)
    json.dumps(as_json(mail, "fuzz"), ensure_ascii=False).encode("utf-8")
    if "unparsed" in mail.defects:
        raise RuntimeError(mail.defects[1])


if __name__ == "__main__":
    atheris.Setup(sys.argv, read_one)
    atheris.Fuzz()
