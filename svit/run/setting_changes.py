"""What a command would change of a run that is there: its settings beside those that the run was last made with."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from svit.contexts.store import ContextStore
from svit.run.attempts import Job
from svit.run.journal import Journal

_CHANGES_NO_TEXT = frozenset(
    {
        *("in_flight", "rpm", "tpm", "timeout", "max_wait"),
        *("max_cost", "max_cost_per_month", "prices"),
        *("key_env", "key_file", "base_url_left_out", "proxy"),
        "prompts",
    }
)
"""Settings that no sample follows from: how fast is asked, and who pays. The folder of prompts is told by its files."""
_LONGEST = 60
"""Characters of a value that is shown."""
_LOOKED_AT = 200
"""Images that are looked at to tell how many answers are asked for again: about a second."""

Settings = Mapping[str, object]
"""A config as run.json holds it."""


class SettingChange(NamedTuple):
    """A setting that is another one now; None is a setting that is not there."""

    key: str
    before: object
    after: object

    def __str__(self) -> str:
        """Return the change in words."""
        if "extra_" in self.key:  # a header may be a key
            return f"{self.key} changed"
        return f"{self.key} {_shown(self.before)} -> {_shown(self.after)}"


class ChangeConsequences(NamedTuple):
    """What follows for a run: `shards` that are made again, and how many `answers` are asked for again, or about."""

    shards: int
    answers: int
    about: bool = False

    def __str__(self) -> str:
        """Return it as the end of a sentence."""
        shards = "no shard is" if not self.shards else _are(self.shards, "shard")
        answers = f", and {'about ' * self.about}{_are(self.answers, 'answer')} asked for again" if self.answers else ""
        return f"{shards} made again{answers}"


def _are(count: int, noun: str) -> str:
    return f"{count:,} {noun}{' is' if count == 1 else 's are'}"


def is_answered(journal: Journal) -> bool:
    """Whether the run has a reply, or a shard."""
    return bool(journal.read("SELECT 1 FROM replies UNION ALL SELECT 1 FROM shards LIMIT 1"))


def switch(before: Settings, after: Settings, *, answered: bool) -> str:
    """Return in words how another would write what a run's samples come from; empty when it is the same.

    `answered` says that the run has answers. Before the first one a model may still be corrected.
    """
    told = {**after, **before}
    is_other = told["provider"] != after["provider"] or (answered and told["model"] != after["model"])
    return f"was made with {_writer(told)}; this command would go on with {_writer(after)}" if is_other else ""


def _writer(settings: Settings) -> str:
    return "the offline writer" if settings["provider"] == "offline" else f"the model {settings['model']}"


def changes(before: Settings, after: Settings) -> list[SettingChange]:
    """Return the settings that samples follow from and that differ. A second opinion that is added is no change."""
    old, new = dict(_leaves({**after, "verify": None, **before})), dict(_leaves(after))
    if before.get("verify") and not after.get("verify"):
        old = {key: value for key, value in old.items() if not key.startswith("verify.") or key == "verify.model"}
    elif not before.get("verify"):
        new = {key: value for key, value in new.items() if not key.startswith("verify.")}
    keys = sorted({*old, *new} - _CHANGES_NO_TEXT)
    return [SettingChange(key, old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key)]


def _leaves(settings: Settings, above: str = "") -> Iterator[tuple[str, object]]:
    """Yield the settings that are set, those within others by their path: tasks.referring.temperature."""
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{above}{key}.")
        elif value is not None:
            yield above + key, value


def changed_files(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return the prompt files, by name, of which the run used another version before."""
    return sorted(name for name, version in after.items() if before.get(name, version) != version)


def consequences(jobs: Sequence[Job], contexts: ContextStore, journal: Journal) -> ChangeConsequences:
    """Return what is made and asked for again when these jobs go on with the run of this journal."""
    recipes = {job.task.name: job.fingerprint(contexts.digest) for job in jobs}
    stale = [shard for shard in journal.shards() if recipes.get(shard.task, shard.recipe) != shard.recipe]
    images = [image for (image,) in journal.read("SELECT DISTINCT image_id FROM requests ORDER BY image_id")]
    drawn = images[:: max(1, len(images) // _LOOKED_AT)]
    again = 0
    for image in drawn:
        asked: dict[str, set[str]] = {}
        for each in journal.history(image):
            asked.setdefault(each.task, set()).add(each.prompt_id)
        context = contexts.find(image) if asked else None
        for job in jobs if context else ():
            known = asked.get(job.task.name)
            again += bool(known and context and job.task.prompt(context, job.recipe).id not in known)
    share = len(images) / max(1, len(drawn))
    return ChangeConsequences(len(stale), round(again * share), about=share > 1)


def _shown(value: object) -> str:
    """Return a value as a line of talk may have it: an address without what it may hold of a user."""
    text = "none" if value is None else str(value)
    if "://" in text:
        address = urlsplit(text)
        text = f"{address.scheme}://{address.netloc.rpartition('@')[2]}{address.path}"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
