"""Faults to plant in a clean text: each function returns the completion with one; None where it has no place.

A fault is what its words say whatever the judge thinks: an empty answer is empty, and a box of another thing is one of
a thing whose annotators gave it no word of the mention's.
"""

import re
from collections.abc import Callable
from random import Random

from benchmarks.judging.texts import Case, written
from svit.records import Completion, Dialogue, Turn

Plant = Callable[[Case, Random], Completion | None]

REFUSALS = (
    "I'm sorry, but I can't help with that.",
    "I cannot assist with this request.",
    "As an AI language model, I don't form opinions on people in photos.",
    "Unfortunately, I am unable to view the image.",
    "I apologize, but I am not able to answer that.",
    "I'm unable to see the picture that this is about.",
)
EMPTY = (
    "Your message is empty.",
    "It seems that your message is blank.",
    "No captions were provided.",
    "Please provide the captions and the objects of the image.",
    "You haven't provided any description yet.",
    "Could you please share the image details?",
    "It looks like no image was given.",
)
SOURCES = (
    "Based on the captions, this is so.",
    "According to the provided descriptions, this is certain.",
    "The captions mention it.",
    "This follows from the bounding boxes.",
    "The given information says so.",
    "It is mentioned in the image description.",
    "The region descriptions point to it.",
    "As the description states, this is the case.",
    "The context provided supports this.",
    "It is not explicitly mentioned in the captions.",
)
TOKENS = ("<image>", "<|im_start|>", "</s>", "[INST]", "<|endoftext|>", "<bbox>", "<pad>", "<|vision_start|>")
FOREIGN = (
    "Der Hund liegt unter dem Tisch und schläft, weil es draußen sehr heiß ist.",
    "Le chien dort sous la table, car il fait très chaud dans le jardin.",
    "El perro está debajo de la mesa y duerme, porque hace mucho calor en el jardín.",
    "Il cane dorme sotto il tavolo, perché nel giardino fa molto caldo oggi.",
    "O cachorro dorme debaixo da mesa, porque no jardim está muito quente hoje.",
    "De hond slaapt onder de tafel, omdat het in de tuin heel warm is.",
    "Pies śpi pod stołem, ponieważ na zewnątrz jest dzisiaj bardzo gorąco i sucho.",
    "Köpek masanın altında uyuyor, çünkü bugün bahçede hava çok sıcak ve hiç rüzgar yok.",
    "Собака спит под столом, потому что в саду сегодня очень жарко.",
    "狗在桌子下面睡觉,因为今天花园里非常热,没有风。",
    "犬はテーブルの下で眠っています。今日は庭がとても暑いからです。",
    "개는 탁자 아래에서 자고 있습니다. 오늘은 정원이 매우 덥기 때문입니다.",
    "الكلب نائم تحت الطاولة لأن الجو حار جدا في الحديقة اليوم",
    "कुत्ता मेज के नीचे सो रहा है क्योंकि आज बगीचे में बहुत गर्मी है",
)
_RESTATED = re.compile(r"(?:what|where|why|who) (?:is|are|was|were) ((?:\S+ ){2,}\S+)\?", re.IGNORECASE)
_FIRST_SENTENCE = re.compile(r"(?:[^.!?\[]|\[[^\]]*\]|[.!?](?! ))+[.!?]?")


def changed(case: Case, number: int, change: Callable[[Turn], Turn]) -> tuple[Dialogue, ...]:
    """Return the dialogues with the turn of this number changed."""
    left = number
    dialogues = []
    for dialogue in case.dialogues:
        turns = list(dialogue.turns)
        if 0 <= left < len(turns):
            turns[left] = change(turns[left])
        left -= len(turns)
        dialogues.append(Dialogue(tuple(turns), dialogue.topic))
    return tuple(dialogues)


def turns_of(case: Case) -> list[Turn]:
    """Return all turns in their order."""
    return [turn for dialogue in case.dialogues for turn in dialogue.turns]


def any_turn(case: Case, rng: Random) -> int:
    """Return the number of a turn."""
    return rng.randrange(len(turns_of(case)))


def with_answer(case: Case, rng: Random, change: Callable[[str], str]) -> Completion:
    """Return the completion with an answer changed."""
    return case.said(changed(case, any_turn(case, rng), lambda turn: Turn(turn.question, change(turn.answer))))


