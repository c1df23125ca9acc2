"""Everyday situations, and which things of a scene would help: the part of reasoning that is common sense.

`because` is general knowledge; `so` speaks of the thing that is there. {the} stands for it, {any} for
several with "or", {it} for the pronoun.
"""

import re
from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple

from svit.english.grammar import joined, number_word, sentence
from svit.offline.sampling import Kind, Pair
from svit.offline.scene import Scene, Thing, a, several_of, where

_HOLE = re.compile(r"\{(\w+)\}")


class Situation(NamedTuple):
    """Questions for reasoning, questions for conversation, the nouns that answer them, and the reasons."""

    questions: tuple[str, ...]
    brief: tuple[str, ...]
    nouns: str
    because: str
    so: tuple[str, ...]


_S = Situation
SITUATIONS: tuple[Situation, ...] = (
    _S(("Suppose it started to rain right here. What in the picture could keep somebody dry?",
        "Where in this scene could a person find cover from a sudden shower?"),
       ("What here would be useful in a sudden shower?",),
       "umbrella awning canopy tent bus_shelter gazebo raincoat",
       "To stay dry, one needs something waterproof overhead.",
       ("Therefore {any} would be the first choice in a shower.",
        "{Any} would do, so someone caught in the rain could make for {it}.")),
    _S(("If the sun became too strong, what could give some relief here?",
        "Where would a person look for shade in this place?"),
       ("What could give some shade here?",),
       "umbrella tree awning canopy palm_tree parasol gazebo",
       "Shade is found under anything broad that stands between a person and the sun.",
       ("So the area under {any} would be the place to cool down.",
        "For that reason a person who feels hot could move close to {any}.")),
    _S(("Imagine someone here gets tired of standing. What would you suggest to them, and why?",
        "A visitor with sore feet wants a rest. What does the scene offer?"),
       ("Where could a tired visitor sit down?", "Is there anything here to sit on?"),
       "chair couch bench stool armchair bed recliner ottoman pew",
       "A person who is tired of standing needs something stable at about the height of the knees.",
       ("So, unless somebody else needs {it}, {any} would offer a rest.",
        "Therefore sitting down on {any} would be the obvious suggestion.")),
    _S(("What would stop working here if the electricity failed?",
        "Suppose the power went out. What difference would one notice in this place?"),
       ("What here depends on electricity?", "What here would be useless in a power cut?"),
       "lamp computer tv refrigerator microwave stove monitor printer traffic_light dishwasher fan toaster "
       "chandelier light "
       "coffee_pot parking_meter washing_machine speaker radio air_conditioner oven",
       "Things of this sort usually get their power from the grid.",
       ("So in a power failure {the} would most likely go dead.",
        "It follows that {the} would probably stop working until the power came back.")),
    _S(("Someone wants to note down a phone number before forgetting it. What would help?",
        "A visitor has to leave a short message. What in the scene could serve for that?"),
       ("What could one write a note with, or on?",),
       "pen pencil paper notebook laptop computer sticky_note marker whiteboard chalkboard",
       "A message survives only when it is put down somewhere.",
       ("So {any} could be used to keep the words from being forgotten.",
        "Therefore reaching for {any} would make sense.")),
    _S(("How could a person in this place find out whether it is time to leave?",
        "Someone has an appointment and no idea how late it is. Where should they look?"),
       ("Where could one check the time?",),
       "clock watch phone laptop alarm_clock wall_clock tablet",
       "The time can be read from any dial or from the screen of most devices.",
       ("So a glance at {any} should be enough to tell whether there is a hurry.",
        "Therefore {any} would be the place to look.")),
    _S(("If somebody had to be called urgently, what here would make that possible?",
        "There is an emergency and help must be reached. What would you grab first in this scene?"),
       ("What could be used to call someone?",),
       "phone pay_phone tablet",
       "To reach someone far away, one needs a line to them.",
       ("So {any} would be the thing to use.", "Therefore {any} could save precious minutes.")),
    _S(("A toddler is about to visit this place. What should be moved out of reach first, and why?",
        "Which thing in this scene deserves the most caution when small children are around?"),
       ("What here should be kept away from small children?",),
       "knife scissors stove candle fireplace razor kettle coffee_pot drill saw fork axe iron",
       "Small children touch everything and can't judge what is sharp or hot.",
       ("So {the} should be kept where little hands can't get at {it}.",
        "Therefore keeping {the} out of reach would prevent an injury.")),
    _S(("Someone in this place gets thirsty. What might they turn to?",
        "What in the scene suggests that something to drink is at hand?"),
       ("What here has to do with drinking?",),
       "water_bottle bottle cup wine_glass coffee juice tea beer wine teapot kettle coffee_pot faucet refrigerator "
       "milk soda",
       "Drinks are kept, poured or served in a small number of typical things.",
       ("So {any} would be a good place to start for someone who is thirsty.",
        "That makes {any} the most promising thing to turn to.")),
    _S(("A person comes in hungry. What in the scene might help, and how?",
        "If somebody's stomach rumbled right here, what would they look at first?"),
       ("What would interest a hungry visitor most?",),
       "pizza cake sandwich bread fruit banana apple orange hot_dog donut refrigerator egg salad bagel cereal "
       "pasta rice soup "
       "pancake grape shrimp meat carrot cookie broccoli food burger fries pie muffin strawberry",
       "Hunger is stilled by food, or by whatever food is kept in.",
       ("So a hungry person would probably turn to {any}.",
        "Therefore {any} would draw the eyes of anybody who has not eaten yet.")),
    _S(("What in this scene would a strong gust of wind most easily set in motion?",
        "Suppose a storm came up and a draft went through this place. What would move first?"),
       ("What would the wind move most easily here?",),
       "flag kite curtain umbrella paper newspaper balloon napkin flower leaf tree banner hat",
       "Wind takes hold of what is light and has a large surface.",
       ("So {the} would probably flutter or bend before anything heavier does.",
        "Therefore {the} would be among the first things to give way to the wind.")),
    _S(("If a ball flew the wrong way here, what would be most likely to break?",
        "Which thing in the scene calls for the greatest care when people carry things past it?"),
       ("What here breaks most easily?",),
       "window vase mirror wine_glass glass bottle lamp plate monitor tv cup bowl chandelier windshield",
       "Glass and china are hard but brittle: they crack when something hits them.",
       ("So {the} would be in danger before the sturdier things around.",
        "Therefore {the} would have to be protected first.")),
    _S(("The owner wants to move out of here. Which of the things would take at least two people to carry?",
        "What here should nobody try to lift alone?"),
       ("What here is too heavy for one person to carry?",),
       "couch refrigerator stove piano bed desk dresser bookshelf bathtub dishwasher washing_machine table "
       "entertainment_center",
       "Large furniture and appliances often weigh more than one person can lift without hurting the back.",
       ("So for {the} it would be wise to ask a second person for help.",
        "Therefore {the} should be moved by two people, one at each end.")),
    _S(("A pedestrian with headphones on is about to walk through this scene. What should they watch out for?",
        "What could become dangerous here for somebody who doesn't look around?"),
       ("What should a pedestrian here look out for?",),
       "car bus truck taxi motorcycle van train scooter bicycle tram suv",
       "Vehicles are heavy and can't stop at once, and somebody who doesn't hear them has to rely on the eyes.",
       ("So it would be wise to keep an eye on {the} before stepping out.",
        "Therefore taking out the headphones and looking out for {the} would be safer.")),
    _S(("How might a person leave this place without walking?",
        "Someone here has a long way to go. What in the scene could take them there?"),
       ("What here could be used to travel?",),
       "car bus taxi bicycle motorcycle train scooter boat airplane van truck horse tram carriage skateboard",
       "A long way is covered faster on wheels, by water, by air or on an animal's back.",
       ("So {any} might be an option, provided the owner or driver agrees.",
        "Therefore {any} could shorten the journey for somebody who is entitled to use {it}.")),
    _S(("Which part of this scene will need regular care to stay alive?",
        "If everyone went away for a month, what here would suffer for lack of attention?"),
       ("What here is alive and has to be looked after?",),
       "plant flower dog cat horse sheep cow bird fish rose orchid bouquet goat rabbit",
       "Living things need water and food, and many depend on people for them.",
       ("So someone would have to see to {the}.", "Therefore leaving {the} alone for weeks would be a bad idea.")),
    _S(("Somebody wants to check whether their hair is in order. What could help them here?",
        "How could a person here see what they look like?"),
       ("Where could one see one's own reflection?",),
       "mirror window lake",
       "Smooth surfaces throw back an image of whoever stands in front of them.",
       ("So looking into {the} might be enough.", "Therefore {the} could serve the purpose, depending on the light.")),
    _S(("It gets dark. What in the scene would help people to go on seeing?",
        "How could this place be kept usable after sunset?"),
       ("What would give light here after dark?",),
       "lamp street_light light candle chandelier lantern headlight flashlight fireplace floor_lamp light_fixture",
       "Without daylight, people depend on something that shines by itself.",
       ("So {the} would help, as long as {it_works}.",
        "Therefore making use of {the} would be the natural thing to do in the evening.")),
    _S(("Somebody has come in with dirty hands. What does the scene offer them?",
        "Where would you send a person who has just repaired a bicycle and wants to touch the food?"),
       ("Where could dirty hands be washed or wiped?",),
       "sink faucet soap towel napkin bathtub shower ocean lake fountain",
       "Dirt comes off with water, or at least with something to wipe it on.",
       ("So {any} would be the right place or thing for that.",
        "Therefore a stop at {any} would come before anything else.")),
    _S(("Somebody feels cold here. What could they make use of?",
        "If the temperature dropped suddenly, which thing in view would become popular?"),
       ("What could keep somebody warm here?",),
       "blanket jacket coat sweater fireplace heater scarf radiator quilt comforter hoodie glove",
       "Warmth comes from a heat source, or from layers that keep the body's own heat in.",
       ("So {any} would be welcome to anyone who is freezing.",
        "Therefore {any} could make the difference between shivering and feeling comfortable.")),
    _S(("Where would one throw away a used tissue in this place?",
        "Somebody wants to keep this place tidy and has litter in the hand. What should they do?"),
       ("Where could litter be thrown away?",),
       "trash_can",
       "Litter belongs where it gets collected.",
       ("So {any} would be the right place for it.", "Therefore a short walk to {any} would be considerate.")),
    _S(("Which thing here would help a person to carry several purchases home?",
        "Somebody has too many things for two hands. What in this scene could solve that?"),
       ("What could be used to carry things home?",),
       "bag backpack handbag shopping_bag basket suitcase box shopping_cart bucket cart tote_bag tray",
       "Loose things are easier to carry together in something with room inside or with handles.",
       ("So {any} could take the load, if there is room left.",
        "Therefore {any} would be more comfortable than full hands.")),
    _S(("What in the scene could entertain a bored child for an hour?",
        "A child here complains of boredom. What might change the mood?"),
       ("What here could entertain a bored child?",),
       "teddy_bear toy doll ball kite frisbee skateboard book tv controller puzzle balloon guitar xbox computer "
       "swing slide "
       "playground lego stuffed_animal magazine",
       "Children enjoy what they can play with, look at or imagine stories about.",
       ("So {any} might well keep a child busy for some time.", "Therefore offering {any} would be worth a try.")),
    _S(("How does this scene show that traffic here follows rules?",
        "What tells drivers and pedestrians here how to behave?"),
       ("What here tells people how to behave in traffic?",),
       "traffic_light stop_sign crosswalk street_sign parking_meter traffic_cone parking_sign walk_sign lane",
       "Where many people share the same space, signals and markings say who may do what.",
       ("So {the} would be there to keep order.", "{The} would therefore tell people what is expected of them.")),
    _S(("What in this place would get hot enough in use to burn the skin?",
        "Which thing here should not be touched with bare hands while it is in use?"),
       ("What here can get dangerously hot?",),
       "stove oven toaster candle fireplace kettle pan coffee_pot heater iron pot light_bulb grill",
       "Whatever heats, boils or burns passes its heat on to the hand that touches it.",
       ("So people should keep their hands off {the} while {it_is} hot.",
        "Therefore it would be wise to treat {the} as hot in any case.")),
    _S(("Rain has just fallen, or something has been spilled. Where would people here have to watch their step?",
        "Where in this scene might somebody slip when it is wet?"),
       ("Which surface here would become slippery when wet?",),
       "floor sidewalk street crosswalk stairs bathtub deck dock tile_floor patio pier ramp",
       "Water on a smooth surface takes away the grip of the shoes.",
       ("So {the} should be crossed slowly when wet.", "Therefore people would do well to tread carefully on {the}.")),
    _S(("A person in this scene wants to learn something about a distant country. What could they use?",
        "Somebody here wants to look something up. What are the means?"),
       ("What could be used to look something up?",),
       "computer laptop book newspaper magazine phone globe map tv bookshelf tablet",
       "Knowledge is found in print or behind a screen.",
       ("So {any} could be a good place to begin.", "Therefore {any} would be worth consulting.")),
    _S(("If one closed the eyes in this place, what would one be most likely to hear?",
        "Where would most of the noise in this scene come from?"),
       ("What here can make noise?",),
       "car bus truck motorcycle train dog bird tv speaker ocean airplane guitar piano radio fountain helicopter "
       "rooster wave "
       "drum taxi",
       "Engines, animals, loudspeakers, instruments and moving water are what is usually heard first.",
       ("So {the} might be heard long before anybody looks, if there is any sound at all.",
        "Therefore a listener would probably notice {the}.")),
    _S(("What in this scene would a thief find easy to carry off, and what follows from that?",
        "Which thing here should its owner not leave unattended?"),
       ("What here should not be left lying around unattended?",),
       "phone laptop handbag backpack bicycle camera bag suitcase wallet skateboard surfboard watch tablet "
       "umbrella guitar",
       "Thieves prefer things that are valuable and easy to carry or ride away.",
       ("So the owner had better keep {the} close or locked up.",
        "Therefore {the} should not be left alone, not even for a minute.")),
    _S(("Somebody wants to remember this moment. What could they use in this scene?",
        "How could someone here send a friend a view of this place?"),
       ("What could be used to take a picture?",),
       "camera phone tablet laptop",
       "A picture can be taken with anything that has a lens.",
       ("So {any} could capture the moment.", "Therefore {any} would be all they need.")),
    _S(("Somebody needs to lie down because of a headache. What would be the best spot?",
        "Where could a person stretch out for a nap here?"),
       ("Where could somebody lie down for a nap?",),
       "bed couch blanket grass beach bench carpet mattress towel",
       "To rest properly, one needs a surface as long as the body and not too hard.",
       ("So {any} would be the most comfortable choice.", "Therefore {any} would be worth trying for a nap.")),
    _S(("What in this scene keeps people or animals from going where they should not?",
        "Which thing here serves as a boundary?"),
       ("What here serves as a boundary?",),
       "fence wall gate railing barrier hedge door traffic_cone curb rope barricade net",
       "A boundary works because it can't be crossed without effort, or because everybody understands it.",
       ("So {the} would keep one side apart from the other.", "Therefore {the} could be seen as the boundary here.")),
    _S(("A fire breaks out in a waste basket. What here might help to put it out?",
        "If something caught fire in this place, what could be used against it?"),
       ("What here would help to put out a small fire?",),
       "fire_extinguisher fire_hydrant hose bucket sink faucet blanket fountain",
       "A fire goes out when it is cooled with water or cut off from the air.",
       ("So {the} could help in the first moments, before the fire department arrives.",
        "Therefore it would be good to know that {the} can be reached.")),
    _S(("Guests are expected for dinner. What here would be put to use?",
        "What shows that meals are served or prepared around here?"),
       ("What here would be used at a meal?",),
       "plate fork knife spoon wine_glass napkin tablecloth bowl cup table oven placemat stove tray",
       "A meal needs things to cook with, to serve on and to eat with.",
       ("So {the} would come into use as soon as the food is ready.",
        "Therefore {the} would be needed when the guests arrive.")),
    _S(("In what way does this scene invite people to be active?",
        "Somebody wants some exercise. What does the scene suggest?"),
       ("What here could be used for sport or exercise?",),
       "bicycle skateboard surfboard tennis_racket frisbee ball snowboard skis baseball_bat kite swimming_pool ocean "
       "tennis_court baseball_glove soccer_ball kayak basketball raft",
       "Exercise is more fun with equipment, or in a place that is made for it.",
       ("So {the} would be a good reason to get moving.", "Therefore {the} could be the start of healthy exercise.")),
    _S(("What tells us that somebody wanted this place to look nice?",
        "Which thing here seems to be there for beauty rather than for use?"),
       ("What here is mainly decoration?",),
       "picture vase flower statue chandelier curtain carpet candle wreath christmas_tree fountain balloon "
       "sculpture bouquet "
       "tablecloth ornament orchid",
       "Some things do little work, and people choose them because they please the eye.",
       ("So {the} would suggest that somebody cared about the looks of the place.",
        "Therefore {the} could be read as a sign of care.")),
    _S(("What here shows that people read or write in this place?",
        "How can one tell that written words matter in this scene?"),
       ("What here is there to be read?",),
       "book newspaper magazine sign bookshelf paper menu street_sign billboard notebook desk calendar letter "
       "whiteboard",
       "Writing is put where people are meant to see it or to work on it.",
       ("So {the} would be where somebody reads or writes.",
        "Therefore {the} would suggest that reading has its place here.")),
    _S(("A delivery arrives that is too large to carry. What does the scene offer for moving it?",
        "Which thing here is built to move heavy loads?"),
       ("What here is made for moving heavy loads?",),
       "truck van trailer cart wagon forklift tractor shopping_cart crane train ship",
       "Heavy loads are moved on wheels or by machines, since muscles soon give out.",
       ("So {the} could do that sort of work.", "Therefore {the} would be more useful than many strong arms.")),
    _S(("Somebody here wants to make music or listen to it. What is there for that?",
        "What could bring some music into this scene?"),
       ("What here could fill the place with music?",),
       "guitar piano speaker radio drum violin trumpet stereo cd_player computer tv headphone laptop phone",
       "Music is either played on an instrument or comes out of a device.",
       ("So {any} could provide it.", "Therefore {any} would be the thing to try.")),
    _S(("Something has fallen behind a tall piece of furniture or onto a roof. What could help to get at it?",
        "A light bulb high up must be changed. What in the scene could help?"),
       ("What could one stand on to reach something high?",),
       "ladder stool chair bench table",
       "To reach something high, one needs a firm thing to climb on.",
       ("So {any} could help, if somebody holds {it} steady.",
        "Therefore {any} might be used with care, but never in a hurry.")),
    _S(("Where would water be found in this scene?",
        "A dog that has run a long way needs water. Where might it find some?"),
       ("Where is there water?",),
       "ocean lake river pond sink fountain swimming_pool faucet fire_hydrant bathtub water_bottle stream "
       "puddle wave "
       "toilet",
       "Water is found in the open, or where pipes and vessels bring it.",
       ("So {any} would be the place to look.", "Therefore water should not be far from {any}.")),
    _S(("How can one tell that the season or the region is a green one?",
        "What in this scene makes the air a little better?"),
       ("What grows here?",),
       "tree grass plant bush flower hedge palm_tree leaf vine ivy",
       "Green plants take in carbon dioxide and give off oxygen.",
       ("So {the} would do the air some good.", "Therefore one could thank {the} for a bit of fresh air.")),
    _S(("Daylight and fresh air are wanted. What does this place offer?",
        "The air in here gets stuffy. What could people do about it?"),
       ("What could be opened to let in some air?",),
       "window door fan air_conditioner skylight",
       "Stale air has to be replaced or at least moved.",
       ("So opening or using {the} should help.", "Therefore people could make use of {the}.")),
    _S(("How does this scene show that people keep things in order?",
        "Somebody has to put small things away. What would serve them here?"),
       ("What here is good for storing things?",),
       "shelf cabinet drawer bookshelf box basket dresser filing_cabinet closet rack folder container desk tray "
       "wardrobe",
       "Order is easier to keep when everything has its place.",
       ("So {the} would help to keep things together.", "Therefore {the} could hold what would otherwise lie around.")),
    _S(("Somebody has to pay a small sum right now. What could help?",
        "What in the scene has to do with money?"),
       ("What here has to do with money?",),
       "coin wallet atm parking_meter vending_machine token handbag",
       "Small sums are paid in cash, which has to be kept somewhere.",
       ("So {the} would be the first thing to think of.", "Therefore {the} would be where to look.")),
    _S(("What would a collector of beautiful or old things look at here?",
        "Which thing in this scene might have a story to tell?"),
       ("What here might interest a collector?",),
       "coin picture vase statue clock guitar globe teapot doll sculpture map figurine pagoda medal rocket",
       "Collectors care for what is rare, old or made with skill.",
       ("So {the} might be worth a closer look.", "Therefore {the} could turn out to be the most interesting find.")),
    _S(("What would draw insects to this place on a warm day?",
        "Bees and flies come along. What are they after?"),
       ("What here might attract insects?",),
       "flower fruit banana apple cake trash_can lamp petal orange grape jam honey juice rose plant",
       "Insects look for nectar and sugar, and at night for light.",
       ("So {the} would probably be what they come for.", "Therefore {the} might be visited first.")),
    _S(("What in this scene could one hold on to when losing balance?",
        "An old man feels dizzy. What could give him support here?"),
       ("What could one hold on to here?",),
       "railing pole wall fence table counter handle chair pillar tree bench tripod cane door",
       "A hand that looks for support needs something firm.",
       ("So {any} would be of help, provided that {it_holds}.", "Therefore reaching for {any} might prevent a fall.")),
    _S(("How would the living creature here notice what goes on around it?",
        "By what would somebody here be warned of danger?"),
       ("With what does the living creature here notice things?",),
       "eye ear nose whisker",
       "Animals and people take in their surroundings through their senses.",
       ("So {the} would bring the news.", "Therefore {the} would be the first to notice a change.")),
    _S(("What can be seen from far away here, even by somebody who comes from a distance?",
        "Two friends lose each other in this place. Where could they agree to meet?"),
       ("What would make a good landmark here?",),
       "tower statue fountain rocket pagoda church bridge clock bench tree lighthouse windmill traffic_light "
       "pole sign building flag bus_stop",
       "A meeting point has to be easy to find and easy to describe.",
       ("So {the} would serve well as a landmark.", "Therefore {the} would be a good place to wait for each other.")),
    _S(("What would survive a fall from the table without harm?",
        "Which thing here may be dropped without much worry?"),
       ("What here would survive a fall?",),
       "spoon fork pillow teddy_bear ball towel coin book blanket napkin shoe bag cushion backpack glove hat coat "
       "pants",
       "What is soft, or made of solid metal or paper, does not shatter.",
       ("So {the} would most likely stay whole.", "Therefore nobody would have to worry much about {the}.")),
    _S(("Where would dust and dirt gather over the weeks if nobody cleaned here?",
        "Somebody wants to clean up this place. Where should they begin?"),
       ("What here needs regular cleaning?",),
       "floor carpet shelf window sink table toilet stove keyboard monitor mirror bookshelf counter plate "
       "street sidewalk tv couch curtain lamp camera saucer cup car",
       "Dirt settles on every surface, and use adds to it.",
       ("So {the} would be a good place to begin.", "Therefore {the} should not be forgotten.")),
)  # fmt: skip


