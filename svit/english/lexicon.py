"""What everybody knows about the things that pictures show: kinds, uses, materials, advice, usual places.

General knowledge about a sort of thing, never about one picture. The nouns are the frequent object names of Visual
Genome (arXiv 1602.07332) and the categories of MS-COCO (arXiv 1405.0312); the sentences are our own.
"""

from typing import NamedTuple


def word_set(words: str) -> frozenset[str]:
    """Return the words of a list in a string; an underscore joins the words of one entry."""
    return frozenset(word.replace("_", " ") for word in words.split())


VOCABULARY: dict[str, str] = {
    "person": """man woman person boy girl child baby guy lady kid adult toddler teenager gentleman student worker
        player
        skier surfer skateboarder snowboarder rider cyclist biker driver passenger pedestrian tourist policeman
        officer
        chef waiter waitress catcher batter pitcher umpire referee athlete astronaut bride groom farmer fisherman
        photographer musician soldier firefighter vendor customer shopper spectator skater cowboy tennis_player
        baseball_player soccer_player male female dancer runner cameraman""",
    "body": """head hair face hand arm leg foot eye ear nose mouth neck finger beard mustache shoulder chin wrist toe
        eyebrow knee elbow thumb tail paw horn mane fur feather beak hoof tooth tongue snout antler claw whisker tusk
        tummy belly ponytail fin pupil eyelash forehead cheek hip breast""",
    "animal": """dog cat horse cow sheep zebra giraffe elephant bear bird duck goose goat pig chicken rooster lion
        tiger
        monkey rabbit squirrel deer kitten puppy lamb calf bull pony donkey camel penguin seagull pigeon parrot owl
        swan
        fish shark whale dolphin turtle frog snake lizard butterfly bee kangaroo ostrich polar_bear flamingo peacock
        eagle sparrow crow rhino hippo wolf fox bison moose animal insect""",
    "vehicle": """car truck bus van taxi suv train motorcycle bicycle bike boat ship airplane plane jet helicopter
        scooter moped motorbike tractor trailer wagon carriage cart sailboat kayak canoe ferry tram trolley ambulance
        fire_truck police_car pickup_truck jeep minivan limousine raft locomotive rocket spaceship space_shuttle
        shuttle vehicle stroller
        wheelchair shopping_cart taxi_cab dump_truck tow_truck school_bus motor_bike crane bulldozer forklift sled""",
    "furniture": """chair table desk couch sofa bed bench stool shelf cabinet bookshelf bookcase dresser nightstand
        wardrobe cupboard ottoman armchair loveseat recliner crib counter drawer entertainment_center rack countertop
        coffee_table end_table side_table dining_table office_chair file_cabinet filing_cabinet bar_stool desk_chair
        bunk_bed high_chair rocking_chair mattress furniture closet pew picnic_table cubicle""",
    "appliance": """stove oven refrigerator fridge microwave toaster dishwasher sink faucet blender coffee_maker
        kettle
        washing_machine dryer freezer heater air_conditioner fan radiator vacuum toilet bathtub shower urinal bidet
        microwave_oven coffee_pot iron hair_dryer hair_drier range_hood water_heater sewing_machine tub""",
    "electronics": """computer laptop monitor keyboard printer phone telephone cell_phone mobile_phone television tv
        speaker camera remote_control remote screen computer_mouse mouse cpu desktop_computer tablet headphone radio
        stereo dvd_player cd_player projector router game_controller controller calculator copier fax_machine scanner
        xbox video_game_console microphone computer_tower alarm_clock computer_monitor flat_screen_tv amplifier
        parking_meter atm vending_machine computer_screen computer_keyboard surge_protector charger pay_phone
        webcam""",
    "light": """lamp light chandelier candle lantern street_light street_lamp lamp_post light_fixture floor_lamp
        ceiling_light headlight tail_light flashlight light_bulb spotlight desk_lamp table_lamp streetlight
        lightpost""",
    "kitchenware": """plate bowl cup mug fork knife spoon wine_glass pan pot teapot spatula ladle tray cutting_board
        platter saucer chopstick utensil whisk tongs napkin placemat coffee_mug coffee_cup dish cutlery silverware
        corkscrew salt_shaker pepper_shaker frying_pan  mixing_bowl wineglass butter_knife wok grater""",
    "food": """pizza sandwich cake bread apple banana orange carrot broccoli hot_dog donut doughnut egg cheese meat
        chicken_wing salad rice pasta soup cookie muffin bagel pancake waffle croissant potato tomato onion pepper
        lettuce cucumber cauliflower mushroom grape strawberry blueberry lemon lime pear peach pineapple watermelon
        mango kiwi avocado corn bean pea nut burger hamburger fries french_fries chip taco burrito sushi shrimp steak
        sausage bacon ham butter jam honey sauce ketchup mustard mayonnaise salt sugar icing frosting chocolate candy
        ice_cream pie cupcake dessert fruit vegetable food spinach celery cabbage garlic berry olive pickle noodle
        pastry bun roll toast cereal pepperoni crust cream whipped_cream""",
    "drink": "coffee tea water_bottle juice beer wine soda milk beverage drink smoothie lemonade orange_juice",
    "clothing": """shirt jacket coat pants jeans shorts dress skirt sweater suit tie uniform sock glove scarf vest
        blouse
        t-shirt tshirt tee_shirt tank_top hoodie sweatshirt robe apron swimsuit bikini wetsuit bathing_suit trousers
        swim_trunks leggings tights gown jersey kimono overalls raincoat clothes clothing outfit blazer cardigan
        polo_shirt dress_shirt bow_tie necktie swimming_trunks sweatpants pajamas life_jacket life_vest mitten
        space_suit spacesuit""",
    "footwear": """shoe boot sneaker sandal slipper flip-flop high_heel tennis_shoe cleat roller_skate ice_skate
        flip_flop heel""",
    "accessory": """hat cap helmet sunglasses eyeglasses goggles umbrella backpack handbag purse bag belt watch
        wristwatch necklace bracelet earring ring wallet visor headband bow suitcase briefcase luggage baseball_cap
        beanie crown wig mask bandana wristband tote_bag duffel_bag messenger_bag shopping_bag parasol cane badge
        baggage lanyard knee_pad wrist_band coin token patch medal brooch fan_belt""",
    "glass": "glass",
    "textile": """curtain blanket towel pillow rug carpet tablecloth cushion sheet bedspread quilt comforter cloth
        drape
        mat bath_mat shower_curtain dishcloth throw_pillow table_cloth doormat rag flag banner bath_towel
        hand_towel dish_towel bedding blinds saddle window_blinds""",
    "container": """bottle box jar basket vase can bucket trash_can garbage_can bin wastebasket crate barrel
        carton container canister paper_bag plastic_bag planter flower_pot tank jug
        recycling_bin toolbox cooler mailbox envelope package flask plastic_bottle wine_bottle
        beer_bottle pail flowerpot waste_basket garbage_bin trash_bin ashtray toothbrush_holder""",
    "stationery": """pen pencil paper book notebook magazine newspaper calendar folder stapler tape_dispenser
        binder map
        scissors marker eraser ruler sticky_note poster card menu paperwork bulletin_board
        whiteboard chalkboard clipboard post-it_note letter receipt postcard highlighter rolodex corkboard
        blackboard crayon newspaper_box dictionary cookbook""",
    "tool": """hammer ladder saw screwdriver drill wrench shovel broom mop rake hose rope chain
        fire_extinguisher toothbrush toothpaste soap comb brush sponge toilet_paper paper_towel tissue
        soap_dispenser plunger toilet_brush razor fishing_pole fishing_rod whip leash anchor oar paddle tripod pipe
        tissue_box hairbrush axe""",
    "sports": """ball skateboard surfboard snowboard frisbee kite baseball_bat bat baseball_glove mitt tennis_racket
        racket racquet ski skis ski_pole tennis_ball baseball soccer_ball basketball football volleyball golf_ball
        golf_club goal tennis_net hockey_stick sports_ball dumbbell wakeboard tennis_racquet soccer_goal bowling_ball
        boogie_board hula_hoop""",
    "toy": """teddy_bear toy doll stuffed_animal balloon toy_car puzzle lego stuffed_bear action_figure swing slide
        dart playground jigsaw_puzzle""",
    "music": "guitar piano drum violin trumpet flute saxophone cello accordion ukulele",
    "decoration": """picture painting photo picture_frame mirror clock statue sculpture candle_holder candlestick
        ornament wreath photograph figurine flower_arrangement fountain fireplace trophy christmas_tree wall_clock
        lampshade chess_set globe garland portrait drawing dartboard vase_of_flowers framed_picture
        tapestry mural""",
    "plant": """tree flower plant bush leaf branch hedge palm_tree rose potted_plant shrub vine
        pine_tree fern cactus tulip sunflower orchid weed ivy bouquet petal stem trunk log stump tree_trunk daisy
        tree_branch houseplant lily""",
    "building": """building house skyscraper tower church barn store shop garage shed hut tent castle temple
        stadium station cabin cottage lighthouse apartment hotel restaurant bank school greenhouse pavilion pagoda
        train_station bus_station windmill gas_station warehouse apartment_building office_building clock_tower
        gazebo roof chimney steeple hall dome""",
    "structure": """fence pole sign traffic_light street_sign stop_sign fire_hydrant bridge awning canopy railing post
        wall gate bus_stop billboard traffic_cone cone barrier pillar column hydrant stop_light stoplight
        traffic_signal
        telephone_pole flagpole flag_pole power_line guard_rail bike_rack stairs staircase steps dock pier ramp
        archway
        tunnel arch bollard parking_sign walk_sign utility_pole light_pole barricade bus_shelter net scoreboard
        crosswalk_sign step overpass underpass deck lamppost store_sign neon_sign cage manhole
        scaffolding bleachers fire_escape fireplug launch_pad""",
    "opening": "door window doorway entrance garage_door shutter windowsill window_sill skylight screen_door",
    "ground": """street road sidewalk floor ground grass field sand snow beach dirt gravel pavement crosswalk driveway
        lawn path curb lane highway intersection parking_lot track tracks train_tracks railroad_tracks asphalt tarmac
        runway court tennis_court baseball_field platform patio yard plaza slope walkway trail mud wood_floor
        tile_floor soccer_field pasture meadow roadway mound home_plate desert hillside cobblestone train_track""",
    "water": "water ocean sea lake river pond wave pool swimming_pool stream waterfall puddle creek canal harbor tide",
    "sky": "sky cloud sun moon rainbow smoke steam fog contrail",
    "land": "mountain hill rock cliff forest island woods boulder stone valley shore shoreline horizon sand_dune",
    "place": """kitchen bathroom bedroom living_room office room hallway garden park zoo market balcony porch
        hotel_room
        dining_room classroom courtyard airport library""",
    "text": "number logo sticker label license_plate arrow writing lettering graffiti barcode magnet",
    "part": """wheel tire handle seat windshield engine bumper hood license handlebar pedal cord wire cable knob
        button
        lid hinge frame ceiling outlet switch light_switch socket plug power_outlet electrical_outlet tile brick
        arm_rest armrest pocket collar sleeve strap zipper shoelace lace antenna sail propeller wing landing_gear
        cockpit mast rim hubcap spoke exhaust_pipe side_mirror rearview_mirror windshield_wiper wiper key mouse_pad
        mousepad nose_cone booster crank drawer_handle door_handle doorknob vent rail bar plank panel backsplash
        hub trim spout
        headboard footboard bed_frame shadow reflection stripe line lens grill grille front_wheel back_wheel
        front_tire back_tire rear_wheel side_window wall_tile table_leg chair_leg""",
}
"""Every noun that a writer may use, by kind; an underscore joins the words of one noun."""

