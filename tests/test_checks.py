import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from svit.boxes import Box
from svit.errors import ParseError
from svit.judge import checks, clean
from svit.judge.checks import form
from svit.judge.checks.base import excerpt
from svit.judge.parse import conversations, description, question_answer_pairs
from svit.records import Completion, Dialogue, Draft, Flaw, ImageContext, Object, Prompt, Region, Sampling, Turn

COMPLETIONS = Path(__file__).parent / "completions"

GARDEN = ImageContext(
    image_id=1,
    image="garden.jpg",
    width=640,
    height=480,
    objects=(
        Object(1, "woman", Box(0.1, 0.2, 0.4, 0.9)),
        Object(2, "dog", Box(0.5, 0.6, 0.8, 0.95)),
        Object(3, "table", Box(0.3, 0.5, 0.9, 0.8)),
        Object(4, "cup", Box(0.55, 0.4, 0.6, 0.5)),
        Object(5, "trees", Box(0.0, 0.0, 1.0, 0.3)),
        Object(6, "man", Box(0.62, 0.1, 0.75, 0.6)),
        Object(7, "guy", Box(0.8, 0.12, 0.93, 0.62), aliases=("man",)),
        Object(8, "flower", Box(0.4, 0.85, 0.48, 1.0), aliases=("flowers",)),
    ),
    regions=(
        Region(1, "two men talking by the window", Box(0.6, 0.08, 0.95, 0.65)),
        Region(2, "a dog asleep under the table", Box(0.45, 0.55, 0.85, 0.98)),
    ),
)
PROMPT = Prompt("referring", (), Sampling("m", 100), "v", GARDEN)
DESCRIBING = Prompt("detail_description", (), Sampling("m", 100), "v", GARDEN, question="What do the captions say?")

PARSERS = {
    "conversation": conversations,
    "complex_reasoning": question_answer_pairs,
    "detail_description": description,
    "referring": question_answer_pairs,
}
CHECKS: dict[str, tuple[checks.Check, ...]] = {
    "conversation": (checks.exactly(2), checks.turns_each(2), checks.is_at_most(50), checks.shows_no_coordinates),
    "complex_reasoning": (checks.exactly(3), checks.shows_no_coordinates),
    "detail_description": (checks.exactly(1), checks.describes_at_length(20), checks.shows_no_coordinates),
    "referring": (
        checks.exactly(3),
        checks.every_pair_refers,
        checks.every_mention_has_a_box,
        checks.every_box_has_a_mention,
        checks.every_box_is_valid,
        checks.boxes_are_annotated(min_iou=0.5),
        checks.plural_names_have_boxes,
        checks.singular_names_have_one_box,
        checks.names_fit_their_boxes,
    ),
}


def judged(task: str, text: str) -> list[Flaw]:
    """Go the way of a completion: unusable, boilerplate, parse, plain, checks."""
    flaws = list(checks.unusable(Completion(text, "stop", "m")))
    if flaws:
        return flaws
    try:
        parsed = PARSERS[task](clean.without_boilerplate(text))
    except ParseError as error:
        return [Flaw("unparsable", str(error))]
    prompt = DESCRIBING if task == "detail_description" else PROMPT
    draft = Draft(prompt, tuple(_cleaned(dialogue, prompt.question) for dialogue in parsed))
    return found(draft, *CHECKS[task], *checks.EVERY_TASK)


def _cleaned(dialogue: Dialogue, question: str) -> Dialogue:
    turns = (Turn(clean.plain(turn.question) or question, clean.plain(turn.answer)) for turn in dialogue.turns)
    return Dialogue(tuple(turns), clean.plain(dialogue.topic) if dialogue.topic is not None else None)


def found(draft: Draft, *asked: checks.Check) -> list[Flaw]:
    return [flaw for check in asked for flaw in check(draft)]


def codes(check: checks.Check, *turns: tuple[str, str], topic: str | None = None) -> list[str]:
    """The codes that a check yields for one dialogue of these turns, about the garden."""
    dialogue = Dialogue(tuple(Turn(question, answer) for question, answer in turns), topic)
    return [flaw.code for flaw in check(Draft(PROMPT, (dialogue,)))]


