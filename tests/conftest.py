"""What all tests share: the folder of real annotations, and the promise that it is used where it is there."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import settings

from svit.contexts.sources.visual_genome import VisualGenome
from svit.contexts.store import ContextStore, build_store
from svit.records import ImageContext
from svit.resources import SAMPLE

settings.register_profile("svit", deadline=None)  # tests assert behaviour, never times
settings.load_profile("svit")
REAL = Path(os.environ.get("SVIT_REAL", Path(__file__).parents[2] / "shared" / "real"))
_ran: list[str] = []
_skipped: list[str] = []


@pytest.fixture(scope="session", autouse=True)
def _no_ledger_of_a_person(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What tests spend is not on the ledger of whoever runs them."""
    os.environ["SVIT_LEDGER"] = str(tmp_path_factory.mktemp("state") / "ledger.db")


@pytest.fixture
def real() -> Path:
    """The folder of real Visual Genome and COCO records; the test is skipped where there is none."""
    if not REAL.is_dir():
        pytest.skip("no real annotations: set SVIT_REAL")
    return REAL


@pytest.fixture(scope="session")
def sample_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled sample as a store."""
    path = tmp_path_factory.mktemp("sample") / "sample.contexts"
    with VisualGenome([SAMPLE], captions=[SAMPLE / "captions.json"]) as source:
        build_store(path, source, origin="the bundled sample")
    return path


@pytest.fixture(scope="session")
def sample(sample_store: Path) -> dict[int, ImageContext]:
    """The contexts of the bundled sample, by image id."""
    with ContextStore(sample_store) as store:
        return {int(context.image_id): context for context in store}


@pytest.fixture(scope="session")
def distinct(sample: dict[int, ImageContext], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of 60 images whose prompts all differ."""
    path = tmp_path_factory.mktemp("distinct") / "distinct.contexts"

    def contexts() -> Iterator[ImageContext]:
        for n in range(60):
            context = sample[n % 8 + 1]
            yield msgspec.structs.replace(context, image_id=n, captions=(*context.captions, f"A photo numbered {n}."))

    build_store(path, contexts(), origin="distinct")
    return path


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-golden", action="store_true", help="write the golden files anew instead of comparing")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with the golden file of this name; `pytest --write-golden` writes it anew."""
    folder = Path(__file__).parent / "golden"

    def compare(name: str, text: str) -> None:
        if request.config.getoption("--write-golden"):
            (folder / name).write_text(text, encoding="utf-8")
        assert text == (folder / name).read_text(encoding="utf-8"), f"{name} differs from its golden file"

    return compare


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if "real" not in report.keywords:
        return
    if report.skipped:
        _skipped.append(report.nodeid)
    elif report.when == "call":
        _ran.append(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI, where the real annotations are there, tests that skipped them or never ran are a failure."""
    controller = "PYTEST_XDIST_WORKER" not in os.environ
    if os.environ.get("CI") and controller and REAL.is_dir() and (_skipped or not _ran):
        sys.stderr.write(f"\n{REAL} is there, but {len(_skipped)} real tests were skipped and {len(_ran)} ran.\n")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
