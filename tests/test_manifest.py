"""run.json as a record: its form has a version, and what an older or a newer svit wrote is read or refused."""

from pathlib import Path

import orjson
import pytest

from run_json import summary_of
from svit.errors import DataError
from svit.run.folder import RunFolder
from svit.run.manifest import FORMAT, Contexts, RunManifest, TaskCounts

WHOLE = RunManifest(
    svit="0.1.0",
    config={"provider": "offline", "verify": {"model": "gpt-6-luna"}},
    contexts=Contexts("contexts.db", "d", 8, "the bundled sample of svit"),
    limit=8,
    prompts={"referring": "v"},
    finished=True,
    dollars=0.5,
    tasks={"referring": TaskCounts(8, 7, {"wrong_count": 1})},
    stop={"exit": 3, "words": "The ceiling."},
)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.write_manifest(WHOLE)
    assert folder.manifest() == WHOLE
    assert (summary_of(folder)["format"], folder.manifest().verifier) == (FORMAT, "gpt-6-luna")
    assert folder.summary.read_bytes().count(b"\n") > 10, "a person reads it too"


def test_a_run_without_a_version_is_of_the_first_form(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.write_manifest(WHOLE)
    folder.summary.write_bytes(
        orjson.dumps({key: value for key, value in summary_of(folder).items() if key != "format"})
    )
    assert folder.manifest() == WHOLE


@pytest.mark.parametrize("whole", [True, False])
def test_a_run_of_a_newer_form_is_refused_in_a_sentence(tmp_path: Path, whole: bool) -> None:
    folder = RunFolder(tmp_path)
    folder.write_manifest(WHOLE)
    folder.summary.write_bytes(orjson.dumps({**summary_of(folder), "format": FORMAT + 1}))
    with pytest.raises(DataError, match=r"a newer svit made this run, in form 2 of run\.json"):
        folder.manifest(whole=whole)


@pytest.mark.parametrize("key", ["config", "contexts", "prompts"])
def test_what_every_svit_writes_must_be_there_to_go_on(tmp_path: Path, key: str) -> None:
    folder = RunFolder(tmp_path)
    folder.write_manifest(WHOLE)
    folder.summary.write_bytes(orjson.dumps({name: value for name, value in summary_of(folder).items() if name != key}))
    with pytest.raises(DataError, match="another svit than this one wrote it"):
        folder.manifest()
    assert folder.manifest(whole=False).svit == "0.1.0"