def reasoned(situation: Situation) -> Kind:
    """Return the kind of question that asks about the situation and answers in steps."""

    def kind(scene: Scene, _: Random) -> Iterator[Pair]:
        found = _answers(scene, situation)
        if found:
            because, there = situation.because, _there(found)
            so = tuple(_filled(text, found) for text in situation.so)
            replies = tuple(
                f"{first} {second} {last}"
                for last in so
                for first, second in ((there, because), (because, f"In this scene t{there[1:]}"))
            )
            yield Pair(tuple(answer.key for answer in found), situation.questions, replies)

    kind.__name__ = situation.brief[0]
    return kind


def planned(situation: Situation) -> Kind:
    """Return the kind of question that asks about the situation and answers shortly."""

    def kind(scene: Scene, rng: Random) -> Iterator[Pair]:
        found = _answers(scene, situation)
        if found:
            names = sentence(joined([answer.first for answer in found[:2]]))
            short = f"{names} {situation.because}"
            plain = (
                _filled(rng.choice(situation.so), found[:2])
                .removeprefix("So ")
                .removeprefix("Therefore ")
                .removeprefix("For that reason ")
            )
            yield Pair(
                tuple(answer.key for answer in found[:2]), situation.brief, (short, f"{names} {sentence(plain)}")
            )

    kind.__name__ = situation.brief[0]
    return kind


