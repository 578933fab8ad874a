"""Approve a round: a person vouches for the files on disk, by their hashes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from world_model.terms.errors import ConflictError, VerificationError

from ..journal.canonical import sha256_of
from ..state.campaign_state import RoundState
from ..state.payloads import ProtocolApproved, ProtocolCompiled
from ..state.progress import is_answered, the_round
from .open_campaign import OpenCampaign
from .outcome import Outcome


def approve(campaign: OpenCampaign, *, person: str, round: int | None = None, comment: str = "") -> Outcome:
    """Bind a person's name to the hashes of a round's files.

    Raises:
        ConflictError: nothing was compiled, results are there already, or no person is named.
        VerificationError: a file on disk is not what was compiled; each such file is named.
    """
    if not person.strip():
        raise ConflictError('Expected the name of a person who approves, found none. Give it with --by "NAME".')
    return _approve(campaign, round, person=person.strip(), comment=comment)


def approve_simulated(campaign: OpenCampaign, *, round: int | None = None) -> Outcome:
    """Where a simulated lab answers nobody pipettes, so nobody has to vouch: the journal records the policy instead."""
    return _approve(campaign, round, person=None, comment="")


def _approve(campaign: OpenCampaign, round: int | None, *, person: str | None, comment: str) -> Outcome:
    state = campaign.standing()
    opened = the_round(state, round)
    compiled = compiled_of(opened)
    if any(is_answered(state, experiment.id) for experiment in opened.experiments):
        raise ConflictError(f"Expected a round without results, found round {opened.number} answered: an approval comes before the experiment.")
    if campaign.workspace is None:
        raise ConflictError("Expected a workspace folder with the robot files, found a campaign in memory.")
    refuse_edited(campaign.workspace.round_folder(state.name, opened.number), compiled)
    approved = ProtocolApproved(
        round=opened.number, person=person, policy=None if person else "simulated", files=compiled.files, comment=comment
    )
    after = campaign.append([approved], on=state)
    who = approved.person or f"policy: {approved.policy}"
    return Outcome(
        state=after, round=after.rounds[opened.number - 1],
        messages=(
            f"Round {opened.number} approved ({who}): {len(compiled.files)} files, protocol {compiled.protocol_sha256[:12]}.", *lab_file_changed(campaign, opened),
        ),
    )  # fmt: skip


def compiled_of(opened: RoundState) -> ProtocolCompiled:
    """What was compiled of a round.

    Raises:
        ConflictError: nothing was, or an amendment made it void.
    """
    if opened.compiled is None:
        raise ConflictError(f"Expected a compiled protocol of round {opened.number}, found none. Compile it first: nextwell compile.")
    return opened.compiled


def edited_since(folder: Path, compiled: ProtocolCompiled) -> tuple[str, ...]:
    """What is missing, or differs from what was compiled and approved, of a round's files."""
    wrong = []
    for written in compiled.files:
        file = folder / written.name
        if not file.is_file():
            wrong.append(f"{written.name} is missing")
        elif (found := sha256_of(file.read_bytes())) != written.sha256:
            wrong.append(f"{written.name} has SHA-256 {found[:12]}… instead of {written.sha256[:12]}…")
    return tuple(wrong)


def refuse_edited(folder: Path, compiled: ProtocolCompiled) -> None:
    """Compare the files on disk with what was compiled.

    Raises:
        VerificationError: names each file that is missing or differs.
    """
    wrong = edited_since(folder, compiled)
    if wrong:
        raise VerificationError(
            f"{folder}: expected the files as compiled, found {'; '.join(wrong)}. They were changed after they were checked. "
            f"Compile again, or amend the round and compile, then approve."
        )


def edited_after_approval(campaign: OpenCampaign, rounds: Iterable[RoundState]) -> tuple[str, ...]:
    """A sentence for each approved round whose files are no longer those that were approved; none in memory."""
    if campaign.workspace is None:
        return ()
    told = []
    for opened in rounds:
        if opened.compiled is None or opened.approval is None:
            continue
        folder = campaign.workspace.round_folder(campaign.charter.name, opened.number)
        wrong = edited_since(folder, opened.compiled)
        if wrong:
            told.append(f"Round {opened.number}: not as approved: {'; '.join(wrong)}. If a robot ran such a file, what it made is not what the journal says.")
    return tuple(told)


def lab_file_changed(campaign: OpenCampaign, opened: RoundState) -> tuple[str, ...]:
    """A sentence where the lab file is no longer the one that a round was compiled with."""
    if campaign.lab is None or opened.compiled is None or sha256_of(campaign.lab.text) == opened.compiled.lab_sha256:
        return ()
    return (f"The lab file has changed since round {opened.number} was compiled: stocks, places or machines may be others. Compile again if it matters.",)
