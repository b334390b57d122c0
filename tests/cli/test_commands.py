"""Every command as people call it: arguments, files and standard input against output and exit code."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

CASES = Path(__file__).parent.parent / "cases" / "cli"
COMMANDS = yaml.safe_load((CASES / "commands.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", COMMANDS, ids=[case["name"] for case in COMMANDS])
def test_command(case: dict[str, Any], run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A case of commands.yaml; what it does not speak of is free, and an error is one line."""
    known = {"name", "argv", "stdin", "files", "template", "code", "json"}
    assert set(case) <= known | {"stdout", "stderr", "stdout_has", "stderr_has"}, "no such key"
    monkeypatch.chdir(tmp_path)
    for name, content in case.get("files", {}).items():
        Path(name).write_text(content, encoding="utf-8")
    if "template" in case:
        shutil.copy(CASES / "templates" / f"{case['template']}.yaml", tmp_path)
    ran = run(*case["argv"], stdin=case.get("stdin", ""))
    assert ran.code == case["code"], ran
    for stream, text in (("stdout", ran.out), ("stderr", ran.err)):
        if stream in case:
            assert text == case[stream]
        for part in case.get(f"{stream}_has", ()):
            assert part in text
    if "json" in case:
        assert json.loads(ran.out) == case["json"]
    assert "Traceback" not in ran.err
    if ran.err.startswith("eventbridge-local: "):
        assert ran.err.count("\n") == 1


def test_names_of_cases_are_unique() -> None:
    """A name that is there twice hides a case."""
    names = [case["name"] for case in COMMANDS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("command", ["match", "explain", "route", "lint", "next", "replay", "serve"])
def test_help_has_an_example_and_the_exit_codes(command: str, run: Any) -> None:
    """The help of each command can be copied from."""
    ran = run(command, "--help")
    assert ran.code == 0
    assert f"example:\n  eventbridge-local {command} " in ran.out
    assert "Exit codes: 0 " in ran.out


@pytest.mark.parametrize(
    "start", ["-m eventbridge_local", "-c import\tsys;from\teventbridge_local.cli\timport\tmain;sys.exit(main())"]
)
def test_as_a_process(start: str) -> None:
    """``python -m eventbridge_local`` and the script: exit code, output, standard input."""
    command = [sys.executable, *start.replace("\t", " ").split(" ", 1), "match", '{"a": [1]}', "-"]
    ran = subprocess.run(command, input='{"a": 2}', capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (1, "no match\n", "")


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
@pytest.mark.parametrize("as_json", [False, True])
def test_any_encoding_of_the_output(encoding: str, as_json: bool) -> None:
    """What the encoding does not have, as in a pipe on Windows, is spelled as an escape; JSON stays JSON."""
    text = "caf\u00e9 \u4ef7 \U0001f600"
    options = ["--json"] if as_json else []
    arguments = [*options, json.dumps({"a": [text]}, ensure_ascii=True), json.dumps({"a": "x"})]
    ran = subprocess.run(
        [sys.executable, "-m", "eventbridge_local", "explain", *arguments],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (1, b"")
    if as_json:
        assert text in json.dumps(json.loads(ran.stdout), ensure_ascii=False)
    else:
        spelled = text.encode(encoding, "backslashreplace").decode(encoding)
        assert spelled in ran.stdout.decode(encoding)


def test_match_brings_no_botocore() -> None:
    """Commands on patterns and schedules start quickly: what they do not need is not imported."""
    code = (
        "import sys; from eventbridge_local.cli import main; "
        """main(["match", '{"a": [1]}', '{"a": 1}']); main(["next", "rate(1 day)"]); """
        "print([name for name in ('botocore', 'yaml', 'jsonschema', 'http.server') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"


def test_output_that_nobody_reads() -> None:
    """``| head`` closes the pipe; that is no traceback."""
    code = (
        "import sys; from eventbridge_local.cli import main; sys.exit(main(['next', 'rate(1 day)', '--count', '9999']))"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
