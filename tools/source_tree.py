"""What check_layers.py and check_style.py share: finding our files, and C++ without comments and literals."""
import pathlib
import re

SOURCE_FOLDERS = ("core", "store", "features", "experiments", "engine", "api", "bench", "tests", "tools")
NOT_OURS = {"build", "node_modules", "vendor", "__pycache__", "takt-data", "takt-data.new"}

_TOKEN = re.compile(
    r"""//[^\n]*                                    # line comment
      | /\*.*?\*/                                   # block comment
      | R"(?P<mark>[^\s()\\]{0,16})\(.*?\)(?P=mark)"  # raw string
      | "(?:\\.|[^"\\\n])*"                         # string
      | (?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'         # character; not the digit separator of 1'000
    """,
    re.VERBOSE | re.DOTALL,
)


def files_below(root, suffixes, folders=None):
    """Paths relative to root, sorted; hidden, built and foreign files are left out."""
    root = pathlib.Path(root)
    starts = [root / folder for folder in folders] if folders else [root]
    found = []
    for start in starts:
        for path in start.rglob("*"):
            relative = path.relative_to(root)
            if any(part.startswith(".") or part in NOT_OURS for part in relative.parts):
                continue
            if path.suffix in suffixes and path.is_file():
                found.append(relative)
    return sorted(found)


def cpp_files(root):
    return files_below(root, {".h", ".cc"}, [folder for folder in SOURCE_FOLDERS if (pathlib.Path(root) / folder).is_dir()])


def without_comments_and_literals(text):
    """The same text with comments and literals blanked; lines and columns stay where they are."""

    def blank(match):
        token = match.group(0)
        quote = '"' if token[0] in '"R' else token[0]
        inside = re.sub(r"[^\n]", " ", token)
        return quote + inside[1:-1] + quote if quote in "\"'" else inside

    return _TOKEN.sub(blank, text)
