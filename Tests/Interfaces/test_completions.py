"""The completion scripts of `bungalow`, in the shells themselves."""

import pathlib
import re
import shutil
import subprocess

import pytest

from testkit.processes import ROOT

DOCUMENT = (ROOT / "docs/analyzer.md").read_text()


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home with the built `bungalow` in PATH, in which the documents' commands have been run."""
    home = tmp_path_factory.mktemp("home")
    (home / "bin").mkdir()
    (home / "bin/bungalow").symlink_to(ROOT / ".build/debug/bungalow")
    commands = re.findall(r"^\| (bash|zsh|fish) \| `(.+?)` \|", DOCUMENT, re.MULTILINE)
    assert [shell for shell, _ in commands] == ["bash", "zsh", "fish"]
    for _, command in commands:
        run(home, ["bash", "-ec", command])
    (home / "work").mkdir()
    for name in ("results", "other"):
        (home / "work" / name).mkdir()
    for name in ("recipe.yaml", "run.log"):
        (home / "work" / name).touch()
    return home


def run(home, command):
    work = home / "work"
    done = subprocess.run(
        command,
        cwd=work if work.exists() else home,
        env={"HOME": str(home), "PATH": f"{home}/bin:/usr/bin:/bin", "TERM": "dumb", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def bash(home, line):
    """What bash offers for a line, as its own completion does: it calls the function that was registered."""
    words = line.split(" ")
    script = f"""
        source ~/.bungalow-completion.bash
        COMP_WORDS=({' '.join(f"'{word}'" for word in words)})
        COMP_CWORD={len(words) - 1} COMP_LINE='{line}' COMP_POINT={len(line)} COMP_TYPE=9 COMP_KEY=9
        function=$(complete -p bungalow | sed -E 's/.* -F ([^ ]+) .*/\\1/')
        $function bungalow "${{COMP_WORDS[COMP_CWORD]}}" "${{COMP_WORDS[COMP_CWORD-1]}}"
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    return {each.strip() for each in run(home, ["bash", "--norc", "-c", script]).splitlines()} - {""}


def fish(home, line):
    """What fish offers for a line, without the descriptions."""
    return {each.split("\t")[0] for each in run(home, ["fish", "-c", f"complete --do-complete '{line}'"]).splitlines()}


def offers_of(shell):
    if shell == "fish" and not shutil.which("fish"):
        pytest.skip("no fish here")
    return {"bash": bash, "fish": fish}[shell]


@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_it_completes_subcommands_options_values_files_and_folders(home, shell):
    offers = offers_of(shell)
    assert offers(home, "bungalow si") == {"simulate"}
    assert {"analyze", "query", "monitor", "report", "recipe"} <= offers(home, "bungalow ")
    assert offers(home, "bungalow simulate --manif") == {"--manifests"}
    assert offers(home, "bungalow simulate --platform ") == {"aks", "minikube", "lab", "upstream"}
    assert "recipe.yaml" in offers(home, "bungalow simulate --manifests rec")
    folders = {each.rstrip("/") for each in offers(home, "bungalow report ")}
    assert {"results", "other"} <= folders and "run.log" not in folders
    assert {"run.log"} <= offers(home, "bungalow analyze --files run")


def test_zsh_reads_its_script_and_finds_the_function(home):
    if not shutil.which("zsh"):
        pytest.skip("no zsh here")
    script = pathlib.Path(home / ".zfunc/_bungalow")
    assert run(home, ["zsh", "-n", str(script)]) == ""
    (start,) = re.findall(r"^\| zsh \| `.+?` \| `(.+?)`", DOCUMENT, re.MULTILINE)
    found = run(home, ["zsh", "-f", "-c", f"{start}; echo ${{_comps[bungalow]}}"])
    assert found.split() == ["_bungalow"]


def test_every_option_that_names_a_file_or_a_folder_completes_one():
    """Such an option is known by the name of its value in the help."""
    names = re.compile(r'valueName: "(?:file|dir|folder|log|load)"\s*\)(?!,\s*completion: \.(?:file\(\)|directory))')
    texts = {path.name: path.read_text() for path in (ROOT / "Sources/Bungalow").glob("*.swift")}
    assert 'valueName: "file"' in texts["SimulateCommand.swift"]
    assert {name: names.findall(text) for name, text in texts.items() if names.search(text)} == {}