MASS = word_set("""grass water snow sand hair fur bread cheese meat salad rice pasta soup lettuce broccoli
        cauliflower corn
    butter jam honey sauce ketchup mustard mayonnaise salt sugar icing frosting chocolate candy ice_cream fruit food
    spinach celery cabbage garlic cereal pepperoni cream whipped_cream coffee tea juice beer wine soda milk lemonade
    orange_juice luggage baggage clothing furniture dirt gravel pavement asphalt tarmac mud smoke steam fog
    paperwork toilet_paper soap toothpaste writing lettering graffiti bacon ham sushi cutlery silverware bedding
    ivy scaffolding toast sky ground floor weather traffic paper steak cobblestone trim""") - {
    "sky",
    "ground",
    "floor",
    "steak",
}
"""Nouns without a plural and without "a"."""

PAIRS = word_set("""pants jeans shorts sunglasses eyeglasses goggles scissors tongs trousers swim_trunks leggings
        tights overalls
    swimming_trunks sweatpants pajamas""")
"""Nouns that are plural though one thing: "a pair of pants"."""

ALWAYS_PLURAL = word_set("""clothes fries french_fries skis stairs steps tracks train_tracks railroad_tracks woods
        blinds window_blinds
    bleachers""")
"""Nouns that are only used in the plural, with no count."""

SAME: dict[str, str] = {
    "guy": "man", "male": "man", "gentleman": "man", "lady": "woman", "female": "woman", "kid": "child",
    "toddler": "child", "sofa": "couch", "loveseat": "couch", "bike": "bicycle", "television": "tv",
    "flat screen tv": "tv", "screen": "monitor", "computer screen": "monitor", "computer monitor": "monitor",
    "computer keyboard": "keyboard", "photo": "picture", "photograph": "picture", "painting": "picture",
    "framed picture": "picture", "portrait": "picture", "drawing": "picture", "poster": "picture",
    "picture frame": "picture", "telephone": "phone", "cell phone": "phone", "mobile phone": "phone",
    "taxi cab": "taxi", "fridge": "refrigerator", "plane": "airplane", "jet": "airplane", "motorbike": "motorcycle",
    "motor bike": "motorcycle", "moped": "scooter", "rug": "carpet", "mug": "cup", "coffee mug": "cup",
    "coffee cup": "cup", "pavement": "sidewalk", "walkway": "sidewalk", "road": "street", "roadway": "street",
    "computer mouse": "mouse", "remote": "remote control", "garbage can": "trash can", "bin": "trash can",
    "trash bin": "trash can", "garbage bin": "trash can", "waste basket": "trash can", "wastebasket": "trash can",
    "recycling bin": "trash can", "cupboard": "cabinet", "bookcase": "bookshelf", "tub": "bathtub",
    "stop light": "traffic light", "stoplight": "traffic light", "traffic signal": "traffic light",
    "hydrant": "fire hydrant", "streetlight": "street light", "street lamp": "street light",
    "lamp post": "street light", "lamppost": "street light", "lightpost": "street light", "doughnut": "donut",
    "tshirt": "t-shirt", "tee shirt": "t-shirt", "necktie": "tie", "racket": "tennis racket",
    "racquet": "tennis racket", "tennis racquet": "tennis racket", "sea": "ocean", "purse": "handbag",
    "stuffed bear": "teddy bear", "microwave oven": "microwave", "dish": "plate", "drape": "curtain",
    "table cloth": "tablecloth", "wineglass": "wine glass", "cap": "hat", "baseball cap": "hat",
    "potted plant": "plant", "houseplant": "plant", "luggage": "suitcase", "baggage": "suitcase",
    "wristwatch": "watch", "eyeglasses": "glasses", "pickup truck": "truck", "minivan": "van", "shrub": "bush",
    "tennis player": "player", "baseball player": "player", "hamburger": "burger", "desktop computer": "computer",
    "computer tower": "computer", "cpu": "computer", "store": "shop", "coffee maker": "coffee pot",
    "cone": "traffic cone", "bat": "baseball bat", "mitt": "baseball glove", "lawn": "grass",
    "hair drier": "hair dryer",
    "utensil": "cutlery", "silverware": "cutlery", "post": "pole", "couch cushion": "cushion",
    "countertop": "counter", "trousers": "pants", "jeans": "pants", "file cabinet": "filing cabinet",
    "spacesuit": "space suit", "racks": "rack", "headlamp": "headlight",
}  # fmt: skip
"""Words that may be two names for one thing; they are counted together, or not at all."""

