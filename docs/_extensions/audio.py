"""Audio players on pages: the directive ``audio``, and a scraper for the gallery.

The directive ``audio`` shows a player for a sound file, given its path relative to the page. With
``:run:``, the build runs the Python code above the directive in an empty folder, and the player
plays the file that the code writes.
"""

import re
import subprocess
import sys
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

import soundfile
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from musicai.display import AudioPlayer

PYTHON_BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
NOT_RUN = "This sound is available if the site is built with its gallery."
shown: dict[Path, int] = {}
"""Sound files that the gallery already plays, and their modification times."""


class player(nodes.General, nodes.Element):  # noqa: N801, as docutils names nodes
    """A player for `filename`, which Sphinx copies to the downloads of the site."""


class Audio(SphinxDirective):
    """The directive ``audio``."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec = {"title": directives.unchanged, "run": directives.flag}  # noqa: RUF012

    def run(self):
        """Return a player, or a note if the file is missing and code is not run."""
        path = self.arguments[0]
        if "run" in self.options and self.config.audio_run_code:
            path = self._made_by_code_above(path)
        relative, absolute = self.env.relfn2path(path)
        if "run" in self.options and not self.config.audio_run_code:
            absolute = ""
        self.env.note_dependency(relative)
        if not Path(absolute).is_file():
            if self.config.audio_run_code:
                raise self.error(f"no such sound: {relative}")
            return [nodes.paragraph("", "", nodes.emphasis("", NOT_RUN))]
        filename = self.env.dlfiles.add_file(self.env.docname, relative)
        return [player(filename=filename, title=self.options.get("title", ""))]

    def _made_by_code_above(self, name):
        page = Path(self.env.doc2path(self.env.docname))
        above = page.read_text(encoding="utf-8").splitlines()[: self.lineno - 1]
        code = "\n".join(PYTHON_BLOCK.findall("\n".join([*above, ""])))
        with TemporaryDirectory() as folder:
            done = subprocess.run(
                [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True
            )
            if done.returncode:
                raise self.error(f"the code above does not run:\n{done.stderr}")
            made = self.env.srcdir / "_build" / "sounds" / f"{page.stem}_{Path(name).stem}.mp3"
            write_mp3(Path(folder, name), made)
        return f"/{made.relative_to(self.env.srcdir).as_posix()}"


def write_mp3(source, path):
    """Convert a sound file to MP3, which all browsers play."""
    samples, sr = soundfile.read(source, dtype="float32")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(AudioPlayer(samples, sr).data)


def scrape_sounds(block, block_vars, gallery_conf):
    """Return players for the WAV files written by a block of an example, for sphinx-gallery."""
    example, top = Path(block_vars["src_file"]), Path(gallery_conf["src_dir"])
    players = ""
    for path in sorted((example.parent / "out").glob("*.wav"), key=written):
        if shown.get(path) != written(path):
            shown[path] = written(path)
            sound = f"{gallery_conf['gallery_dirs']}/sounds/{example.stem}_{path.stem}.mp3"
            write_mp3(path, top / sound)
            players += f"\n.. audio:: /{sound}\n   :title: {path.name}\n\n"
    return players


def written(path):
    """Return the modification time of a file in nanoseconds."""
    return path.stat().st_mtime_ns


def visit_player(translator, node):
    """Write the HTML of a player, with the path of the downloads relative to the page."""
    source = f"{translator.builder.dlpath}/{node['filename']}"
    title = escape(node["title"])
    translator.body.append('<figure class="sound">')
    if title:
        translator.body.append(f"<figcaption>{title}</figcaption>")
    translator.body.append(
        f'<audio controls preload="metadata" aria-label="{title or "sound"}" '
        f'src="{escape(source)}"></audio></figure>\n'
    )
    raise nodes.SkipNode


def setup(app):
    """Register the directive with Sphinx."""
    app.add_config_value("audio_run_code", True, "env", bool)
    app.add_node(player, html=(visit_player, None))
    app.add_directive("audio", Audio)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