FILES = sorted(COMPLETIONS.glob("*.txt"))


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_every_completion_gets_the_verdict_of_its_name(file: Path) -> None:
    task, verdict, _ = file.stem.split(".")
    flaws = judged(task, file.read_bytes().decode("utf-8"))
    assert {flaw.code for flaw in flaws} == (set() if verdict == "good" else {verdict}), flaws
    assert all(
        flaw.words and len(flaw.words) <= 121 and "\n" not in flaw.words for flaw in flaws if verdict != "unparsable"
    )


PUBLISHED_FAULTS = {
    "your message is empty": "answers_empty_message",
    "captions are mentioned": "names_source",
    "descriptions are mentioned": "names_source",
    "no valid numbers in a box": "box_malformed",
    "a box without a name in tags": "box_without_mention",
    "one box for a plural": "plural_with_one_box",
    "a question under four characters": "too_short",
}


def test_every_published_fault_is_among_the_completions() -> None:
    assert set(PUBLISHED_FAULTS.values()) <= {file.stem.split(".")[1] for file in FILES}


@pytest.mark.parametrize(
    ("completion", "code"),
    [
        (Completion("Question: Is it a", "length", "m"), ["truncated"]),
        (Completion("", "stop", "m"), ["empty_completion"]),
        (Completion("", "stop", "m", refusal="No."), ["refusal"]),
        (Completion("", "content_filter", "m"), ["filtered"]),
        (Completion("A man", "SAFETY", "m"), ["filtered"]),
        (Completion("", "RECITATION", "m"), ["filtered"]),
        (Completion("A man", "MAX_TOKENS", "m"), ["truncated"]),
        (Completion("A man", "model_length", "m"), ["truncated"]),
        (Completion("A man", "insufficient_system_resource", "m"), ["ended_early"]),
        (Completion("", "abort", "m"), ["ended_early"]),
        (Completion("A man", "OTHER", "m"), ["ended_early"]),
        (Completion("A man sits.", "<|eot_id|>", "m"), []),
        (Completion("A man sits.", "end_turn", "m"), []),
        (Completion("A man sits.", "nobody_knows_this", "m"), []),
        (Completion("I’m sorry, but I can’t help with that.", "stop", "m"), ["refusal"]),
        (Completion("I cannot assist with this request.", "stop", "m"), ["refusal"]),
        (Completion("I'm unable to view the image.", "stop", "m"), ["refusal"]),
        (Completion("Unfortunately, I can't see the attached picture.", "stop", "m"), ["refusal"]),
        (Completion("I apologize, I am not able to do this.", "stop", "m"), ["refusal"]),
        (Completion("Your message seems to be empty.", "stop", "m"), ["answers_empty_message"]),
        (Completion("It looks like no image was provided.", "stop", "m"), ["answers_empty_message"]),
        (Completion("Please provide the captions and the objects.", "stop", "m"), ["answers_empty_message"]),
        (Completion("You have not given me any regions.", "stop", "m"), ["answers_empty_message"]),
        (Completion("Hello! Could you share the image description?", "stop", "m"), ["answers_empty_message"]),
        (Completion("Question: Could you share the details of the park?\nAnswer: Yes.", "stop", "m"), []),
        (Completion("I can't help but smile at this garden.", "stop", "m"), []),
        (Completion("A sign says that no dogs are allowed. No picture is attached to it.", "stop", "m"), []),
        (Completion("The sorry state of the fence, but for one post, is plain.", "stop", "m"), []),
    ],
)
def test_what_is_worth_no_parsing(completion: Completion, code: list[str]) -> None:
    assert [flaw.code for flaw in checks.unusable(completion)] == code


