"""Lists of ordinary English words. None is taken from, or made for, any dataset."""

from __future__ import annotations


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _numbered(text: str) -> dict[str, int]:
    return {word: number for number, word in enumerate(text.split())}


STOP_WORDS = _set(
    """
    a about above after again all also am an and any are as at be because been before being below
    between both but by can could did do does doing down during each either else few for from
    further had has have having he her here hers him his how i if in into is it its itself just let
    many may me might more most much must my no nor not of off on once only or other our out over
    own please same shall she should so some such than that the their them then there these they
    this those through to too under until up us very was we were what when where which while who
    whom whose why will with would you your
    """
)
"""Words too common to say what a text is about."""

GOOD = _set(
    """
    amazing awesome beautiful best better brilliant charming cheerful clean comfortable delicious
    delight delightful easy effective efficient elegant enjoy enjoyable enjoyed excellent
    exceptional exciting fabulous fantastic fast fine flawless fresh friendly fun funny generous gem
    glad good gorgeous grateful great happy helpful impressed impressive incredible kind liked love
    loved lovely masterpiece nice outstanding perfect perfectly pleasant pleased pleasure polite
    prompt quick recommend recommended reliable satisfied satisfying smooth smoothly spotless
    stunning success superb terrific thank thanks thrilled thoughtful top touching warm welcoming
    well wonderful worth worthwhile wow
    """
)
"""Words that speak well of something."""

BAD = _set(
    """
    angry annoyed annoying appalling avoid awful awkward bad badly bland boring broke broken cheap
    clumsy cold complaint confusing crash crashed crashes cracked damaged dead defective dirty
    disappointed disappointing disappointment disaster disgusting dreadful dull error errors
    expensive fail failed fails failure faulty flimsy frustrated frustrating garbage gross hate
    hated horrible ignored impossible incompetent inedible joke lacks late lazy leaking lost
    mediocre mess messy miserable miss missing mistake nasty never noisy overpriced pain poor poorly
    predictable problem problems refund regret ridiculous rotten rude ruined sad scam scratched
    shame shoddy sick slow sloppy smelly sorry spoiled stale stuck stupid tasteless tedious terrible
    threw tired trash ugly unacceptable unfortunately unhelpful unhappy unpleasant unprofessional
    unreliable upset useless waste wasted weak worse worst wrong
    """
)
"""Words that speak ill of something."""

NEGATION = _set(
    """
    not no never hardly barely without cannot nothing neither nor
    """
)
"""Words that turn the next ones around."""

WHOLE = _set(
    """
    query question text prompt message input content body description summary request task search
    """
)
"""Names of fields that take a whole text."""

NUMBERS = _numbered(
    """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen twenty
    """
) | {"dozen": 12, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "hundred": 100}
"""Words for numbers, and what they are."""