WIDER: dict[str, str] = {
    "person": "man woman boy girl child baby adult teenager student worker player skier surfer rider driver",
    "man": "player worker skier surfer rider driver officer student teenager adult person male skateboarder chef",
    "woman": "player worker skier surfer rider driver officer student teenager adult person waitress bride",
    "child": "boy girl baby person",
    "boy": "child person student player skateboarder",
    "girl": "child person student player",
    "animal": "dog cat horse cow sheep zebra giraffe elephant bear bird",
    "vehicle": "car truck bus van taxi suv",
    "car": "taxi suv vehicle van",
    "light": "lamp street_light headlight",
    "plant": "flower bush tree",
    "food": "pizza cake sandwich bread fruit vegetable meat",
    "bag": "handbag backpack shopping_bag",
    "bottle": "water_bottle wine_bottle",
    "shirt": "t-shirt blouse",
    "glass": "wine_glass cup",
    "house": "building",
    "building": "house shop tower church",
    "boat": "sailboat ship raft",
    "bird": "duck goose chicken seagull pigeon sparrow",
    "desk": "table",
    "table": "desk",
    "jacket": "coat",
    "shelf": "bookshelf",
    "computer": "laptop monitor",
    "laptop": "computer",
    "door": "doorway entrance",
    "sign": "street_sign stop_sign",
    "chair": "stool armchair office_chair",
    "player": "man woman person",
}
"""A word, and the words that "the word" could mean as well when both are in the picture."""

