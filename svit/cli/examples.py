"""The examples in the help of each command, by the words that lead to it; '' is svit itself.

They are lines of a shell, at most 76 columns wide. A test reads every one of them as the command line would.
"""

EXAMPLES: dict[str, tuple[str, ...]] = {
    "": (
        "svit generate --task referring               # from the bundled sample, free",
        "svit runs                                    # what was made here",
    ),
    "init": (
        "svit init",
        "svit init mine --model Qwen/Qwen3-32B --base-url http://127.0.0.1:8000/v1",
        "svit init mine --model gpt-6-luna --preview 3 --contexts vg.contexts",
    ),
    "config": ("svit config list",),
    "config list": ("svit config list", "svit config list projects --json"),
    "config show": ("svit config show openai", "svit config show mine/svit.yaml --no-defaults"),
    "config check": ("svit config check mine/svit.yaml", "svit config check openai --endpoint"),
    "config settings": ("svit config settings | less",),
    "estimate": (
        "svit estimate --config openai --task all --contexts vg.contexts",
        "svit estimate --run runs/vg-all-openai       # with what it has measured",
    ),
    "generate": (
        "svit generate --task referring",
        "svit generate --task all --contexts vg.contexts --run runs/first --limit 100",
        "svit generate --task referring --contexts vg.contexts --preview 3",
        "svit generate --config openai --task all --contexts vg.contexts --max-cost 5",
    ),
    "regenerate": (
        "svit regenerate runs/first",
        "svit regenerate runs/first --task referring --max-cost 5 --deadline 1h",
    ),
    "rebuild": (
        "svit rebuild runs/first",
        "svit rebuild runs/first --check",
    ),
    "runs": (
        "svit runs",
        "svit runs /data/projects --json",
    ),
    "status": (
        "svit status runs/first",
        "svit status runs/first --watch 10",
        "svit status runs/first --json",
    ),
    "check": (
        "svit check runs/first",
        "svit check llava.json --fix clean.json --contexts vg.contexts",
    ),
    "export": (
        "svit export runs/first --format llava-next -o train.jsonl",
        "svit export runs/first --format qwen2.5-vl -o data --split train=0.9,test=0.1",
        "svit export runs/first --format hf --images photos -o data",
        "svit export runs/first --format gemini --image-root gs://mine/a -o a.jsonl",
    ),
    "formats": (
        "svit formats",
        "svit formats --json",
    ),
    "import": (
        "svit import llava.json --format llava-1.5 -o own.jsonl",
        "svit import svit.json --format svit --contexts vg.contexts -o own.jsonl.gz",
    ),
    "report": (
        "svit report runs/first",
        "svit report runs/first --images photos -o first.html",
    ),
    "contexts": ("svit contexts build --jsonl own.jsonl -o own.contexts",),
    "contexts build": (
        "svit contexts build --visual-genome VG -o vg.contexts",
        "svit contexts build --coco-instances instances.json -o coco.contexts",
        "svit contexts build --jsonl own.jsonl -o own.contexts",
    ),
    "contexts stats": ("svit contexts stats vg.contexts",),
    "contexts show": ("svit contexts show vg.contexts 2407890 --region-boxes",),
    "contexts schema": ("svit contexts schema > schema.json",),
    "tasks": ("svit tasks",),
    "prompt": (
        "svit prompt --task referring",
        "svit prompt --task referring --contexts vg.contexts --image 2407890",
    ),
    "show": (
        "svit show runs/first 2407890",
        "svit show runs/first 2407890 --task referring",
    ),
    "simulate": (
        "svit simulate",
        "svit simulate --latency lognormal:2s,0.5 --rpm 6000 --fault all=0.05",
    ),
}
