r"""Gemini, for supervised tuning on Vertex AI: lines of `contents`, the picture by its address.

{"contents": [{"role": "user", "parts": [{"fileData": {"mimeType": "image/jpeg", "fileUri": "gs://bucket/2.jpg"}},
                                         {"text": "Where is the dog?"}]},
              {"role": "model", "parts": [{"text": "{\"box_2d\": [200, 100, 400, 350], \"label\": \"dog\"}"}]}]}

What a part of a tuning set may be is `text` or `fileData` (Google's page on preparing the data), so that no line holds
its picture. `fileUri` is an object in Cloud Storage, or a public address by http; at most 20 MB a picture.
"""

from pathlib import PurePosixPath

from svit.exports.base import Format, Item, Style
from svit.exports.box_styles import GEMINI

_KINDS = {".png": "image/png", ".webp": "image/webp", ".gif": "image/gif"}
_ADDRESSES = ("gs://", "https://", "http://")


def _record(item: Item, style: Style) -> dict[str, object]:
    contents = [
        {"role": ("user", "model")[n % 2], "parts": [{"text": text}]} for n, text in enumerate(style.texts(item))
    ]
    kind = _KINDS.get(PurePosixPath(item.image).suffix.lower(), "image/jpeg")
    picture = {"fileData": {"mimeType": kind, "fileUri": item.image}}
    return {"contents": [{"role": "user", "parts": [picture, *contents[0]["parts"]]}, *contents[1:]]}


def _warns(style: Style, _held: bool) -> str:
    if style.images.startswith(_ADDRESSES):
        return ""
    return "Vertex opens pictures by address alone: say where they lie by --image-root gs://BUCKET/FOLDER."


FORMAT = Format(
    name="gemini",
    summary="Gemini's contents, for supervised tuning on Vertex AI",
    marks="none; the picture is a part before the first question, by its gs:// or https:// address",
    record=_record,
    boxes=GEMINI,
    recipe="Gemini's own way of writing them",
    start="""\
# with GOOGLE_CLOUD_PROJECT and GOOGLE_CLOUD_LOCATION set; the pictures lie where the records say
gcloud storage cp $DATA/TRAIN gs://$BUCKET/NAME.jsonl
GOOGLE_GENAI_USE_VERTEXAI=true python -c "from google import genai
data = {'gcs_uri': 'gs://$BUCKET/NAME.jsonl'}
print(genai.Client().tunings.tune(base_model='gemini-2.5-flash', training_dataset=data).name)\"""",
    warns=_warns,
)
