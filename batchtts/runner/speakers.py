"""Whether a job's voices are ones that the service has, as far as it says so."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from batchtts.errors import JobError, Problem, ServiceError
from batchtts.jobfile.problems import nearest
from batchtts.model import Job, Voice
from batchtts.rime.voicelist import Speakers, fetch_speakers, list_for

__all__ = ["require_speakers", "speaker_problem"]

# In the cloud the one is served by the other, under either name.
_SUCCESSORS = {"arcana": ("arcana", "coda"), "coda": ("coda", "arcana")}


def require_speakers(job: Job, warn: Callable[[str], None]) -> None:
    """Raise JobError for voices whose speaker, model and language do not fit.

    A voice that says ``unlisted: true`` is not looked up. Where the list cannot
    be had, that is told to ``warn``, and the voices pass.
    """
    url = job.rime.voices or list_for(job.rime.url)
    voices = [voice for voice in job.voices.values() if not voice.unlisted]
    if url is None or job.rime.on_prem or not voices:
        return
    try:
        speakers = fetch_speakers(url)
    except ServiceError as exc:
        warn(f"the voices could not be checked: {exc}")
        return
    problems = [speaker_problem(voice, speakers) for voice in voices]
    found = [problem for problem in problems if problem is not None]
    if found:
        raise JobError(found)


def speaker_problem(voice: Voice, speakers: Speakers) -> Problem | None:
    """Return what does not fit in a voice; None if all does or nothing is known."""
    sent = dict(voice.parameters)
    name, model, language = sent["speaker"], sent["modelId"], sent["lang"]
    models = [one for one in _SUCCESSORS.get(model, (model,)) if one in speakers]
    if not models:
        return None
    listed = [speakers[one] for one in models]
    if any(name in held.get(language, ()) for held in listed):
        return None
    spoken = sorted(
        {tongue for held in listed for tongue in held if name in held[tongue]}
    )
    if spoken:
        message = f'the speaker "{name}" of {model} does not speak "{language}"'
        return _problem(voice, message, f"lang: {_either(spoken)}")
    elsewhere = sorted(one for one in speakers if _has(speakers, one, name))
    if elsewhere:
        message = f'"{name}" is no speaker of {model}'
        return _problem(voice, message, f"model: {_either(elsewhere)}")
    names = {known for held in listed for known in held.get(language, ())}
    near = nearest(name, sorted(names))
    hint = f'did you mean "{near}"?' if near else "`batchtts voices` lists them"
    message = f'the service lists no speaker "{name}"'
    return _problem(voice, message, f"{hint}; if it is your own, say unlisted: true")


def _has(speakers: Speakers, model: str, name: str) -> bool:
    return any(name in names for names in speakers[model].values())


def _either(words: Iterable[str]) -> str:
    return " or ".join(words)


def _problem(voice: Voice, message: str, hint: str) -> Problem:
    return Problem(voice.place, f'voice "{voice.name}": {message}', hint)