def truncated(case: Case, rng: Random) -> Completion:
    """The text stops at the limit of tokens."""
    text = written(case.task, case.dialogues)
    return Completion(text[: rng.randrange(len(text) // 4, len(text))], "length", "m")


def refusal(case: Case, rng: Random) -> Completion:
    """An answer declines."""
    return with_answer(case, rng, lambda _: rng.choice(REFUSALS))


def answers_empty_message(case: Case, rng: Random) -> Completion:
    """An answer asks for what it should have been told."""
    return with_answer(case, rng, lambda _: rng.choice(EMPTY))


def unparsable(case: Case, rng: Random) -> Completion:
    """A label is lost; a description comes in turns."""
    text = written(case.task, case.dialogues)
    if case.task.draws_question:
        return Completion(f"Question: What is it?\nAnswer: {text}", "stop", "m")
    labels = list(re.finditer(r"\n(?:Answer|GPT): ", text))
    lost = rng.choice(labels)
    return Completion(f"{text[: lost.start()]} {text[lost.end() :]}", "stop", "m")


def wrong_count(case: Case, rng: Random) -> Completion | None:
    """A pair or a conversation is missing, or there is one too many."""
    if case.task.draws_question or len(case.dialogues) < 2:
        return None
    if rng.random() < 0.5:
        return case.said(case.dialogues[:-1])
    more = tuple(Turn(f"And what else, number {n}?", f"Nothing more, {n} times.") for n in range(5))
    return case.said(
        (*case.dialogues, Dialogue(more if case.dialogues[0].topic else more[:1], case.dialogues[0].topic))
    )


def empty_turn(case: Case, rng: Random) -> Completion | None:
    """An answer is nothing but marks."""
    return None if case.task.draws_question else with_answer(case, rng, lambda _: rng.choice(("**", "``````", "****")))


def too_short(case: Case, rng: Random) -> Completion | None:
    """A question of three characters; a description of a sentence."""
    if case.task.draws_question:
        first = _FIRST_SENTENCE.match(case.dialogues[0].turns[0].answer)
        short = " ".join((first[0] if first else "").split()[:25])
        return case.said(changed(case, 0, lambda turn: Turn(turn.question, short)))
    question = rng.choice(("Hm?", "Q?", "Eh?", "It?"))
    return case.said(changed(case, any_turn(case, rng), lambda turn: Turn(question, turn.answer)))


def too_long(case: Case, rng: Random) -> Completion | None:
    """An answer of a conversation is an essay."""
    if case.task.name != "conversation":
        return None
    essay = " ".join(f"Aspect {n} of it deserves {n + 3} more words than anybody has time for." for n in range(20))
    return with_answer(case, rng, lambda answer: f"{answer} {essay}")


def names_source(case: Case, rng: Random) -> Completion:
    """A sentence tells of what was handed over."""
    return with_answer(case, rng, lambda answer: f"{answer} {rng.choice(SOURCES)}")


def special_token(case: Case, rng: Random) -> Completion:
    """A mark that a trainer takes for its own."""
    return with_answer(case, rng, lambda answer: f"{answer} {rng.choice(TOKENS)} It ends here.")


def leaks_coordinates(case: Case, rng: Random) -> Completion | None:
    """A box or a point stands in a text that has none."""
    if case.task.name == "referring" or not case.context.objects:
        return None
    box = rng.choice(case.context.objects).box
    x, y = box.center
    where = rng.choice((f"at {box}", f"at ({x:.3f}, {y:.3f})", f"at {box.x1:.2f}, {box.y1:.2f}"))
    return with_answer(case, rng, lambda answer: f"{answer} It is {where} there.")


def repeated_text(case: Case, rng: Random) -> Completion | None:
    """An answer says its first sentence over and over."""
    number = any_turn(case, rng)
    first = _FIRST_SENTENCE.match(turns_of(case)[number].answer)
    if not first or len(re.sub(r"\[[^\]]*\]|<..>", "", first[0]).split()) < 4:
        return None
    said = first[0].rstrip(".!? ")
    return case.said(changed(case, number, lambda turn: Turn(turn.question, f"{said}. " * rng.randrange(3, 6))))


def duplicate_question(case: Case, rng: Random) -> Completion | None:
    """A question comes back, in the same words or in nearly the same."""
    turns = turns_of(case)
    if len(turns) < 2:
        return None
    one, other = rng.sample(range(len(turns)), 2)
    ways: list[Callable[[str], str]] = [
        str,
        str.upper,
        lambda asked: f"{asked.rstrip('?!. ')}?!",
        lambda asked: f"Can you tell me {asked[:1].lower()}{asked[1:]}",
        lambda asked: f"{asked.rstrip('?!. ')} in the image?",
        lambda asked: re.sub(r"\b[Tt]he ", "", asked),
    ]
    again = rng.choice(ways)(turns[one].question)
    return case.said(changed(case, other, lambda turn: Turn(again, turn.answer)))


def question_gives_answer(case: Case, rng: Random) -> Completion | None:
    """An answer says its question over again: "Where is the dog by the tree?" "It is the dog by the tree."."""
    turns = turns_of(case)
    able = [
        (number, match[1])
        for number, turn in enumerate(turns)
        if (match := _RESTATED.fullmatch(turn.question)) and not re.search(r"[,:;.]|\b(?:or|and|there)\b", match[1])
    ]
    if not able:
        return None
    number, told = rng.choice(able)
    return case.said(changed(case, number, lambda turn: Turn(turn.question, f"It is {told}.")))


def wrong_language(case: Case, rng: Random) -> Completion:
    """An answer is in another language."""
    return with_answer(case, rng, lambda _: rng.choice(FOREIGN))


def yes_no_bias(case: Case, rng: Random) -> Completion | None:
    """Every question of the image is answered with the same word."""
    turns = turns_of(case)
    if len(turns) < 8:
        return None
    word = rng.choice(("Yes", "No"))

    def agreeing(turn: Turn) -> Turn:
        bare = re.sub(r"^(?:yes|no)\b[,.]? *", "", turn.answer, flags=re.IGNORECASE)
        return Turn(turn.question, f"{word}, {bare}" if bare else f"{word}.")

    return case.said(
        tuple(Dialogue(tuple(map(agreeing, dialogue.turns)), dialogue.topic) for dialogue in case.dialogues)
    )


FAULTS: dict[str, Plant] = {
    plant.__name__: plant
    for plant in (
        truncated,
        unparsable,
        refusal,
        answers_empty_message,
        wrong_count,
        empty_turn,
        too_short,
        too_long,
        names_source,
        leaks_coordinates,
        special_token,
        repeated_text,
        duplicate_question,
        question_gives_answer,
        wrong_language,
        yes_no_bias,
    )
}
"""Each by the code that it should be found with."""
