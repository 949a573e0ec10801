"""Irregular English verbs: "drank" and "drunk" are found where one asks what somebody drinks, and the other way round.

A stemmer takes endings off and knows no vowels that change. The commonest verbs are left out, since their forms stand
anywhere and tell nothing, and forms that are mostly another word, as "left", "saw" and "found".
"""

from __future__ import annotations

from functools import cache

from retrieval.terms import folded

_VERBS = """
arise arose arisen | awake awoke awoken | beat beaten | begin began begun | bend bent | bite bitten | bleed bled
blow blew blown | break broke broken | breed bred | bring brought | build built | burn burnt | buy bought | catch caught
choose chose chosen | cling clung | creep crept | deal dealt | dig dug | draw drew drawn | dream dreamt
drink drank drunk | drive drove driven | eat ate eaten | fall fallen | feed fed | fight fought | flee fled
fly flew flown | forbid forbade forbidden | forget forgot forgotten | forgive forgave forgiven | freeze froze frozen
grow grew grown | hear heard | hide hid hidden | kneel knelt | lean leant | learn learnt | lend lent | lose lost
meet met | mistake mistook mistaken | overcome overcame | pay paid | prove proven | ride rode ridden | ring rang rung
rise risen | run ran | seek sought | sell sold | send sent | shake shook shaken | shine shone | shoot shot | show shown
shrink shrank shrunk | sing sang sung | sink sank sunk | sit sat | sleep slept | slide slid | speak spoke spoken
spell spelt | spend spent | spin spun | stand stood | steal stole stolen | stick stuck | sting stung | stride strode
strike struck | swear swore sworn | sweep swept | swell swollen | swim swam swum | swing swung | teach taught
tear tore torn | think thought | throw threw thrown | undergo underwent undergone | understand understood
undertake undertook undertaken | wake woke woken | wear wore worn | weave wove woven | weep wept | win won
withdraw withdrew withdrawn | write wrote written
"""


@cache
def _forms() -> dict[str, tuple[str, ...]]:
    """Each form as a document's term has it, and those of the same verb."""
    verbs = [verb.split() for verb in _VERBS.replace("\n", "|").split("|")]
    made = [tuple(dict.fromkeys(folded(form, "en") for form in verb)) for verb in verbs]
    return {form: forms for forms in made for form in forms}


def other_tenses(form: str) -> tuple[str, ...]:
    """The forms of the verb that an English term is one of, itself among them; none where it is no such verb's."""
    return _forms().get(form, ())
