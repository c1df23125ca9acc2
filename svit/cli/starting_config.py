"""The config that `svit init` writes: the settings that a newcomer touches, each under what its schema says of it."""

import json
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_WIDTH = 78
_HEAD = """\
What svit asks, whom, and how often. A line that begins with '# name:' is a setting at an example value: take the '#'
away to set it. Every setting: svit config settings. Is it right? svit config check FILE"""
_OFTEN = {
    "reasoning_effort": "none",
    "max_cost": "5",
    "rpm": "500",
    "tpm": "200000",
    "in_flight": "64",
    "timeout": "600",
    "window": "128000",
    "attempts": "3",
    "seed": "0",
    "context_first": "true",
    "tasks": "{conversation: {max_tokens: 2000, temperature: 0.7}}",
    "verify": "ANOTHER_MODEL",
    "extra_body": "{chat_template_kwargs: {enable_thinking: false}}",
}
"""Settings that are written as comments, with an example value each, as YAML."""
_OF_THE_WRITER = ("seed", "attempts", "tasks")
"""Those of them that mean something to the offline writer."""


@dataclass(frozen=True)
class StartingConfig:
    """What a config begins with: who is asked, and the folder of prompts beside it."""

    provider: str
    model: str
    base_url: str
    key_env: str
    effort: str | None = None
    prompts: str = "prompts"

    def text(self, meanings: Mapping[str, str]) -> str:
        """Return the config as YAML; `meanings` are the settings' descriptions, by name."""
        purpose = "The offline writer" if self.provider == "offline" else self.model
        lines = [f"# {purpose}, with prompts of your own.", "#", *_comment(_HEAD.replace("\n", " ")), ""]
        for name, value, is_set in self._settings():
            lines += [*_comment(meanings[name]), f"{name}: {value}" if is_set else f"# {name}: {value}", ""]
        return "\n".join(lines)

    def _settings(self) -> Iterator[tuple[str, str, bool]]:
        """Yield the settings in the order of the file, whether each is set or only shown."""
        online = self.provider != "offline"
        yield "provider", self.provider, True
        yield "model", _scalar(self.model), True
        yield "base_url", _scalar(self.base_url), online
        yield "key_env", _scalar(self.key_env), online
        yield "prompts", _scalar(self.prompts), True
        for name, example in _OFTEN.items():
            if name == "reasoning_effort" and self.effort:
                yield name, self.effort, True
            elif online or name in _OF_THE_WRITER:
                yield name, example, False


def _comment(words: str) -> list[str]:
    return textwrap.wrap(words, _WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)


def _scalar(text: str) -> str:
    """Return a text as a scalar of YAML: as it is where that is read back as the same, otherwise in quotes."""
    import yaml

    try:
        plain = yaml.safe_load(f"a: {text}") == {"a": text}
    except yaml.YAMLError:
        plain = False
    return text if plain else json.dumps(text)
