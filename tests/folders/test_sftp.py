"""
A sender who uploads by SFTP, to OpenSSH's own server, as the channel's page says.
"""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.cards import batch, told, verdicts
from tests.support.sshd import effective, private_sshd

PAGE = Path(__file__).parents[2] / "docs" / "channels" / "directmail.md"


def lines():
    """The lines of ``sshd_config`` on the page."""
    [block] = re.findall(r"<!-- sshd_config -->\n\n```text\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    return block.splitlines()


def test_the_server_reads_the_lines_of_the_page_as_they_are_meant(tmp_path):
    """The sender is shut into its folder, and has SFTP and nothing else."""
    said = effective(tmp_path / "sshd", lines(), "printco")

    assert "/srv/orderloom/directmail/printco" == said["chrootdirectory"]
    assert "internal-sftp -u 0007" == said["forcecommand"]
    assert {"no"} == {said[one] for one in ("allowtcpforwarding", "x11forwarding", "permittty")}
    assert "publickey" == said["authenticationmethods"]


def test_a_batch_goes_up_and_its_acknowledgement_comes_down(rig, tmp_path):
    """Written under another name, renamed, taken; the answer is fetched and taken away."""
    (tmp_path / "cards").write_bytes(batch(30, bad=(7,)))
    # To be shut in needs a folder of root's from the top down, which a test has not.
    ours = [
        line.replace("internal-sftp", f"internal-sftp -d {rig.place.root}")
        for line in lines()
        if "ChrootDirectory" not in line and not line.startswith("Match")
    ]
    with private_sshd(tmp_path / "sshd", ours) as sshd:
        sshd.sftp(f"put {tmp_path}/cards in/CARDS.DAT.tmp")
        for _ in range(5):
            rig.step(2)
        assert 0 == rig.orders()
        sshd.sftp("rename in/CARDS.DAT.tmp in/CARDS.DAT")
        rig.turn()
        (tmp_path / "answers").mkdir()
        sshd.sftp(f"lcd {tmp_path}/answers", "get out/*", "rm out/*")

    [answer] = (tmp_path / "answers").iterdir()
    assert ("B1", "P", verdicts(30, r7="E_OFFERING")) == told(answer.read_bytes())
    assert 29 == rig.orders()
    assert {} == rig.answers()