@pytest.mark.parametrize(
    ("check", "turn", "expected"),
    [
        (checks.has_no_empty_turn, ("", "Yes."), ["empty_turn"]),
        (checks.has_no_empty_turn, ("Is it?", ""), ["empty_turn"]),
        (checks.has_no_empty_turn, ("Is it?", "Yes."), []),
        (checks.is_long_enough, ("Hm?", "Yes."), ["too_short"]),
        (checks.is_long_enough, ("Who?", "4"), []),
        (checks.is_long_enough, ("Who?", "?!"), ["too_short"]),
        (checks.is_long_enough, ("", ""), []),
        (checks.is_at_most(3), ("Who is it?", "a b c"), []),
        (checks.is_at_most(3), ("Who is it?", "a b c d"), ["too_long"]),
        (checks.describes_at_length(3), ("Describe it.", "a b c"), []),
        (checks.describes_at_length(3), ("Describe it.", "a b"), ["too_short"]),
        (checks.answers_every_question, ("Who?", "I'm sorry, but I can't say."), ["refusal"]),
        (checks.answers_every_question, ("Who?", "No captions were provided."), ["answers_empty_message"]),
        (checks.answers_every_question, ("Can you provide the details?", "There is a dog."), []),
        (checks.repeats_no_text, ("Why?", "It is very hot. It is very hot. It is very hot."), ["repeated_text"]),
        (checks.repeats_no_text, ("Why?", "It is very hot. It is very hot. It is dry."), []),
        (checks.repeats_no_text, ("What is said?", "No. No. No. No."), []),
        (checks.repeats_no_text, ("Why?", "the small cat on the big mat and near to " * 4), ["repeated_text"]),
    ],
)
def test_one_turn(check: checks.Check, turn: tuple[str, str], expected: list[str]) -> None:
    assert codes(check, turn) == expected


def test_counts() -> None:
    one, two = Dialogue((Turn("a", "b"),)), Dialogue((Turn("a", "b"), Turn("c", "d")))
    assert found(Draft(PROMPT, (one, one)), checks.exactly(2)) == []
    assert found(Draft(PROMPT, (one,)), checks.exactly(2)) == [Flaw("wrong_count", "1 instead of 2")]
    assert found(Draft(PROMPT, (two, two)), checks.turns_each(2)) == []
    assert [flaw.words for flaw in found(Draft(PROMPT, (two, one, two)), checks.turns_each(2))] == [
        "conversation 2: 1 turns instead of 2",
    ]


def test_a_question_comes_back_whatever_its_case_and_punctuation() -> None:
    check = checks.asks_nothing_twice
    assert codes(check, ("What is it?", "a"), ("what is  it", "b")) == ["duplicate_question"]
    assert codes(check, ("What is it?", "a"), ("What is this?", "b"), ("", "c"), ("", "d")) == []
    assert codes(check, ("Is <st>it<ed> [0.1, 0.2] red?", "a"), ("Is <st>it<ed> [0.1, 0.3] red?", "b")) == []


def test_an_answer_given_three_times_is_a_loop() -> None:
    answer = "It stands there because somebody has put it there for us."
    assert codes(checks.repeats_no_text, *[(f"Question {n}?", answer) for n in range(3)]) == ["repeated_text"]
    assert codes(checks.repeats_no_text, *[(f"Question {n}?", "Yes, it is.") for n in range(5)]) == []


def test_the_numbers_of_boxes_are_no_words_of_a_loop() -> None:
    dogs = f"<st>dogs<ed> {', '.join(f'[0.{n}, 0.2, 0.9, 0.95]' for n in range(1, 5))}"
    told = f"The {dogs} bark. Nobody hears the {dogs} in the garden, and so the {dogs} go home."
    assert codes(checks.repeats_no_text, ("Why?", told)) == []
    assert codes(checks.repeats_no_text, ("Why?", f"The {dogs} bark loudly. " * 3)) == ["repeated_text"]


def _phrase_said_three_times(text: str) -> str:
    """What `_repeated_phrase` finds, without its short cuts."""
    words = text.split()
    phrases = [tuple(words[at : at + 10]) for at in range(len(words) - 9)] if len(words) >= 30 else []
    return next(
        (" ".join(phrase) for phrase in phrases if phrases.count(phrase) == max(map(phrases.count, phrases)) > 2), ""
    )


WORDS = st.lists(st.sampled_from("abc"), max_size=12) | st.lists(st.sampled_from("abcdefghijklmnopq"), max_size=12)
LOOPS = st.lists(st.tuples(WORDS, st.integers(1, 12)), max_size=5).map(
    lambda parts: " ".join(word for words, times in parts for word in words * times)
)


