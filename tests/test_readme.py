"""The Python on the pages is run as a reader would run it: copied into a test file, and given to pytest."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from page_code import copy_page

from eventbridge_local.server import serve

ROOT = Path(__file__).parent.parent
PAGES = [
    "README.md",
    "docs/index.md",
    "docs/tutorial.md",
    "docs/recipes.md",
    "docs/regions.md",
    "docs/threads-and-asyncio.md",
    "docs/moto.md",
    "docs/other-languages.md",
    "docs/typing.md",
    "docs/samples.md",
    "docs/contracts.md",
    "docs/failures.md",
    "docs/moving-from-moto.md",
    "docs/upgrading.md",
]


def run_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a folder, with no other plugin than ours: others shuffle tests and add lines of their own."""
    plugins = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "eventbridge_local.pytest_plugin"}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    # The code of pages makes clients when it is imported, outside of mocks, and these look for credentials.
    environment["AWS_EC2_METADATA_DISABLED"] = "true"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment | plugins, capture_output=True, text=True, check=False, timeout=600
    )


@pytest.mark.parametrize("page", PAGES)
def test_code_of_the_page_runs(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(variable, raising=False)
    run = run_pytest(tmp_path, "-q", "--strict-markers", copy_page(page, tmp_path).name)
    assert run.returncode == 0, f"{page}\n{run.stdout}\n{run.stderr}"


def test_the_program_in_javascript_runs(tmp_path: Path) -> None:
    """With the SDK that ``EVENTBRIDGE_LOCAL_NODE_MODULES`` has, a folder that npm has installed it into."""
    modules, node = os.environ.get("EVENTBRIDGE_LOCAL_NODE_MODULES"), shutil.which("node")
    if modules is None or node is None:
        pytest.skip("needs node and EVENTBRIDGE_LOCAL_NODE_MODULES")
    copy_page("docs/other-languages.md", tmp_path)
    (tmp_path / "node_modules").symlink_to(modules)
    with serve() as url:
        environment = {**os.environ, "AWS_ENDPOINT_URL_EVENTBRIDGE": url}
        command = [node, "sell.mjs"]
        ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert ran.stdout == "0\n", ran.stderr


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", *sorted(str(p.relative_to(ROOT)) for p in (ROOT / "docs").glob("*.md"))]
)
def test_links_lead_somewhere(page: str) -> None:
    path = ROOT / page
    targets = re.findall(r"\]\(([^)#\s]+)", path.read_text(encoding="utf-8"))
    missing = [target for target in targets if "://" not in target and not (path.parent / target).exists()]
    assert not missing