USES: dict[str, str] = {
    # parts of living things
    "eye": "see",
    "ear": "hear",
    "nose": "smell and breathe",
    "mouth": "eat, drink and make sounds",
    "whisker": "feel the way in the dark",
    "paw": "walk and hold things",
    "tail": "keep the balance",
    "wing": "fly",
    "beak": "pick up food",
    "hoof": "walk on hard ground",
    "petal": "attract insects to a flower",
    "leaf": "turn sunlight into food for a plant",
    # parts of things
    "wheel": "roll along",
    "tire": "grip the road and soften bumps",
    "handlebar": "steer",
    "handle": "hold, open or pull something",
    "seat": "sit on while riding or driving",
    "engine": "drive a vehicle",
    "button": "fasten clothes or operate a device",
    "strap": "hold something in place",
    "logo": "show who made or owns something",
    "roof": "keep out rain, snow and sun",
    "pillar": "carry the weight of a roof",
    "platform": "give a firm and level place to stand",
    "tower": "see or be seen from far away",
    "coin": "pay for things",
    "saucer": "catch drops and hold a spoon",
    "patch": "show which group or mission somebody belongs to",
    "side mirror": "see what comes from behind",
    "exhaust pipe": "lead hot gases away from the rider or passengers",
    # furniture
    "chair": "give one person a place to sit",
    "table": "hold things at a comfortable height",
    "desk": "work, write and keep papers at hand",
    "couch": "seat several people comfortably",
    "bed": "sleep and rest",
    "bench": "let several people sit down side by side",
    "stool": "sit for a short while or reach something high",
    "shelf": "store things off the floor and within reach",
    "cabinet": "keep things out of sight and free of dust",
    "bookshelf": "keep books upright and easy to find",
    "dresser": "store folded clothes",
    "nightstand": "keep a lamp or a book within reach of the bed",
    "ottoman": "put the feet up",
    "armchair": "sit comfortably with the arms supported",
    "counter": "prepare food or serve people",
    "drawer": "keep small things together and out of sight",
    "entertainment center": "hold a television and the devices that belong to it",
    "filing cabinet": "keep documents in order",
    # appliances
    "stove": "heat pots and pans",
    "oven": "bake and roast food",
    "refrigerator": "keep food cold so that it stays fresh",
    "microwave": "warm up food within minutes",
    "toaster": "brown slices of bread",
    "dishwasher": "wash plates and glasses without scrubbing",
    "sink": "wash hands and dishes",
    "faucet": "turn running water on and off",
    "coffee pot": "brew and pour coffee",
    "kettle": "boil water",
    "heater": "warm a room",
    "air conditioner": "cool a room in hot weather",
    "fan": "move the air on a warm day",
    "toilet": "dispose of human waste hygienically",
    "bathtub": "take a bath",
    "shower": "wash the whole body under running water",
    "washing machine": "wash clothes",
    "freezer": "keep food frozen for months",
    # electronics
    "computer": "write, calculate and look things up",
    "laptop": "work on a computer in different places",
    "monitor": "show what a computer or a player puts out",
    "keyboard": "type text into a computer",
    "mouse": "move a pointer across a computer screen",
    "printer": "put documents on paper",
    "phone": "talk with people who are far away",
    "tv": "watch films, shows and the news",
    "speaker": "play sound loud enough to fill a room",
    "camera": "take photographs",
    "remote control": "operate a device from a distance",
    "calculator": "do sums quickly",
    "parking meter": "collect money for a parking space",
    "headphone": "listen without disturbing others",
    "controller": "play video games",
    "radio": "listen to broadcasts",
    "fax machine": "send copies of documents over a telephone line",
    # light
    "lamp": "brighten a spot after dark",
    "light": "make things visible in the dark",
    "chandelier": "light a room from the ceiling",
    "candle": "give a soft light",
    "street light": "light the street at night",
    "headlight": "light the road ahead and make a vehicle visible",
    "tail light": "warn the drivers behind",
    "lantern": "carry a light around",
    # kitchenware
    "plate": "serve a meal",
    "bowl": "hold soup, fruit or cereal",
    "cup": "drink hot beverages",
    "fork": "pick up bites of food",
    "knife": "cut and spread food",
    "spoon": "stir and eat soft or liquid food",
    "wine glass": "serve wine",
    "pan": "fry food",
    "pot": "cook soup, pasta or vegetables",
    "teapot": "brew and pour tea",
    "spatula": "turn food in a pan",
    "tray": "carry several things at once",
    "cutting board": "chop food without harming the counter",
    "napkin": "wipe the mouth and hands at a meal",
    "placemat": "keep the table clean under a plate",
    # clothing and what is worn
    "jacket": "keep the upper body warm",
    "coat": "keep warm outdoors",
    "sweater": "keep the upper body warm",
    "glove": "protect the hands",
    "scarf": "keep the neck warm",
    "apron": "keep the clothes clean while working",
    "wetsuit": "keep a swimmer or surfer warm in cold water",
    "uniform": "show which team or service somebody belongs to",
    "tie": "add a formal touch to a shirt",
    "life jacket": "keep a person afloat",
    "shoe": "protect the feet",
    "boot": "keep the feet dry and steady",
    "sneaker": "walk and run comfortably",
    "sandal": "keep the feet cool in warm weather",
    "hat": "shade or warm the head",
    "helmet": "protect the head",
    "sunglasses": "shield the eyes from bright light",
    "goggles": "protect the eyes",
    "umbrella": "keep rain and strong sun off",
    "backpack": "carry things with both hands free",
    "handbag": "carry small personal things such as keys and a wallet",
    "bag": "carry things from one place to another",
    "belt": "hold up trousers",
    "watch": "tell the time at a glance",
    "suitcase": "pack clothes for a journey",
    "shopping bag": "carry purchases home",
    # textiles
    "curtain": "keep out light and curious looks",
    "blanket": "keep warm while resting",
    "towel": "dry hands, skin or dishes",
    "pillow": "support the head",
    "cushion": "make a seat softer",
    "carpet": "make a floor warmer and quieter",
    "tablecloth": "protect and decorate a table",
    "blinds": "let in or shut out daylight",
    "flag": "stand for a country or a group",
    "shower curtain": "keep water from splashing onto the floor",
    # containers
    "bottle": "store and pour liquids",
    "box": "store and carry things",
    "jar": "keep food sealed",
    "basket": "gather and carry loose things",
    "vase": "hold cut flowers in water",
    "can": "keep food or drinks sealed",
    "bucket": "carry water",
    "trash can": "collect waste",
    "planter": "grow plants where there is no soil",
    "flower pot": "grow a plant indoors or on a balcony",
    "mailbox": "receive letters",
    # stationery
    "pen": "write",
    "pencil": "write and draw",
    "paper": "write, print and draw on",
    "book": "pass on stories and knowledge",
    "notebook": "take notes",
    "magazine": "read articles and look at pictures",
    "newspaper": "learn about the news",
    "calendar": "keep track of dates",
    "folder": "keep loose papers together",
    "stapler": "fasten sheets of paper together",
    "scissors": "cut paper and cloth",
    "bulletin board": "pin up notes that should not be forgotten",
    "whiteboard": "write notes that can be wiped off again",
    "sticky note": "leave a short reminder",
    "map": "find the way",
    "menu": "choose what to eat",
    "tape dispenser": "tear off pieces of sticky tape",
    # tools
    "ladder": "reach high places",
    "broom": "sweep the floor",
    "hose": "bring water to where it is needed",
    "fire extinguisher": "put out a small fire",
    "toothbrush": "clean the teeth",
    "soap": "wash off dirt and germs",
    "toilet paper": "clean oneself after using the toilet",
    "leash": "keep a dog close to its owner",
    "tripod": "hold a camera steady",
    # sports and toys
    "ball": "play games",
    "skateboard": "roll along and do tricks",
    "surfboard": "ride waves",
    "snowboard": "slide down snowy slopes",
    "skis": "glide over snow",
    "frisbee": "play throwing and catching",
    "kite": "catch the wind and fly on a string",
    "baseball bat": "hit a baseball",
    "baseball glove": "catch a hard ball without hurting the hand",
    "tennis racket": "hit a tennis ball over a net",
    "tennis ball": "play tennis",
    "teddy bear": "comfort and entertain children",
    "toy": "entertain children",
    "doll": "play pretend",
    "balloon": "decorate parties",
    "guitar": "play music",
    "piano": "play music",
    "drum": "set the beat of a piece of music",
    # decoration
    "picture": "decorate a room",
    "mirror": "see one's own reflection",
    "clock": "tell the time",
    "statue": "honor somebody or decorate a place",
    "fireplace": "warm a room with an open fire",
    "fountain": "decorate a square or a garden with moving water",
    "globe": "show where countries and oceans lie",
    # street and buildings
    "fence": "mark a boundary and keep people or animals in or out",
    "sign": "tell people something at a glance",
    "traffic light": "decide whose turn it is at a crossing",
    "stop sign": "make drivers halt before a crossing",
    "street sign": "tell people where they are",
    "fire hydrant": "supply firefighters with water",
    "bridge": "cross water, tracks or a road",
    "awning": "shade a window or a shop front",
    "canopy": "give shade and shelter",
    "railing": "keep people from falling",
    "traffic cone": "mark off a part of the road",
    "crosswalk": "cross the street safely",
    "sidewalk": "walk apart from the traffic",
    "stairs": "get from one level to another",
    "billboard": "advertise to passers-by",
    "window": "let in daylight and fresh air",
    "door": "enter and leave a room or a building",
    "balcony": "step outside without leaving the building",
    "pole": "hold up signs, lights or wires",
    "bus stop": "wait for a bus",
    "windmill": "turn wind into useful work",
    "lighthouse": "guide ships at night",
    "parking lot": "leave cars while people do something else",
    "license plate": "identify a vehicle",
    "windshield": "protect the people inside from wind and rain",
    # vehicles
    "car": "carry a few people by road",
    "truck": "carry heavy loads by road",
    "bus": "carry many passengers by road",
    "van": "carry goods or a group of people",
    "taxi": "bring paying passengers to where they want to go",
    "train": "carry many passengers or goods by rail",
    "motorcycle": "carry one or two people by road",
    "bicycle": "ride without needing fuel",
    "scooter": "cover short distances in town",
    "boat": "travel on water",
    "ship": "carry people and goods across the sea",
    "airplane": "carry people over long distances by air",
    "helicopter": "fly without needing a runway",
    "tractor": "pull heavy machines across fields",
    "trailer": "carry loads behind another vehicle",
    "carriage": "carry people behind horses",
    "stroller": "push a small child along",
    "tram": "carry passengers through a city on rails",
    "sailboat": "travel on water by the force of the wind",
    "rocket": "carry people or satellites into space",
    "wheelchair": "move about without walking",
    "shopping cart": "push purchases through a store",
}
"""Completes "... are used to ...": the purpose of things of that name."""