@given(LOOPS)
@example("a " * 30)
@example("a b " * 11 + "c d e f g h i j")
@example(" ".join("a" * 12 + "bcdefghijklmnopqrs"))
def test_a_phrase_said_three_times_is_found_by_every_short_cut(text: str) -> None:
    assert form._repeated_phrase(text) == _phrase_said_three_times(text)


@pytest.mark.parametrize(
    "text",
    [
        *("at [0.1, 0.2, 0.3, 0.4].", "at [0.5, 0.2]", "at (0.53, 0.21).", "at {0.1; 0.2}", "the <st>man is"),
        *("the man<ed> is", "at [10, 20, 30, 40]", "at 0.53, 0.21 there", "x1 = 0.5", "at x: 0.25", "at (0, 0.5)"),
        *("from .25, .75", "at [ 0.1,0.2 ]"),
    ],
)
def test_coordinates_leak(text: str) -> None:
    assert codes(checks.shows_no_coordinates, ("Where is it?", f"It is {text}")) == ["leaks_coordinates"]


@pytest.mark.parametrize(
    "text",
    [
        *("1.5 metres, 2.5 litres", "3.14", "in 1990, 2000 and 2010", "a score of (3, 2)", "$0.99, $1.49", "[sic]"),
        *("4 x 0.5", "at 10:30, 11:30", "cups [1] and [2]", "5.25, 6.75 and 7.50 euros", "version 0.10.2", "a < b"),
    ],
)
def test_numbers_of_the_scene_are_spared(text: str) -> None:
    assert codes(checks.shows_no_coordinates, ("What is it?", f"It is {text}")) == []


@pytest.mark.parametrize(
    "token",
    [
        *("<image>", "<Image>", "<bbox>", "<ref-object>", "<ref>", "</ref>", "<box>", "<|box_start|>", "<|im_start|>"),
        *(
            "<im_start>",
            "<s>",
            "</s>",
            "[INST]",
            "[/INST]",
            "<video>",
            "<<SYS>>",
            "<|endoftext|>",
            "<image_1>",
            "<IMG>",
        ),
        *(
            "<eos>",
            "<end_of_turn>",
            "<ImageHere>",
            "<loc0123>",
            "<start_of_turn>",
            "<pad>",
            "<IMG_CONTEXT>",
            "[IMG]",
            "<｜end｜>",
            "<think>",
        ),
    ],
)
def test_special_tokens(token: str) -> None:
    turns = [(f"What is {token} here?", "A cat."), ("What is it?", f"A cat{token}")]
    assert [codes(checks.has_no_special_tokens, turn) for turn in turns] == [["special_token"], ["special_token"]]
    assert codes(checks.has_no_special_tokens, ("What is it?", "A cat."), topic=token) == ["special_token"]


def test_mentions_and_comparisons_are_no_special_tokens() -> None:
    for text in ("<st>man<ed> [0.1, 0.2]", "2 < 3 > 1", "<3", "[sic]", "a | b", "<tag>", "the image > the text"):
        assert codes(checks.has_no_special_tokens, (text, text)) == []


DOG, MAN, GUY = "[0.5, 0.6, 0.8, 0.95]", "[0.62, 0.1, 0.75, 0.6]", "[0.8, 0.12, 0.93, 0.62]"


