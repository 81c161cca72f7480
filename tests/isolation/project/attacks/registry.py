"""What an attack is: a function that returns words when it succeeded, and nothing, or an error, when it was stopped."""

import contextlib
import json
import os
import signal
import traceback

FAMILIES = {}


def attack(name):
    """Adds an attack to the family that its module is."""
    def add(function):
        family = function.__module__.rsplit('.', 1)[-1]
        FAMILIES.setdefault(family, []).append((name, function))
        return function
    return add


def know():
    """What an attacker knows of the machine and the product: everything."""
    with open(os.path.join(os.path.dirname(__file__), 'know.json')) as file:
        return json.load(file)


def first(found):
    """Words for a few of what was found; nothing when nothing was."""
    found = list(found)
    return f'{len(found)}: {", ".join(map(str, found[:3]))}' if found else None


class _TooLong(Exception):
    pass


def _stop(*_):
    raise _TooLong('took too long')


@contextlib.contextmanager
def _time_limit(seconds):
    # An attack that hangs has got nothing; no handler is to be had where we are no main thread.
    try:
        before = signal.signal(signal.SIGALRM, _stop)
    except ValueError:
        yield
        return
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def run(families, seconds=15, without=()):
    """Tries the attacks of some families, one after the other, and yields what came of each. `without` names some to leave out."""
    about = know()
    for family in families:
        for name, function in (one for one in FAMILIES[family] if one[0] not in without):
            try:
                with _time_limit(seconds):
                    words = function(about)
            except BaseException as error:
                if isinstance(error, (KeyboardInterrupt, GeneratorExit)):
                    raise
                words, why = None, f'{type(error).__name__}: {error}'
                if isinstance(error, (NameError, TypeError, AttributeError, KeyError, ImportError)):
                    why = 'BROKEN ' + traceback.format_exc(limit=-3)
            else:
                why = 'nothing found'
            yield {'name': f'{family}: {name}', 'succeeded': bool(words), 'detail': str(words or why)[:500]}