TIPS: dict[str, str] = {
    "coin": "touch {it} by the rim only, because sweat stains old metal",
    "rocket": "watch the launch from far away, because the noise and the heat are dangerous",
    "whisker": "never trim {it}, because an animal uses whiskers to feel its way",
    "petal": "touch {it} gently, because petals bruise easily",
    "leaf": "wipe the dust off now and then, because a dusty leaf takes in less light",
    "lake": "check the depth before jumping in, because shallow water hides stones",
    "bridge": "keep to the right, because others come from the opposite side",
    "island": "mind the time of the last boat, because there is often no other way back",
    "roof": "check {it} after every storm, because a loose tile may fall on somebody",
    "light": "switch {it} off when nobody needs light, because light costs energy",
    "tripod": "spread the legs fully, because a narrow stand tips over",
    "coat": "hang {it} up to dry after rain, because damp cloth turns musty",
    "glove": "keep both of a pair together, because a single one is of little use",
    "saucer": "hold {it} level, because the cup slides off easily",
    "spoon": "take {it} out of the cup before drinking, because it may poke the eye",
    "tire": "check the air pressure regularly, because a soft tire steers badly",
    "wheel": "keep fingers and laces away while {it_turns}, because spokes catch whatever gets between them",
    "flag": "take {it} down in a storm, because strong wind tears the cloth",
    "railing": "never lean far over {it}, because a fall from there is dangerous",
    "table": "use coasters under hot cups, because heat leaves rings",
    "chair": "push {it} back under the table when getting up, because people trip over chairs that stand in the way",
    "desk": "clear {it} now and then, because an orderly desk makes it easier to concentrate",
    "couch": "vacuum {it} regularly, because crumbs and dust collect between the cushions",
    "bed": "air the sheets in the morning, because damp bedding turns musty",
    "bench": "wipe {it} before sitting down, because a bench outdoors collects dust and dew",
    "shelf": "put heavy things at the bottom, because a load high up can tip over",
    "bookshelf": "keep the heaviest books at the bottom, because a high load makes a shelf tip more easily",
    "stove": "turn off every burner before leaving, because a forgotten one can start a fire",
    "oven": "use thick gloves to take things out, because the metal inside burns the skin at once",
    "refrigerator": "close the door quickly, because warm air makes the food spoil sooner",
    "microwave": "never put metal inside, because metal throws sparks in a microwave",
    "toaster": "unplug {it} before removing a stuck slice, because the wires inside are live",
    "sink": "turn the water off properly, because a dripping faucet wastes a lot of it",
    "faucet": "turn {it} off tightly, because dripping wastes water",
    "toilet": "close the lid before flushing, because flushing throws tiny drops into the air",
    "bathtub": "lay a mat inside, because a wet tub is slippery",
    "computer": "save work often, because a power failure can wipe out whatever has not been stored",
    "laptop": "keep drinks at a distance, because spilled liquid ruins the electronics",
    "monitor": "look away every twenty minutes or so, because staring at a screen tires the eyes",
    "keyboard": "keep the wrists straight while typing, because bent wrists begin to ache",
    "mouse": "keep {it} close to the keyboard, because reaching far strains the shoulder",
    "printer": "keep spare paper nearby, because printers tend to run out in the middle of a job",
    "phone": "charge {it} before a long day, because an empty battery leaves one unable to call for help",
    "tv": "sit a few steps away, because a screen is tiring to watch from close up",
    "lamp": "let the bulb cool down before changing it, because it gets hot in use",
    "candle": "never leave {it} burning alone, because an open flame can set things on fire",
    "knife": "store {it} with the blade covered, because a loose blade cuts whoever reaches for it",
    "fork": "lay {it} with the points away from small children, because the tips can hurt",
    "cup": "keep {it} away from the edge, because a knocked cup spills and breaks",
    "plate": "carry {it} with both hands when it is full, because food slides off easily",
    "wine glass": "hold {it} by the stem, because a warm hand warms the drink",
    "bowl": "let hot food cool a little, because a bowl holds the heat for a long time",
    "pan": "turn the handle inward, because a handle that sticks out is easily knocked",
    "pot": "lift the lid away from the face, because the steam below is scalding",
    "bottle": "close {it} after use, because an open bottle spills when it falls over",
    "vase": "change the water every few days, because stale water makes flowers wilt",
    "plant": "water {it} regularly but not too much, because roots rot in soggy soil",
    "flower": "give {it} fresh water, because cut or potted flowers wilt within days without it",
    "tree": "keep the ground around {it} loose, because roots need air and water",
    "umbrella": "hold {it} against the wind, because a gust from behind can turn an umbrella inside out",
    "backpack": "wear both straps, because a load on one shoulder strains the back",
    "handbag": "keep {it} closed in a crowd, because an open bag invites thieves",
    "bag": "keep {it} closed and close by, because a loose bag is easily forgotten or stolen",
    "suitcase": "put a name tag on {it}, because suitcases look alike and get mixed up",
    "helmet": "make sure that {it_fits} well, because a loose helmet protects badly",
    "sunglasses": "keep {it} in a case, because lenses scratch easily",
    "shoe": "tie the laces well, because loose laces make people stumble",
    "hat": "hold on to {it} in a gust, because wind easily lifts a hat off",
    "skateboard": "wear a helmet and pads, because falls on hard ground are part of skateboarding",
    "surfboard": "keep the leash around the ankle, because a loose board can hit other swimmers",
    "snowboard": "check the bindings before the run, because a loose binding makes a rider lose control",
    "skis": "check the bindings before the run, because they must open in a fall",
    "frisbee": "throw {it} where there is open space, because a hard disc can hurt a bystander",
    "kite": "fly {it} far from power lines, because a line that touches them can carry a deadly current",
    "baseball bat": "look around before swinging {it}, because a swing can hit somebody nearby",
    "tennis racket": "keep a firm but relaxed grip, because a tight grip tires the arm",
    "ball": "keep {it} away from the road, because chasing a ball into traffic is dangerous",
    "bicycle": "lock {it} to something solid, because bicycles are quickly stolen",
    "motorcycle": "wear a helmet and sturdy clothes, because riders have no shell around them",
    "scooter": "watch out for holes in the road, because small wheels catch in them",
    "car": "look in every mirror before pulling out, because others may be in the blind spot",
    "truck": "keep out of its blind spots, because the driver sits high and cannot see everything near by",
    "bus": "wait until {it} has stopped completely, because doors and wheels are dangerous while it moves",
    "taxi": "agree on the fare or check the meter, because prices differ",
    "van": "open the doors with care, because cyclists may be passing",
    "train": "stand well back from the edge of the platform, because a train cannot swerve or stop quickly",
    "boat": "wear a life jacket, because anyone can fall overboard",
    "airplane": "keep the seat belt fastened while seated, because turbulence comes without warning",
    "dog": "ask the owner before petting {it}, because not every dog likes strangers",
    "cat": "let {it} come closer by itself, because cats dislike being grabbed",
    "horse": "never walk up close behind {it}, because a startled horse kicks",
    "cow": "keep a calm distance, because a cow that feels cornered may charge",
    "sheep": "move slowly near {it}, because a frightened sheep bolts",
    "elephant": "keep a respectful distance, because an elephant is strong enough to hurt people by accident",
    "bear": "stay far away and never offer {it} food, because bears are unpredictable",
    "zebra": "watch {it} from a distance, because zebras kick when they feel threatened",
    "giraffe": "watch {it} from a distance, because a kick of its long legs is powerful",
    "bird": "keep still while watching {it}, because birds fly off at sudden movements",
    "pizza": "let {it} cool a moment, because melted cheese burns the mouth",
    "cake": "keep {it} covered, because cake dries out in the open air",
    "banana": "eat {it} while it is yellow, because bananas turn brown within days",
    "apple": "wash {it} before eating, because dirt may stick to the peel",
    "orange": "peel {it} over a plate, because the juice drips",
    "bread": "keep {it} wrapped, because bread goes stale in the open air",
    "sandwich": "eat {it} soon after it is made, because the bread turns soggy",
    "hot dog": "cut {it} into small pieces for small children, because a round bite can choke them",
    "fruit": "wash {it} before eating, because dirt may stick to the peel",
    "coffee": "take small sips at first, because fresh coffee is hot",
    "scissors": "hand {it} over handle first, because the points are sharp",
    "ladder": "have somebody hold {it}, because a ladder slips on smooth ground",
    "window": "close {it} when leaving, because rain and strangers come in through open windows",
    "door": "lock {it} when leaving, because an open door invites strangers",
    "mirror": "wipe {it} with a soft cloth, because a rough one scratches the surface",
    "picture": "hang {it} out of direct sunlight, because strong light fades colors",
    "clock": "check {it} twice a year, because clocks have to be changed for summer time",
    "carpet": "flatten the edges, because people stumble over a raised corner",
    "floor": "wipe up spills at once, because a wet floor is slippery",
    "street": "look both ways before stepping onto {it}, because cars can come from either side",
    "sidewalk": "keep to one side, because others want to pass as well",
    "traffic light": "wait for green even when nobody is coming, because others rely on the rules",
    "fire hydrant": "never park in front of {it}, because firefighters must reach it without delay",
    "fence": "use the gate instead of climbing over, because fences have sharp edges",
    "beach": "put on sunscreen, because sand and water reflect the sun",
    "ocean": "stay where the lifeguards can see swimmers, because currents pull people out",
    "snow": "dress in layers, because it is easy to grow cold without noticing",
    "fireplace": "put a screen in front of the fire, because sparks jump out",
    "trash can": "empty {it} regularly, because old waste smells and draws insects",
    "fan": "keep fingers away from the blades, because they spin fast",
    "guitar": "keep {it} away from heaters, because dry heat cracks the wood",
    "book": "put {it} back where it belongs, because a misplaced book is hard to find",
    "pen": "put the cap back on, because ink dries out",
    "remote control": "keep {it} in a fixed place, because it is easily lost between cushions",
    "camera": "wipe the lens with a soft cloth, because fingerprints blur the pictures",
    "teddy bear": "wash {it} now and then, because soft toys collect dust",
    "toothbrush": "replace {it} every few months, because worn bristles do not clean well",
    "towel": "hang {it} up after use, because a crumpled towel stays damp",
    "pillow": "air {it} regularly, because pillows take up moisture",
    "blanket": "fold {it} after use, because a blanket on the floor gets dirty",
    "stairs": "hold on to the handrail, because a missed step leads to a bad fall",
}
"""Advice: an imperative with its reason. `{it}` is it or them."""