@pytest.mark.parametrize(
    ("check", "text", "expected"),
    [
        (checks.every_pair_refers, "a dog", ["no_mention"]),
        (checks.every_pair_refers, "<st>dog<ed>", []),
        (checks.every_mention_has_a_box, f"<st>dog<ed> {DOG}", []),
        (checks.every_mention_has_a_box, "<st>dog<ed> barks", ["mention_without_box"]),
        (checks.every_mention_has_a_box, f"<st>dog {DOG}", ["mention_without_box"]),
        (checks.every_mention_has_a_box, f"dog<ed> {DOG}", ["mention_without_box"]),
        (checks.every_mention_has_a_box, f"<st> <ed> {DOG}", ["mention_without_box"]),
        (checks.every_box_has_a_mention, f"<st>dogs<ed> {DOG} and {DOG}", []),
        (checks.every_box_has_a_mention, f"dog {DOG}", ["box_without_mention"]),
        (checks.every_box_has_a_mention, f"<st>dog<ed> {DOG} near {DOG}", ["box_without_mention"]),
        (checks.every_box_is_valid, "<st>dog<ed> [0, 0.0, 1, 1.0]", []),
        (checks.every_box_is_valid, "<st>dog<ed> [0.1, 0.2, 0.3]", ["box_malformed"]),
        (checks.every_box_is_valid, "<st>dog<ed> [0.1, 0.2, 0.3, 0.4, 0.5]", ["box_malformed"]),
        (checks.every_box_is_valid, "<st>dog<ed> []", ["box_malformed"]),
        (checks.every_box_is_valid, "<st>dog<ed> [a, b, c, d]", ["box_malformed"]),
        (checks.every_box_is_valid, "<st>dog<ed> [nan, nan, nan, nan]", ["box_malformed"]),
        (checks.every_box_is_valid, "<st>dog<ed> [0.3, 0.2, 0.1, 0.4]", ["box_malformed"]),
        (checks.every_box_is_valid, "<st>dog<ed> [0.1, 0.2, 0.1, 0.4]", ["box_malformed"]),
        (checks.every_box_is_valid, "<st>dog<ed> [10, 20, 30, 40]", ["box_out_of_range"]),
        (checks.every_box_is_valid, "<st>dog<ed> [-0.1, 0.2, 0.3, 0.4]", ["box_out_of_range"]),
        (checks.every_box_is_valid, f"<st>dogs<ed> {DOG}, [1.2, 0, 2, 1]", ["box_out_of_range"]),
        (checks.boxes_are_annotated(), f"<st>dog<ed> {DOG}", []),
        (checks.boxes_are_annotated(), "<st>dog<ed> [0.52, 0.61, 0.81, 0.94]", []),
        (checks.boxes_are_annotated(), "<st>two men<ed> [0.6, 0.08, 0.95, 0.65]", []),
        (checks.boxes_are_annotated(), "<st>dog<ed> [0.5, 0.1, 0.55, 0.2]", ["box_not_annotated"]),
        (checks.boxes_are_annotated(), f"<st>dogs<ed> {DOG}, [0.5, 0.1, 0.55, 0.2]", ["box_not_annotated"]),
        (checks.boxes_are_annotated(0.9), "<st>dog<ed> [0.55, 0.65, 0.8, 0.9]", ["box_not_annotated"]),
        (checks.boxes_are_annotated(0.0), "<st>dog<ed> [10, 20, 30, 40]", []),
    ],
)  # fmt: skip
def test_boxes(check: checks.Check, text: str, expected: list[str]) -> None:
    assert codes(check, (text, "Yes.")) == expected


@pytest.mark.parametrize(
    ("name", "box", "is_flawed"),
    [
        *(("men", MAN, True), ("two men in hats", MAN, True), ("dogs", DOG, True), ("three sheep", DOG, True)),
        *(("Traffic lights", MAN, True), ("people on a bench", MAN, True)),
        *(("man", MAN, False), ("man with glasses", MAN, False), ("glasses", MAN, False), ("bus", MAN, False)),
        *(("pair of shoes", MAN, False), ("group of people", MAN, False), ("dress", MAN, False), ("jeans", MAN, False)),
        ("men", f"{MAN}, {GUY}", False),  # as many boxes as it takes
        ("trees", "[0, 0, 1, 0.3]", False),  # annotated as one object of that name
        ("tall trees", "[0, 0.01, 1, 0.3]", False),
        ("trees", MAN, True),  # annotated, but elsewhere
        ("flowers", "[0.4, 0.85, 0.48, 1]", False),  # by its alias
        ("two men", "[0.6, 0.08, 0.95, 0.65]", False),  # a region's phrase
        ("men", "[5, 6]", False),  # malformed, which another check says
    ],
)
def test_a_plural_has_boxes(name: str, box: str, is_flawed: bool) -> None:
    turn = ("Where?", f"Look at the <st>{name}<ed> {box}.")
    assert codes(checks.plural_names_have_boxes, turn) == ["plural_with_one_box"] * is_flawed


