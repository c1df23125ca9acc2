r"""By what servers' words show what they mean, in small letters: one pattern a line, any of which will do.

The tables in tests/providers/test_error_kinds.py name who says what.
"""

import re
from collections.abc import Callable

Phrases = Callable[[str], re.Match[str] | None]


def _any(lines: str) -> Phrases:
    """Return a search for any of these patterns."""
    return re.compile("|".join(f"(?:{line.strip()})" for line in lines.strip().splitlines())).search


_MAXIMUM = r"\b(?:maximum|max|available|supported|allowed|models?(?:['’]s)?|configured)[ _](?:\w+[ _]){0,2}?"
_EXCEEDS = r"(?:exceed\w*|overflow\w*|beyond|(?:greater|longer|larger) than|not fit|n['’]t fit)"
_ASKED = r"\b(?:input|prompt|request|requested|message)s?\b.{0,40}?\b(?:tokens?|length)\b.{0,60}?"
too_long = _any(
    rf"""
    {_MAXIMUM}(?:context|prompt|input)[ _-]?(?:length|size|window|limit|len|tokens?|char\w*)\b
    (?:maximum|max|supported|allowed)[ _](?:\w+[ _]){{0,2}}?(?:sequence|seq)[ _-]?(?:length|size|len)\b
    \bmax_(?:model_len|num_tokens|seq_len|input_len)\b
    {_EXCEEDS}.{{0,80}}?\bcontext[ _-]?(?:length|window|size|limit)\b
    \bcontext[ _-]?(?:length|window|size|limit)\b.{{0,60}}?\b(?:exceed\w*|overflow\w*|only|full|reached)
    \b(?:prompts?|inputs?|messages?|requests?|payload)(?: (?!header|cookie|ur[il])\w+){{0,3}}? too (?:long|large|big)\b
    \b(?:conversation|context|text|content|query)(?: \w+){{0,3}}? too (?:long|large|big)\b
    \bhas too many tokens
    \btoo many (?:\w+ )?tokens(?!,? (?:per|please wait))
    {_ASKED}(?:exceed\w*|\babove\b|> ?\d)
    {_ASKED}(?:greater|longer|larger|more) than
    exceed\w*.{{0,30}}?\btokens? (?:limit|length)\b(?! per)
    exceed\w* (?:the )?max\w* (?:\w+ ){{0,3}}?tokens\b(?! per)
    \bmax\w* (?:\w+ )?tokens? allowed
    \btoken count\b.{{0,60}}?\bat most \d
    \b(?:context|prompt|input)\b.{{0,40}}?\btokens?\b.{{0,30}}?\bover the\b
    \binput[ _]tokens? too
    \bkv cache\b
    \btokens? limit (?:was |is |has been )?exceeded
    \b(?:reduce|shorten|decrease) (?:the |your )?(?:length|input|prompt|messages?|context|number of (?:input )?tokens)\b
    \binputs?[`'"]? tokens? \+
    \bmust have (?:less|fewer) than [\d,]+ tokens
    \brange of input length
    \bstring too long
    \blonger than .{{0,20}}?(?:context|model length|maximum)
    \btokens to keep from the initial prompt
    \bcontext the overflows
    {_ASKED}\b(?:only|at most|no more than) [\d,.]+k?\b(?!.{{0,20}}\bper\b)
    \b(?:sequence|prompt|context)\b.{{0,40}}?\b(?:not|n['’]t|never) fit\b
    \b(?:prompt|texte?|contexte?|texto|kontext|eingabe|demande)\b.{{0,40}}?\b(?:trop long|demasiado larg|zu lang)
    \bmiddle-out\b
    \brequires a sequence length
    \bmax_tokens must be at least 1, got -
    \bdefault max_tokens \(-
    (?:输入|提示词?|上下文|内容|请求|文本|prompt|token).{{0,12}}(?:超长|过长|太长)
    (?:超过|超出).{{0,15}}(?:长度|上下文|token|字数)
    """
)
_CAP = r"\bmax(?:imum)?[ _](?:completion[ _]|output[ _]|new[ _])?tokens?\b[`'\":]*+[^.]{0,40}?"
output_cap = _any(
    rf"""
    \bsupports? at most \d+ (?:completion|output) tokens
    {_CAP}too (?:large|high|big)
    {_CAP}(?:must|should|can(?:not|['’]t)) be
    {_CAP}(?:exceeds|above|> ?\d|is limited|less than|between)
    \bmax\w* (?:allowed )?(?:number of )?output tokens
    \brange of max_tokens
    \binteger above maximum value
    """
)
"""The answer may not be as long as was asked for: a setting, the same for every request."""
of_prompt = _any(
    r"""
    context length
    input (?:tokens|length|messages)
    in the messages
    prompt (?:tokens|contains|length)
    inputs?[`'"]? tokens
    tokens in (?:the|your)
    got -\d
    max_tokens \(-
    """
)
asked_and_room = _any(
    r"""
    too large: (?P<asked>\d{1,9})\b.{0,80}?context length is (?P<room>\d{1,9})\b
    context length is (?P<room2>\d{1,9})\b.{0,160}?\b(?P<asked2>\d{1,9}) in the completion
    """
)
"""The tokens that an answer was to have, and those that prompt and answer may have together."""
never_fits = _any(
    r"""
    \blimit:? (?P<limit>[\d,]{1,12}),.{0,40}?requested:? (?P<asked>[\d,]{1,12})
    \b(?:request|prompt|input|message) (?:is )?too (?:large|long)\b
    """
)