class _NamedThing(NamedTuple):
    """A thing, or all things of its name where their number is certain, first and later spoken of."""

    key: int
    first: str
    the: str
    several: bool


def _answers(scene: Scene, situation: Situation) -> list[_NamedThing]:
    found = scene.find(noun.replace("_", " ") for noun in situation.nouns.split())
    if any(thing.kind == "body" for thing in found) and any(thing.kind == "person" for thing in scene.things):
        return []
    return [_answer(scene, thing) for thing in found[:3]]


def _answer(scene: Scene, thing: Thing) -> _NamedThing:
    count = scene.count(thing.noun.same)
    if count and count > 1:
        name = several_of(scene.groups[thing.noun.same])
        return _NamedThing(thing.key, f"{number_word(count)} {name}", f"the {name}", several=True)
    place = where(thing.box) if thing.placed else ""
    first = f"{a(thing)} {place}" if place else a(thing)
    return _NamedThing(thing.key, first, f"the {thing.name}", thing.several)


def _there(found: Sequence[_NamedThing]) -> str:
    are = found[0].several and not found[0].first.startswith("a pair")
    return f"There {'are' if are else 'is'} {joined([answer.first for answer in found])}."


def _filled(text: str, found: Sequence[_NamedThing]) -> str:
    names = [answer.the for answer in found]
    the, either = joined(names), joined(names, "or")
    several = len(found) > 1 or found[0].several
    words = {
        "the": the,
        "The": the[:1].upper() + the[1:],
        "any": either,
        "Any": either[:1].upper() + either[1:],
        "it": "them" if several else "it",
        "it_works": "they work" if several else "it works",
        "it_holds": "they hold firm" if several else "it holds firm",
        "it_is": "they are" if several else "it is",
    }
    return _HOLE.sub(lambda hole: words[hole[1]], text)