NAMES_SOURCE = """
Based on the captions, the man is about to hit the ball.
According to the description, the room is tidy.
According to the descriptions of the image, there are two dogs.
As mentioned in the annotation, the car is red.
As described in the captions, a boy rides a horse.
The regions provided show a kitchen.
Given the provided regions, the cat seems to be asleep.
From the given context, it is likely to be a birthday party.
The context provided suggests a family dinner.
The bounding box coordinates place the cup left of the plate.
The bounding boxes show that the dog is in front.
Going by the coordinates of the man, he stands in the middle.
Based on their coordinates, the two cars overlap.
The captions mention a red umbrella.
One caption says that the bus is parked.
Several captions describe the street as busy.
The image captions agree that it is raining.
The description mentions a wooden fence.
The descriptions suggest a relaxed mood.
Several descriptions call the animal a zebra.
In the given description there is a second horse.
The region descriptions list a clock and a mirror.
The object annotations include three chairs.
As the annotators noted, the plate is chipped.
According to the provided information, the train is leaving.
The information provided does not tell what time it is.
The details given point to a wedding.
From the details you provided, the boy is about six.
The captions you gave me say nothing about the weather.
The colour of the hat is not mentioned.
The breed of the dog isn't specified in the image.
The number of guests is not explicitly mentioned.
The street is described as lively.
The man mentioned in the image wears a tie.
I cannot see the image, but the man may be a waiter.
As an AI, I think that the woman is a teacher.
As a language model I only know that there is a truck.
Without seeing the image, one may guess that it is noon.
The listed objects include a fork and a knife.
From the list of objects, one can tell it is a bathroom.
The scene graph has a man holding a racket.
Based on the available information, the shop is closed.
Using the given coordinates, the lamp is above the bed.
The textual description leaves the weather open.
The image's captions speak of a market.
What do the captions say about the dog?
What does the description mention about the sky?
Which of the provided regions shows the tallest tree?
Which object has the largest bounding box?
By the image description, the surfer is young.
Judging by the captions, the couple is on holiday.
The caption mentions that the bench is empty.
In the captions it is a grey cat.
As stated in the image description, there are four plates.
The man, as indicated by the region description, wears a cap.
In one of the captions the boat is called a ship.
The first caption suggests that he is a farmer.
None of the captions speaks of snow.
Across all the captions, the red bus stands out.
The provided captions do not tell whether it is evening.
It can be inferred from the given annotations that the picture was taken indoors.
The captions indicate a party.
The descriptions given do not say.
The regions that were provided show it.
The picture was taken, according to both captions, in winter.
The coordinates given for the cup are small.
The bowl is mentioned in the image.
The annotated objects are all on the table.
In the image, they are described as antique.
"""
SPEAKS_OF_THE_SCENE = """
The caption on the poster reads "Save the bees".
The man reads the caption under the photo in the newspaper.
According to the caption below the cartoon, the cat is late for work.
A description that the guide gives keeps the visitors listening.
The visitors listen to the description that the guide gives of the palace.
According to the description that the guide gave, the tower leans to the left.
The box on the table is open.
What is in the box next to the lamp?
The region is mountainous and dry.
Such hats are common in the region.
This breed comes from the northern region of the country.
The sign provides information about the trail.
The board gives the details of the next train.
The menu has a description of each dish.
According to the description of the dish on the menu, it is spicy.
The plaque carries a short description of the statue.
She coordinates her shoes with her bag.
Hitting the ball needs good hand-eye coordination.
The referee was given a yellow card to show.
The context of a birthday party explains the balloons.
In the context of a busy street, a helmet is a good idea.
Can you give a detailed description of the image?
Describe the scene in detail.
What details stand out in the picture?
Can you elaborate on the elements of the picture provided?
The umbrella provides shade for the couple.
Given the wet road, it has probably rained.
The dog was given a bone.
The waiter is listing the specials of the day.
The label on the bottle says that it is cider.
According to the label, the jar holds honey.
According to the sign, parking is not allowed here.
Based on the shadows, it is late in the afternoon.
Based on the image, the boy is happy.
From the man's uniform one can tell that he is a pilot.
The clock on the tower shows that it is noon.
The price is not mentioned on the board.
The opening hours are not stated on the door.
The photo has a caption at the bottom that names the team.
The captions on the screen help people who cannot hear.
A woman boxes with a trainer in a gym.
The text on the shirt is in Spanish.
As mentioned before, the stove is hot.
The map on the wall marks the regions of France.
There is not enough information on the sign to find the station.
The player is annotated by his number, 23.
The teacher writes annotations in the margin of the book.
The annotations in the margin of the page are in red ink.
The lunch box is beside the water bottle.
A box of cereal is on the shelf.
The man fits the description of a lumberjack.
The information desk is to the left of the stairs.
The available seats are in the back row.
The area provided for cyclists is painted green.
The vase could be described as elegant.
The list on the fridge names milk and eggs.
You can see the image of a lion on the flag.
The captain mentions nothing and looks at the sea.
He takes a description of the thief from the shop owner.
The graph on the screen rises to the right.
"""


