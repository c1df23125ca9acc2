"""The prompt files of a run: the shipped ones, a person's own before them, or those that a past run remembers."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from svit import resources
from svit.errors import SvitError
from svit.prompting.render import Template, numbered_prompt, says_number
from svit.run.verification import HOLE
from svit.tasks.base import Task


@dataclass(frozen=True)
class PromptFiles:
    """The prompt files of a run: some given as texts, by name, the others in the user's folder or ours."""

    folder: Path | None
    texts: Mapping[str, str]

    def text(self, name: str) -> tuple[str, str]:
        """Return the text of a file, and where it is from."""
        return (self.texts[name], name) if name in self.texts else resources.prompt_text(name, folder=self.folder)

    def template(self, task: Task) -> Template:
        """Return the task's own file."""
        text, path = self.text(f"{task.name}.txt")
        return Template(numbered_prompt(text, task.counted, task.dialogues), name=path)

    def check_number(self, task: Task) -> None:
        """Raise SvitError where the task's file asks for a number of its own, whatever the config says."""
        name = f"{task.name}.txt"
        text, path = self.text(name)
        if name not in self.texts and not says_number(text, task.counted):
            raise SvitError(
                f"{path}: the config asks for {task.dialogues} {task.counted}, and this file has no "
                f"{{{{{task.counted}}}}} that the number could go into. Write that where the number stands."
            )

    def repair(self) -> str:
        """Return the message that asks for a mended answer."""
        text, path = self.text("repair.txt")
        if text.count("{{flaws}}") != 1:
            raise SvitError(f"{path}: the text needs {{{{flaws}}}} once: where the flaws are told.")
        return text.strip()

    def flaws(self) -> Mapping[str, str]:
        """Return what a model is told of each flaw, by its code."""
        text, path = self.text("flaws.txt")
        told = {}
        for line in filter(str.strip, text.splitlines()):
            code, colon, words = line.partition(":")
            if not (code.strip() and colon and words.strip()):
                raise SvitError(f"{path}: '{line}' is no line 'code: what is wrong'.")
            told[code.strip()] = words.strip()
        return told

    def verify(self) -> str:
        """Return the text that asks for a second opinion."""
        text, path = self.text("verify.txt")
        if text.count(HOLE) != 1:
            raise SvitError(f"{path}: the text needs {HOLE} once: where the questions and answers are told.")
        return text.strip()

    def lead(self) -> str:
        """Return the sentences that lead the instructions in where the context comes first."""
        text, path = self.text("context_first.txt")
        if not text.strip():
            raise SvitError(f"{path}: the prompt file is empty.")
        if "{{" in text:
            raise SvitError(
                f"{path}: this text comes after the context, so there is no hole to fill. Leave out '{{{{'."
            )
        return text.strip()

    def questions(self, task: Task) -> tuple[str, ...]:
        """Return what the user's question is drawn from, one a line; nothing where the model writes the questions."""
        if not task.draws_question:
            return ()
        text, path = self.text(f"{task.name}.questions.txt")
        questions = tuple(line.strip() for line in text.splitlines() if line.strip())
        if not questions:
            raise SvitError(f"{path}: there is no question in it. Write one a line.")
        return questions