MADE_OF: dict[str, str] = {
    "coin": "metals such as copper, nickel or silver", "tower": "steel, brick or stone", "saucer": "ceramic",
    "roof": "tiles, slate or metal", "tripod": "light metal", "flag": "light fabric", "glove": "wool or leather",
    "coat": "wool or another warm fabric", "rocket": "light metal", "tire": "rubber", "wheel": "metal and rubber",
    "chair": "wood, metal or plastic", "table": "wood, metal or glass", "desk": "wood and metal",
    "couch": "a wooden frame, foam and fabric or leather", "bed": "a frame of wood or metal and a mattress",
    "bench": "wood, metal or stone", "shelf": "wood or metal", "cabinet": "wood", "bookshelf": "wood",
    "plate": "ceramic", "bowl": "ceramic, glass or metal", "cup": "ceramic", "fork": "metal", "knife": "metal",
    "spoon": "metal", "wine glass": "thin glass", "pan": "metal", "pot": "metal", "vase": "glass or ceramic",
    "bottle": "glass or plastic", "jar": "glass", "can": "thin metal", "box": "cardboard, wood or plastic",
    "basket": "woven plant fibers or plastic", "window": "glass in a frame", "mirror": "glass with a reflecting layer",
    "door": "wood, metal or glass", "fence": "wood or metal", "pole": "metal or wood", "sign": "metal or plastic",
    "street": "asphalt or stone", "sidewalk": "concrete or stone slabs", "floor": "wood, tiles or concrete",
    "wall": "brick, concrete or plaster", "building": "brick, concrete, steel and glass",
    "house": "brick, wood or stone", "car": "steel, glass and rubber", "bus": "steel, glass and rubber",
    "truck": "steel, glass and rubber", "train": "steel and glass", "bicycle": "light metal tubes and rubber tires",
    "motorcycle": "metal, with rubber tires", "airplane": "light metal and composites",
    "boat": "wood, metal or fiberglass",
    "umbrella": "waterproof fabric stretched over a metal frame", "backpack": "sturdy fabric",
    "suitcase": "hard plastic or sturdy fabric", "shoe": "leather, fabric and rubber", "jacket": "fabric or leather",
    "shirt": "cotton or another fabric", "pants": "cotton or another fabric", "helmet": "a hard shell with padding",
    "curtain": "fabric", "carpet": "woven fibers", "pillow": "fabric with a soft filling", "blanket": "wool or cotton",
    "towel": "cotton", "book": "paper and cardboard", "paper": "wood fibers", "newspaper": "thin paper",
    "pen": "plastic or metal", "keyboard": "plastic", "mouse": "plastic", "monitor": "plastic and glass",
    "laptop": "plastic or aluminum", "skateboard": "a wooden deck on small wheels",
    "surfboard": "foam covered with a hard shell", "frisbee": "plastic", "kite": "light fabric over thin rods",
    "baseball bat": "wood or aluminum", "tennis racket": "a light frame with tight strings",
    "guitar": "wood, with strings of steel or nylon", "teddy bear": "soft fabric with a filling",
    "lamp": "a base, a bulb and often a shade", "candle": "wax around a wick", "sink": "steel or ceramic",
    "toilet": "porcelain", "bathtub": "enameled metal or acrylic", "traffic light": "metal, with colored lenses",
    "fire hydrant": "cast iron", "statue": "stone or bronze", "bridge": "steel, stone or concrete",
    "pizza": "dough with sauce and toppings", "cake": "flour, eggs, sugar and butter",
    "bread": "flour, water and yeast", "sandwich": "slices of bread with a filling between them",
    "donut": "sweet fried dough", "scissors": "two steel blades", "clock": "a dial and a mechanism in a case",
    "ladder": "wood or aluminum", "stove": "metal", "refrigerator": "metal and plastic",
}  # fmt: skip
"""Completes "... are usually made of ...". """

HOLDS: dict[str, str] = {
    "refrigerator": "food and drinks that must stay cold", "freezer": "frozen food", "bookshelf": "books",
    "drawer": "small things that should not lie around", "cabinet": "things that are not needed all the time",
    "dresser": "folded clothes", "suitcase": "clothes and other things for a journey",
    "backpack": "things needed on the way, such as a bottle or books", "handbag": "a wallet, keys and a phone",
    "bag": "purchases or personal things", "shopping bag": "something just bought", "box": "goods or belongings",
    "basket": "fruit, bread or laundry", "trash can": "waste", "vase": "flowers", "jar": "food such as jam or spices",
    "bottle": "something to drink, or another liquid", "teapot": "tea", "kettle": "water", "mailbox": "letters",
    "oven": "a dish while it bakes", "dishwasher": "used plates and glasses", "cup": "a drink",
    "wine glass": "wine or another drink", "truck": "a load of goods", "filing cabinet": "documents",
    "folder": "loose sheets of paper", "planter": "soil and plants", "coffee pot": "coffee", "can": "a drink or food",
    "wardrobe": "clothes", "cooler": "cold drinks", "tray": "cups, plates or papers", "bowl": "food such as fruit",
}  # fmt: skip
"""What things of that name usually contain."""

ANIMALS: dict[str, str] = {
    "dog": "a dog needs food, water and several walks a day",
    "cat": "a cat needs food, water and a quiet place to sleep",
    "horse": "a horse needs hay or grass, plenty of water and room to run",
    "cow": "a cow grazes for many hours a day and drinks a great deal of water",
    "sheep": "a sheep grazes in a flock and has to be shorn once a year",
    "zebra": "a zebra lives on grass and stays close to its herd for safety",
    "giraffe": "a giraffe browses leaves that other animals cannot reach",
    "elephant": "an elephant eats plants for most of the day and needs a lot of water",
    "bear": "a bear eats berries, roots and fish and needs a large territory",
    "bird": "a bird needs seeds or insects, water and a safe place to perch",
    "duck": "a duck feeds on water plants and small animals and stays near water",
    "goose": "a goose grazes on grass and likes to be near water",
    "goat": "a goat browses leaves and grass and climbs surprisingly well",
    "pig": "a pig eats almost anything and likes to root in the ground",
    "chicken": "a chicken needs grain, water and a coop that keeps foxes out",
    "monkey": "a monkey eats fruit and leaves and lives in a group",
    "sparrow": "a sparrow feeds on seeds and crumbs and is used to people",
    "seagull": "a seagull feeds on fish and on whatever people leave behind",
    "pigeon": "a pigeon feeds on seeds and crumbs",
    "penguin": "a penguin catches fish and spends much of its life in the water",
    "ostrich": "an ostrich cannot fly but outruns almost any enemy",
    "rabbit": "a rabbit lives on grass, hay and fresh greens",
}
"""What an animal of that name needs or does."""