no_credit = _any(
    r"""
    \binsufficient[ _-]?(?:\w+[ _]){0,2}?(?:balance|credits?|quota|funds)\b
    \bcredits? insufficient
    \bcredit balance (?:is |was )?(?:too )?(?:low|empty|exhausted|insufficient|not enough)
    \b(?:out of|r[ua]n out of|used (?:up )?all|no|not enough|exhausted) (?:\w+ ){0,3}?credits?\b
    \bcredits? (?:\w+ ){0,2}?(?:exhausted|depleted|used up|expired|r[ua]n out)
    \b(?:spend|spending|billing[ _]hard|hard billing)[ _]?(?:\w+[ _])?limit
    \bbilling[ _](?:is )?(?:not[ _]active|inactive|disabled)
    \baccount (?:\S+ ){0,4}?(?:is )?(?:not active|suspended|in arrears)
    \bin good standing
    \b(?:wallet|purse|prepaid (?:\w+ )?(?:account|purse|balance))\b.{0,20}?\b(?:empty|exhausted|used up)
    \binvoices?\b.{0,30}?\b(?:unpaid|due|open|outstanding)
    \bbalance (?:is )?(?:too low|insufficient|not enough|negative|exhausted)
    \barrearage\b
    \boverdue\b
    \bfree (?:tier|quota|trial)(?: \w+){0,5}? (?:exhausted|expired|ended|used up)
    \bbudget (?:has been |was )?exceeded
    \bexceededbudget\b
    \bover budget\b
    \bmonthly included credits
    \btrial (?:period )?(?:has |is )?(?:expired|ended|over)
    \bpurchase (?:a|another|more) (?:\w+ )?(?:plan|package|quota|credits)
    余额不足|欠费|额度不足|额度已|请充值|免费额度
    """
)
sells_credit = _any(
    r"""
    \bpayment (?:is )?required
    \bpayment method
    \b(?:add|buy|purchase|more|requires?) (?:\w+ )?credits?\b
    \btop[ -]up\b
    \brecharge\b
    \bbilling\b
    """
)
"""What a rate limit may speak of too, to sell a higher one."""
openais_quota = _any(r"exceeded your current quota")
googles_quota = _any(
    r"""
    resource[_ ](?:has been )?exhausted
    quota exceeded for metric
    generativelanguage
    retry in \d
    """
)

filtered = _any(
    r"""
    \bcontent (?:\w+ )?(?:polic(?:y|ies)|filter\w*|moderation)
    \b(?:was|been|were|is) flagged\b
    \bmoderation\b
    \busage (?:policy|policies|guidelines)
    \bviolat\w+ .{0,60}?(?:polic|guideline)
    \bsafety[ _](?:system|filters?|settings|reasons?|polic\w+|check\w*|guidelines)
    \bprohibited[ _]content
    \b(?:inappropriate|unsafe|harmful|sensitive) (?:content|words?|information|material)
    \bguardrails?\b
    (?:\b|_)unsafe(?:\b|_)|\bnsfw\b|\bfamily[- ]friendly\b|\b(?:sexual|violent|hateful|explicit) content
    \bcontent exists risk
    \bconsidered high risk
    \b(?:content|prompt|input|output)\b.{0,40}?\b(?:blocked|filtered)
    \bcontent (?:is |was )?sensitive|\bsensitive topic
    \b(?:input|output|prompt|text|response)[ _](?:\w+[ _]){0,3}?(?:new_)?sensitive\b
    敏感|不安全|违规|违反.{0,10}政策|涉黄|涉政
    """
)
of_account = _any(
    r"\b(?:account|organi[sz]ation|access|your ip|user|project)\b.{0,40}?(?:terminated|suspended|banned|flagged)"
)

