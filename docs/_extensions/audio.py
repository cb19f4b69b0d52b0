"""Sound on a page: the directive ``audio``, and a player for what examples of the gallery write.

``audio`` shows a player of a sound file, MP3 or other, by its path from the page. With ``:run:``
the sound is made while the site is built: the page's Python code above the directive is run in an
empty folder, and the file that it wrote there is played.
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
NOT_RUN = "The sound that is played here is made when the site is built with its gallery."
shown: dict[Path, int] = {}
"""Files that pages of the gallery play already, and when they were written."""


class player(nodes.General, nodes.Element):  # noqa: N801, as docutils names nodes
    """A player of `filename`, a file that Sphinx copies to the downloads of the site."""


class Audio(SphinxDirective):
    """Play a file."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec = {"title": directives.unchanged, "run": directives.flag}  # noqa: RUF012

    def run(self):
        """Return a player; where code is not run and there is no file yet, a sentence."""
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
    """Write a sound file again as MP3, which all browsers play."""
    samples, sr = soundfile.read(source, dtype="float32")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(AudioPlayer(samples, sr).data)


def scrape_sounds(block, block_vars, gallery_conf):
    """Show players of the WAV files that a block of an example wrote, for sphinx-gallery."""
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
    """Return when a file was last written."""
    return path.stat().st_mtime_ns


def visit_player(translator, node):
    """Write the element; pages lie at any depth, the downloads at the top."""
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
    """Tell Sphinx."""
    app.add_config_value("audio_run_code", True, "env", bool)
    app.add_node(player, html=(visit_player, None))
    app.add_directive("audio", Audio)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