WORN: dict[str, str] = {
    "jacket": "Jackets keep the upper body warm|it is probably rather cool",
    "coat": "Coats are put on against the cold|it is probably cool weather",
    "sweater": "Sweaters keep the upper body warm|it is probably not very hot",
    "scarf": "Scarves keep the neck warm|it may well be chilly",
    "glove": "Gloves protect the hands from cold, dirt or hard impacts|the hands seem to need protection",
    "shorts": "Shorts leave the legs bare|it is probably warm",
    "t-shirt": "T-shirts are light and leave the arms bare|it is probably not very cold",
    "tank top": "Tank tops leave the shoulders bare|it is probably warm",
    "sandal": "Sandals leave the feet open to the air|it is probably warm and dry",
    "swimsuit": "Swimsuits are made for getting wet|a swim is probably planned or just over",
    "bikini": "Bikinis are made for swimming and sunbathing|a swim or a sunbath is probably on the plan",
    "wetsuit": "Wetsuits hold the warmth of the body in cold water|the water is probably cold",
    "helmet": "Helmets protect the head|the activity probably carries some risk for the head",
    "sunglasses": "Sunglasses shield the eyes from glare|the light is probably bright",
    "glasses": "Glasses correct weak eyesight|clear sight probably matters for what is going on",
    "eyeglasses": "Glasses correct weak eyesight|clear sight probably matters for what is going on",
    "tie": "Ties belong to formal dress|the occasion is probably work or something festive",
    "uniform": "Uniforms show which team or service somebody belongs to|a job or a game is probably going on",
    "apron": "Aprons keep clothes clean|some cooking or other messy work is probably going on",
    "backpack": "Backpacks carry a load and leave both hands free|a longer way or a day out is likely",
    "hat": "Hats shade the face or warm the head|the weather, sunny or cold, is a likely reason",
    "boot": "Boots keep the feet dry and steady|the ground may be wet or rough",
    "sneaker": "Sneakers are made for walking and running|a good deal of walking or sport may be part of the day",
    "watch": "Watches show the time at a glance|being on time probably matters",
    "jeans": "Jeans are sturdy everyday trousers|this is probably an ordinary, informal day",
    "dress": "Dresses are worn from everyday life to festive evenings|some care was taken with the outfit",
    "hoodie": "Hoodies are comfortable everyday clothes|this is probably an informal day",
    "baseball glove": "Baseball gloves soften the impact of a hard ball|a catch is probably expected",
    "life jacket": "Life jackets keep people afloat|deep water is probably near",
    "goggles": "Goggles protect the eyes|something such as wind, snow or water could get into the eyes",
    "space suit": "Space suits supply air and pressure where there is neither|work far above the ground is the reason",
}
"""What wearing it tells: a general sentence, and a careful conclusion."""

CARRIED: dict[str, str] = {
    "umbrella": "Umbrellas keep off rain and strong sun|shelter from the weather seems to be wanted",
    "phone": "Phones are for calls, messages and quick looks at the news|a call or a message is probably the reason",
    "camera": "Cameras are for taking pictures|a photograph is probably about to be taken",
    "bag": "Bags are for carrying things along|something is probably being brought from one place to another",
    "handbag": "Handbags hold keys, money and other small things|the way probably leads out into town",
    "backpack": "Backpacks hold what is needed on the way|a longer way is probably planned",
    "suitcase": "Suitcases are packed for journeys|a journey has probably begun or just ended",
    "shopping bag": "Shopping bags are filled in stores|a visit to a shop has probably just ended",
    "book": "Books are for reading|some reading or studying is probably intended",
    "newspaper": "Newspapers tell the news of the day|some reading is probably intended",
    "pen": "Pens are for writing|something is probably being written down",
    "paper": "Papers carry notes and documents|something is probably to be read or written down",
    "cup": "Cups hold drinks|a break for a drink is likely",
    "wine glass": "Wine glasses are brought out for meals and celebrations|there is probably something to enjoy",
    "bottle": "Bottles hold drinks|thirst will not be a problem",
    "tennis racket": "Rackets are for hitting a ball over a net|a game of tennis is probably going on",
    "baseball bat": "Bats are for hitting a thrown ball|a swing at the ball is probably coming",
    "surfboard": "Surfboards are for riding waves|the way probably leads into or out of the water",
    "skateboard": "Skateboards are for rolling and doing tricks|a ride is probably planned or just over",
    "snowboard": "Snowboards are for sliding down snowy slopes|a run down the slope is probably planned",
    "frisbee": "Frisbees are thrown and caught|a throw is probably next",
    "ball": "Balls are for games|a throw or a shot is probably next",
    "kite": "Kites need wind to stay up|there is probably a steady breeze",
    "remote control": "Remote controls operate a device from a distance|something is probably being switched",
    "controller": "Controllers steer video games|a video game is probably being played",
    "knife": "Knives are for cutting|something is probably about to be cut",
    "fork": "Forks are for eating|a meal is probably under way",
    "spoon": "Spoons are for stirring and eating|a meal is probably under way",
    "pizza": "Pizza is eaten while it is warm|a bite is probably next",
    "cake": "Cake is served on happy occasions|there may be something to celebrate",
    "hot dog": "Hot dogs are eaten from the hand|a bite is probably next",
    "sandwich": "Sandwiches are a quick meal|a quick meal is probably under way",
    "donut": "Donuts are a sweet snack|a sweet snack is probably under way",
    "food": "Food is there to be eaten|a meal is probably under way",
    "flower": "Flowers are popular presents|they may be meant for somebody",
    "balloon": "Balloons belong to parties|there may be something to celebrate",
    "leash": "Leashes keep dogs close|a walk with a dog is probably going on",
    "guitar": "Guitars are for playing music|some music is probably being played",
    "teddy bear": "Teddy bears comfort children|it probably gives some comfort",
    "flag": "Flags show support for a country or a group|some support is probably being shown",
}
"""What holding or carrying it tells: a general sentence, and a careful conclusion."""

RIDDEN: dict[str, str] = {
    "bicycle": "A bicycle needs no fuel, only strong legs and balance",
    "motorcycle": "A motorcycle is fast and offers little protection, so a helmet matters",
    "horse": "A horse follows signals of the reins and legs, so a calm hand matters",
    "elephant": "An elephant is tall and walks with a sway, so a rider needs a firm seat",
    "skateboard": "A skateboard is steered by shifting weight, so balance matters",
    "surfboard": "A surfboard is carried by the wave, so timing and balance matter",
    "snowboard": "A snowboard is steered by its edges, so balance matters",
    "scooter": "A scooter is handy over short distances and easy to park",
    "bus": "A bus carries many passengers at once, so no one has to look for a parking space",
    "train": "A train runs on its own tracks, so it is not held up by traffic",
    "boat": "A boat can tip when its load shifts, so sudden movements should be avoided",
    "wave": "A wave carries a surfer only for moments, so timing and balance matter",
    "carriage": "A carriage is pulled by horses, so it moves at an easy pace",
    "skis": "Skis are steered by shifting weight, so balance matters",
}
"""What riding it means."""

