"""What a command says is printed as it is: a path is no emoji and no markup."""

import pytest

from runs.cli.voice import Voice


@pytest.mark.parametrize("text", ["/data/:100:/campaign.toml: no mistakes.", "plate [red]A1[/red] :warning:"])
def test_text_is_printed_as_it_is(capsys, text):
    voice = Voice(command="check", as_json=False)
    voice.say(text)
    voice.progress(text)
    voice.table([{"file": text.split()[0]}])
    told = capsys.readouterr()
    assert told.out.startswith(f"{text}\n")
    assert text in told.err
    assert "💯" not in told.out


def test_a_table_shows_square_brackets(capsys):
    Voice(command="certify", as_json=False).table([{"why [h]": "say so under [card]."}, {"why [h]": "[/red]"}], title="R02 [card]")
    told = capsys.readouterr().out
    assert "say so under [card]." in told and "[/red]" in told and "R02 [card]" in told and "why [h]" in told