_A_KEY = r"\b(?:api|access|secret|subscription|auth\w*)[ _-]?(?:secret )?(?:key|token)s?\b.{0,40}?"
_NO_KEY = (
    r"\b(?:invalid|incorrect|wrong|expired|missing|no|provide|bad|without|revoked|malformed|unknown) (?:\w+ ){0,3}?"
    r"(?:x-)?(?:api|access|secret|auth\w*|bearer)[ _-]?(?:secret )?(?:key|token|credential|header)"
)
key = _any(
    rf"""
    {_A_KEY}(?:\bnot\b|invalid|incorrect|wrong)
    {_A_KEY}(?:expired|missing|required|revoked)
    {_A_KEY}(?:disabled|malformed|deactivated|denied)
    {_NO_KEY}
    \bcarry the api secret key
    \bunauthori[sz]ed\b
    \bunauthenticated\b
    \bauthentication (?:is )?(?:failed|fails|error|required|invalid)
    \binvalid (?:authentication|authorization|credentials?|bearer)
    \bnot (?:authenticated|authorized|logged in)
    \b(?:token|jwt|credentials?|session) (?:is |has |have |was )?(?:expired|revoked)
    \bexpired (?:token|credentials?|jwt)
    \btoken (?:is|was) (?:invalid|not valid|missing|required)
    \bapi[ _-]?key has
    \buser (?:was )?not found
    \bno connected db\b
    \bsignature (?:mismatch|does not match|is invalid)
    \bnot (?:supported|available|allowed) in (?:this|your|the) (?:country|region|location)
    \bpermission denied
    \baccess denied
    \bno permission
    \bcould not validate credentials
    \blogin fail
    \b(?:country|region|location|territory)\b.{{0,30}}?\bnot (?:supported|available|allowed)
    无效的?(?:令牌|密钥)|令牌.{{0,6}}(?:无效|过期)|未授权|身份验证失败|鉴权失败
    """
)
rate = _any(
    r"""
    \brate[ _-]?limit(?:ed|s|ing)?\b
    \btoo many (?:concurrent )?requests
    \bthrottl
    \brequests? per (?:minute|second|day)
    \bconcurrency limit
    请求.{0,6}频繁|频率
    """
)

_OF_MODEL = r"(?! (?:outputs?|responses?|answers?|repl(?:y|ies)|generations?|runner|servers?|workers?|process)\b)"
"""Not the model itself, but what it wrote, or what it runs on."""
_NO_MODEL = (
    r"not found|(?:does|do|did)(?: not|n['’]t) exist|not exist|no such|unknown|not recogni[sz]ed|decommissioned"
    r"|deprecated|retired|discontinued|shut ?down|end[ -]of[ -]life|no longer(?! (?:be )?(?:loaded|running))"
    r"|not a valid"
)
model_surely = _any(
    rf"""
    \b(?:model|deployment)\b{_OF_MODEL}.{{0,80}}?(?:{_NO_MODEL})
    \b(?:unknown|no such|invalid) model\b{_OF_MODEL}
    """
)
_A_MODEL = rf"\b(?:models?|deployment|engine)\b{_OF_MODEL}.{{0,120}}?"
model = _any(
    rf"""
    {_A_MODEL}(?:{_NO_MODEL})
    {_A_MODEL}\bnot (?:available|supported|accessible|loaded|allowed|enabled|valid)
    {_A_MODEL}(?:\bunavailable|\bunsupported|\binvalid\b|have access|paid plan|on your plan)
    \b(?:unknown|invalid|no such|unsupported|unrecogni[sz]ed) (?:\w+ ){{0,2}}?(?:model|deployment)s?\b{_OF_MODEL}
    \b(?:missing|no) (?:\w+ ){{0,2}}?(?:model|deployment)s?\b{_OF_MODEL}
    \b(?:not a valid|could not find|cannot find|can['’]t find) (?:\w+ ){{0,2}}?(?:model|deployment)s?\b
    {_A_MODEL}(?:\bnot in the list|\bgated\b|\bsunset\b|\bonly available to)
    \bnot an? (?:supported|valid|known) model
    \bpaid (?:plan|tier|account|subscription|users)
    \bmodel name format\b
    \bpinned to\b.{{0,200}}?\brequested\b
    \b(?:on|in|by|upgrade) your (?:\w+ )?(?:plan|subscription)\b
    模型.{{0,20}}(?:不存在|未找到|不支持|已下线|无权)|无可用渠道
    """
)

setting = _any(
    r"""
    \bunrecogni[sz]ed (?:request )?(?:argument|parameter|field|key)
    \bunexpected (?:keyword|field|parameter|argument|key)
    \bunknown (?:field|name|parameter|argument|key)
    \bextra (?:inputs|fields) (?:are )?not permitted
    \badditional propert\w+
    \bunsupported (?:parameter|param|value|argument|field)
    \bcannot find field
    \bproperty\b.{0,40}?\b(?:unsupported|not (?:supported|allowed))
    \bdoes not support (?:the )?(?:parameters?|params?|setting)\b
    \bparameters?\b.{0,60}?\b(?:not (?:supported|allowed|valid|permitted)|unsupported|invalid)
    \bis not supported with this model
    \bnot implemented:?.{0,20}?\b(?:seed|logprobs|top_p|temperature)
    """
)
address = _any(
    r"""
    \bunexpected endpoint or method
    \bno route matched
    \binvalid url\b
    \bmethod not allowed
    \bpage not found
    \bunknown (?:request )?url
    """
)
overloaded = _any(
    r"""
    \boverloaded\b
    \btemporarily (?:unavailable|over)
    \bat capacity\b
    \bserver (?:is )?busy\b
    \bloading model\b
    \bmodel\b.{0,40}\bloading\b
    """
)
passes = _any(
    r"""
    \boverload
    \btemporar
    \btry again
    \bretry\b
    \btimed?[ -]?out\b
    \bunavailable\b
    \bbusy\b
    \bcapacity\b
    \bloading\b
    """
)
"""What a server of 5xx says that it may get over; then its other words are no reason to give up."""