WEIGHT: dict[str, int] = {
    "building": 90, "house": 85, "ship": 80, "airplane": 78, "train": 75, "truck": 70, "bus": 69, "boat": 50, "van": 58,
    "car": 55, "taxi": 54, "elephant": 60, "tree": 48, "piano": 45, "horse": 44, "cow": 45, "motorcycle": 40,
    "zebra": 42, "giraffe": 52, "refrigerator": 35, "couch": 34, "bed": 34, "stove": 33, "bear": 42, "bathtub": 32,
    "dishwasher": 31, "washing machine": 31, "desk": 30, "dresser": 29, "bookshelf": 28, "table": 25, "bench": 24,
    "cabinet": 24, "scooter": 27, "toilet": 22, "man": 21, "woman": 21, "person": 21, "sheep": 21, "armchair": 20,
    "bicycle": 12, "tv": 14, "chair": 10, "printer": 9, "monitor": 8, "suitcase": 11, "dog": 10, "microwave": 11,
    "computer": 8, "guitar": 5, "laptop": 4, "lamp": 4, "backpack": 5, "vase": 3, "keyboard": 2, "book": 1, "bottle": 2,
    "umbrella": 1, "cup": 0, "plate": 1, "fork": 0, "spoon": 0, "knife": 0, "pen": 0, "phone": 0, "mouse": 0,
    "pillow": 1, "bowl": 1, "cat": 3, "bird": 0, "apple": 0, "banana": 0, "pizza": 1, "cake": 2, "remote control": 0,
    "ball": 0, "skateboard": 2, "surfboard": 4, "clock": 2, "hat": 0, "handbag": 2, "candle": 0, "glass": 0,
}  # fmt: skip
"""A rough rank by usual weight; only far-apart ranks are compared."""

KIND_NAMES: dict[str, str] = {
    "person": "people", "animal": "animals", "vehicle": "vehicles", "furniture": "pieces of furniture",
    "appliance": "household fixtures and appliances", "electronics": "electronic devices", "light": "lights",
    "kitchenware": "pieces of kitchen gear and tableware", "food": "foods", "drink": "drinks", "clothing": "clothes",
    "footwear": "shoes", "accessory": "things that people wear or carry", "textile": "fabrics of the household",
    "container": "containers", "stationery": "things for reading and writing", "tool": "tools and everyday helpers",
    "sports": "pieces of sports gear", "toy": "toys", "music": "musical instruments", "decoration": "decorations",
    "plant": "plants", "building": "buildings", "structure": "fixed structures", "ground": "kinds of ground",
    "water": "bodies of water", "land": "features of the land",
}  # fmt: skip
"""How a whole kind is called."""


class PlaceKind(NamedTuple):
    """A kind of place: what points to it, and what people do there. `inside` is False outdoors."""

    name: str
    signs: str
    activity: str
    visitor: str
    inside: bool


PLACES: tuple[PlaceKind, ...] = (
    PlaceKind(
        "a kitchen",
        "stove oven refrigerator microwave toaster dishwasher sink faucet kettle coffee_pot pan pot counter "
        "cutting_board spatula blender range_hood freezer cabinet backsplash",
        "prepare meals and wash up",
        "wash the hands before touching any food",
        True,
    ),
    PlaceKind(
        "an office or a study",
        "desk computer monitor keyboard mouse printer phone filing_cabinet stapler folder pen paper "
        "office_chair calendar bulletin_board whiteboard laptop notebook paperwork fax_machine cubicle mousepad "
        "calculator "
        "tape_dispenser rolodex sticky_note corkboard",
        "read, write and work at a computer",
        "keep the voice down, since others may be concentrating",
        True,
    ),
    PlaceKind(
        "a living room",
        "couch tv fireplace coffee_table armchair carpet curtain cushion pillow lamp ottoman picture "
        "entertainment_center bookshelf remote_control end_table speaker recliner",
        "sit together, talk and relax",
        "ask before putting the feet up",
        True,
    ),
    PlaceKind(
        "a bedroom",
        "bed pillow nightstand dresser blanket lamp mattress headboard sheet quilt comforter alarm_clock "
        "wardrobe bedspread",
        "sleep and get dressed",
        "knock before entering",
        True,
    ),
    PlaceKind(
        "a bathroom",
        "toilet bathtub shower sink mirror towel toilet_paper soap faucet shower_curtain toothbrush "
        "bath_mat urinal bidet soap_dispenser",
        "wash and get ready for the day",
        "lock the door while using it",
        True,
    ),
    PlaceKind(
        "a dining room or a restaurant",
        "plate fork knife spoon wine_glass napkin menu table cup bowl tablecloth "
        "placemat cake pizza salt_shaker candle saucer wine sandwich food bread",
        "eat, drink and talk",
        "wait until everybody has been served",
        True,
    ),
    PlaceKind(
        "a street in a town",
        "street car sidewalk traffic_light building street_sign taxi bus crosswalk street_light "
        "parking_meter truck sign fire_hydrant van pole awning curb shop motorcycle bicycle pedestrian trash_can "
        "billboard "
        "stop_sign scooter traffic_cone license_plate",
        "walk, drive and run errands",
        "look both ways before crossing",
        False,
    ),
    PlaceKind(
        "a beach",
        "beach ocean sand wave surfboard umbrella swimsuit boat surfer wetsuit seagull bikini shore raft",
        "swim, surf and lie in the sun",
        "use sunscreen and watch the waves",
        False,
    ),
    PlaceKind(
        "a park or a garden",
        "tree grass bench flower bush path fountain frisbee kite hedge statue gazebo garden",
        "take a walk and rest in the fresh air",
        "stay on the path and leave no litter",
        False,
    ),
    PlaceKind(
        "a sports ground",
        "tennis_racket tennis_ball baseball_bat baseball_glove tennis_court baseball_field net ball "
        "player catcher batter umpire bleachers uniform soccer_ball home_plate scoreboard mound pitcher court goal",
        "train and compete",
        "stay off the playing area during the game",
        False,
    ),
    PlaceKind(
        "a ski area",
        "snow skis snowboard ski_pole skier goggles snowboarder slope mountain",
        "ski and snowboard",
        "keep to the side of the slope when standing still",
        False,
    ),
    PlaceKind(
        "a skate park",
        "skateboard ramp skateboarder skater rail graffiti roller_skate",
        "practice tricks",
        "keep out of the way of those who are riding",
        False,
    ),
    PlaceKind(
        "a pasture or a wildlife area",
        "zebra giraffe elephant grass tree field cow sheep horse pasture hill fence bison goat lamb meadow rock",
        "watch or look after animals",
        "keep a distance from the animals",
        False,
    ),
    PlaceKind(
        "a railroad station or line",
        "train train_tracks tracks railroad_tracks platform train_station locomotive track",
        "get on and off trains",
        "stand back from the edge of the platform",
        False,
    ),
    PlaceKind(
        "an airport or an airfield",
        "airplane runway tarmac helicopter propeller cockpit landing_gear airport",
        "board planes and load luggage",
        "stay behind the safety lines",
        False,
    ),
    PlaceKind(
        "a harbor or a shore",
        "boat ship dock pier water harbor sailboat canoe kayak ferry lake river mast anchor",
        "go out on boats",
        "mind the edge, since the boards can be slippery",
        False,
    ),
)