@pytest.mark.parametrize("sentence", NAMES_SOURCE.strip().splitlines())
def test_the_source_is_named(sentence: str) -> None:
    assert codes(checks.hides_its_source, ("What is it?", f"There is a dog. {sentence}")) == ["names_source"]


@pytest.mark.parametrize("sentence", SPEAKS_OF_THE_SCENE.strip().splitlines())
def test_the_scene_is_spared(sentence: str) -> None:
    assert codes(checks.hides_its_source, (sentence, f"There is a dog. {sentence}"), topic=sentence) == []


def test_the_question_that_we_asked_is_not_judged() -> None:
    draft = Draft(DESCRIBING, (Dialogue((Turn(DESCRIBING.question, "A dog."),)),))
    assert found(draft, checks.hides_its_source) == []


def test_an_excerpt_shows_the_words_and_is_short() -> None:
    text = "a " * 200 + "the words" + " b" * 200
    start = text.index("the words")
    assert "the words" in excerpt(text, start, start + 9)
    assert len(excerpt(text, start, start + 9)) <= 120
    assert len(excerpt("x" * 500, 0, 500)) <= 120
    assert excerpt("two\n lines") == "two lines"


def _real_answers(folder: Path) -> Iterator[str]:
    for name in ("qa90_gpt4_answer.jsonl", "coco2014_val_gpt4_qa_30x3.jsonl"):
        for line in (folder / "llava" / name).read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            yield record.get("text") or record["output"]
    for record in json.loads((folder / "osprey" / "description_answers.json").read_text(encoding="utf-8")):
        yield record["text"]


@pytest.mark.real
def test_real_answers_of_gpt4_pass_but_for_those_that_name_their_source(real: Path) -> None:
    asked = (*checks.EVERY_TASK, checks.shows_no_coordinates)
    answers = list(_real_answers(real / "model_outputs"))
    flaws: list[Flaw] = []
    for text in answers:
        (dialogue,) = description(clean.without_boilerplate(text))
        flaws += [
            *checks.unusable(Completion(text, "stop", "m")),
            *found(Draft(DESCRIBING, (_cleaned(dialogue, DESCRIBING.question),)), *asked),
        ]
    assert len(answers) == 260
    assert all("they are described as" in flaw.words or "in several descriptions" in flaw.words for flaw in flaws), (
        flaws
    )


HOSTILE = [
    "the given ",
    "caption ",
    "by the ",
    "[1,",
    "(0.5,",
    "<st>",
    "<|",
    ".5, ",
    "x=",
    "a. ",
    "no image or ",
    "please ",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_is_checked_all_the_same(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    asked = (*checks.EVERY_TASK, *CHECKS["referring"], checks.shows_no_coordinates)
    assert found(Draft(PROMPT, (Dialogue((Turn(text, text),)),)), *asked)
    assert list(checks.unusable(Completion(text, "length", "m")))
